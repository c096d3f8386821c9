"""What staff do inside a conversation: templates to start an answer from, corrections."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from messaging import services
from messaging.api.serializers import MANY, SEEN, CorrectionWrite, MessageRead, files_to_send
from messaging.api.views import AREA, SIDE, MessagingView
from messaging.composing import mailings, making, outreach, reply_templates, retractions
from messaging.models import MadeFrom, MailingLetter, Message, OpenItem, ReplyTemplate
from messaging.services import NewerMessages
from messaging.topics import Lane, Topic
from patients.requests import STAFF, about
from patients.services import patients_of, record_many, record_view
from portal.lib.api import (
    ApiView,
    Instant,
    Key,
    Line,
    PageQuery,
    PatientQuery,
    Text,
    Write,
    by_id,
    listed,
    page_of,
    paged,
    words,
)
from portal.lib.time import now as present

BY_TITLE = (Key("title", lambda template: template.title, words), by_id())


class ReplyTemplateRead(serializers.Serializer[Any]):
    """One version of a template."""

    id = serializers.UUIDField()
    version = serializers.IntegerField()
    title = serializers.CharField()
    text = serializers.CharField(source="body")
    blanks = serializers.SerializerMethodField(help_text=_("What has to be filled in before it can be sent."))
    team_only = serializers.SerializerMethodField()
    state = serializers.ChoiceField(choices=ReplyTemplate.State.choices)
    written_by = serializers.CharField(source="written_by.name")
    reviewed_by = serializers.CharField(source="reviewed_by.name", allow_null=True, default=None)
    review_due = serializers.DateField(allow_null=True)

    def get_blanks(self, template: ReplyTemplate) -> list[str]:
        return reply_templates.blanks_of(template.body)

    def get_team_only(self, template: ReplyTemplate) -> bool:
        return template.team_id is not None


class ReplyTemplateWrite(Write):
    """A template, or its next version: it waits for somebody else's review."""

    title = Line(max_length=reply_templates.LONGEST_TITLE)
    text = Text(max_length=reply_templates.LONGEST_BODY)
    team_only = serializers.BooleanField(required=False, default=False)
    replaces = serializers.UUIDField(required=False, allow_null=True, default=None)


class ReplyTemplateDecision(Write):
    """What becomes of it. The writer cannot review it."""

    decision = serializers.ChoiceField(
        choices=[("approve", _("Use it")), ("keep", _("Keep it")), ("retire", _("Stop using it"))]
    )


class CallWrite(Write):
    """A call or a letter."""

    how = serializers.ChoiceField(choices=[("phone", _("By phone")), ("letter", _("By letter"))])
    text = Text(max_length=services.LONGEST_MESSAGE)
    came_at = Instant(required=False, allow_null=True, default=None, help_text=_("Now, without it."))
    topic = serializers.ChoiceField(choices=Topic.choices, required=False, default=Topic.OTHER.value)
    lane = serializers.ChoiceField(
        choices=Lane.choices,
        required=False,
        allow_blank=True,
        default="",
        help_text=_("As the topic says, without it."),
    )
    thread = serializers.UUIDField(required=False, allow_null=True, default=None)
    seen_seq = serializers.IntegerField(
        min_value=0, max_value=MANY, required=False, default=0, help_text=SEEN
    )
    signs = serializers.ListField(
        child=Line(max_length=80),
        required=False,
        default=list,
        max_length=20,
        help_text=_("Keys of the red-flag questions that the patient answered with yes on the phone."),
    )
    files = files_to_send()


class FirstWordsWrite(Write):
    """The first message of a conversation that the team begins."""

    topic = serializers.ChoiceField(choices=Topic.choices)
    text = Text(max_length=services.LONGEST_MESSAGE)


class MailingWrite(Write):
    """The same words to several patients."""

    patients = serializers.ListField(
        child=serializers.UUIDField(), min_length=1, max_length=mailings.MOST_PATIENTS
    )
    topic = serializers.ChoiceField(choices=Topic.choices)
    text = Text(max_length=services.LONGEST_MESSAGE)


class MailingLetterRead(serializers.Serializer[Any]):
    """What became of one patient's letter."""

    patient = serializers.UUIDField(source="patient_id")
    state = serializers.ChoiceField(choices=MailingLetter.State.choices)
    thread = serializers.UUIDField(source="thread_id", allow_null=True)


class MailingRead(serializers.Serializer[Any]):
    """How far a mailing is."""

    id = serializers.UUIDField(source="mailing.id")
    created_at = serializers.DateTimeField(source="mailing.created_at")
    total = serializers.IntegerField()
    sent = serializers.IntegerField()
    letters = MailingLetterRead(many=True)


