"""Running late: what really happens in the chairs against what is booked, who is hit, and telling them.

Bookings never move here. When an infusion ends is worked out from the lines of its chair record (start, stops, end, observation) and
the minutes of the booking; where nobody has noted a start nothing is known and nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from django.conf import settings
from django.db import transaction
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.services import queue_mail
from patients.services import account_of, exactly_once, record_change, require, users_who_may, warm_keys
from portal.lib.problems import Conflict
from portal.lib.time import today_in
from portal.lib.time_words import when
from scheduling.finding import day_window
from scheduling.models import Appointment, Claim, LateNotice, Resource
from scheduling.services import AREA, STAFF, address_of, patient_waits
from treatment.services import ChairStand, chair_stands

STEP = timedelta(minutes=5)
CHANGED = timedelta(minutes=10)  # a time that differs less from the one that was told is the same to a person
MAIL_KIND = "appointment.late"


class NobodyWaits(Conflict):
    default_message = gettext_lazy("Nobody is hit any more. Look at the newest state of the board.")


@dataclass(frozen=True, slots=True)
class Taken:
    """A time that lanes are held, by a visit or (`visit` None) by somebody of another team."""

    lanes: tuple[UUID, ...]
    starts_at: datetime
    ends_at: datetime
    visit: Appointment | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """Somebody whose place is not free in time. `told`: the newest time that they were told, if they were."""

    taken: Taken
    expected_at: datetime
    told: datetime | None = None
    by_mail: bool = False

    @property
    def is_told(self) -> bool:
        return self.told is not None and abs(self.expected_at - self.told) < CHANGED

    @property
    def is_earlier(self) -> bool:
        """They were told a later time than the one that is expected now."""
        return self.told is not None and self.told - self.expected_at >= CHANGED


@dataclass(frozen=True, slots=True)
class Late:
    """An infusion that goes on longer than it is booked, and who is hit by it, the next one first.

    Or (`is_over`) a visit itself whose patient was told a later time, and nothing holds the place any more.
    """

    visit: Appointment
    expected_end: datetime
    hits: tuple[Hit, ...]
    is_over: bool = False

    @property
    def untold(self) -> list[Hit]:
        """Those who can be told and do not know this time yet."""
        return [hit for hit in self.hits if hit.taken.visit is not None and not hit.is_told]


# --- Working it out --------------------------------------------------------------------------------------------------


def expected_end(parts: Iterable[int], stand: ChairStand, now: datetime) -> datetime | None:
    """When an infusion will leave its chair, from its record and the minutes of its booking (preparation, infusion, observation,
    leaving); None when it has not started. One that is not closed cannot have left before `now`."""
    _ready, infusion, observation, leaving = (timedelta(minutes=part) for part in parts)
    if stand.closed_at is not None:
        return stand.closed_at
    if stand.observed_at is not None:
        end = stand.observed_at + leaving
    elif stand.observing_at is not None:
        end = stand.observing_at + observation + leaving
    elif stand.ended_at is not None:
        end = stand.ended_at + observation + leaving
    elif stand.started_at is not None:
        end = stand.started_at + stand.stood_still(now) + infusion + observation + leaving
    else:
        return None
    return max(end, now)


def later_starts(
    taken: Iterable[Taken], ends: dict[UUID, datetime], begun: Iterable[UUID]
) -> dict[UUID, list[tuple[Taken, datetime]]]:
    """Who is hit by infusions that end late, by the visit that causes it: each with the time at which the place is expected to be free.

    `ends`: expected ends by visit; `begun`: visits in the chair already. Who is hit hits the next one in turn.
    """
    started = set(begun)
    free: dict[UUID, tuple[datetime, UUID]] = {}
    hits: dict[UUID, list[tuple[Taken, datetime]]] = {}
    for one in sorted(taken, key=lambda row: (row.starts_at, row.ends_at, row.lanes)):
        id = one.visit.pk if one.visit is not None else None
        if id in ends:
            if ends[id] > one.ends_at:
                _hold(free, one.lanes, ends[id], id)
            continue
        waits = max((free[lane] for lane in one.lanes if lane in free), default=None)
        if waits is None or waits[0] <= one.starts_at or id in started:
            continue
        starts = rounded_up(waits[0])
        hits.setdefault(waits[1], []).append((one, starts))
        _hold(free, one.lanes, starts + (one.ends_at - one.starts_at), waits[1])
    return hits


def _hold(
    free: dict[UUID, tuple[datetime, UUID]], lanes: Iterable[UUID], until: datetime, cause: UUID
) -> None:
    for lane in lanes:
        if lane not in free or free[lane][0] < until:
            free[lane] = (until, cause)


def rounded_up(at: datetime) -> datetime:
    """To the next five minutes: nobody plans by the second."""
    over = timedelta(minutes=at.minute % 5, seconds=at.second, microseconds=at.microsecond)
    return at + (STEP - over) if over else at


# --- Reading a day ---------------------------------------------------------------------------------------------------


def late_on(
    user: User,
    lanes: Iterable[Resource],
    infusions: Iterable[Appointment],
    on: date,
    zone: str,
    now: datetime,
) -> list[Late]:
    """What runs late on a day of the room: two statements when nothing does, four when something does. Only today can run late."""
    if on != today_in(now, zone):
        return []
    visits = [(visit, visit.dose_id) for visit in infusions if visit.is_booked and visit.dose_id is not None]
    stands = chair_stands(user, [dose_id for _visit, dose_id in visits])
    ends: dict[UUID, datetime] = {}
    for visit, dose_id in visits:
        stand = stands.get(dose_id)
        end = expected_end(visit.parts or (0, 0, 0, 0), stand, now) if stand is not None else None
        if end is not None:
            ends[visit.pk] = end
    overrun = [
        visit
        for visit, dose_id in visits
        if visit.pk in ends and ends[visit.pk] > visit.ends_at and stands[dose_id].closed_at is None
    ]
    start, end = day_window(on, zone)
    told = (
        _newest(LateNotice.objects.for_user(user).filter(made_at__gte=start, made_at__lt=end))
        if visits
        else {}
    )
    if not overrun and not told:
        return []
    taken = _taken(user, [lane.pk for lane in lanes], start, end)
    live = {visit.pk: ends[visit.pk] for visit in overrun}
    hits = later_starts(taken, live, set(ends) - set(live))
    late = [
        Late(visit, live[visit.pk], tuple(_hit(row, at, told) for row, at in hits.get(visit.pk, [])))
        for visit in sorted(overrun, key=lambda row: (row.ends_at, row.pk))
    ]
    hit = {row.visit.pk for rows in hits.values() for row, _at in rows if row.visit is not None}
    return late + _no_longer_late([row for row in taken if row.visit is not None], hit | set(ends), told, now)


def _no_longer_late(
    taken: list[Taken], not_these: set[UUID], told: dict[UUID, LateNotice], now: datetime
) -> list[Late]:
    """Visits that have not begun, whose patients were told a later time than the one at which the place is free after all."""
    found = []
    for row in sorted(taken, key=lambda row: row.starts_at):
        hit = _hit(row, max(row.starts_at, rounded_up(now)), told)
        if row.visit is not None and row.visit.pk not in not_these and hit.is_earlier:
            found.append(Late(row.visit, row.visit.ends_at, (hit,), is_over=True))
    return found


def _hit(row: Taken, at: datetime, told: dict[UUID, LateNotice]) -> Hit:
    notice = told.get(row.visit.pk) if row.visit is not None else None
    if notice is None or row.visit is None or notice.version != row.visit.version:
        return Hit(row, at)
    return Hit(row, at, notice.expected_at, notice.mails > 0)


def _taken(user: User, lane_ids: list[UUID], start: datetime, end: datetime) -> list[Taken]:
    """Everything that is booked on the lanes of a day; of other teams' patients only that the place is held."""
    held: dict[UUID, list[Claim]] = {}
    for claim in Claim.objects.live().touching(start, end).filter(resource_id__in=lane_ids):
        held.setdefault(claim.appointment_id, []).append(claim)
    visits: dict[UUID, Appointment] = {
        visit.pk: visit
        for visit in Appointment.objects.for_user(user)
        .filter(pk__in=list(held))
        .select_related("patient__site", "resource", "nurse", "service", "booked_by")
    }
    warm_keys({visit.patient_id for visit in visits.values()})
    found = []
    for id, claims in held.items():
        visit = visits.get(id)
        if visit is not None and not visit.is_booked:
            continue  # only asked for: the team answers that on its own page
        lanes = tuple(sorted(claim.resource_id for claim in claims))
        found.append(Taken(lanes, claims[0].during.lower, claims[0].during.upper, visit))
    return found


