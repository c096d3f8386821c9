"""`/api/v1/treatment/ledger/`: what is watched and until when, results with their second look and release, a prescriber's word, who keeps the duties."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.http import Http404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from clinic.services import is_clinician
from patients.requests import About
from patients.services import record_view
from portal.lib.actor import reading_many
from portal.lib.api import (
    Day,
    Key,
    NothingWrite,
    PageQuery,
    PatientPageQuery,
    PatientQuery,
    Text,
    Write,
    by_id,
    listed,
    page_of,
    paged,
    part_of,
)
from portal.lib.api import (
    Line as OneLine,
)
from portal.lib.time import now as present
from treatment.api.views import TreatmentView
from treatment.courses.guards import TEXT_LENGTH, NotAPrescriber, is_prescriber
from treatment.ledger import board, keepers, services, words
from treatment.ledger.board_views import known_patients
from treatment.ledger.duties import State
from treatment.ledger.models import MOST_MONTHS, Result
from treatment.ledger.reading import Duty, duty_of, ledger_of
from treatment.ledger.shown import stage_of
from treatment.models import DutyDecision

NEWEST_FIRST = (
    Key("taken_on", lambda row: row.taken_on, date.fromisoformat, down=True),
    by_id(down=True),
)
WORST_FIRST = (
    Key("missed", lambda one: -one.missed, int),
    Key("first_due", lambda one: one.first_due, date.fromisoformat),
    Key("patient_id", lambda one: one.patient_id, UUID),
)
STATES = [(state.value, str(words.STATES[state][1])) for state in State]
MOST_VALUES = 20


# --- What is sent --------------------------------------------------------------------------------------------------------


class DutyRead(serializers.Serializer[Any]):
    """A duty that asks for a test: the fact behind it, with its source and status, and where it stands."""

    fact = serializers.CharField(source="due.watch.fact")
    item = serializers.CharField(source="row.item")
    therapy = serializers.CharField(source="facts.code")
    state = serializers.ChoiceField(choices=STATES, source="due.state")
    due = serializers.DateField(source="due.due", allow_null=True, help_text=_("Null: no day is known."))
    until = serializers.DateField(
        source="due.until", allow_null=True, help_text=_("Null: no last day is known.")
    )
    every_months = serializers.IntegerField(
        source="due.every_months",
        allow_null=True,
        help_text=_("Null: the data give no interval. Ask the team."),
    )
    missed = serializers.IntegerField(source="due.missed", help_text=_("How many of its days have passed."))
    every = serializers.CharField(source="row.every")
    until_words = serializers.CharField(source="row.until")
    source = serializers.SerializerMethodField()  # type: ignore[assignment]
    status = serializers.CharField(source="row.status")

    def get_source(self, duty: Duty) -> list[str]:
        return [str(one) for one in duty.row["source"]]


class LedgerLineRead(serializers.Serializer[Any]):
    """One test of a patient: when it was last done, when it is due next, until when it goes on."""

    test = serializers.CharField(source="test.code")
    label = serializers.CharField(source="test.label")  # type: ignore[assignment]
    owner = serializers.CharField(source="test.owner")
    state = serializers.ChoiceField(choices=STATES, allow_null=True)
    last_done = serializers.DateField(allow_null=True)
    due = serializers.DateField(allow_null=True)
    until = serializers.DateField(allow_null=True)
    missed = serializers.IntegerField()
    duties = DutyRead(many=True)


class ValueRead(serializers.Serializer[Any]):
    """A number with its unit, as the lab wrote both."""

    measure = serializers.CharField(source="code")
    number = serializers.CharField()
    unit = serializers.CharField()


class ResultRead(serializers.Serializer[Any]):
    """A result. A patient gets what was released; the team gets every entry, corrected ones too."""

    id = serializers.UUIDField()
    patient = serializers.UUIDField(source="patient_id")
    test = serializers.CharField()
    taken_on = serializers.DateField()
    stage = serializers.SerializerMethodField(help_text=_("Where it stands, in words."))
    withdrawn = serializers.BooleanField(
        help_text=_("There is no such result: it says that an entry was wrong.")
    )
    corrects = serializers.UUIDField(source="corrects_id", allow_null=True)
    corrected_by = serializers.SerializerMethodField()
    values = serializers.SerializerMethodField()
    words = serializers.SerializerMethodField(help_text=_("What was found, in words."))
    assay = serializers.SerializerMethodField(help_text=_("The name of the test, where its maker matters."))
    elsewhere = serializers.SerializerMethodField(
        help_text=_("It came with a note about another center; it was not tested here.")
    )
    lab_mark = serializers.SerializerMethodField(help_text=_("How the lab marked it: in, out or nothing."))
    note = serializers.SerializerMethodField(help_text=_("What the patient reads with it."))
    entered_by = serializers.CharField(source="entered_by.name")
    entered_at = serializers.DateTimeField()
    checked_by = serializers.SerializerMethodField()
    released_by = serializers.SerializerMethodField()
    released_at = serializers.SerializerMethodField()
    seen_at = serializers.SerializerMethodField(help_text=_("When the patient first saw it."))

    def _details(self, row: Result) -> dict[str, Any]:
        found: dict[str, Any] = row.content.details if self.context["team"] else row.release.details
        return found

    def get_stage(self, row: Result) -> str:
        return stage_of(row)[1]

    def get_corrected_by(self, row: Result) -> UUID | None:
        return row.correction.pk if hasattr(row, "correction") else None

    def get_values(self, row: Result) -> list[dict[str, str]]:
        return [dict(value) for value in ValueRead(self._details(row)["values"], many=True).data]

    def get_words(self, row: Result) -> str:
        return str(self._details(row)["words"])

    def get_assay(self, row: Result) -> str:
        return str(self._details(row)["assay"])

    def get_elsewhere(self, row: Result) -> bool:
        return bool(self._details(row).get("elsewhere"))

    def get_lab_mark(self, row: Result) -> str:
        return str(self._details(row)["mark_code"])

    def get_note(self, row: Result) -> str:
        return str(row.release.note) if hasattr(row, "release") else ""

    def get_checked_by(self, row: Result) -> str | None:
        return row.look.by.name if hasattr(row, "look") else None

    def get_released_by(self, row: Result) -> str | None:
        return row.release.by.name if hasattr(row, "release") else None

    def get_released_at(self, row: Result) -> str | None:
        return row.release.at.isoformat() if hasattr(row, "release") else None

    def get_seen_at(self, row: Result) -> str | None:
        return next((seen.at.isoformat() for seen in row.seen.all()), None)


class DecisionRead(serializers.Serializer[Any]):
    """What a prescriber said about a duty."""

    id = serializers.UUIDField()
    fact = serializers.CharField()
    applies = serializers.BooleanField()
    every_months = serializers.IntegerField(allow_null=True)
    reason = serializers.CharField()
    by = serializers.CharField(source="by.name")
    at = serializers.DateTimeField()


class KeeperRead(serializers.Serializer[Any]):
    """Who keeps the duties: a team here, or a center elsewhere."""

    team = serializers.UUIDField(source="team.pk", allow_null=True, default=None)
    name = serializers.CharField()


class OverdueRead(serializers.Serializer[Any]):
    """A patient with overdue checks, each with its day."""

    patient = serializers.UUIDField(source="patient_id")
    missed = serializers.IntegerField()
    first_due = serializers.DateField()
    lines = LedgerLineRead(many=True)


# --- What comes in ----------------------------------------------------------------------------------------------------------


class ValueWrite(Write):
    """A number with its unit, as the lab wrote both. A number without its unit is refused."""

    measure = OneLine(max_length=60, help_text=_("What was measured: igg, index, lvef, …"))
    number = OneLine(max_length=20, help_text=_("With a point and no comma; < or > before it is fine."))
    unit = OneLine(
        max_length=services.UNIT_LENGTH, allow_blank=True, help_text=_("An index has the unit “index”.")
    )


class ResultWrite(Write):
    """What a test found: numbers with units, words, or both."""

    test = OneLine(max_length=160, help_text=_("The test's code, as the ledger names it."))
    taken_on = Day(help_text=_("On the center's calendar."))
    values = ValueWrite(many=True, required=False, default=list, max_length=MOST_VALUES)  # type: ignore[call-arg] # the list's
    words = Text(required=False, allow_blank=True, default="", max_length=TEXT_LENGTH)
    assay = OneLine(
        required=False, allow_blank=True, default="", max_length=services.ASSAY_LENGTH,
        help_text=_("The name of the test as the lab wrote it; needed where the maker matters."),
    )  # fmt: skip
    lab_mark = serializers.ChoiceField(
        choices=["", "in", "out"],
        required=False,
        default="",
        allow_blank=True,
        help_text=_("How the lab marked it."),
    )


class ResultCorrectionWrite(ResultWrite):
    """An entry in place of a wrong one."""

    why = Text(max_length=TEXT_LENGTH, help_text=_("What was wrong."))


class WithdrawWrite(Write):
    """There is no such result of this patient."""

    why = Text(max_length=TEXT_LENGTH, help_text=_("What was wrong."))


class ReleaseWrite(Write):
    """The note that the patient reads with a result."""

    note = Text(max_length=TEXT_LENGTH, help_text=_("In plain words."))


class DecisionWrite(Write):
    """A prescriber's word about a duty."""

    fact = OneLine(max_length=160)
    applies = serializers.BooleanField()
    every_months = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=1, max_value=MOST_MONTHS,
        help_text=_("Null: by the data."),
    )  # fmt: skip
    reason = Text(max_length=TEXT_LENGTH)