class MadeRead(serializers.Serializer[Any]):
    """Something that was made out of a conversation."""

    id = serializers.UUIDField(source="made.id")
    kind = serializers.ChoiceField(choices=MadeFrom.Kind.choices, source="made.kind")
    title = serializers.CharField()
    by = serializers.CharField(source="made.by.name")
    made_at = serializers.DateTimeField(source="made.created_at")
    result = serializers.UUIDField(source="made.result", allow_null=True)
    done = serializers.SerializerMethodField(help_text=_("Only for something to do."))
    dose = serializers.SerializerMethodField(help_text=_("The dose before which it has to be done."))
    taken = serializers.SerializerMethodField(
        help_text=_("Only for a suggested question: the patient's yes or no.")
    )

    def get_done(self, row: dict[str, Any]) -> bool | None:
        return None if row["item"] is None else row["item"].done_at is not None

    def get_dose(self, row: dict[str, Any]) -> UUID | None:
        return None if row["item"] is None else row["item"].dose_id

    def get_taken(self, row: dict[str, Any]) -> bool | None:
        made = row["made"]
        return True if made.taken_at is not None else False if made.declined_at is not None else None


class MadeWrite(Write):
    """What to make."""

    kind = serializers.ChoiceField(choices=[("question", _("Question")), ("open_item", _("To do"))])
    words = Line(max_length=making.LONGEST_WORDS)
    owner = serializers.ChoiceField(
        choices=OpenItem.Owner.choices, required=False, default=OpenItem.Owner.TEAM.value
    )


class SettleWrite(Write):
    """Yes or no."""

    yes = serializers.BooleanField()


class CorrectMessage(MessagingView):
    @extend_schema(request=CorrectionWrite, responses={201: MessageRead})
    def post(self, request: Request, thread_id: UUID, message_id: UUID) -> Response:
        """For the team: take back one of its answers and send the correction. The patient's side no longer gets the old text."""
        asked, thread = self.at(thread_id, *STAFF)
        found = Message.objects.for_user(asked.user, asked.patient).filter(thread=thread, pk=message_id)
        if not found.filter(capacity="team").exists():
            raise Http404
        wanted = self.body(CorrectionWrite)
        try:
            message = retractions.correct(
                **asked.act, thread_id=thread_id, message_id=message_id, id=self.once, now=present(), **wanted
            )
        except NewerMessages as error:
            return self.newer(error)
        return Response(MessageRead(message, context={"staff": True}).data, status=201)


class Call(MessagingView):
    @extend_schema(request=CallWrite, responses={201: MessageRead})
    def post(self, request: Request) -> Response:
        """For the team: write down a call or a letter of the patient. Without `thread` it begins a conversation about `topic`."""
        asked, wanted = about(self, AREA, *STAFF), self.body(CallWrite)
        now = present()
        thread_id = wanted.pop("thread")
        if thread_id is not None:
            self.thread(asked, thread_id)
        came_at = wanted.pop("came_at") or now
        try:
            message = outreach.write_down(
                **asked.act, id=self.once, thread_id=thread_id, came_at=came_at, now=now, **wanted
            )
        except NewerMessages as error:
            return self.newer(error)
        return Response(MessageRead(message, context={"staff": True}).data, status=201)


class FirstWords(MessagingView):
    @extend_schema(request=FirstWordsWrite, responses={201: MessageRead})
    def post(self, request: Request) -> Response:
        """For the team: begin a conversation with the patient. Nobody owes an answer."""
        asked, wanted = about(self, AREA, *STAFF), self.body(FirstWordsWrite)
        message = outreach.write_first(**asked.act, id=self.once, now=present(), **wanted)
        return Response(MessageRead(message, context={"staff": True}).data, status=201)


class MailingList(ApiView):
    noun = "messaging"

    @extend_schema(request=MailingWrite, responses={201: MailingRead})
    def post(self, request: Request) -> Response:
        """For the team: the same words to several of your patients, each in a conversation of their own."""
        if not services.works_here(self.person):
            raise Http404
        wanted = self.body(MailingWrite)
        mine = {patient.pk: patient for patient in patients_of(self.person, kinds=("team",))}
        if any(id not in mine for id in wanted["patients"]):
            raise Http404
        patients = [mine[id] for id in wanted["patients"]]
        record_many(self.person, patients, "mailing.choice")
        mailing = mailings.plan(
            by=self.person,
            id=self.once,
            patients=patients,
            topic=wanted["topic"],
            text=wanted["text"],
            now=present(),
        )
        return Response(MailingRead(mailings.progress_of(self.person, mailing.pk)).data, status=201)


