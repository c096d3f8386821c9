"""The form of a plan."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from patients.drafting import DraftedForm
from portal.lib import forms
from treatment.dayof.plans import NOTE_LENGTH
from treatment.models import LifePlan


class PlanForm(DraftedForm):
    """What is planned, and when. Days may be left open."""

    kind = forms.ChoiceField(
        label=_("What do you plan?"),
        choices=LifePlan.Kind.choices,
        error_messages={"required": _("Say what you plan.")},
    )
    starts_on = forms.DateField(
        label=_("First day"), help_text=_("Leave it empty if you do not know it yet."), required=False
    )
    ends_on = forms.DateField(label=_("Last day"), help_text=_("Leave it empty for one day."), required=False)
    note = forms.LongTextField(
        label=_("What you want to say about it"),
        help_text=_("For you. Your team reads it only if you ask about the plan."),
        max_length=NOTE_LENGTH,
        required=False,
        widget=forms.TextArea(rows=3),
    )