class KeeperWrite(Write):
    """Who takes the duties over."""

    team = serializers.UUIDField(
        allow_null=True, help_text=_("Null: a center elsewhere, which the reason names.")
    )
    reason = Text(max_length=TEXT_LENGTH)


class ResultQuery(PatientPageQuery):
    """Which results."""

    test = serializers.CharField(required=False, max_length=160)


# --- Addresses ----------------------------------------------------------------------------------------------------------------


class LedgerView(TreatmentView):
    def of_team(self) -> About:
        """For the team: a patient never meets these addresses."""
        asked = self.asked_about()
        if not asked.is_staff:
            raise Http404
        return asked

    def one(self, asked: About, result_id: UUID | None, status: int = 200) -> Response:
        """A result as it stands now. Raises Http404 for what is not open to the person."""
        rows = self.rows(asked).filter(pk=result_id)
        found = next(iter(rows), None)
        if found is None:
            raise Http404
        return Response(ResultRead(found, context={"team": asked.is_staff}).data, status=status)

    def rows(self, asked: About) -> Any:
        rows: Any = Result.objects.for_user(asked.user, asked.patient).with_people().prefetch_related("seen")
        if asked.is_staff:
            return rows.select_related("content")
        return rows.filter(release__isnull=False, correction__isnull=True)


