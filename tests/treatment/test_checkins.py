"""Check-ins after a dose: asked once, on time, in neutral words; a yes is the self-check's yes; a no reassures nobody."""

from __future__ import annotations

import re
import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.http import Http404
from django.urls import reverse

from accounts.models import OutgoingMail
from accounts.services import open_mail
from patients.services import DifferentContent
from portal.lib import actor
from portal.lib.ids import uuid7
from portal.lib.problems import NotAllowed
from tests.patients.world import acts_of, signed_in
from tests.security.test_canary import HEALTH
from tests.treatment.conftest import Ward, make_ward
from treatment import jobs
from treatment.chair import services as chair
from treatment.courses.later_reactions import note_later_reaction
from treatment.dayof import checkins
from treatment.models import CheckIn, SelfCheck
from treatment.protocols.facts import Facts


def after(dose: Any, count: float) -> datetime:
    """So many hours after a dose was through: the data say how long it runs, and `given_at` is when it began."""
    regimen = dose.course.order.protocol.content["regimen"]
    minutes = next(one["infusion_minutes"] for one in regimen if one["key"] == dose.phase_key)
    found: datetime = dose.given_at + timedelta(minutes=minutes, hours=count)
    return found


@pytest.fixture
def given(ward: Ward) -> Any:
    """Ocrelizumab, given yesterday at ten."""
    course = ward.order("ocrelizumab_iv", ward.today - timedelta(days=1))
    return ward.give(course, ward.today - timedelta(days=1))


def rows() -> list[CheckIn]:
    with actor.unit_of_work(actor.system("tests")):
        return list(CheckIn.objects.for_system().select_related("dose").order_by("asked_at"))


def steps() -> list[int]:
    return [row.step for row in rows()]


def mails() -> list[OutgoingMail]:
    return list(OutgoingMail.objects.filter(kind=checkins.KIND).order_by("created_at"))


def key(ward: Ward, part: str, code: str = "ocrelizumab_iv") -> str:
    facts = ward.protocol(code).content["red_flags"]
    return next(row["key"] for row in facts if row["symptom"].startswith(part))


def answer(ward: Ward, *new: str, none: bool = False, **more: Any) -> SelfCheck:
    said = {
        "by": ward.maya,
        "id": uuid7(),
        "check_in_id": rows()[-1].pk,
        "now": ward.at(ward.today, 12),
        **more,
    }
    with ward.acting(said["by"]):
        row = checkins.answer(patient=ward.patient, new=new, none=none, **said)
        assert row.answers
    return row


# --- Asking -----------------------------------------------------------------------------------------------------------


def test_one_hour_and_a_day_after_once_however_often_the_worker_runs(ward: Ward, given: Any) -> None:
    for quarter in range(4 * 24 * 8):
        checkins.run(after(given, quarter / 4))
    assert steps() == [1, 24]
    assert [row.asked_at for row in rows()] == [after(given, 1), after(given, 24)]
    assert len(mails()) == 2


@pytest.mark.parametrize("minutes", [45, 420])  # shorter and longer than the version says
def test_the_hours_count_from_the_end_in_the_chair_record(ward: Ward, minutes: int) -> None:
    course = ward.order("ocrelizumab_iv", ward.today - timedelta(days=1))
    dose, start = ward.planned(course), ward.at(ward.today - timedelta(days=1), 8)
    ends = start + timedelta(minutes=minutes)

    def line(kind: str, at: datetime) -> None:
        with ward.acting(ward.nurse):
            chair.add_row(
                by=ward.nurse, patient=ward.patient, dose_id=dose.pk, kind=kind, said={}, id=uuid7(), now=at
            )  # fmt: skip

    ward.ask_there(dose, start)
    line("started", start)
    line("ended", ends)
    with ward.acting(ward.nurse):
        chair.close(
            by=ward.nurse, patient=ward.patient, dose_id=dose.pk, extent="whole", unwatched="She had to leave", id=uuid7(),
            now=ends + timedelta(minutes=2),
        )  # fmt: skip
    for quarter in range(4 * 24 * 5):
        checkins.run(start + timedelta(minutes=15 * quarter))
    assert [(row.step, row.asked_at) for row in rows()] == [
        (1, ends + timedelta(hours=1)),
        (24, ends + timedelta(hours=24)),
    ]


