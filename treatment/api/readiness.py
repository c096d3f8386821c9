"""`/api/v1/treatment/`: how a dose stands, the questions before it, what was agreed, evidence for a line, and the week's board."""

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
from patients.requests import About
from patients.services import record_many, record_view
from portal.lib.api import (
    Day,
    Key,
    PatientPageQuery,
    PatientQuery,
    Query,
    Text,
    Write,
    by_id,
    listed,
    page_of,
    paged,
    stamp,
)
from portal.lib.problems import DomainError
from portal.lib.time import now as present
from treatment.api.serializers import StopRead
from treatment.api.views import TreatmentView
from treatment.models import ChecklistItem, Dose, DoseAnswer, ItemNote, Postponement
from treatment.readiness import answers, board, items
from treatment.readiness.board_views import today_of_team
from treatment.readiness.dose import standing_of_dose
from treatment.readiness.standing import BLOCKED, HELD, WORDS

MOST_ANSWERS = 60
ANSWERED = (Key("answered_at", lambda row: row.answered_at, stamp, down=True), by_id(down=True))
NOTED = (Key("noted_at", lambda row: row.noted_at, stamp, down=True), by_id(down=True))
CODES = [(code, word) for code, (_kind, word, _settled) in WORDS.items()]
WORST = [
    *CODES,
    ("blocked", BLOCKED[1]),
    ("ready", _("Ready for the nurse to review")),
    *((code, word) for code, (_kind, word) in HELD.items()),
]
SAID = [(answers.YES, _("Yes")), (answers.NO, _("No")), (answers.NOT_ME, _("This does not apply to me"))]


class WeekTooFar(DomainError):
    status = 422
    default_message = _("Choose a week within two years from now.")


# --- What is said ---------------------------------------------------------------------------------------------------


class LineStandingRead(serializers.Serializer[Any]):
    """A line of the list before a dose: how it stands and who has it."""

    id = serializers.UUIDField(source="item.pk")
    fact = serializers.CharField(source="item.fact", help_text=_("Its name in the facts of the therapy."))
    label = serializers.CharField(source="said.label")  # type: ignore[assignment]
    owner = serializers.ChoiceField(source="item.owner", choices=ChecklistItem.Owner.choices)
    standing = serializers.ChoiceField(source="standing.code", choices=CODES)
    word = serializers.CharField(source="standing.word")
    settled = serializers.BooleanField(source="standing.settled")
    due = serializers.DateField(
        source="standing.due", allow_null=True, help_text=_("Null: no day is set. Ask your infusion center.")
    )
    draw_by = serializers.DateField(source="item.draw_by", allow_null=True)
    holds_until = serializers.DateField(source="standing.holds_until", allow_null=True)
    valid_hours = serializers.IntegerField(source="said.valid_hours", allow_null=True)
    asked_at_chair = serializers.BooleanField(source="said.at_chair")
    applies_to = serializers.CharField(source="said.applies_to", allow_null=True)


class HoldRead(serializers.Serializer[Any]):
    """Why a dose is put off, whose turn it is, and when somebody looks again."""

    dose = serializers.UUIDField(
        source="dose_id", help_text=_("Itself, or a dose before it that has to come first.")
    )
    reason = serializers.ChoiceField(choices=Postponement.Reason.choices)
    owner = serializers.ChoiceField(choices=Postponement.Owner.choices)
    recheck_on = serializers.DateField()


class ReadinessRead(serializers.Serializer[Any]):
    """How a dose stands. "Ready for the nurse to review" is the most that it says; it never says that a dose may be given."""

    dose = serializers.UUIDField()
    target = serializers.DateField()
    day = serializers.DateField(
        help_text=_("The day that everything before it is counted from: of its booked time, else `target`.")
    )
    worst = serializers.ChoiceField(choices=WORST)
    words = serializers.CharField()
    put_off = HoldRead(allow_null=True)
    paused_on = serializers.DateField(allow_null=True, help_text=_("Since when the treatment is paused."))
    ask_at_chair = serializers.BooleanField(
        help_text=_("The questions are still asked at the chair, also when all else is done.")
    )
    stops = serializers.ListField(
        child=serializers.UUIDField(),
        help_text=_("Ids of answers that stop the dose until somebody of the team lifts that."),
    )
    against = StopRead(
        many=True,
        help_text=_(
            "What keeps it from going on whatever its list says: a withdrawn version, numbers that nobody has confirmed, a limit for a lifetime."
        ),
    )
    lines = LineStandingRead(many=True)


