"""One thing per page: in low-energy mode a form is asked field by field, then shown whole, to be looked at and sent.

Nothing is removed: the last page is the ordinary one. Each press keeps the draft on the server, so the form can be left at
any point and found again on Today.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from django import forms
from django.http import HttpRequest

from patients.drafts import Fields
from portal.lib.display import look_of
from portal.lib.forms import anchor_of

STEP, GO = "step", "go"
NEXT, BACK = "next", "back"
WHOLE = "all"


@dataclass(frozen=True, slots=True)
class OneThing:
    """One page of the walk through a form. `number` counts from 1; the page after the last field is the whole form."""

    field: forms.BoundField
    number: int
    count: int
    others: list[tuple[str, str]]
    whole_url: str
    errors: list[tuple[str, str]]

    @property
    def is_first(self) -> bool:
        return self.number == 1


def is_walked(request: HttpRequest, form: forms.Form) -> bool:
    """True when this person wants one thing per page and the form has more than one."""
    return look_of(request).low_energy and len(form.visible_fields()) > 1


def asked_step(request: HttpRequest, form: forms.Form, kept: Fields) -> int | None:
    """Which field the address asks for (1 to the number of fields), or None for the whole form.

    Without a step in the address: the first field that has no answer yet in the draft.
    """
    fields = form.visible_fields()
    asked = request.GET.get(STEP, "")
    if asked == WHOLE:
        return None
    if asked.isascii() and asked.isdigit() and len(asked) < 4:
        return int(asked) if 1 <= int(asked) <= len(fields) else None
    for number, field in enumerate(fields, start=1):
        if not any(value for name in names_of(field) for value in kept.get(name, [])):
            return number
    return None


def posted_step(request: HttpRequest, form: forms.Form) -> int | None:
    """The step a page of the walk was sent from, or None when the whole form was sent."""
    said = request.POST.get(STEP, "")
    if request.POST.get(GO) not in (NEXT, BACK) or not (said.isascii() and said.isdigit() and len(said) < 4):
        return None
    return int(said) if 1 <= int(said) <= len(form.visible_fields()) else None


def one_thing(form: forms.Form, number: int, resume: str) -> OneThing:
    """The page of one field; everything else of the form travels along unseen."""
    fields = form.visible_fields()
    field = fields[number - 1]
    form.page_question = field.name  # type: ignore[attr-defined]
    mine = set(names_of(field))
    others = [
        (name, value) for name, values in typed_of(form).items() if name not in mine for value in values
    ]
    errors = [(anchor_of(field), str(error)) for error in field.errors]
    return OneThing(field, number, len(fields), others, address(resume, WHOLE), errors)


def address(resume: str, step: int | str) -> str:
    """The form's own address with a step in it."""
    joint = "&" if urlsplit(resume).query else "?"
    return f"{resume}{joint}{urlencode({STEP: step})}"


def names_of(field: forms.BoundField) -> list[str]:
    """The names under which a field's inputs are sent."""
    widget = field.field.widget
    if isinstance(widget, forms.MultiWidget):
        return [field.html_name + suffix for suffix in widget.widgets_names]  # type: ignore[attr-defined]
    return [field.html_name]


def typed_of(form: forms.Form) -> Fields:
    """What stands in a form, as it would be sent: from what was typed or, on a fresh form, from its initial values."""
    found: Fields = {}
    for field in form:
        if form.is_bound:
            getlist = getattr(form.data, "getlist", None)
            for name in names_of(field):
                values = getlist(name) if getlist else [form.data[name]] if name in form.data else []
                if values:
                    found[name] = [str(value) for value in values]
            continue
        widget, value = field.field.widget, field.value()
        if isinstance(widget, forms.MultiWidget):
            parts = list(widget.decompress(value) or ())
            for name, part in zip(names_of(field), parts, strict=False):
                if part is not None:
                    found[name] = [str(part)]
        elif isinstance(widget, forms.CheckboxInput):
            if value:
                found[field.html_name] = ["on"]
        elif isinstance(value, list | tuple):
            found[field.html_name] = [str(one) for one in value]
        elif value not in (None, ""):
            found[field.html_name] = [_plain(field, value)]
    return found


def _plain(field: forms.BoundField, value: Any) -> str:
    return str(field.field.prepare_value(value))