def test_three_days_only_where_the_version_names_a_later_reaction(ward: Ward) -> None:
    asked = {row["id"]: Facts(row).check_in_hours for row in contents(ward)}
    assert asked.pop("alemtuzumab") == asked.pop("ivig") == (1, 24, 72)
    assert set(asked.values()) == {(1, 24)}


def contents(ward: Ward) -> list[dict[str, Any]]:
    from treatment.models import Protocol

    return list(Protocol.objects.values_list("content", flat=True))


def test_a_course_of_days_in_a_row_is_asked_after_its_last_day_and_by_the_first_step_of_each(
    ward: Ward,
) -> None:
    first = ward.today - timedelta(days=4)
    course = ward.order("alemtuzumab", first)
    for number in range(5):
        dose = ward.give(course, first + timedelta(days=number))
        checkins.run(after(dose, 1))
        if number < 4:
            checkins.run(after(dose, 23))
    assert steps() == [1] * 5
    for hour in range(24, 100):
        checkins.run(after(dose, hour))
    assert [(row.dose.number, row.step) for row in rows()][5:] == [(5, 24), (5, 72)]


def test_nothing_is_asked_for_a_dose_that_was_not_given(ward: Ward) -> None:
    from treatment.outcomes import services as outcomes

    course = ward.order("ocrelizumab_iv", ward.today - timedelta(days=1))
    dose = ward.planned(course)
    with ward.acting(ward.nurse):
        outcomes.postpone(
            by=ward.nurse, patient=ward.patient, dose_id=dose.pk, reason="infection", owner="nurse", note="",
            recheck_on=ward.today + timedelta(days=3), id=uuid7(), now=ward.at(ward.today),
        )  # fmt: skip
    for hour in range(0, 96, 3):
        checkins.run(ward.at(dose.target) + timedelta(hours=hour))
    assert (rows(), mails()) == ([], [])


def test_a_dose_stopped_for_a_reaction_is_asked_about(ward: Ward) -> None:
    course = ward.order("ocrelizumab_iv", ward.today - timedelta(days=1))
    dose = ward.give(
        course, ward.today - timedelta(days=1), extent="stopped", how_much="Half", reaction=True, note="Rash"
    )
    checkins.run(after(dose, 1))
    assert steps() == [1]


def test_nobody_is_asked_after_a_reaction_of_grade_5(ward: Ward) -> None:
    course = ward.order("ocrelizumab_iv", ward.today - timedelta(days=1))
    dose = ward.give(
        course, ward.today - timedelta(days=1), extent="stopped", how_much="Half", reaction=True, reaction_grade=5,
        note="Died in the clinic",
    )  # fmt: skip
    for hour in (1, 24):
        checkins.run(after(dose, hour))
    assert (rows(), mails()) == ([], [])


def test_nobody_is_asked_after_a_death_that_was_noted_later(ward: Ward, given: Any) -> None:
    with ward.acting(ward.nurse):
        note_later_reaction(
            by=ward.nurse, patient=ward.patient, dose_id=given.pk, grade=5, since=given.given_on, words="Died at home",
            id=uuid7(), now=after(given, 0.5),
        )  # fmt: skip
    for hour in (1, 24):
        checkins.run(after(given, hour))
    assert (rows(), mails()) == ([], [])


def test_a_worker_that_stood_still_asks_the_newest_step_and_nothing_after_three_days(
    ward: Ward, given: Any
) -> None:
    checkins.run(after(given, 30))
    assert steps() == [24]
    with actor.unit_of_work(actor.system("tests")):
        assert checkins.due_step(*_alone(given, after(given, 24 + 72))) is None


def _alone(dose: Any, now: datetime) -> Any:
    found = next(one for one in checkins._given(now) if one.pk == dose.pk)
    found._prefetched_objects_cache = {"check_ins": CheckIn.objects.none()}
    return found, [found], now


