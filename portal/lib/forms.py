"""Form pieces shared by every page: the renderer, base forms, fields and widgets.

A form here never relies on the browser's own checks (`novalidate`), never clears a field, and ties each hint and error to its
input. Fields say what happened and how to put it right.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.renderers import TemplatesSetting
from django.utils import dates
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.lib.text import clean_line, clean_text

EARLIEST_DATE = dt.date(1900, 1, 1)
LATEST_DATE = dt.date(2199, 12, 31)


class Renderer(TemplatesSetting):
    """Django's form renderer with our markup for a whole form and for one field (`as_field_group`)."""

    form_template_name = "ui/forms/form.html"
    field_template_name = "ui/forms/field.html"


@dataclass(frozen=True, slots=True)
class Option:
    """A choice's label with a hint below it: `choices=[("visit", Option(_("A visit"), _("About 30 minutes")))]`."""

    label: Any
    hint: Any = ""

    def __str__(self) -> str:
        return str(self.label)


# --- Widgets ---------------------------------------------------------------------------------------


class Radios(forms.RadioSelect):
    """Radio buttons as large labelled rows. `layout`: "stack" (default) or "grid" for short labels such as times."""

    template_name = "ui/widgets/choices.html"

    def __init__(
        self, attrs: dict[str, Any] | None = None, choices: Iterable[Any] = (), *, layout: str = "stack"
    ) -> None:
        super().__init__(attrs, choices)
        self.layout = layout

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Django's context plus the layout."""
        context = super().get_context(name, value, attrs)
        context["widget"]["layout"] = self.layout
        return context


class Checkboxes(forms.CheckboxSelectMultiple):
    """Checkboxes as large labelled rows. `layout` as for `Radios`."""

    template_name = "ui/widgets/choices.html"

    def __init__(
        self, attrs: dict[str, Any] | None = None, choices: Iterable[Any] = (), *, layout: str = "stack"
    ) -> None:
        super().__init__(attrs, choices)
        self.layout = layout

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Django's context plus the layout."""
        context = super().get_context(name, value, attrs)
        context["widget"]["layout"] = self.layout
        return context


class Scale(Radios):
    """A five-step scale: full-width rows, 56 px high, a word on each."""

    def __init__(self, attrs: dict[str, Any] | None = None, choices: Iterable[Any] = ()) -> None:
        super().__init__(attrs, choices, layout="scale")


class TextArea(forms.Textarea):
    """A text area that grows with `rows` and takes no `maxlength`: a browser would cut pasted text without a word."""

    def __init__(self, attrs: dict[str, Any] | None = None, *, rows: int = 6) -> None:
        super().__init__({"rows": rows, **(attrs or {})})
        self.attrs.pop("cols", None)


def date_parts(value: Any) -> list[Any]:
    """A date as [day, month, year]; anything else as three empty parts."""
    if isinstance(value, dt.date):
        return [value.day, value.month, value.year]
    return [None, None, None]


class DateInputs(forms.MultiWidget):
    """Day, month and year as three text inputs named `<field>_day`, `<field>_month`, `<field>_year`."""

    template_name = "ui/widgets/date.html"
    use_fieldset = True

    def __init__(self, attrs: dict[str, Any] | None = None, *, birthday: bool = False) -> None:
        def part(autocomplete: str, **more: str) -> forms.TextInput:
            fill = {"autocomplete": autocomplete if birthday else "off"}
            return forms.TextInput({"inputmode": "numeric", "autocapitalize": "off", **fill, **more})

        super().__init__(
            {
                "day": part("bday-day", size="2"),
                "month": forms.TextInput({"autocomplete": "bday-month" if birthday else "off", "size": "4"}),
                "year": part("bday-year", size="4"),
            },
            attrs,
        )

    def decompress(self, value: Any) -> list[Any]:
        """As `date_parts`."""
        return date_parts(value)

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Django's context plus the words for each part."""
        context = super().get_context(name, value, attrs)
        for subwidget, label in zip(
            context["widget"]["subwidgets"], (_("Day"), _("Month"), _("Year")), strict=True
        ):
            subwidget["label"] = label
        return context

    def id_for_label(self, id_: str) -> str:
        """Links to this field lead to the day."""
        return f"{id_}_0" if id_ else ""


