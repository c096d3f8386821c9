"""How conversations look to a program, and what it may send."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from messaging.contributed import first_line, work_line
from messaging.files.services import MOST_IN_MESSAGE
from messaging.models import Message, Thread, WorkItem
from messaging.models.writing import TriageAnswers
from messaging.services import LONGEST_ABOUT, LONGEST_MESSAGE
from messaging.topics import Lane, Topic
from messaging.work.newest import NEWEST_LINE
from messaging.writing.redflags import STATUSES
from portal.lib.api import Line, PageQuery, Text, Write

MANY = 100_000_000
SEEN = _(
    "The `seq` of the newest message that you read: what came after it is shown to you before anything is sent."
)


def files_to_send() -> serializers.ListField:
    """The files that go with a message, by id."""
    return serializers.ListField(
        child=serializers.UUIDField(),
        required=False,
        default=list,
        max_length=MOST_IN_MESSAGE,
        help_text=_("Ids of files of yours that were sent ahead; they go with the message, or nothing goes."),
    )


class WorkListQuery(PageQuery):
    """Which work."""

    lane = serializers.ChoiceField(choices=Lane.choices, required=False)
    mine = serializers.BooleanField(required=False, default=False, help_text=_("Only what you claimed."))


class ThreadRead(serializers.Serializer[Any]):
    """A conversation."""

    id = serializers.UUIDField()
    patient = serializers.UUIDField(source="patient_id")
    topic = serializers.ChoiceField(choices=Topic.choices)
    about = serializers.CharField(allow_null=True)
    state = serializers.ChoiceField(choices=Thread.State.choices)
    created_at = serializers.DateTimeField()
    last_at = serializers.DateTimeField()
    last_seq = serializers.IntegerField()
    last_author = serializers.CharField()
    seen_seq = serializers.IntegerField(source="seen", help_text=_("How far you have read."))
    hidden_from_carers = serializers.BooleanField()
    waits = serializers.SerializerMethodField(help_text=_("The team owes an answer."))
    answer_by = serializers.SerializerMethodField(help_text=_("Until when, in the center's own hours."))

    def get_waits(self, thread: Any) -> bool:
        return thread.item_state in (WorkItem.State.OPEN, WorkItem.State.CLAIMED)

    def get_answer_by(self, thread: Any) -> str | None:
        found = serializers.DateTimeField(allow_null=True)
        # As on the pages: nothing is promised where nobody can read, nor for a team that looks after the patient no more.
        owed = self.get_waits(thread) and thread.somebody_reads and thread.team_stands
        return found.to_representation(thread.item_due) if owed else None


class AnswerRead(serializers.Serializer[Any]):
    """A question that was asked beside a message."""

    key = serializers.CharField(source="code")
    text = serializers.CharField()
    answer = serializers.ChoiceField(choices=["yes", "no", "open"], source="said_code")


class SignsRead(serializers.Serializer[Any]):
    """What was answered beside a message, and what came of it."""

    level = serializers.ChoiceField(choices=TriageAnswers.Level.choices)
    ruleset_version = serializers.IntegerField()
    ruleset_signed = serializers.BooleanField(help_text=_("False: made in a demo, with unsigned questions."))
    answers = AnswerRead(many=True, source="answers.answers")
    words = serializers.ListField(child=serializers.CharField(), source="answers.words")
    called = serializers.ChoiceField(
        choices=["yes", "no", "wait"], allow_blank=True, source="answers.called_code"
    )


class RedFlagRead(serializers.Serializer[Any]):
    """A red-flag question, with where it comes from."""

    key = serializers.CharField()
    text = serializers.CharField()
    level = serializers.ChoiceField(choices=["call_now", "emergency"])
    sources = serializers.ListField(child=serializers.CharField(), source="source")
    status = serializers.ChoiceField(choices=list(STATUSES))


class TopicQuestionsRead(serializers.Serializer[Any]):
    """What is asked about one topic."""

    topic = serializers.ChoiceField(choices=Topic.choices)
    questions = RedFlagRead(many=True)


class RulesetRead(serializers.Serializer[Any]):
    """The questions that are in use. Without a version nothing is asked, because nobody has signed them."""

    version = serializers.IntegerField(allow_null=True)
    signed_by = serializers.CharField(allow_null=True)
    signed_at = serializers.DateTimeField(allow_null=True)
    topics = TopicQuestionsRead(many=True)


class RulesetSignWrite(Write):
    """A signature under the newest version."""

    version = serializers.IntegerField(min_value=1, max_value=MANY)


class MessageRead(serializers.Serializer[Any]):
    """A message as it was sent; it never changes. One that was taken back has no text any more."""

    id = serializers.UUIDField()
    seq = serializers.IntegerField()
    author = serializers.CharField(source="author.name")
    capacity = serializers.ChoiceField(choices=Message.Capacity.choices)
    sent_at = serializers.DateTimeField(source="created_at")
    came_at = serializers.DateTimeField(
        allow_null=True, help_text=_("When a call or a letter came, if it was written down later.")
    )
    text = serializers.SerializerMethodField(
        help_text=_("Empty when it was taken back; what the team corrected, the team still reads.")
    )
    taken_back_at = serializers.SerializerMethodField()
    corrected_by = serializers.SerializerMethodField(help_text=_("The message that replaces it."))
    signs = serializers.SerializerMethodField(help_text=_("What was answered beside it."))

    def get_text(self, message: Message) -> str:
        return message.text_for(staff=bool(self.context.get("staff")))

    def get_taken_back_at(self, message: Message) -> str | None:
        gone = message.taken_back
        return serializers.DateTimeField().to_representation(gone.at) if gone is not None else None

    def get_corrected_by(self, message: Message) -> str | None:
        gone = message.taken_back
        return str(gone.correction_id) if gone is not None and gone.correction_id else None

    @extend_schema_field(SignsRead(allow_null=True))
    def get_signs(self, message: Message) -> Any:
        row = getattr(message, "triage", None)
        return SignsRead(row).data if row is not None and message.taken_back is None else None


class NoteRead(serializers.Serializer[Any]):
    """What the team wrote for itself."""

    id = serializers.UUIDField()
    author = serializers.CharField(source="author.name")
    written_at = serializers.DateTimeField(source="created_at")
    text = serializers.CharField(source="body")


class WorkRead(serializers.Serializer[Any]):
    """What the team owes a conversation."""

    thread = serializers.UUIDField(source="thread_id")
    patient = serializers.UUIDField(source="patient_id")
    patient_name = serializers.CharField(source="patient.name")
    topic = serializers.ChoiceField(choices=Topic.choices, source="thread.topic")
    lane = serializers.ChoiceField(choices=Lane.choices)
    state = serializers.ChoiceField(choices=WorkItem.State.choices)
    owner = serializers.CharField(source="owner.name", allow_null=True, default=None)
    due_at = serializers.DateTimeField()
    first_line = serializers.SerializerMethodField(help_text=_("Of the message that the work began with."))
    newest_line = serializers.SerializerMethodField(
        help_text=_(
            "Of the newest message of the patient’s side, which is unanswered; the same when it is the only one."
        )
    )

    def get_first_line(self, item: WorkItem) -> str:
        return work_line(item)

    def get_newest_line(self, item: WorkItem) -> str:
        found = self.context["newest"].get(item.pk)
        return (
            first_line(found.message.body, NEWEST_LINE) if found is not None else work_line(item, NEWEST_LINE)
        )


class WorkStateRead(serializers.Serializer[Any]):
    """Where the work of one conversation stands."""

    thread = serializers.UUIDField(source="thread_id")
    lane = serializers.ChoiceField(choices=Lane.choices)
    state = serializers.ChoiceField(choices=WorkItem.State.choices)
    owner = serializers.CharField(source="owner.name", allow_null=True, default=None)
    due_at = serializers.DateTimeField()
    outcome = serializers.ChoiceField(choices=WorkItem.Outcome.choices, allow_blank=True)


class ThreadWrite(Write):
    """A new conversation with its first message."""

    topic = serializers.ChoiceField(choices=Topic.choices)
    text = Text(max_length=LONGEST_MESSAGE)
    about = Line(required=False, allow_blank=True, default="", max_length=LONGEST_ABOUT)
    hide_from_carers = serializers.BooleanField(
        required=False, default=False, help_text=_("For the patient, and only before it starts.")
    )
    signs = serializers.ListField(
        child=Line(max_length=80),
        required=False,
        default=list,
        max_length=20,
        help_text=_(
            'Keys of red-flag questions answered with yes, or "<topic>:none". They never stop a message.'
        ),
    )
    called = serializers.ChoiceField(
        choices=["yes", "no", "wait"],
        required=False,
        allow_blank=True,
        default="",
        help_text=_("Did you call?"),
    )
    files = files_to_send()


class MessageWrite(Write):
    """A further message, or the team's answer."""

    text = Text(max_length=LONGEST_MESSAGE)
    seen_seq = serializers.IntegerField(min_value=0, max_value=MANY, help_text=SEEN)
    to_team = serializers.UUIDField(
        required=False, help_text=_("The new team, when a refusal has said that the team has changed.")
    )
    files = files_to_send()