class Ledger(LedgerView):
    @extend_schema(responses={200: paged(LedgerLineRead)})
    def get(self, request: Request) -> Response:
        """Every test of the patient, the most pressing first, each with the duties that ask for it."""
        asked = self.asked_about()
        record_view(asked.user, asked.patient, "ledger.view")
        lines = ledger_of(asked.user, asked.patient, present())
        return listed(self, LedgerLineRead(lines, many=True).data)


class ResultList(LedgerView):
    queries = {"get": ResultQuery, "post": PatientQuery}

    @extend_schema(responses={200: paged(ResultRead)})
    def get(self, request: Request) -> Response:
        """Results, the newest first: for a patient what was released."""
        asked = self.asked_about()
        record_view(asked.user, asked.patient, "ledger.view")
        rows = self.rows(asked)
        if "test" in self.asked:
            rows = rows.filter(test=self.asked["test"])
        shown, cursor = page_of(self, rows, NEWEST_FIRST)
        return listed(self, ResultRead(shown, many=True, context={"team": asked.is_staff}).data, cursor)

    @extend_schema(request=ResultWrite, responses={201: ResultRead})
    def post(self, request: Request) -> Response:
        """For the team: enter a result. It waits for a second look by somebody else."""
        asked = self.asked_about()
        made = services.enter_result(
            **asked.act, id=self.once, now=present(), **_wanted(self.body(ResultWrite))
        )
        return self.one(asked, made.pk, 201)


def _wanted(body: dict[str, Any]) -> dict[str, Any]:
    """The arguments of the service from a body."""
    values = [
        {"code": one["measure"], "number": one["number"], "unit": one["unit"]} for one in body.pop("values")
    ]
    return {"values": values, "mark": body.pop("lab_mark"), **body}


class ResultDetail(LedgerView):
    @extend_schema(responses={200: ResultRead})
    def get(self, request: Request, result_id: UUID) -> Response:
        """One result."""
        asked = self.asked_about()
        answer = self.one(asked, result_id)
        record_view(asked.user, asked.patient, "ledger.view", result_id)
        return answer


class ResultLookView(LedgerView):
    @extend_schema(request=NothingWrite, responses={200: ResultRead})
    def post(self, request: Request, result_id: UUID) -> Response:
        """For the team: you compared somebody else's entry with the report, and it is the same."""
        asked = self.of_team()
        services.result_or_404(asked.user, asked.patient, result_id)
        self.body(NothingWrite)
        services.look_at(**asked.act, result_id=result_id, id=self.once, now=present())
        return self.one(asked, result_id)