# --- Fields ----------------------------------------------------------------------------------------


class PlainTextField(forms.CharField):
    """One line of text, cleaned (`portal.lib.text.clean_line`) before its length is checked."""

    def to_python(self, value: Any) -> Any:
        """The cleaned line."""
        return super().to_python(clean_line(value) if isinstance(value, str) else value)


class LongTextField(forms.CharField):
    """Text of any number of lines, cleaned (`portal.lib.text.clean_text`) before its length is checked."""

    widget = TextArea

    def to_python(self, value: Any) -> Any:
        """The cleaned text, without blank space around it."""
        return super().to_python(clean_text(value).strip() if isinstance(value, str) else value)


def _month_number(text: str) -> int | None:
    """1 to 12 from "3", "03", "March" or "mar"; None when it is not a month."""
    if re.fullmatch(r"[0-9]{1,2}", text):
        number = int(text)
        return number if 1 <= number <= 12 else None
    wanted = text.casefold().rstrip(".")
    if len(wanted) < 3:
        return None
    for names in (dates.MONTHS, dates.MONTHS_3):
        for number, name in names.items():
            if str(name).casefold() == wanted or (
                names is dates.MONTHS and str(name).casefold().startswith(wanted)
            ):
                return int(number)
    return None


class DateField(forms.MultiValueField):
    """A date typed as day, month, year. Months may be typed as words. Gives a `datetime.date` or None.

    `earliest` and `latest` are inclusive. Nothing is guessed: a year needs four digits.
    """

    widget = DateInputs

    def __init__(
        self,
        *,
        earliest: dt.date = EARLIEST_DATE,
        latest: dt.date = LATEST_DATE,
        birthday: bool = False,
        **kwargs: Any,
    ) -> None:
        self.earliest = earliest
        self.latest = latest
        kwargs.setdefault("help_text", gettext_lazy("For example, 14 3 2026"))
        kwargs.setdefault("widget", DateInputs(birthday=birthday))
        parts = tuple(forms.CharField(required=False, max_length=20) for _part in range(3))
        super().__init__(parts, require_all_fields=False, **kwargs)

    def clean(self, value: Any) -> dt.date | None:
        """The date, or a ValidationError that says which part is missing or wrong."""
        typed = list(value) if isinstance(value, list | tuple) else date_parts(value)
        parts = [_plain_digits(part) for part in (*typed, None, None, None)[:3]]
        if not any(parts):
            if self.required:
                raise ValidationError(_("Enter a date, like 14 3 2026."), code="required")
            return None
        names = (_("a day"), _("a month"), _("a year"))
        missing = [name for name, part in zip(names, parts, strict=True) if not part]
        if missing:
            text = _("The date also needs %(parts)s.") % {"parts": _(" and ").join(missing)}
            raise ValidationError(text, code="incomplete")
        return self._checked(self._real_date(*parts))

    def _real_date(self, day: str, month: str, year: str) -> dt.date:
        if not re.fullmatch(r"[0-9]{4}", year):
            raise ValidationError(_("Enter the year as 4 numbers, like 2026."), code="invalid")
        number = _month_number(month)
        if number is None:
            raise ValidationError(
                _("Enter the month as a number from 1 to 12, or as a word like March."), code="invalid"
            )
        try:
            return dt.date(int(year), number, int(day) if re.fullmatch(r"[0-9]{1,2}", day) else 0)
        except ValueError:
            text = _("Enter a day that is in the calendar, like 14 3 2026.")
            raise ValidationError(text, code="invalid") from None

    def _checked(self, value: dt.date) -> dt.date:
        if value < self.earliest:
            text = _("Enter a date on or after %(date)s.") % {"date": _spoken(self.earliest)}
            raise ValidationError(text, code="too_early")
        if value > self.latest:
            text = _("Enter a date on or before %(date)s.") % {"date": _spoken(self.latest)}
            raise ValidationError(text, code="too_late")
        return value

    def compress(self, data_list: list[Any]) -> dt.date | None:
        """Required by MultiValueField; `clean` does the work."""
        raise NotImplementedError

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether the three parts differ from the initial date."""
        before = [str(part or "") for part in date_parts(initial)]
        return before != [str(part or "") for part in (data or [None, None, None])]


def _plain_digits(part: Any) -> str:
    """The typed part, trimmed, with digits of any script as 0 to 9."""
    text = str(part or "").replace("\x00", "").strip()
    return "".join(str(unicodedata.digit(char)) if char.isdigit() else char for char in text)


def _spoken(day: dt.date) -> str:
    return f"{day.day} {dates.MONTHS[day.month]} {day.year}"


class ChoiceField(forms.ChoiceField):
    """One of a few: radio buttons instead of a select. Pass `layout="grid"` for short labels."""

    widget = Radios

    def __init__(self, *, layout: str = "stack", **kwargs: Any) -> None:
        kwargs.setdefault("widget", Radios(layout=layout))
        super().__init__(**kwargs)


class MultipleChoiceField(forms.MultipleChoiceField):
    """Some of a few: checkboxes. `most` limits how many may be ticked."""

    widget = Checkboxes

    def __init__(self, *, most: int | None = None, layout: str = "stack", **kwargs: Any) -> None:
        self.most = most
        kwargs.setdefault("widget", Checkboxes(layout=layout))
        super().__init__(**kwargs)

    def validate(self, value: Any) -> None:
        """Django's checks, then the limit."""
        super().validate(value)
        if self.most is not None and len(value) > self.most:
            text = _("Choose at most %(most)d. You chose %(chosen)d.")
            raise ValidationError(text % {"most": self.most, "chosen": len(value)}, code="too_many")


