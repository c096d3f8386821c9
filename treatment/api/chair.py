"""`/api/v1/treatment/doses/…/chair/`: the chair record for the team, and the day as the patient reads it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from patients.areas import TREATMENT
from patients.requests import STAFF, About, about
from patients.services import record_view
from portal.lib.api import Day, Instant, Text, Write
from portal.lib.time import now as present
from treatment.api import serializers as shapes
from treatment.api.serializers import Amount
from treatment.api.views import TreatmentView
from treatment.chair import flow, services
from treatment.chair.checks import ANSWERS, checks_of
from treatment.chair.details import SIGNS, WORDS, NotPossible
from treatment.chair.reading import day_of, observation_minutes, record_of
from treatment.courses.guards import TEXT_LENGTH
from treatment.models import ChairRow, Dose

Kind = ChairRow.Kind
WRITTEN = [(kind.value, kind.label) for kind in Kind if kind not in (Kind.CLOSED, Kind.TAKEN_BACK)]
DETAILS = (
    "ml_h", "pulse", "systolic", "diastolic", "temperature", "unit", "oxygen", "what", "amount", "signs", "grade", "done",
    "words", "although", "why", "answers",
)  # fmt: skip


class ChairCheckRead(serializers.Serializer[Any]):
    """What the nurse looks at in the chair before the start, in the words of the version."""

    fact = serializers.CharField()
    text = serializers.CharField()
    concern_if = serializers.ChoiceField(choices=["yes", "no"])
    action = serializers.CharField(help_text=_("What the data say is done then."))
    may_not_apply = serializers.BooleanField(help_text=_("True: `na` is an answer, too."))
    source = serializers.ListField(child=serializers.CharField())  # type: ignore[assignment]
    status = serializers.CharField()


class ChairAnswerRead(serializers.Serializer[Any]):
    """What was found at one check, with the words it was asked in."""

    fact = serializers.CharField()
    text = serializers.CharField()
    said = serializers.ChoiceField(choices=list(ANSWERS))
    concern = serializers.BooleanField(help_text=_("True: it stops the start."))
    action = serializers.CharField()


class ChairDetailsRead(serializers.Serializer[Any]):
    """What a line says, by its kind; what the kind does not have is null."""

    ml_h = serializers.CharField(allow_null=True, help_text=_("Rate in mL/h, as a decimal number."))
    pulse = serializers.IntegerField(allow_null=True, help_text=_("Beats a minute."))
    systolic = serializers.IntegerField(allow_null=True, help_text=_("mmHg."))
    diastolic = serializers.IntegerField(allow_null=True, help_text=_("mmHg."))
    temperature = serializers.CharField(allow_null=True)
    unit = serializers.ChoiceField(
        choices=["F", "C", ""], allow_null=True, help_text=_("Of the temperature.")
    )
    oxygen = serializers.IntegerField(allow_null=True, help_text=_("Saturation in percent."))
    what = serializers.CharField(allow_null=True)
    amount = serializers.CharField(allow_null=True)
    signs = serializers.ListField(child=serializers.ChoiceField(choices=list(SIGNS)), allow_null=True)
    grade = serializers.IntegerField(
        allow_null=True, help_text=_("CTCAE v5, infusion related reaction; null: not graded yet.")
    )
    done = serializers.CharField(allow_null=True)
    words = serializers.CharField(allow_null=True)
    although = serializers.CharField(allow_null=True)
    why = serializers.CharField(allow_null=True, help_text=_("Why it was corrected."))
    answers = ChairAnswerRead(many=True, allow_null=True, help_text=_("Of the checks before the start."))


class ChairRowRead(serializers.Serializer[Any]):
    """A line of a chair record."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=Kind.choices)
    at = serializers.DateTimeField(help_text=_("When it happened."))
    noted_at = serializers.DateTimeField(source="made_at")
    noted_later = serializers.BooleanField()
    by = serializers.CharField(source="made_by.name")
    corrects = serializers.UUIDField(
        source="corrects_id", allow_null=True, help_text=_("The line it stands for.")
    )
    holds = serializers.BooleanField(help_text=_("False when a later line corrects it."))
    details = serializers.SerializerMethodField()

    @extend_schema(responses=ChairDetailsRead)
    def get_details(self, row: ChairRow) -> dict[str, Any]:
        return {name: row.details.get(name) for name in DETAILS}


