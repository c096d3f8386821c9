"""A form for each kind of fact, made from the list of kinds. It reads what was typed; what a version may say is asked in `rules`."""

from __future__ import annotations

import re
from typing import Any

from django.forms import BooleanField, TextInput
from django.utils.translation import gettext_lazy

from portal.lib import forms
from treatment import words
from treatment.editing import kinds
from treatment.editing.kinds import Kind, Part
from treatment.editing.services import REASON_LENGTH

NO_NUMBER = "no-number"  # what was typed where a number belongs; the rules refuse it with their own words


class FactForm(forms.Form):
    """One fact of a kind, with its source and its status."""

    def __init__(self, *args: Any, kind: Kind, content: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind
        for part in kind.parts:
            self.fields[field_name(part)] = _field(part, content)
        if kind.labelled:
            self.fields["labels"] = forms.MultipleChoiceField(
                label=gettext_lazy("Whose label says so"), choices=kinds.LABELS, required=False, layout="grid",
                help_text=gettext_lazy("None ticked: it holds everywhere."),
            )  # fmt: skip
        if kind.sourced:
            sources = [(one["id"], f"{one['id']}: {one['ref']}") for one in content["sources"]]
            self.fields["source"] = forms.MultipleChoiceField(
                label=gettext_lazy("Source"), choices=sources, required=False
            )
            self.fields["new_source"] = forms.PlainTextField(
                label=gettext_lazy("Another source"), max_length=500, required=False,
                help_text=gettext_lazy("Where it is found, with its date. It is added to the sources."),
            )  # fmt: skip
            self.fields["status"] = forms.ChoiceField(
                label=gettext_lazy("Status"), choices=[(code, said) for code, (_kind, said) in words.STATUS_WORDS.items()],
                error_messages={"required": gettext_lazy("Choose a status.")},
            )  # fmt: skip

    @staticmethod
    def initial_of(kind: Kind, fact: dict[str, Any]) -> dict[str, Any]:
        """A fact as the form shows it."""
        found = {field_name(part): _typed(part, _value(fact, part)) for part in kind.parts}
        found |= {name: fact.get(name) for name in ("labels", "source", "status")}
        return found

    def fact(self) -> dict[str, Any]:
        """The pieces as they would stand in a version. Call it on a valid form."""
        data = self.cleaned_data
        found = {part.name: _read(part, data.get(field_name(part))) for part in self.kind.parts}
        if self.kind.labelled:
            found["labels"] = data["labels"]
        if self.kind.sourced:
            found |= {"source": data["source"], "status": data["status"]}
        return found

    @property
    def new_source(self) -> str:
        return str(self.cleaned_data.get("new_source", ""))

    def say(self, part: str, sentence: str) -> None:
        """Put a refusal of the rules beside the piece that it is about."""
        name = part.replace(".", "__")
        self.add_error(name if name in self.fields else None, sentence)


def field_name(part: Part) -> str:
    return part.name.replace(".", "__")


def _value(fact: dict[str, Any], part: Part) -> Any:
    try:
        return kinds.at(fact, part.name)
    except (KeyError, TypeError):
        return None


def _field(part: Part, content: dict[str, Any]) -> Any:
    more: dict[str, Any] = {"label": part.label, "help_text": part.hint, "required": part.needed}
    if part.needed:
        more["error_messages"] = {"required": gettext_lazy("This is needed.")}
    if part.type == kinds.YES:
        return BooleanField(label=part.label, help_text=part.hint, required=False)
    if part.type == kinds.CHOICE:
        choices = kinds.options(content, part)
        if not part.needed:
            choices = [("", gettext_lazy("Not known")), *choices]
        return forms.ChoiceField(choices=choices, **more)
    if part.type == kinds.MANY:
        return forms.MultipleChoiceField(choices=kinds.options(content, part), **more)
    if part.type in (kinds.TEXT, kinds.LINES):
        most = kinds.LONGEST_TEXT if part.type == kinds.TEXT else kinds.LONGEST_TEXT * 4
        return forms.LongTextField(max_length=most, widget=forms.TextArea(rows=3), **more)
    if part.type == kinds.LINE:
        return forms.PlainTextField(max_length=kinds.LONGEST_LINE, **more)
    widget = TextInput(
        {
            "autocomplete": "off",
            "size": "12",
            **({"inputmode": "numeric"} if part.type == kinds.NUMBER else {}),
        }
    )
    return forms.PlainTextField(max_length=200, widget=widget, **more)


def _typed(part: Part, value: Any) -> Any:
    """A piece as it stands in its field."""
    if value is None:
        return [] if part.type == kinds.MANY else ""
    if part.type == kinds.LINES:
        return "\n".join(value)
    if part.type in (kinds.NUMBERS, kinds.PAIR):
        return ", ".join(str(one) for one in value)
    return value


def _read(part: Part, typed: Any) -> Any:
    """What was typed, as a version holds it; empty numbers are None."""
    if part.type == kinds.YES:
        return bool(typed)
    if part.type == kinds.MANY:
        return list(typed or [])
    text = str(typed or "")
    if part.type == kinds.LINES:
        return [line.strip() for line in text.splitlines() if line.strip()]
    if part.type == kinds.NUMBER:
        return _number(text) if text else None
    if part.type in (kinds.NUMBERS, kinds.PAIR):
        pieces = [piece for piece in re.split(r"[\s,;]+", text) if piece]
        return [_number(piece) for piece in pieces] or None
    if part.type == kinds.CHOICE:
        return text or None
    return text


def _number(text: str) -> int | str:
    """A whole number of plain digits; anything else as it is, which the rules refuse."""
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else NO_NUMBER


class MakeForm(forms.Form):
    """Why the version is made; it is read with the version for ever."""

    reason = forms.LongTextField(
        label=gettext_lazy("Why is this version made?"),
        help_text=gettext_lazy("It stays with the version. For example which label changed, and when."),
        max_length=REASON_LENGTH,
        widget=forms.TextArea(rows=3),
        error_messages={"required": gettext_lazy("Write in a few words why this version is made.")},
    )
    checked = BooleanField(
        label=gettext_lazy("I have checked each change against its source"),
        error_messages={"required": gettext_lazy("Tick the box when you have checked each change.")},
    )
