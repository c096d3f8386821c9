"""`/api/v1/treatment/`: doses that wait, the drug of a dose, and treatments that are paused."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from patients.areas import TREATMENT
from patients.requests import STAFF, About, about
from patients.services import record_view
from portal.lib.api import Day, Text, Write, listed, paged
from portal.lib.time import now as present
from treatment.api import serializers as shapes
from treatment.api.courses import CourseView, prescribes
from treatment.api.views import TreatmentView
from treatment.courses import later_reactions, pausing
from treatment.courses.guards import TEXT_LENGTH
from treatment.models import Dose, DrugStep, Postponement
from treatment.outcomes import services
from treatment.outcomes.reading import Drug, drug_of


class PutOffWrite(Write):
    """Why a dose waits, whose turn it is, and when somebody looks again."""

    reason = serializers.ChoiceField(choices=[(one.value, one.label) for one in services.BY_STAFF])
    owner = serializers.ChoiceField(choices=Postponement.Owner.choices)
    recheck_on = Day(help_text=_("From today on, on the center's calendar."))
    note = Text(required=False, allow_blank=True, default="", max_length=TEXT_LENGTH)


class DrugStepWrite(Write):
    """The next step of a dose's drug."""

    kind = serializers.ChoiceField(choices=DrugStep.Kind.choices)
    product = Text(required=False, allow_blank=True, default="", max_length=100)
    lot = Text(required=False, allow_blank=True, default="", max_length=60)
    expires_on = Day(
        required=False, allow_null=True, default=None, help_text=_("As it stands on the package.")
    )
    note = Text(
        required=False, allow_blank=True, default="", max_length=200, help_text=_("Needed when the drug is taken back.")
    )  # fmt: skip


class DrugStepRead(serializers.Serializer[Any]):
    """One step of a dose's drug."""

    kind = serializers.ChoiceField(choices=DrugStep.Kind.choices)
    at = serializers.DateTimeField(source="made_at")
    by = serializers.CharField(source="made_by.name")
    product = serializers.CharField(source="details.product", allow_blank=True)
    lot = serializers.CharField(source="details.lot", allow_blank=True)
    expires_on = serializers.SerializerMethodField()
    note = serializers.CharField(source="details.note", allow_blank=True)

    def get_expires_on(self, step: DrugStep) -> str | None:
        return step.details["expires_on"] or None


class DrugRead(serializers.Serializer[Any]):
    """The drug of a dose: its steps so far, oldest first, and what can come next."""

    steps = DrugStepRead(many=True)
    following = serializers.ListField(child=serializers.ChoiceField(choices=DrugStep.Kind.choices))


class ResumeWrite(shapes.ReasonWrite):
    """The day of the next dose after a pause; the later ones follow at the protocol's distances."""

    first_on = Day()
    confirm = shapes.Yes(help_text=_("True: you set this day as the prescriber."))


class LaterReactionWrite(Write):
    """A reaction that showed after a dose was noted as given."""

    since = Day(help_text=_("The day on which it showed first, on the center's calendar."))
    grade = serializers.IntegerField(
        allow_null=True, min_value=1, max_value=5,
        help_text=_("CTCAE, graded by staff; null: not graded yet. With 3 or more, or null, the next dose waits for a neurologist."),
    )  # fmt: skip
    words = Text(max_length=TEXT_LENGTH, help_text=_("What was seen and done, for the team."))


class LaterReactionRead(serializers.Serializer[Any]):
    """A reaction that showed after its dose was noted."""

    since = serializers.DateField()
    grade = serializers.IntegerField(allow_null=True, help_text=_("CTCAE; null: not graded."))
    words = serializers.CharField()
    by = serializers.CharField(source="noted_by.name")
    noted_at = serializers.DateTimeField()


