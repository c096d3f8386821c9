"""The chair record: lines that only grow, the order of things, the time of observation, the end and what follows from it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from patients.services import DifferentContent
from portal.lib.ids import uuid7
from portal.lib.problems import NotAllowed
from portal.lib.time import now as present
from tests.patients.world import acts_of
from tests.treatment.conftest import Ward
from tests.treatment.test_elsewhere import days, measure, note
from treatment.chair import flow, services
from treatment.chair.flow import Line, State, Watch, WatchState, replay, watch
from treatment.chair.reading import day_of, record_of, stands_of
from treatment.courses import ending, giving, guards, reading
from treatment.courses.proceeding import DosePutOff, NotAsked, WaitsAfterReaction
from treatment.elsewhere.counters import OverTheLimit, lifetime
from treatment.elsewhere.services import Told, withdraw_elsewhere
from treatment.models import ChairDay, ChairRow, Course, Dose, GivenElsewhere, InfusionRecord, Postponement
from treatment.outcomes import services as outcomes
from treatment.readiness import answers
from treatment.readiness.dose import standing_of_dose

NOON = datetime(2026, 11, 23, 17, tzinfo=UTC)


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def _read(row: ChairRow) -> ChairRow:
    """With its words, which can be read only while somebody acts."""
    assert row.details
    return row


class Chair:
    """The next dose of a course, in the chair; `now` goes on with the test."""

    def __init__(self, ward: Ward, course: Course, now: datetime | None = None) -> None:
        self.ward, self.course = ward, course
        self.dose = ward.planned(course)
        self.was_asked = False
        self.now = now or present() - timedelta(hours=6)

    def note(self, kind: str, after: float = 0, *, by: Any = None, **more: Any) -> ChairRow:
        """A line. Before an infusion starts without a reason, the nurse asks the questions at the chair, once."""
        self.now += minutes(after)
        if kind == "started" and not more.get("although"):
            self.ask()
        by = by or self.ward.nurse
        said = {key: more.pop(key) for key in list(more) if key not in ("at", "noted_later", "id")}
        with self.ward.acting(by):
            row = services.add_row(
                by=by, patient=self.ward.patient, dose_id=self.dose.pk, kind=kind, said=said,
                **{"id": uuid7(), **more}, now=self.now,
            )  # fmt: skip
            return _read(row)

    def ask(self) -> None:
        if not self.was_asked:
            self.was_asked = True
            self.ward.ask_there(self.dose, self.now)

    def correct(self, row: ChairRow, **more: Any) -> ChairRow:
        by = more.pop("by", self.ward.nurse)
        with self.ward.acting(by):
            made = services.correct_row(
                by=by, patient=self.ward.patient, dose_id=self.dose.pk, row_id=row.pk, said=more.pop("said", {}),
                **{"id": uuid7(), "why": "A slip", "now": self.now, **more},
            )  # fmt: skip
            return _read(made)

    def run(self, *, watched: bool = True) -> None:
        """An infusion from the start to the end of its observation."""
        self.note("started", ml_h="40")
        self.note("vitals", 15, pulse=78, systolic=121, diastolic=79)
        self.note("ended", 60)
        if watched:
            self.note("observing")
            self.note("observed", 60)

    def close(self, *, by: Any = None, **more: Any) -> Dose:
        by = by or self.ward.nurse
        with self.ward.acting(by):
            return services.close(
                by=by, patient=self.ward.patient, dose_id=self.dose.pk,
                **{"extent": "whole", "id": uuid7(), "now": self.now, "product": "Ocrevus", "lot": "OC-1", **more},
            )  # fmt: skip

    @property
    def stand(self) -> flow.Stand:
        with self.ward.acting(self.ward.nurse):
            return record_of(self.ward.nurse, self.ward.patient, self.dose.pk).stand


@pytest.fixture
def chair(ward: Ward) -> Chair:
    """Ocrelizumab: the first dose was planned for yesterday."""
    return Chair(ward, ward.order("ocrelizumab_iv", ward.today - timedelta(days=1)))


# --- The order of things, without a database -------------------------------------------------------------------------


def test_what_can_follow_what() -> None:
    lines = [
        Line("started", NOON, {"ml_h": "30"}),
        Line("rate", NOON + minutes(30), {"ml_h": "60"}),
        Line("stopped", NOON + minutes(40)),
        Line("went_on", NOON + minutes(52)),
        Line("reaction", NOON + minutes(53)),
        Line("ended", NOON + minutes(150)),
    ]
    stand = replay(lines)
    assert (stand.state, stand.rate, stand.stood_still(NOON)) == (State.ENDED, "60", minutes(12))
    for wrong in ("started", "went_on", "stopped", "rate", "observed"):
        with pytest.raises(flow.OutOfOrder):
            replay([*lines, Line(wrong, NOON + minutes(151))])
    with pytest.raises(flow.OutOfOrder):
        replay([Line("stopped", NOON)])


@pytest.mark.parametrize(
    ("after", "state", "left"),
    [(0, "running", 60), (49.5, "running", 11), (50, "soon", 10), (59.5, "soon", 1), (60, "over", 0)],
)
def test_the_page_warns_ten_minutes_before_the_observation_is_over(
    after: float, state: str, left: int
) -> None:
    stand = replay([Line("started", NOON), Line("ended", NOON), Line("observing", NOON)])
    assert watch(stand, 60, NOON + minutes(after)) == Watch(WatchState(state), 60, NOON + minutes(60), left)
    assert watch(stand, None, NOON + minutes(after)).state == WatchState.ASK  # never a guess


# --- Lines -----------------------------------------------------------------------------------------------------------


def test_a_line_is_written_once_and_never_changed(chair: Chair) -> None:
    chair.ask()
    chair.now += minutes(1)
    id = uuid7()
    first = chair.note("started", id=id)
    assert chair.note("started", id=id).pk == first.pk
    with pytest.raises(DifferentContent):
        chair.note("started", id=id, ml_h="30")
    assert acts_of(chair.ward.patient).count("chair.noted team") == 2  # the checks and the start
    with chair.ward.acting(chair.ward.nurse), pytest.raises(DatabaseError), transaction.atomic():
        ChairRow.objects.for_user(chair.ward.nurse).filter(pk=first.pk).update(kind="ended")
    with chair.ward.acting(chair.ward.maya):  # the grade stands there, so patients see no row
        assert not ChairRow.objects.for_user(chair.ward.maya).exists()
        assert not ChairRow.objects.all().exists()
    with pytest.raises(NotAllowed):
        chair.note("stopped", by=chair.ward.maya)
    with pytest.raises(NotAllowed):
        chair.note("stopped", by=chair.ward.elsewhere)


def test_a_time_is_never_ahead_and_before_the_last_line_only_when_noted_later(chair: Chair) -> None:
    chair.note("started")
    chair.note("vitals", 20, pulse=80)
    with pytest.raises(services.NotYet):
        chair.note("vitals", pulse=81, at=chair.now + minutes(1))
    with pytest.raises(services.TooFarBack):
        chair.note("vitals", pulse=81, at=chair.now - timedelta(days=3), noted_later=True)
    with pytest.raises(services.BeforeTheLast):
        chair.note("rate", ml_h="50", at=chair.now - minutes(10))
    row = chair.note("rate", ml_h="50", at=chair.now - minutes(10), noted_later=True)
    assert row.noted_later
    with pytest.raises(flow.OutOfOrder):  # it had not started then
        chair.note("stopped", at=chair.now - minutes(25), noted_later=True)
    # Typed to the minute, a time in the minute of the last line is not before it.
    last = chair.note("vitals", 5, pulse=79)
    same = chair.note("premedication", 2, what="Saline", at=last.at.replace(second=0, microsecond=0))
    assert (same.at, same.noted_later) == (last.at, False)


def test_what_cannot_have_been_typed_right_is_refused(chair: Chair) -> None:
    from treatment.chair.details import NothingSaid, NotPossible

    for said in ({"pulse": 720}, {"systolic": 120}, {"systolic": 80, "diastolic": 120},
                 {"temperature": "98.6"}, {"temperature": "98.6", "unit": "C"}, {"oxygen": 101}):  # fmt: skip
        with pytest.raises(NotPossible):
            chair.note("vitals", **said)
    for kind, said in (("vitals", {}), ("premedication", {}), ("reaction", {"grade": 2})):
        with pytest.raises(NothingSaid):
            chair.note(kind, **said)
    with pytest.raises(NotPossible):
        chair.note("reaction", signs=["skin"], grade=6)
    kept = chair.note("vitals", temperature="98.6", unit="F", oxygen=98)
    assert (kept.details["temperature"], kept.details["unit"]) == ("98.6", "F")


def test_a_correction_is_a_new_line_that_names_the_old_one(chair: Chair) -> None:
    chair.note("started", ml_h="40")
    wrong = chair.note("vitals", 10, pulse=178)
    with pytest.raises(services.ReasonNeeded):
        chair.correct(wrong, said={"pulse": 78}, why=" ")
    fixed = chair.correct(wrong, said={"pulse": 78})
    assert (fixed.corrects_id, fixed.at, fixed.details["pulse"]) == (wrong.pk, wrong.at, 78)
    with pytest.raises(services.CorrectedAlready):
        chair.correct(wrong, said={"pulse": 79})
    stop = chair.note("stopped", 5)
    chair.correct(stop, take_back=True)
    assert chair.stand.state is State.RUNNING
    with chair.ward.acting(chair.ward.nurse):
        rows = record_of(chair.ward.nurse, chair.ward.patient, chair.dose.pk)
    assert len(rows.rows) == 6
    assert [row.kind for row in rows.standing] == ["checks", "started", "vitals"]
    chair.note("rate", ml_h="50")
    with pytest.raises(flow.OutOfOrder):  # a start with something after it cannot be taken back
        chair.correct(rows.standing[1], take_back=True)
    assert "chair.corrected team" in acts_of(chair.ward.patient)


def test_observation_ends_earlier_only_with_a_reason(chair: Chair) -> None:
    chair.note("started")
    chair.note("ended", 90)
    chair.note("observing")
    with pytest.raises(services.WatchedShorter):
        chair.note("observed", 59)
    row = chair.note("observed", words="The neurologist was here")
    assert row.details["words"] == "The neurologist was here"


def test_a_later_start_of_an_observation_that_has_ended_needs_the_reason_too(chair: Chair) -> None:
    chair.note("started")
    chair.note("ended", 60)
    began = chair.note("observing")
    chair.note("observed", 60)
    later = began.at + minutes(20)
    with pytest.raises(services.WatchedShorter):
        chair.correct(began, at=later)
    assert chair.stand.observing_at == began.at
    fixed = chair.correct(began, at=later, said={"words": "The neurologist was here"})
    chair.correct(fixed, at=began.at)  # longer again: nothing to explain


def test_a_corrected_start_keeps_the_reason_it_was_made_with(chair: Chair) -> None:
    start = chair.note("started", although="The neurologist agreed", ml_h="40")
    chair.now += minutes(5)
    fixed = chair.correct(start, said={"ml_h": "30"}, at=start.at + minutes(1))
    assert (fixed.details["although"], fixed.details["ml_h"]) == ("The neurologist agreed", "30")


# --- What stands against it ------------------------------------------------------------------------------------------


def test_a_dose_that_is_held_starts_only_with_a_reason_of_who_may_say_it(chair: Chair) -> None:
    ward = chair.ward
    with ward.acting(ward.nurse):
        outcomes.postpone(
            by=ward.nurse, patient=ward.patient, dose_id=chair.dose.pk, reason="infection", owner="nurse",
            recheck_on=ward.today + timedelta(days=3), note="", id=uuid7(), now=present(),
        )  # fmt: skip
    with pytest.raises(DosePutOff):
        chair.note("started")
    chair.note("started", although="The neurologist agreed on the phone")
    chair.note("ended", 60)
    assert chair.close(unwatched="She had to leave").state == "given"
    with ward.acting(ward.nurse):
        details = InfusionRecord.objects.for_user(ward.nurse).get(dose=chair.dose).details
    assert details["although"] == "The neurologist agreed on the phone"
    assert details["although_codes"] == ["put_off"]


def test_without_a_fresh_answer_from_the_chair_it_starts_only_with_a_reason(chair: Chair) -> None:
    ward = chair.ward
    chair.now -= timedelta(hours=20)
    ward.ask_there(chair.dose, chair.now)
    chair.now += timedelta(hours=25)
    chair.was_asked = True  # a day ago: too old
    with pytest.raises(NotAsked):
        chair.note("started")
    assert chair.stand.state is State.WAITING
    row = chair.note("started", although="She was asked in the room, the page did not load")
    assert row.details["although"] == "She was asked in the room, the page did not load"


def test_an_answer_at_home_is_not_the_one_at_the_chair(chair: Chair) -> None:
    ward = chair.ward
    chair.was_asked = True
    with pytest.raises(NotAsked):  # nobody was asked
        chair.note("started")
    with ward.acting(ward.maya):
        asked = answers.questions_for(ward.maya, ward.patient, chair.dose)
        said = {one.fact: "no" if one.concern_if == "yes" else "yes" for one in asked}
        answers.answer(
            by=ward.maya, patient=ward.patient, dose_id=chair.dose.pk, said=said, place="home", id=uuid7(), now=chair.now
        )  # fmt: skip
    with pytest.raises(NotAsked):
        chair.note("started")
    ward.ask_there(chair.dose, chair.now)
    assert chair.note("started").kind == "started"


def test_the_screen_offers_to_ask_and_comes_back_to_the_start(chair: Chair, client: Client) -> None:
    ward = chair.ward
    client.force_login(ward.nurse)
    page = client.get(at(ward, chair)).content.decode()
    ask = at(ward, chair, "questions") + "?at=chair"
    assert ask in page
    assert "Ask now, and note the answers" in page
    assert "Start now" not in page
    refused = client.post(
        at(ward, chair, "chair-press"), {"once": str(uuid7()), "kind": "started"}, follow=True
    )
    assert "Ask them now and note the answers" in refused.content.decode()
    form = client.get(ask).context["form"]
    sent = {"draft": str(uuid7()), "draft_version": "0", "place": form["place"].value()}
    sent |= {name: "no" if one.concern_if == "yes" else "yes" for name, one in form.questions.items()}
    done = client.post(ask, sent)
    assert done["Location"] == at(ward, chair)
    ward.check_there(chair.dose, present())
    page = client.get(at(ward, chair)).content.decode()
    assert "Start now" in page
    assert ask not in page


# --- The end ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def counted(ward: Ward) -> Chair:
    """Mitoxantrone: 72 of 140 mg/m2 were given elsewhere, the first dose here is due."""
    note(
        ward, "mitoxantrone", Told(doses_given=6, last_on=ward.today - days(100), lifetime_mg_m2=Decimal(72))
    )
    measure(ward, on=ward.today - days(1))
    return Chair(ward, ward.order("mitoxantrone", ward.today - days(1)))


def more_elsewhere(ward: Ward) -> None:
    """The number from elsewhere was wrong: it is 132 of 140."""
    with ward.acting(ward.nurse):
        old = GivenElsewhere.objects.for_user(ward.nurse, ward.patient).standing().get()
        withdraw_elsewhere(
            by=ward.nurse, patient=ward.patient, elsewhere_id=old.pk, id=uuid7(), now=present()
        )
    told = Told(doses_given=11, last_on=ward.today - days(100), lifetime_mg_m2=Decimal(132))
    note(ward, "mitoxantrone", told)


def test_a_dose_over_the_limit_of_a_lifetime_does_not_start(counted: Chair) -> None:
    more_elsewhere(counted.ward)
    for by in (counted.ward.nurse, counted.ward.neurologist):
        with pytest.raises(OverTheLimit):
            counted.note("started", by=by, although="It was agreed")
    assert counted.stand.state is State.WAITING


def test_what_went_over_the_limit_all_the_same_is_closed_by_a_prescriber_with_the_reason(
    counted: Chair, client: Client
) -> None:
    ward = counted.ward
    counted.note("started")
    counted.note("ended", 30)
    more_elsewhere(ward)  # heard of only now
    end: dict[str, Any] = {"amount_mg": Decimal(24), "unwatched": "None is stated"}
    for by, although in ((ward.nurse, "It ran already"), (ward.neurologist, "")):
        with pytest.raises(OverTheLimit, match="a neurologist closes the record"):
            counted.close(by=by, although=although, **end)
    client.force_login(ward.neurologist)
    page = client.get(at(ward, counted, "chair-close")).content.decode()
    assert 'name="although"' in page
    assert "The most is 140 mg/m2" in page
    counted.close(by=ward.neurologist, although="It ran already", **end)
    with ward.acting(ward.nurse):
        details = InfusionRecord.objects.for_user(ward.nurse).get(dose=counted.dose).details
        total = lifetime(ward.nurse, ward.patient, reading.facts_for(counted.course))
    assert (details["although"], details["although_codes"]) == ("It ran already", ["lifetime_limit"])
    assert total is not None
    assert total.total == Decimal("144")
    assert "treatment.given-although team" in acts_of(ward.patient)


@pytest.mark.parametrize("act", ["given", "missed", "ended", "replaced"])
def test_while_its_record_is_open_nothing_else_says_what_became_of_a_dose(chair: Chair, act: str) -> None:
    ward = chair.ward
    said: dict[str, Any] = {"by": ward.neurologist, "patient": ward.patient}
    chair.note("vitals", pulse=80)  # before the start nothing has begun
    start = chair.note("started")

    def other() -> None:
        if act == "replaced":
            ward.order("natalizumab", ward.today, replaces=chair.course.pk, now=present())
            return
        with ward.acting(ward.neurologist):
            if act == "given":
                giving.record_infusion(
                    **said, dose_id=chair.dose.pk, id=uuid7(), given_at=chair.now, now=chair.now, although="So it was"
                )  # fmt: skip
            elif act == "missed":
                giving.mark_missed(
                    **said, dose_id=chair.dose.pk, reason="Not here", id=uuid7(), now=present()
                )
            else:
                ending.end_course(
                    **said, course_id=chair.course.pk, reason="Moved", id=uuid7(), now=present()
                )

    with pytest.raises(guards.ChairOpen, match="open chair record"):
        other()
    last = chair.note("rate", 5, ml_h="50")  # the record itself goes on
    chair.correct(last, take_back=True)
    chair.correct(start, take_back=True)
    other()
    assert next(dose for dose in ward.doses(chair.course) if dose.pk == chair.dose.pk).state != "planned"


def test_a_dose_in_the_chair_is_not_noted_as_missed_on_its_page(chair: Chair, client: Client) -> None:
    chair.note("started")
    client.force_login(chair.ward.nurse)
    answer = client.post(
        reverse("treatment:patient-missed", args=[chair.ward.patient.pk, chair.dose.pk]),
        {"draft": str(uuid7()), "draft_version": "0", "reason": "Not here"},
    )
    assert "This dose has an open chair record. Close the record first." in answer.content.decode()
    assert chair.stand.state is State.RUNNING


def test_the_record_is_closed_in_the_order_of_locks_of_the_house(chair: Chair) -> None:
    chair.run()
    with CaptureQueriesContext(connection) as asked:
        chair.close()
    locks = [query["sql"] for query in asked if "FOR NO KEY UPDATE" in query["sql"]]
    rows = [
        name
        for lock in locks
        for name in ("patients_patient", "treatment_course")
        if f'FROM "{name}"' in lock
    ]
    assert rows[:2] == ["patients_patient", "treatment_course"]


def test_closing_notes_the_outcome_once_and_gives_the_patient_the_day(chair: Chair) -> None:
    ward = chair.ward
    chair.note("premedication", what="Methylprednisolone", amount="100 mg into the vein")
    chair.note("started", 30, ml_h="30")
    began = chair.now
    chair.note("stopped", 20)
    chair.note("reaction", signs=["skin", "throat"], grade=2, done="Slower")
    chair.note("went_on", 15)
    chair.note("vitals", 1, pulse=82)
    with pytest.raises(services.NotEnded):
        chair.close()
    chair.note("ended", 60)
    with pytest.raises(services.WatchedShorter):
        chair.close()
    chair.note("observing")
    with pytest.raises(services.NotEnded):
        chair.close()
    chair.note("observed", 60)
    id = uuid7()
    dose = chair.close(id=id, note="Slowly next time")
    assert chair.close(id=id, note="Slowly next time").pk == dose.pk
    assert (dose.state, dose.given_at) == ("given", began)
    with ward.acting(ward.nurse):
        details = InfusionRecord.objects.for_user(ward.nurse).get(dose=dose).details
        assert (details["reaction"], details["reaction_grade"], details["lot"]) == (True, 2, "OC-1")
        assert not Postponement.objects.for_user(ward.nurse).open().exists()  # grade 2 holds nothing
    with ward.acting(ward.maya):
        day = day_of(ward.maya, ward.patient, dose.pk)
        assert day is not None
        assert day.day["before"] == ["Methylprednisolone 100 mg into the vein"]
        assert (day.day["signs"], day.day["breaks"], day.day["watched"]) == (["skin", "throat"], 15, 60)
        assert "grade" not in str(day.day)
    with pytest.raises(services.RecordClosed):
        chair.note("vitals", pulse=80)
    assert acts_of(ward.patient).count("chair.closed team") == 1
    assert acts_of(ward.patient).count("treatment.given team") == 1


def test_a_stop_for_a_reaction_needs_the_reaction_in_the_record(chair: Chair) -> None:
    chair.run()
    with pytest.raises(services.ReactionMissing):
        chair.close(extent="stopped", how_much="A third")
    chair.note("reaction", signs=["throat"], grade=3)
    assert chair.close(extent="stopped", how_much="A third").outcome == "stopped_for_reaction"


@pytest.mark.parametrize(("grade", "holds"), [(2, False), (3, True), (4, True), (None, True)])
def test_a_bad_reaction_holds_the_next_dose_until_a_prescriber_has_looked(
    chair: Chair, grade: int | None, holds: bool
) -> None:
    ward = chair.ward
    chair.note("started")
    chair.note("reaction", 10, signs=["breath"], grade=1)
    chair.note("reaction", 5, signs=["breath"], grade=grade)
    chair.note("ended", 30)
    chair.note("observing")
    chair.note("observed", 60)
    chair.close()
    following = Chair(ward, chair.course, chair.now)
    if not holds:
        with ward.acting(ward.nurse):
            assert not Postponement.objects.for_user(ward.nurse).open().exists()
        return
    with pytest.raises(WaitsAfterReaction):
        following.note("started", although="It was fine")
    with ward.acting(ward.neurologist):
        outcomes.go_ahead(
            by=ward.neurologist, patient=ward.patient, dose_id=following.dose.pk, reason="Seen, slower rate", id=uuid7(),
            now=chair.now,
        )  # fmt: skip
    with ward.acting(ward.nurse):
        assert not Postponement.objects.for_user(ward.nurse).open().exists()


def test_after_the_end_only_numbers_are_corrected_and_the_patient_gets_a_new_copy(chair: Chair) -> None:
    chair.note("premedication", what="Cetirizin")
    chair.run()
    chair.close()
    with chair.ward.acting(chair.ward.nurse):
        record = record_of(chair.ward.nurse, chair.ward.patient, chair.dose.pk)
    by_kind = {row.kind: row for row in record.standing}
    for kind in ("started", "ended", "observed"):
        with pytest.raises(services.RecordClosed):
            chair.correct(by_kind[kind])
    chair.correct(by_kind["premedication"], said={"what": "Cetirizine", "amount": "10 mg"})
    with chair.ward.acting(chair.ward.maya):
        day = day_of(chair.ward.maya, chair.ward.patient, chair.dose.pk)
        assert day is not None
        assert day.day["before"] == ["Cetirizine 10 mg"]
        assert ChairDay.objects.for_user(chair.ward.maya).count() == 2


def test_nobody_sits_in_the_chair_for_a_dose_that_is_not_planned_any_more(chair: Chair) -> None:
    ward = chair.ward
    chair.note("started")
    with ward.acting(ward.nurse):
        assert chair.dose.pk in stands_of(ward.nurse, [chair.dose.pk])
        Dose.objects.for_user(ward.nurse, ward.patient).filter(pk=chair.dose.pk).update(state="missed")
        assert stands_of(ward.nurse, [chair.dose.pk]) == {}


def test_hours_of_many_records_are_one_statement(chair: Chair, django_assert_num_queries: Any) -> None:
    chair.run()
    with chair.ward.acting(chair.ward.nurse):
        stands_of(chair.ward.nurse, [chair.dose.pk])
        with django_assert_num_queries(1):
            found = stands_of(chair.ward.nurse, [chair.dose.pk, uuid7()])
    assert found[chair.dose.pk].state is State.OBSERVED


# --- Pages -----------------------------------------------------------------------------------------------------------


def at(ward: Ward, chair: Chair, name: str = "chair", *more: Any) -> str:
    return reverse(f"treatment:patient-{name}", args=[ward.patient.pk, chair.dose.pk, *more])


def test_the_screen_from_the_first_press_to_the_patients_page(chair: Chair, client: Client) -> None:
    ward = chair.ward
    chair.now = present()  # the pages below are about now; six hours ago can be another day
    chair.ask()
    client.force_login(ward.nurse)
    page = client.get(at(ward, chair))
    assert "Start now" in page.content.decode()
    once = str(uuid7())
    for _again in range(2):
        answer = client.post(at(ward, chair, "chair-press"), {"once": once, "kind": "started"}, follow=True)
    assert "Running." in answer.content.decode()
    with ward.acting(ward.nurse):
        rows = record_of(ward.nurse, ward.patient, chair.dose.pk).rows
    assert [row.kind for row in rows] == ["checks", "started"]
    given = client.get(reverse("treatment:patient-given", args=[ward.patient.pk, chair.dose.pk]))
    assert "There is a chair record of this dose" in given.content.decode()
    form = client.get(at(ward, chair) + "?note=reaction")
    assert "Not graded yet" in form.content.decode()
    refused = client.post(
        at(ward, chair) + "?note=vitals", {"draft": str(uuid7()), "draft_version": "0", "pulse": "720"}
    )
    assert refused.status_code == 422
    assert 'value="720"' in refused.content.decode()
    client.post(at(ward, chair) + "?note=reaction", {
        "draft": str(uuid7()), "draft_version": "0", "signs": ["skin"], "grade": "2", "done": "Slower",
    })  # fmt: skip
    for kind in ("ended", "observing"):
        client.post(at(ward, chair, "chair-press"), {"once": str(uuid7()), "kind": kind})
    watching = client.get(at(ward, chair)).content.decode()
    assert "60 minutes left of 60" in watching
    assert "Not over yet in the record" in client.get(at(ward, chair, "chair-close")).content.decode()
    assert "Observation has ended" not in watching
    early = {"draft": str(uuid7()), "draft_version": "0", "words": ""}
    assert client.post(at(ward, chair) + "?note=observed", early).status_code == 422
    early |= {"draft": str(uuid7()), "words": "Told to by the neurologist"}
    assert client.post(at(ward, chair) + "?note=observed", early).status_code == 302
    assert "Worst grade (CTCAE): 2." in client.get(at(ward, chair, "chair-close")).content.decode()
    done = client.post(at(ward, chair, "chair-close"), {
        "draft": str(uuid7()), "draft_version": "0", "extent": "whole", "product": "Ocrevus", "lot": "OC-9",
    })  # fmt: skip
    assert done.status_code == 302
    client.force_login(ward.maya)
    told = client.get(reverse("treatment:chair-day", args=[chair.dose.pk])).content.decode()
    assert "Itching, rash or hives" in told
    assert "grade" not in told.lower()
    assert client.get(at(ward, chair)).status_code == 404


def test_before_the_start_the_screen_says_how_the_list_stands(chair: Chair, client: Client) -> None:
    ward = chair.ward
    client.force_login(ward.nurse)
    page = client.get(at(ward, chair)).content.decode()
    main = page[page.index("<h1") :]
    found = [
        main.index(words)
        for words in ("Before the start", "Not yet asked at the chair", "Start, and say why")
    ]
    assert found == sorted(found)
    with ward.acting(ward.nurse):
        standing = standing_of_dose(ward.nurse, ward.patient, chair.dose, present())
    assert standing.readiness.words in main
    assert "Not written down: ask" in main
    assert at(ward, chair, "ready") in main
    for word in ("ready to", "safe to", "all clear"):
        assert word not in main.lower()
    chair.note("started")
    assert "Before the start" not in client.get(at(ward, chair)).content.decode()


def test_an_open_page_hears_of_the_end_of_the_observation_and_of_other_lines(
    chair: Chair, client: Client
) -> None:
    ward = chair.ward
    chair.now = present() - minutes(55)
    chair.note("started")
    chair.note("ended")
    chair.note("observing")
    client.force_login(ward.nurse)
    news = at(ward, chair, "chair-news")
    assert "10 minutes or less" in client.get(news + "?seen=4-running").json()["words"]
    same = client.get(news + "?seen=4-soon")
    assert same.json()["words"] == ""
    assert client.get(news, headers={"If-None-Match": same["ETag"]}).status_code == 304
    assert "new line" in client.get(news + "?seen=3-none").json()["words"]
    page = client.get(at(ward, chair)).content.decode()
    assert "The observation is over soon" in page


def test_a_version_without_minutes_is_never_guessed(ward: Ward, client: Client) -> None:
    chair = Chair(
        ward, ward.order("ivmp", ward.today - timedelta(days=1), path="three_days"), present() - minutes(70)
    )
    chair.note("started")
    chair.note("ended", 60)
    chair.note("observing")
    client.force_login(ward.nurse)
    assert "Ask your infusion center how long" in client.get(at(ward, chair)).content.decode()
    chair.note("observed", 1)
    assert chair.close().state == "given"
