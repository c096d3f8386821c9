"""The journey: where the patient is, what stands before the next dose and who has it, the one next step; the page, Today and the API say the same."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.formats import date_format

from portal.lib.ids import uuid7
from portal.lib.time_words import day
from tests.patients.world import signed_in
from tests.treatment.conftest import Ward, before_the_rule
from tests.treatment.test_pages import statements
from treatment import services
from treatment.courses.planning import add_months
from treatment.elsewhere.services import Told, note_elsewhere
from treatment.journey.reading import Journey, journey_of
from treatment.models import ChecklistItem, Course, Dose
from treatment.outcomes import services as outcomes
from treatment.readiness import answers
from treatment.selfcheck import services as selfcheck

API = "/api/v1/treatment/journey/"


def days(count: int) -> timedelta:
    return timedelta(days=count)


def read(client: Any, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200, response.status_code
    return " ".join(response.content.decode().split())


@pytest.fixture
def course(ward: Ward) -> Course:
    """Natalizumab: two doses given, the third due in twelve days."""
    start = ward.today - days(44)
    found = ward.order("natalizumab", start)
    ward.give(found, start)
    ward.give(found, start + days(28))
    return found


def where(ward: Ward) -> Journey:
    with ward.acting(ward.maya):
        return journey_of(ward.maya, ward.patient, ward.at(ward.today))


def settle_all(ward: Ward, dose: Dose) -> None:
    """Every line is done, as if the team had ticked it."""
    with ward.acting(ward.nurse):
        for item in services.before(ward.nurse, ward.patient, dose, ward.at(ward.today)):
            if item.id is not None and not item.done:
                services.settle_item(
                    by=ward.nurse, patient=ward.patient, item_id=item.id, done=True, id=uuid7(), now=ward.at(ward.today, 8)
                )  # fmt: skip


def put_off(ward: Ward, dose: Dose, reason: str, owner: str) -> None:
    with ward.acting(ward.nurse):
        outcomes.postpone(
            by=ward.nurse, patient=ward.patient, dose_id=dose.pk, reason=reason, owner=owner, note="Call us on Monday.",
            recheck_on=ward.today + days(4), id=uuid7(), now=ward.at(ward.today, 9),
        )  # fmt: skip


def report_fever(ward: Ward, dose: Dose) -> None:
    with ward.acting(ward.maya):
        asked = answers.questions_for(ward.maya, ward.patient, dose)
        fever = next(one for one in asked if one.fact.endswith("chk.infection"))
        answers.answer(
            by=ward.maya, patient=ward.patient, dose_id=dose.pk, said={fever.fact: fever.concern_if}, place="home",
            id=uuid7(), now=ward.at(ward.today, 9),
        )  # fmt: skip


def test_where_i_am_and_what_stands_before_the_next_dose(ward: Ward, course: Course) -> None:
    text = read(signed_in(ward.maya), "/treatment/")
    assert "Day 17 of 28 since your last infusion." in text
    assert day(ward.today - days(16)) in text
    assert "(in 12 days)" in text
    assert "Your next step" in text
    assert "safe" not in text.lower().replace("safety", "")
    found = where(ward)
    assert found.main is not None
    owners = {block.owner for block in found.main.blocks}
    assert {"you", "insurer", "lab"} <= owners
    assert found.step.code == "do"
    assert found.step.block is not None
    assert found.step.block.owner == "you"
    assert found.step.block.label in text


def test_today_and_the_page_read_the_same(ward: Ward, course: Course) -> None:
    maya = signed_in(ward.maya)
    put_off(ward, ward.planned(course), "approval", "insurer")
    for path in ("/", "/treatment/"):
        text = read(maya, path)
        assert "Day 17 of 28 since your last infusion." in text
        assert "The insurer has not agreed yet" in text
        assert f"We look at it again on {day(ward.today + days(4))}." in text
    assert where(ward).step.code == "put_off"


def test_a_red_answer_comes_before_all_else(ward: Ward, course: Course) -> None:
    dose = ward.planned(course)
    put_off(ward, dose, "wish", "you")
    report_fever(ward, dose)
    found = where(ward)
    assert found.step.code == "call"
    assert found.main is not None
    assert found.main.blocks[0].code == "stopped"
    assert found.main.blocks[0].owner == "nurse"
    text = read(signed_in(ward.maya), "/treatment/")
    assert text.index("Call us before you travel") < text.index("You asked for it")
    assert "Call us before you travel" in read(signed_in(ward.maya), "/")


def test_something_new_in_the_self_check_stops_it_too(ward: Ward, course: Course) -> None:
    with ward.acting(ward.maya):
        found = selfcheck.course_to_ask(ward.maya, ward.patient)
        assert found is not None
        sign = selfcheck.signs_of(services_facts(found))[0]
        selfcheck.answer(
            by=ward.maya, patient=ward.patient, id=uuid7(), new=[sign.key], none=False, now=ward.at(ward.today, 9)
        )  # fmt: skip
    journey = where(ward)
    assert journey.step.code == "call"
    assert journey.main is not None
    assert journey.main.blocks[0].code == "self_check"


def services_facts(course: Course) -> Any:
    from treatment.courses.reading import facts_for

    return facts_for(course)


def test_when_all_mine_is_done_it_says_who_has_the_next_step(ward: Ward, course: Course) -> None:
    dose = ward.planned(course)
    with ward.acting(ward.nurse):
        mine = [item for item in services.before(ward.nurse, ward.patient, dose, ward.at(ward.today)) if item.owner == "you" and not item.done]  # fmt: skip
        for item in mine:
            if item.id is not None:
                services.settle_item(
                    by=ward.nurse, patient=ward.patient, item_id=item.id, done=True, id=uuid7(), now=ward.at(ward.today, 8)
                )  # fmt: skip
    found = where(ward)
    assert found.main is not None
    # What is left of mine is the time, which another app knows of.
    assert found.step.code == "book"
    assert ChecklistItem.Owner.INSURER in {block.owner for block in found.main.blocks}


def test_half_a_year_is_counted_in_weeks_and_two_treatments_stand_beside_each_other(ward: Ward) -> None:
    start = ward.today - days(14 + 57)
    course = ward.order("ocrelizumab_iv", start)
    ward.give(course, start)
    ward.give(course, start + days(14))
    text = read(signed_in(ward.maya), "/treatment/")
    assert "Week 9 of 24 since your last infusion." in text


def test_when_nobody_knows_the_last_day_the_page_says_whom_to_ask(ward: Ward) -> None:
    ward.order("natalizumab", ward.today + days(9))
    with ward.acting(ward.nurse):
        note_elsewhere(
            by=ward.nurse, patient=ward.patient, therapy="natalizumab", told=Told(doses_given=5), confirmed=False, id=uuid7(),
            now=ward.at(ward.today, 9),
        )  # fmt: skip
    text = read(signed_in(ward.maya), "/treatment/")
    assert "The day of your last dose is not known here. Ask your infusion center." in text
    assert "cycle__drawing" not in text


def test_days_in_a_row_are_named_and_the_fever_questions_come_first(ward: Ward) -> None:
    course = ward.order("ivmp", ward.today - days(1), path="three_days")
    ward.give(course, ward.today - days(1))
    text = read(signed_in(ward.maya), "/treatment/")
    assert "1 of 3 days of treatment in a row are behind you." in text
    assert f"Planned for {day(ward.today)}" in text
    step = where(ward).step
    assert step.code == "do"
    assert step.block is not None
    assert step.block.fact == "ivmp.chk.infection"


def test_two_treatments_stand_beside_each_other_the_nearer_one_first(ward: Ward, course: Course) -> None:
    ward.order("ivmp", ward.today + days(1), path="three_days")
    text = read(signed_in(ward.maya), "/treatment/")
    assert "You have 2 treatments beside each other." in text
    assert text.index("Steroid drip for a relapse</h2>") < text.index("Natalizumab</h2>")
    assert "Another treatment runs beside it." in read(signed_in(ward.maya), "/")


def test_a_red_answer_says_to_call_in_a_pause_too(ward: Ward, course: Course) -> None:
    from treatment.courses import pausing

    report_fever(ward, ward.planned(course))
    with ward.acting(ward.neurologist):
        pausing.pause_course(
            by=ward.neurologist, patient=ward.patient, course_id=course.pk, reason="A stay abroad", id=uuid7(),
            now=ward.at(ward.today, 10),
        )  # fmt: skip
    assert where(ward).step.code == "call"
    for path in ("/", "/treatment/"):
        assert "Call us before you travel" in read(signed_in(ward.maya), path)


def test_paused_says_so_and_no_day_counts(ward: Ward, course: Course) -> None:
    from treatment.courses import pausing

    with ward.acting(ward.neurologist):
        pausing.pause_course(
            by=ward.neurologist, patient=ward.patient, course_id=course.pk, reason="Surgery", id=uuid7(), now=ward.at(ward.today, 9)
        )  # fmt: skip
    maya = signed_in(ward.maya)
    text = read(maya, "/treatment/")
    assert "This treatment is paused since" in text
    assert "Day 17 since your last infusion." in text
    assert "No day counts while the treatment is paused." in text
    assert where(ward).step.code == "paused"
    assert "Its doses wait until your neurologist goes on with it." in read(maya, "/")
    past = read(maya, "/treatment/history/")
    assert "Paused" in past
    assert "Surgery" not in past  # written for the team


def test_the_plan_shows_windows_and_what_happened(ward: Ward) -> None:
    start = ward.today - days(90)
    course = ward.order("natalizumab", start)
    ward.give(course, start)
    ward.give(course, start + days(30))
    with ward.acting(ward.nurse):
        services.mark_missed(
            by=ward.nurse, patient=ward.patient, dose_id=ward.planned(course).pk, reason="Private words of the team", id=uuid7(),
            now=ward.at(ward.today),
        )  # fmt: skip
    maya = signed_in(ward.maya)
    text = read(maya, "/treatment/plan/")
    assert f"It was planned for {day(start + days(28))}." in text
    assert "Not given" in text
    past = read(maya, "/treatment/history/")
    assert "Not given" in past
    assert "Relapsing MS" in past
    assert "Private words of the team" not in text + past


def test_the_team_reads_the_same_page_and_strangers_do_not(ward: Ward, course: Course) -> None:
    base = f"/patients/{ward.patient.pk}/treatment/"
    nurse = signed_in(ward.nurse)
    for path in ("journey/", "plan/", "history/"):
        assert ward.patient.name in read(nurse, base + path)
        assert signed_in(ward.elsewhere).get(base + path).status_code == 404
        assert signed_in(ward.carer).get(base + path).status_code == 404
    assert "Day 17 of 28 since your last infusion." in read(nurse, f"{base}journey/")
    assert f"{base}journey/" in read(nurse, base)


def test_the_api_says_what_the_page_says(ward: Ward, course: Course) -> None:
    dose = ward.planned(course)
    report_fever(ward, dose)
    found = signed_in(ward.maya).get(API).json()
    (order,) = found["orders"]
    assert order["place"] == {
        "kind": "cycle", "at": 17, "of": 28, "unit": "day", "words": "Day 17 of 28 since your last infusion.",
    }  # fmt: skip
    assert order["next"]["id"] == str(dose.pk)
    assert order["last"]["given_on"] == (ward.today - days(16)).isoformat()
    assert order["worst"] == "stopped"
    assert order["blocks"][0]["code"] == "stopped"
    assert found["step"]["code"] == "call"
    of_maya = f"{API}?patient={ward.patient.pk}"
    assert signed_in(ward.nurse).get(of_maya).json()["step"]["code"] == "call"
    assert signed_in(ward.carer).get(of_maya).status_code == 404
    assert signed_in(ward.elsewhere).get(of_maya).status_code == 404
    empty = signed_in(ward.clinic["samuel"]).get(API).json()
    assert (empty["orders"], empty["step"]["code"]) == ([], "none")


def test_the_journey_asks_as_often_for_five_doses_as_for_one(ward: Ward) -> None:
    start = ward.today - days(28 * 5)
    course = ward.order("natalizumab", start)
    ward.give(course, start)
    maya, nurse = signed_in(ward.maya), signed_in(ward.nurse)
    base = f"/patients/{ward.patient.pk}/treatment/"
    paths = [
        (maya, "/"), (maya, "/treatment/"), (maya, "/treatment/plan/"), (maya, "/treatment/history/"), (maya, API),
        (nurse, f"{base}journey/"), (nurse, f"{base}plan/"), (nurse, f"{base}history/"),
    ]  # fmt: skip
    before = [statements(client, path) for client, path in paths]
    for number in range(1, 5):
        ward.give(course, start + days(28 * number))
    assert [statements(client, path) for client, path in paths] == before
    assert before[1] <= 26


# --- A next course that nobody has planned -----------------------------------------------------------------------------------


def two_courses(ward: Ward, ago: int) -> tuple[Course, Any]:
    """The five days of the first course, the last of them so many days ago, in a treatment that was ordered without the second one."""
    start = ward.today - days(ago + 4)
    with before_the_rule():
        course = ward.order("alemtuzumab", start)
        for number in range(5):
            ward.give(course, start + days(number))
    return course, start + days(4)


def test_a_second_course_that_nobody_planned_stands_on_what_first(ward: Ward) -> None:
    course, last = two_courses(ward, 345)
    nurse = signed_in(ward.nurse)
    line = read(nurse, "/").split("What first?")[1]
    assert "The next course of Alemtuzumab is not planned yet" in line
    assert "A neurologist" in line
    assert reverse("treatment:patient-course", args=[ward.patient.pk, course.pk]) in line
    begins = add_months(last, 12)
    text = read(signed_in(ward.maya), "/treatment/")
    month = date_format(begins, "F Y")
    assert f"Your team plans the next course. Ask them if you have not heard by {month}." in text
    with ward.acting(ward.neurologist):
        services.plan_next_phase(
            by=ward.neurologist, patient=ward.patient, course_id=course.pk, first_on=begins + days(1), reason="As agreed",
            id=uuid7(), now=ward.at(ward.today, 9),
        )  # fmt: skip
    assert "is not planned yet" not in read(nurse, "/")
    assert "Your team plans the next course" not in read(signed_in(ward.maya), "/treatment/")


def test_so_long_before_it_nobody_is_nudged(ward: Ward) -> None:
    two_courses(ward, 325)
    assert "is not planned yet" not in read(signed_in(ward.nurse), "/")
    assert "Your team plans the next course" in read(signed_in(ward.maya), "/treatment/")


def test_as_many_statements_for_phases_to_plan_of_any_number(ward: Ward) -> None:
    from treatment.problems import phases_to_plan

    def counted() -> int:
        with ward.acting(ward.nurse), CaptureQueriesContext(connection) as asked:
            found = list(phases_to_plan(ward.nurse, ward.at(ward.today, 12)))
        assert len(found) <= 1
        return len(asked)

    none = counted()
    two_courses(ward, 345)
    counted()  # the facts of the version are read once a process
    assert counted() == none
