"""`/api/v1/messaging/`: conversations for both sides, and the team's work list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from messaging import services
from messaging.api import serializers as shapes
from messaging.models import InternalNote, Message, WorkItem
from messaging.models import Thread as Conversation
from messaging.services import NewerMessages, TeamChanged
from messaging.topics import Topic
from messaging.work import alarms
from messaging.work.newest import newest_of
from messaging.writing import triage, undo
from patients.models import Patient
from patients.requests import STAFF, About, about
from patients.services import DifferentContent, record_many, record_view, warm_keys
from portal.lib.actor import reading_many
from portal.lib.api import (
    ApiView,
    Key,
    NothingWrite,
    PatientPageQuery,
    PatientQuery,
    by_id,
    listed,
    page_of,
    paged,
    refused,
    stamp,
    whole,
)
from portal.lib.problems import NotAllowed
from portal.lib.time import now as present

AREA = "messages"
SIDE = ("self", "carer")
NEWEST_FIRST = (Key("last_at", lambda thread: thread.last_at, stamp, down=True), by_id(down=True))
IN_ORDER = (Key("seq", lambda message: message.seq, whole),)
OLDEST_FIRST = (Key("created_at", lambda note: note.created_at, stamp), by_id())
WORK_ORDER = (
    Key("priority", lambda item: item.priority, whole),
    Key("due_at", lambda item: item.due_at, stamp),
    by_id(),
)


class MessagingView(ApiView):
    noun = "messaging"
    queries = {"*": PatientQuery}

    def threads(self, asked: About) -> Any:
        """The conversations that are open to the person: a team works on its own ones only."""
        found = Conversation.objects.for_user(asked.user, asked.patient)
        return (found.of_own_teams(asked.user) if asked.capacity == "team" else found).with_state(asked.user)

    def thread(self, asked: About, thread_id: UUID) -> Any:
        """One of them, as it is now. Raises Http404."""
        found = self.threads(asked).filter(pk=thread_id).first()
        if found is None:
            raise Http404
        return found

    def at(self, thread_id: UUID, *capacities: str) -> tuple[About, Any]:
        """Who asks, and the conversation of the address. Raises Http404."""
        asked = about(self, AREA, *capacities)
        return asked, self.thread(asked, thread_id)

    def sent_before(self, asked: About, error: DifferentContent) -> Response:
        """The id was used for other words: 409, with what was delivered first and when."""
        first = services.message_sent_before(asked.user, asked.patient, error.result)
        earlier = None
        if first is not None:
            earlier = {"id": str(first.pk), "thread": str(first.thread_id), "sent_at": first.created_at}
        return refused(self.plain_request, error, first=earlier)

    def newer(self, error: NewerMessages) -> Response:
        """Somebody wrote in the meantime: 409, with what they wrote."""
        return refused(self.plain_request, error, newer=shapes.MessageRead(error.newer, many=True).data)


class ThreadList(MessagingView):
    queries = {"get": PatientPageQuery, "post": PatientQuery}

    @extend_schema(responses={200: paged(shapes.ThreadRead)})
    def get(self, request: Request) -> Response:
        """Conversations, those with the newest message first."""
        asked = about(self, AREA, *SIDE, *STAFF)
        record_view(asked.user, asked.patient, "threads.list")
        rows, cursor = page_of(self, self.threads(asked), NEWEST_FIRST)
        return listed(self, shapes.ThreadRead(rows, many=True).data, cursor)

    @extend_schema(request=shapes.ThreadWrite, responses={201: shapes.ThreadRead})
    def post(self, request: Request) -> Response:
        """Start a conversation. The team can do it too, for a patient on the phone. In an emergency, call: nobody watches this at all hours."""
        asked, wanted = about(self, AREA, *SIDE, "team"), self.body(shapes.ThreadWrite)
        try:
            message = services.start_thread(**asked.act, id=self.once, now=present(), **wanted)
        except DifferentContent as error:
            return self.sent_before(asked, error)
        return Response(shapes.ThreadRead(self.thread(asked, message.thread_id)).data, status=201)


class ThreadDetail(MessagingView):
    @extend_schema(responses={200: shapes.ThreadRead})
    def get(self, request: Request, thread_id: UUID) -> Response:
        """One conversation and where it stands. Looking at it does not mark it as read."""
        asked, thread = self.at(thread_id, *SIDE, *STAFF)
        record_view(asked.user, asked.patient, "thread.view", thread.pk)
        return Response(shapes.ThreadRead(thread).data)


class MessageList(MessagingView):
    queries = {"get": PatientPageQuery, "post": PatientQuery}

    @extend_schema(responses={200: paged(shapes.MessageRead)})
    def get(self, request: Request, thread_id: UUID) -> Response:
        """The messages of a conversation, the oldest first. When the team opens one that is fresh, it cannot be taken back any more."""
        asked, thread = self.at(thread_id, *SIDE, *STAFF)
        record_view(asked.user, asked.patient, "thread.view", thread.pk)
        if asked.is_staff:
            items = WorkItem.objects.for_user(asked.user, asked.patient).filter(thread=thread)
            if alarms.unheard_by(items.order_by("-id").first(), asked.user):
                alarms.heard(by=asked.user, thread=thread, now=present())
            undo.open_for_team(by=asked.user, thread=thread, seen=thread.seen, now=present())
        every = Message.objects.for_user(asked.user, asked.patient).filter(thread=thread)
        messages = every.filter(seq__lte=thread.last_seq).in_order()
        rows, cursor = page_of(self, messages, IN_ORDER)
        shown = shapes.MessageRead(rows, many=True, context={"staff": asked.is_staff})
        return listed(self, shown.data, cursor)

    @extend_schema(request=shapes.MessageWrite, responses={201: shapes.MessageRead})
    def post(self, request: Request, thread_id: UUID) -> Response:
        """Write more, or answer for the team. What came in since `seen_seq` comes back in `newer` first, and nothing is sent."""
        asked, _thread = self.at(thread_id, *SIDE, *STAFF)
        wanted = self.body(shapes.MessageWrite)
        send = services.answer if asked.is_staff else services.reply
        if asked.is_staff:
            wanted.pop("to_team", None)
        try:
            message = send(**asked.act, thread_id=thread_id, id=self.once, now=present(), **wanted)
        except NewerMessages as error:
            return self.newer(error)
        except DifferentContent as error:
            return self.sent_before(asked, error)
        except TeamChanged as error:
            return refused(
                self.plain_request, error, team={"id": str(error.team.pk), "name": error.team.name}
            )
        return Response(shapes.MessageRead(message).data, status=201)


class TakeBack(MessagingView):
    @extend_schema(request=NothingWrite, responses={200: shapes.MessageRead})
    def post(self, request: Request, thread_id: UUID, message_id: UUID) -> Response:
        """Take back a message that you have just sent: for ten minutes, or until somebody of the team has opened it. What may be urgent stays
        on the team's list without its text, and somebody may call."""
        asked, _thread = self.at(thread_id, *SIDE)
        self.body(NothingWrite)
        message = undo.take_back(
            **asked.act, thread_id=thread_id, message_id=message_id, id=self.once, now=present()
        )
        return Response(shapes.MessageRead(message).data)


