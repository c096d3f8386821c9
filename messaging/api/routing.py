"""`/api/v1/messaging/`: handing work over, its history, the call list, who is on call and who is away."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.services import user_named
from clinic import cover
from clinic.models import Absence, OnCall, Team
from clinic.services import team_ids
from messaging import services
from messaging.api import serializers as shapes
from messaging.api.views import MessagingView, WorkView
from messaging.models import CallTask, Thread, WorkItemEvent
from messaging.topics import Lane, Topic
from messaging.work import calls, routing, teams
from messaging.work.events import reason_of, words_of
from patients.requests import STAFF, about
from patients.services import record_many, record_view, warm_keys
from portal.lib.api import (
    ApiView,
    Instant,
    Key,
    NothingWrite,
    PageQuery,
    PatientPageQuery,
    Query,
    Text,
    Write,
    by_id,
    listed,
    page_of,
    paged,
    stamp,
    whole,
)
from portal.lib.api import Day as DayField
from portal.lib.problems import DomainError
from portal.lib.time import now as present

AS_IT_HAPPENED = (by_id(),)
CALL_ORDER = (
    Key("tries", lambda call: call.tries, whole),
    Key("since", lambda call: call.since, stamp),
    by_id(),
)
BY_START = (Key("starts_at", lambda row: row.starts_at, stamp), by_id())


class NotOneTarget(DomainError):
    status = 422
    default_message = _("Name a colleague, a lane or a team, one of them.")


class HandOverWrite(Write):
    """To a colleague, to a lane or to another team, one of them."""

    to = serializers.UUIDField(
        required=False, allow_null=True, default=None, help_text="A person of the team."
    )
    lane = serializers.ChoiceField(choices=Lane.choices, required=False)
    team = serializers.UUIDField(
        required=False,
        allow_null=True,
        default=None,
        help_text="Another team that looks after the patient. The conversation goes with it.",
    )
    reason = Text(max_length=routing.LONGEST_REASON)


class WorkEventRead(serializers.Serializer[Any]):
    """One step in the life of work."""

    id = serializers.UUIDField()
    at = serializers.DateTimeField(source="created_at")
    kind = serializers.ChoiceField(choices=WorkItemEvent.Kind.choices)
    words = serializers.SerializerMethodField()
    reason = serializers.SerializerMethodField()

    def get_reason(self, event: WorkItemEvent) -> str | None:
        return reason_of(event) or None

    def get_words(self, event: WorkItemEvent) -> str:
        return words_of(event)


class CallRead(serializers.Serializer[Any]):
    """Somebody to call."""

    id = serializers.UUIDField()
    patient = serializers.UUIDField(source="patient_id")
    patient_name = serializers.CharField(source="patient.name")
    phone = serializers.CharField(source="patient.phone", allow_null=True)
    reason = serializers.ChoiceField(choices=CallTask.Reason.choices)
    topic = serializers.ChoiceField(
        choices=Topic.choices, source="thread.topic", allow_null=True, default=None
    )
    since = serializers.DateTimeField()
    tries = serializers.IntegerField()
    tried_at = serializers.DateTimeField(allow_null=True)


class CallResultWrite(Write):
    """How a call went."""

    result = serializers.ChoiceField(choices=[(kind.value, kind.label) for kind in calls.RESULTS])


class OnCallRead(serializers.Serializer[Any]):
    """A time on call."""

    id = serializers.UUIDField()
    team = serializers.UUIDField(source="team_id")
    user = serializers.UUIDField(source="user_id")
    name = serializers.CharField(source="user.name")
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    canceled_at = serializers.DateTimeField(allow_null=True)


class OnCallWrite(Write):
    """A time on call for a person of the team."""

    team = serializers.UUIDField()
    user = serializers.UUIDField()
    starts_at = Instant()
    ends_at = Instant()


class AbsenceRead(serializers.Serializer[Any]):
    """Days on which somebody is away."""

    id = serializers.UUIDField()
    team = serializers.UUIDField(source="team_id")
    user = serializers.UUIDField(source="user_id")
    name = serializers.CharField(source="user.name")
    cover = serializers.UUIDField(source="cover_id")
    starts_on = serializers.DateField()
    ends_on = serializers.DateField()
    canceled_at = serializers.DateTimeField(allow_null=True)


class AbsenceWrite(Write):
    """Days on which somebody is away, and who covers."""

    team = serializers.UUIDField()
    user = serializers.UUIDField()
    cover = serializers.UUIDField()
    starts_on = DayField()
    ends_on = DayField()


class HandOver(WorkView):
    @extend_schema(request=HandOverWrite, responses={200: shapes.WorkStateRead})
    def post(self, request: Request, thread_id: UUID) -> Response:
        """Hand your work, or work nobody has, to a colleague, another lane, or another team that looks after the patient. The reason
        is for the teams only. What was promised to the patient stands."""
        wanted = self.body(HandOverWrite)
        team_id = wanted.pop("team")
        if [wanted["to"] is not None, "lane" in wanted, team_id is not None].count(True) != 1:
            raise NotOneTarget
        if team_id is None:
            return self.act(thread_id, routing.hand_over, now=present(), **wanted)
        asked = about(self, "messages", *STAFF)
        thread = Thread.objects.for_user(asked.user, asked.patient).filter(pk=thread_id).first()
        if thread is None or not teams.went_on(asked.user, thread, self.once):
            self.at(thread_id, *STAFF)
        reason = wanted["reason"]
        teams.hand_to_team(
            **asked.act, thread_id=thread_id, id=self.once, team_id=team_id, reason=reason, now=present()
        )
        return self.state(asked, thread_id)


class History(MessagingView):
    queries = {"get": PatientPageQuery}

    @extend_schema(responses={200: paged(WorkEventRead)})
    def get(self, request: Request, thread_id: UUID) -> Response:
        """For the team: who had the work of a conversation, and why it changed hands, the oldest first."""
        asked, thread = self.at(thread_id, *STAFF)
        record_view(asked.user, asked.patient, "thread.view", thread.pk)
        rows = WorkItemEvent.objects.for_user(asked.user, asked.patient).filter(thread_id=thread_id)
        shown, cursor = page_of(self, rows.select_related("user", "other"), AS_IT_HAPPENED)
        return listed(self, WorkEventRead(shown, many=True).data, cursor)


class CallList(MessagingView):
    queries = {"get": PageQuery}

    @extend_schema(responses={200: paged(CallRead)})
    def get(self, request: Request) -> Response:
        """Whom your teams have to call, those nobody has tried first. The topic only, never a text."""
        user = self.person
        if not services.works_here(user):
            raise Http404
        rows, cursor = page_of(self, calls.to_call(user), CALL_ORDER)
        warm_keys(task.patient_id for task in rows)
        record_many(user, {task.patient_id: task.patient for task in rows}.values(), "calls.view")
        return listed(self, CallRead(rows, many=True).data, cursor)


class Called(MessagingView):
    @extend_schema(request=CallResultWrite, responses={200: CallRead})
    def post(self, request: Request, call_id: UUID) -> Response:
        """Say how a call went. Reached takes it off the list; not reached keeps it."""
        asked = about(self, "messages", *STAFF)
        found = CallTask.objects.for_user(asked.user, asked.patient).filter(pk=call_id)
        found = found.of_own_teams(asked.user) if asked.capacity == "team" else found
        if not found.exists():
            raise Http404
        calls.called(**asked.act, call_id=call_id, id=self.once, now=present(), **self.body(CallResultWrite))
        return Response(CallRead(found.select_related("patient", "thread").get()).data)


class TeamView(ApiView):
    """For people in a team, about their own teams."""

    noun = "messaging"
    queries = {"get": PageQuery, "post": Query}

    def own(self, team_id: UUID | None = None) -> Any:
        """The person's teams, or one of them. 404 for others."""
        ids = team_ids(self.person)
        if not ids or (team_id is not None and team_id not in ids):
            raise Http404
        return Team.objects.select_related("site").get(pk=team_id) if team_id is not None else ids

    def people(self, wanted: dict[str, Any], *names: str) -> dict[str, Any]:
        """The people named in the body. Raises NotOnRota."""
        found = {name: user_named(wanted[name]) for name in names}
        if None in found.values():
            raise cover.NotOnRota
        return {**wanted, **found}


