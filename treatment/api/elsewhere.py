"""`/api/v1/treatment/`: what was given elsewhere, the counters, weight and height, and the import of many people."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from clinic.services import is_clinician
from patients.services import record_view
from portal.lib.api import Day, NothingWrite, PatientQuery, Query, Text, Write, listed, paged
from portal.lib.time import now as present
from treatment import services as treatment
from treatment.api.courses import CourseView
from treatment.api.serializers import Amount, Size
from treatment.api.views import TreatmentView
from treatment.courses import reading
from treatment.elsewhere import counters, importing, services
from treatment.elsewhere.services import Told
from treatment.models import BodyMeasure, GivenElsewhere


def _decimal(**more: Any) -> serializers.DecimalField:
    return serializers.DecimalField(max_digits=6, decimal_places=2, **more)


class ToldWrite(Write):
    """What was given of a therapy elsewhere. Null is not known and never counts as zero."""

    doses_given = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=0, max_value=services.MOST_DOSES
    )
    first_on = Day(required=False, allow_null=True, default=None)
    last_on = Day(required=False, allow_null=True, default=None)
    lifetime_mg_m2 = Amount(
        required=False,
        allow_null=True,
        default=None,
        help_text=_("For a medicine with a limit for the lifetime."),
    )
    place = Text(required=False, allow_blank=True, default="", max_length=services.TEXT_LENGTH)
    reactions = Text(required=False, allow_blank=True, default="", max_length=services.TEXT_LENGTH)
    jcv_assay = Text(
        required=False, allow_blank=True, default="", max_length=100, help_text=_("The name of the JC virus test.")
    )  # fmt: skip
    jcv_index = Text(required=False, allow_blank=True, default="", max_length=20)
    jcv_on = Day(required=False, allow_null=True, default=None)
    booked = Text(
        required=False, allow_blank=True, default="", max_length=services.TEXT_LENGTH,
        help_text=_("Doses that are booked elsewhere, in words. Nothing is booked here by that."),
    )  # fmt: skip
    booked_on = Day(
        required=False, allow_null=True, default=None, help_text=_("The next dose that is booked elsewhere.")
    )
    booked_place = Text(required=False, allow_blank=True, default="", max_length=200)
    note = Text(required=False, allow_blank=True, default="", max_length=services.TEXT_LENGTH)


class ElsewhereWrite(ToldWrite):
    """A therapy that was given elsewhere."""

    therapy = serializers.SlugField(max_length=60, help_text=_("Its code."))
    confirmed = serializers.BooleanField(
        required=False, default=False, help_text=_("For nurses and neurologists: you checked the numbers against the papers.")
    )  # fmt: skip


class ElsewhereRead(serializers.Serializer[Any]):
    """What a patient was given elsewhere. Until it is confirmed, the counters of its medicine are unknown and block."""

    id = serializers.UUIDField()
    therapy = serializers.SlugField(source="therapy.code")
    doses_given = serializers.IntegerField(allow_null=True)
    first_on = serializers.DateField(allow_null=True)
    last_on = serializers.DateField(allow_null=True)
    lifetime_mg_m2 = _decimal(allow_null=True)
    place = serializers.CharField(source="details.place", allow_blank=True)
    reactions = serializers.CharField(source="details.reactions", allow_blank=True)
    jcv_assay = serializers.CharField(source="details.jcv_assay", allow_blank=True)
    jcv_index = serializers.CharField(source="details.jcv_index", allow_blank=True)
    jcv_on = serializers.SerializerMethodField()
    booked = serializers.CharField(source="details.booked", allow_blank=True)
    booked_on = serializers.DateField(allow_null=True)
    booked_place = serializers.SerializerMethodField()
    booking = serializers.ChoiceField(
        choices=GivenElsewhere.Booking.choices, allow_blank=True, help_text=_("How a dose booked elsewhere stands; empty: none was told.")
    )  # fmt: skip
    note = serializers.CharField(source="details.note", allow_blank=True)
    confirmed = serializers.BooleanField(source="is_confirmed")
    confirmed_at = serializers.DateTimeField(allow_null=True)
    withdrawn_at = serializers.DateTimeField(allow_null=True)

    def get_jcv_on(self, row: GivenElsewhere) -> str | None:
        return row.details.get("jcv_on") or None

    def get_booked_place(self, row: GivenElsewhere) -> str:
        return str(row.details.get("booked_place", ""))


class BookingWrite(Write):
    """What became of a dose that is booked elsewhere. Nothing is booked by it."""

    how = serializers.ChoiceField(
        choices=[row for row in GivenElsewhere.Booking.choices if row[0] != GivenElsewhere.Booking.OPEN]
    )


class InfusionsRead(serializers.Serializer[Any]):
    """How many were given of one medicine, whatever its brand or route."""

    count = serializers.IntegerField(
        allow_null=True, help_text=_("Null: unknown until a nurse has confirmed it.")
    )
    in_part = serializers.IntegerField()
    watched = serializers.IntegerField(
        allow_null=True, help_text=_("So many are the first phase of the data.")
    )
    left = serializers.IntegerField(allow_null=True)
    restarted_on = serializers.DateField(allow_null=True)
    rule = serializers.CharField(allow_blank=True)
    source = serializers.ListField(child=serializers.CharField())  # type: ignore[assignment]
    status = serializers.CharField(allow_blank=True)


class LifetimeRead(serializers.Serializer[Any]):
    """The total of a medicine with a limit for the lifetime."""

    total_mg_m2 = _decimal(
        source="total", allow_null=True, help_text=_("Null: unknown, and nothing can be given.")
    )
    here_mg_m2 = _decimal(source="here")
    most_mg_m2 = _decimal(source="limit.mg_per_m2")
    label = serializers.CharField(source="limit.jurisdiction")  # type: ignore[assignment]
    source = serializers.ListField(child=serializers.CharField(), source="limit.source")  # type: ignore[assignment]
    status = serializers.CharField(source="limit.status")


class CountsRead(serializers.Serializer[Any]):
    """The counters of a course's medicine, here and elsewhere."""

    infusions = InfusionsRead()
    lifetime = LifetimeRead(allow_null=True)