class Questions(MessagingView):
    @extend_schema(responses={200: shapes.RulesetRead})
    def get(self, request: Request) -> Response:
        """The red-flag questions for a new message. Asking them is up to you; a message goes out whatever is answered."""
        asked = about(self, AREA, *SIDE, *STAFF)
        record_view(asked.user, asked.patient, "threads.list")
        return Response(shapes.RulesetRead(ruleset_in_use(asked.user, asked.patient)).data)


def ruleset_in_use(user: User, patient: Patient | None) -> dict[str, Any]:
    """What is asked now, in the shape of `RulesetRead`."""
    found = triage.in_use()
    if found is None:
        return {"version": None, "signed_by": None, "signed_at": None, "topics": []}
    signature = triage.signature_of(found.rules)
    therapies = triage.therapies_of(user, patient) if patient is not None else []
    return {
        "version": found.rules.version,
        "signed_by": signature.name if signature is not None else None,
        "signed_at": signature.signed_at if signature is not None else None,
        "topics": [
            {"topic": topic, "questions": found.rules.questions(topic, therapies)} for topic in Topic.values
        ],
    }


class QuestionsSign(MessagingView):
    queries = {}

    @extend_schema(request=shapes.RulesetSignWrite, responses={200: shapes.RulesetRead})
    def post(self, request: Request) -> Response:
        """Sign the newest version of the questions by name. For a neurologist of a team."""
        user = self.person
        if not services.works_here(user):
            raise Http404
        triage.sign(by=user, id=self.once, now=present(), **self.body(shapes.RulesetSignWrite))
        return Response(shapes.RulesetRead(ruleset_in_use(user, None)).data)


class ThreadSeen(MessagingView):
    repeats = ("post",)

    @extend_schema(request=shapes.SeenWrite, responses={200: shapes.ThreadRead})
    def post(self, request: Request, thread_id: UUID) -> Response:
        """Say how far you have read. It never goes back, and sending it twice is sending it once."""
        asked, thread = self.at(thread_id, *SIDE, *STAFF)
        seq = min(self.body(shapes.SeenWrite)["seq"], thread.last_seq)
        record_view(asked.user, asked.patient, "thread.view", thread.pk)
        services.mark_seen(by=asked.user, thread=thread, seq=seq, now=present())
        return Response(shapes.ThreadRead(self.thread(asked, thread_id)).data)


class ThreadClose(MessagingView):
    @extend_schema(request=shapes.CloseWrite, responses={200: shapes.ThreadRead})
    def post(self, request: Request, thread_id: UUID) -> Response:
        """The patient needs no answer any more. Writing again opens it. What came in since `seen_seq` comes back in `newer` first.
        Urgent work that nobody of the team has opened stays with the team."""
        asked, _thread = self.at(thread_id, *SIDE)
        wanted = self.body(shapes.CloseWrite)
        try:
            services.close_thread(**asked.act, thread_id=thread_id, id=self.once, now=present(), **wanted)
        except NewerMessages as error:
            return self.newer(error)
        return Response(shapes.ThreadRead(self.thread(asked, thread_id)).data)