class ResultReleaseView(LedgerView):
    @extend_schema(request=ReleaseWrite, responses={200: ResultRead})
    def post(self, request: Request, result_id: UUID) -> Response:
        """For the team: open a checked result to the patient, with a note."""
        asked = self.of_team()
        services.result_or_404(asked.user, asked.patient, result_id)
        note = self.body(ReleaseWrite)["note"]
        services.release(**asked.act, result_id=result_id, note=note, id=self.once, now=present())
        return self.one(asked, result_id)


class ResultCorrect(LedgerView):
    @extend_schema(request=ResultCorrectionWrite, responses={201: ResultRead})
    def post(self, request: Request, result_id: UUID) -> Response:
        """For the team: an entry in place of a wrong one, which is kept."""
        asked = self.of_team()
        services.result_or_404(asked.user, asked.patient, result_id)
        wanted = _wanted(self.body(ResultCorrectionWrite))
        made = services.enter_result(**asked.act, corrects=result_id, id=self.once, now=present(), **wanted)
        return self.one(asked, made.pk, 201)


class ResultWithdraw(LedgerView):
    @extend_schema(request=WithdrawWrite, responses={201: ResultRead})
    def post(self, request: Request, result_id: UUID) -> Response:
        """For the team: say that an entry is none of this patient's. It is kept and counts for nothing."""
        asked = self.of_team()
        services.result_or_404(asked.user, asked.patient, result_id)
        why = self.body(WithdrawWrite)["why"]
        made = services.withdraw_result(
            **asked.act, result_id=result_id, why=why, id=self.once, now=present()
        )
        return self.one(asked, made.pk, 201)


class ResultSeenView(LedgerView):
    repeats = ("post",)

    @extend_schema(request=NothingWrite, responses={200: ResultRead})
    def post(self, request: Request, result_id: UUID) -> Response:
        """Say, as the patient, that you have seen a result. Only the first time counts."""
        asked = self.asked_about()
        found = next(iter(self.rows(asked).filter(pk=result_id)), None)
        if found is None:
            raise Http404
        self.body(NothingWrite)
        services.note_seen(**asked.act, results=[found], now=present())
        return self.one(asked, result_id)


class DecisionList(LedgerView):
    queries = {"get": PatientPageQuery, "post": PatientQuery}

    @extend_schema(responses={200: paged(DecisionRead)})
    def get(self, request: Request) -> Response:
        """What prescribers said about the duties, the newest first; the newest one of a fact counts."""
        asked = self.asked_about()
        record_view(asked.user, asked.patient, "ledger.view")
        rows = DutyDecision.objects.for_user(asked.user, asked.patient).select_related("by")
        shown, cursor = page_of(self, rows, (by_id(down=True),))
        return listed(self, DecisionRead(shown, many=True).data, cursor)

    @extend_schema(request=DecisionWrite, responses={201: DecisionRead})
    def post(self, request: Request) -> Response:
        """For a neurologist: whether a duty applies, and how often."""
        asked = self.of_team()
        if not is_prescriber(asked.user) or asked.capacity != "team":
            raise NotAPrescriber
        wanted = self.body(DecisionWrite)
        if duty_of(ledger_of(asked.user, asked.patient, present()), wanted["fact"]) is None:
            raise Http404
        made = services.decide(**asked.act, id=self.once, now=present(), **wanted)
        return Response(DecisionRead(made).data, status=201)


class Keeper(LedgerView):
    @extend_schema(responses={200: KeeperRead})
    def get(self, request: Request) -> Response:
        """For the team: who keeps the duties."""
        asked = self.of_team()
        record_view(asked.user, asked.patient, "ledger.view")
        return Response(KeeperRead(keepers.keeper_of(asked.user, asked.patient)).data)

    @extend_schema(request=KeeperWrite, responses={200: KeeperRead})
    def post(self, request: Request) -> Response:
        """For the team: hand the duties over to another team or to a center elsewhere."""
        asked = self.of_team()
        wanted = self.body(KeeperWrite)
        keepers.hand_over(
            **asked.act, team_id=wanted["team"], reason=wanted["reason"], id=self.once, now=present()
        )
        return Response(KeeperRead(keepers.keeper_of(asked.user, asked.patient)).data)


class Overdue(TreatmentView):
    queries = {"get": PageQuery}

    @extend_schema(responses={200: paged(OverdueRead)})
    def get(self, request: Request) -> Response:
        """For people in a team: whose checks are overdue, the worst first."""
        if not is_clinician(self.person):
            raise Http404
        with reading_many():
            everybody = board.everybody(self.person, present())
        rows = board.worst_first(everybody, State.OVERDUE)
        shown, cursor = part_of(self, rows, WORST_FIRST)
        known_patients(self.person, [one.patient_id for one in shown])
        return listed(self, OverdueRead(shown, many=True).data, cursor)
