"""`/api/v1/patients/`: the records that are open to a person, and the patient's own things."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from clinic.services import is_clinician, teams_of
from patients.access import grants_of, people_with_access, teams_with_access
from patients.api import serializers as shapes
from patients.drafts import drafts_of
from patients.enrolment import add_carer, add_patient, end_carer
from patients.models import Patient
from patients.profile import save_profile
from patients.questions import (
    add_question,
    change_question,
    move_question,
    question_or_404,
    questions_of,
    remove_question,
)
from patients.reading import read_trail
from patients.requests import STAFF, About, about
from patients.services import capacity_of, get_patient_or_404, patients_of, record_many, record_view
from portal.lib.api import (
    ApiView,
    Key,
    NothingWrite,
    cursor_of,
    listed,
    paged,
    part_of,
    place_of,
    whole,
    words,
)
from portal.lib.problems import DomainError
from portal.lib.time import now as present
from portal.lib.time import today_in

BY_NAME = (
    Key("name", lambda patient: patient.name.casefold(), words),
    Key("pk", lambda patient: patient.pk, UUID),
)
IN_THE_CHAIN = (Key("seq", lambda seq: seq, whole, down=True),)


class NotBornYet(DomainError):
    """The date of birth lies in the future."""

    default_message = _("Check the date of birth: it lies in the future.")
    status = 422


class PatientsView(ApiView):
    noun = "patients"

    def mine(self) -> About:
        """The patient who asks; 404 for everybody else."""
        return about(self, "own", "self")

    def team_member(self) -> None:
        """Raises Http404 for people who are in no team today."""
        if not is_clinician(self.person):
            raise Http404


# --- Records that are open to a person --------------------------------------------------------------------------


class PatientList(PatientsView):
    queries = {"get": shapes.PatientListQuery}

    @extend_schema(responses={200: paged(shapes.PatientRead)})
    def get(self, request: Request) -> Response:
        """Other people's records that are open to you, by name: of your teams, or of those whom you help. Their `id` goes into `?patient=`."""
        wanted = self.asked["q"].casefold()
        found = [patient for patient in patients_of(self.person) if wanted in patient.name.casefold()]
        found.sort(key=lambda patient: (patient.name.casefold(), patient.pk))
        rows, cursor = part_of(self, found, BY_NAME)
        record_many(self.person, rows, "patient.listed")
        return listed(self, shapes.PatientRead(rows, many=True).data, cursor)

    @extend_schema(request=shapes.EnrollWrite, responses={201: shapes.PatientRead})
    def post(self, request: Request) -> Response:
        """For the team: add a patient to one of your teams and invite them by mail."""
        self.team_member()
        wanted = self.body(shapes.EnrollWrite)
        if wanted["date_of_birth"] > today_in(present(), "UTC"):
            raise NotBornYet
        done = add_patient(by=self.person, id=self.once, team_id=wanted.pop("team"), **wanted)
        assert done.result is not None
        patient = Patient.objects.for_user(self.person).get(pk=done.result)
        return Response(shapes.PatientRead(patient).data, status=201)


class PatientDetail(PatientsView):
    @extend_schema(responses={200: shapes.ProfileRead})
    def get(self, request: Request, patient_id: UUID) -> Response:
        """For the team: a patient's details."""
        patient = get_patient_or_404(self.plain_request, patient_id)
        if capacity_of(self.person, patient) not in STAFF:
            raise Http404
        record_view(self.person, patient, "summary.view")
        return Response(shapes.ProfileRead(patient).data)


class TeamList(PatientsView):
    @extend_schema(responses={200: paged(shapes.TeamRead)})
    def get(self, request: Request) -> Response:
        """For the team: the teams you work in today."""
        self.team_member()
        return listed(self, shapes.TeamRead(teams_of(self.person), many=True).data)


class DraftList(PatientsView):
    @extend_schema(responses={200: paged(shapes.DraftLineRead)})
    def get(self, request: Request) -> Response:
        """What you began and did not send: the newest 20."""
        return listed(self, shapes.DraftLineRead(drafts_of(self.person), many=True).data)


# --- The patient's own ---------------------------------------------------------------------------------------------


class Profile(PatientsView):
    @extend_schema(responses={200: shapes.ProfileRead})
    def get(self, request: Request) -> Response:
        """Your own details."""
        asked = self.mine()
        record_view(asked.user, asked.patient, "profile.view")
        return Response(shapes.ProfileRead(asked.patient).data)

    @extend_schema(request=shapes.ProfileWrite, responses={200: shapes.ProfileRead})
    def put(self, request: Request) -> Response:
        """Save your details, all of them."""
        asked = self.mine()
        save_profile(**asked.act, id=self.once, **self.body(shapes.ProfileWrite))
        saved = Patient.objects.for_user(asked.user).get(pk=asked.patient.pk)
        return Response(shapes.ProfileRead(saved).data)


