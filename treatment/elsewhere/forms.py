"""Forms about people who come mid-course: they check shape; the rules stand in the services."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.forms import BooleanField, DecimalField, IntegerField, TextInput
from django.utils.translation import gettext_lazy as _

from patients.drafting import DraftedForm
from portal.lib import forms
from treatment.elsewhere.services import (
    CENTIMETERS,
    KILOGRAMS,
    MOST_DOSES,
    MOST_TOTAL,
    TEXT_LENGTH,
    TEXTS,
    Told,
)


def _number(**more: Any) -> TextInput:
    return TextInput({"autocomplete": "off", "size": "6", **more})


class ToldForm(DraftedForm):
    """What was given elsewhere; what is left empty is not known."""

    doses_given = IntegerField(
        label=_("How many doses were given"),
        help_text=_("Leave it empty if you do not know. Write 0 only if there was none."),
        min_value=0,
        max_value=MOST_DOSES,
        required=False,
        widget=_number(inputmode="numeric"),
        error_messages={"invalid": _("Enter a whole number, like 0 or 12.")},
    )
    first_on = forms.DateField(label=_("Day of the first dose"), required=False)
    last_on = forms.DateField(label=_("Day of the last dose"), required=False)
    lifetime_mg_m2 = DecimalField(
        label=_("Lifetime total, in mg/m2"),
        help_text=_("Only for a medicine with a limit for the lifetime, such as mitoxantrone."),
        min_value=0,
        max_value=MOST_TOTAL,
        decimal_places=2,
        required=False,
        widget=_number(inputmode="decimal"),
        error_messages={"invalid": _("Enter a number, like 84 or 84.5.")},
    )
    place = forms.PlainTextField(label=_("Where it was given"), max_length=200, required=False)
    reactions = forms.LongTextField(
        label=_("Reactions to it"), max_length=TEXT_LENGTH, required=False, widget=forms.TextArea(rows=2)
    )
    jcv_assay = forms.PlainTextField(
        label=_("JC virus test: name of the test"),
        help_text=_("Values of different tests cannot be compared."),
        max_length=100,
        required=False,
    )
    jcv_index = forms.PlainTextField(label=_("JC virus test: index"), max_length=20, required=False)
    jcv_on = forms.DateField(
        label=_("JC virus test: day"),
        required=False,
        help_text=_("With name, index and day it goes to the results when the note is confirmed."),
    )
    booked_on = forms.DateField(
        label=_("Next dose that is booked elsewhere: day"),
        required=False,
        help_text=_("Nothing is booked here by that. Your team is asked to enter it here."),
    )
    booked_place = forms.PlainTextField(
        label=_("Next dose that is booked elsewhere: place"), max_length=200, required=False
    )
    booked = forms.LongTextField(
        label=_("Doses that are booked elsewhere: in words"),
        help_text=_("More days, times and places, as they were told. The patient can read it."),
        max_length=TEXT_LENGTH,
        required=False,
        widget=forms.TextArea(rows=2),
    )
    note = forms.LongTextField(
        label=_("Note"),
        help_text=_("The patient can read it."),
        max_length=TEXT_LENGTH,
        required=False,
        widget=forms.TextArea(rows=2),
    )

    def told(self) -> Told:
        """What was typed."""
        data = self.cleaned_data
        texts = {name: data[name] for name in TEXTS}
        return Told(
            doses_given=data["doses_given"], first_on=data["first_on"], last_on=data["last_on"],
            lifetime_mg_m2=data["lifetime_mg_m2"], jcv_on=data["jcv_on"], booked_on=data["booked_on"], **texts,
        )  # fmt: skip


class ElsewhereForm(ToldForm):
    """A therapy that was given elsewhere, written down by hand."""

    therapy = forms.ChoiceField(
        label=_("Which therapy?"), error_messages={"required": _("Choose the therapy.")}
    )
    confirmed = BooleanField(
        label=_("I have checked these numbers against the papers"),
        help_text=_("Without the tick they do not count yet, and the therapy waits."),
        required=False,
    )
    field_order = ("therapy",)

    def __init__(self, *args: Any, therapies: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["therapy"].choices = therapies  # type: ignore[attr-defined]


class ConfirmForm(ToldForm):
    """The same numbers, put right where they were wrong, and a nurse's word for them."""

    confirmed = BooleanField(
        label=_("I have checked these numbers against the papers"),
        error_messages={"required": _("Tick the box when you have checked the numbers.")},
    )


class MeasureForm(forms.Form):
    """Weight and height."""

    weight_kg = DecimalField(
        label=_("Weight, in kilograms"),
        min_value=KILOGRAMS[0],
        max_value=KILOGRAMS[1],
        decimal_places=1,
        widget=_number(inputmode="decimal"),
        error_messages={
            "required": _("Enter the weight in kilograms."),
            "invalid": _("Enter a number, like 70 or 70.5."),
        },
    )
    height_cm = DecimalField(
        label=_("Height, in centimeters"),
        min_value=CENTIMETERS[0],
        max_value=CENTIMETERS[1],
        decimal_places=1,
        widget=_number(inputmode="decimal"),
        error_messages={
            "required": _("Enter the height in centimeters."),
            "invalid": _("Enter a number, like 171 or 171.5."),
        },
    )
    measured_on = forms.DateField(label=_("Day it was measured"))

    def __init__(self, *args: Any, latest: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["measured_on"].latest = latest  # type: ignore[attr-defined]


class ImportForm(forms.Form):
    """Rows as text, pasted or read from a file."""

    rows = forms.LongTextField(
        label=_("The rows"),
        help_text=_("The first line has the names of the columns. A comma stands between two cells."),
        required=False,
        widget=forms.TextArea(rows=10),
    )
