"""Many people, real connections, real commits: one place is given once, and everyone else gets other times."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import date
from typing import Any

import psycopg
import pytest
from django.db import connection

from accounts.models import User
from patients.models import Patient
from patients.services import enroll_patient
from portal.lib import actor
from portal.lib.ids import uuid7
from portal.lib.time import now as present
from scheduling import services
from scheduling.models import Claim
from tests.scheduling.people import Clinic

PEOPLE = 64


def crowd(clinic: Clinic, count: int) -> list[tuple[User, Patient]]:
    """So many patients of the team, each with an account."""
    people = []
    for number in range(count):
        user = User.objects.create_user(f"racer{number}@example.com", None, name=f"Racer {number}")
        patient = enroll_patient(
            site=clinic.world.site,
            name=f"Racer {number}",
            date_of_birth=date(1980, 1, 1),
            by=clinic.rosa,
            user=user,
            team=clinic.world.team,
        )
        people.append((user, patient))
    return people


def at_once(tasks: list[tuple[User, Callable[[], Any]]]) -> list[Any]:
    """Run each task as its person in a thread and transaction of its own, all started together; results or exceptions."""
    gate, results = threading.Barrier(len(tasks)), [None] * len(tasks)

    def run(number: int, user: User, task: Callable[[], Any]) -> None:
        try:
            connection.ensure_connection()
            gate.wait(60)
            with actor.unit_of_work(actor.Actor(user_id=user.pk)):
                results[number] = task()
        except Exception as error:  # noqa: BLE001 - every outcome is counted
            results[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number, *task)) for number, task in enumerate(tasks)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return results


def race(clinic: Clinic, people: list[tuple[User, Patient]]) -> list[Any]:
    """Everyone books the same time with the same nurse."""
    start, now = clinic.starts(days=5)[4], present()

    def booking(user: User, patient: Patient) -> Callable[[], Any]:
        return lambda: services.book(
            by=user,
            patient=patient,
            service=clinic.kinds["nurse"],
            starts_at=start.at,
            resource=start.resource_id,
            id=uuid7(),
            now=now,
        )

    return at_once([(user, booking(user, patient)) for user, patient in people])


@pytest.mark.slow
def test_64_people_racing_for_one_time_give_one_booking(fresh_db: str, clinic: Clinic) -> None:
    people = crowd(clinic, PEOPLE)
    began = time.monotonic()
    results = race(clinic, people)
    seconds = time.monotonic() - began
    kinds = Counter(type(result).__name__ for result in results)
    print(f"\n{PEOPLE} people, {seconds:.1f} s: {dict(kinds)}")  # noqa: T201 - the figures of the run
    won = [result for result in results if isinstance(result, services.Done)]
    refused = [result for result in results if isinstance(result, services.SlotTaken)]
    assert (len(won), len(refused)) == (1, PEOPLE - 1), kinds
    assert all(len(refusal.alternatives) == 3 for refusal in refused)
    assert all(str(refusal.message).strip() for refusal in refused)
    assert Claim.objects.count() == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        assert cursor.fetchone() == (0,)
        cursor.execute("SELECT count(*) FROM patients_receipt")


@pytest.mark.slow
def test_the_race_is_real_without_lock_and_constraint(
    fresh_db: str, clinic: Clinic, owner_cursor: psycopg.Cursor, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = crowd(clinic, 8)
    insert = services._insert
    monkeypatch.setattr(services, "lock_lanes", lambda resource_ids: None)
    monkeypatch.setattr(services, "_insert", lambda visit: (time.sleep(0.5), insert(visit)))
    owner_cursor.execute("ALTER TABLE scheduling_claim DROP CONSTRAINT claim_no_overlap")
    results = race(clinic, people)
    assert sum(isinstance(result, services.Done) for result in results) > 1
    assert Claim.objects.live().count() > 1


@pytest.mark.slow
def test_the_constraint_alone_still_gives_the_place_once(
    fresh_db: str, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = crowd(clinic, 2)
    insert = services._insert
    monkeypatch.setattr(services, "lock_lanes", lambda resource_ids: None)
    monkeypatch.setattr(services, "_insert", lambda visit: (time.sleep(0.3), insert(visit)))
    results = race(clinic, people)
    assert sum(isinstance(result, services.Done) for result in results) == 1
    assert Claim.objects.live().count() == 1


@pytest.mark.slow
def test_the_lock_alone_gives_the_place_once(
    fresh_db: str, clinic: Clinic, owner_cursor: psycopg.Cursor, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = crowd(clinic, 6)
    insert = services._insert
    monkeypatch.setattr(services, "_insert", lambda visit: (time.sleep(0.2), insert(visit)))
    owner_cursor.execute("ALTER TABLE scheduling_claim DROP CONSTRAINT claim_no_overlap")
    results = race(clinic, people)
    assert sum(isinstance(result, services.Done) for result in results) == 1
    assert Claim.objects.live().count() == 1


@pytest.mark.slow
def test_two_people_changing_into_each_others_place_keep_their_own(fresh_db: str, clinic: Clinic) -> None:
    first, second = clinic.starts(days=5)[0], clinic.starts(days=5)[6]
    mine = clinic.book(first)
    theirs = clinic.book(second, by=clinic.samuel, patient=clinic.world.other_patient)

    def move(user: User, patient: Patient, id: Any, to: Any) -> Callable[[], Any]:
        return lambda: services.reschedule(
            by=user, patient=patient, appointment_id=id, starts_at=to.at, version=0, id=uuid7(), now=present()
        )

    for _round in range(3):
        results = at_once(
            [
                (clinic.maya, move(clinic.maya, clinic.patient, mine, second)),
                (clinic.samuel, move(clinic.samuel, clinic.world.other_patient, theirs, first)),
            ]
        )
        assert all(isinstance(result, services.SlotTaken) for result in results), results
    assert clinic.visit(mine).starts_at == first.at
    assert clinic.visit(theirs, clinic.samuel).starts_at == second.at
    assert Claim.objects.live().count() == 2


@pytest.mark.slow
def test_one_patient_in_two_tabs_gets_one_visit_at_a_time(fresh_db: str, clinic: Clinic) -> None:
    both = {start.at for start in clinic.starts("neurologist")} & {
        start.at for start in clinic.starts("nurse")
    }
    at, now = min(both), present()

    def booking(kind: str) -> Callable[[], Any]:
        return lambda: services.book(
            by=clinic.maya,
            patient=clinic.patient,
            service=clinic.kinds[kind],
            starts_at=at,
            id=uuid7(),
            now=now,
        )

    results = at_once([(clinic.maya, booking(kind)) for kind in ("nurse", "neurologist") * 8])
    assert sum(isinstance(result, services.Done) for result in results) == 1, results
    assert sum(isinstance(result, services.OwnVisitThen | services.Crowded) for result in results) == 15, (
        results
    )


@pytest.mark.slow
def test_the_same_press_sixteen_times_is_one_visit(fresh_db: str, clinic: Clinic) -> None:
    start, id, now = clinic.starts(days=5)[2], uuid7(), present()
    press = lambda: services.book(  # noqa: E731
        by=clinic.maya,
        patient=clinic.patient,
        service=clinic.kinds["nurse"],
        starts_at=start.at,
        id=id,
        now=now,
    )
    results = at_once([(clinic.maya, press)] * 16)
    assert {result.result for result in results} == {id}
    assert sum(result.first for result in results) == 1
    assert Claim.objects.count() == 1


@pytest.mark.slow
def test_a_lock_that_is_held_too_long_is_a_polite_refusal(
    fresh_db: str, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, now = clinic.starts(days=5)[2], present()
    monkeypatch.setattr(services, "LOCK_WAIT", "100ms")
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        services.lock_lanes([clinic.nurse.pk])
        held.set()
        done.wait(20)

    def press() -> Any:
        held.wait(20)
        try:
            return services.book(
                by=clinic.maya,
                patient=clinic.patient,
                service=clinic.kinds["nurse"],
                starts_at=start.at,
                id=uuid7(),
                now=now,
            )
        finally:
            with connection.cursor() as cursor:
                cursor.execute("SHOW lock_timeout")
                assert cursor.fetchone() == ("0",)
            done.set()

    _nothing, refused = at_once([(clinic.samuel, hold), (clinic.maya, press)])
    assert isinstance(refused, services.Crowded), refused
    assert len(refused.alternatives) == 3
