"""Reminders 14, 7, 3 and 1 days before: each step once, neutral, by the clock of the site, none for a dose that does not stand."""

from __future__ import annotations

import re
import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from accounts.models import OutgoingMail
from accounts.services import open_mail
from portal.lib import actor
from portal.lib.ids import uuid7
from tests.security.test_canary import HEALTH
from tests.treatment.conftest import Ward, make_ward
from treatment import jobs, services
from treatment.courses import pausing
from treatment.courses.reading import facts_for
from treatment.models import ChecklistItem, Course, Dose, Reminder
from treatment.outcomes import services as outcomes
from treatment.readiness import answers, reminders
from treatment.selfcheck import services as selfcheck


def days(count: int) -> timedelta:
    return timedelta(days=count)


@pytest.fixture
def course(ward: Ward) -> Course:
    """Ocrelizumab: the first dose in twenty days, the second two weeks after it."""
    return ward.order("ocrelizumab_iv", ward.today + days(20), now=ward.at(ward.today, 7))


def mails() -> list[OutgoingMail]:
    return list(OutgoingMail.objects.filter(kind=reminders.KIND).order_by("created_at"))


def rows() -> list[tuple[int, int, str]]:
    """(number of the dose, step, state) of every reminder."""
    with actor.unit_of_work(actor.system("tests")):
        found = (
            Reminder.objects.for_system().select_related("dose").order_by("queued_at", "dose__number", "step")
        )
        return [(row.dose.number, row.step, row.state) for row in found]


def at(ward: Ward, dose: Dose, left: int, hour: int = 9) -> datetime:
    return ward.at(dose.target - days(left), hour)


def test_each_step_goes_out_once_however_often_the_worker_runs(ward: Ward, course: Course) -> None:
    first = ward.planned(course)
    for left in range(20, -2, -1):
        for hour in (9, 9, 15):
            reminders.run(at(ward, first, left, hour))
    assert [row for row in rows() if row[0] == 1] == [(1, step, "queued") for step in (14, 7, 3, 1)]
    sent = mails()
    assert len({mail.pk for mail in sent}) == len(sent) == len(rows())
    content = open_mail(sent[0])
    assert content is not None
    assert content["to"] == ward.maya.email
    assert {(open_mail(mail) or {})["body"] for mail in sent} == {
        content["body"]
    }  # the same words for every step


def test_a_worker_that_stood_still_sends_the_step_it_missed_and_never_two(ward: Ward, course: Course) -> None:
    first = ward.planned(course)
    reminders.run(at(ward, first, 5))
    assert rows() == [(1, 7, "queued")]
    reminders.run(at(ward, first, 2))
    assert rows() == [(1, 7, "queued"), (1, 3, "queued")]


@pytest.mark.parametrize("hour", [0, 3, 7, 20, 23])
def test_nobody_is_woken_up(ward: Ward, course: Course, hour: int) -> None:
    reminders.run(at(ward, ward.planned(course), 7, hour))
    assert rows() == []


def test_the_mail_says_nothing_about_anybody(ward: Ward, course: Course) -> None:
    reminders.run(at(ward, ward.planned(course), 7))
    content = open_mail(mails()[0])
    assert content is not None
    said = content["subject"] + content["body"]
    assert not HEALTH.search(said)
    for word in (ward.patient.name.split()[0], ward.patient.site.name, "ocrelizumab"):
        assert word.lower() not in said.lower()
    assert not re.search(r"\d{1,2} (January|February|December)|\d{4}-\d\d-\d\d", said)


def test_a_dose_that_was_given_missed_moved_or_ended_is_not_reminded_of(ward: Ward, course: Course) -> None:
    first = ward.planned(course)
    with ward.acting(ward.neurologist):
        services.confirm_moves(
            by=ward.neurologist, patient=ward.patient, course_id=course.pk,
            targets={dose.pk: dose.target + days(60) for dose in ward.doses(course)}, reason="A cold", id=uuid7(),
            now=ward.at(ward.today, 8),
        )  # fmt: skip
    reminders.run(at(ward, first, 7))
    assert rows() == []
    moved = ward.planned(course)
    reminders.run(at(ward, moved, 7))
    assert rows() == [(1, 7, "queued")]  # the new day has steps of its own
    with ward.acting(ward.neurologist):
        services.end_course(
            by=ward.neurologist, patient=ward.patient, course_id=course.pk, reason="Stopped", id=uuid7(),
            now=ward.at(ward.today, 9),
        )  # fmt: skip
    reminders.run(at(ward, moved, 3))
    assert rows() == [(1, 7, "canceled")]  # it still waited for the mail server
    (mail,) = mails()
    assert (mail.state, open_mail(mail)) == ("failed", None)


def put_off(ward: Ward, course: Course) -> None:
    with ward.acting(ward.nurse):
        outcomes.postpone(
            by=ward.nurse, patient=ward.patient, dose_id=ward.planned(course).pk, reason="supply", owner="clinic",
            recheck_on=ward.today + days(3), id=uuid7(), now=ward.at(ward.today),
        )  # fmt: skip


