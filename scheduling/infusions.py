"""Infusion times: the patient asks inside the dose's window, the place is held, the team answers. Part of the app's door.

An infusion takes one nurse and one chair for its whole length, or nothing: both claims and the appointment are written under one
savepoint. Lock order as everywhere here: the patient, the course of the dose, then lanes in the order of their ids; then everything
is read again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from clinic.services import state_of
from patients.models import Patient
from patients.services import Done, exactly_once, record_change, require, users_who_may
from portal.lib.problems import Conflict
from portal.lib.time import today_in
from scheduling import doses, services, slots
from scheduling.doses import BookableDose
from scheduling.finding import day_window, find_infusion_starts, lanes_of, place_at
from scheduling.models import Appointment, Claim, Resource, Service
from scheduling.services import (
    AREA,
    MAY_BOOK,
    STAFF,
    BookingClosed,
    OwnVisitThen,
    Policy,
    SlotTaken,
    TimeRefused,
    VisitOver,
    last_word,
    lock_lanes,
    lock_patient,
    patient_waits,
    tell,
    visit_or_404,
)
from scheduling.slots import Span
from treatment.services import chair_stands

MOST_WISHES = 3
TRIES = 5
TIMES = 3

# A day lets the team read the request before the time that it asks for. Half a year is as far as calendars are kept.
# The team may come nearer and look further: it knows why.
PATIENT_POLICY = Policy(notice=timedelta(hours=24), horizon=timedelta(days=182), most_open=None)
TEAM_POLICY = Policy(notice=timedelta(0), horizon=timedelta(days=366), most_open=None)


class PlaceGone(SlotTaken):
    default_message = gettext_lazy("This time is not free any more. Nothing was changed for you.")


class AnsweredAlready(Conflict):
    default_message = gettext_lazy("This request was answered or taken back in the meantime.")


# --- What may be asked for -----------------------------------------------------------------------------------------


def window_of(capacity: str, dose: BookableDose, zone: str, now: datetime) -> Span:
    """From when to when an infusion may lie for somebody who acts in this capacity; empty when there is no time left.

    Nobody comes before the dose's first day. After its last day patients are asked to call; the team decides.
    """
    policy = TEAM_POLICY if capacity in STAFF else PATIENT_POLICY
    start = max(now + policy.notice, day_window(dose.earliest, zone)[0])
    end = now + policy.horizon
    if dose.latest is not None and capacity not in STAFF:
        end = min(end, day_window(dose.latest, zone)[1])
    return start, max(start, end)


def infusion_service(patient: Patient) -> Service | None:
    """How the patient's site gives infusions, or None when it does not take times here."""
    return Service.objects.infusion_at(patient.site)


def infusion_starts(
    *,
    by: User,
    patient: Patient,
    dose: BookableDose,
    capacity: str,
    now: datetime,
    moving: Iterable[Appointment] = (),
) -> list[datetime]:
    """The times that may be asked for, in the order of the clock. `moving` are the dose's own appointments."""
    service = infusion_service(patient)
    if service is None or dose.parts is None:
        return []
    start, end = window_of(capacity, dose, patient.site.time_zone, now)
    own = [visit.pk for visit in moving]
    return find_infusion_starts(
        site=patient.site,
        service=service,
        minutes=dose.minutes,
        start=start,
        end=end,
        busy=_busy(by, patient, now, own),
        moving=own,
    )


def _busy(by: User, patient: Patient, now: datetime, own: Sequence[UUID]) -> list[Span]:
    """The patient's other visits; those in `own` do not count."""
    visits = Appointment.objects.for_user(by, patient).holding().filter(during__endswith__gt=now)
    return [(span.lower, span.upper) for span in visits.exclude(pk__in=own).values_list("during", flat=True)]


def _is_busy(
    by: User, patient: Patient, now: datetime, own: Sequence[UUID], at: datetime, ends_at: datetime
) -> bool:
    return any(start < ends_at and at < end for start, end in _busy(by, patient, now, own))


def infusion_of(by: User, patient: Patient, dose_id: UUID) -> tuple[Appointment | None, Appointment | None]:
    """The booked infusion of a dose, and the request that waits for an answer."""
    found: dict[str, Appointment] = {
        visit.state: visit
        for visit in Appointment.objects.for_user(by, patient)
        .filter(dose_id=dose_id, state__in=["booked", "requested"])
        .with_place()
    }
    return found.get("booked"), found.get("requested")


def answered_by(patient: Patient, now: datetime) -> datetime | None:
    """Until when the center promises an answer to what is asked at `now`: its own promise for messages that can wait."""
    return state_of(patient.site).end_of_working_day(now, patient.site.reply_routine_days)


# --- Asking ------------------------------------------------------------------------------------------------------------