def _told(visits: list[Appointment], user: User) -> dict[UUID, LateNotice]:
    """The newest notice of each visit."""
    rows = LateNotice.objects.for_user(user).filter(appointment_id__in=[visit.pk for visit in visits])
    return _newest(rows)


def _newest(rows: Any) -> dict[UUID, LateNotice]:
    found: dict[UUID, LateNotice] = {}
    for row in rows.order_by("made_at", "id"):
        found[row.appointment_id] = row
    return found


def told_of(user: User, visit: Appointment, now: datetime) -> datetime | None:
    """The later time that the patient of a visit was told, while it is of use: on the day of the visit, before that time."""
    if not visit.is_booked or abs(visit.starts_at - now) > timedelta(hours=24):
        return None
    rows = LateNotice.objects.for_user(user, visit.patient).filter(appointment=visit, version=visit.version)
    newest = rows.order_by("-made_at", "-id").first()
    if newest is None or newest.expected_at <= max(now, visit.starts_at):
        return None
    return newest.expected_at


# --- Telling them ----------------------------------------------------------------------------------------------------


@transaction.atomic
def tell_late(*, by: User, late: Late, id: UUID, now: datetime) -> list[LateNotice]:
    """Tell everybody whom one infusion hits (or whose delay is over), once under `id`: date, the booked and the expected time, the phone; nothing about health.

    The visits are held and what was told is read again: of two presses at the same time the second one finds everybody told. Who was
    moved or canceled meanwhile is not told. Raises NobodyWaits when all know the time already, NotAllowed, Crowded.
    """
    visits = [hit.taken.visit for hit in late.hits if hit.taken.visit is not None]
    held = _hold_visits(by, visits)
    newest = _told(visits, by)
    told = []
    for hit in late.hits:
        visit = hit.taken.visit
        if visit is not None and held.get(visit.pk) == (visit.version, Appointment.State.BOOKED):
            again = _hit(hit.taken, hit.expected_at, newest)
            notice = _tell_one(by, visit, again, uuid5(id, str(visit.pk)), now)
            told += [notice] if notice is not None else []
    if not told:
        raise NobodyWaits
    return told


