"""Two people at one course at the same moment, with real transactions: one of them is told, and nothing is written twice or slips through."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from accounts.models import User
from patients.models import Patient
from portal.lib import actor
from portal.lib.ids import uuid7
from portal.lib.problems import Conflict, DomainError
from portal.lib.time import now as present
from tests.treatment.conftest import Ward, make_ward
from treatment import services
from treatment.courses import guards, pausing, proceeding, reading
from treatment.dayof import checkins
from treatment.labelchange import services as labelchange
from treatment.models import CheckIn, Course, Dose, DoseAnswer, InfusionRecord, SelfCheck, Withdrawal
from treatment.outcomes import services as outcomes
from treatment.protocols.signing import IsWithdrawn
from treatment.readiness import answers, items
from treatment.selfcheck import services as selfcheck

Task = tuple[User, Callable[[], Any]]


@pytest.fixture
def ward(fresh_db: None) -> Ward:
    return make_ward()


def at_once(*tasks: Task) -> list[Any]:
    """Each task as its person in a thread and transaction of its own, started together; results or exceptions."""
    gate, results = threading.Barrier(len(tasks)), [None] * len(tasks)

    def run(number: int, user: User, task: Callable[[], Any]) -> None:
        try:
            connection.ensure_connection()
            gate.wait(60)
            with actor.unit_of_work(actor.Actor(user_id=user.pk)):
                results[number] = task()
        except Exception as error:  # noqa: BLE001 - every outcome is looked at
            results[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number, *task)) for number, task in enumerate(tasks)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return results


def after(ward: Ward, first: Task, second: Task, *, settle: float = 0.7) -> list[Any]:
    """The second begins while the first has done its work and has not committed: the worst moment."""
    done, go = threading.Event(), threading.Event()
    results: list[Any] = [None, None]

    def lead() -> None:
        try:
            with actor.unit_of_work(actor.Actor(user_id=first[0].pk)):
                results[0] = first[1]()
                done.set()
                go.wait(60)
        except Exception as error:  # noqa: BLE001 - every outcome is looked at
            results[0] = error
        finally:
            done.set()
            connection.close()

    def follow() -> None:
        try:
            with actor.unit_of_work(actor.Actor(user_id=second[0].pk)):
                results[1] = second[1]()
        except Exception as error:  # noqa: BLE001 - every outcome is looked at
            results[1] = error
        finally:
            connection.close()

    leader, follower = threading.Thread(target=lead), threading.Thread(target=follow)
    leader.start()
    done.wait(60)
    follower.start()
    follower.join(settle)  # either it waits for the first, or it has slipped through by now
    go.set()
    leader.join(60)
    follower.join(60)
    return results


def begun(ward: Ward) -> tuple[Course, Dose]:
    start = ward.today - timedelta(days=28)
    course = ward.order("natalizumab", start)
    ward.give(course, start, reaction=False)
    return course, ward.planned(course)


def giving(ward: Ward, by: User, dose: Dose, **more: Any) -> Task:
    return by, lambda: services.record_infusion(
        by=by, patient=ward.patient, dose_id=dose.pk, id=uuid7(), given_at=present() - timedelta(minutes=1), now=present(),
        **more,
    )  # fmt: skip


def test_two_people_note_one_dose_and_one_of_them_is_told(ward: Ward) -> None:
    course, dose = begun(ward)
    results = at_once(
        giving(ward, ward.nurse, dose, reaction=False),
        giving(ward, ward.neurologist, dose, extent="stopped", how_much="A third"),
        (
            ward.pharmacist,
            lambda: services.mark_missed(
                by=ward.pharmacist,
                patient=ward.patient,
                dose_id=dose.pk,
                reason="A cold",
                id=uuid7(),
                now=present(),
            ),
        ),
    )
    assert sum(isinstance(one, Dose) for one in results) == 1, results
    assert sum(isinstance(one, Conflict) for one in results) == 2, results
    with ward.acting(ward.nurse):
        assert InfusionRecord.objects.for_user(ward.nurse).filter(dose=dose).count() <= 1
        numbers = [one.number for one in services.doses_of(ward.nurse, ward.patient, course)]
    assert numbers == sorted(set(numbers))


def pausing_(ward: Ward, course: Course) -> Task:
    return ward.neurologist, lambda: pausing.pause_course(
        by=ward.neurologist,
        patient=ward.patient,
        course_id=course.pk,
        reason="Surgery",
        id=uuid7(),
        now=present(),
    )


def test_nothing_is_noted_released_or_booked_while_a_pause_is_being_written(ward: Ward) -> None:
    course, dose = begun(ward)
    noted = after(ward, pausing_(ward, course), giving(ward, ward.nurse, dose))
    assert isinstance(noted[1], proceeding.CoursePaused), noted


def test_the_drug_is_not_released_while_a_pause_is_being_written(ward: Ward) -> None:
    course, dose = begun(ward)

    def step(kind: str) -> Callable[[], Any]:
        return lambda: outcomes.note_drug_step(
            by=ward.pharmacist, patient=ward.patient, dose_id=dose.pk, kind=kind, id=uuid7(), now=present()
        )

    with ward.acting(ward.pharmacist):
        step("ordered")()
    results = after(ward, pausing_(ward, course), (ward.pharmacist, step("released")))
    assert isinstance(results[1], proceeding.CoursePaused), results


@pytest.mark.parametrize("who", ["maya", "carer", "nurse"])
def test_no_time_is_booked_while_a_pause_is_being_written(ward: Ward, who: str) -> None:
    course, dose = begun(ward)
    person = getattr(ward, who)

    def book() -> Any:
        services.hold_for_booking(person, ward.patient, dose.pk)
        return services.dose_for_booking(person, ward.patient)

    results = after(ward, pausing_(ward, course), (person, book))
    assert isinstance(results[0], Course), results
    assert results[1] is None, results


def test_a_dose_noted_while_a_switch_is_being_signed_is_refused(ward: Ward) -> None:
    course, dose = begun(ward)
    protocol = ward.protocol("ocrelizumab_iv")

    def switch() -> Any:
        return services.sign_order(
            by=ward.neurologist, patient=ward.patient, protocol_id=protocol.pk, path="standard", first_on=ward.today,
            indication="New activity", replaces=course.pk, id=uuid7(), in_demo=True, now=present(),
        )  # fmt: skip

    results = after(ward, (ward.neurologist, switch), giving(ward, ward.nurse, dose))
    assert isinstance(results[0], Course), results
    assert isinstance(results[1], proceeding.DoseNotOpen), results


def withdrawing(ward: Ward, code: str) -> Task:
    return ward.neurologist, lambda: labelchange.note_change(
        by=ward.neurologist, code=code, what="A new warning", source="Label 2026", changed_on=ward.today,
        withdraw=[ward.protocol(code).version], id=uuid7(), now=present(),
    )  # fmt: skip


def ordering(ward: Ward, code: str, patient: Patient) -> Task:
    protocol = ward.protocol(code)
    return ward.neurologist, lambda: services.sign_order(
        by=ward.neurologist, patient=patient, protocol_id=protocol.pk, path="standard", first_on=ward.today,
        indication="Relapsing MS", id=uuid7(), in_demo=True, now=present(),
    )  # fmt: skip


def test_an_order_waits_for_a_withdrawal_that_is_being_written_and_is_refused(ward: Ward) -> None:
    results = after(ward, withdrawing(ward, "natalizumab"), ordering(ward, "natalizumab", ward.patient))
    assert isinstance(results[1], IsWithdrawn), results
    with ward.acting(ward.nurse):
        assert not Course.objects.for_user(ward.nurse, ward.patient).exists()


def test_two_orders_do_not_wait_for_each_other_and_a_withdrawal_comes_after_them(ward: Ward) -> None:
    results = at_once(
        ordering(ward, "natalizumab", ward.patient),
        ordering(ward, "natalizumab", ward.other),
        withdrawing(ward, "natalizumab"),
    )
    orders = results[:2]
    assert all(isinstance(one, (Course, DomainError)) for one in orders), results
    assert Withdrawal.objects.count() == 1


def test_one_drug_is_not_ordered_twice_at_once(ward: Ward) -> None:
    results = at_once(
        ordering(ward, "natalizumab", ward.patient), ordering(ward, "natalizumab", ward.patient)
    )
    assert sum(isinstance(one, Course) for one in results) == 1, results


# --- An answer that stops a dose, at the moment in which somebody notes it -------------------------------------------


def answering(ward: Ward, dose: Dose) -> Task:
    """The one answer that means "call first"."""

    def say() -> DoseAnswer:
        asked = answers.questions_for(ward.maya, ward.patient, dose)
        question = next(one for one in asked if one.on_concern == "call_first")
        return answers.answer(
            by=ward.maya, patient=ward.patient, dose_id=dose.pk, said={question.fact: question.concern_if}, place="home",
            id=uuid7(), now=present(),
        )  # fmt: skip

    return ward.maya, say


def new_sign(ward: Ward, dose: Dose) -> str:
    facts = reading.facts_for(dose.course)
    return next(sign.key for sign in selfcheck.signs_of(facts))


def checking(ward: Ward, dose: Dose) -> Task:
    return ward.maya, lambda: selfcheck.answer(
        by=ward.maya, patient=ward.patient, id=uuid7(), new=[new_sign(ward, dose)], none=False, now=present()
    )


def after_the_dose(ward: Ward, dose: Dose) -> Task:
    """The same as the answer to what the portal asked after the dose before."""
    with ward.acting(ward.nurse):
        before = next(one for one in ward.doses(dose.course) if one.state == Dose.State.GIVEN)
    with actor.unit_of_work(actor.system("tests")):
        row = CheckIn.objects.create(
            patient=ward.patient, dose=before, step=24, asked_at=present(), state=CheckIn.State.QUEUED, mail_id=uuid7()
        )  # fmt: skip
    return ward.maya, lambda: checkins.answer(
        by=ward.maya, patient=ward.patient, check_in_id=row.pk, id=uuid7(), new=[new_sign(ward, dose)], none=False,
        now=present(),
    )  # fmt: skip


SAID = {"answer": answering, "self-check": checking, "check-in": after_the_dose}


def releasing(ward: Ward, dose: Dose) -> Task:
    """The next step of its drug; the pharmacy has the order."""

    def step(kind: str) -> Any:
        return outcomes.note_drug_step(
            by=ward.pharmacist, patient=ward.patient, dose_id=dose.pk, kind=kind, id=uuid7(), now=present()
        )

    with ward.acting(ward.pharmacist):
        step("ordered")
    return ward.pharmacist, lambda: step("released")


def unheld(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is said takes no lock."""
    monkeypatch.setattr(guards, "hold_all", lambda by, patient: None)