def ask(
    *,
    by: User,
    patient: Patient,
    dose_id: UUID,
    wishes: Sequence[datetime],
    reason: str = "",
    id: UUID,
    now: datetime | None = None,
    by_phone: bool = False,
) -> Done:
    """Ask for an infusion time with one to three wishes, the dearest first; its place is held until the team answers.

    A request that waits already is replaced: its place is given up only together with holding the new one. By the team, or where the site lets infusions be booked directly, the first wish is booked at once; an infusion that is
    booked already moves there. A booked time that has passed without the dose is let go (`may_follow`). Gives the appointment's id. Raises NotAllowed, NotPlanned,
    BookingClosed, and TimeRefused with the nearest `times`.
    """
    now = now or timezone.now()
    capacity = require(by, patient, AREA, *MAY_BOOK)
    stamped = "phone" if by_phone and capacity in STAFF else capacity
    directly = capacity in STAFF or patient.site.books_infusions_directly
    asked = list(dict.fromkeys(at.astimezone(UTC) for at in wishes))[:MOST_WISHES]

    def do() -> UUID:
        with patient_waits():
            lock_patient(patient.pk)
            dose, service = _bookable(by, patient, dose_id)
            booked, requested = infusion_of(by, patient, dose_id)
            unused = None
            if booked is not None and not booked.can_change(now):
                unused, booked = _let_go(by, patient, booked, capacity, now), None
            for at in asked:
                _in_window(at, dose, capacity, patient, now)
            for at in asked[1:]:
                _still_free(by, patient, service, dose, at, now, [booked, requested])
            visit = Appointment(
                id=id,
                patient=patient,
                service=service,
                dose_id=dose.id,
                parts=list(dose.parts or ()),
                wishes=[] if directly else asked[1:],
                moves=None if directly else booked,
                state="booked" if directly else "requested",
                booked_by=by,
                capacity=stamped,
                changed_at=now,
            )
            visit.reason = reason or None
            if directly and booked is not None:
                visit = booked
                visit.version, visit.changed_at = visit.version + 1, now
                visit.parts, visit.reason = list(dose.parts or ()), reason or booked.reason
            if requested is not None:
                requested.state, requested.changed_at = "moved" if directly else "withdrawn", now
                requested.save(update_fields=["state", "changed_at"])
            given_up = [requested, booked if directly else None, unused]
            _take(by, patient, visit, asked[0], dose.minutes, now, given_up=given_up, kept=booked)
        what = "asked" if not directly else "booked" if booked is None else "changed"
        record_change(
            by,
            patient,
            "infusion.asked" if not directly else "infusion.booked" if booked is None else "infusion.changed",
            visit.pk,
            by_phone=stamped == "phone",
        )
        tell(patient, visit, what, now, carer=by if capacity == "carer" else None)
        return visit.pk

    try:
        with transaction.atomic():
            return exactly_once(
                act="infusion.ask",
                id=id,
                patient=patient,
                user=by,
                content=[str(dose_id), [at.isoformat() for at in asked], reason, stamped],
                do=do,
            )
    except TimeRefused as refused:
        refused.times = _nearest(by, patient, dose_id, capacity, asked[0], now)
        raise


def may_follow(booked: Appointment, capacity: str, zone: str, now: datetime) -> bool:
    """Whether a dose that is still planned may have another time after this one: somebody came with a fever, or did not come.

    Before it begins it is moved, as any other. After that the team finds another time at once; a patient and a carer from the next day on
    (of the site), because a dose is noted as given only after it.
    """
    if booked.can_change(now) or capacity in STAFF:
        return True
    return today_in(now, zone) > today_in(booked.ends_at, zone)


def _let_go(by: User, patient: Patient, booked: Appointment, capacity: str, now: datetime) -> Appointment:
    """A time at which the dose was not given, ended so that its dose can have another one. Its place is given up with holding the new one.

    Raises VisitOver when it is too soon for that, or when the infusion runs in the chair.
    """
    assert booked.dose_id is not None
    stand = chair_stands(by, [booked.dose_id]).get(booked.dose_id)
    runs = stand is not None and stand.started_at is not None and stand.closed_at is None
    if runs or not may_follow(booked, capacity, patient.site.time_zone, now):
        raise VisitOver
    booked.state, booked.cancelled_at, booked.changed_at = Appointment.State.CANCELLED, now, now
    booked.version += 1
    booked.cancel_reason = _("The infusion did not take place at this time.")
    booked.save(update_fields=["state", "cancelled_at", "changed_at", "version", "cancel_reason"])
    record_change(by, patient, "appointment.cancelled", booked.pk)
    return booked