class MeasureWrite(Write):
    """Weight and height on a day."""

    weight_kg = Size()
    height_cm = Size()
    measured_on = Day()


class MeasureRead(serializers.Serializer[Any]):
    """Weight, height and the body surface made from them."""

    measured_on = serializers.DateField(source="on")
    weight_kg = serializers.DecimalField(max_digits=4, decimal_places=1)
    height_cm = serializers.DecimalField(max_digits=4, decimal_places=1)
    body_surface_m2 = serializers.DecimalField(source="m2", max_digits=4, decimal_places=2)
    formula = serializers.SerializerMethodField()

    def get_formula(self, body: counters.Body) -> str:
        return f"{counters.BODY_SURFACE['formula']}: {counters.BODY_SURFACE['source']}"


class ImportWrite(Write):
    """Rows as text: the names of the columns, then a line for each person and therapy."""

    rows = serializers.CharField(max_length=importing.MOST_CHARACTERS, trim_whitespace=False)
    keep = serializers.BooleanField(
        required=False, default=False, help_text=_("Without it nothing is kept: the rows are only checked.")
    )


class ImportLineRead(serializers.Serializer[Any]):
    """One row and what becomes of it."""

    row = serializers.IntegerField(source="number")
    name = serializers.CharField(allow_blank=True)
    therapy = serializers.CharField(allow_blank=True)
    state = serializers.ChoiceField(
        choices=[
            (importing.NEW, _("A new patient")),
            (importing.KNOWN, _("A patient of the team")),
            (importing.THERE, _("There already")),
            (importing.WRONG, _("Wrong")),
        ]
    )
    problems = serializers.ListField(child=serializers.CharField())
    patient = serializers.UUIDField(source="patient_id", allow_null=True)


class ImportRead(serializers.Serializer[Any]):
    """What was kept, or would be."""

    kept = serializers.BooleanField()
    rows = ImportLineRead(many=True)


class ElsewhereList(TreatmentView):
    @extend_schema(responses={200: paged(ElsewhereRead)})
    def get(self, request: Request) -> Response:
        """What stands about doses given elsewhere."""
        asked = self.asked_about()
        record_view(asked.user, asked.patient, "treatment.view")
        rows = counters.elsewhere_of(asked.user, asked.patient)
        return listed(self, ElsewhereRead(rows, many=True).data)

    @extend_schema(request=ElsewhereWrite, responses={201: ElsewhereRead})
    def post(self, request: Request) -> Response:
        """For the team: write down what was given elsewhere, one note for each therapy."""
        asked = self.asked_about()
        wanted = self.body(ElsewhereWrite)
        therapy, confirmed = wanted.pop("therapy"), wanted.pop("confirmed")
        row = services.note_elsewhere(
            **asked.act,
            therapy=therapy,
            told=Told(**wanted),
            confirmed=confirmed,
            id=self.once,
            now=present(),
        )
        return Response(ElsewhereRead(row).data, status=201)


