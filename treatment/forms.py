"""Forms of treatment: they check shape; the rules stand in the services."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, time
from decimal import Decimal
from typing import Any

from django.forms import BooleanField, DecimalField, IntegerField, TextInput
from django.utils.translation import gettext_lazy as _

from patients.drafting import DraftedForm
from portal.lib import forms
from portal.lib.forms import Option
from treatment.courses.guards import TEXT_LENGTH
from treatment.lists import MORE_LENGTH, WHAT_LENGTH


def reason_field(label: Any, help_text: Any = "") -> forms.LongTextField:
    return forms.LongTextField(
        label=label,
        help_text=help_text,
        max_length=TEXT_LENGTH,
        widget=forms.TextArea(rows=3),
        error_messages={"required": _("Write the reason in a few words.")},
    )


class OrderForm(DraftedForm):
    """A prescriber's order on one patient."""

    plan = forms.ChoiceField(
        label=_("Therapy and plan"), error_messages={"required": _("Choose a therapy and its plan.")}
    )
    first_on = forms.DateField(label=_("Day of the first dose here"))
    given_before = IntegerField(
        label=_("Doses given elsewhere before"),
        help_text=_(
            "0 for a new start. Any other number needs a confirmed note of what was given elsewhere."
        ),
        min_value=0,
        max_value=500,
        required=False,
        widget=TextInput({"inputmode": "numeric", "autocomplete": "off", "size": "4"}),
        error_messages={"invalid": _("Enter a whole number, like 0 or 12.")},
    )
    indication = reason_field(_("Why this therapy"), _("In words, for the team and the patient."))
    sign = BooleanField(
        label=_("I sign this order as the prescriber"),
        error_messages={"required": _("Tick the box to sign the order. No order, no schedule.")},
    )

    replaces = forms.ChoiceField(
        label=_("What about the treatment that runs now?"),
        error_messages={"required": _("Say if it goes on beside this one or ends with this order.")},
    )

    def __init__(
        self, *args: Any, plans: Sequence[Any], running: Sequence[tuple[str, Any]] = (), **kwargs: Any
    ) -> None:
        """`running`: what runs now, by id; nothing is asked when nothing runs."""
        super().__init__(*args, **kwargs)
        self.fields["plan"].choices = plans  # type: ignore[attr-defined]
        if not running:
            del self.fields["replaces"]
            return
        beside = Option(_("It goes on beside the new one"), _("For example steroids for a relapse."))
        ends = [
            (key, _("%(name)s ends: the new one takes its place") % {"name": name}) for key, name in running
        ]
        self.fields["replaces"].choices = [("beside", beside), *ends]  # type: ignore[attr-defined]
        self.order_fields([name for name in self.fields if name != "sign"])


NOT_GRADED = "none"