class DoseQuestionRead(serializers.Serializer[Any]):
    """A question before a dose, with where it comes from."""

    fact = serializers.CharField()
    text = serializers.CharField()
    concern_if = serializers.ChoiceField(choices=SAID[:2])
    on_concern = serializers.ChoiceField(choices=DoseAnswer.Level.choices[1:])
    applies_to = serializers.CharField(allow_null=True)
    source = serializers.ListField(child=serializers.CharField())  # type: ignore[assignment]
    status = serializers.CharField()


class ConcernRead(serializers.Serializer[Any]):
    """An answer that needs a person."""

    fact = serializers.CharField(source="fact_code")
    text = serializers.CharField()
    said = serializers.ChoiceField(source="said_code", choices=SAID[:2])
    level = serializers.ChoiceField(source="level_code", choices=DoseAnswer.Level.choices)


class DoseAnswerRead(serializers.Serializer[Any]):
    """Answers before a dose. No concern does not mean that all is well."""

    id = serializers.UUIDField()
    dose = serializers.UUIDField(source="dose_id")
    answered_at = serializers.DateTimeField()
    answered_by = serializers.CharField(source="answered_by.name")
    place = serializers.ChoiceField(choices=DoseAnswer.Place.choices)
    level = serializers.ChoiceField(choices=DoseAnswer.Level.choices)
    concerns = ConcernRead(many=True, source="answers.concerns")
    reviewed_by = serializers.CharField(source="reviewed_by.name", allow_null=True, default=None)
    reviewed_at = serializers.DateTimeField(allow_null=True)
    agreed = serializers.CharField()
    stops = serializers.BooleanField(
        help_text=_("It stops the dose until somebody of the team lifts that, looked at or not.")
    )
    lifted_by = serializers.CharField(source="lifted.lifted_by.name", allow_null=True, default=None)
    lifted_at = serializers.DateTimeField(source="lifted.lifted_at", allow_null=True, default=None)
    lifted_why = serializers.CharField(source="lifted.reason", allow_null=True, default=None)


class SaidWrite(Write):
    """The answer to one question."""

    fact = serializers.CharField(max_length=160)
    answer = serializers.ChoiceField(choices=SAID)


class DoseAnswerWrite(Write):
    """All answers, or one that means "call first". `place` is for the team: patients answer at home."""

    answers = SaidWrite(many=True, max_length=MOST_ANSWERS)  # type: ignore[call-arg] # the list's
    place = serializers.ChoiceField(choices=DoseAnswer.Place.choices[1:], required=False, default="phone")


class AgreedWrite(Write):
    """What was agreed with the patient. Without `lift` the dose stays stopped; with it the stop is lifted, by a neurologist or a nurse."""

    agreed = Text(max_length=items.TEXT_LENGTH)
    lift = serializers.BooleanField()


class LiftWrite(Write):
    """Why a stop is lifted."""

    reason = Text(max_length=items.TEXT_LENGTH)


class ItemNoteRead(serializers.Serializer[Any]):
    """One entry of the evidence for a line: what it became, who says so, when and why."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=ChecklistItem.State.choices)
    noted_at = serializers.DateTimeField()
    noted_by = serializers.CharField(source="noted_by.name")
    day = serializers.DateField(allow_null=True)
    valid_until = serializers.DateField(allow_null=True)
    text = serializers.CharField()


class ItemNoteWrite(Write):
    """What became of a line, and the evidence. The days are set by the team; a patient's are left as they are."""

    state = serializers.ChoiceField(
        choices=[(state.value, state.label) for state in ChecklistItem.State if state != "concern"]
    )
    text = Text(required=False, allow_blank=True, default="", max_length=items.TEXT_LENGTH)
    day = Day(required=False, allow_null=True, default=None)
    valid_until = Day(required=False, allow_null=True, default=None)
    draw_by = Day(required=False, allow_null=True, help_text=_("As it was when left out."))
    due_on = Day(required=False, allow_null=True, help_text=_("As it was when left out."))


class BoardQuery(Query):
    """Which week: any of its days. This week when left out."""

    week = Day(required=False)


class BlockRead(serializers.Serializer[Any]):
    """Something that stands between a person and a dose."""

    label = serializers.CharField()  # type: ignore[assignment]
    owner = serializers.CharField()
    word = serializers.CharField()
    due = serializers.DateField(allow_null=True)