# --- The team's side ---------------------------------------------------------------------------------------------


class WorkList(MessagingView):
    queries = {"get": shapes.WorkListQuery}

    @extend_schema(responses={200: paged(shapes.WorkRead)})
    def get(self, request: Request) -> Response:
        """What waits for your teams: safety first, then by when it is due."""
        user = self.person
        if not services.works_here(user):
            raise Http404
        items = WorkItem.objects.for_user(user).of_own_teams(user).waiting().for_list()
        if "lane" in self.asked:
            items = items.filter(lane=self.asked["lane"])
        if self.asked["mine"]:
            items = items.filter(owner=user)
        with reading_many():
            rows, cursor = page_of(self, items, WORK_ORDER)
            newest = newest_of(user, rows)
        warm_keys(item.patient_id for item in rows)
        record_many(user, {item.patient_id: item.patient for item in rows}.values(), "worklist.view")
        shown = shapes.WorkRead(rows, many=True, context={"newest": newest})
        return listed(self, shown.data, cursor)


class WorkView(MessagingView):
    """The work of one conversation."""

    def state(self, asked: About, thread_id: UUID) -> Response:
        """Where it stands now; 404 for a conversation that never made work."""
        items = WorkItem.objects.for_user(asked.user, asked.patient).filter(thread=thread_id)
        item = items.select_related("owner").order_by("-id").first()
        if item is None:
            raise Http404
        return Response(shapes.WorkStateRead(item).data)

    def act(self, thread_id: UUID, do: Callable[..., Any], **more: Any) -> Response:
        """Do it, and say where the work stands."""
        asked, _thread = self.at(thread_id, *STAFF)
        try:
            do(**asked.act, thread_id=thread_id, id=self.once, **more)
        except NewerMessages as error:
            return self.newer(error)
        return self.state(asked, thread_id)


class Work(WorkView):
    @extend_schema(responses={200: shapes.WorkStateRead})
    def get(self, request: Request, thread_id: UUID) -> Response:
        """For the team: where the newest work of a conversation stands."""
        asked, thread = self.at(thread_id, *STAFF)
        record_view(asked.user, asked.patient, "thread.view", thread.pk)
        return self.state(asked, thread_id)


class Claim(WorkView):
    @extend_schema(request=shapes.ClaimWrite, responses={200: shapes.WorkStateRead})
    def post(self, request: Request, thread_id: UUID) -> Response:
        """Take the work. Of two people one has it, the other is told who."""
        return self.act(thread_id, services.claim, now=present(), **self.body(shapes.ClaimWrite))


class Release(WorkView):
    @extend_schema(request=NothingWrite, responses={200: shapes.WorkStateRead})
    def post(self, request: Request, thread_id: UUID) -> Response:
        """Hand your work back to the team."""
        self.body(NothingWrite)
        return self.act(thread_id, services.release)


class Finish(WorkView):
    @extend_schema(request=shapes.FinishWrite, responses={200: shapes.WorkStateRead})
    def post(self, request: Request, thread_id: UUID) -> Response:
        """Take the work off the list without an answer."""
        return self.act(thread_id, services.finish, now=present(), **self.body(shapes.FinishWrite))


class NoteList(MessagingView):
    queries = {"get": PatientPageQuery, "post": PatientQuery}

    @extend_schema(responses={200: paged(shapes.NoteRead)})
    def get(self, request: Request, thread_id: UUID) -> Response:
        """The team's notes on a conversation, the oldest first. The patient's side never sees them."""
        asked, thread = self.at(thread_id, *STAFF)
        if asked.capacity != "team":  # emergency access reads the conversation, and not the team's notes
            raise Http404
        record_view(asked.user, asked.patient, "thread.view", thread.pk)
        notes = (
            InternalNote.objects.for_user(asked.user, asked.patient)
            .filter(thread=thread)
            .select_related("author")
        )
        rows, cursor = page_of(self, notes, OLDEST_FIRST)
        return listed(self, shapes.NoteRead(rows, many=True).data, cursor)

    @extend_schema(request=shapes.NoteWrite, responses={201: shapes.NoteRead})
    def post(self, request: Request, thread_id: UUID) -> Response:
        """Write a note for the team."""
        asked, _thread = self.at(thread_id, *STAFF)
        if asked.capacity != "team":
            raise NotAllowed
        text = self.body(shapes.NoteWrite)["text"]
        done = services.add_note(**asked.act, thread_id=thread_id, id=self.once, text=text, now=present())
        assert done.result is not None
        note = InternalNote.objects.for_user(asked.user).select_related("author").get(pk=done.result)
        return Response(shapes.NoteRead(note).data, status=201)
