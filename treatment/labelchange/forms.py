"""Forms of label changes: what changed, which courses move, what people read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from portal.lib import forms
from treatment.forms import reason_field
from treatment.labelchange.services import EARLIEST, SOURCE_LENGTH, TEXT_LENGTH, WHAT_LENGTH


class ChangeForm(forms.Form):
    """A change of a label, and the versions that are withdrawn for it at once."""

    what = forms.LongTextField(
        label=_("What changed?"),
        help_text=_("In plain words, for your colleagues. Name nobody."),
        max_length=WHAT_LENGTH,
        widget=forms.TextArea(rows=4),
        error_messages={"required": _("Say what changed.")},
    )
    source = forms.PlainTextField(
        label=_("Where does it say so?"),
        help_text=_("The label or letter, with its section and date"),
        max_length=SOURCE_LENGTH,
        error_messages={"required": _("Name the source.")},
    )
    changed_on = forms.DateField(label=_("Date of the change"), earliest=EARLIEST)
    withdraw = forms.MultipleChoiceField(
        label=_("Withdraw these versions at once"),
        help_text=_(
            "Nothing is ordered on them any more from this moment. Courses keep their dates until a prescriber acts."
        ),
        required=False,
    )

    def __init__(self, *args: Any, versions: Sequence[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["withdraw"].choices = versions  # type: ignore[attr-defined]
        if not versions:
            del self.fields["withdraw"]


class MoveForm(forms.Form):
    """Which courses move, and why."""

    courses = forms.MultipleChoiceField(
        label=_("Courses to move"), error_messages={"required": _("Choose at least one course.")}
    )
    reason = reason_field(_("Why"), _("In a few words. It stands in the history of each course."))

    def __init__(self, *args: Any, courses: Sequence[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["courses"].choices = courses  # type: ignore[attr-defined]


class TellForm(forms.Form):
    """What everybody on the therapy reads."""

    text = forms.LongTextField(
        label=_("Your message"),
        help_text=_("Everybody gets the same words. Name nobody, and nothing that is about one person only."),
        max_length=TEXT_LENGTH,
        widget=forms.TextArea(rows=8),
        error_messages={"required": _("Write your message.")},
    )