class ObservationRead(serializers.Serializer[Any]):
    """How the time of observation stands."""

    state = serializers.ChoiceField(choices=[state.value for state in flow.WatchState])
    minutes = serializers.IntegerField(
        allow_null=True, help_text=_("As the version states them; null: ask your infusion center.")
    )
    due_at = serializers.DateTimeField(source="due", allow_null=True)


class ChairRead(serializers.Serializer[Any]):
    """A chair record: where it stands, and its lines in the order of the clock."""

    dose = serializers.UUIDField()
    state = serializers.ChoiceField(choices=[state.value for state in flow.State])
    started_at = serializers.DateTimeField(source="stand.started_at", allow_null=True)
    ended_at = serializers.DateTimeField(source="stand.ended_at", allow_null=True)
    closed_at = serializers.DateTimeField(source="stand.closed_at", allow_null=True)
    observation = ObservationRead()
    checks = ChairCheckRead(many=True, help_text=_("What a line of the kind `checks` answers, all of it."))
    rows = ChairRowRead(many=True)


class ChairDayRead(serializers.Serializer[Any]):
    """What happened that day, as the patient reads it. It holds no grade."""

    began_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField()
    breaks_minutes = serializers.IntegerField(
        allow_null=True, help_text=_("How long it stood still; null: never.")
    )
    before = serializers.ListField(child=serializers.CharField(), help_text=_("Medicines given with it."))
    checks = serializers.IntegerField(help_text=_("How many times vital signs were noted."))
    reaction = serializers.BooleanField()
    signs = serializers.ListField(child=serializers.ChoiceField(choices=list(SIGNS)))
    watched_minutes = serializers.IntegerField(allow_null=True)


def _words(help_text: Any = "", most: int = WORDS) -> Text:
    return Text(required=False, allow_blank=True, default="", max_length=most, help_text=help_text)


def _number() -> serializers.IntegerField:
    return serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=0, max_value=1000
    )


class ChairAnswerWrite(Write):
    """What was found at one check."""

    fact = Text(max_length=120)
    said = serializers.ChoiceField(choices=list(ANSWERS))


class ChairSaidWrite(Write):
    """What a line can say; what its kind does not have is left out."""

    at = Instant(required=False, allow_null=True, default=None, help_text=_("When it happened; null is now."))
    ml_h = Amount(required=False, allow_null=True, default=None)
    pulse = _number()
    systolic = _number()
    diastolic = _number()
    temperature = Amount(required=False, allow_null=True, default=None)
    unit = serializers.ChoiceField(choices=["F", "C"], required=False, allow_null=True, default=None)
    oxygen = _number()
    what = _words()
    amount = _words()
    signs = serializers.ListField(
        child=serializers.ChoiceField(choices=list(SIGNS)),
        required=False,
        default=list,
        max_length=len(SIGNS),
    )
    grade = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=1, max_value=5,
        help_text=_("CTCAE v5, graded by staff. With 3 or more, or without a grade, the next dose waits for a neurologist."),
    )  # fmt: skip
    done = _words()
    words = _words()
    answers = serializers.ListField(
        child=ChairAnswerWrite(),
        required=False,
        default=list,
        max_length=60,
        help_text=_("Of the kind `checks`."),
    )


class ChairRowWrite(ChairSaidWrite):
    """A line to add."""

    kind = serializers.ChoiceField(choices=WRITTEN)
    noted_later = serializers.BooleanField(
        required=False, default=False, help_text=_("Needed for a time before the last line.")
    )
    although = _words(_("Why it starts although something stands against it."))


class ChairCorrectWrite(ChairSaidWrite):
    """What a line should have said. `at` null keeps its time."""

    why = Text(max_length=TEXT_LENGTH)
    take_back = serializers.BooleanField(required=False, default=False, help_text=_("It did not happen."))


class ChairCloseWrite(Write):
    """What is left to say at the end."""

    extent = serializers.ChoiceField(choices=Dose.Extent.choices, required=False, default="whole")
    how_much = _words(_("Needed when it was not the whole dose."), TEXT_LENGTH)
    amount_mg = Amount(required=False, allow_null=True, default=None)
    product = _words(most=TEXT_LENGTH)
    lot = _words(most=TEXT_LENGTH)
    expires_on = Day(required=False, allow_null=True, default=None)
    line_site = _words(most=100)
    note = _words(_("The patient reads it."), TEXT_LENGTH)
    although = _words(_("Why it was given although something stood against it."))
    unwatched = _words(_("Why there was no observation although the version states minutes."), TEXT_LENGTH)


