"""Forms of messaging: they check shape; rules are the services'."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.forms import BooleanField, HiddenInput
from django.utils.translation import gettext_lazy as _

from messaging.services import LONGEST_ABOUT, LONGEST_MESSAGE
from messaging.topics import LANE_OF, Lane, Topic
from messaging.work.promises import Help
from messaging.writing.redflags import Question
from messaging.writing.sign_fields import SignsField
from patients.drafting import DraftedForm
from portal.lib import forms

TOO_LONG = _(
    "This text has %(show_value)d characters; a message can have %(limit_value)d. Make it shorter, or send it in two parts."
)


def text_field(label: Any, *, rows: int, empty: Any, hint: Any = "") -> forms.LongTextField:
    """A message's text: cleaned, 1 to 5,000 characters."""
    return forms.LongTextField(
        label=label,
        help_text=hint,
        max_length=LONGEST_MESSAGE,
        widget=forms.TextArea(rows=rows),
        error_messages={"required": empty, "max_length": TOO_LONG},
    )


class NewMessageForm(DraftedForm):
    """A new conversation: what it is about, and the text. The subject line is made from the topic."""

    topic = forms.ChoiceField(
        label=_("What is it about?"),
        choices=Topic.choices,
        error_messages={
            "required": _("Choose what your message is about."),
            "invalid_choice": _("Choose one of the topics in the list."),
        },
    )
    signs = SignsField()
    called = forms.ChoiceField(
        label=_("The clinic is closed. Have you called?"),
        choices=[
            ("yes", _("Yes, I have called")),
            ("no", _("No")),
            ("wait", _("It can wait until somebody reads it")),
        ],
        required=False,
    )
    text = text_field(
        _("Your message"),
        rows=8,
        empty=_("Write your message."),
        hint=_("Short is fine. You can use the microphone of your keyboard."),
    )
    hide = BooleanField(
        label=_("Hide this conversation from the people who help me"),
        help_text=_("You can choose this only now, before it starts. Your care team still sees it."),
        required=False,
    )
    about = forms.PlainTextField(
        label=_("About"),
        required=False,
        widget=HiddenInput(attrs={"data-kept": _("About")}),  # saved with the text as it is typed
    )

    def __init__(
        self,
        *args: Any,
        help: Help,
        may_hide: Callable[[], bool],
        by_phone: bool = False,
        questions: Callable[[], dict[str, list[Question]]] = dict,
        low_energy: bool = False,
        **kwargs: Any,
    ) -> None:
        """`may_hide` and `questions` are asked when the form is drawn, or when an answer to them was sent."""
        super().__init__(*args, **kwargs)
        self._help, self._questions, self._may_hide, self._low_energy = help, questions, may_hide, low_energy
        self._order = list(self.fields)
        if help.is_open:
            del self.fields["called"]
        self._left_out = {name: self.fields.pop(name) for name in ("signs", "hide")}
        if not self.is_bound or self.restored or low_energy:
            self.before_drawn()
        else:
            self._bring([name for name in self._left_out if name in self.data])
        topic = self.fields["topic"]
        first = _("New or getting worse? Call %(phone)s first.") % {"phone": help.phone}
        topic.choices = [  # type: ignore[attr-defined]
            (value, forms.Option(label, first) if LANE_OF[value] == Lane.SAFETY else label)
            for value, label in Topic.choices
        ]
        if by_phone:
            self.fields["text"].label = _("What was said")
            self.fields["text"].help_text = _("The patient reads this text as written.")
            self.fields["text"].error_messages["required"] = _("Write down what was said.")

    def before_drawn(self) -> None:
        self._bring(list(self._left_out))

    def _bring(self, names: list[str]) -> None:
        """Put fields that wait in their places: the questions, when there are any; hiding, where there is somebody to hide it from."""
        for name in names:
            field = self._left_out.pop(name)
            if self._ask(field) if name == "signs" else self._may_hide():
                self.fields[name] = field
        self.order_fields(self._order)

    def _ask(self, signs: Any) -> bool:
        asked = self._questions()
        if self._low_energy:  # one thing at a time: the questions come after the topic, where it has some
            known = str(self.data.get("topic", "")) if self.is_bound else ""
            asked = {known: asked.get(known, [])}
        if not any(asked.values()):
            return False
        signs.ask(asked, self._help)
        return True

    def clean_about(self) -> str:
        """One line; what is too long is cut, because nobody typed it."""
        about: str = self.cleaned_data["about"]
        return about[:LONGEST_ABOUT]


class ReplyForm(DraftedForm):
    """A further message of the patient's side."""

    text = text_field(_("Your message"), rows=6, empty=_("Write your message."))


class AnswerForm(DraftedForm):
    """The team's answer; the patient reads it."""

    text = text_field(_("Your answer"), rows=8, empty=_("Write your answer."))


class NoteForm(DraftedForm):
    """A note for the team; the patient never reads it."""

    text = text_field(_("Note for the team"), rows=6, empty=_("Write the note."))