class ElsewhereConfirm(TreatmentView):
    @extend_schema(request=ToldWrite, responses={200: ElsewhereRead})
    def post(self, request: Request, elsewhere_id: UUID) -> Response:
        """For nurses and neurologists: the numbers as you checked them. From then on they count."""
        asked = self.asked_about()
        services.elsewhere_or_404(asked.user, asked.patient, elsewhere_id)
        wanted = self.body(ToldWrite)
        row = services.confirm_elsewhere(
            **asked.act, elsewhere_id=elsewhere_id, told=Told(**wanted), id=self.once, now=present()
        )
        return Response(ElsewhereRead(row).data)


class ElsewhereWithdraw(TreatmentView):
    @extend_schema(request=NothingWrite, responses={200: ElsewhereRead})
    def post(self, request: Request, elsewhere_id: UUID) -> Response:
        """For the team: take a wrong note off. It stays in the history and counts no more."""
        asked = self.asked_about()
        services.elsewhere_or_404(asked.user, asked.patient, elsewhere_id)
        self.body(NothingWrite)
        row = services.withdraw_elsewhere(**asked.act, elsewhere_id=elsewhere_id, id=self.once, now=present())
        return Response(ElsewhereRead(row).data)


class ElsewhereBooking(TreatmentView):
    @extend_schema(request=BookingWrite, responses={200: ElsewhereRead})
    def post(self, request: Request, elsewhere_id: UUID) -> Response:
        """For the team: a dose booked elsewhere is booked here now, or is set aside. Nobody is asked about it any more."""
        asked = self.asked_about()
        services.elsewhere_or_404(asked.user, asked.patient, elsewhere_id)
        how = self.body(BookingWrite)["how"]
        row = services.settle_booking(
            **asked.act, elsewhere_id=elsewhere_id, how=how, id=self.once, now=present()
        )
        return Response(ElsewhereRead(row).data)


class CourseCounts(CourseView):
    @extend_schema(responses={200: CountsRead})
    def get(self, request: Request, course_id: UUID) -> Response:
        """The counters of a course's medicine. What nobody has confirmed is null, never zero."""
        asked, course = self.course(course_id)
        record_view(asked.user, asked.patient, "treatment.view", course.pk)
        facts = reading.facts_for(course)
        rows = counters.elsewhere_of(asked.user, asked.patient, facts.substance)
        doses = [
            dose
            for dose in treatment.doses_of(asked.user, asked.patient)
            if reading.facts_for(dose.course).substance == facts.substance
        ]
        found = counters.infusions(doses, rows, facts, asked.patient.site)
        life = counters.lifetime(asked.user, asked.patient, facts)
        return Response(CountsRead({"infusions": found, "lifetime": life}).data)


class MeasureList(TreatmentView):
    queries = {"get": PatientQuery, "post": PatientQuery}

    @extend_schema(responses={200: paged(MeasureRead)})
    def get(self, request: Request) -> Response:
        """Weight and height, the newest first."""
        asked = self.asked_about()
        record_view(asked.user, asked.patient, "treatment.view")
        rows: Any = BodyMeasure.objects.for_user(asked.user, asked.patient).newest_first()
        found = [counters.body_from(row) for row in rows[:100]]
        return listed(self, MeasureRead(found, many=True).data)

    @extend_schema(request=MeasureWrite, responses={201: MeasureRead})
    def post(self, request: Request) -> Response:
        """For the team: weight and height on a day."""
        asked = self.asked_about()
        wanted = self.body(MeasureWrite)
        row = services.note_measure(**asked.act, id=self.once, now=present(), **wanted)
        return Response(MeasureRead(counters.body_from(row)).data, status=201)


class Import(TreatmentView):
    queries = {"*": Query}

    @extend_schema(request=ImportWrite, responses={200: ImportRead})
    def post(self, request: Request) -> Response:
        """For people of a team: check rows about people who are mid-course, and with `keep` write all of them down, unconfirmed.

        What is there already is left as it is, so the same rows can be sent again.
        """
        if not is_clinician(self.person):
            raise Http404
        wanted = self.body(ImportWrite)
        if wanted["keep"]:
            lines = importing.bring_in(by=self.person, text=wanted["rows"], id=self.once, now=present())
        else:
            lines = importing.dry_run(self.person, wanted["rows"], present())
        return Response(ImportRead({"kept": wanted["keep"], "rows": lines}).data)


__all__ = ["CourseCounts", "ElsewhereConfirm", "ElsewhereList", "ElsewhereWithdraw", "Import", "MeasureList"]