def _bookable(by: User, patient: Patient, dose_id: UUID) -> tuple[BookableDose, Service]:
    doses.hold_dose(by, patient, dose_id)
    dose, service = doses.planned_dose(by, patient, dose_id), infusion_service(patient)
    if dose.held:
        raise BookingClosed(
            _("Your team has to look at something before a time for this infusion can be booked. Call us.")
        )
    if service is None or dose.parts is None:
        raise BookingClosed(
            _("A time for this infusion cannot be asked for here. Call us and we will find one.")
        )
    return dose, service


def _in_window(at: datetime, dose: BookableDose, capacity: str, patient: Patient, now: datetime) -> None:
    start, end = window_of(capacity, dose, patient.site.time_zone, now)
    if at <= now:
        raise TimeRefused(_("This time is over. Choose a time from the list."))
    if at < day_window(dose.earliest, patient.site.time_zone)[0]:
        raise TimeRefused(
            _("This is before the first day on which this infusion may be given. Choose a later day.")
        )
    if at < start:
        raise TimeRefused(_("This time is too soon to ask for online. Call us, or choose a later time."))
    if at + timedelta(minutes=dose.minutes) > end:
        raise TimeRefused(
            _("This day is too late for this infusion to be asked for here. Call us and we will help.")
        )


def _still_free(
    by: User,
    patient: Patient,
    service: Service,
    dose: BookableDose,
    at: datetime,
    now: datetime,
    mine: Iterable[Appointment | None],
) -> None:
    """A further wish is not held, but it has to be possible when it is written down."""
    own = [visit.pk for visit in mine if visit is not None]
    if _is_busy(by, patient, now, own, at, at + timedelta(minutes=dose.minutes)):
        raise OwnVisitThen
    lanes = lanes_of(service)
    place = place_at(site=patient.site, service=service, lanes=lanes, minutes=dose.minutes, at=at, moving=own)
    if not place.pairs(1):
        raise PlaceGone


def _take(
    by: User,
    patient: Patient,
    visit: Appointment,
    at: datetime,
    minutes: int,
    now: datetime,
    *,
    given_up: Iterable[Appointment | None] = (),
    kept: Appointment | None = None,
) -> None:
    """Give `visit` a chair and a nurse at an instant, both or neither. Raises OwnVisitThen, PlaceGone.

    What `visit` and those in `given_up` hold is given up together with holding the new place. `kept` is the same dose's booked
    infusion, which this one may lie across. The lanes are looked up, locked, and looked up again; should somebody write past the
    locks, other lanes are tried.
    """
    ends_at = at + timedelta(minutes=minutes)
    ending = [one for one in (visit, *given_up) if one is not None]
    own = [one.pk for one in ending]
    around = [*own, *([kept.pk] if kept else [])]
    if _is_busy(by, patient, now, around, at, ends_at):
        raise OwnVisitThen
    service, site = visit.service, patient.site

    def free(lanes: Iterable[Resource]) -> tuple[list[Resource], list[tuple[Resource, Resource]]]:
        place = place_at(site=site, service=service, lanes=lanes, minutes=minutes, at=at, moving=own)
        return [*place.chairs, *place.nurses], place.pairs(TRIES)

    candidates, pairs = free(lanes_of(service))
    if not pairs:
        raise PlaceGone
    held = [pk for one in ending for pk in one.lane_ids]
    services.lock_lanes([*(lane.pk for lane in candidates), *held])
    _candidates, pairs = free(candidates)
    fresh = visit._state.adding
    for chair, nurse in pairs:
        visit.resource, visit.nurse, visit.during = chair, nurse, DateTimeTZRange(at, ends_at, "[)")
        try:
            _write(visit, now, own, fresh=fresh)
        except SlotTaken:
            continue
        return
    raise PlaceGone


def _write(visit: Appointment, now: datetime, own: list[UUID], *, fresh: bool) -> None:
    """The appointment with both of its claims, or nothing."""
    with last_word():
        Claim.objects.live().filter(appointment_id__in=own).update(released_at=now)
        visit.save(force_insert=fresh, force_update=not fresh)
        for lane in visit.lane_ids:
            Claim(resource_id=lane, appointment=visit, during=visit.during).save(force_insert=True)


def _nearest(
    by: User, patient: Patient, dose_id: UUID, capacity: str, wanted: datetime, now: datetime
) -> list[datetime]:
    dose = doses.next_dose(by, patient)
    if dose is None or dose.id != dose_id:
        return []
    own = [visit for visit in infusion_of(by, patient, dose_id) if visit is not None]
    starts = infusion_starts(by=by, patient=patient, dose=dose, capacity=capacity, now=now, moving=own)
    return slots.nearest(starts, wanted, TIMES)


# --- Answering -------------------------------------------------------------------------------------------------------


