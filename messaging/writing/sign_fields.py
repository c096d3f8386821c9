"""The red-flag questions as one field of the new message: a group of boxes for each topic, of which the page shows the chosen one."""

from __future__ import annotations

from typing import Any

from django.forms import MultipleChoiceField
from django.utils.translation import gettext_lazy as _

from messaging.work.promises import Help
from messaging.writing.redflags import EMERGENCY, NONE, Question
from portal.lib import forms


class SignBoxes(forms.Checkboxes):
    """Boxes in groups named by topic; the style sheet shows the group of the topic that is chosen, without scripts."""

    template_name = "messaging/widgets/signs.html"


class SignsField(MultipleChoiceField):
    """Keys of what was ticked. It never refuses: what is unknown says nothing, and a message is always sent."""

    widget = SignBoxes

    def __init__(self) -> None:
        super().__init__(
            label=_("Is any of this happening now?"),
            help_text=_("Tick what fits. You can send your message whatever you tick."),
            required=False,
        )

    def valid_value(self, value: str) -> bool:
        return True

    def ask(self, questions: dict[str, list[Question]], help: Help, *, on_the_phone: bool = False) -> None:
        """Put the questions of each topic in, with whom to call beside each: for the patient, or for a colleague who asks on the phone."""
        self.asked = [one for found in questions.values() for one in found]
        emergency = _("If yes, call %(phone)s now.") % {"phone": help.site.emergency_phone}
        call = _("If yes, call %(phone)s first.") % {"phone": help.phone}
        if on_the_phone:
            emergency = _("If yes, tell the caller to call %(phone)s now.") % {
                "phone": help.site.emergency_phone
            }
            call = str(_("If yes, ask a nurse or doctor to take the call now."))
        self.choices = [
            (
                topic,
                [
                    (one.key, forms.Option(one.text, emergency if one.level == EMERGENCY else call))
                    for one in asked
                ]
                + [(f"{topic}:{NONE}", _("None of these"))],
            )
            for topic, asked in questions.items()
            if asked
        ]

    def clean(self, value: Any) -> list[str]:
        """Only keys that are asked here, each once."""
        known = {key for _topic, boxes in self.choices for key, _label in boxes}  # type: ignore[union-attr, misc, has-type, unused-ignore]
        return [key for key in dict.fromkeys(value or ()) if key in known]
