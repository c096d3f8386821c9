"""A second course that the data count from the first: planned with the order, proposed anew when the first one ends on another day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.lib.ids import uuid7
from portal.lib.time_words import day as day_words
from tests.patients.world import acts_of, signed_in
from tests.treatment.conftest import Ward, before_the_rule
from tests.treatment.test_pages import dated, posted
from treatment import services
from treatment.courses import moving, proceeding
from treatment.courses.pausing import pause_course, resume_course
from treatment.courses.planning import add_months
from treatment.elsewhere import services as elsewhere
from treatment.elsewhere.services import Told
from treatment.ledger import reading as ledger
from treatment.models import Course, Dose
from treatment.outcomes import services as outcomes


def days(count: int) -> timedelta:
    return timedelta(days=count)


def first_course(ward: Ward, start: date, *, last: int = 4) -> Course:
    """Five days, the last one given so many days after the first."""
    course = ward.order("alemtuzumab", start)
    for number in (0, 1, 2, 3, last):
        ward.give(course, start + days(number))
    return course


def second(ward: Ward, course: Course) -> list[date]:
    return [dose.target for dose in ward.doses(course) if dose.number > 5]


def three(day: date) -> list[date]:
    return [day + days(number) for number in range(3)]


def proposed(ward: Ward, course: Course, on: date | None = None) -> dict[int, date]:
    with ward.acting(ward.neurologist):
        moves = services.proposed_moves(ward.neurologist, ward.patient, course, ward.at(on or ward.today, 18))
    return {dose.number: move.window.target for dose, move in moves}


def set_days(ward: Ward, course: Course, numbers: dict[int, date], on: date | None = None) -> None:
    by_number = {dose.number: dose.pk for dose in ward.doses(course)}
    with ward.acting(ward.neurologist):
        services.confirm_moves(
            by=ward.neurologist, patient=ward.patient, course_id=course.pk, reason="As agreed", id=uuid7(),
            targets={by_number[number]: day for number, day in numbers.items()}, now=ward.at(on or ward.today, 17),
        )  # fmt: skip


# --- The order ------------------------------------------------------------------------------------------------------


def test_the_order_lays_out_both_courses_as_windows(ward: Ward) -> None:
    first = ward.today + days(40)
    course = ward.order("alemtuzumab", first, now=ward.at(ward.today))
    doses = ward.doses(course)
    begins = add_months(first + days(4), 12)
    assert [dose.target for dose in doses] == [first + days(number) for number in range(5)] + three(begins)
    sixth = doses[5]
    assert (sixth.earliest, sixth.latest) == (begins, None)
    assert sixth.not_before == first + days(4 + 365)
    with ward.acting(ward.nurse):
        assert moving.open_phase(course, doses) is not None, "the courses after it are a neurologist's"


@pytest.mark.parametrize(("before", "numbers"), [(4, [5, 6, 7, 8]), (5, [6, 7, 8])])
def test_who_comes_mid_course_gets_the_rest_of_the_plan(ward: Ward, before: int, numbers: list[int]) -> None:
    last = ward.today - days(370)
    with ward.acting(ward.nurse):
        elsewhere.note_elsewhere(
            by=ward.nurse, patient=ward.patient, therapy="alemtuzumab", told=Told(doses_given=before, last_on=last),
            confirmed=True, id=uuid7(), now=ward.at(ward.today, 8),
        )  # fmt: skip
    course = ward.order("alemtuzumab", ward.today, given_before=before)
    doses = ward.doses(course)
    assert [dose.number for dose in doses] == numbers
    if before == 4:
        assert second(ward, course) == three(add_months(ward.today, 12))
    page = signed_in(ward.neurologist).get(f"/patients/{ward.patient.pk}/treatment/order/").content.decode()
    said = f"By the data dose 6 comes next, counted to {day_words(add_months(last, 12))}."
    assert (said in " ".join(page.split())) == (before == 5)


# --- The first course ends on another day ------------------------------------------------------------------------------


def test_a_first_course_in_time_proposes_nothing(ward: Ward) -> None:
    start = ward.today - days(20)
    course = first_course(ward, start)
    assert second(ward, course) == three(add_months(start + days(4), 12))
    assert proposed(ward, course) == {}


def test_a_late_last_day_is_proposed_and_the_minimum_holds_until_somebody_accepts(ward: Ward) -> None:
    start = ward.today - days(30)
    course = first_course(ward, start, last=14)
    planned = three(add_months(start + days(4), 12))
    assert second(ward, course) == planned, "nothing moves by itself"
    wanted = three(add_months(start + days(14), 12))
    assert list(proposed(ward, course).values()) == wanted
    sixth = ward.planned(course)
    assert sixth.not_before == start + days(14 + 365)
    with ward.acting(ward.nurse):
        assert services.day_check(sixth, planned[0]).blocked
    set_days(ward, course, dict(zip((6, 7, 8), wanted, strict=True)))
    assert second(ward, course) == wanted
    assert proposed(ward, course) == {}
    assert acts_of(ward.patient).count("treatment.moved team") == 1


def test_the_page_shows_the_proposal_and_keeps_exactly_those_days(ward: Ward) -> None:
    start = ward.today - days(30)
    course = first_course(ward, start, last=14)
    base = f"/patients/{ward.patient.pk}/treatment/{course.pk}/"
    hana = signed_in(ward.neurologist)
    text = " ".join(hana.get(base).content.decode().split())
    wanted = three(add_months(start + days(14), 12))
    assert "New dates are proposed" in text
    assert f"Dose 6: {day_words(wanted[0])}" in text
    assert "The data state no rule for late doses" not in text
    assert f"{base}dates/" in text


def test_a_moved_last_day_is_not_refused_and_proposes_the_second_course_anew(ward: Ward) -> None:
    course = ward.order("alemtuzumab", ward.today + days(3), now=ward.at(ward.today))
    before = second(ward, course)
    last = ward.today + days(3 + 10)
    set_days(ward, course, {5: last})
    assert second(ward, course) == before
    sixth = next(dose for dose in ward.doses(course) if dose.number == 6)
    assert sixth.not_before == last + days(365)
    assert list(proposed(ward, course).values()) == three(add_months(last, 12))
    with pytest.raises(services.TooEarly):
        set_days(ward, course, {6: last + days(364)})
    set_days(ward, course, dict(zip((6, 7, 8), three(last + days(365)), strict=True)))
    assert proposed(ward, course) == {}, "a neurologist chose the first day that the minimum allows"


def test_a_course_that_was_moved_forward_takes_the_second_one_along_as_a_proposal(ward: Ward) -> None:
    course = ward.order("alemtuzumab", ward.today + days(60), now=ward.at(ward.today))
    sooner = {number: ward.today + days(9 + number) for number in range(1, 6)}
    set_days(ward, course, sooner)
    assert list(proposed(ward, course).values()) == three(add_months(sooner[5], 12))


def test_a_monday_that_a_neurologist_chose_is_not_proposed_away(ward: Ward) -> None:
    start = ward.today - days(10)
    course = ward.order("alemtuzumab", start)
    chosen = add_months(start + days(4), 12) + days(2)
    set_days(ward, course, dict(zip((6, 7, 8), three(chosen), strict=True)), on=start)
    for number in range(4):
        ward.give(course, start + days(number))
    ward.give(course, start + days(4))
    assert proposed(ward, course) == {}


def test_a_missed_last_day_counts_from_the_last_dose_given(ward: Ward) -> None:
    start = ward.today - days(10)
    course = ward.order("alemtuzumab", start)
    for number in range(4):
        ward.give(course, start + days(number))
    with ward.acting(ward.nurse):
        services.mark_missed(
            by=ward.nurse, patient=ward.patient, dose_id=ward.planned(course).pk, reason="A fever", id=uuid7(),
            now=ward.at(start + days(4), 17),
        )  # fmt: skip
    assert list(proposed(ward, course).values()) == three(add_months(start + days(3), 12))


def test_a_second_course_that_is_put_off_begins_as_a_whole_on_the_day_to_look_again(ward: Ward) -> None:
    start = ward.today - days(372)
    course = first_course(ward, start)
    with ward.acting(ward.nurse):
        outcomes.postpone(
            by=ward.nurse, patient=ward.patient, dose_id=ward.planned(course).pk, reason="infection", owner="nurse", note="",
            recheck_on=ward.today + days(12), id=uuid7(), now=ward.at(ward.today, 9),
        )  # fmt: skip
    assert list(proposed(ward, course).values()) == three(ward.today + days(12))


def test_after_a_pause_the_second_course_follows_the_first(ward: Ward) -> None:
    course = ward.order("alemtuzumab", ward.today + days(2), now=ward.at(ward.today))
    act: dict[str, Any] = {"by": ward.neurologist, "patient": ward.patient, "course_id": course.pk}
    with ward.acting(ward.neurologist):
        pause_course(reason="A move", id=uuid7(), now=ward.at(ward.today), **act)
    assert proposed(ward, course) == {}
    again = ward.today + days(30)
    with ward.acting(ward.neurologist):
        resume_course(first_on=again, reason="Back", id=uuid7(), now=ward.at(ward.today, 11), **act)
    assert second(ward, course) == three(add_months(again + days(4), 12))


# --- Another first day ------------------------------------------------------------------------------------------------


def test_another_first_day_takes_the_days_in_a_row_along(ward: Ward) -> None:
    course = first_course(ward, ward.today - days(20))
    sixth = ward.planned(course)
    url = f"/patients/{ward.patient.pk}/treatment/doses/{sixth.pk}/date/"
    hana = signed_in(ward.neurologist)
    assert "The 2 doses after it keep their distances" in hana.get(url).content.decode()
    monday = sixth.target + days(3)
    answer = hana.post(url, posted(reason="A Monday", **dated("day", monday)))
    assert answer.status_code == 302
    assert second(ward, course) == three(monday)
    assert proposed(ward, course) == {}


# --- What follows from a planned second course ----------------------------------------------------------------------------


def test_the_ledger_says_that_a_new_dose_starts_the_months_again(ward: Ward) -> None:
    course = first_course(ward, ward.today - days(20))
    with ward.acting(ward.nurse):
        lines = ledger.ledger_of(ward.nurse, ward.patient, ward.at(ward.today))
    blood = next(line for line in lines if line.test.code == "blood_count")
    assert blood.until == add_months(ward.today - days(16), 48)
    assert blood.moves
    assert second(ward, course)


def test_the_patient_reads_a_week_and_nobody_is_asked_to_plan(ward: Ward) -> None:
    start = ward.today - days(350)
    course = first_course(ward, start)
    text = " ".join(signed_in(ward.maya).get("/treatment/").content.decode().split())
    begins = second(ward, course)[0]
    monday = begins - days(begins.weekday())
    assert f"lanned for the week of {day_words(monday)}" in text
    assert "Your team plans the next course" not in text
    assert "of 53 since your last infusion" in text
    assert "is not planned yet" not in signed_in(ward.nurse).get("/").content.decode()


def test_a_stopped_last_day_holds_the_second_course_until_a_neurologist_has_looked(ward: Ward) -> None:
    start = ward.today - days(20)
    course = ward.order("alemtuzumab", start)
    for number in range(4):
        ward.give(course, start + days(number))
    ward.give(course, start + days(4), extent="stopped", how_much="Half")
    sixth = ward.planned(course)
    step: dict[str, Any] = {
        "by": ward.nurse,
        "patient": ward.patient,
        "dose_id": sixth.pk,
        "now": ward.at(ward.today),
    }
    with ward.acting(ward.nurse):
        outcomes.note_drug_step(kind="ordered", id=uuid7(), **step)
        with pytest.raises(proceeding.WaitsAfterReaction):
            outcomes.note_drug_step(kind="released", id=uuid7(), **step)


# --- Treatments that were ordered before ------------------------------------------------------------------------------------


def test_an_old_course_keeps_its_doses_until_the_next_one_is_noted(ward: Ward) -> None:
    start = ward.today - days(10)
    with before_the_rule():
        course = ward.order("alemtuzumab", start)
        for number in range(3):
            ward.give(course, start + days(number))
    assert len(ward.doses(course)) == 5
    assert proposed(ward, course) == {}
    ward.give(course, start + days(3))
    assert second(ward, course) == three(add_months(start + days(4), 12))


def test_an_old_course_that_is_over_asks_for_a_neurologist_on_its_page(ward: Ward) -> None:
    start = ward.today - days(100)
    with before_the_rule():
        course = first_course(ward, start)
    text = " ".join(
        signed_in(ward.neurologist)
        .get(f"/patients/{ward.patient.pk}/treatment/{course.pk}/")
        .content.decode()
        .split()
    )
    assert "The next phase has no day yet" in text
    assert f"The data count it to {day_words(add_months(start + days(4), 12))}." in text
    with ward.acting(ward.neurologist):
        services.plan_next_phase(
            by=ward.neurologist, patient=ward.patient, course_id=course.pk, first_on=start + days(4 + 366), reason="A year",
            id=uuid7(), now=ward.at(ward.today),
        )  # fmt: skip
    assert second(ward, course) == three(start + days(370))


def test_the_page_asks_as_often_with_a_proposal_as_without(ward: Ward) -> None:
    """One of two more statements at most: what a prescriber has set is only read where something would be proposed."""
    start = ward.today - days(30)
    course = first_course(ward, start)
    nurse, url = signed_in(ward.nurse), f"/patients/{ward.patient.pk}/treatment/{course.pk}/"

    def count() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert nurse.get(url).status_code == 200
        return len(seen)

    count()
    without = count()
    with ward.acting(ward.nurse):
        sooner = second(ward, course)[0] - days(1)
        Dose.objects.for_user(ward.nurse).filter(course=course, number=6).update(
            earliest=sooner, target=sooner
        )
    assert count() <= without + 1