@pytest.mark.parametrize("guarded", [False, True])
@pytest.mark.parametrize("said", SAID)
def test_no_dose_is_noted_as_given_while_an_answer_that_stops_it_is_being_written(
    ward: Ward, monkeypatch: pytest.MonkeyPatch, said: str, guarded: bool
) -> None:
    _course, dose = begun(ward)
    if not guarded:
        unheld(monkeypatch)
    saying = SAID[said](ward, dose)
    results = after(
        ward, saying, giving(ward, ward.nurse, dose, reaction=False), settle=0.7 if guarded else 20
    )
    assert isinstance(results[0], DoseAnswer | SelfCheck), results
    assert isinstance(results[1], proceeding.AnswerStops if guarded else Dose), results


@pytest.mark.parametrize("guarded", [False, True])
def test_no_drug_of_another_treatment_is_released_while_such_an_answer_is_being_written(
    ward: Ward, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    _course, dose = begun(ward)
    steroids = ward.order("ivmp", ward.today, path="three_days", now=present())
    released = releasing(ward, ward.planned(steroids))
    if not guarded:
        unheld(monkeypatch)
    results = after(ward, answering(ward, dose), released, settle=0.7 if guarded else 20)
    assert isinstance(results[0], DoseAnswer), results
    assert isinstance(results[1], proceeding.AnswerStops) == guarded, results


@pytest.mark.parametrize("guarded", [False, True])
def test_an_answer_that_comes_while_the_dose_is_being_noted_finds_it_given(
    ward: Ward, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    _course, dose = begun(ward)
    if not guarded:
        unheld(monkeypatch)
    results = after(
        ward,
        giving(ward, ward.nurse, dose, reaction=False),
        answering(ward, dose),
        settle=0.7 if guarded else 20,
    )
    assert isinstance(results[0], Dose), results
    assert isinstance(results[1], items.DoseIsOver if guarded else DoseAnswer), results


def test_an_answer_the_nurse_and_the_pharmacy_do_not_wait_for_each_other(ward: Ward) -> None:
    course, dose = begun(ward)
    released = releasing(ward, dose)
    results = at_once(
        answering(ward, dose), giving(ward, ward.nurse, dose, reaction=False), released, checking(ward, dose),
        pausing_(ward, course),
    )  # fmt: skip
    assert all(not isinstance(one, Exception) or isinstance(one, DomainError) for one in results), results