class GivenForm(DraftedForm):
    """What staff note about a dose that was given."""

    given_on = forms.DateField(label=_("Day it was given"))
    given_at = forms.PlainTextField(
        label=_("Time it began"),
        help_text=_("In the center's time, like 9:30 am or 14:05"),
        max_length=10,
        error_messages={"required": _("Enter the time, like 9:30 am.")},
    )
    extent = forms.ChoiceField(
        label=_("How much was given?"),
        choices=[
            ("whole", _("The whole dose")),
            ("part", _("A part of it")),
            ("stopped", _("It was stopped for a reaction")),
        ],
        error_messages={"required": _("Say how much of the dose was given.")},
    )
    how_much = forms.PlainTextField(
        label=_("If not the whole dose: how much"),
        help_text=_("For example: about 180 of 300 mg"),
        max_length=200,
        required=False,
    )
    amount_mg = DecimalField(
        label=_("Amount given, in milligrams"),
        help_text=_("It counts toward the lifetime total."),
        min_value=Decimal("0.1"),
        max_value=Decimal(2000),
        decimal_places=2,
        widget=TextInput({"inputmode": "decimal", "autocomplete": "off", "size": "6"}),
        error_messages={
            "required": _("Enter how many milligrams were given."),
            "invalid": _("Enter a number, like 21 or 21.5."),
        },
    )
    product = forms.PlainTextField(label=_("Product"), max_length=100, required=False)
    lot = forms.PlainTextField(label=_("Lot number"), max_length=60, required=False)
    expires_on = forms.DateField(label=_("Expiry date on the package"), required=False)
    line_site = forms.PlainTextField(
        label=_("Where the line was"),
        help_text=_("For example: left forearm"),
        max_length=100,
        required=False,
    )
    reaction = forms.ChoiceField(
        label=_("Was there a reaction?"),
        choices=[("yes", _("Yes")), ("no", _("No"))],
        error_messages={"required": _("Say whether there was a reaction.")},
    )
    reaction_grade = forms.ChoiceField(
        label=_("Grade of the reaction (CTCAE)"),
        help_text=_(
            "Staff grade, by the worst moment. With grade 3 or more, or without a grade, the next dose waits until a neurologist has "
            "looked at it."
        ),
        choices=[
            ("1", Option(_("Grade 1: mild"), _("It went away, with no break and no treatment."))),
            ("2", Option(_("Grade 2"), _("A break or medicine was needed, and it helped soon."))),
            ("3", Option(_("Grade 3"), _("It went on, came back, or needed the hospital."))),
            ("4", Option(_("Grade 4: life-threatening"), _("Help was needed at once."))),
            ("5", _("Grade 5: the person died")),
            (NOT_GRADED, _("Not graded yet")),
        ],
        required=False,
    )
    note = forms.LongTextField(
        label=_("Short note"),
        help_text=_("The patient can read it."),
        max_length=TEXT_LENGTH,
        required=False,
        widget=forms.TextArea(rows=3),
    )
    although = forms.LongTextField(
        label=_("Only when it was really given although it is stopped: why"),
        help_text=_(
            "It stays in the record with your name. In a pause or after a reaction only a neurologist can note that."
        ),
        max_length=TEXT_LENGTH,
        required=False,
        widget=forms.TextArea(rows=2),
    )
    early_reason = forms.LongTextField(
        label=_("Only when the dose was given before its shortest interval: why"),
        help_text=_("Only a neurologist can note that."),
        max_length=TEXT_LENGTH,
        required=False,
        widget=forms.TextArea(rows=2),
    )

    def __init__(
        self,
        *args: Any,
        early: bool,
        latest: date,
        counted: bool = False,
        stopped: bool = False,
        **kwargs: Any,
    ) -> None:
        """`counted`: the medicine has a limit for the lifetime, so the amount is asked for. `stopped`: something stands against it."""
        super().__init__(*args, **kwargs)
        self.fields["given_on"].latest = latest  # type: ignore[attr-defined]
        if not early:
            del self.fields["early_reason"]
        if not stopped:
            del self.fields["although"]
        if not counted:
            del self.fields["amount_mg"]

    def clean(self) -> dict[str, Any]:
        """How much, when it was not the whole dose; a stop for a reaction is a reaction."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if data.get("extent") in ("part", "stopped") and not data.get("how_much"):
            self.add_error("how_much", str(_("Say how much of the dose was given.")))
        if data.get("extent") == "stopped" and data.get("reaction") == "no":
            self.add_error("reaction", str(_("It was stopped for a reaction, so there was one.")))
        grade = data.get("reaction_grade")
        if data.get("reaction") == "yes" and data.get("extent") != "stopped" and not grade:
            self.add_error("reaction_grade", str(_("Choose the grade, or say that it is not graded yet.")))
        if data.get("reaction") == "no" and grade not in (None, "", NOT_GRADED):
            self.add_error(
                "reaction_grade", str(_("A grade belongs to a reaction. Say whether there was one."))
            )
        return data

    def clean_given_at(self) -> Any:
        """A time of day as "9:30 am", "9.30", "14:05"."""
        found = clock_of(self.cleaned_data["given_at"])
        if found is None:
            self.add_error("given_at", str(_("Enter the time like 9:30 am or 14:05.")))
        return found


def clock_of(text: str) -> time | None:
    """A `datetime.time` from what people type, or None."""
    match = re.fullmatch(
        r"(\d{1,2})(?:[:.](\d{2}))?\s*(am|pm|a\.m\.|p\.m\.)?", text.strip().lower(), re.ASCII
    )
    if match is None:
        return None
    hour, minute, half = int(match[1]), int(match[2] or 0), (match[3] or "").replace(".", "")
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "pm" else 0)
    elif match[2] is None:
        return None
    return time(hour, minute) if hour < 24 and minute < 60 else None


class ReasonForm(DraftedForm):
    """A reason, for a missed dose or the end of a treatment."""

    reason = reason_field(_("Why"), _("In a few words, for the team."))


class ReviewForm(DraftedForm):
    """A prescriber has looked at what holds a dose, and says why it can go ahead."""

    reason = reason_field(
        _("What you looked at, and why it can go ahead"), _("It stays in the history with your name.")
    )
    confirm = BooleanField(
        label=_("I have looked at it as the prescriber"),
        error_messages={"required": _("Tick the box when you have looked at it.")},
    )


class MovesForm(DraftedForm):
    """The dates that the protocol's rule proposes, confirmed together."""

    reason = reason_field(_("Why"), _("In a few words, for the team."))
    confirm = BooleanField(
        label=_("I confirm these dates as the prescriber"),
        error_messages={"required": _("Tick the box to confirm the dates.")},
    )
    shown = forms.PlainTextField(required=False, widget=TextInput({"type": "hidden"}))


