"""A long random day at the desk, compared act by act with a calendar that a child could keep."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from accounts.models import User
from patients.models import Patient
from portal.lib import actor
from portal.lib.ids import uuid7
from portal.lib.problems import DomainError
from portal.lib.time import now as present
from scheduling import services
from scheduling.models import Appointment, Claim
from tests.scheduling.people import Clinic

ACTS = 70


class Paper:
    """The oracle: one line per booked visit; nobody and no lane is in two places at once."""

    def __init__(self, possible: dict[str, set[datetime]], minutes: dict[str, int]) -> None:
        self.possible, self.minutes = possible, minutes
        self.lines: dict[UUID, tuple[str, str, str, datetime]] = {}

    def allows(self, who: str, lane: str, kind: str, at: datetime, *, moving: UUID | None = None) -> bool:
        end = at + timedelta(minutes=self.minutes[kind])
        others = [line for id, line in self.lines.items() if id != moving]
        clash = any(
            (line[0] == who or line[1] == lane)
            and line[3] < end
            and at < line[3] + timedelta(minutes=self.minutes[line[2]])
            for line in others
        )
        return at in self.possible[kind] and not clash


@pytest.mark.parametrize("seed", [11, 23])
def test_random_acts_agree_with_a_paper_calendar(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(services, "_alternatives", lambda **asked: [])
    chance, now = random.Random(seed), present()
    people: dict[str, tuple[User, Patient]] = {
        "maya": (clinic.maya, clinic.patient),
        "samuel": (clinic.samuel, clinic.world.other_patient),
    }
    lanes = {"nurse": "rosa", "call": "rosa", "neurologist": "hana"}
    window = {kind: [start.at for start in clinic.starts(kind, days=3, lasting=14)] for kind in lanes}
    paper = Paper(
        {kind: set(times) for kind, times in window.items()},
        {kind: clinic.kinds[kind].minutes for kind in lanes},
    )
    agreed = {True: 0, False: 0}
    for _act in range(ACTS):
        who = chance.choice(list(people))
        user, patient = people[who]
        mine = [id for id, line in paper.lines.items() if line[0] == who]
        verb = chance.choice(["book", "book", "move", "cancel"]) if mine else "book"
        if verb == "book":
            kind = chance.choice(list(lanes))
            at = chance.choice(window[kind][:24]) + timedelta(minutes=chance.choice([0, 0, 0, 15, 7, 300]))
            most = len(mine) >= services.PATIENT_POLICY.most_open  # type: ignore[operator]
            expected = paper.allows(who, lanes[kind], kind, at) and not most
            id = uuid7()
        else:
            id = chance.choice(mine)
            _who, lane, kind, old = paper.lines[id]
            at = chance.choice(window[kind][:24])
            expected = verb == "cancel" or (at != old and paper.allows(who, lane, kind, at, moving=id))
        with actor.unit_of_work(actor.Actor(user_id=user.pk)):
            common = {"by": user, "patient": patient, "now": now}
            try:
                if verb == "book":
                    services.book(**common, service=clinic.kinds[kind], starts_at=at, id=id)
                elif verb == "move":
                    version = Appointment.objects.get(pk=id).version
                    services.reschedule(
                        **common, appointment_id=id, starts_at=at, version=version, id=uuid7()
                    )
                else:
                    services.cancel(**common, appointment_id=id, id=uuid7())
                happened = True
            except DomainError:
                happened = False
        assert happened == expected, (verb, who, kind, at)
        agreed[happened] += 1
        if happened:
            paper.lines.pop(id, None)
            if verb != "cancel":
                paper.lines[id] = (who, lanes[kind], kind, at)
    assert min(agreed.values()) > 5
    with actor.unit_of_work(actor.system("test")):
        booked = {visit.pk: visit.starts_at for visit in Appointment.objects.for_system().booked()}
        claimed = {claim.appointment_id: claim.during.lower for claim in Claim.objects.live()}
    assert booked == claimed == {id: line[3] for id, line in paper.lines.items()}
