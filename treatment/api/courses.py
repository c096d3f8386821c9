"""`/api/v1/treatment/courses/`: orders and their courses, new dates, the next phase, regular checks. A prescriber signs and moves."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from django.http import Http404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from clinic.models import Site
from patients.areas import TREATMENT
from patients.requests import STAFF, About, about
from patients.services import record_view
from portal.lib.api import Key, PatientPageQuery, PatientQuery, by_id, listed, page_of, paged
from portal.lib.problems import Conflict
from portal.lib.time import now as present
from portal.lib.time import today_in
from treatment import services
from treatment.api import serializers as shapes
from treatment.api.views import TreatmentView
from treatment.courses.guards import NotAPrescriber
from treatment.courses.moving import open_phase
from treatment.models import Course
from treatment.protocols.catalog import orderable_protocols, versions_of

NEWEST_FIRST = (
    Key("starts_on", lambda course: course.starts_on, date.fromisoformat, down=True),
    by_id(down=True),
)


class NotTheNewest(Conflict):
    """Somebody would order on a version that is not the one that is ordered on."""

    default_message = _("Another version of this therapy is ordered on now. Read it first, then order on it.")


def newest_version(therapy: str, version: int, site: Site) -> UUID:
    """The version of a therapy that is ordered on at a site. Raises Http404 for an unknown therapy, NotTheNewest.

    Where none can be ordered on it is the newest, and the order itself says why not.
    """
    rows = versions_of(therapy, site)
    usable = [row for row in orderable_protocols(site) if row.protocol.therapy.code == therapy]
    protocol = next(iter(usable or rows)).protocol
    if protocol.version != version:
        raise NotTheNewest
    return protocol.pk


def prescribes(asked: About) -> None:
    """Raises NotAPrescriber for people who may see the treatment and not order it."""
    if not (asked.is_staff and services.is_prescriber(asked.user)):
        raise NotAPrescriber


class CourseList(TreatmentView):
    queries = {"get": PatientPageQuery, "post": PatientQuery}

    @extend_schema(responses={200: paged(shapes.CourseRead)})
    def get(self, request: Request) -> Response:
        """A patient's courses, the newest first."""
        asked = self.asked_about()
        record_view(asked.user, asked.patient, "treatment.view")
        courses = Course.objects.for_user(asked.user, asked.patient).newest_first()
        rows, cursor = page_of(self, courses, NEWEST_FIRST)
        return listed(self, shapes.CourseRead(rows, many=True).data, cursor)

    @extend_schema(request=shapes.OrderWrite, responses={201: shapes.CourseRead})
    def post(self, request: Request) -> Response:
        """For prescribers: sign an order. Its course begins and its doses are planned."""
        asked = self.asked_about()
        prescribes(asked)
        wanted = self.body(shapes.OrderWrite)
        del wanted["sign"]
        protocol_id = newest_version(wanted.pop("therapy"), wanted.pop("version"), asked.patient.site)
        course = services.sign_order(
            **asked.act, protocol_id=protocol_id, id=self.once, now=present(), **wanted
        )
        return Response(shapes.CourseRead(course).data, status=201)


class CourseView(TreatmentView):
    """One course."""

    def course(self, course_id: UUID, *, of_team: bool = False) -> tuple[About, Course]:
        """A course as far as it is open to the person; `of_team`: as its page of the team. Raises Http404."""
        asked = about(self, TREATMENT, *STAFF) if of_team else self.asked_about()
        return asked, services.course_or_404(asked.user, asked.patient, course_id)


class CourseDetail(CourseView):
    @extend_schema(responses={200: shapes.CourseRead})
    def get(self, request: Request, course_id: UUID) -> Response:
        """One course."""
        asked, course = self.course(course_id)
        record_view(asked.user, asked.patient, "treatment.view", course.pk)
        return Response(shapes.CourseRead(course).data)