def go_ahead(ward: Ward, course: Course) -> None:
    with ward.acting(ward.nurse):
        outcomes.go_ahead(
            by=ward.nurse, patient=ward.patient, dose_id=ward.planned(course).pk, id=uuid7(), now=ward.at(ward.today)
        )  # fmt: skip


def test_a_dose_that_is_put_off_is_not_reminded_of_and_goes_on_with_the_step_that_is_due(
    ward: Ward, course: Course
) -> None:
    first = ward.planned(course)
    put_off(ward, course)
    for left in range(20, 4, -1):
        reminders.run(at(ward, first, left))
    assert (rows(), mails()) == ([], [])  # nor of the second dose, which comes after it
    go_ahead(ward, course)
    for hour in (9, 10, 11):
        reminders.run(at(ward, first, 4, hour))
    assert [row for row in rows() if row[0] == 1] == [(1, 7, "queued")]  # one, and 14 is over
    assert len(mails()) == 1
    reminders.run(at(ward, first, 3))
    assert [row for row in rows() if row[0] == 1] == [(1, 7, "queued"), (1, 3, "queued")]


def test_a_mail_that_waits_is_taken_back_when_the_dose_is_put_off_and_sent_when_it_goes_ahead(
    ward: Ward, course: Course
) -> None:
    first = ward.planned(course)
    reminders.run(at(ward, first, 7))
    put_off(ward, course)
    reminders.run(at(ward, first, 7, 10))
    assert rows() == [(1, 7, "canceled")]
    assert [mail.state for mail in mails()] == ["failed"]
    go_ahead(ward, course)
    for hour in (9, 10):
        reminders.run(at(ward, first, 6, hour))
    assert rows() == [(1, 7, "queued")]
    assert [mail.state for mail in mails()] == ["failed", "waiting"]


