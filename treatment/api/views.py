"""`/api/v1/treatment/`: doses, allergies and medicines of one patient. Carers see none of it. Courses and therapies have files of their own."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from patients.areas import TREATMENT
from patients.requests import About, about
from patients.services import record_view
from portal.lib.api import (
    ApiView,
    Key,
    NothingWrite,
    PatientQuery,
    by_id,
    listed,
    page_of,
    paged,
    whole,
)
from portal.lib.time import now as present
from portal.lib.time import today_in
from treatment import services
from treatment.api import serializers as shapes
from treatment.courses.eyes import Eyes
from treatment.courses.proceeding import Act, stops
from treatment.lists import versions_of
from treatment.models import Allergy, Dose, Medicine
from treatment.outcomes.reading import hold_of

IN_ORDER = (
    Key("target", lambda dose: dose.target, date.fromisoformat),
    Key("number", lambda dose: dose.number, whole),
    by_id(),
)


class TreatmentView(ApiView):
    noun = "treatment"
    queries = {"*": PatientQuery}

    def asked_about(self) -> About:
        return about(self, TREATMENT)

    def dose(self, asked: About, dose_id: UUID) -> Dose:
        """A dose as far as it is open to the person. Raises Http404."""
        return services.dose_or_404(asked.user, asked.patient, dose_id)

    def read_dose(self, asked: About, dose: Dose) -> Response:
        """A dose with what is before it, and what holds it back."""
        found: Any = dose
        found.put_off = hold_of(asked.user, asked.patient, dose.pk)
        found.before = services.before(asked.user, asked.patient, dose, present())
        today = today_in(present(), asked.zone)
        found.stops = stops(Eyes(asked.user, asked.patient), dose, Act.GIVE, on=today)
        look = (
            services.look_at(asked.user, asked.patient, dose, dose.given_on or today)
            if asked.is_staff
            else None
        )
        found.warnings = look.warnings if look is not None else []
        return Response(shapes.DoseDetailRead(found).data)


# --- Doses ---------------------------------------------------------------------------------------------------------


class DoseList(TreatmentView):
    queries = {"get": shapes.DoseListQuery}

    @extend_schema(responses={200: paged(shapes.DoseRead)})
    def get(self, request: Request) -> Response:
        """A patient's doses by their planned day. The next one is the first with `state=planned`."""
        asked = self.asked_about()
        record_view(asked.user, asked.patient, "treatment.view")
        doses = Dose.objects.for_user(asked.user, asked.patient).with_course()
        if "course" in self.asked:
            doses = doses.filter(course_id=self.asked["course"])
        if "state" in self.asked:
            doses = doses.filter(state=self.asked["state"])
        rows, cursor = page_of(self, doses, IN_ORDER)
        return listed(self, shapes.DoseRead(rows, many=True).data, cursor)


class DoseDetail(TreatmentView):
    @extend_schema(responses={200: shapes.DoseDetailRead})
    def get(self, request: Request, dose_id: UUID) -> Response:
        """One dose, and what is before it."""
        asked = self.asked_about()
        dose = self.dose(asked, dose_id)
        record_view(asked.user, asked.patient, "treatment.view", dose.pk)
        return self.read_dose(asked, dose)


class DoseGiven(TreatmentView):
    @extend_schema(request=shapes.GivenWrite, responses={200: shapes.DoseDetailRead})
    def post(self, request: Request, dose_id: UUID) -> Response:
        """For the team: note a planned dose as given. Nothing else moves."""
        asked = self.asked_about()
        self.dose(asked, dose_id)
        wanted = self.body(shapes.GivenWrite)
        dose = services.record_infusion(**asked.act, dose_id=dose_id, id=self.once, now=present(), **wanted)
        return self.read_dose(asked, dose)


class DoseMissed(TreatmentView):
    @extend_schema(request=shapes.MissedWrite, responses={200: shapes.DoseDetailRead})
    def post(self, request: Request, dose_id: UUID) -> Response:
        """For the team: note that a planned dose was not given. Nothing else moves."""
        asked = self.asked_about()
        self.dose(asked, dose_id)
        wanted = self.body(shapes.MissedWrite)
        dose = services.mark_missed(**asked.act, dose_id=dose_id, id=self.once, now=present(), **wanted)
        return self.read_dose(asked, dose)


