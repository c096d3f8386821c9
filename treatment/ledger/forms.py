"""Forms of the ledger. Each number has its unit beside it; nothing is filled in that the lab has to say."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.forms import BooleanField, IntegerField, TextInput
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patients.drafting import DraftedForm
from portal.lib import forms
from treatment.courses.guards import TEXT_LENGTH
from treatment.forms import reason_field
from treatment.ledger import services
from treatment.ledger.known import Test


class ResultForm(DraftedForm):
    """What a test found: the day, each number with its unit, or words."""

    taken_on = forms.DateField(label=gettext_lazy("Day the test was done"))
    assay = forms.PlainTextField(
        label=gettext_lazy("Name of the test, as the lab wrote it"),
        help_text=gettext_lazy("Numbers of different makers cannot be compared."),
        max_length=services.ASSAY_LENGTH,
        required=False,
    )
    words = forms.LongTextField(
        label=gettext_lazy("What was found, in words"),
        help_text=gettext_lazy(
            "For example negative, or the main sentence of the report. The patient can read it after the release."
        ),
        max_length=TEXT_LENGTH,
        required=False,
        widget=forms.TextArea(rows=3),
    )
    mark = forms.ChoiceField(
        label=gettext_lazy("How did the lab mark it?"),
        choices=[
            ("none", gettext_lazy("Not marked")),
            ("in", gettext_lazy("Inside its range")),
            ("out", gettext_lazy("Outside its range")),
        ],
        error_messages={"required": gettext_lazy("Say how the lab marked it, or that it did not.")},
    )

    def __init__(self, *args: Any, test: Test, latest: date, correcting: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.test = test
        self.fields["taken_on"].latest = latest  # type: ignore[attr-defined]
        self.fields["taken_on"].earliest = services.EARLIEST  # type: ignore[attr-defined]
        if not test.by_assay:
            del self.fields["assay"]
        for measure in test.measures:
            name = str(measure.name)
            self.fields[f"number_{measure.code}"] = forms.PlainTextField(
                label=f"{name} ({measure.unit})" if measure.unit else name, max_length=20, required=False,
                widget=TextInput({"inputmode": "decimal", "autocomplete": "off", "size": "10"}),
            )  # fmt: skip
            if not measure.unit:
                self.fields[f"unit_{measure.code}"] = forms.PlainTextField(
                    label=_("Unit of %(name)s") % {"name": name}, max_length=services.UNIT_LENGTH, required=False,
                    widget=TextInput({"autocomplete": "off", "autocapitalize": "off", "size": "10"}),
                )  # fmt: skip
        if correcting:
            self.fields["why"] = reason_field(
                gettext_lazy("What was wrong"), gettext_lazy("In a few words, for the team.")
            )
        measured = [name for name in self.fields if name.startswith(("number_", "unit_"))]
        for field in self.fields.values():
            forms.speak_plainly(field)
        self.order_fields(["taken_on", "assay", *measured, "words", "mark", "why"])

    def values(self) -> list[dict[str, str]]:
        """The numbers that were typed, each with its unit, which may be empty."""
        said = self.cleaned_data
        return [
            {
                "code": measure.code,
                "number": said[f"number_{measure.code}"],
                "unit": measure.unit or said[f"unit_{measure.code}"],
            }
            for measure in self.test.measures
            if said.get(f"number_{measure.code}")
        ]

    def clean(self) -> Any:
        """What the service would refuse stands beside its field: a number without its unit, above all."""
        data: Any = super().clean()
        for measure in self.test.measures:
            number, unit = f"number_{measure.code}", f"unit_{measure.code}"
            typed = {
                "code": measure.code,
                "number": data.get(number, ""),
                "unit": measure.unit or data.get(unit, ""),
            }
            if not typed["number"]:
                if data.get(unit):
                    self.add_error(
                        number, _("Enter the number that belongs to this unit, or empty the unit.")
                    )
                continue
            try:
                services.checked_details(self.test, values=[typed], words="", assay="-", mark="")
            except services.UnitMissing as error:
                self.add_error(unit if unit in self.fields else number, str(error.message))
            except services.NotPossible as error:
                self.add_error(number, str(error.message))
        return data

    def details(self) -> dict[str, Any]:
        """The arguments of the service."""
        said = self.cleaned_data
        return {
            "taken_on": said["taken_on"],
            "values": self.values(),
            "words": said["words"],
            "assay": said.get("assay", ""),
            "mark": "" if said["mark"] == "none" else said["mark"],
        }


class ReleaseForm(DraftedForm):
    """The plain note with which a result is released."""

    note = forms.LongTextField(
        label=gettext_lazy("A note for the patient, in plain words"),
        help_text=gettext_lazy(
            "What was found, and what it means for the plan. Short words; no abbreviations."
        ),
        max_length=TEXT_LENGTH,
        widget=forms.TextArea(rows=4),
        error_messages={"required": gettext_lazy("Write a few plain words for the patient.")},
    )


class WithdrawForm(DraftedForm):
    """Why an entry is none of this patient's."""

    why = reason_field(gettext_lazy("What was wrong"), gettext_lazy("In a few words, for the team."))
    confirm = BooleanField(
        label=gettext_lazy("This result is not this patient's"),
        error_messages={"required": gettext_lazy("Tick the box to take the entry back.")},
    )


class DecisionForm(DraftedForm):
    """A prescriber's word about a duty."""

    applies = forms.ChoiceField(
        label=gettext_lazy("Does this check apply to this patient?"),
        choices=[("yes", gettext_lazy("Yes")), ("no", gettext_lazy("No, or not any more"))],
        error_messages={"required": gettext_lazy("Say whether it applies.")},
    )
    every_months = IntegerField(
        label=gettext_lazy("Every how many months"),
        help_text=gettext_lazy(
            "Leave it empty to go by the data. Where the data give no interval, an empty field means: no fixed day."
        ),
        min_value=1,
        max_value=services.MOST_MONTHS,
        required=False,
        widget=TextInput({"inputmode": "numeric", "autocomplete": "off", "size": "4"}),
        error_messages={"invalid": gettext_lazy("Enter a whole number, like 3 or 6.")},
    )
    reason = reason_field(gettext_lazy("Why"), gettext_lazy("In a few words, for the team and the patient."))

    def clean(self) -> Any:
        """An interval needs a check that applies."""
        data: Any = super().clean()
        if data.get("applies") == "no" and data.get("every_months"):
            self.add_error("every_months", _("Leave this empty for a check that does not apply."))
        return data


class KeeperForm(DraftedForm):
    """The team that takes the duties over."""

    team = forms.ChoiceField(
        label=gettext_lazy("Which team keeps them from now on?"),
        error_messages={"required": gettext_lazy("Choose the team.")},
    )
    reason = reason_field(gettext_lazy("Why"), gettext_lazy("In a few words, for both teams."))

    def __init__(self, *args: Any, teams: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["team"].choices = teams  # type: ignore[attr-defined]