class CorrectionWrite(Write):
    """The correct answer, and why the old one is taken back."""

    text = Text(max_length=LONGEST_MESSAGE)
    seen_seq = serializers.IntegerField(min_value=0, max_value=MANY, help_text=SEEN)
    files = files_to_send()
    reason = Line(max_length=200)


class NoteWrite(Write):
    """A note for the team; the patient never reads it."""

    text = Text(max_length=LONGEST_MESSAGE)


class SeenWrite(Write):
    """How far you have read."""

    seq = serializers.IntegerField(min_value=0, max_value=MANY)


class ClaimWrite(Write):
    """Taking work."""

    take_over = serializers.BooleanField(
        required=False, default=False, help_text=_("From a colleague who has it, on purpose.")
    )


class CloseWrite(Write):
    """The patient's side needs no answer any more."""

    seen_seq = serializers.IntegerField(min_value=0, max_value=MANY, help_text=SEEN)


class FinishWrite(Write):
    """Taking work off the list without an answer."""

    outcome = serializers.ChoiceField(
        choices=[
            (choice.value, choice.label) for choice in (WorkItem.Outcome.NO_REPLY, WorkItem.Outcome.ARRANGED)
        ]
    )
    seen_seq = serializers.IntegerField(min_value=0, max_value=MANY, help_text=SEEN)
