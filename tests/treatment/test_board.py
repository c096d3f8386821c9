"""The week's board: what blocks each dose and who has it, worst first, as many statements for five as for one."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from patients.services import enroll_patient
from portal.lib import actor
from portal.lib.ids import uuid7
from tests.patients.world import acts_of, signed_in
from tests.treatment.conftest import Ward
from treatment.courses import pausing
from treatment.models import Course, Dose, Postponement, Reminder
from treatment.outcomes import services as outcomes
from treatment.readiness import answers, board, items


def days(count: int) -> timedelta:
    return timedelta(days=count)


@pytest.fixture
def monday(ward: Ward) -> date:
    """Of next week: all of its days are to come."""
    return board.monday_of(ward.today) + days(7)


def comes(ward: Ward, name: str, on: date, code: str = "ocrelizumab_iv") -> Course:
    """Another patient of the team, with a first dose on a day."""
    with actor.unit_of_work(actor.system("tests")):
        ward.patient = enroll_patient(
            site=ward.patient.site, name=name, date_of_birth=date(1980, 5, 5), by=ward.nurse, team=ward.clinic.team,
            phone="555-0177",
        )  # fmt: skip
    return ward.order(code, on, now=ward.at(ward.today, 7))


def settle(ward: Ward, course: Course, *left: str) -> Dose:
    """Everything before the first dose is done, but for the facts that end so."""
    dose = ward.planned(course)
    with ward.acting(ward.nurse):
        for line in items.lines_for(ward.nurse, ward.patient, dose, ward.at(ward.today)):
            if not line.item.fact.endswith(left) and line.said.valid_hours is None:
                items.note_item(
                    by=ward.nurse, patient=ward.patient, item_id=line.item.pk, state="done", id=uuid7(),
                    now=ward.at(ward.today),
                )  # fmt: skip
    return dose


def week(ward: Ward, day: date) -> board.Board:
    with ward.acting(ward.nurse):
        found = board.week_of(ward.nurse, day, ward.at(ward.today))
        assert all(
            row.patient.name for row in [*found.rows, *found.elsewhere]
        )  # opened here, where the keys are within reach
    return found


def put_off(ward: Ward, course: Course, reason: str = "supply") -> Postponement:
    with ward.acting(ward.nurse):
        return outcomes.postpone(
            by=ward.nurse, patient=ward.patient, dose_id=ward.planned(course).pk, reason=reason, owner="clinic",
            recheck_on=ward.today + days(9), note="Only for the record", id=uuid7(), now=ward.at(ward.today),
        )  # fmt: skip


def pause(ward: Ward, course: Course) -> None:
    with ward.acting(ward.neurologist):
        pausing.pause_course(
            by=ward.neurologist, patient=ward.patient, course_id=course.pk, reason="A stay abroad", id=uuid7(),
            now=ward.at(ward.today),
        )  # fmt: skip


def names(rows: list[board.BoardRow]) -> list[str]:
    return [row.patient.name.split()[0] for row in rows]


def test_worst_first_with_what_blocks_and_who_has_it(ward: Ward, monday: date) -> None:
    settle(ward, comes(ward, "Later Lou", monday + days(1)))
    dose = settle(ward, comes(ward, "Waiting Wim", monday + days(1)), "log.authorization")
    with ward.acting(ward.nurse):
        lines = items.lines_for(ward.nurse, ward.patient, dose, ward.at(ward.today))
        (item,) = [line.item for line in lines if line.item.fact.endswith("log.authorization")]
        items.note_item(
            by=ward.nurse,
            patient=ward.patient,
            item_id=item.pk,
            state="waiting",
            id=uuid7(),
            now=ward.at(ward.today),
        )
    settle(ward, comes(ward, "Open Olga", monday + days(2)), "log.supply")
    dose = settle(ward, comes(ward, "Stopped Sam", monday + days(6)))
    with ward.acting(ward.nurse):
        answers.answer(
            by=ward.nurse, patient=ward.patient, dose_id=dose.pk, said={"ocrelizumab_iv.chk.infection": "yes"},
            place="phone", id=uuid7(), now=ward.at(ward.today),
        )  # fmt: skip
    found = week(ward, monday + days(2))
    assert found.monday == monday
    assert names(found.rows) == ["Stopped", "Open", "Waiting", "Later"]
    by_name = {row.patient.name.split()[0]: row for row in found.rows}
    (block,) = by_name["Open"].blocks
    assert (block.label, block.who, block.word) == (
        "The medicine is ordered and comes in time", "The clinic", "Still open",
    )  # fmt: skip
    assert [(block.who, block.word) for block in by_name["Waiting"].blocks] == [
        ("The insurer", "Begun, waiting")
    ]
    assert by_name["Later"].readiness.words == "Only the questions of the last 24 hours are left"
    assert by_name["Later"].blocks == []


def test_what_is_stopped_stands_on_top_whatever_the_week(ward: Ward, monday: date) -> None:
    later = comes(ward, "Fever Fay", monday + days(30))
    dose, patient = ward.planned(later), ward.patient
    settle(ward, comes(ward, "Open Olga", monday + days(3)), "log.supply")
    assert names(week(ward, monday).elsewhere) == []
    with ward.acting(ward.nurse):
        row = answers.answer(
            by=ward.nurse, patient=patient, dose_id=dose.pk, said={"ocrelizumab_iv.chk.infection": "yes"}, place="phone",
            id=uuid7(), now=ward.at(ward.today),
        )  # fmt: skip
    found = week(ward, monday)
    assert (names(found.elsewhere), names(found.rows)) == (["Fever"], ["Open"])
    nurse = signed_in(ward.nurse)
    page = nurse.get(reverse("treatment:board"), {"week": monday.isoformat()}).content.decode()
    main = page[page.index("<h1") :]
    assert (
        main.index("Fever Fay") < main.index("Stopped: call before anybody travels") < main.index("Open Olga")
    )
    assert reverse("treatment:patient-answer", args=[patient.pk, row.pk]) in main
    assert "safe" not in main.lower()
    assert "readiness.view team" in acts_of(patient)
    assert "1 answer says call first" in nurse.get("/").content.decode()


def test_what_is_put_off_or_paused_is_said_counted_apart_and_comes_last(ward: Ward, monday: date) -> None:
    late = comes(ward, "Putoff Pia", monday)
    settle(ward, late)
    put_off(ward, late)
    rests = comes(ward, "Paused Pat", monday)
    settle(ward, rests)
    pause(ward, rests)
    settle(ward, comes(ward, "Open Olga", monday + days(3)), "log.supply")
    found = week(ward, monday)
    assert names(found.rows) == ["Open", "Putoff", "Paused"]
    assert [row.readiness.worst for row in found.rows] == ["open", "put_off", "paused"]
    assert found.counts == {"open": 1, "put_off": 1, "paused": 1}
    nurse = signed_in(ward.nurse)
    page = nurse.get(reverse("treatment:board"), {"week": monday.isoformat()}).content.decode()
    main = page[page.index("<h1") :]
    assert "1 dose is planned for this week." in main
    assert "1 put off." in main
    assert "1 paused." in main
    assert main.index("Open Olga") < main.index("Put off or paused") < main.index("Putoff Pia")
    assert "Put off: The drug is not there. Who has it: The clinic. Somebody looks again on" in main
    assert "The treatment is paused since" in main
    assert "ready for the nurse" not in main.lower()
    assert "Only for the record" not in main  # the note stays in the record
    with ward.acting(ward.nurse):
        assert board.counts_of(ward.nurse, monday) == (1, 0)


def test_a_stop_is_said_before_what_is_put_off(ward: Ward, monday: date) -> None:
    course = comes(ward, "Fever Fay", monday)
    put_off(ward, course, "infection")
    settle(ward, comes(ward, "Open Olga", monday + days(3)), "log.supply")
    assert names(week(ward, monday).rows) == ["Open", "Fever"]
    with actor.unit_of_work(actor.system("tests")):
        dose = Dose.objects.for_system().select_related("patient").get(course=course, number=1)
    with ward.acting(ward.nurse):
        answers.answer(
            by=ward.nurse, patient=dose.patient, dose_id=dose.pk, said={"ocrelizumab_iv.chk.infection": "yes"},
            place="phone", id=uuid7(), now=ward.at(ward.today),
        )  # fmt: skip
    found = week(ward, monday)
    assert names(found.rows) == ["Fever", "Open"]
    assert found.rows[0].put_off is not None
    page = (
        signed_in(ward.nurse).get(reverse("treatment:board"), {"week": monday.isoformat()}).content.decode()
    )
    assert page.index("Stopped: call before anybody travels") < page.index("Put off: A sign of infection")


def test_a_dose_after_one_that_is_put_off_waits_as_well(ward: Ward, monday: date) -> None:
    course = comes(ward, "Row Rita", monday, "alemtuzumab")
    put_off(ward, course)
    rows = week(ward, monday).rows
    assert len(rows) > 1
    assert {row.readiness.worst for row in rows} == {"put_off"}
    page = (
        signed_in(ward.nurse).get(reverse("treatment:board"), {"week": monday.isoformat()}).content.decode()
    )
    assert "A dose before this one is put off, so this one waits as well." in page


def test_as_many_statements_for_five_as_for_one(ward: Ward, monday: date) -> None:
    comes(ward, "One", monday + days(1))
    nurse = signed_in(ward.nurse)

    def count() -> int:
        with CaptureQueriesContext(connection) as seen:
            answer = nurse.get(reverse("treatment:board"), {"week": monday.isoformat()})
        assert answer.status_code == 200
        return len(seen)

    count()
    one = count()
    for number in range(4):
        course = comes(
            ward, f"More {number}", monday + days(number), "natalizumab" if number % 2 else "ocrelizumab_iv"
        )
        dose = ward.planned(course)
        with ward.acting(ward.nurse):
            answers.answer(
                by=ward.nurse, patient=ward.patient, dose_id=dose.pk, place="phone", id=uuid7(), now=ward.at(ward.today),
                said={f"{'natalizumab' if number % 2 else 'ocrelizumab_iv'}.chk.infection": "yes"},
            )  # fmt: skip
    count()
    assert count() == one


def test_the_board_is_the_teams_own(ward: Ward, monday: date) -> None:
    comes(ward, "Secret Sue", monday + days(1))
    path = reverse("treatment:board")
    for person in (ward.maya, ward.carer):
        assert signed_in(person).get(path).status_code == 404
    elsewhere = signed_in(ward.elsewhere).get(path, {"week": monday.isoformat()})
    assert elsewhere.status_code == 200
    assert "Secret Sue" not in elsewhere.content.decode()


@pytest.mark.parametrize("text", ["", "yesterday", "2026-02-30", "0001-01-01", "9999-12-31", "\x00"])
def test_a_week_that_is_none_is_this_week(ward: Ward, text: str) -> None:
    page = signed_in(ward.nurse).get(reverse("treatment:board"), {"week": text})
    assert page.status_code == 200
    assert 'aria-current="page"' in page.content.decode().partition("<main")[2]


def test_who_could_not_be_written_to_is_called(ward: Ward, monday: date) -> None:
    dose = ward.planned(comes(ward, "Nomail Ned", monday + days(1)))
    with actor.unit_of_work(actor.system("tests")):
        Reminder.objects.create(
            patient_id=dose.patient_id, dose=dose, step=7, target=dose.target, state="nobody", queued_at=ward.at(ward.today)
        )  # fmt: skip
    page = (
        signed_in(ward.nurse).get(reverse("treatment:board"), {"week": monday.isoformat()}).content.decode()
    )
    assert "No account to write to: remind by phone." in page


def test_a_regular_check_that_is_overdue_blocks(ward: Ward) -> None:
    start = ward.today - days(200)
    course = ward.order("natalizumab", start)
    for number in range(8):
        ward.give(course, start + days(28 * number))
    rows: list[Any] = week(ward, ward.planned(course).target).rows
    blocks = [block for row in rows for block in row.blocks]
    assert any(block.word == "Overdue" and block.due is not None for block in blocks)
