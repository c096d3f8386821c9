"""The day a dose is counted on: that of its booked time, else the planned one; and every place that counts from it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import OutgoingMail
from patients.services import enroll_patient
from portal.lib import actor
from portal.lib.first import Problem
from portal.lib.ids import uuid7
from portal.lib.time_words import day as day_words
from tests.patients.world import signed_in
from tests.treatment.conftest import Ward
from treatment import problems, services
from treatment.courses import reading
from treatment.journey.reading import journey_of
from treatment.models import Course, Dose, Reminder
from treatment.outcomes import services as outcomes
from treatment.readiness import answers, board, items, reminders
from treatment.readiness.problems import answers_to_look_at


def days(count: int) -> timedelta:
    return timedelta(days=count)


def put_off(ward: Ward, course: Course, now: datetime) -> None:
    with ward.acting(ward.nurse):
        outcomes.postpone(
            by=ward.nurse, patient=ward.patient, dose_id=ward.planned(course).pk, reason="infection", owner="clinic",
            recheck_on=ward.today + days(3), id=uuid7(), now=now,
        )  # fmt: skip


@pytest.fixture
def course(ward: Ward) -> Course:
    """Ocrelizumab: the first dose in twenty days, the second two weeks after it."""
    return ward.order("ocrelizumab_iv", ward.today + days(20), now=ward.at(ward.today, 7))


# --- The rule ---------------------------------------------------------------------------------------------------------


def counted(ward: Ward, course: Course) -> date:
    return ward.planned(course).counted_on


@pytest.mark.parametrize("by", [-9, 0, 9])
def test_the_booked_day_counts_before_and_after_the_planned_one(ward: Ward, course: Course, by: int) -> None:
    first = ward.planned(course)
    assert first.counted_on == first.target
    ward.book(first, first.target + days(by))
    assert counted(ward, course) == first.target + days(by)
    ward.book(first, None)
    assert counted(ward, course) == first.target


def test_a_time_that_has_begun_counts_until_somebody_says_what_became_of_the_dose(
    ward: Ward, course: Course
) -> None:
    first, yesterday = ward.planned(course), ward.today - days(1)
    ward.book(first, yesterday)
    assert counted(ward, course) == yesterday
    put_off(ward, course, ward.at(yesterday, 11))  # in the chair
    assert counted(ward, course) == first.target


def test_put_off_before_its_time_it_goes_by_the_plan_once_it_can_go_ahead_after_it(
    ward: Ward, course: Course
) -> None:
    first, yesterday = ward.planned(course), ward.today - days(1)
    ward.book(first, yesterday)
    put_off(ward, course, ward.at(yesterday, 8))
    assert counted(ward, course) == yesterday  # on the team's list: booked, and its dose does not go ahead
    with ward.acting(ward.nurse):
        outcomes.go_ahead(
            by=ward.nurse, patient=ward.patient, dose_id=first.pk, id=uuid7(), now=ward.at(ward.today, 9)
        )
    assert counted(ward, course) == first.target


def test_a_new_day_counts_when_the_booked_time_has_begun_and_not_before(ward: Ward, course: Course) -> None:
    first, yesterday = ward.planned(course), ward.today - days(1)
    new = first.target + days(2)

    def move(now: datetime) -> None:
        with ward.acting(ward.neurologist):
            services.confirm_moves(
                by=ward.neurologist, patient=ward.patient, course_id=course.pk,
                targets={dose.pk: dose.target + days(2) for dose in ward.doses(course)}, reason="A cold", id=uuid7(),
                now=now,
            )  # fmt: skip

    ward.book(first, yesterday)
    move(ward.at(yesterday, 9))  # the chair was at ten: it can still be moved or canceled
    assert counted(ward, course) == yesterday
    move(ward.at(ward.today, 9))
    assert counted(ward, course) == new + days(2)


def test_the_day_is_the_one_of_the_sites_clock_and_is_read_with_the_dose(ward: Ward, course: Course) -> None:
    first = ward.planned(course)
    assert first.booked_on is None
    ward.book(first, ward.today + days(9), hour=22)  # the next day already in UTC
    with ward.acting(ward.nurse):
        doses = reading.doses_of(ward.nurse, ward.patient)
        with CaptureQueriesContext(connection) as asked:
            found = [dose.counted_on for dose in doses]
        plain = Dose.objects.for_user(ward.nurse).get(pk=first.pk)
        assert plain.counted_on == ward.today + days(9)  # read otherwise, it asks
    assert len(asked) == 0
    assert found[:2] == [ward.today + days(9), doses[1].target]
    ward.book(first, None)
    assert counted(ward, course) == first.target


# --- Reminders --------------------------------------------------------------------------------------------------------


def sent() -> list[tuple[int, date, str]]:
    """(step, day, state) of the reminders of first doses, as they were written."""
    with actor.unit_of_work(actor.system("tests")):
        rows = Reminder.objects.for_system().filter(dose__number=1).order_by("queued_at", "step")
        return [(row.step, row.target, row.state) for row in rows]


def mails() -> list[str]:
    return list(
        OutgoingMail.objects.filter(kind=reminders.KIND)
        .order_by("created_at")
        .values_list("state", flat=True)
    )


def walk(ward: Ward, first: date, last: date) -> None:
    day = first
    while day <= last:
        for hour in (9, 15):
            reminders.run(ward.at(day, hour))
        day += days(1)


@pytest.mark.parametrize("by", [-6, 0, 9])
def test_reminders_go_out_before_the_booked_day(ward: Ward, course: Course, by: int) -> None:
    first = ward.planned(course)
    booked = first.target + days(by)
    ward.book(first, booked)
    for left in range(16, -2, -1):
        reminders.run(ward.at(booked - days(left), 9))
    assert sent() == [(step, booked, "queued") for step in (14, 7, 3, 1)]


def test_a_time_that_is_booked_nearer_sends_the_newest_step_at_once_and_no_other(
    ward: Ward, course: Course
) -> None:
    first = ward.planned(course)
    reminders.run(ward.at(ward.today, 9))
    assert sent() == []
    booked = ward.today + days(5)
    ward.book(first, booked)
    for hour in (10, 11):
        reminders.run(ward.at(ward.today, hour))
    assert sent() == [(7, booked, "queued")]
    assert mails() == ["waiting"]


def test_a_moved_or_canceled_booking_takes_the_mails_along(ward: Ward, course: Course) -> None:
    first = ward.planned(course)
    near, far = ward.today + days(7), ward.today + days(17)
    ward.book(first, near)
    reminders.run(ward.at(ward.today, 9))
    assert sent() == [(7, near, "queued")]
    ward.book(first, far)
    reminders.run(ward.at(ward.today, 10))
    assert sent() == [(7, near, "canceled")]  # it still waited for the mail server
    assert mails() == ["failed"]
    walk(ward, ward.today, far - days(8))
    assert [row for row in sent() if row[2] == "queued"] == [(14, far, "queued")]
    ward.book(first, None)
    walk(ward, far - days(8), first.target + days(1))
    planned = [row[:2] for row in sent() if row[1] == first.target]
    assert planned == [(step, first.target) for step in (14, 7, 3, 1)]


def test_a_time_near_the_planned_day_brings_no_second_mail_of_the_same_step(
    ward: Ward, course: Course
) -> None:
    first = ward.planned(course)
    morning = first.target - days(14)
    reminders.run(ward.at(morning, 9))
    OutgoingMail.objects.filter(kind=reminders.KIND).update(state="sent", payload=None)
    booked = first.target - days(2)
    ward.book(first, booked)
    walk(ward, morning, booked + days(1))
    assert [row[0] for row in sent()] == [14, 7, 3, 1]
    assert {row[1] for row in sent()} == {first.target, booked}


def test_who_could_not_be_written_to_is_called_before_the_booked_day(ward: Ward) -> None:
    course = comes(ward, "Nomail Ned", ward.today + days(20))
    first, booked = ward.planned(course), ward.today + days(7)
    ward.book(first, booked)
    reminders.run(ward.at(ward.today, 9))
    row = next(row for row in week(ward, booked).rows if row.dose.pk == first.pk)
    assert row.call


# --- The list and its questions -----------------------------------------------------------------------------------------


def standing(ward: Ward, course: Course, part: str, today: date) -> Any:
    dose = ward.planned(course)
    with ward.acting(ward.nurse):
        lines = items.lines_for(ward.nurse, ward.patient, dose, ward.at(today, 9))
    return next(line for line in lines if line.item.fact.endswith(part)).standing


def test_the_questions_open_the_day_before_the_booked_one_and_expire_there(
    ward: Ward, course: Course
) -> None:
    first, booked = ward.planned(course), ward.today + days(6)
    ward.book(first, booked)
    part = "chk.infection"
    assert standing(ward, course, part, booked - days(2)).code == "later"
    assert standing(ward, course, part, booked - days(1)).code == "open"
    with ward.acting(ward.nurse):
        asked = answers.questions_for(ward.nurse, ward.patient, first)
        said = {one.fact: "no" if one.concern_if == "yes" else "yes" for one in asked}
        answers.answer(
            by=ward.nurse, patient=ward.patient, dose_id=first.pk, said=said, place="phone", id=uuid7(),
            now=ward.at(booked - days(2), 8),
        )  # fmt: skip
    assert standing(ward, course, part, booked).code == "again"  # that answer is too old for the booked day
    ward.book(first, None)
    assert standing(ward, course, part, booked).code == "later"


def test_due_days_go_along_with_the_booked_day(ward: Ward, course: Course) -> None:
    first = ward.planned(course)
    with ward.acting(ward.nurse):
        dated = {
            line.item.fact: line.standing.due
            for line in items.lines_for(ward.nurse, ward.patient, first, ward.at(ward.today, 9))
            if line.standing.due is not None
        }
    assert dated
    for by in (-5, 4):
        ward.book(first, first.target + days(by))
        for fact, due in dated.items():
            assert standing(ward, course, fact, ward.today).due == due + days(by), fact


def note(ward: Ward, course: Course, part: str, state: str, **more: date) -> None:
    dose = ward.planned(course)
    with ward.acting(ward.nurse):
        lines = items.lines_for(ward.nurse, ward.patient, dose, ward.at(ward.today, 9))
        item = next(line.item for line in lines if line.item.fact.endswith(part))
        items.note_item(
            by=ward.nurse, patient=ward.patient, item_id=item.pk, state=state, id=uuid7(), now=ward.at(ward.today, 9), **more
        )  # fmt: skip


def test_what_the_team_set_and_how_long_it_holds_is_held_against_the_booked_day(
    ward: Ward, course: Course
) -> None:
    first, part = ward.planned(course), "log.authorization"
    late = first.target + days(3)
    with pytest.raises(items.DayDoesNotFit):
        note(ward, course, part, "open", due_on=late)
    ward.book(first, first.target + days(5))
    note(ward, course, part, "open", due_on=late)  # in time for the booked day
    assert standing(ward, course, part, ward.today).due == late
    ward.book(first, first.target - days(5))
    assert standing(ward, course, part, ward.today).due == first.target - days(5)  # no later than the dose
    note(ward, course, part, "done", day=ward.today, valid_until=first.target)
    assert standing(ward, course, part, ward.today).code == "done"
    ward.book(first, first.target + days(2))
    assert standing(ward, course, part, ward.today).code == "runs_out"


# --- The board ------------------------------------------------------------------------------------------------------------


def comes(ward: Ward, name: str, on: date) -> Course:
    """Another patient of the team, with a first dose on a day."""
    with actor.unit_of_work(actor.system("tests")):
        ward.patient = enroll_patient(
            site=ward.patient.site, name=name, date_of_birth=date(1980, 5, 5), by=ward.nurse, team=ward.clinic.team,
            phone="555-0177",
        )  # fmt: skip
    return ward.order("ocrelizumab_iv", on, now=ward.at(ward.today, 7))


def week(ward: Ward, day: date) -> board.Board:
    with ward.acting(ward.nurse):
        return board.week_of(ward.nurse, day, ward.at(ward.today, 9))


def test_the_board_shows_a_dose_in_the_week_of_its_time(ward: Ward, course: Course) -> None:
    first = ward.planned(course)
    booked = first.target - days(14)
    ward.book(first, booked)
    (row,) = week(ward, booked).rows
    assert (row.dose.pk, row.day) == (first.pk, booked)
    assert first.pk not in {one.dose.pk for one in week(ward, first.target).rows}
    with ward.acting(ward.nurse):
        assert board.counts_of(ward.nurse, booked)[0] == 1
        assert board.counts_of(ward.nurse, first.target)[0] == 0
    page = (
        signed_in(ward.nurse).get(reverse("treatment:board"), {"week": booked.isoformat()}).content.decode()
    )
    assert f"{day_words(booked)} (in 6 days)" in page
    told = signed_in(ward.nurse).get("/api/v1/treatment/board/", {"week": booked.isoformat()}).json()
    assert [(row["day"], row["target"]) for row in told["rows"]] == [
        (booked.isoformat(), first.target.isoformat())
    ]


# --- "What first?" ----------------------------------------------------------------------------------------------------------


def near(ward: Ward) -> list[Problem]:
    with ward.acting(ward.nurse):
        return list(problems.near_doses(ward.nurse, ward.at(ward.today, 12)))


def test_what_first_goes_by_the_booked_day(ward: Ward, course: Course) -> None:
    first = ward.planned(course)
    assert near(ward) == []
    booked = ward.today + days(2)
    ward.book(first, booked)
    (found,) = near(ward)
    assert day_words(booked) in found.words
    assert found.alone
    soon = comes(ward, "Early Ed", ward.today + days(1))
    assert len(near(ward)) == 2
    ward.book(ward.planned(soon), ward.today + days(12))
    assert [one.keys for one in near(ward)] == [found.keys]


def test_a_booked_day_that_is_over_and_not_noted_is_said_the_day_after(ward: Ward) -> None:
    course = ward.order("ocrelizumab_iv", ward.today + days(2), now=ward.at(ward.today - days(9), 9))
    first = ward.planned(course)
    assert "is not noted as given" not in near(ward)[0].words
    ward.book(first, ward.today)
    assert "is not noted as given" not in near(ward)[0].words
    ward.book(first, ward.today - days(1))
    (found,) = near(ward)
    assert (
        found.words
        == f"The infusion was planned for {day_words(ward.today - days(1))} and is not noted as given"
    )


def test_an_answer_names_the_booked_day(ward: Ward, course: Course) -> None:
    first, booked = ward.planned(course), ward.today + days(2)
    ward.book(first, booked)
    with ward.acting(ward.maya):
        row = answers.answer(
            by=ward.maya, patient=ward.patient, dose_id=first.pk, said={"ocrelizumab_iv.chk.infection": "yes"},
            place="home", id=uuid7(), now=ward.at(ward.today, 9),
        )  # fmt: skip
    with ward.acting(ward.nurse):
        (found,) = answers_to_look_at(ward.nurse, ward.at(ward.today, 12))
        assert day_words(booked) in found.words
        answers.review(
            by=ward.nurse, patient=ward.patient, answer_id=row.pk, agreed="A test first.", lift=False, id=uuid7(),
            now=ward.at(ward.today, 12),
        )  # fmt: skip
        (still,) = answers_to_look_at(ward.nurse, ward.at(ward.today, 13))
        assert "is stopped by an answer" in still.words
    ward.book(first, first.target)
    with ward.acting(ward.nurse):
        assert list(answers_to_look_at(ward.nurse, ward.at(ward.today, 13))) == []  # not near any more


def test_a_hundred_old_doses_hide_none_that_is_near(ward: Ward, course: Course) -> None:
    first = ward.planned(course)
    old = [
        Dose(
            patient=ward.patient, course=course, number=1000 + number, phase_key=first.phase_key,
            earliest=ward.today - days(400), target=ward.today - days(400), latest=ward.today - days(390),
        )
        for number in range(120)
    ]  # fmt: skip
    with actor.unit_of_work(actor.system("tests")):
        Dose.objects.bulk_create(old)
    ward.book(first, ward.today + days(1))
    found = near(ward)
    assert len(found) == 121  # the count is true
    assert sum(day_words(ward.today + days(1)) in one.words for one in found) == 1


def test_as_many_statements_for_four_booked_doses_as_for_one(ward: Ward, course: Course) -> None:
    ward.book(ward.planned(course), ward.today + days(2))

    def counted() -> list[int]:
        found = []
        for ask in (
            lambda: list(problems.near_doses(ward.nurse, ward.at(ward.today, 12))),
            lambda: board.week_of(ward.nurse, ward.today + days(2), ward.at(ward.today, 12)),
            lambda: board.counts_of(ward.nurse, ward.today + days(2)),
        ):
            with ward.acting(ward.nurse), CaptureQueriesContext(connection) as asked:
                ask()
            found.append(len(asked))
        with actor.unit_of_work(actor.system("tests")), CaptureQueriesContext(connection) as asked:
            reminders._near(ward.at(ward.today, 9))
        return [*found, len(asked)]

    counted()
    one = counted()
    for number in range(3):
        more = comes(ward, f"More {number}", ward.today + days(30))
        ward.book(ward.planned(more), ward.today + days(2), hour=12 + 2 * number)
    assert counted() == one


# --- The patient's pages ------------------------------------------------------------------------------------------------------


def test_the_journey_the_list_and_the_api_go_by_the_booked_day(ward: Ward, course: Course) -> None:
    first, booked = ward.planned(course), ward.today + days(4)
    ward.book(first, booked)
    with ward.acting(ward.maya):
        (order,) = journey_of(ward.maya, ward.patient, ward.at(ward.today)).orders
    assert order.day == booked
    dues = [block.day for block in order.blocks if block.code == "line" and block.day is not None]
    assert dues
    assert max(dues) <= booked
    maya, nurse = signed_in(ward.maya), signed_in(ward.nurse)
    said = f"ooked for {day_words(booked)}"
    for path in ("/treatment/", "/", reverse("treatment:ready", args=[first.pk]), "/treatment/plan/"):
        page = " ".join(maya.get(path).content.decode().split())
        assert said in page, path
        assert "in 4 days" in page or path.endswith("/plan/"), path
    team = nurse.get(reverse("treatment:patient-ready", args=[ward.patient.pk, first.pk])).content.decode()
    assert day_words(booked) in team
    assert said in nurse.get(reverse("treatment:patient-home", args=[ward.patient.pk])).content.decode()
    told = maya.get("/api/v1/treatment/journey/").json()["orders"][0]
    assert (told["day"], told["next"]["target"]) == (booked.isoformat(), first.target.isoformat())
    ready = maya.get(f"/api/v1/treatment/doses/{first.pk}/readiness/").json()
    assert (ready["day"], ready["target"]) == (booked.isoformat(), first.target.isoformat())
