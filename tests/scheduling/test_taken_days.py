"""What is kept by days follows the claims, whoever writes them: checked against the claims themselves."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.db import ProgrammingError, connection

from portal.lib import actor
from portal.lib.ids import uuid7
from portal.lib.time import now as present
from scheduling import infusions, services
from scheduling.masks import instant_of
from scheduling.models import Claim, TakenDay
from tests.scheduling.chairs import Ward
from tests.scheduling.people import Clinic

QUARTER = timedelta(minutes=15)


def as_claimed() -> set[tuple[Any, datetime]]:
    """The quarters (UTC) that a live claim touches, by lane: counted one by one."""
    found = set()
    for claim in Claim.objects.live():
        at = instant_of(int(claim.during.lower.timestamp()) // 900 * 900)
        while at < claim.during.upper:
            found.add((claim.resource_id, at))
            at += QUARTER
    return found


def as_kept() -> set[tuple[Any, datetime]]:
    found = set()
    for one in TakenDay.objects.all():
        midnight = datetime.fromisoformat(f"{one.day}T00:00:00+00:00")
        found |= {
            (one.resource_id, midnight + place * QUARTER)
            for place, bit in enumerate(one.quarters)
            if bit == "1"
        }
    return found


def test_days_follow_booking_moving_and_canceling(ward: Ward) -> None:
    starts = ward.starts()
    visit = ward.book(starts[0])
    ward.book(starts[4])
    assert as_kept() == as_claimed() != set()
    with actor.unit_of_work(actor.Actor(user_id=ward.maya.pk)):
        services.reschedule(
            by=ward.maya, patient=ward.patient, appointment_id=visit, starts_at=starts[2].at, version=0,
            id=uuid7(), now=present(),
        )  # fmt: skip
    assert as_kept() == as_claimed()
    dose = ward.dose()
    asked = ward.ask(dose, ward.times(dose)[0])
    assert as_kept() == as_claimed()
    ward.ask(dose, ward.times(dose)[1])
    with pytest.raises(infusions.PlaceGone):
        ward.ask(dose, ward.times(dose)[1] + timedelta(hours=9))
    assert as_kept() == as_claimed()
    assert ward.visit(asked).state == "withdrawn"
    with actor.unit_of_work(actor.Actor(user_id=ward.maya.pk)):
        services.cancel(by=ward.maya, patient=ward.patient, appointment_id=visit, id=uuid7(), now=present())
    assert as_kept() == as_claimed()


def test_days_follow_raw_statements_across_midnight_and_odd_minutes(clinic: Clinic) -> None:
    visit = clinic.book(clinic.starts()[0])
    insert = (
        "INSERT INTO scheduling_claim (id, resource_id, appointment_id, during, created_at)"
        " VALUES (%s, %s, %s, tstzrange(%s, %s), now())"
    )
    at = datetime.fromisoformat("2027-03-01T22:07:30+00:00")
    first, second = uuid7(), uuid7()
    with actor.unit_of_work(actor.Actor(user_id=clinic.maya.pk)), connection.cursor() as cursor:
        cursor.execute(insert, [first, clinic.nurse.pk, visit, at, at + timedelta(hours=3)])
        cursor.execute(
            insert, [second, clinic.nurse.pk, visit, at + timedelta(hours=3), at + timedelta(hours=30)]
        )
        assert as_kept() == as_claimed()
        cursor.execute(
            "UPDATE scheduling_claim SET during = tstzrange(%s, %s) WHERE id = %s",
            [at - timedelta(hours=2), at + timedelta(hours=1), first],
        )
        assert as_kept() == as_claimed()
        cursor.execute("UPDATE scheduling_claim SET released_at = now() WHERE id = %s", [second])
        assert as_kept() == as_claimed()


def test_nobody_writes_the_days_by_hand(clinic: Clinic) -> None:
    clinic.book(clinic.starts()[0])
    for statement in ("UPDATE scheduling_takenday SET day = day", "DELETE FROM scheduling_takenday"):
        with (
            pytest.raises(ProgrammingError, match="permission denied"),
            actor.unit_of_work(actor.system("test")),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


def test_claims_that_end_at_once_leave_nothing(
    fresh_db: str, ward: Ward, owner_cursor: psycopg.Cursor
) -> None:
    """Racing writers of one lane's day: after all have come and gone the day is as the claims say."""
    from tests.scheduling.test_race import at_once, crowd

    people = crowd(ward, 6)
    doses = {patient.pk: ward.dose(patient) for _user, patient in people}
    times = ward.times(next(iter(doses.values())), by=people[0][0], patient=people[0][1])
    now = present()

    def come_and_go(user: Any, patient: Any, turn: int) -> Any:
        def act() -> Any:
            made = infusions.ask(
                by=user,
                patient=patient,
                dose_id=doses[patient.pk].id,
                wishes=[times[turn * 3]],
                id=uuid7(),
                now=now,
            )
            return infusions.withdraw(
                by=user, patient=patient, appointment_id=made.result, id=uuid7(), now=now
            )

        return act

    tasks = [(user, come_and_go(user, patient, turn % 3)) for turn, (user, patient) in enumerate(people)]
    at_once(tasks)
    assert as_kept() == as_claimed()