class DateForm(DraftedForm):
    """A day set by hand, with the reason."""

    day = forms.DateField(label=_("New day"))
    reason = reason_field(_("Why"), _("In a few words, for the team."))


class CheckForm(forms.Form):
    """A regular check that was done."""

    fact = forms.ChoiceField(
        label=_("Which check was done?"), error_messages={"required": _("Choose the check.")}
    )
    done_on = forms.DateField(label=_("Day it was done"))

    def __init__(self, *args: Any, checks: Sequence[Any], latest: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["fact"].choices = checks  # type: ignore[attr-defined]
        self.fields["done_on"].latest = latest  # type: ignore[attr-defined]


class SignOffForm(forms.Form):
    """A named person's sign-off of one version."""

    read = BooleanField(
        label=_("I have read every fact of this version and its sources"),
        error_messages={"required": _("Tick the box when you have read every fact.")},
    )


class AllergyForm(DraftedForm):
    """An allergy in the person's own words."""

    what = forms.PlainTextField(
        label=_("What is the allergy to?"),
        help_text=_("A medicine, food, latex, contrast dye or anything else"),
        max_length=WHAT_LENGTH,
        error_messages={"required": _("Write what the allergy is to.")},
    )
    more = forms.LongTextField(
        label=_("What happens?"),
        help_text=_("For example a rash, swelling or trouble breathing"),
        max_length=MORE_LENGTH,
        required=False,
        widget=forms.TextArea(rows=3),
    )
    version = forms.PlainTextField(required=False, widget=TextInput({"type": "hidden"}))


class MedicineForm(DraftedForm):
    """A medicine in the person's own words."""

    what = forms.PlainTextField(
        label=_("Name of the medicine"),
        help_text=_("As it stands on the box. Vitamins and herbs count too."),
        max_length=WHAT_LENGTH,
        error_messages={"required": _("Write the name of the medicine.")},
    )
    more = forms.LongTextField(
        label=_("How is it taken?"),
        help_text=_("For example 10 mg each morning"),
        max_length=MORE_LENGTH,
        required=False,
        widget=forms.TextArea(rows=3),
    )
    version = forms.PlainTextField(required=False, widget=TextInput({"type": "hidden"}))
