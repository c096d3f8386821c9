"""Running late: when a chair will be free, who is hit, and telling them once without a word about health."""

from __future__ import annotations

import time as time_module
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import OutgoingMail
from accounts.services import open_mail
from patients.models import Grant, Patient
from patients.services import grant_carer
from portal.lib import actor
from portal.lib.ids import uuid7
from scheduling import answer_views, board, late
from scheduling.late import Taken, expected_end, later_starts, rounded_up
from scheduling.models import Appointment, Claim, LateNotice
from tests.patients.world import acts_of
from tests.scheduling.chairs import Ward
from tests.scheduling.test_race import at_once
from treatment.services import ChairStand

NINE = datetime(2026, 11, 23, 14, tzinfo=UTC)
PARTS = (15, 60, 60, 10)
ONE, TWO, NURSE = uuid7(), uuid7(), uuid7()


def mails_to(address: str) -> list[dict[str, str]]:
    opened = [open_mail(mail) for mail in OutgoingMail.objects.order_by("created_at")]
    return [mail for mail in opened if mail and mail["to"] == address]


def told_by_mail(address: str) -> list[dict[str, str]]:
    return [mail for mail in mails_to(address) if "later than planned" in mail["subject"]]


def minutes(count: int) -> timedelta:
    return timedelta(minutes=count)


# --- Arithmetic ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stand", "end"),
    [
        ({}, None),
        ({"started_at": NINE}, 130),
        ({"started_at": NINE, "breaks": ((NINE + minutes(5), NINE + minutes(25)),)}, 150),
        (
            {"started_at": NINE, "breaks": ((NINE + minutes(5), None),)},
            155,
        ),  # it stands still since 25 minutes
        ({"started_at": NINE, "ended_at": NINE + minutes(20)}, 90),
        ({"started_at": NINE, "ended_at": NINE, "observing_at": NINE + minutes(10)}, 80),
        ({"started_at": NINE, "ended_at": NINE, "observing_at": NINE, "observed_at": NINE + minutes(12)}, 30),
        ({"started_at": NINE, "closed_at": NINE + minutes(28)}, 28),
    ],
)
def test_when_an_infusion_will_leave_its_chair(stand: dict[str, Any], end: int | None) -> None:
    found = expected_end(PARTS, ChairStand(**stand), NINE + minutes(30))
    assert found == (None if end is None else NINE + minutes(end))


class Visit:
    """As much of a visit as the arithmetic reads."""

    def __init__(self) -> None:
        self.pk = uuid7()


def taken(lanes: tuple[UUID, ...], starts: int, length: int) -> Taken:
    visit: Any = Visit()
    return Taken(lanes, NINE + minutes(starts), NINE + minutes(starts + length), visit)


def test_who_is_hit_hits_the_next_one_in_turn() -> None:
    first, second = taken((ONE, NURSE), 0, 60), taken((ONE, NURSE), 60, 60)
    third, apart = taken((TWO, NURSE), 125, 30), taken((TWO,), 20, 30)
    assert first.visit is not None
    cause = first.visit.pk
    hits = later_starts([third, apart, second, first], {cause: NINE + minutes(72)}, [])
    assert hits == {cause: [(second, NINE + minutes(75)), (third, NINE + minutes(135))]}
    assert second.visit is not None
    assert later_starts([first, second], {cause: NINE + minutes(72)}, [second.visit.pk]) == {}
    assert later_starts([first, second], {cause: NINE + minutes(60)}, []) == {}


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 12)), max_size=8), st.integers(0, 120))
def test_nobody_is_promised_a_time_that_is_taken(rows: list[tuple[int, int]], over: int) -> None:
    """On one lane: expected times keep the order, never lie before the booked ones and never overlap."""
    at, visits = 0, []
    for gap, length in rows:
        visits.append(taken((ONE,), at + gap * 5, length * 5))
        at += gap * 5 + length * 5
    if not visits:
        return
    first = visits[0]
    assert first.visit is not None
    end = first.ends_at + minutes(over)
    hits = {
        one.starts_at: expected
        for one, expected in later_starts(visits, {first.visit.pk: end}, []).get(first.visit.pk, [])
    }
    free = end
    for one in visits[1:]:
        starts = hits.get(one.starts_at, one.starts_at)
        assert starts >= one.starts_at
        assert starts >= free
        free = starts + (one.ends_at - one.starts_at)
        assert (one.starts_at in hits) == (starts > one.starts_at)


