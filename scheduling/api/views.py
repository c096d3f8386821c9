"""`/api/v1/scheduling/`: kinds of visits, free times, visits, and the team's day."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from clinic.services import is_clinician
from patients.requests import About, about
from patients.services import record_view
from portal.lib.api import (
    ApiView,
    Key,
    PatientQuery,
    by_id,
    cursor_of,
    listed,
    page_of,
    paged,
    place_of,
    refused,
    stamp,
)
from portal.lib.time import now as present
from scheduling import services
from scheduling.api import serializers as shapes
from scheduling.day import day_of
from scheduling.finding import Start
from scheduling.models import Appointment, Service
from scheduling.services import TimeRefused, visit_or_404

AREA = "appointments"
LOOK_AHEAD, MOST_AHEAD = timedelta(days=14), timedelta(days=60)
START = Key("during__startswith", lambda visit: visit.starts_at, stamp)
NEXT_FIRST = (START, by_id())
NEWEST_FIRST = (Key(START.lookup, START.of, START.read, down=True), by_id(down=True))
FREE = (Key("at", lambda start: start.at, stamp),)


class SchedulingView(ApiView):
    noun = "scheduling"
    queries = {"*": PatientQuery}

    def asked_about(self) -> About:
        return about(self, AREA)

    def service(self, asked: About, code: str) -> Service:
        """A kind of visit that the patient's center offers. Raises BookingClosed for any other."""
        offered = Service.objects.offered_at(asked.patient.site)
        found: Service | None = next((service for service in offered if service.code == code), None)
        if found is None:
            raise services.BookingClosed
        return found

    def read(self, asked: About, appointment_id: UUID | None, status: int = 200) -> Response:
        """One visit as it is now."""
        assert appointment_id is not None
        visit = visit_or_404(asked.user, asked.patient, appointment_id)
        return Response(shapes.AppointmentRead(visit).data, status=status)

    def told(self, error: TimeRefused) -> Response:
        """The time is gone: 409, with the nearest times that are free."""
        free = shapes.StartRead(error.alternatives, many=True).data
        return refused(self.plain_request, error, alternatives=free)


class ServiceList(SchedulingView):
    @extend_schema(responses={200: paged(shapes.ServiceRead)})
    def get(self, request: Request) -> Response:
        """The kinds of visits that can be booked at the patient's center."""
        asked = self.asked_about()
        record_view(asked.user, asked.patient, "appointments.view")
        offered = Service.objects.offered_at(asked.patient.site)
        return listed(self, shapes.ServiceRead(offered, many=True).data)


class StartList(SchedulingView):
    queries = {"get": shapes.StartsQuery}

    @extend_schema(responses={200: paged(shapes.StartRead)})
    def get(self, request: Request) -> Response:
        """The times at which a visit of this kind can begin, in the order of the clock. Nothing is held by looking."""
        asked = self.asked_about()
        record_view(asked.user, asked.patient, "appointments.view")
        now, moving = present(), self.asked.get("appointment")
        if moving is not None:
            moving = visit_or_404(asked.user, asked.patient, moving).pk
        earliest, latest = services.booking_window(asked.capacity, now)
        start = max(self.asked.get("start", earliest), earliest)
        end = min(self.asked.get("end", start + LOOK_AHEAD), start + MOST_AHEAD, latest)
        if (cursor := self.asked.get("cursor")) is not None:
            start = max(start, place_of(cursor, FREE)[0] + timedelta(seconds=1))
        limit: int = self.asked["limit"]
        found: list[Start] = services.find_starts(
            site=asked.patient.site,
            service=self.service(asked, self.asked["service"]),
            resource=self.asked.get("resource"),
            start=start,
            end=end,
            limit=limit + 1,
            busy=services.busy_times(asked.user, asked.patient, now, moving=moving),
            moving=moving,
        )
        more = cursor_of(found[limit - 1], FREE) if len(found) > limit else None
        return listed(self, shapes.StartRead(found[:limit], many=True).data, more)


class AppointmentList(SchedulingView):
    queries = {"get": shapes.AppointmentListQuery, "post": PatientQuery}

    @extend_schema(responses={200: paged(shapes.AppointmentRead)})
    def get(self, request: Request) -> Response:
        """A patient's visits: coming ones, or those that are over or canceled."""
        asked = self.asked_about()
        record_view(asked.user, asked.patient, "appointments.view")
        visits = Appointment.objects.for_user(asked.user, asked.patient).with_place()
        if self.asked["when"] == "earlier":
            rows, cursor = page_of(self, visits.earlier(present()), NEWEST_FIRST)
        else:
            rows, cursor = page_of(self, visits.upcoming(present()), NEXT_FIRST)
        return listed(self, shapes.AppointmentRead(rows, many=True).data, cursor)

    @extend_schema(request=shapes.AppointmentWrite, responses={201: shapes.AppointmentRead})
    def post(self, request: Request) -> Response:
        """Book a visit. When the time is gone, the problem names the nearest free ones in `alternatives`."""
        asked, wanted = self.asked_about(), self.body(shapes.AppointmentWrite)
        service = self.service(asked, wanted.pop("service"))
        try:
            done = services.book(**asked.act, service=service, id=self.once, now=present(), **wanted)
        except TimeRefused as error:
            return self.told(error)
        return self.read(asked, done.result, status=201)


class AppointmentDetail(SchedulingView):
    @extend_schema(responses={200: shapes.AppointmentRead})
    def get(self, request: Request, appointment_id: UUID) -> Response:
        """One visit."""
        asked = self.asked_about()
        record_view(asked.user, asked.patient, "appointment.view", appointment_id)
        return self.read(asked, appointment_id)


class AppointmentChange(SchedulingView):
    @extend_schema(request=shapes.AppointmentChangeWrite, responses={200: shapes.AppointmentRead})
    def post(self, request: Request, appointment_id: UUID) -> Response:
        """Another time for a visit. The old time is given up only together with holding the new one."""
        asked = self.asked_about()
        visit_or_404(asked.user, asked.patient, appointment_id)
        wanted = self.body(shapes.AppointmentChangeWrite)
        try:
            services.reschedule(
                **asked.act, appointment_id=appointment_id, id=self.once, now=present(), **wanted
            )
        except TimeRefused as error:
            return self.told(error)
        return self.read(asked, appointment_id)


class AppointmentCancel(SchedulingView):
    @extend_schema(request=shapes.AppointmentCancelWrite, responses={200: shapes.AppointmentRead})
    def post(self, request: Request, appointment_id: UUID) -> Response:
        """Cancel a visit that has not begun; its place is free for others."""
        asked = self.asked_about()
        visit_or_404(asked.user, asked.patient, appointment_id)
        wanted = self.body(shapes.AppointmentCancelWrite)
        services.cancel(**asked.act, appointment_id=appointment_id, id=self.once, now=present(), **wanted)
        return self.read(asked, appointment_id)


class Day(SchedulingView):
    queries = {"get": shapes.DayQuery}

    @extend_schema(responses={200: shapes.DayRead})
    def get(self, request: Request) -> Response:
        """For the team: who comes on one day, clinician by clinician."""
        if not is_clinician(self.person):
            raise Http404
        return Response(shapes.DayRead(day_of(self.person, self.asked.get("on"), present())).data)