@pytest.mark.parametrize("hour", [20, 23, 3, 7])
def test_the_later_steps_wake_nobody(ward: Ward, hour: int) -> None:
    yesterday = ward.today - timedelta(days=1)
    course = ward.order("ocrelizumab_iv", yesterday)
    dose = ward.give(course, yesterday)
    night = ward.at(ward.today if hour > 12 else ward.today + timedelta(days=1), hour)
    checkins.run(night)
    assert steps() == []
    checkins.run(ward.at(ward.today + timedelta(days=1), 8))
    assert steps() == [24]
    assert dose.given_at is not None


def test_nobody_is_asked_while_the_infusion_still_runs(ward: Ward, given: Any) -> None:
    """The first half dose of ocrelizumab runs 2.5 hours: an hour after its beginning it is not over."""
    checkins.run(given.given_at + timedelta(hours=1, minutes=30))
    assert steps() == []
    checkins.run(given.given_at + timedelta(hours=3, minutes=30))
    assert steps() == [1]


def test_the_mail_says_nothing_about_anybody(ward: Ward, given: Any) -> None:
    checkins.run(after(given, 1))
    content = open_mail(mails()[0])
    assert content is not None
    assert content["to"] == ward.maya.email
    said = content["subject"] + content["body"]
    assert not HEALTH.search(said)
    for word in (ward.patient.name.split()[0], ward.patient.site.name, "ocrelizumab", "infusion", "dose"):
        assert word.lower() not in said.lower()
    assert not re.search(r"\d{1,2} (January|February|December)|\d{4}-\d\d-\d\d", said)


def test_a_patient_without_an_account_is_for_the_phone(ward: Ward) -> None:
    from patients.services import enroll_patient

    with actor.unit_of_work(actor.system("tests")):
        ward.patient = enroll_patient(
            site=ward.patient.site, name="Ines Moreau", date_of_birth=ward.today - timedelta(days=12000), by=ward.nurse,
            team=ward.clinic.team, phone="555-0188",
        )  # fmt: skip
    course = ward.order("ocrelizumab_iv", ward.today - timedelta(days=1))
    dose = ward.give(course, ward.today - timedelta(days=1))
    checkins.run(after(dose, 1))
    assert [(row.step, row.state) for row in rows()] == [(1, "nobody")]
    assert mails() == []
    page = (
        signed_in(ward.nurse).get(reverse("treatment:patient-home", args=[ward.patient.pk])).content.decode()
    )
    assert "No account: ask by phone" in page


