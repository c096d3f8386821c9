"""The boxes of the self-check: emergencies first, then what to call about."""

from __future__ import annotations

from typing import Any

from django.forms import BooleanField
from django.utils.translation import gettext_lazy as _

from patients.drafting import DraftedForm
from portal.lib import forms
from treatment.selfcheck.services import Sign


class SelfCheckForm(DraftedForm):
    """What is new. Nothing is asked in a way that has to be remembered: a tick is "new for me", no tick says nothing."""

    emergency = forms.MultipleChoiceField(
        label=_("Is any of this new for you, or happening now?"),
        help_text=_("If yes, stop here and call the emergency number."),
        required=False,
    )
    call_now = forms.MultipleChoiceField(
        label=_("Is any of this new for you, or worse than usual?"),
        help_text=_("New means: not there before, or different from your usual MS."),
        required=False,
    )
    none = BooleanField(label=_("None of this is new for me"), required=False)

    def __init__(self, *args: Any, signs: list[Sign], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("emergency", "call_now"):
            self.fields[name].choices = [(sign.key, sign.text) for sign in signs if sign.level == name]  # type: ignore[attr-defined]
