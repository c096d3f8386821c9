"""Lines that the data ask for before a first dose, or before each course of days: they stand before the dose that really is the first one."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from portal.lib.ids import uuid7
from tests.treatment.conftest import Ward
from tests.treatment.test_from_elsewhere import write
from treatment.courses import giving, reading
from treatment.courses.preview import EVERY_COURSE, before_which
from treatment.elsewhere.services import Told
from treatment.models import ChecklistItem, Course, Dose
from treatment.protocols.facts import Facts, facts_of
from treatment.protocols.loading import read
from treatment.readiness import items
from treatment.readiness.dose import standing_of_dose

JCV, MRI = "scr.anti_jcv_antibody_with_index", "scr.mri_brain_baseline"
PREGNANCY = "alemtuzumab.scr.pregnancy_test"


def days(count: int) -> timedelta:
    return timedelta(days=count)


def asked(ward: Ward, dose: Dose, when: str = "first") -> list[str]:
    """The lines of a kind that stand before a dose, in their order."""
    facts = {said.fact for said in reading.facts_for(dose.course).before_dose if said.when == when}
    with ward.acting(ward.nurse):
        rows = ChecklistItem.objects.for_user(ward.nurse, ward.patient).filter(dose=dose, fact__in=facts)
        return [item.fact for item in rows.order_by("position")]


def baseline(ward: Ward, code: str) -> list[str]:
    facts = facts_of(ward.protocol(code).pk)
    return [said.fact for said in facts.before_dose if said.when == "first"]


def missed(ward: Ward, dose: Dose, day: date) -> None:
    with ward.acting(ward.nurse):
        giving.mark_missed(
            by=ward.nurse, patient=ward.patient, dose_id=dose.pk, reason="Did not come", id=uuid7(), now=ward.at(day, 18)
        )  # fmt: skip


def settle(ward: Ward, dose: Dose, part: str, state: str, **more: Any) -> None:
    with ward.acting(ward.nurse):
        rows = ChecklistItem.objects.for_user(ward.nurse, ward.patient).filter(dose=dose)
        item = rows.get(fact__endswith=part)
        items.note_item(
            by=ward.nurse, patient=ward.patient, item_id=item.pk, state=state, id=uuid7(), now=ward.at(ward.today, 9), **more
        )  # fmt: skip


@pytest.fixture
def started(ward: Ward) -> Course:
    """Natalizumab, ordered for today and not given yet."""
    return ward.order("natalizumab", ward.today)


def test_after_a_missed_first_dose_its_open_lines_stand_before_the_next(ward: Ward, started: Course) -> None:
    first, second, third, *_later = ward.doses(started)
    assert asked(ward, first) == baseline(ward, "natalizumab")
    assert asked(ward, second) == []
    missed(ward, first, ward.today)
    assert asked(ward, second) == baseline(ward, "natalizumab")
    assert asked(ward, third) == []
    with ward.acting(ward.nurse):
        stands = standing_of_dose(ward.nurse, ward.patient, second, ward.at(second.target, 9))
    assert stands.readiness.worst not in ("ready", "chair", "later")


def test_missed_twice_the_lines_go_on_once_each(ward: Ward, started: Course) -> None:
    first, second, third, *_later = ward.doses(started)
    missed(ward, first, ward.today)
    settle(ward, second, "scr.rems_enrolment_complete", "done")
    missed(ward, second, second.target)
    found = asked(ward, third)
    assert len(found) == len(set(found))
    assert set(baseline(ward, "natalizumab")) - set(found) == {"natalizumab.scr.rems_enrolment_complete"}


def test_what_is_settled_stays_and_what_was_begun_stays_begun(ward: Ward, started: Course) -> None:
    first, second, *_later = ward.doses(started)
    settle(ward, first, "scr.rems_enrolment_complete", "done")
    settle(ward, first, "scr.prior_immunosuppressant_history", "not_needed")
    settle(ward, first, JCV, "waiting")
    settle(
        ward, first, MRI, "done", day=ward.today, valid_until=ward.today + days(5)
    )  # runs out before the next
    missed(ward, first, ward.today)
    assert asked(ward, second) == [
        f"natalizumab.{part}" for part in (MRI, JCV, "scr.vaccines_reviewed_4_6_weeks_before_start_where_n")
    ]
    with ward.acting(ward.nurse):
        begun = ChecklistItem.objects.for_user(ward.nurse, ward.patient).get(dose=second, fact__endswith=JCV)
    assert begun.state == "waiting"


def test_after_a_dose_that_was_given_a_missed_one_brings_nothing(ward: Ward, started: Course) -> None:
    first, second, third, *_later = ward.doses(started)
    ward.give(started, ward.today, dose_id=first.pk)
    missed(ward, second, second.target)
    assert asked(ward, second) == asked(ward, third) == []


def test_who_goes_on_from_elsewhere_has_the_lines_once_and_open(ward: Ward) -> None:
    write(ward, Told(doses_given=2, last_on=ward.today - days(28)), by=ward.nurse, confirmed=True)
    course = ward.order("natalizumab", ward.today, given_before=2)
    first, second, *_later = ward.doses(course)
    assert first.number == 3
    assert asked(ward, first) == baseline(ward, "natalizumab")
    assert asked(ward, second) == []
    with ward.acting(ward.nurse):
        lines = items.lines_for(ward.nurse, ward.patient, first, ward.at(ward.today, 7))
    found = {line.item.fact: line.standing.settled for line in lines if line.said.when == "first"}
    assert found
    assert not any(found.values())


def test_the_check_before_each_course_stands_before_both_courses(ward: Ward) -> None:
    course = ward.order("alemtuzumab", ward.today)
    found = {dose.number for dose in ward.doses(course) if PREGNANCY in asked(ward, dose, "course")}
    assert found == {1, 6}
    assert {dose.number for dose in ward.doses(course) if asked(ward, dose)} == {1}


def test_missed_first_day_of_a_course_leaves_its_check_before_the_second_day(ward: Ward) -> None:
    course = ward.order("alemtuzumab", ward.today)
    first, second, third, *_later = ward.doses(course)
    missed(ward, first, ward.today)
    assert asked(ward, second, "course") == [PREGNANCY]
    assert asked(ward, second) == baseline(ward, "alemtuzumab")
    assert asked(ward, third, "course") == []


def test_every_line_that_the_data_ask_for_before_each_course_is_laid_before_each() -> None:
    """Where a plan has more than one course of days, "before each course" in a fact's own words is never read as "the first dose"."""
    for facts in map(Facts, read()):
        said = {row["key"]: row.get("when", "") for row in facts.content["screening"]}
        for item in facts.before_dose:
            if before_which(said.get(item.fact, "")) != EVERY_COURSE:
                assert item.when != "course", item.fact  # only where the source says so
            elif any(len(path.phases) > 1 for path in facts.paths.values()):
                assert item.when == "course", item.fact