def _by_fact(answers: list[dict[str, str]]) -> dict[str, str]:
    """What was said, by fact. Raises NotPossible when a check is answered twice."""
    found = {one["fact"]: one["said"] for one in answers}
    if len(found) != len(answers):
        raise NotPossible(_("One of the checks is answered twice."))
    return found


class ChairView(TreatmentView):
    """The chair record of one dose, for the team."""

    def of_team(self, dose_id: UUID) -> tuple[About, Dose]:
        asked = about(self, TREATMENT, *STAFF)
        return asked, self.dose(asked, dose_id)

    def read_record(self, asked: About, dose: Dose, status: int = 200) -> Response:
        """The record as it stands now."""
        record = record_of(asked.user, asked.patient, dose.pk)
        holding, stand = {row.pk for row in record.standing}, record.stand
        rows: list[Any] = list(record.rows)
        for row in rows:
            row.holds = row.pk in holding
        found = {
            "dose": dose.pk,
            "state": stand.state,
            "stand": stand,
            "observation": flow.watch(stand, observation_minutes(asked.user, asked.patient, dose), present()),
            "checks": checks_of(dose),
            "rows": rows,
        }
        return Response(ChairRead(found).data, status=status)


class DoseChair(ChairView):
    @extend_schema(responses={200: ChairRead})
    def get(self, request: Request, dose_id: UUID) -> Response:
        """For the team: the chair record of a dose; without lines when nobody has begun one."""
        asked, dose = self.of_team(dose_id)
        record_view(asked.user, asked.patient, "treatment.view", dose.pk)
        return self.read_record(asked, dose)

    @extend_schema(request=ChairRowWrite, responses={201: ChairRead})
    def post(self, request: Request, dose_id: UUID) -> Response:
        """For the team: add a line. Nothing in the record is ever edited."""
        asked, dose = self.of_team(dose_id)
        wanted = self.body(ChairRowWrite)
        wanted["answers"] = _by_fact(wanted["answers"])
        at, later, kind = wanted.pop("at"), wanted.pop("noted_later"), wanted.pop("kind")
        services.add_row(
            **asked.act, dose_id=dose.pk, kind=kind, said=wanted, at=at, noted_later=later, id=self.once, now=present()
        )  # fmt: skip
        return self.read_record(asked, dose, 201)


class DoseChairCorrect(ChairView):
    @extend_schema(request=ChairCorrectWrite, responses={201: ChairRead})
    def post(self, request: Request, dose_id: UUID, row_id: UUID) -> Response:
        """For the team: a new line that stands for an older one, or takes it back; the old one stays."""
        asked, dose = self.of_team(dose_id)
        wanted = self.body(ChairCorrectWrite)
        wanted["answers"] = _by_fact(wanted["answers"])
        at, why, back = wanted.pop("at"), wanted.pop("why"), wanted.pop("take_back")
        services.correct_row(
            **asked.act, dose_id=dose.pk, row_id=row_id, said=wanted, at=at, why=why, take_back=back, id=self.once, now=present()
        )  # fmt: skip
        return self.read_record(asked, dose, 201)


class DoseChairClose(ChairView):
    @extend_schema(request=ChairCloseWrite, responses={200: shapes.DoseDetailRead})
    def post(self, request: Request, dose_id: UUID) -> Response:
        """For the team: close the record. The dose is noted as given with its times and reactions."""
        asked, dose = self.of_team(dose_id)
        wanted = self.body(ChairCloseWrite)
        return self.read_dose(
            asked, services.close(**asked.act, dose_id=dose.pk, id=self.once, now=present(), **wanted)
        )


class DoseChairDay(TreatmentView):
    @extend_schema(responses={200: ChairDayRead})
    def get(self, request: Request, dose_id: UUID) -> Response:
        """What happened that day in plain facts, once the record is closed; 404 before."""
        asked = self.asked_about()
        dose = self.dose(asked, dose_id)
        found = day_of(asked.user, asked.patient, dose.pk)
        if found is None:
            raise Http404
        record_view(asked.user, asked.patient, "treatment.view", dose.pk)
        day = found.day
        shown = {
            **day,
            "began_at": day["began"],
            "ended_at": day["ended"],
            "breaks_minutes": day["breaks"],
            "watched_minutes": day["watched"],
        }
        return Response(ChairDayRead(shown).data)
