"""The trail: every look and every change of a patient's record, chained by hash, in plain words for the patient."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from uuid import UUID

from django.db import connection

from patients.models import AuditEvent, Patient
from portal.lib import actor
from portal.lib.contributions import trail_acts
from portal.lib.ids import uuid7


@dataclass(frozen=True, slots=True)
class Event:
    """One entry to be: who acts and when is said by the database itself."""

    patient_id: UUID
    act: str
    capacity: str
    target: UUID | None = None
    grant: UUID | None = None


def note(event: Event) -> None:
    """Put an event on the trail of the running unit of work. The same look twice in one unit is one event."""
    actor.put_on_trail(event)


def write_pending(pending: Sequence[tuple[actor.Actor, Event]]) -> None:
    """Append the events of one unit of work, in the order in which they happened; the last thing before commit.

    Almost always all are of one actor: one statement. Otherwise the ends of all chains are locked first, so that two
    units that met the same patients in different orders cannot wait for each other.
    """
    runs = [(who, [event for _who, event in run]) for who, run in groupby(pending, key=itemgetter(0))]
    if len(runs) > 1:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT portal_trail_hold(%s)", [list({event.patient_id for _who, event in pending})]
            )
    for who, events in runs:
        with actor.acting_as(who):
            write_events(events)


def write_events(events: Iterable[Event]) -> None:
    """Append the events of the current actor in one statement."""
    rows = [
        {
            "id": str(uuid7()),
            "patient": str(event.patient_id),
            "act": event.act,
            "capacity": event.capacity,
            "target": str(event.target) if event.target else None,
            "grant": str(event.grant) if event.grant else None,
        }
        for event in events
    ]
    with connection.cursor() as cursor:
        cursor.execute("SELECT portal_trail_append(%s::jsonb)", [json.dumps(rows)])


def write_refusals(who: actor.Actor, refusals: list[Event]) -> None:
    """What was refused goes on the trail of the patient it was about, when there is such a patient."""
    with actor.unit_of_work(actor.Actor(user_id=who.user_id, system="refusal", via=who.via)):
        known = set(
            Patient.objects.for_system()
            .filter(pk__in=[event.patient_id for event in refusals])
            .values_list("pk", flat=True)
        )
        for event in refusals:
            if event.patient_id in known:
                note(event)


def _part(value: str | None) -> str:
    return "-" if value is None else f"{len(value.encode())}:{value}"


def expected_hash(event: AuditEvent, previous: bytes) -> bytes:
    """SHA-256 over the previous hash and every field, computed here and not by the database that stores it."""
    stamp = event.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")
    parts: list[str | None] = [
        str(event.pk),
        str(event.patient_id),
        str(event.seq),
        stamp,
        str(event.user_id) if event.user_id else None,
        event.system,
        event.capacity,
        event.act,
        str(event.target) if event.target else None,
        str(event.grant) if event.grant else None,
    ]
    return hashlib.sha256(previous + "|".join(_part(part) for part in parts).encode()).digest()


@dataclass(frozen=True, slots=True)
class Fault:
    """Something is wrong with a chain: which patient, which place, what."""

    patient_id: UUID
    seq: int
    what: str


def check_chain(patient_id: UUID, events: list[AuditEvent], head: tuple[int, bytes] | None) -> list[Fault]:
    """Faults of one patient's chain: edited, cut, reordered or inserted events."""
    faults = []
    previous, seq = b"", 0
    for event in events:
        seq += 1
        if event.seq != seq:
            faults.append(Fault(patient_id, seq, "an event is missing or out of order"))
            return faults
        if bytes(event.previous) != previous or bytes(event.hash) != expected_hash(event, previous):
            faults.append(Fault(patient_id, seq, "an event was changed"))
            return faults
        previous = bytes(event.hash)
    if head is None:
        if events:
            faults.append(Fault(patient_id, seq, "the end of the chain is missing"))
    elif head != (seq, previous):
        faults.append(Fault(patient_id, seq, "the chain was cut or its end was rewritten"))
    return faults


def now_utc() -> datetime:
    return datetime.now(UTC)


def words_for(act: str) -> str:
    """Plain words for an act, as the patient reads them; every act is named by the app that does it."""
    return str(trail_acts.get(act, act))