class MailingDetail(ApiView):
    noun = "messaging"

    @extend_schema(responses={200: MailingRead})
    def get(self, request: Request, mailing_id: UUID) -> Response:
        """How far a mailing of yours is."""
        return Response(MailingRead(mailings.progress_of(self.person, mailing_id)).data)


class MadeList(MessagingView):
    queries = {"*": PatientQuery}

    @extend_schema(responses={200: MadeRead(many=True)})
    def get(self, request: Request, thread_id: UUID) -> Response:
        """What was made out of a conversation."""
        asked, thread = self.at(thread_id, *SIDE, *STAFF)
        record_view(asked.user, asked.patient, "thread.view", thread.pk)
        return Response(MadeRead(making.made_of(asked.user, asked.patient, thread), many=True).data)

    @extend_schema(request=MadeWrite, responses={201: MadeRead})
    def post(self, request: Request, thread_id: UUID) -> Response:
        """For the team: suggest a question for the patient's list, or add something to do before the infusion."""
        asked, thread = self.at(thread_id, *STAFF)
        wanted = self.body(MadeWrite)
        act = {
            **asked.act,
            "thread_id": thread_id,
            "id": self.once,
            "words": wanted["words"],
            "now": present(),
        }
        if wanted["kind"] == "question":
            done = making.offer_question(**act)
        else:
            done = making.make_open_item(**act, owner=wanted["owner"])
        rows = making.made_of(asked.user, asked.patient, thread)
        return Response(MadeRead(next(row for row in rows if row["made"].pk == done.result)).data, status=201)


class MadeSettle(MessagingView):
    @extend_schema(request=SettleWrite, responses={200: MadeRead})
    def post(self, request: Request, made_id: UUID) -> Response:
        """The patient's yes or no to a suggested question, or the tick of something to do."""
        asked = about(self, AREA, "self", *STAFF)
        row = making.made_or_404(asked.user, asked.patient, made_id)
        yes = self.body(SettleWrite)["yes"]
        making.settle(**asked.act, made_id=made_id, yes=yes, id=self.once, now=present())
        rows = making.made_of(asked.user, asked.patient, row.thread)
        return Response(MadeRead(next(one for one in rows if one["made"].pk == made_id)).data)


class TemplateView(ApiView):
    noun = "messaging"

    def staff(self) -> Any:
        """The person, who works in a team. Raises Http404."""
        if not services.works_here(self.person):
            raise Http404
        return self.person


class TemplateList(TemplateView):
    queries = {"get": PageQuery}

    @extend_schema(responses={200: paged(ReplyTemplateRead)})
    def get(self, request: Request) -> Response:
        """Templates that are in use or wait for a review, by title."""
        shown = [ReplyTemplate.State.WAITING, ReplyTemplate.State.IN_USE]
        found = reply_templates.open_to(self.staff()).filter(state__in=shown)
        rows, cursor = page_of(self, found, BY_TITLE)
        return listed(self, ReplyTemplateRead(rows, many=True).data, cursor)

    @extend_schema(request=ReplyTemplateWrite, responses={201: ReplyTemplateRead})
    def post(self, request: Request) -> Response:
        """Write a template, or the next version of one."""
        user, wanted = self.staff(), self.body(ReplyTemplateWrite)
        replaces = wanted["replaces"]
        template = reply_templates.write(
            by=user,
            id=self.once,
            title=wanted["title"],
            body=wanted["text"],
            team_only=wanted["team_only"],
            now=present(),
            replaces=reply_templates.template_or_404(user, replaces) if replaces else None,
        )
        return Response(ReplyTemplateRead(template).data, status=201)


class TemplateDetail(TemplateView):
    @extend_schema(responses={200: ReplyTemplateRead})
    def get(self, request: Request, template_id: UUID) -> Response:
        """One version."""
        return Response(ReplyTemplateRead(reply_templates.template_or_404(self.staff(), template_id)).data)


class TemplateDecide(TemplateView):
    repeats = ("post",)

    @extend_schema(request=ReplyTemplateDecision, responses={200: ReplyTemplateRead})
    def post(self, request: Request, template_id: UUID) -> Response:
        """Put it to use, keep it for another year, or stop using it. Doing it twice is doing it once."""
        user = self.staff()
        reply_templates.template_or_404(user, template_id)
        decision = self.body(ReplyTemplateDecision)["decision"]
        if decision == "retire":
            reply_templates.retire(by=user, template_id=template_id)
        elif decision == "keep":
            reply_templates.keep(by=user, template_id=template_id, now=present())
        else:
            reply_templates.approve(by=user, template_id=template_id, now=present())
        return Response(ReplyTemplateRead(reply_templates.template_or_404(user, template_id)).data)
