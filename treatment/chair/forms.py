"""Forms of the chair record: they check shape; what fits stands in `flow`, `details` and the services."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.forms import BooleanField, DecimalField, Field, IntegerField, TextInput
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patients.drafting import DraftedForm
from portal.lib import forms
from portal.lib.forms import Option
from portal.lib.time_words import day as day_words
from treatment.chair.checks import answers_to
from treatment.chair.checks import said_in as said_to
from treatment.chair.details import SIGNS, WORDS
from treatment.courses.guards import TEXT_LENGTH
from treatment.forms import NOT_GRADED, GivenForm, clock_of, reason_field
from treatment.models import ChairRow
from treatment.protocols.facts import ChairCheck

Kind = ChairRow.Kind


def _number(label: Any, help_text: Any = "") -> IntegerField:
    return IntegerField(
        label=label,
        help_text=help_text,
        required=False,
        widget=TextInput({"inputmode": "numeric", "autocomplete": "off", "size": "4"}),
        error_messages={"invalid": gettext_lazy("Enter a whole number, like 78.")},
    )


def _decimal(label: Any, help_text: Any = "", *, required: bool = False) -> DecimalField:
    return DecimalField(
        label=label,
        help_text=help_text,
        required=required,
        max_digits=7,
        decimal_places=2,
        widget=TextInput({"inputmode": "decimal", "autocomplete": "off", "size": "5"}),
        error_messages={"invalid": gettext_lazy("Enter a number, like 98.6.")},
    )


def _line(label: Any, help_text: Any = "", *, required: bool = False) -> forms.PlainTextField:
    return forms.PlainTextField(label=label, help_text=help_text, max_length=WORDS, required=required)


def check_fields(checks: Sequence[ChairCheck]) -> dict[str, Field]:
    """Yes or no to each check, nothing chosen beforehand."""
    fields: dict[str, Field] = {
        f"c{number}": forms.ChoiceField(
            label=check.text,
            choices=answers_to(check),
            error_messages={"required": gettext_lazy("Answer this check.")},
        )
        for number, check in enumerate(checks, start=1)
    }
    fields["words"] = _line(gettext_lazy("Short note for the team"))
    return fields


def fields_for(kind: str, checks: Sequence[ChairCheck] = ()) -> dict[str, Field]:
    """What is asked beside the time, by the kind of line. `checks`: what the version of the course asks for before the start."""
    if kind == Kind.CHECKS:
        return check_fields(checks)
    if kind in (Kind.STARTED, Kind.RATE):
        needed = kind == Kind.RATE
        return {
            "ml_h": _decimal(
                gettext_lazy("Rate in mL/h"), gettext_lazy("For example: 40 or 62.5"), required=needed
            ),
            "words": _line(gettext_lazy("Short note for the team")),
        }
    if kind == Kind.VITALS:
        return {
            "pulse": _number(gettext_lazy("Pulse, beats a minute")),
            "systolic": _number(gettext_lazy("Blood pressure, first number (mmHg)")),
            "diastolic": _number(gettext_lazy("Blood pressure, second number (mmHg)")),
            "temperature": _decimal(gettext_lazy("Temperature")),
            "unit": forms.ChoiceField(
                label=gettext_lazy("Unit of the temperature"),
                choices=[("F", gettext_lazy("Fahrenheit")), ("C", gettext_lazy("Celsius"))],
                layout="grid",
                required=False,
            ),
            "oxygen": _number(gettext_lazy("Oxygen saturation in percent")),
            "words": _line(gettext_lazy("Short note for the team")),
        }
    if kind == Kind.PREMEDICATION:
        return {
            "what": _line(gettext_lazy("What was given"), required=True),
            "amount": _line(
                gettext_lazy("How much, and how"), gettext_lazy("For example: 100 mg into the vein")
            ),
        }
    if kind == Kind.REACTION:
        return {
            "signs": forms.MultipleChoiceField(
                label=gettext_lazy("What was seen or felt"),
                choices=list(SIGNS.items()),
                error_messages={"required": gettext_lazy("Choose at least one sign.")},
            ),
            "grade": grade_field(),
            "done": _line(
                gettext_lazy("What was done"), gettext_lazy("For example: stopped, fluids, called the doctor")
            ),
            "words": _line(gettext_lazy("Short note for the team")),
        }
    labels = {
        Kind.OBSERVED: gettext_lazy("If it ends early: why"),
        Kind.STOPPED: gettext_lazy("Why it was stopped"),
    }
    return {"words": _line(labels.get(Kind(kind), gettext_lazy("Short note for the team")))}


def _speak(fields: dict[str, Field]) -> None:
    for field in fields.values():
        forms.speak_plainly(field)


def grade_field() -> forms.ChoiceField:
    """The grade, chosen by staff: CTCAE v5, "infusion related reaction", as our clinical reference words it (section 5)."""
    return forms.ChoiceField(
        label=gettext_lazy("Grade (CTCAE v5, infusion related reaction)"),
        help_text=gettext_lazy(
            "Staff choose it, never the patient, by the worst moment. From grade 3, and without a grade, the next dose waits for a "
            "neurologist."
        ),
        choices=[
            ("1", Option(gettext_lazy("Grade 1"), gettext_lazy("Mild, passes. No break, no treatment."))),
            ("2", Option(gettext_lazy("Grade 2"), gettext_lazy("A break or treatment, and it helps soon."))),
            (
                "3",
                Option(
                    gettext_lazy("Grade 3"),
                    gettext_lazy("Goes on, comes back after it got better, or needs the hospital."),
                ),
            ),
            ("4", Option(gettext_lazy("Grade 4"), gettext_lazy("Life-threatening, urgent help needed."))),
            ("5", Option(gettext_lazy("Grade 5"), gettext_lazy("Death."))),
            (NOT_GRADED, gettext_lazy("Not graded yet")),
        ],
        error_messages={"required": gettext_lazy("Choose the grade, or say that it is not graded yet.")},
    )


class TimedForm(DraftedForm):
    """A time of the center's clock; empty means now. A record that began yesterday also asks for the day."""

    clock = forms.PlainTextField(
        label=gettext_lazy("Time"),
        help_text=gettext_lazy("Leave it empty for now. Else like 9:30 am or 14:05."),
        max_length=10,
        required=False,
    )

    def __init__(
        self, *args: Any, zone: str, now: datetime, began: date | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.zone, self.now = zone, now
        self.today = now.astimezone(ZoneInfo(zone)).date()
        if began is not None and began < self.today:
            self.fields["on"] = forms.ChoiceField(
                label=gettext_lazy("Day of this time"),
                choices=[(day.isoformat(), day_words(day)) for day in (self.today, began)],
                initial=self.today.isoformat(),
                required=False,
            )

    def clean_clock(self) -> Any:
        text = self.cleaned_data["clock"]
        found = clock_of(text) if text else None
        if text and found is None:
            self.add_error("clock", str(_("Enter the time like 9:30 am or 14:05.")))
        return found

    @property
    def at(self) -> datetime | None:
        """The instant that was typed, None for now. A time that comes twice when clocks go back is the later one that is not ahead."""
        clock = self.cleaned_data.get("clock")
        if clock is None:
            return None
        on = self.cleaned_data.get("on") or self.today.isoformat()
        wall = datetime.combine(date.fromisoformat(on), clock, ZoneInfo(self.zone))
        both = [wall.replace(fold=fold).astimezone(ZoneInfo("UTC")) for fold in (1, 0)]
        return next((one for one in both if one <= self.now), both[1])


class RowForm(TimedForm):
    """A line of one kind."""

    later = BooleanField(
        label=gettext_lazy("I note this later than it happened"),
        help_text=gettext_lazy("Needed for a time before the last line."),
        required=False,
    )

    def __init__(
        self,
        *args: Any,
        row_kind: str,
        checks: Sequence[ChairCheck] = (),
        stopped: bool = False,
        **kwargs: Any,
    ) -> None:
        """`stopped`: something stands against the start, so the reason is asked for. `checks`: as in `fields_for`."""
        super().__init__(*args, **kwargs)
        self.checks = checks
        self.fields = {**fields_for(row_kind, checks), **self.fields}
        if stopped:
            self.fields["although"] = forms.LongTextField(
                label=_("Only when it really starts although it is stopped: why"),
                help_text=_("It stays in the record with your name."),
                max_length=WORDS,
                required=False,
                widget=forms.TextArea(rows=2),
            )
        _speak(self.fields)

    @property
    def said(self) -> dict[str, Any]:
        """What the line says, as the services take it."""
        return said_in(self.cleaned_data, self.checks)


class CorrectionForm(TimedForm):
    """What a line should have said, or that it did not happen."""

    def __init__(self, *args: Any, row_kind: str, checks: Sequence[ChairCheck] = (), **kwargs: Any) -> None:
        """`checks`: as in `fields_for`."""
        super().__init__(*args, **kwargs)
        self.checks = checks
        self.fields["clock"].help_text = _("Leave it empty to keep the time. Else like 9:30 am or 14:05.")
        self.fields = {
            "take_back": BooleanField(label=_("It did not happen: take the line back"), required=False),
            **fields_for(row_kind, checks),
            **self.fields,
            "why": reason_field(_("Why it is corrected"), _("In a few words, for the team.")),
        }
        _speak(self.fields)

    @property
    def said(self) -> dict[str, Any]:
        return said_in(self.cleaned_data, self.checks)

    def clean(self) -> dict[str, Any]:
        """A line that is taken back needs nothing but the reason."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if data.get("take_back"):
            for name in set(self.errors) - {"why"}:
                del self.errors[name]
        return data


def said_in(data: dict[str, Any], checks: Sequence[ChairCheck] = ()) -> dict[str, Any]:
    """Cleaned answers as the services take them: a grade is a number, or None when nobody has graded yet; checks go by their fact."""
    named = {f"c{number}": check.fact for number, check in enumerate(checks, start=1)}
    said = {
        key: value
        for key, value in data.items()
        if key not in ("clock", "on", "later", "why", "take_back") and key not in named
    }
    if checks:
        said["answers"] = {fact: data[name] for name, fact in named.items() if data.get(name)}
    if "grade" in said:
        said["grade"] = int(said["grade"]) if said["grade"] in ("1", "2", "3", "4", "5") else None
    return said


def initial_of(details: dict[str, Any], checks: Sequence[ChairCheck] = ()) -> dict[str, Any]:
    """A line's words as the form shows them."""
    found = {key: value for key, value in details.items() if key not in ("why", "answers")}
    told = said_to(details.get("answers", []))
    found |= {f"c{number}": told.get(check.fact) for number, check in enumerate(checks, start=1)}
    if "grade" in found:
        found["grade"] = str(found["grade"] or NOT_GRADED)
    return found


class CloseForm(GivenForm):
    """What is left to say at the end: how much, the product, a note. Times and reactions stand in the record."""

    unwatched = forms.LongTextField(
        label=gettext_lazy("Why there was no observation"),
        max_length=TEXT_LENGTH,
        required=False,
        widget=forms.TextArea(rows=2),
    )

    def __init__(self, *args: Any, watched: bool, **kwargs: Any) -> None:
        """`watched`: the observation is in the record, or the version states none."""
        super().__init__(*args, **kwargs)
        for name in ("given_on", "given_at", "reaction", "reaction_grade", "early_reason"):
            self.fields.pop(name, None)
        if watched:
            del self.fields["unwatched"]


__all__ = ["CloseForm", "CorrectionForm", "RowForm", "initial_of"]