def confirm(
    *,
    by: User,
    patient: Patient,
    appointment_id: UUID,
    at: datetime | None = None,
    words: str = "",
    id: UUID,
    now: datetime | None = None,
) -> Done:
    """The team's yes: the held time, or another one (`at`). An infusion that was to move keeps its id and moves.

    Gives the id of the booked appointment. Raises NotAllowed, Http404, AnsweredAlready, and TimeRefused with `times`.
    """
    now = now or timezone.now()
    capacity = require(by, patient, AREA, "team")
    request = visit_or_404(by, patient, appointment_id)

    def do() -> UUID:
        with patient_waits():
            lock_patient(patient.pk)
            visit = _waiting(by, patient, appointment_id)
            dose, _service = _bookable(by, patient, _dose_id(visit))
            old, unused = visit.moves, None
            if old is not None and not old.can_change(now):
                unused = _let_go(by, patient, old, capacity, now) if old.is_booked else None
                old = None
            wanted = at or visit.starts_at
            _in_window(wanted, dose, capacity, patient, now)
            target, what = (old, "changed") if old is not None else (visit, "booked")
            visit.answer, visit.answered_by, visit.changed_at = words or None, by, now
            visit.state = "moved" if old is not None else "booked"
            visit.moves = old
            if old is not None:
                visit.save(update_fields=["state", "answer", "answered_by", "changed_at"])
                old.parts, old.answer, old.answered_by = visit.parts, words or None, by
                old.version, old.changed_at = old.version + 1, now
            given_up = [visit if old else None, unused]
            _take(by, patient, target, wanted, _minutes(visit), now, given_up=given_up)
        record_change(by, patient, "infusion.confirmed", target.pk)
        tell(patient, target, what, now, carer=_asking_carer(request))
        return target.pk

    try:
        with transaction.atomic():
            return exactly_once(
                act="infusion.confirm",
                id=id,
                patient=patient,
                user=by,
                content=[str(appointment_id), at.isoformat() if at else "", words],
                do=do,
            )
    except TimeRefused as refused:
        refused.times = _nearest(by, patient, _dose_id(request), capacity, at or request.starts_at, now)
        raise


@transaction.atomic
def decline(
    *, by: User, patient: Patient, appointment_id: UUID, words: str, id: UUID, now: datetime | None = None
) -> Done:
    """The team's no, with words to the patient; the place is free again. Raises NotAllowed, Http404, AnsweredAlready."""
    now = now or timezone.now()
    require(by, patient, AREA, "team")
    request = visit_or_404(by, patient, appointment_id)

    def do() -> UUID:
        visit = _end(by, patient, appointment_id, "declined", now, words)
        record_change(by, patient, "infusion.declined", visit.pk)
        tell(patient, visit, "declined", now, carer=_asking_carer(request))
        return visit.pk

    content = [str(appointment_id), words]
    return exactly_once(act="infusion.decline", id=id, patient=patient, user=by, content=content, do=do)


@transaction.atomic
def withdraw(
    *, by: User, patient: Patient, appointment_id: UUID, id: UUID, now: datetime | None = None
) -> Done:
    """Take a request back; the place is free again. Raises NotAllowed, Http404, AnsweredAlready."""
    now = now or timezone.now()
    require(by, patient, AREA, *MAY_BOOK)
    visit_or_404(by, patient, appointment_id)

    def do() -> UUID:
        visit = _end(by, patient, appointment_id, "withdrawn", now, "")
        record_change(by, patient, "infusion.withdrawn", visit.pk)
        return visit.pk

    content = [str(appointment_id)]
    return exactly_once(act="infusion.withdraw", id=id, patient=patient, user=by, content=content, do=do)


def _end(
    by: User, patient: Patient, appointment_id: UUID, state: str, now: datetime, words: str
) -> Appointment:
    with patient_waits():
        lock_patient(patient.pk)
        visit = _waiting(by, patient, appointment_id)
        lock_lanes(visit.lane_ids)
        visit.state, visit.changed_at, visit.answer = state, now, words or None
        visit.answered_by = by if state == "declined" else None
        visit.save(update_fields=["state", "changed_at", "answer", "answered_by"])
        Claim.objects.live().filter(appointment=visit).update(released_at=now)
    return visit


def _waiting(by: User, patient: Patient, appointment_id: UUID) -> Appointment:
    visit = visit_or_404(by, patient, appointment_id)
    if not visit.is_requested:
        raise AnsweredAlready
    return visit


def _dose_id(visit: Appointment) -> UUID:
    assert visit.dose_id is not None
    return visit.dose_id


def _minutes(visit: Appointment) -> int:
    """The length that was asked for; the protocol may have changed since."""
    return visit.minutes


def _asking_carer(request: Appointment) -> User | None:
    """The carer who asked, as long as that carer may see the appointments."""
    if request.capacity != Appointment.Capacity.CARER:
        return None
    return request.booked_by if request.booked_by_id in users_who_may(request.patient, AREA) else None