FIVE_WORDS: Sequence[tuple[str, Any]] = (
    ("0", gettext_lazy("None")),
    ("1", gettext_lazy("A little")),
    ("2", gettext_lazy("Some")),
    ("3", gettext_lazy("A lot")),
    ("4", gettext_lazy("Very bad")),
)


class ScaleField(forms.TypedChoiceField):
    """A five-step scale in words; gives the step as an int from 0 to 4, or None when nothing was chosen."""

    widget = Scale

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("choices", FIVE_WORDS)
        kwargs.setdefault("coerce", int)
        kwargs.setdefault("empty_value", None)
        super().__init__(**kwargs)


# --- Forms -----------------------------------------------------------------------------------------


class PlainForm:
    """What our forms have in common; mixed into `Form`.

    `page_question` names the one field whose label is the page's heading (then leave the page's `heading` block empty).
    """

    use_required_attribute = False
    page_question = ""
    fields: dict[str, forms.Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            speak_plainly(field)


class Form(PlainForm, forms.Form):
    """The base of every form."""


def speak_plainly(field: forms.Field) -> None:
    """Replace Django's stock wording of a required field and drop `maxlength`, which cuts pasted text silently."""
    stock = forms.Field.default_error_messages["required"]
    if field.required and field.error_messages.get("required") == stock and field.label:
        template = _("Choose an answer for “%(label)s”.") if _is_choice(field) else _("Fill in “%(label)s”.")
        field.error_messages["required"] = template % {"label": field.label}
    field.widget.attrs.pop("maxlength", None)


def _is_choice(field: forms.Field) -> bool:
    return isinstance(field.widget, forms.RadioSelect | forms.CheckboxSelectMultiple | forms.Select)


def status_of(form: forms.BaseForm) -> int:
    """The HTTP status a page with this form is sent with: 422 when what was typed has errors, else 200."""
    return 422 if form.is_bound and form.errors else 200


def anchor_of(field: forms.BoundField) -> str:
    """The id that a link in the error summary leads to."""
    widget = field.field.widget
    auto_id = field.auto_id
    if isinstance(widget, forms.RadioSelect | forms.CheckboxSelectMultiple):
        return f"{auto_id}_0" if auto_id else ""
    return widget.id_for_label(auto_id) or auto_id


def typed_values(data: Mapping[str, Any], prefix: str = "") -> dict[str, list[str]]:
    """Every typed value by input name, as lists; for a draft. `data` is a QueryDict or a mapping of lists."""
    get = getattr(data, "getlist", None)
    return {
        name: list(get(name) if get else data[name])
        for name in data
        if name.startswith(prefix) and name != "csrfmiddlewaretoken"
    }
