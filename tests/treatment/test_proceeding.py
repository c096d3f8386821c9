"""The gate before every act on a dose, and reactions that hold the next one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import pytest

from portal.lib.ids import uuid7
from portal.lib.time import now as present
from tests.patients.world import acts_of
from tests.treatment.conftest import Ward, before_the_rule
from treatment import services
from treatment.courses import guards, pausing, proceeding
from treatment.courses.eyes import Eyes
from treatment.courses.proceeding import Act, Code
from treatment.elsewhere import services as elsewhere
from treatment.labelchange import services as labelchange
from treatment.models import Change, Course, Dose, InfusionRecord, Postponement
from treatment.outcomes import services as outcomes
from treatment.readiness import answers


def days(count: int) -> timedelta:
    return timedelta(days=count)


def in_the_middle(ward: Ward) -> Course:
    """Ocrelizumab: both halves given, the next full dose due today."""
    start = ward.today - days(182)
    course = ward.order("ocrelizumab_iv", start)
    ward.give(course, start)
    ward.give(course, start + days(14))
    return course


def after_three(ward: Ward, **last: Any) -> Course:
    """Natalizumab: three given, the last one four weeks ago with what is said of it; the next due today."""
    start = ward.today - days(84)
    course = ward.order("natalizumab", start)
    for number in range(2):
        ward.give(course, start + days(28 * number), reaction=False)
    ward.give(course, start + days(56), **last)
    return course


def codes(ward: Ward, course: Course, act: Act = Act.GIVE, on: date | None = None) -> list[Code]:
    dose = ward.planned(course)
    with ward.acting(ward.nurse):
        found = proceeding.stops(Eyes(ward.nurse, ward.patient), dose, act, on=on or ward.today)
    return [stop.code for stop in found]


def step(ward: Ward, course: Course, kind: str, **more: Any) -> Any:
    dose_id = more.pop("dose_id", None) or ward.planned(course).pk
    with ward.acting(ward.nurse):
        return outcomes.note_drug_step(
            by=ward.nurse, patient=ward.patient, dose_id=dose_id, kind=kind, id=uuid7(), now=ward.at(ward.today), **more,
        )  # fmt: skip


def ahead(ward: Ward, course: Course, reason: str = "", by: Any = None) -> Dose:
    dose_id, by = ward.planned(course).pk, by or ward.neurologist
    with ward.acting(by):
        return outcomes.go_ahead(
            by=by, patient=ward.patient, dose_id=dose_id, id=uuid7(), now=ward.at(ward.today), reason=reason
        )


def held(ward: Ward, course: Course) -> Postponement | None:
    with ward.acting(ward.nurse):
        rows = Postponement.objects.for_user(ward.nurse, ward.patient).open().filter(dose__course=course)
        return rows.select_related("dose").first()


# --- Reactions ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "holds"),
    [
        ({"reaction": True, "reaction_grade": 3}, True),
        ({"reaction": True, "reaction_grade": 4, "extent": "part", "how_much": "Half"}, True),
        ({"reaction": True}, True),  # not graded is not mild
        ({"reaction": True, "reaction_grade": 2}, False),
        ({"reaction": True, "reaction_grade": 1, "extent": "part", "how_much": "Half"}, False),
        ({"reaction": False}, False),
        ({"reaction": True, "reaction_grade": 1, "extent": "stopped", "how_much": "Half"}, True),
    ],
)
def test_a_reaction_of_grade_3_or_without_a_grade_holds_the_next_dose_whatever_was_given(
    ward: Ward, said: dict[str, Any], holds: bool
) -> None:
    course = after_three(ward, **said)
    row = held(ward, course)
    assert (row is not None) is holds
    assert (Code.REACTION in codes(ward, course)) is holds
    if row is not None:
        assert (row.reason, row.owner, row.dose.number) == ("reaction", "clinic", 4)


def test_after_a_reaction_nothing_is_given_released_mixed_or_booked_until_a_prescriber_says_why(
    ward: Ward,
) -> None:
    course = after_three(ward, reaction=True, reaction_grade=3)
    step(ward, course, "ordered")
    for kind in ("released",):
        with pytest.raises(proceeding.WaitsAfterReaction):
            step(ward, course, kind)
    with pytest.raises(proceeding.WaitsAfterReaction):
        ward.give(course, ward.today)
    for who in (ward.maya, ward.carer, ward.nurse):
        with ward.acting(who):
            found = services.dose_for_booking(who, ward.patient)
        assert found is not None
        assert found.held
    with pytest.raises(guards.NotAPrescriber):
        ahead(ward, course, "It is over", ward.nurse)
    with pytest.raises(guards.TextMissing):
        ahead(ward, course)
    assert held(ward, course) is not None
    ahead(ward, course, "Slower, with an antihistamine")
    with ward.acting(ward.nurse):
        look = Change.objects.for_user(ward.nurse).get(kind="reviewed")
        assert (look.reason, look.made_by_id) == ("Slower, with an antihistamine", ward.neurologist.pk)
    assert "treatment.reaction-reviewed team" in acts_of(ward.patient)
    step(ward, course, "released")
    assert ward.give(course, ward.today).state == "given"
    with ward.acting(ward.maya):
        offered = services.dose_for_booking(ward.maya, ward.patient)
    assert offered is not None
    assert not offered.held


def test_a_grade_without_a_reaction_and_a_grade_that_is_none_are_refused(ward: Ward) -> None:
    course = in_the_middle(ward)
    for said in ({"reaction": False, "reaction_grade": 3}, {"reaction": True, "reaction_grade": 6}):
        with pytest.raises(guards.GradeWithoutReaction):
            ward.give(course, ward.today, **said)


def test_no_way_around_a_reaction_missed_put_off_again_and_given_although(ward: Ward) -> None:
    course = after_three(ward, reaction=True, reaction_grade=3)
    with ward.acting(ward.neurologist):
        outcomes.postpone(
            by=ward.neurologist, patient=ward.patient, dose_id=held(ward, course).dose_id, reason="wish", owner="you",
            recheck_on=ward.today, id=uuid7(), now=ward.at(ward.today),
        )  # fmt: skip
    step(ward, course, "ordered")
    for act in (Act.GIVE, Act.RELEASE, Act.MIX, Act.BOOK):  # the newer word does not hide it
        assert codes(ward, course, act) == [Code.REACTION], act
    with pytest.raises(proceeding.WaitsAfterReaction):
        step(ward, course, "released")
    tries: tuple[dict[str, Any], ...] = ({}, {"although": "It was urgent"})
    for give in tries:
        with pytest.raises(proceeding.WaitsAfterReaction):
            ward.give(course, ward.today, **give)
    for who in (ward.maya, ward.carer, ward.nurse):
        with ward.acting(who):
            offered = services.dose_for_booking(who, ward.patient)
        assert offered is not None
        assert offered.held
    ahead(ward, course, by=ward.nurse)  # the wish is over; the reaction is not
    assert codes(ward, course) == [Code.REACTION]
    with ward.acting(ward.neurologist):
        services.mark_missed(
            by=ward.neurologist, patient=ward.patient, dose_id=held(ward, course).dose_id, reason="Skipped",
            id=uuid7(), now=ward.at(ward.today),
        )  # fmt: skip
    row = held(ward, course)
    assert row is not None
    assert row.dose.number == 5


def test_a_new_order_of_the_same_drug_by_another_route_waits_for_the_same_reaction(ward: Ward) -> None:
    start = ward.today - days(200)
    course = ward.order("ocrelizumab_iv", start)
    ward.give(course, start)
    ward.give(course, start + days(14), reaction=True, reaction_grade=4)
    new = ward.order("ocrelizumab_sc", ward.today, replaces=course.pk, now=ward.at(ward.today))
    row = held(ward, new)
    assert row is not None
    assert (row.reason, row.dose.number) == ("reaction", 1)
    other = ward.order("natalizumab", ward.today, replaces=new.pk, now=ward.at(ward.today, 11))
    assert held(ward, other) is None


def test_steroids_for_a_relapse_are_booked_beside_a_treatment_that_is_held(ward: Ward) -> None:
    held_course = after_three(ward, reaction=True, reaction_grade=3)
    beside = ward.order("ivmp", ward.today + days(3), path="three_days", now=ward.at(ward.today, 8))
    for who in (ward.maya, ward.carer):
        with ward.acting(who):
            found = services.dose_for_booking(who, ward.patient)
        assert found is not None
        assert (found.dose_id, found.held) == (ward.planned(beside).pk, False)
    assert held(ward, held_course) is not None


# --- One gate -------------------------------------------------------------------------------------------------------


def red_answer(ward: Ward, dose: Dose) -> None:
    with ward.acting(ward.maya):
        question = answers.questions_for(ward.maya, ward.patient, dose)[0]
        answers.answer(
            by=ward.maya, patient=ward.patient, dose_id=dose.pk, said={question.fact: question.concern_if},
            place="home", id=uuid7(), now=ward.at(ward.today, 7),
        )  # fmt: skip


def withdraw(ward: Ward, course: Course) -> None:
    with ward.acting(ward.neurologist):
        labelchange.note_change(
            by=ward.neurologist, code=course.order.protocol.therapy.code, what="A new warning", source="Label 2026",
            changed_on=ward.today, withdraw=[course.order.protocol.version], id=uuid7(), now=ward.at(ward.today),
        )  # fmt: skip


def test_a_red_answer_stops_giving_releasing_and_mixing(ward: Ward) -> None:
    course = in_the_middle(ward)
    red_answer(ward, ward.planned(course))
    for act in (Act.GIVE, Act.RELEASE, Act.MIX):
        assert codes(ward, course, act) == [Code.ANSWER], act
    assert codes(ward, course, Act.BOOK) == []  # a time lies later; the day itself is stopped
    with pytest.raises(proceeding.AnswerStops):
        ward.give(course, ward.today)
    step(ward, course, "ordered")
    with pytest.raises(proceeding.AnswerStops):
        step(ward, course, "released")


def test_on_a_withdrawn_version_nothing_goes_on_silently(ward: Ward) -> None:
    course = in_the_middle(ward)
    withdraw(ward, course)
    for act in (Act.GIVE, Act.RELEASE, Act.MIX, Act.BOOK):
        assert codes(ward, course, act) == [Code.WITHDRAWN], act
    with pytest.raises(proceeding.VersionWithdrawn):
        ward.give(course, ward.today)
    for who in (ward.maya, ward.carer):
        with ward.acting(who):
            found = services.dose_for_booking(who, ward.patient)
        assert found is not None
        assert found.held


def test_the_next_phase_is_not_planned_on_a_withdrawn_version(ward: Ward) -> None:
    start = ward.today - days(20)
    with before_the_rule():
        course = ward.order("alemtuzumab", start)
        for number in range(5):
            ward.give(course, start + days(number))
    withdraw(ward, course)
    with ward.acting(ward.neurologist), pytest.raises(proceeding.VersionWithdrawn):
        services.plan_next_phase(
            by=ward.neurologist, patient=ward.patient, course_id=course.pk, first_on=ward.today + days(360),
            reason="Second course", id=uuid7(), now=ward.at(ward.today),
        )  # fmt: skip


def test_a_later_dose_is_neither_released_nor_mixed_before_the_one_ahead_of_it(ward: Ward) -> None:
    course = in_the_middle(ward)
    later = [dose for dose in ward.doses(course) if dose.is_planned][1]
    step(ward, course, "ordered", dose_id=later.pk)
    with pytest.raises(proceeding.EarlierDoseOpen):
        step(ward, course, "released", dose_id=later.pk)


def test_nothing_is_released_while_what_was_given_elsewhere_is_not_confirmed(ward: Ward) -> None:
    course = in_the_middle(ward)
    with ward.acting(ward.nurse):
        elsewhere.note_elsewhere(
            by=ward.nurse, patient=ward.patient, therapy="ocrelizumab_sc", told=elsewhere.Told(doses_given=2),
            confirmed=False, id=uuid7(), now=ward.at(ward.today),
        )  # fmt: skip
    for act in (Act.GIVE, Act.RELEASE, Act.MIX, Act.BOOK):
        assert codes(ward, course, act) == [Code.UNKNOWN], act
    with ward.acting(ward.carer):
        found = services.dose_for_booking(ward.carer, ward.patient)
    assert found is not None
    assert found.held


def test_nothing_is_mixed_before_the_shortest_interval(ward: Ward) -> None:
    start = ward.today - days(100)
    course = ward.order("ocrelizumab_iv", start)
    ward.give(course, start)
    ward.give(course, start + days(14))
    step(ward, course, "ordered")
    step(ward, course, "released")
    with pytest.raises(proceeding.TooEarly):
        step(ward, course, "mixed")


def test_a_dose_elsewhere_by_another_route_moves_the_first_day_for_booking_and_for_new_dates(
    ward: Ward,
) -> None:
    """The same drug given elsewhere, noted after the order, holds for the team, the patient and a carer."""
    course = ward.order("ocrelizumab_iv", ward.today + days(1), now=ward.at(ward.today))
    last = ward.today - days(30)
    with ward.acting(ward.nurse):
        elsewhere.note_elsewhere(
            by=ward.nurse, patient=ward.patient, therapy="ocrelizumab_sc", confirmed=True, id=uuid7(),
            told=elsewhere.Told(doses_given=1, first_on=last, last_on=last), now=ward.at(ward.today),
        )  # fmt: skip
    first = last + days(152)
    for who in (ward.nurse, ward.maya, ward.carer):
        with ward.acting(who):
            found = services.dose_for_booking(who, ward.patient)
        assert found is not None
        assert found.not_before == first
    dose = ward.planned(course)
    with ward.acting(ward.neurologist), pytest.raises(proceeding.TooEarly):
        services.confirm_moves(
            by=ward.neurologist, patient=ward.patient, course_id=course.pk, targets={dose.pk: first - days(1)},
            reason="Sooner", id=uuid7(), now=ward.at(ward.today),
        )  # fmt: skip


# --- What really happened can be written down, never silently -------------------------------------------------------


@contextmanager
def refused(*errors: type[Exception]) -> Iterator[None]:
    with pytest.raises(errors):
        yield


def test_given_although_it_is_stopped_is_noted_with_the_reason_and_on_the_trail(ward: Ward) -> None:
    course = in_the_middle(ward)
    red_answer(ward, ward.planned(course))
    withdraw(ward, course)
    with refused(proceeding.VersionWithdrawn, proceeding.AnswerStops):
        ward.give(course, ward.today)
    given = ward.give(course, ward.today, although="Given before the answer was read")
    with ward.acting(ward.nurse):
        details = InfusionRecord.objects.for_user(ward.nurse).get(dose=given).details
    assert details["although"] == "Given before the answer was read"
    assert set(details["although_codes"]) == {"withdrawn", "answer"}
    acts = acts_of(ward.patient)
    assert "treatment.given-although team" in acts
    assert "treatment.given team" in acts


def test_after_a_reaction_or_in_a_pause_only_a_prescriber_notes_what_was_given_although(ward: Ward) -> None:
    course = after_three(ward, reaction=True, reaction_grade=3)
    with refused(proceeding.WaitsAfterReaction):
        ward.give(course, ward.today, although="It was urgent")
    ward.give(course, ward.today, by=ward.neurologist, although="It was urgent", reaction=False)
    row = held(ward, course)  # nobody has looked at the reaction, so the next one waits
    assert row is not None
    assert row.dose.number == 5


def test_a_pause_is_noted_beside_by_a_prescriber_only(ward: Ward) -> None:
    course = in_the_middle(ward)
    with ward.acting(ward.neurologist):
        pausing.pause_course(
            by=ward.neurologist, patient=ward.patient, course_id=course.pk, reason="Surgery", id=uuid7(),
            now=ward.at(ward.today),
        )  # fmt: skip
    with refused(proceeding.CoursePaused):
        ward.give(course, ward.today, although="Another ward gave it")
    given = ward.give(course, ward.today, by=ward.neurologist, although="Another ward gave it")
    assert given.state == "given"


def test_nobody_notes_a_dose_beside_an_earlier_one_or_unknown_numbers(ward: Ward) -> None:
    course = in_the_middle(ward)
    later = [dose for dose in ward.doses(course) if dose.is_planned][1]
    with refused(proceeding.EarlierDoseOpen):
        ward.give(course, ward.today, by=ward.neurologist, dose_id=later.pk, although="It was so")


# --- What cannot be -------------------------------------------------------------------------------------------------


def test_a_dose_in_the_future_or_before_the_order_is_refused(ward: Ward) -> None:
    start = ward.today - days(10)
    course = ward.order("natalizumab", start)
    dose = ward.planned(course)
    for at in (ward.at(ward.today + days(1)), ward.at(start - days(1)), ward.at(date(1990, 1, 1))):
        with ward.acting(ward.neurologist), refused(proceeding.DayNotPossible):
            services.record_infusion(
                by=ward.neurologist, patient=ward.patient, dose_id=dose.pk, id=uuid7(), given_at=at, now=present(),
                early_reason="x", although="x",
            )  # fmt: skip
