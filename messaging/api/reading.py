"""Finding, keeping and judging messages: search, copies of a conversation, "did this help?"."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from clinic.services import teams_of
from messaging import services
from messaging.api.serializers import MessageRead
from messaging.api.views import AREA, SIDE, MessagingView
from messaging.models import AnswerHelped, Attachment, Message
from messaging.reading import copies, helped, search
from messaging.topics import Topic
from messaging.writing import undo
from patients.requests import STAFF, About, about
from patients.services import record_view
from portal.lib.api import ApiView, Line, PatientQuery, Write, listed, paged
from portal.lib.time import now as present

MOST_FOUND = 100
PDF: Any = {(200, "application/pdf"): OpenApiTypes.BINARY}


class MessageSearchQuery(PatientQuery):
    """What to look for."""

    q = Line(max_length=search.MOST_LETTERS, help_text=_("Words that must all be in the message."))
    topic = serializers.ChoiceField(choices=Topic.choices, required=False)


class FoundRead(serializers.Serializer[Any]):
    """A message that has the words."""

    thread = serializers.UUIDField(source="thread_id")
    topic = serializers.ChoiceField(choices=Topic.choices, source="thread.topic")
    message = MessageRead(source="*")


class CopiedFileRead(serializers.Serializer[Any]):
    """A file that was with a message; the copy names it and does not hold it."""

    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=Attachment.Kind.choices)
    size = serializers.IntegerField(help_text=_("Bytes."))
    added_at = serializers.DateTimeField()
    state = serializers.ChoiceField(choices=Attachment.State.choices)


class CopiedMessageRead(serializers.Serializer[Any]):
    """A message in a copy."""

    id = serializers.UUIDField()
    seq = serializers.IntegerField()
    author = serializers.CharField()
    job_title = serializers.CharField(allow_blank=True)
    capacity = serializers.ChoiceField(choices=Message.Capacity.choices)
    sent_at = serializers.DateTimeField()
    came_at = serializers.DateTimeField(
        allow_null=True, help_text=_("When a call or a letter came, if it was written down later.")
    )
    text = serializers.CharField()
    files = CopiedFileRead(many=True)


class CopyRead(serializers.Serializer[Any]):
    """A conversation to keep; the team's notes are not in it."""

    format = serializers.CharField()
    patient = serializers.CharField()
    topic = serializers.ChoiceField(choices=Topic.choices)
    about = serializers.CharField(allow_null=True)
    time_zone = serializers.CharField(help_text=_("The wall clock of the times."))
    taken_by = serializers.CharField()
    taken_at = serializers.DateTimeField()
    messages = CopiedMessageRead(many=True)


class HelpedWrite(Write):
    """One word about an answer."""

    value = serializers.ChoiceField(choices=AnswerHelped.Value.choices)


class HelpedRead(serializers.Serializer[Any]):
    """What you said about an answer."""

    message = serializers.UUIDField(source="message_id")
    value = serializers.ChoiceField(choices=AnswerHelped.Value.choices)
    said_at = serializers.DateTimeField()


class HelpedMonthRead(serializers.Serializer[Any]):
    """How often each word was said about the answers of a month."""

    month = serializers.DateField(help_text=_("Its first day."))
    yes = serializers.IntegerField()
    partly = serializers.IntegerField()
    no = serializers.IntegerField()


class MessageSearch(MessagingView):
    queries = {"get": MessageSearchQuery}

    @extend_schema(responses={200: paged(FoundRead)})
    def get(self, request: Request) -> Response:
        """Look for words in one patient's messages: at most 100, the newest first, on one page. Across patients there is no such search."""
        asked = about(self, AREA, *SIDE, *STAFF)
        record_view(asked.user, asked.patient, "messages.search")
        found = search.find(asked.user, asked.patient, self.asked["q"], topic=self.asked.get("topic", ""))
        hits = found.hits[:MOST_FOUND]
        if asked.is_staff:
            hits = undo.found_by_team(by=asked.user, messages=hits, now=present())
        return listed(self, FoundRead(hits, many=True).data)


class CopyView(MessagingView):
    def copy(self, thread_id: UUID) -> dict[str, Any]:
        """What a copy of a conversation holds; taking it is put on the trail. Raises Http404."""
        asked, thread = self.at(thread_id, *SIDE, *STAFF)
        record_view(asked.user, asked.patient, "thread.copied", thread.pk)
        if asked.is_staff:
            undo.open_for_team(by=asked.user, thread=thread, seen=thread.seen, now=present())
        every = Message.objects.for_user(asked.user, asked.patient).filter(thread=thread)
        messages = every.filter(seq__lte=thread.last_seq).in_order()
        return copies.context(asked.patient, thread, messages, asked.user, present())


class ThreadCopy(CopyView):
    @extend_schema(responses={200: CopyRead})
    def get(self, request: Request, thread_id: UUID) -> Response:
        """All messages of a conversation, with who, in what capacity and when."""
        return Response(copies.content(self.copy(thread_id)))


class ThreadPdf(CopyView):
    @extend_schema(responses=PDF)
    def get(self, request: Request, thread_id: UUID) -> HttpResponse:
        """The same as a PDF."""
        return copies.as_pdf(self.copy(thread_id))


class MessageHelped(MessagingView):
    @extend_schema(request=HelpedWrite, responses={200: HelpedRead})
    def post(self, request: Request, thread_id: UUID, message_id: UUID) -> Response:
        """Say whether an answer helped; another word later replaces it. Words of your own are a message."""
        asked, thread = self.at(thread_id, *SIDE)
        value = self.body(HelpedWrite)["value"]
        if not self.answers(asked, thread).filter(pk=message_id).exists():
            raise Http404
        helped.say_helped(**asked.act, message_id=message_id, value=value, id=self.once, now=present())
        rows = AnswerHelped.objects.for_user(asked.user, asked.patient)
        return Response(HelpedRead(rows.get(message_id=message_id, user=asked.user)).data)

    def answers(self, asked: About, thread: Any) -> Any:
        found = Message.objects.for_user(asked.user, asked.patient).filter(thread=thread)
        return found.filter(capacity=Message.Capacity.TEAM)


class HelpedCounts(ApiView):
    noun = "messaging"

    @extend_schema(responses={200: paged(HelpedMonthRead)})
    def get(self, request: Request) -> Response:
        """For the team: what was said about your teams' answers, by month, the newest first. No names."""
        if not services.works_here(self.person):
            raise Http404
        zone = teams_of(self.person)[0].site.time_zone
        return listed(self, HelpedMonthRead(helped.by_month(self.person, zone), many=True).data)