class Item(TreatmentView):
    @extend_schema(request=shapes.ItemWrite, responses={200: shapes.DoseDetailRead})
    def post(self, request: Request, item_id: UUID) -> Response:
        """Tick something that is to do before a dose, or open it again. Patients tick what is theirs."""
        asked, wanted = self.asked_about(), self.body(shapes.ItemWrite)
        item = services.settle_item(**asked.act, item_id=item_id, id=self.once, now=present(), **wanted)
        return self.read_dose(asked, self.dose(asked, item.dose_id))


# --- Allergies and medicines -------------------------------------------------------------------------------------------


class LinesView(TreatmentView):
    """A list on the profile: the patient and the team write it."""

    kind: ClassVar[str]

    def lines(self, asked: About, *, ended: bool = False) -> list[Any]:
        found = services.allergies_of if self.kind == "allergy" else services.medicines_of
        return list(found(asked.user, asked.patient, ended=ended))

    def line(self, asked: About, entry: UUID, status: int = 200) -> Response:
        """One entry as it stands, ended ones too. Raises Http404."""
        lines = [*self.lines(asked), *self.lines(asked, ended=True)]
        found = next((line for line in lines if line.entry == entry), None)
        if found is None:
            raise Http404
        return Response(shapes.LineRead(found).data, status=status)

    def save(self, asked: About, wanted: dict[str, Any], entry: UUID | None = None) -> UUID:
        more = wanted.pop("more")
        if self.kind == "allergy":
            return services.save_allergy(
                **asked.act, id=self.once, entry=entry, reaction=more, now=present(), **wanted
            )
        return services.save_medicine(
            **asked.act, id=self.once, entry=entry, how=more, now=present(), **wanted
        )


class LineList(LinesView):
    @extend_schema(responses={200: paged(shapes.LineRead)})
    def get(self, request: Request) -> Response:
        """The entries that stand."""
        asked = self.asked_about()
        record_view(asked.user, asked.patient, "lists.view")
        return listed(self, shapes.LineRead(self.lines(asked), many=True).data)

    @extend_schema(request=shapes.LineWrite, responses={201: shapes.LineRead})
    def post(self, request: Request) -> Response:
        """Add an entry."""
        asked = self.asked_about()
        return self.line(asked, self.save(asked, self.body(shapes.LineWrite)), status=201)


class LineDetail(LinesView):
    @extend_schema(request=shapes.LineChangeWrite, responses={200: shapes.LineRead})
    def put(self, request: Request, line_id: UUID) -> Response:
        """Other words for an entry; a version that is not the newest is 409."""
        asked = self.asked_about()
        self.line(asked, line_id)
        return self.line(asked, self.save(asked, self.body(shapes.LineChangeWrite), line_id))


class LineEnd(LinesView):
    @extend_schema(request=shapes.LineEndWrite, responses={200: shapes.LineRead})
    def post(self, request: Request, line_id: UUID) -> Response:
        """Take an entry off the list; its history stays."""
        asked = self.asked_about()
        self.line(asked, line_id)
        version = self.body(shapes.LineEndWrite)["version"]
        services.end_entry(
            **asked.act, kind=self.kind, entry=line_id, version=version, id=self.once, now=present()
        )
        return self.line(asked, line_id)


class LineHistory(LinesView):
    @extend_schema(responses={200: paged(shapes.LineVersionRead)})
    def get(self, request: Request, line_id: UUID) -> Response:
        """Every version of an entry, the newest first, also of one that was taken off the list."""
        asked = self.asked_about()
        model = Allergy if self.kind == "allergy" else Medicine
        versions = versions_of(asked.user, asked.patient, model, line_id)
        record_view(asked.user, asked.patient, "lists.view", line_id)
        return listed(self, shapes.LineVersionRead(versions[::-1], many=True).data)


class AllergyList(LineList):
    kind = "allergy"


class AllergyDetail(LineDetail):
    kind = "allergy"


class AllergyEnd(LineEnd):
    kind = "allergy"


class AllergyHistory(LineHistory):
    kind = "allergy"


class NoneKnown(LinesView):
    kind = "allergy"

    @extend_schema(request=NothingWrite, responses={200: shapes.LineRead})
    def post(self, request: Request) -> Response:
        """Say that no allergies are known."""
        asked = self.asked_about()
        self.body(NothingWrite)
        return self.line(asked, services.say_no_known_allergies(**asked.act, id=self.once, now=present()))


class MedicineList(LineList):
    kind = "medicine"


class MedicineDetail(LineDetail):
    kind = "medicine"


class MedicineEnd(LineEnd):
    kind = "medicine"


class MedicineHistory(LineHistory):
    kind = "medicine"