class Access(PatientsView):
    @extend_schema(responses={200: shapes.AccessRead})
    def get(self, request: Request) -> Response:
        """Everybody who may see your record, and who opened it in an emergency."""
        asked, now = self.mine(), present()
        record_view(asked.user, asked.patient, "access.view")
        grants = grants_of(asked.user, asked.patient)
        shown = {
            "teams": teams_with_access(grants, now),
            "carers": people_with_access(grants, "carer", now),
            "emergency": people_with_access(grants, "break_glass", now),
        }
        return Response(shapes.AccessRead(shown).data)


class Trail(PatientsView):
    queries = {"get": shapes.TrailQuery}

    @extend_schema(responses={200: paged(shapes.TrailRead)})
    def get(self, request: Request) -> Response:
        """Who looked at your record and who changed something, the newest first."""
        asked = self.mine()
        record_view(asked.user, asked.patient, "trail.view")
        cursor = self.asked.get("cursor")
        before = place_of(cursor, IN_THE_CHAIN)[0] if cursor is not None else None
        page = read_trail(user=asked.user, patient=asked.patient, own=self.asked["own"], before=before)
        older = cursor_of(page.older, IN_THE_CHAIN) if page.older is not None else None
        return listed(self, shapes.TrailRead(page.lines, many=True).data, older)


class CarersView(PatientsView):
    """The people who help."""

    def carers(self, asked: About) -> list[dict[str, object]]:
        people = people_with_access(grants_of(asked.user, asked.patient), "carer", present())
        return list(shapes.CarerRead(people, many=True).data)


class CarerList(CarersView):
    @extend_schema(responses={200: paged(shapes.CarerRead)})
    def get(self, request: Request) -> Response:
        """The people who help you, or helped you."""
        asked = self.mine()
        record_view(asked.user, asked.patient, "carers.view")
        return listed(self, self.carers(asked))

    @extend_schema(request=shapes.CarerWrite, responses={201: shapes.CarerRead})
    def post(self, request: Request) -> Response:
        """Open parts of your record to somebody until a last day; they get a mail that says how to sign in."""
        asked, wanted = self.mine(), self.body(shapes.CarerWrite)
        done = add_carer(**asked.act, id=self.once, now=present(), **wanted)
        made = next(carer for carer in self.carers(asked) if carer["id"] == str(done.result))
        return Response(made, status=201)


class CarerEnd(CarersView):
    @extend_schema(request=NothingWrite, responses={200: shapes.CarerRead})
    def post(self, request: Request, grant_id: UUID) -> Response:
        """End somebody's access at once."""
        asked = self.mine()
        self.body(NothingWrite)
        end_carer(**asked.act, id=self.once, grant_id=grant_id)
        return Response(next(carer for carer in self.carers(asked) if carer["id"] == str(grant_id)))


class QuestionList(PatientsView):
    @extend_schema(responses={200: paged(shapes.QuestionRead)})
    def get(self, request: Request) -> Response:
        """Your questions for the next visit in your order, then those you have asked. Nobody else sees them."""
        asked = self.mine()
        record_view(asked.user, asked.patient, "questions.view")
        return listed(self, shapes.QuestionRead(questions_of(asked.user, asked.patient), many=True).data)

    @extend_schema(request=shapes.QuestionWrite, responses={201: shapes.QuestionRead})
    def post(self, request: Request) -> Response:
        """Put a question at the end of the list."""
        asked = self.mine()
        done = add_question(**asked.act, id=self.once, text=self.body(shapes.QuestionWrite)["text"])
        assert done.result is not None
        question = question_or_404(asked.user, asked.patient, done.result)
        return Response(shapes.QuestionRead(question).data, status=201)


class QuestionView(PatientsView):
    """One question."""

    def read(self, asked: About, question_id: UUID) -> Response:
        return Response(shapes.QuestionRead(question_or_404(asked.user, asked.patient, question_id)).data)


class QuestionDetail(QuestionView):
    @extend_schema(responses={200: shapes.QuestionRead})
    def get(self, request: Request, question_id: UUID) -> Response:
        """One question."""
        asked = self.mine()
        record_view(asked.user, asked.patient, "questions.view")
        return self.read(asked, question_id)

    @extend_schema(request=shapes.QuestionChangeWrite, responses={200: shapes.QuestionRead})
    def put(self, request: Request, question_id: UUID) -> Response:
        """New words, the answer, or that it was asked."""
        asked = self.mine()
        question_or_404(asked.user, asked.patient, question_id)
        wanted = self.body(shapes.QuestionChangeWrite)
        change_question(**asked.act, id=self.once, question_id=question_id, now=present(), **wanted)
        return self.read(asked, question_id)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, question_id: UUID) -> Response:
        """Take a question off the list."""
        remove_question(**self.mine().act, id=self.once, question_id=question_id)
        return Response(status=204)


class QuestionMove(QuestionView):
    @extend_schema(request=shapes.QuestionMoveWrite, responses={200: shapes.QuestionRead})
    def post(self, request: Request, question_id: UUID) -> Response:
        """One place up or down among the open questions; at the end nothing happens."""
        asked = self.mine()
        question_or_404(asked.user, asked.patient, question_id)
        up = self.body(shapes.QuestionMoveWrite)["up"]
        move_question(**asked.act, id=self.once, question_id=question_id, up=up)
        return self.read(asked, question_id)