def test_times_are_rounded_up_to_five_minutes() -> None:
    assert rounded_up(NINE) == NINE
    assert rounded_up(NINE + timedelta(seconds=1)) == NINE + minutes(5)


# --- On the board ----------------------------------------------------------------------------------------------------


class Room:
    """Maya in chair 1 until 11:25, Samuel there from 11:30; Maya's infusion has begun an hour late. It is noon."""

    def __init__(self, ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ward, self.samuel = ward, ward.world.other_patient
        self.zone = ZoneInfo(ward.world.site.time_zone)
        self.now = self.at(12)
        self.first = self.seat(ward.patient, self.at(9))
        self.second = self.seat(self.samuel, self.at(11, 30))
        self.stands = {self.first.dose_id: ChairStand(started_at=self.at(10, 16))}
        monkeypatch.setattr(late, "chair_stands", lambda user, ids: {
            id: stand for id, stand in self.stands.items() if id in ids
        })  # fmt: skip

    def at(self, hour: int, minute: int = 0) -> datetime:
        wall = datetime.combine(self.ward.world.today(), time(hour, minute), self.zone)
        return wall.astimezone(UTC)

    def seat(self, patient: Patient, starts: datetime) -> Appointment:
        chair, nurse = self.ward.lanes["chair"][0], self.ward.lanes["nurse"][0]
        during = (starts, starts + minutes(sum(PARTS)))
        with actor.unit_of_work(actor.system("test")):
            visit = Appointment(
                patient=patient, service=self.ward.infusion, resource=chair, nurse=nurse, parts=list(PARTS), during=during,
                dose_id=self.ward.dose(patient).id, booked_by=self.ward.rosa, capacity="team",
            )  # fmt: skip
            visit.save(force_insert=True)
            visit.refresh_from_db()
            for lane in (chair, nurse):
                Claim.objects.create(resource=lane, appointment=visit, during=during)
        return visit

    def carer_booked(self, carer: Any) -> None:
        with actor.unit_of_work(actor.system("test")):
            rows = Appointment.objects.for_system().filter(pk=self.second.pk)
            rows.update(booked_by=carer, capacity="carer")

    def late(self) -> list[late.Late]:
        with self.acting():
            return board.board_of(self.ward.rosa, self.ward.world.today(), self.now).late

    def tell(self, id: UUID) -> list[LateNotice]:
        rows = self.late()
        with self.acting():
            return late.tell_late(by=self.ward.rosa, late=rows[0], id=id, now=self.now)

    def acting(self) -> Any:
        return actor.unit_of_work(actor.Actor(user_id=self.ward.rosa.pk))


@pytest.fixture
def room(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> Room:
    return Room(ward, monkeypatch)


def test_the_board_shows_who_is_hit_and_bookings_stay(room: Room) -> None:
    (row,) = room.late()
    assert (row.visit.pk, row.expected_end) == (room.first.pk, room.at(12, 26))
    (hit,) = row.hits
    assert hit.taken.visit is not None
    assert (hit.taken.visit.pk, hit.expected_at, hit.told) == (room.second.pk, room.at(12, 30), None)
    room.stands[room.first.dose_id] = ChairStand(
        started_at=room.at(9, 15), ended_at=room.at(10, 15), observing_at=room.at(10, 15),
        observed_at=room.at(11, 15), closed_at=room.at(11, 20),
    )  # fmt: skip
    assert room.late() == []
    with room.acting():
        room.second.refresh_from_db()
    assert room.second.starts_at == room.at(11, 30)


def test_they_are_told_once_and_again_only_when_the_time_is_another(room: Room) -> None:
    id = uuid7()
    before = len(mails_to("other-patient@example.com"))
    (notice,) = room.tell(id)
    assert (notice.expected_at, notice.mails) == (room.at(12, 30), 1)
    assert [row.pk for row in room.tell(id)] == [notice.pk]  # the same press again
    with pytest.raises(late.NobodyWaits):
        room.tell(uuid7())  # another press, the same time
    mails = mails_to("other-patient@example.com")[before:]
    assert len(mails) == 1
    assert acts_of(room.samuel).count("appointment.late team") == 1
    text = mails[0]["subject"] + mails[0]["body"]
    assert "12:30" in text
    assert room.ward.world.site.day_phone in text
    for word in ("infusion", "chair", "dose", "Maya", "Samuel", "nurse", "treatment"):
        assert word not in text.replace(reverse("scheduling:detail", args=[room.second.pk]), "")
    room.now = room.at(12, 40)
    assert [row.expected_at for row in room.tell(uuid7())] == [room.at(12, 40)]
    assert len(mails_to("other-patient@example.com")) == before + 2


def test_a_time_that_is_nearly_the_same_is_not_told_again(room: Room, client: Client) -> None:
    room.tell(uuid7())
    room.now = room.at(12, 33)  # about 12:35 now
    (row,) = room.late()
    assert (row.hits[0].expected_at, row.hits[0].is_told, row.untold) == (room.at(12, 35), True, [])
    with pytest.raises(late.NobodyWaits):
        room.tell(uuid7())
    room.now = room.at(12, 40)
    (row,) = room.late()
    assert (row.hits[0].told, row.hits[0].is_told) == (room.at(12, 30), False)


def test_who_was_told_a_later_time_than_needed_is_told_again(
    room: Room, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.now = room.at(11)
    room.tell(uuid7())
    with room.acting():
        room.stands[room.first.dose_id] = ChairStand(started_at=room.at(10, 16), closed_at=room.at(11, 10))
    room.now = room.at(11, 12)
    (row,) = room.late()
    assert (row.is_over, row.visit.pk, row.hits[0].expected_at) == (True, room.second.pk, room.at(11, 30))
    monkeypatch.setattr(answer_views, "present", lambda: room.now)
    client.force_login(room.ward.rosa)
    page = client.get(reverse("scheduling:chairs")).content.decode()
    for words in ("is free in time again", "They were told", "12:30", "Tell them the earlier time"):
        assert words in page
    url = reverse("scheduling:running-late", args=[room.second.pk])
    assert "1 person was told." in client.post(url, {"once": str(uuid7())}, follow=True).content.decode()
    mail = mails_to("other-patient@example.com")[-1]
    assert mail["subject"] == "Your appointment can begin earlier than we told you"
    assert mail["body"].count("11:30") == 2
    assert room.late() == []
    samuel = room.ward.world.users["other-patient"]
    with actor.unit_of_work(actor.Actor(user_id=samuel.pk)):
        assert late.told_of(samuel, room.second, room.now) is None  # nothing is late any more


def test_nobody_in_the_chair_or_past_that_time_is_told_an_earlier_one(room: Room) -> None:
    room.now = room.at(11)
    room.tell(uuid7())
    room.stands = {}  # the start was noted for the wrong person
    assert [row.is_over for row in room.late()] == [True]
    room.now = room.at(12, 25)
    assert room.late() == []
    room.now = room.at(11, 40)
    assert [row.hits[0].expected_at for row in room.late()] == [room.at(11, 40)]
    room.stands = {room.second.dose_id: ChairStand(started_at=room.at(11, 35))}
    assert room.late() == []


def test_a_carer_who_booked_is_told_only_while_the_appointments_are_open_to_them(room: Room) -> None:
    carer = room.ward.world.users["carer"]
    room.carer_booked(carer)
    room.tell(uuid7())
    assert told_by_mail(carer.email) == []  # no grant: the patient only
    samuel = room.ward.world.users["other-patient"]
    with actor.unit_of_work(actor.Actor(user_id=samuel.pk)):
        grant_carer(
            patient=room.samuel, by=samuel, carer=carer, relation="my brother", scopes=["appointments"],
            ends_at=timezone.now() + timedelta(days=30),
        )  # fmt: skip
    room.now = room.at(12, 40)
    room.tell(uuid7())
    (mail,) = told_by_mail(carer.email)
    assert "12:40" in mail["body"]
    with actor.unit_of_work(actor.system("test")):
        Grant.objects.filter(patient=room.samuel, kind="carer").update(scopes=["messages"])
    room.now = room.at(12, 55)
    assert [row.mails for row in room.tell(uuid7())] == [1]
    assert len(told_by_mail(carer.email)) == 1


def both_press(room: Room, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Rosa and Hana have the same board open and press at the same moment."""
    (row,) = room.late()
    queue = late.queue_mail
    monkeypatch.setattr(late, "queue_mail", lambda **mail: (time_module.sleep(0.5), queue(**mail)))
    nurses = [room.ward.rosa, room.ward.world.users["neurologist"]]

    def press(by: Any) -> Any:
        return lambda: late.tell_late(by=by, late=row, id=uuid7(), now=room.now)

    return at_once([(by, press(by)) for by in nurses])


def test_two_who_press_at_once_send_one_mail(
    fresh_db: str, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = both_press(room, monkeypatch)
    assert sorted(type(one).__name__ for one in results) == ["NobodyWaits", "list"], results
    assert len(told_by_mail("other-patient@example.com")) == 1


def test_without_the_lock_two_who_press_at_once_send_two(
    fresh_db: str, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_held = {room.second.pk: (room.second.version, room.second.state)}
    monkeypatch.setattr(late, "_hold_visits", lambda by, visits: now_held)
    both_press(room, monkeypatch)
    assert len(told_by_mail("other-patient@example.com")) == 2


def test_who_was_moved_meanwhile_is_not_told(room: Room) -> None:
    (row,) = room.late()
    with actor.unit_of_work(actor.system("test")):
        Appointment.objects.for_system().filter(pk=room.second.pk).update(version=room.second.version + 1)
    with room.acting(), pytest.raises(late.NobodyWaits):
        late.tell_late(by=room.ward.rosa, late=row, id=uuid7(), now=room.now)


def test_the_patient_reads_it_on_the_visit_and_nobody_else(room: Room) -> None:
    room.tell(uuid7())
    samuel, maya = room.ward.world.users["other-patient"], room.ward.maya
    with actor.unit_of_work(actor.Actor(user_id=samuel.pk)):
        assert late.told_of(samuel, room.second, room.now) == room.at(12, 30)
        assert late.told_of(samuel, room.second, room.at(12, 31)) is None
    with actor.unit_of_work(actor.Actor(user_id=maya.pk)):
        assert not LateNotice.objects.for_user(maya).exists()
        assert not LateNotice.objects.all().exists()


def test_one_press_on_the_page(room: Room, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer_views, "present", lambda: room.now)
    client.force_login(room.ward.rosa)
    page = client.get(reverse("scheduling:chairs")).content.decode()
    assert "Running late: tell them" in page
    url = reverse("scheduling:running-late", args=[room.first.pk])
    answer = client.post(url, {"once": str(uuid7())}, follow=True).content.decode()
    assert "1 person was told." in answer
    assert "Running late: tell them" not in answer
    client.force_login(room.ward.maya)
    assert client.post(url, {"once": str(uuid7())}).status_code == 404