class BoardRowRead(serializers.Serializer[Any]):
    """One dose of the week."""

    dose = serializers.UUIDField(source="dose.pk")
    patient = serializers.UUIDField(source="patient.pk")
    name = serializers.CharField(source="patient.name")
    therapy = serializers.CharField()
    number = serializers.IntegerField(source="dose.number")
    target = serializers.DateField(source="dose.target")
    day = serializers.DateField(
        help_text=_("The day that everything before it is counted from: of its booked time, else `target`.")
    )
    worst = serializers.ChoiceField(source="readiness.worst", choices=WORST)
    words = serializers.CharField(source="readiness.words")
    put_off = HoldRead(allow_null=True)
    paused_on = serializers.DateField(
        source="dose.course.paused_on", allow_null=True, help_text=_("Since when the treatment is paused.")
    )
    ask_at_chair = serializers.BooleanField(
        help_text=_("The questions are still asked at the chair, also when all else is done.")
    )
    blocks = BlockRead(many=True)
    against = StopRead(
        many=True,
        help_text=_(
            "What keeps it from going on whatever its list says: a withdrawn version, numbers that nobody has confirmed, a limit for a lifetime."
        ),
    )
    stops = serializers.SerializerMethodField(
        help_text=_("Ids of answers that stop the dose, looked at or not.")
    )
    self_checks = serializers.SerializerMethodField(help_text=_("Ids of self-checks with something new."))
    remind_by_phone = serializers.BooleanField(source="call")

    def get_stops(self, row: board.BoardRow) -> list[UUID]:
        return [stop.pk for stop in row.stops]

    def get_self_checks(self, row: board.BoardRow) -> list[UUID]:
        return [sign.pk for sign in row.self_checks]


class BoardRead(serializers.Serializer[Any]):
    """The week from Monday to Sunday, worst first, what is put off or paused last; `elsewhere` are doses of other weeks that are stopped."""

    monday = serializers.DateField()
    rows = BoardRowRead(many=True)
    elsewhere = BoardRowRead(many=True)
    more = serializers.IntegerField()


# --- Addresses ------------------------------------------------------------------------------------------------------


def standing_of(asked: About, dose: Dose) -> dict[str, Any]:
    """How a dose stands, as the page says it."""
    found = standing_of_dose(asked.user, asked.patient, dose, present(), whole=True)
    said = found.readiness
    return {
        "dose": dose.pk, "target": dose.target, "day": dose.counted_on, "worst": said.worst, "words": said.words, "lines": found.lines,
        "stops": [stop.pk for stop in found.stops], "put_off": found.put_off, "against": found.against, "paused_on": dose.course.paused_on,
        "ask_at_chair": found.ask_at_chair,
    }  # fmt: skip


class DoseReadiness(TreatmentView):
    @extend_schema(responses={200: ReadinessRead})
    def get(self, request: Request, dose_id: UUID) -> Response:
        """How one dose stands: every line, who has it and until when."""
        asked = self.asked_about()
        dose = self.dose(asked, dose_id)
        record_view(asked.user, asked.patient, "treatment.view", dose.pk)
        return Response(ReadinessRead(standing_of(asked, dose)).data)


class DoseQuestions(TreatmentView):
    @extend_schema(responses={200: DoseQuestionRead(many=True)})
    def get(self, request: Request, dose_id: UUID) -> Response:
        """The questions before a dose, as the version of its course words them."""
        asked = self.asked_about()
        dose = self.dose(asked, dose_id)
        record_view(asked.user, asked.patient, "treatment.view", dose.pk)
        return Response(
            DoseQuestionRead(answers.questions_for(asked.user, asked.patient, dose), many=True).data
        )


