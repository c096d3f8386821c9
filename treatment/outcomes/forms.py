"""Forms about a dose that waits, about its drug, and about a treatment that goes on after a pause."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.forms import BooleanField
from django.utils.translation import gettext_lazy as _

from patients.drafting import DraftedForm
from portal.lib import forms
from treatment.chair.forms import grade_field
from treatment.courses.guards import TEXT_LENGTH
from treatment.models import DrugStep, Postponement
from treatment.outcomes.services import BY_STAFF


class PostponeForm(DraftedForm):
    """Why a dose waits, whose turn it is, and when somebody looks again."""

    reason = forms.ChoiceField(
        label=_("Why does it wait?"),
        choices=[(reason.value, reason.label) for reason in BY_STAFF],
        error_messages={"required": _("Say why the dose waits.")},
    )
    owner = forms.ChoiceField(
        label=_("Who has it in hand?"),
        choices=[
            ("you", _("The patient")),
            *((owner.value, owner.label) for owner in Postponement.Owner if owner != "you"),
        ],
        error_messages={"required": _("Say who has it in hand.")},
    )
    recheck_on = forms.DateField(label=_("Day to look again"))
    note = forms.LongTextField(
        label=_("Short note"),
        help_text=_("The patient can read it."),
        max_length=TEXT_LENGTH,
        required=False,
        widget=forms.TextArea(rows=3),
    )


class LaterReactionForm(DraftedForm):
    """A reaction that showed after its dose was noted."""

    since = forms.DateField(label=_("Day on which it showed first"))
    grade = grade_field()
    words = forms.LongTextField(
        label=_("What was seen or felt, and what was done"),
        help_text=_("In a few words, for the team."),
        max_length=TEXT_LENGTH,
        widget=forms.TextArea(rows=3),
        error_messages={"required": _("Write what it was in a few words.")},
    )

    def __init__(self, *args: Any, given_on: date | None, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        day: Any = self.fields["since"]
        day.earliest, day.latest = given_on or day.earliest, today


class DrugForm(forms.Form):
    """The next step of a dose's drug."""

    kind = forms.ChoiceField(
        label=_("What was done?"), error_messages={"required": _("Say what was done with the drug.")}
    )
    product = forms.PlainTextField(label=_("Product"), max_length=100, required=False)
    lot = forms.PlainTextField(label=_("Lot number"), max_length=60, required=False)
    expires_on = forms.DateField(label=_("Expiry date on the package"), required=False)
    note = forms.PlainTextField(
        label=_("Note"), help_text=_("Needed when the drug is taken back."), max_length=200, required=False
    )

    def __init__(self, *args: Any, following: tuple[str, ...], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [(kind, DrugStep.Kind(kind).label) for kind in following]  # type: ignore[attr-defined]


class ResumeForm(DraftedForm):
    """The day of the next dose after a pause."""

    first_on = forms.DateField(label=_("Day of the next dose"))
    reason = forms.LongTextField(
        label=_("Why"),
        help_text=_("In a few words, for the team."),
        max_length=TEXT_LENGTH,
        widget=forms.TextArea(rows=3),
        error_messages={"required": _("Write the reason in a few words.")},
    )
    confirm = BooleanField(
        label=_("I set this day as the prescriber; the later doses follow from it"),
        error_messages={"required": _("Tick the box to set the day.")},
    )