class CourseEnd(CourseView):
    @extend_schema(request=shapes.ReasonWrite, responses={200: shapes.CourseRead})
    def post(self, request: Request, course_id: UUID) -> Response:
        """For prescribers: end a treatment. Its planned doses are canceled, what was given stays."""
        asked, _course = self.course(course_id, of_team=True)
        prescribes(asked)
        wanted = self.body(shapes.ReasonWrite)
        course = services.end_course(**asked.act, course_id=course_id, id=self.once, now=present(), **wanted)
        return Response(shapes.CourseRead(course).data)


class CourseDates(CourseView):
    @extend_schema(responses={200: paged(shapes.ProposedDateRead)})
    def get(self, request: Request, course_id: UUID) -> Response:
        """For the team: the days that the protocol's own rule proposes; none when it would move nothing, or states no rule."""
        asked, course = self.course(course_id, of_team=True)
        record_view(asked.user, asked.patient, "treatment.view", course.pk)
        moves = (
            services.proposed_moves(asked.user, asked.patient, course, present()) if course.is_running else []
        )
        rows = [
            {
                "dose": dose.pk,
                "number": dose.number,
                "planned": dose.target,
                "earliest": move.window.earliest,
                "target": move.window.target,
                "latest": move.window.latest,
            }
            for dose, move in moves
        ]
        return listed(self, shapes.ProposedDateRead(rows, many=True).data)

    @extend_schema(request=shapes.DatesWrite, responses={200: shapes.CourseRead})
    def post(self, request: Request, course_id: UUID) -> Response:
        """For prescribers: set new days for planned doses, as they were proposed or others."""
        asked, _course = self.course(course_id, of_team=True)
        prescribes(asked)
        wanted = self.body(shapes.DatesWrite)
        course = services.confirm_moves(
            **asked.act, course_id=course_id, targets=wanted["days"], reason=wanted["reason"], id=self.once,
            now=present(),
        )  # fmt: skip
        return Response(shapes.CourseRead(course).data)


class CoursePhase(CourseView):
    @extend_schema(responses={200: shapes.PhaseRead})
    def get(self, request: Request, course_id: UUID) -> Response:
        """For the team: the next phase, when it is not planned: the data do not say its first day, or the treatment was ordered before the portal planned it; 404 when there is none."""
        asked, course = self.course(course_id, of_team=True)
        record_view(asked.user, asked.patient, "treatment.view", course.pk)
        slot = open_phase(course, services.doses_of(asked.user, asked.patient, course))
        if slot is None or not course.is_running:
            raise Http404
        return Response(shapes.PhaseRead(slot).data)

    @extend_schema(request=shapes.PhaseWrite, responses={200: shapes.CourseRead})
    def post(self, request: Request, course_id: UUID) -> Response:
        """For prescribers: set the first day of the next phase. Its doses are planned."""
        asked, _course = self.course(course_id, of_team=True)
        prescribes(asked)
        wanted = self.body(shapes.PhaseWrite)
        course = services.plan_next_phase(
            **asked.act, course_id=course_id, id=self.once, now=present(), **wanted
        )
        return Response(shapes.CourseRead(course).data)


class CourseChecks(CourseView):
    def read_checks(self, asked: About, course: Course) -> Response:
        """The regular checks as they stand."""
        states = services.regular_checks(asked.user, asked.patient, course)
        context = {"today": today_in(present(), asked.zone)}
        return listed(self, shapes.CheckRead(states, many=True, context=context).data)

    @extend_schema(responses={200: paged(shapes.CheckRead)})
    def get(self, request: Request, course_id: UUID) -> Response:
        """The regular checks with their due days. They begin with the first dose that was given."""
        asked, course = self.course(course_id)
        record_view(asked.user, asked.patient, "treatment.view", course.pk)
        return self.read_checks(asked, course)

    @extend_schema(request=shapes.CheckWrite, responses={200: paged(shapes.CheckRead)})
    def post(self, request: Request, course_id: UUID) -> Response:
        """For the team: note that a regular check was done on a day."""
        asked, _course = self.course(course_id)
        wanted = self.body(shapes.CheckWrite)
        course = services.note_check(
            **asked.act, course_id=course_id, fact=wanted["check"], done_on=wanted["done_on"], id=self.once,
            now=present(),
        )  # fmt: skip
        return self.read_checks(asked, course)