class OnCallList(TeamView):
    @extend_schema(responses={200: paged(OnCallRead)})
    def get(self, request: Request) -> Response:
        """Who is on call for your teams, now and later."""
        rows = OnCall.objects.filter(team_id__in=self.own(), canceled_at__isnull=True, ends_at__gt=present())
        shown, cursor = page_of(self, rows.select_related("user"), BY_START)
        return listed(self, OnCallRead(shown, many=True).data, cursor)

    @extend_schema(request=OnCallWrite, responses={201: OnCallRead})
    def post(self, request: Request) -> Response:
        """Put a person of the team on call; for the team's leads. It opens no record."""
        self.own()
        wanted = self.body(OnCallWrite)
        wanted["team"] = self.own(wanted["team"])
        made = cover.put_on_call(by=self.person, id=self.once, **self.people(wanted, "user"))
        return Response(OnCallRead(made).data, status=201)


class OnCallEnd(TeamView):
    @extend_schema(request=NothingWrite, responses={200: OnCallRead})
    def post(self, request: Request, on_call_id: UUID) -> Response:
        """Take a time off the rota; for the team's leads."""
        self.body(NothingWrite)
        if not OnCall.objects.filter(pk=on_call_id, team_id__in=self.own()).exists():
            raise Http404
        row = cover.take_off_call(by=self.person, on_call_id=on_call_id, now=present())
        return Response(OnCallRead(row).data)


class AbsenceList(TeamView):
    @extend_schema(responses={200: paged(AbsenceRead)})
    def get(self, request: Request) -> Response:
        """Who of your teams is away, now and later, and who covers."""
        since = present().date()
        rows = Absence.objects.filter(team_id__in=self.own(), canceled_at__isnull=True, ends_on__gte=since)
        shown, cursor = page_of(self, rows.select_related("user"), AS_IT_HAPPENED)
        return listed(self, AbsenceRead(shown, many=True).data, cursor)

    @extend_schema(request=AbsenceWrite, responses={201: AbsenceRead})
    def post(self, request: Request) -> Response:
        """Enter your own absence, or as a lead somebody's. What they have goes to who covers."""
        self.own()
        wanted = self.body(AbsenceWrite)
        wanted["team"] = self.own(wanted["team"])
        made = cover.enter_absence(by=self.person, id=self.once, **self.people(wanted, "user", "cover"))
        return Response(AbsenceRead(made).data, status=201)


class AbsenceEnd(TeamView):
    @extend_schema(request=NothingWrite, responses={200: AbsenceRead})
    def post(self, request: Request, absence_id: UUID) -> Response:
        """Call an absence off."""
        self.body(NothingWrite)
        if not Absence.objects.filter(pk=absence_id, team_id__in=self.own()).exists():
            raise Http404
        row = cover.end_absence(by=self.person, absence_id=absence_id, now=present())
        return Response(AbsenceRead(row).data)
