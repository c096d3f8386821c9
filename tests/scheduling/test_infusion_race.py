"""128 people, real connections, real commits, few chairs and nurses: nobody twice in a place, nobody with half of one."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

import psycopg
import pytest
from django.db import connection

from accounts.models import User
from patients.models import Patient
from portal.lib import actor
from portal.lib.ids import uuid7
from portal.lib.time import now as present
from scheduling import infusions, services
from scheduling.models import Claim
from tests.scheduling.chairs import Ward, whole
from tests.scheduling.test_race import at_once, crowd

PEOPLE = 128

OVERLAPS = """
SELECT count(*) FROM scheduling_claim a JOIN scheduling_claim b
ON a.resource_id = b.resource_id AND a.id < b.id AND a.during && b.during WHERE a.released_at IS NULL AND b.released_at IS NULL
"""


def overlaps() -> int:
    with connection.cursor() as cursor:
        cursor.execute(OVERLAPS)
        return int(cursor.fetchone()[0])


def deadlocks() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return int(cursor.fetchone()[0])


def race(ward: Ward, people: list[tuple[User, Patient]], seed: int = 7) -> list[tuple[datetime, Any]]:
    """Everybody asks for one of a few times of two days; gives what each wished for and got."""
    chance, now = random.Random(seed), present()
    planned = {patient.pk: ward.dose(patient) for _user, patient in people}
    some = ward.times(next(iter(planned.values())), by=people[0][0], patient=people[0][1])
    days = sorted({at.date() for at in some})[:2]
    some = [at for at in some if at.date() in days][::3]
    wishes = [chance.choice(some) for _each in people]

    def asking(user: User, patient: Patient, wish: datetime) -> Callable[[], Any]:
        id = uuid7()
        return lambda: infusions.ask(
            by=user, patient=patient, dose_id=planned[patient.pk].id, wishes=[wish], id=id, now=now
        )

    tasks = [
        (user, asking(user, patient, wish)) for (user, patient), wish in zip(people, wishes, strict=True)
    ]
    return list(zip(wishes, at_once(tasks), strict=True))


def moving(ward: Ward, people: list[tuple[User, Patient]]) -> list[Any]:
    """Everybody who has a booked infusion moves at once to a time that another one has, where it is booked directly."""
    now = present()
    held = whole(ward)
    times = [visit.starts_at for visit in held]
    owner = {patient.pk: (user, patient) for user, patient in people}

    def move(user: User, patient: Patient, at: Any) -> Callable[[], Any]:
        return lambda: infusions.ask(
            by=user, patient=patient, dose_id=ward.planned[patient.pk].id, wishes=[at], id=uuid7(), now=now
        )

    tasks = []
    for number, visit in enumerate(held):
        user, patient = owner[visit.patient_id]
        tasks.append((user, move(user, patient, times[(number + 1) % len(times)])))
    return at_once(tasks)


@pytest.mark.slow
def test_128_people_racing_for_few_chairs_and_nurses(
    fresh_db: str, ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "LOCK_WAIT", "90s")  # nobody is let off: all of them meet at the locks
    people = crowd(ward, PEOPLE)
    for _user, patient in people:
        patient.site.books_infusions_directly = True
    began = time.monotonic()
    outcome = race(ward, people)
    seconds = time.monotonic() - began
    results = [result for _wish, result in outcome]
    kinds = Counter(type(result).__name__ for result in results)
    print(f"\n{PEOPLE} people, {seconds:.1f} s: {dict(kinds)}")  # noqa: T201 - the figures of the run
    won = [result for result in results if isinstance(result, services.Done)]
    refused = [result for result in results if isinstance(result, infusions.PlaceGone)]
    assert len(won) + len(refused) == PEOPLE, kinds
    assert {visit.pk for visit in whole(ward)} == {done.result for done in won}
    assert overlaps() == 0
    assert Claim.objects.live().count() == 2 * len(won)
    (newcomer, patient), *_rest = [
        one for one in people if not isinstance(results[people.index(one)], services.Done)
    ]
    free = set(ward.times(ward.planned[patient.pk], by=newcomer, patient=patient))
    assert not free & {wish for wish, result in outcome if isinstance(result, infusions.PlaceGone)}
    again = moving(ward, people)
    assert {type(one).__name__ for one in again} <= {"Done", "PlaceGone", "TimeRefused"}, again
    assert len(whole(ward)) == len(won)
    assert (overlaps(), deadlocks()) == (0, 0)


@pytest.mark.slow
def test_the_race_is_real_without_lock_and_constraint(
    fresh_db: str, ward: Ward, owner_cursor: psycopg.Cursor, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = crowd(ward, 12)
    write = infusions._write
    monkeypatch.setattr(services, "lock_lanes", lambda resource_ids: None)
    monkeypatch.setattr(infusions, "_write", lambda *args, **how: (time.sleep(0.5), write(*args, **how)))
    owner_cursor.execute("ALTER TABLE scheduling_claim DROP CONSTRAINT claim_no_overlap")
    race(ward, people)
    assert overlaps() > 0


@pytest.mark.slow
def test_the_locks_alone_keep_places_apart(
    fresh_db: str, ward: Ward, owner_cursor: psycopg.Cursor, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = crowd(ward, 8)
    write = infusions._write
    monkeypatch.setattr(infusions, "_write", lambda *args, **how: (time.sleep(0.1), write(*args, **how)))
    owner_cursor.execute("ALTER TABLE scheduling_claim DROP CONSTRAINT claim_no_overlap")
    results = race(ward, people)
    assert sum(isinstance(result, services.Done) for _wish, result in results) >= 3
    assert overlaps() == 0
    whole(ward)


@pytest.mark.slow
def test_an_answer_and_a_withdrawal_at_once_are_one_of_the_two(fresh_db: str, ward: Ward) -> None:
    dose = ward.dose()
    times = ward.times(dose)
    for turn in range(3):
        id = ward.ask(dose, times[turn])
        now = present()

        def answer(id: Any = id, now: Any = now) -> Any:
            return infusions.confirm(
                by=ward.rosa, patient=ward.patient, appointment_id=id, id=uuid7(), now=now
            )

        def take_back(id: Any = id, now: Any = now) -> Any:
            return infusions.withdraw(
                by=ward.maya, patient=ward.patient, appointment_id=id, id=uuid7(), now=now
            )

        results = at_once([(ward.rosa, answer), (ward.maya, take_back)])
        assert Counter(type(one).__name__ for one in results) == {"Done": 1, "AnsweredAlready": 1}, results
        for visit in whole(ward):
            with actor.unit_of_work(actor.Actor(user_id=ward.maya.pk)):
                services.cancel(
                    by=ward.maya, patient=ward.patient, appointment_id=visit.pk, id=uuid7(), now=now
                )
    assert whole(ward) == []