class DoseAnswers(TreatmentView):
    queries = {"get": PatientPageQuery, "post": PatientQuery}

    @extend_schema(responses={200: paged(DoseAnswerRead)})
    def get(self, request: Request, dose_id: UUID) -> Response:
        """The answers before a dose, the newest first."""
        asked = self.asked_about()
        dose = self.dose(asked, dose_id)
        record_view(asked.user, asked.patient, "treatment.view", dose.pk)
        rows = DoseAnswer.objects.for_user(asked.user, asked.patient).newest_first().filter(dose=dose)
        shown, cursor = page_of(self, rows.order_by(), ANSWERED)
        return listed(self, DoseAnswerRead(shown, many=True).data, cursor)

    @extend_schema(request=DoseAnswerWrite, responses={201: DoseAnswerRead})
    def post(self, request: Request, dose_id: UUID) -> Response:
        """Answer the questions. "Call first" needs a call as well: nobody watches this around the clock."""
        asked = self.asked_about()
        self.dose(asked, dose_id)
        wanted = self.body(DoseAnswerWrite)
        said = {one["fact"]: one["answer"] for one in wanted["answers"]}
        made = answers.answer(
            **asked.act, dose_id=dose_id, said=said, place=wanted["place"], id=self.once, now=present()
        )
        return Response(DoseAnswerRead(made).data, status=201)


class AnswerDetail(TreatmentView):
    @extend_schema(responses={200: DoseAnswerRead})
    def get(self, request: Request, answer_id: UUID) -> Response:
        """One set of answers, and what was agreed."""
        asked = self.asked_about()
        row = answers.answer_or_404(asked.user, asked.patient, answer_id)
        record_view(asked.user, asked.patient, "treatment.view", row.pk)
        return Response(DoseAnswerRead(row).data)


class AnswerReview(TreatmentView):
    @extend_schema(request=AgreedWrite, responses={200: DoseAnswerRead})
    def post(self, request: Request, answer_id: UUID) -> Response:
        """For the team: what was agreed with the patient."""
        asked = self.asked_about()
        if asked.capacity == "self":
            raise Http404
        answers.answer_or_404(asked.user, asked.patient, answer_id)
        wanted = self.body(AgreedWrite)
        done = answers.review(**asked.act, answer_id=answer_id, id=self.once, now=present(), **wanted)
        return Response(DoseAnswerRead(done).data)


class AnswerLift(TreatmentView):
    @extend_schema(request=LiftWrite, responses={200: DoseAnswerRead})
    def post(self, request: Request, answer_id: UUID) -> Response:
        """For a neurologist or a nurse of the team: lift the stop of an answer that was looked at, with the reason."""
        asked = self.asked_about()
        if asked.capacity == "self":
            raise Http404
        answers.answer_or_404(asked.user, asked.patient, answer_id)
        reason = self.body(LiftWrite)["reason"]
        done = answers.lift_stop(**asked.act, answer_id=answer_id, reason=reason, id=self.once, now=present())
        return Response(DoseAnswerRead(done).data)


class ItemNotes(TreatmentView):
    queries = {"get": PatientPageQuery, "post": PatientQuery}

    @extend_schema(responses={200: paged(ItemNoteRead)})
    def get(self, request: Request, item_id: UUID) -> Response:
        """The evidence for a line, the newest first."""
        asked = self.asked_about()
        item = items.item_or_404(asked.user, asked.patient, item_id)
        record_view(asked.user, asked.patient, "treatment.view", item.pk)
        rows = ItemNote.objects.for_user(asked.user, asked.patient).newest_first().filter(item=item)
        shown, cursor = page_of(self, rows.order_by(), NOTED)
        return listed(self, ItemNoteRead(shown, many=True).data, cursor)

    @extend_schema(request=ItemNoteWrite, responses={200: ReadinessRead})
    def post(self, request: Request, item_id: UUID) -> Response:
        """What became of a line, with its evidence. Patients write on their own lines."""
        asked = self.asked_about()
        before = items.item_or_404(asked.user, asked.patient, item_id)
        wanted = {"draw_by": before.draw_by, "due_on": before.due_on, **self.body(ItemNoteWrite)}
        item = items.note_item(**asked.act, item_id=item_id, id=self.once, now=present(), **wanted)
        return Response(ReadinessRead(standing_of(asked, self.dose(asked, item.dose_id))).data)


class WeekBoard(TreatmentView):
    queries = {"*": BoardQuery}

    @extend_schema(responses={200: BoardRead})
    def get(self, request: Request) -> Response:
        """For the team: the doses of a week, what blocks each and who has it; worst first."""
        user = self.person
        if not is_clinician(user):
            raise Http404
        now = present()
        today = today_of_team(user, now)
        day = self.asked.get("week") or today
        if not board.is_near(day, today):
            raise WeekTooFar
        found = board.week_of(user, day, now)
        rows = [*found.elsewhere, *found.rows]
        record_many(user, {row.patient.pk: row.patient for row in rows}.values(), "readiness.view")
        return Response(BoardRead(found).data)