def test_what_is_put_off_while_the_worker_looks_is_not_reminded_of(
    ward: Ward, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker has planned the step; the look before the mail is a second one."""
    first = ward.planned(course)
    near = reminders._near

    def slow(now: datetime) -> list[Dose]:
        found = near(now)
        assert found
        put_off(ward, course)
        return found

    monkeypatch.setattr(reminders, "_near", slow)
    reminders.send_due(at(ward, first, 7))
    assert (rows(), mails()) == ([], [])


def test_a_paused_treatment_is_silent_and_goes_on_from_its_new_day_without_a_burst(
    ward: Ward, course: Course
) -> None:
    first = ward.planned(course)
    with ward.acting(ward.neurologist):
        pausing.pause_course(
            by=ward.neurologist, patient=ward.patient, course_id=course.pk, reason="A stay abroad", id=uuid7(),
            now=ward.at(ward.today),
        )  # fmt: skip
    for left in (14, 7, 3, 1):
        reminders.run(at(ward, first, left))
    assert rows() == []
    with ward.acting(ward.neurologist):
        pausing.resume_course(
            by=ward.neurologist, patient=ward.patient, course_id=course.pk, first_on=first.target + days(6),
            reason="Back", id=uuid7(), now=ward.at(first.target, 8),
        )  # fmt: skip
    for hour in (9, 10, 11):
        reminders.run(ward.at(first.target, hour))
    assert rows() == [(1, 7, "queued")]
    assert len(mails()) == 1
    reminders.run(ward.at(first.target + days(3)))
    assert [row for row in rows() if row[0] == 1] == [(1, 7, "queued"), (1, 3, "queued")]


def test_doses_on_days_in_a_row_share_the_mail_of_a_day(ward: Ward) -> None:
    course = ward.order("alemtuzumab", ward.today + days(6), now=ward.at(ward.today, 7))
    first = ward.planned(course)
    for hour in (9, 10):
        reminders.run(at(ward, first, 6, hour))
    assert len({row[0] for row in rows()}) > 1
    assert len(mails()) == 1
    with ward.acting(ward.neurologist):
        services.end_course(
            by=ward.neurologist, patient=ward.patient, course_id=course.pk, reason="Better", id=uuid7(),
            now=ward.at(ward.today, 11),
        )  # fmt: skip
    reminders.run(at(ward, first, 6, 12))
    assert {row[2] for row in rows()} == {"canceled"}
    assert [mail.state for mail in mails()] == ["failed"]


def test_of_a_dose_that_an_answer_stops_the_mail_says_to_call(ward: Ward, course: Course) -> None:
    first = ward.planned(course)
    with ward.acting(ward.maya):
        row = answers.answer(
            by=ward.maya, patient=ward.patient, dose_id=first.pk, said={"ocrelizumab_iv.chk.pregnancy": "yes"},
            place="home", id=uuid7(), now=ward.at(ward.today),
        )  # fmt: skip
    with ward.acting(ward.nurse):
        answers.review(
            by=ward.nurse, patient=ward.patient, answer_id=row.pk, agreed="A test first.", lift=False, id=uuid7(),
            now=ward.at(ward.today),
        )  # fmt: skip
    reminders.run(at(ward, first, 7))
    assert mails() == []
    (mail,) = OutgoingMail.objects.filter(kind=reminders.CALL_KIND)
    content = open_mail(mail)
    assert content is not None
    said = content["subject"] + content["body"]
    assert "please call your team before you travel" in said
    assert not HEALTH.search(said)
    with ward.acting(ward.nurse):
        answers.lift_stop(
            by=ward.nurse, patient=ward.patient, answer_id=row.pk, reason="The test is negative.", id=uuid7(),
            now=ward.at(ward.today),
        )  # fmt: skip
    reminders.run(at(ward, first, 3))
    assert len(mails()) == 1


def test_something_new_in_a_self_check_says_to_call_until_a_nurse_has_looked(
    ward: Ward, course: Course
) -> None:
    first = ward.planned(course)
    with ward.acting(ward.maya):
        sign = selfcheck.signs_of(facts_for(course))[0]
        row = selfcheck.answer(
            by=ward.maya,
            patient=ward.patient,
            id=uuid7(),
            new=[sign.key],
            none=False,
            now=ward.at(ward.today),
        )
    reminders.run(at(ward, first, 7))
    assert mails() == []
    assert OutgoingMail.objects.filter(kind=reminders.CALL_KIND).count() == 1
    with ward.acting(ward.nurse):
        selfcheck.review(
            by=ward.nurse, patient=ward.patient, check_id=row.pk, id=uuid7(), now=ward.at(ward.today)
        )
    reminders.run(at(ward, first, 3))
    assert len(mails()) == 1


def test_a_stopped_line_says_to_call(ward: Ward, course: Course) -> None:
    first = ward.planned(course)
    with actor.unit_of_work(actor.system("tests")):
        lines = ChecklistItem.objects.for_system().filter(dose=first)
        assert lines.filter(pk=lines.first().pk).update(state="concern")
    reminders.run(at(ward, first, 7))
    assert mails() == []
    assert OutgoingMail.objects.filter(kind=reminders.CALL_KIND).count() == 1


def test_a_mail_that_was_sent_stays_sent_and_a_moved_day_is_reminded_of_again(
    ward: Ward, course: Course
) -> None:
    first = ward.planned(course)
    reminders.run(at(ward, first, 7))
    OutgoingMail.objects.filter(kind=reminders.KIND).update(state="sent", payload=None)
    with ward.acting(ward.neurologist):
        services.confirm_moves(
            by=ward.neurologist, patient=ward.patient, course_id=course.pk,
            targets={dose.pk: dose.target + days(1) for dose in ward.doses(course)}, reason="The chair", id=uuid7(),
            now=ward.at(ward.today, 8),
        )  # fmt: skip
    reminders.run(at(ward, first, 6))
    assert rows() == [(1, 7, "queued"), (1, 7, "queued")]
    assert [mail.state for mail in mails()] == ["sent", "waiting"]


def test_a_patient_without_an_account_is_noted_for_the_phone(ward: Ward) -> None:
    from patients.services import enroll_patient

    with actor.unit_of_work(actor.system("tests")):
        ward.patient = enroll_patient(
            site=ward.patient.site, name="Ines Moreau", date_of_birth=ward.today - days(12000), by=ward.nurse,
            team=ward.clinic.team, phone="555-0188",
        )  # fmt: skip
    course = ward.order("ublituximab", ward.today + days(7), now=ward.at(ward.today, 7))
    reminders.run(at(ward, ward.planned(course), 7))
    assert (1, 7, "nobody") in rows()
    assert mails() == []


def test_the_job_does_it(ward: Ward, course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    now = at(ward, ward.planned(course), 1)
    monkeypatch.setattr(jobs, "now", lambda: now)
    for _twice in range(2):
        jobs.remind(0)
    assert rows() == [(1, 1, "queued")]


def test_a_step_is_written_with_its_mail_or_not_at_all(
    ward: Ward, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crash between the two leaves neither; the next run does both."""
    now = at(ward, ward.planned(course), 3)

    def broken(*args: Any, **more: Any) -> None:
        raise RuntimeError("the worker died")

    with monkeypatch.context() as patch:
        patch.setattr(reminders, "record_change", broken)
        with pytest.raises(RuntimeError):
            reminders.run(now)
    assert (rows(), mails()) == ([], [])
    reminders.run(now)
    assert rows() == [(1, 3, "queued")]


def test_two_workers_at_once_send_one_mail(fresh_db: str) -> None:
    """Both have seen that the step is due; the dose's row is held, so the second one looks again and finds it done."""
    ward = make_ward()
    course = ward.order("ocrelizumab_iv", ward.today + days(20), now=ward.at(ward.today, 7))
    dose = ward.planned(course)
    now, barrier = at(ward, dose, 7), threading.Barrier(2)
    troubles: list[Exception] = []

    def work() -> None:
        try:
            barrier.wait(10)
            with actor.unit_of_work(actor.system("tests")):
                reminders._remind(dose.pk, now)
        except Exception as error:  # noqa: BLE001 - told below
            troubles.append(error)
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _number in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(20)
    assert troubles == []
    assert rows() == [(1, 7, "queued")]
    assert len(mails()) == 1
