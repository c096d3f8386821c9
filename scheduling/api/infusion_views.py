"""`/api/v1/scheduling/`: times for the next infusion, the team's answers, and the chairs of a day."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from clinic.services import is_clinician
from patients.requests import STAFF, About, about
from patients.services import record_view
from portal.lib.api import NothingWrite, PatientQuery, Query, listed, paged, part_of, refused
from portal.lib.time import now as present
from scheduling import infusions
from scheduling.api import serializers as shapes
from scheduling.api.views import AREA, FREE, SchedulingView
from scheduling.board import board_of, waiting_for
from scheduling.finding import Start
from scheduling.infusion_views import AskedInfusion
from scheduling.late import late_or_404, tell_late
from scheduling.models import Appointment
from scheduling.services import TimeRefused, visit_or_404


class InfusionView(SchedulingView):
    """The next infusion of one patient."""

    def asked_infusion(self) -> AskedInfusion:
        """Who asks for whose infusion, as the pages see it. Raises Http404."""
        return AskedInfusion(self.plain_request, self.asked.get("patient"))

    def one(self, asked: About | AskedInfusion, appointment_id: UUID | None, status: int = 200) -> Response:
        """One infusion as it is now."""
        assert appointment_id is not None
        visit = visit_or_404(asked.user, asked.patient, appointment_id)
        return Response(shapes.InfusionRead(visit).data, status=status)

    def others(self, error: TimeRefused, minutes: int) -> Response:
        """The time cannot be had: 409, with the nearest times that can."""
        free = shapes.InfusionStartRead(lasting(error.times, minutes), many=True).data
        return refused(self.plain_request, error, alternatives=free)


def lasting(times: list[datetime], minutes: int) -> list[Start]:
    """Instants as times that begin and end."""
    return [Start(at, at + timedelta(minutes=minutes), None, "") for at in times]


class Infusion(InfusionView):
    @extend_schema(responses={200: shapes.NextInfusionRead})
    def get(self, request: Request) -> Response:
        """The next infusion: its days, what is booked or asked for, and whether a time can be asked for here."""
        asked = self.asked_infusion()
        record_view(asked.user, asked.patient, "appointments.view")
        found: dict[str, Any] = {
            "dose": asked.dose,
            "can_ask": False,
            "directly": asked.directly,
            "opens_at": None,
            "closes_at": None,
            "booked": asked.booked,
            "requested": asked.requested,
            "answer_by": None,
            "declined": None,
        }
        if asked.dose is not None:
            found["opens_at"], found["closes_at"] = asked.window
            found["can_ask"] = asked.can_ask and found["opens_at"] < found["closes_at"]
            ended = Appointment.objects.for_user(asked.user, asked.patient).with_place()
            refused_ones = ended.filter(dose_id=asked.dose.id, state=Appointment.State.DECLINED)
            found["declined"] = refused_ones.order_by("-changed_at").first()
        if asked.requested is not None:
            found["answer_by"] = infusions.answered_by(asked.patient, asked.requested.created_at)
        return Response(shapes.NextInfusionRead(found).data)


class InfusionStartList(InfusionView):
    queries = {"get": shapes.InfusionStartsQuery}

    @extend_schema(responses={200: paged(shapes.InfusionStartRead)})
    def get(self, request: Request) -> Response:
        """The times at which the next infusion can begin: chair and nurse are free for all of it. Nothing is held by looking.

        Empty when no time can be asked for here; `infusion/` says what is known.
        """
        asked = self.asked_infusion()
        record_view(asked.user, asked.patient, "appointments.view")
        if not asked.can_ask or asked.dose is None:
            return listed(self, [])
        opens, closes = asked.window
        start, end = self.asked.get("start", opens), self.asked.get("end", closes)
        times = [at for at in asked.times() if start <= at < end]
        rows, cursor = part_of(self, lasting(times, asked.dose.minutes), FREE)
        return listed(self, shapes.InfusionStartRead(rows, many=True).data, cursor)


class InfusionRequest(InfusionView):
    @extend_schema(request=shapes.InfusionAskWrite, responses={201: shapes.InfusionRead})
    def post(self, request: Request) -> Response:
        """Ask for a time with one to three wishes; the first is held until the team answers, or booked where that is possible.

        A request that waits already is replaced. A booked infusion keeps its time until the answer. When a time cannot be had, the
        problem names the nearest ones in `alternatives`.
        """
        asked, wanted = self.asked_infusion(), self.body(shapes.InfusionAskWrite)
        dose_id = wanted.pop("dose")
        try:
            done = infusions.ask(
                by=asked.user, patient=asked.patient, dose_id=dose_id, id=self.once, now=asked.now, **wanted
            )
        except TimeRefused as error:
            return self.others(error, asked.dose.minutes if asked.dose else 0)
        return self.one(asked, done.result, status=201)


# --- The team's side ------------------------------------------------------------------------------------------------


class TeamView(SchedulingView):
    queries = {"*": Query}

    def clinician(self) -> Any:
        """The person, who works in a team; 404 for others."""
        if not is_clinician(self.person):
            raise Http404
        return self.person


class RequestList(TeamView):
    @extend_schema(responses={200: paged(shapes.WaitingRead)})
    def get(self, request: Request) -> Response:
        """For the team: infusion times that patients asked for, the oldest first. It is the whole list."""
        return listed(self, shapes.WaitingRead(waiting_for(self.clinician(), present()), many=True).data)


class RequestView(InfusionView):
    """A request that the address names."""

    queries = {"*": PatientQuery}

    def at(self, appointment_id: UUID, *capacities: str) -> tuple[About, Appointment]:
        """Who acts, and the request. Raises Http404."""
        asked = about(self, AREA, *capacities)
        visit = visit_or_404(asked.user, asked.patient, appointment_id)
        if not visit.is_infusion:
            raise Http404
        return asked, visit


class RequestConfirm(RequestView):
    @extend_schema(request=shapes.ConfirmWrite, responses={200: shapes.InfusionRead})
    def post(self, request: Request, appointment_id: UUID) -> Response:
        """For the team: book the held time, another wish, or another time.

        The answer is the booked infusion; one that was to move keeps its own id.
        """
        asked, visit = self.at(appointment_id, *STAFF)
        wanted = self.body(shapes.ConfirmWrite)
        try:
            done = infusions.confirm(
                **asked.act,
                appointment_id=appointment_id,
                at=wanted["starts_at"],
                words=wanted["words"],
                id=self.once,
                now=present(),
            )
        except TimeRefused as error:
            return self.others(error, visit.minutes)
        return self.one(asked, done.result)


class RequestDecline(RequestView):
    @extend_schema(request=shapes.DeclineWrite, responses={200: shapes.InfusionRead})
    def post(self, request: Request, appointment_id: UUID) -> Response:
        """For the team: no, with words that the patient reads. The place is free again."""
        asked, _visit = self.at(appointment_id, *STAFF)
        wanted = self.body(shapes.DeclineWrite)
        infusions.decline(**asked.act, appointment_id=appointment_id, id=self.once, now=present(), **wanted)
        return self.one(asked, appointment_id)


class RequestWithdraw(RequestView):
    @extend_schema(request=NothingWrite, responses={200: shapes.InfusionRead})
    def post(self, request: Request, appointment_id: UUID) -> Response:
        """Take a request back. The place is free again; what is booked stays."""
        asked, _visit = self.at(appointment_id)
        self.body(NothingWrite)
        infusions.withdraw(**asked.act, appointment_id=appointment_id, id=self.once, now=present())
        return self.one(asked, appointment_id)


class Chairs(TeamView):
    queries = {"get": shapes.ChairsQuery}

    @extend_schema(responses={200: shapes.ChairsRead})
    def get(self, request: Request) -> Response:
        """For the team: one day of the infusion room, chair by chair and nurse by nurse."""
        return Response(shapes.ChairsRead(board_of(self.clinician(), self.asked.get("on"), present())).data)


class RunningLate(TeamView):
    @extend_schema(request=NothingWrite, responses={200: shapes.ChairsRead})
    def post(self, request: Request, appointment_id: UUID) -> Response:
        """For the team: tell everybody whom this infusion hits today the time that is expected now. Nothing about health is sent."""
        person, at = self.clinician(), present()
        self.body(NothingWrite)
        late = late_or_404(board_of(person, None, at).late, appointment_id)
        tell_late(by=person, late=late, id=self.once, now=at)
        return Response(shapes.ChairsRead(board_of(person, None, at)).data)