class DoseReactions(TreatmentView):
    """For the team: what showed after a dose; the record of the dose stays as it was written."""

    def of_team(self, dose_id: UUID) -> tuple[About, Dose]:
        asked = about(self, TREATMENT, *STAFF)
        return asked, self.dose(asked, dose_id)

    @extend_schema(responses={200: paged(LaterReactionRead)})
    def get(self, request: Request, dose_id: UUID) -> Response:
        """For the team: reactions that were noted after the dose, oldest first."""
        asked, dose = self.of_team(dose_id)
        record_view(asked.user, asked.patient, "treatment.view", dose.pk)
        found = later_reactions.of_dose(asked.user, asked.patient, dose.pk)
        return listed(self, LaterReactionRead(found, many=True).data)

    @extend_schema(request=LaterReactionWrite, responses={200: shapes.DoseDetailRead})
    def post(self, request: Request, dose_id: UUID) -> Response:
        """For the team: note a reaction that showed after a dose was given. Nothing is overwritten."""
        asked, dose = self.of_team(dose_id)
        wanted = self.body(LaterReactionWrite)
        dose = later_reactions.note_later_reaction(
            **asked.act, dose_id=dose.pk, id=self.once, now=present(), **wanted
        )
        return self.read_dose(asked, dose)


class DosePutOff(TreatmentView):
    @extend_schema(request=PutOffWrite, responses={200: shapes.DoseDetailRead})
    def post(self, request: Request, dose_id: UUID) -> Response:
        """For the team: say why the next dose waits, who has it in hand and when somebody looks again. Nothing moves by itself."""
        asked = self.asked_about()
        self.dose(asked, dose_id)
        wanted = self.body(PutOffWrite)
        services.postpone(**asked.act, dose_id=dose_id, id=self.once, now=present(), **wanted)
        return self.read_dose(asked, self.dose(asked, dose_id))


class DoseGoAhead(TreatmentView):
    @extend_schema(request=shapes.GoAheadWrite, responses={200: shapes.DoseDetailRead})
    def post(self, request: Request, dose_id: UUID) -> Response:
        """For the team: the dose waits no more. After a reaction only a prescriber says so, with the reason."""
        asked = self.asked_about()
        self.dose(asked, dose_id)
        wanted = self.body(shapes.GoAheadWrite)
        dose = services.go_ahead(**asked.act, dose_id=dose_id, id=self.once, now=present(), **wanted)
        return self.read_dose(asked, dose)


class DoseDrug(TreatmentView):
    def read_drug(self, drug: Drug) -> Response:
        return Response(DrugRead({"steps": drug.steps, "following": list(drug.following)}).data)

    @extend_schema(responses={200: DrugRead})
    def get(self, request: Request, dose_id: UUID) -> Response:
        """For the team: where the drug of a dose is."""
        asked = about(self, TREATMENT, *STAFF)
        dose = self.dose(asked, dose_id)
        record_view(asked.user, asked.patient, "treatment.view", dose.pk)
        return self.read_drug(drug_of(asked.user, asked.patient, dose.pk))

    @extend_schema(request=DrugStepWrite, responses={200: DrugRead})
    def post(self, request: Request, dose_id: UUID) -> Response:
        """For the team: note the next step of a dose's drug."""
        asked = about(self, TREATMENT, *STAFF)
        self.dose(asked, dose_id)
        wanted = self.body(DrugStepWrite)
        return self.read_drug(
            services.note_drug_step(**asked.act, dose_id=dose_id, id=self.once, now=present(), **wanted)
        )


class CoursePause(CourseView):
    @extend_schema(request=shapes.ReasonWrite, responses={200: shapes.CourseRead})
    def post(self, request: Request, course_id: UUID) -> Response:
        """For prescribers: pause a treatment. Its doses wait; regular checks go on."""
        asked, _course = self.course(course_id, of_team=True)
        prescribes(asked)
        wanted = self.body(shapes.ReasonWrite)
        course = pausing.pause_course(**asked.act, course_id=course_id, id=self.once, now=present(), **wanted)
        return Response(shapes.CourseRead(course).data)


class CourseResume(CourseView):
    @extend_schema(request=ResumeWrite, responses={200: shapes.CourseRead})
    def post(self, request: Request, course_id: UUID) -> Response:
        """For prescribers: go on with a paused treatment from a day that you set."""
        asked, _course = self.course(course_id, of_team=True)
        prescribes(asked)
        wanted = self.body(ResumeWrite)
        del wanted["confirm"]
        course = pausing.resume_course(
            **asked.act, course_id=course_id, id=self.once, now=present(), **wanted
        )
        return Response(shapes.CourseRead(course).data)