def test_the_job_does_it_and_a_crash_leaves_neither_row_nor_mail(
    ward: Ward, given: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = after(given, 1)
    monkeypatch.setattr(jobs, "now", lambda: now)

    def broken(*args: Any, **more: Any) -> None:
        raise RuntimeError("the worker died")

    with monkeypatch.context() as patch:
        patch.setattr(checkins, "record_change", broken)
        with pytest.raises(RuntimeError):
            jobs.check_in(0)
    assert (rows(), mails()) == ([], [])
    for _twice in range(2):
        jobs.check_in(0)
    assert (steps(), len(mails())) == ([1], 1)


def test_two_workers_at_once_ask_once(fresh_db: str) -> None:
    ward = make_ward()
    course = ward.order("ocrelizumab_iv", ward.today - timedelta(days=1))
    dose = ward.give(course, ward.today - timedelta(days=1))
    now, barrier = after(dose, 1), threading.Barrier(2)
    troubles: list[Exception] = []

    def work() -> None:
        try:
            barrier.wait(10)
            with actor.unit_of_work(actor.system("tests")):
                checkins.ask(dose.pk, now)
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
    assert (steps(), len(mails())) == ([1], 1)


# --- Answering --------------------------------------------------------------------------------------------------------


@pytest.fixture
def asked(ward: Ward, given: Any) -> CheckIn:
    checkins.run(after(given, 24))
    return rows()[-1]


def test_today_leads_to_it_until_it_is_answered(ward: Ward, asked: CheckIn) -> None:
    maya, path = signed_in(ward.maya), reverse("treatment:check-in", args=[asked.pk])
    assert path in maya.get("/").content.decode()
    answer(ward, none=True)
    assert path not in maya.get("/").content.decode()
    again = maya.get(path)
    assert again.status_code == 302
    assert "self-check" in again["Location"]


def test_red_flags_of_the_therapy_come_first_and_a_yes_is_the_self_checks_yes(
    ward: Ward, asked: CheckIn
) -> None:
    maya, nurse = signed_in(ward.maya), signed_in(ward.nurse)
    path = reverse("treatment:check-in", args=[asked.pk])
    page = maya.get(path).content.decode()
    flags = ward.protocol("ocrelizumab_iv").content["red_flags"]
    assert all(row["symptom"].replace("'", "&#x27;") in page for row in flags)
    form = {"draft": str(uuid7()), "draft_version": "0", "call_now": [key(ward, "Fever of")]}
    told = maya.post(path, form)
    assert told.status_code == 302
    done = maya.get(told["Location"]).content.decode()
    assert done.index("Call us now") < done.index("What is new") < done.index("Write to your team")
    first = nurse.get("/").content.decode()
    assert "Check-in after a dose: something new" in first
    assert "Fever of 38" not in first
    write = re.search(r'action="([^"]*/self-check/[^"]*/write/)"', done)
    assert write is not None
    message = maya.get(maya.post(write[1])["Location"]).content.decode()
    assert "From my check-in after the dose on" in message
    assert "- Fever of 38" in message


def test_a_no_reassures_nobody_and_nothing_stands_on_the_list(ward: Ward, asked: CheckIn) -> None:
    row = answer(ward, none=True)
    page = signed_in(ward.maya).get(reverse("treatment:self-check-done", args=[row.pk])).content.decode()
    assert "Nothing new was ticked." in page
    for word in ("all is well", "you are fine", "safe to", "no problem", "good news", "score of"):
        assert word not in page.lower()
    assert "Check-in after a dose" not in signed_in(ward.nurse).get("/").content.decode()


def test_the_team_sees_the_answer_on_the_treatment_page(ward: Ward, asked: CheckIn) -> None:
    path = reverse("treatment:patient-home", args=[ward.patient.pk])
    assert "Not answered" in signed_in(ward.nurse).get(path).content.decode()
    row = answer(ward, key(ward, "Chest pain"))
    page = signed_in(ward.nurse).get(path).content.decode()
    assert "24 hours after the dose" in page
    # Once: with the check-ins, not among the self-checks as well.
    assert page.count(reverse("treatment:patient-self-check-done", args=[ward.patient.pk, row.pk])) == 1


def test_answered_once_and_other_answers_are_refused_and_kept(ward: Ward, asked: CheckIn) -> None:
    id, fever = uuid7(), key(ward, "Fever of")
    assert answer(ward, none=True, id=id).pk == answer(ward, none=True, id=id).pk == id
    with pytest.raises(DifferentContent):
        answer(ward, fever, id=id)
    with pytest.raises(checkins.AlreadyAnswered):
        answer(ward, fever)
    form = {"draft": str(uuid7()), "draft_version": "0", "call_now": [fever]}
    told = signed_in(ward.maya).post(reverse("treatment:check-in", args=[asked.pk]), form)
    assert told.status_code == 422
    assert "do the self-check or call us" in told.content.decode()
    acts = [act.split()[0] for act in acts_of(ward.patient) if act.startswith("checkin")]
    assert acts == ["checkin.asked", "checkin.answered"]


def test_only_the_patient_answers_and_strangers_find_nothing(ward: Ward, asked: CheckIn) -> None:
    for person in (ward.nurse, ward.carer, ward.elsewhere):
        with pytest.raises(NotAllowed):
            answer(ward, none=True, by=person)
        assert signed_in(person).get(reverse("treatment:check-in", args=[asked.pk])).status_code == 404
    samuel = ward.clinic["samuel"]
    with ward.acting(samuel), pytest.raises((NotAllowed, Http404)):
        checkins.answer(
            by=samuel,
            patient=ward.other,
            check_in_id=asked.pk,
            id=uuid7(),
            new=[],
            none=True,
            now=ward.at(ward.today),
        )


def test_a_late_answer_is_kept(ward: Ward, asked: CheckIn) -> None:
    late = ward.at(ward.today + timedelta(days=40))
    row = answer(ward, key(ward, "Fever of"), now=late)
    assert (row.level, row.answered_at) == ("call_now", late)