def _hold_visits(by: User, visits: list[Appointment]) -> dict[UUID, tuple[int, str]]:
    """Hold visits until the transaction ends, in the order of their ids; version and state of each as they are now."""
    rows = Appointment.objects.for_user(by).filter(pk__in=[visit.pk for visit in visits]).order_by("pk")
    with patient_waits():
        held = rows.select_for_update(of=("self",), no_key=True)
        return {id: (version, state) for id, version, state in held.values_list("pk", "version", "state")}


def _people(visit: Appointment) -> list[User]:
    """Who is told: the patient, and the carer who booked as long as that carer may see the appointments."""
    people = [account_of(visit.patient)]
    if visit.capacity == Appointment.Capacity.CARER and visit.booked_by_id in users_who_may(
        visit.patient, AREA
    ):
        people.append(visit.booked_by)
    return list({person.pk: person for person in people if person is not None}.values())


def _tell_one(by: User, visit: Appointment, hit: Hit, id: UUID, now: datetime) -> LateNotice | None:
    patient = visit.patient
    require(by, patient, AREA, *STAFF)

    def make() -> UUID | None:
        if hit.is_told:
            return None
        people, own = _people(visit), account_of(patient)
        for person in people:
            queue_mail(
                to=person.email, subject=subject(hit),
                body=body(visit, hit, own=own is not None and own.pk == person.pk), kind=MAIL_KIND,
                user=person,
            )  # fmt: skip
        LateNotice.objects.create(
            id=id, patient=patient, appointment=visit, version=visit.version, expected_at=hit.expected_at,
            mails=len(people), made_by=by, made_at=now, created_at=now,
        )  # fmt: skip
        record_change(by, patient, "appointment.late", visit.pk)
        return id

    done = exactly_once(
        act="appointment.late", id=id, patient=patient, user=by, content=[str(visit.pk)], do=make
    )
    return LateNotice.objects.for_user(by, patient).filter(pk=done.result).first() if done.result else None


def subject(hit: Hit) -> str:
    if hit.is_earlier:
        return _("Your appointment can begin earlier than we told you")
    return _("Your appointment begins later than planned")


def body(visit: Appointment, hit: Hit, *, own: bool) -> str:
    zone = visit.patient.site.time_zone
    if hit.is_earlier:
        text = _(
            "Hello,\n\nwe told you a later time for your appointment on %(when)s, clinic time. It can begin earlier than that: "
            "at about %(expected)s.\n\n"
            "If you cannot come by then, call %(phone)s.\n\nSign in to see the appointment:\n%(url)s\n\nYour clinic\n"
        )
    else:
        text = _(
            "Hello,\n\nyour appointment on %(when)s, clinic time, is expected to begin later: at about %(expected)s.\n\n"
            "We are sorry that you have to wait. You can come later, or come as planned and wait with us. If the later time does not "
            "work for you, call %(phone)s.\n\nSign in to see the appointment:\n%(url)s\n\nYour clinic\n"
        )
    return text % {
        "when": when(visit.starts_at, zone),
        "expected": when(hit.expected_at, zone),
        "phone": visit.patient.site.day_phone,
        "url": settings.PUBLIC_URL + address_of(visit, own=own),
    }


def late_or_404(rows: Iterable[Late], appointment_id: UUID | None) -> Late:
    found: Any = next((row for row in rows if row.visit.pk == appointment_id), None)
    if found is None:
        raise Http404
    late: Late = found
    return late


__all__ = [
    "Hit",
    "Late",
    "NobodyWaits",
    "Taken",
    "expected_end",
    "late_on",
    "late_or_404",
    "later_starts",
    "tell_late",
    "told_of",
]
