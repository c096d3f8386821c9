"""Doses that cannot go on whatever their lists say, on the board, on "What first?" and in the team's list of treatments."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal.lib import actor
from portal.lib.first import SOON, TODAY, Problem
from portal.lib.ids import uuid7
from tests.patients.world import signed_in
from tests.treatment.conftest import Ward
from tests.treatment.test_board import comes
from tests.treatment.test_elsewhere import mitoxantrone, note
from tests.treatment.test_proceeding import withdraw
from treatment import problems
from treatment.courses import proceeding
from treatment.courses.blocked import blocks_of
from treatment.courses.eyes import Eyes
from treatment.courses.proceeding import Act, Code
from treatment.elsewhere import services as elsewhere
from treatment.elsewhere.services import Told
from treatment.labelchange.problems import on_withdrawn
from treatment.models import Course, Dose, GivenElsewhere
from treatment.readiness import board

SETTLED = {Code.WITHDRAWN, Code.UNKNOWN, Code.LIMIT}


def days(count: int) -> timedelta:
    return timedelta(days=count)


def on_withdrawn_version(ward: Ward, on: date) -> Course:
    course = ward.order("ocrelizumab_iv", on, now=ward.at(ward.today, 7))
    withdraw(ward, course)
    return course


def on_unknown_numbers(ward: Ward, on: date) -> Course:
    course = ward.order("natalizumab", on, now=ward.at(ward.today, 7))
    note(ward, "natalizumab", Told(), confirmed=False)
    return course


def over_the_limit(ward: Ward, on: date) -> Course:
    """Two doses fitted below the limit when it was ordered; then the number from elsewhere was put right."""
    course = mitoxantrone(ward, "116", on, now=ward.at(ward.today, 7))
    with ward.acting(ward.nurse):
        (wrong,) = GivenElsewhere.objects.for_user(ward.nurse, ward.patient).standing()
        elsewhere.withdraw_elsewhere(
            by=ward.nurse, patient=ward.patient, elsewhere_id=wrong.pk, id=uuid7(), now=ward.at(ward.today)
        )
    last = ward.today - days(500)
    note(ward, "mitoxantrone", Told(doses_given=11, lifetime_mg_m2=Decimal(135), last_on=last))
    return course


KINDS: list[tuple[Callable[[Ward, date], Course], Code, str]] = [
    (on_withdrawn_version, Code.WITHDRAWN, "runs on a version that was withdrawn"),
    (on_unknown_numbers, Code.UNKNOWN, "is not confirmed, so the count is unknown"),
    (over_the_limit, Code.LIMIT, "The most is 140 mg/m2"),
]


def first(ward: Ward) -> list[Problem]:
    with ward.acting(ward.nurse):
        now = ward.at(ward.today, 12)
        return [*problems.cannot_go_on(ward.nurse, now), *on_withdrawn(ward.nurse, now)]


@pytest.mark.parametrize(("made", "code", "words"), KINDS)
def test_the_board_what_first_and_the_list_of_treatments_say_why(
    ward: Ward, made: Callable[[Ward, date], Course], code: Code, words: str
) -> None:
    on = ward.today + days(2)
    course = made(ward, on)
    dose = ward.planned(course)
    with ward.acting(ward.nurse):
        gate = proceeding.stops(Eyes(ward.nurse, ward.patient), dose, Act.BOOK, on=on)
        assert [stop.code for stop in gate if stop.code in SETTLED] == [
            code
        ]  # the same as where somebody acts
        (row,) = [
            one
            for one in board.week_of(ward.nurse, on, ward.at(ward.today, 12)).rows
            if one.dose.pk == dose.pk
        ]
    assert (row.readiness.worst, [stop.code for stop in row.against]) == ("blocked", [code])
    nurse = signed_in(ward.nurse)
    page = nurse.get(reverse("treatment:board"), {"week": on.isoformat()}).content.decode()
    assert words in page
    assert "Cannot go on yet: the team has to settle something first" in page
    assert "cannot go on yet" in page
    home = nurse.get(reverse("treatment:patient-home", args=[ward.patient.pk])).content.decode()
    assert "The next dose cannot go on yet" in home
    assert words in home
    ready = nurse.get(reverse("treatment:patient-ready", args=[ward.patient.pk, dose.pk])).content.decode()
    assert words in ready
    own = signed_in(ward.maya).get(reverse("treatment:ready", args=[dose.pk])).content.decode()
    assert "Ready for the nurse" not in own
    assert words not in own  # the reasons are the team's to settle
    (found,) = first(ward)
    assert found.rank == TODAY
    told = nurse.get("/api/v1/treatment/board/", {"week": on.isoformat()}).json()["rows"]
    assert [(one["worst"], one["against"][0]["code"]) for one in told] == [("blocked", str(code))]


def test_what_first_names_the_day_and_why_from_the_first_reminder_on(ward: Ward) -> None:
    course = on_unknown_numbers(ward, ward.today + days(20))
    assert first(ward) == []
    booked = ward.today + days(13)
    ward.book(ward.planned(course), booked)
    (found,) = first(ward)
    assert found.rank == SOON
    assert found.words.endswith("cannot go on: numbers from elsewhere are not confirmed")
    ward.book(ward.planned(course), ward.today + days(3))
    assert [one.rank for one in first(ward)] == [TODAY]
    page = signed_in(ward.nurse).get("/").content.decode()
    assert "cannot go on: numbers from elsewhere are not confirmed" in page


def test_numbers_of_another_medicine_keep_nothing_from_going_on(ward: Ward) -> None:
    course = ward.order("ocrelizumab_iv", ward.today + days(2), now=ward.at(ward.today, 7))
    note(ward, "natalizumab", Told(), confirmed=False)
    assert first(ward) == []
    dose = ward.planned(course)
    with ward.acting(ward.nurse):
        assert blocks_of(ward.nurse, [dose], ward.patient) == {}


def test_a_stop_and_a_pause_are_said_before_it(ward: Ward) -> None:
    from treatment.readiness.standing import Readiness

    assert Readiness((), stopped=True, blocked=True).worst == "stopped"
    assert Readiness((), held="paused", blocked=True).worst == "paused"
    assert Readiness(("overdue",), blocked=True).worst == "blocked"


def test_as_many_statements_for_four_as_for_one(ward: Ward) -> None:
    on = ward.today + days(2)
    over_the_limit(ward, on)

    def counted() -> tuple[int, int]:
        now = ward.at(ward.today, 12)
        with ward.acting(ward.nurse), CaptureQueriesContext(connection) as board_asked:
            board.week_of(ward.nurse, on, now)
        with ward.acting(ward.nurse), CaptureQueriesContext(connection) as list_asked, actor.reading_many():
            assert list(problems.cannot_go_on(ward.nurse, now))
        return len(board_asked), len(list_asked)

    counted()
    one = counted()
    for number in range(3):
        comes(ward, f"More {number}", on)
        with actor.unit_of_work(actor.system("tests")):
            Dose.objects.for_system().filter(patient=ward.patient).update(state="cancelled")
        over_the_limit(ward, on)
    assert counted() == one
