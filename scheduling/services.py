"""The door of `scheduling`: finding a time, booking, changing and cancelling a visit.

Lock order, in every write: the patient (an advisory lock), then the lanes' rows in the order of their ids; then everything is
read again and decided. The exclusion constraints stay as the last word, also against raw SQL.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import User
from accounts.services import queue_mail
from patients.models import Patient
from patients.services import Done, account_of, exactly_once, record_change, require
from portal.lib.problems import Conflict, DomainError
from portal.lib.time_words import when
from scheduling import slots
from scheduling.finding import Start, find_starts, free_lanes
from scheduling.models import Appointment, Claim, Resource, Service
from scheduling.slots import Span

__all__ = [
    "BookingClosed",
    "SlotTaken",
    "Start",
    "TimeRefused",
    "TooManyBooked",
    "VisitOver",
    "book",
    "booking_window",
    "busy_times",
    "cancel",
    "find_starts",
    "reschedule",
]

AREA = "appointments"
MAY_BOOK = ("self", "carer", "team", "break_glass")
STAFF = ("team", "break_glass")
ALTERNATIVES = 3
ALTERNATIVES_WITHIN = (timedelta(days=5), timedelta(days=28))
LOCK_WAIT = "2s"
LOCK_NOT_AVAILABLE = "55P03"


@dataclass(frozen=True, slots=True)
class Policy:
    """What a kind of person may book: from how soon, how far ahead, how many at once (None: as many as needed)."""

    notice: timedelta
    horizon: timedelta
    most_open: int | None


# Two hours let the team see the day's list before people arrive. Six open visits are twice what a busy course of care needs,
# and few enough that nobody holds places that others wait for. The team may overrule: it knows why.
PATIENT_POLICY = Policy(notice=timedelta(hours=2), horizon=timedelta(days=90), most_open=6)
TEAM_POLICY = Policy(notice=timedelta(0), horizon=timedelta(days=366), most_open=None)


def policy_for(capacity: str) -> Policy:
    """The rules for somebody who acts in this capacity on the patient."""
    return TEAM_POLICY if capacity in STAFF else PATIENT_POLICY


class TimeRefused(DomainError):
    """This time cannot be had; `alternatives` are the nearest times that can."""

    default_message = gettext_lazy("This time cannot be booked. These times are free.")

    def __init__(self, message: object = None) -> None:
        super().__init__(message)
        self.alternatives: list[Start] = []
        self.times: list[datetime] = []  # of an infusion, which takes whichever nurse and chair are free


class SlotTaken(TimeRefused):
    """Somebody else has the place."""

    default_message = gettext_lazy("Someone else has just booked this time. Nothing was changed for you.")


class Crowded(SlotTaken):
    """So many people book at this moment that waiting longer would not be polite."""

    default_message = gettext_lazy(
        "Many people are booking right now, so this time could not be held. Nothing was changed."
    )


class OwnVisitThen(TimeRefused):
    default_message = gettext_lazy("There is already a visit booked at that time. Choose another time.")


class TooManyBooked(DomainError):
    default_message = gettext_lazy(
        "No more visits can be booked online for now. Call us if you need another one."
    )


class BookingClosed(DomainError):
    default_message = gettext_lazy(
        "Visits of this kind cannot be booked here. Call us and we will find a time with you."
    )


class VisitOver(DomainError):
    default_message = gettext_lazy(
        "This visit has begun, is over, or was canceled, so it cannot be changed here."
    )


class VisitChanged(Conflict):
    default_message = gettext_lazy("This visit was changed somewhere else. Look at the new time first.")


# --- What may be booked ----------------------------------------------------------------------------------------


def booking_window(capacity: str, now: datetime) -> Span:
    """The earliest start and the latest end that somebody may book at `now` (aware)."""
    policy = policy_for(capacity)
    return now + policy.notice, now + policy.horizon


def busy_times(user: User, patient: Patient, now: datetime, *, moving: UUID | None = None) -> list[Span]:
    """The patient's own times that are booked or asked for and not over, for not offering two visits at once."""
    visits = Appointment.objects.for_user(user, patient).holding().filter(during__endswith__gt=now)
    if moving is not None:
        visits = visits.exclude(pk=moving)
    return [(during.lower, during.upper) for during in visits.values_list("during", flat=True)]


def _alternatives(
    *,
    by: User,
    patient: Patient,
    service: Service,
    resource: UUID | None,
    wanted: datetime,
    window: Span,
    now: datetime,
    moving: UUID | None = None,
) -> list[Start]:
    """The three bookable times next to the wanted one, earlier or later; with anybody when that person has none."""
    busy = busy_times(by, patient, now, moving=moving)
    middle = min(max(wanted, window[0]), window[1])
    best: dict[datetime, Start] = {}
    for lane in (resource, None) if resource is not None else (None,):
        for reach in ALTERNATIVES_WITHIN:
            found = find_starts(
                site=patient.site,
                service=service,
                resource=lane,
                start=max(window[0], middle - reach),
                end=min(window[1], middle + reach),
                busy=busy,
                moving=moving,
            )
            best = {start.at: start for start in found} or best
            if len(found) >= ALTERNATIVES:
                break
        if best:
            break
    return [best[at] for at in slots.nearest(best, wanted, ALTERNATIVES)]


# --- Locks --------------------------------------------------------------------------------------------------------


@contextmanager
def patient_waits() -> Iterator[None]:
    """Waits for locks end after two seconds in this block; the rest of the transaction is as before."""
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH before AS MATERIALIZED (SELECT current_setting('lock_timeout') AS lasted)"
            " SELECT lasted, set_config('lock_timeout', %s, true) FROM before",
            [LOCK_WAIT],
        )
        before = cursor.fetchone()[0]
    try:
        yield
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") == LOCK_NOT_AVAILABLE:
            raise Crowded from None
        raise
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [before])


def lock_patient(patient_id: UUID) -> None:
    """Hold one patient's visits until the transaction ends: always the first lock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 5181))", [f"visits of {patient_id}"]
        )


def lock_lanes(resource_ids: Iterable[UUID]) -> None:
    """Hold lanes until the transaction ends, in the order of their ids: always after the patient."""
    wanted = Resource.objects.filter(pk__in=set(resource_ids)).order_by("pk").select_for_update(no_key=True)
    list(wanted.values_list("pk", flat=True))


def _lane_ids(service: Service, resource: UUID | None) -> list[UUID]:
    offering = Resource.objects.offering(service)
    if resource is not None:
        offering = offering.filter(pk=resource)
    return list(offering.values_list("pk", flat=True))


# --- Writes ----------------------------------------------------------------------------------------------------------


def book(
    *,
    by: User,
    patient: Patient,
    service: Service,
    starts_at: datetime,
    resource: UUID | None = None,
    reason: str = "",
    id: UUID,
    now: datetime | None = None,
    by_phone: bool = False,
) -> Done:
    """Book a visit; `id` is made by the client and becomes the appointment's. `resource` None means: whoever is free.

    Raises NotAllowed, BookingClosed, TooManyBooked, and TimeRefused or SlotTaken with `alternatives`; DifferentContent when
    `id` booked something else before. A retry with the same content gets the first result.
    """
    now = now or timezone.now()
    capacity = require(by, patient, AREA, *MAY_BOOK)
    window = booking_window(capacity, now)
    stamped = "phone" if by_phone and capacity in STAFF else capacity

    def do() -> UUID:
        _may_have(patient, service, capacity)
        _in_window(starts_at, service, window, now)
        with patient_waits():
            lock_patient(patient.pk)
            lanes = _lane_ids(service, resource)
            lock_lanes(lanes)
            lane = _free_lane(by, patient, service, lanes, starts_at, now)
            _few_enough(by, patient, capacity, now)
            appointment = Appointment(
                id=id,
                patient=patient,
                service=service,
                resource_id=lane,
                during=_range(starts_at, service),
                booked_by=by,
                capacity=stamped,
                changed_at=now,
            )
            appointment.reason = reason or None
            _insert(appointment)
        record_change(by, patient, "appointment.booked", appointment.pk, by_phone=stamped == "phone")
        tell(patient, appointment, "booked", now, carer=by if capacity == "carer" else None)
        return appointment.pk

    try:
        with transaction.atomic():
            return exactly_once(
                act="appointment.book",
                id=id,
                patient=patient,
                user=by,
                content=[str(service.pk), starts_at.isoformat(), str(resource or ""), reason, stamped],
                do=do,
            )
    except TimeRefused as refused:
        refused.alternatives = _alternatives(
            by=by,
            patient=patient,
            service=service,
            resource=resource,
            wanted=starts_at,
            window=window,
            now=now,
        )
        raise


def reschedule(
    *,
    by: User,
    patient: Patient,
    appointment_id: UUID,
    starts_at: datetime,
    resource: UUID | None = None,
    version: int,
    id: UUID,
    now: datetime | None = None,
    by_phone: bool = False,
) -> Done:
    """Move a visit: the same appointment, version + 1. The old place is given up only together with holding the new one.

    `version` is the one the person saw; another one raises VisitChanged. Otherwise raises as `book`, and VisitOver.
    """
    now = now or timezone.now()
    capacity = require(by, patient, AREA, *MAY_BOOK)
    window = booking_window(capacity, now)
    appointment = visit_or_404(by, patient, appointment_id)
    if appointment.is_infusion:
        raise BookingClosed
    service = appointment.service

    def do() -> UUID:
        _in_window(starts_at, service, window, now)
        with patient_waits():
            lock_patient(patient.pk)
            lanes = _lane_ids(service, resource)
            lock_lanes([*lanes, appointment.resource_id])
            visit = visit_or_404(by, patient, appointment_id)
            if visit.version != version:
                raise VisitChanged
            if not visit.can_change(now):
                raise VisitOver
            if visit.starts_at == starts_at and resource in (None, visit.resource_id):
                raise TimeRefused(_("The visit is already at this time. Choose another time, or keep it."))
            lane = _free_lane(by, patient, service, lanes, starts_at, now, moving=visit.pk)
            visit.resource_id, visit.during = lane, _range(starts_at, service)
            visit.version, visit.changed_at = visit.version + 1, now
            _move(visit, now)
        record_change(by, patient, "appointment.changed", visit.pk, by_phone=by_phone and capacity in STAFF)
        tell(patient, visit, "changed", now, carer=by if capacity == "carer" else None)
        return visit.pk

    try:
        with transaction.atomic():
            return exactly_once(
                act="appointment.change",
                id=id,
                patient=patient,
                user=by,
                content=[str(appointment_id), starts_at.isoformat(), str(resource or ""), version],
                do=do,
            )
    except TimeRefused as refused:
        refused.alternatives = _alternatives(
            by=by,
            patient=patient,
            service=service,
            resource=resource,
            wanted=starts_at,
            window=window,
            now=now,
            moving=appointment_id,
        )
        raise


@transaction.atomic
def cancel(
    *,
    by: User,
    patient: Patient,
    appointment_id: UUID,
    reason: str = "",
    id: UUID,
    now: datetime | None = None,
    by_phone: bool = False,
) -> Done:
    """Cancel a visit that has not begun and free its place. Raises NotAllowed, VisitOver, DifferentContent, Http404."""
    now = now or timezone.now()
    capacity = require(by, patient, AREA, *MAY_BOOK)
    appointment = visit_or_404(by, patient, appointment_id)

    def do() -> UUID:
        with patient_waits():
            lock_patient(patient.pk)
            lock_lanes(appointment.lane_ids)
            visit = visit_or_404(by, patient, appointment_id)
            if not visit.can_change(now):
                raise VisitOver
            visit.state, visit.cancelled_at, visit.changed_at = Appointment.State.CANCELLED, now, now
            visit.version += 1
            visit.cancel_reason = reason or None
            visit.save(update_fields=["state", "cancelled_at", "changed_at", "version", "cancel_reason"])
            Claim.objects.live().filter(appointment=visit).update(released_at=now)
        record_change(by, patient, "appointment.cancelled", visit.pk, by_phone=by_phone and capacity in STAFF)
        tell(patient, visit, "cancelled", now, carer=by if capacity == "carer" else None)
        return visit.pk

    return exactly_once(
        act="appointment.cancel",
        id=id,
        patient=patient,
        user=by,
        content=[str(appointment_id), reason],
        do=do,
    )


def visit_or_404(user: User, patient: Patient, appointment_id: UUID) -> Appointment:
    """One visit of a patient with its type and lane, as far as `user` may see it. Raises Http404."""
    visits = Appointment.objects.for_user(user, patient).with_place()
    visit: Appointment | None = visits.filter(pk=appointment_id).first()
    if visit is None:
        raise Http404
    return visit


# --- Rules, each re-checked under the locks -----------------------------------------------------------------------------


def _may_have(patient: Patient, service: Service, capacity: str) -> None:
    if service.site_id != patient.site_id or not service.active or service.kind != Service.Kind.VISIT:
        raise BookingClosed
    if capacity not in STAFF and not patient.site.books_directly:
        raise BookingClosed


def _in_window(starts_at: datetime, service: Service, window: Span, now: datetime) -> None:
    if starts_at <= now:
        raise TimeRefused(_("This time is over. Choose a time from the list."))
    if starts_at < window[0]:
        raise TimeRefused(_("This time is too soon to book online. Call us, or choose a later time."))
    if starts_at + timedelta(minutes=service.minutes) > window[1]:
        raise TimeRefused(_("This time is too far ahead to book now. Choose an earlier time."))


def _few_enough(by: User, patient: Patient, capacity: str, now: datetime) -> None:
    most = policy_for(capacity).most_open
    if most is None:
        return
    visits = Appointment.objects.for_user(by, patient).upcoming(now).filter(service__kind="visit")
    if visits.count() >= most:
        text = ngettext(
            "%(count)d visit is already booked. Cancel one that you do not need, or call us.",
            "%(count)d visits are already booked. Cancel one that you do not need, or call us.",
            most,
        )
        raise TooManyBooked(text % {"count": most})


def _free_lane(
    by: User,
    patient: Patient,
    service: Service,
    lanes: list[UUID],
    starts_at: datetime,
    now: datetime,
    *,
    moving: UUID | None = None,
) -> UUID:
    """The lane that can take the visit, read again under the locks. Raises OwnVisitThen, SlotTaken, TimeRefused.

    Whoever came too late is let go after two statements: others wait for the same locks.
    """
    ends_at = starts_at + timedelta(minutes=service.minutes)
    if any(start < ends_at and starts_at < end for start, end in busy_times(by, patient, now, moving=moving)):
        raise OwnVisitThen
    claims = Claim.objects.live().touching(starts_at, ends_at).filter(resource_id__in=lanes)
    if moving is not None:
        claims = claims.exclude(appointment_id=moving)
    left = set(lanes) - set(claims.values_list("resource_id", flat=True))
    if lanes and not left:
        raise SlotTaken
    for lane in free_lanes(site=patient.site, service=service, start=starts_at, end=ends_at, moving=moving):
        if lane.resource.pk in left and slots.is_start(
            lane.free, starts_at, minutes=service.minutes, zone=patient.site.time_zone
        ):
            return lane.resource.pk
    raise SlotTaken if len(left) < len(lanes) else TimeRefused


def _range(starts_at: datetime, service: Service) -> DateTimeTZRange:
    return DateTimeTZRange(starts_at, starts_at + timedelta(minutes=service.minutes), "[)")


def _insert(appointment: Appointment) -> None:
    with last_word():
        appointment.save(force_insert=True)
        Claim(resource_id=appointment.resource_id, appointment=appointment, during=appointment.during).save(
            force_insert=True
        )


def _move(visit: Appointment, now: datetime) -> None:
    with last_word():
        Claim.objects.live().filter(appointment=visit).update(released_at=now)
        Claim(resource_id=visit.resource_id, appointment=visit, during=visit.during).save(force_insert=True)
        visit.save(update_fields=["resource", "during", "version", "changed_at"])


@contextmanager
def last_word() -> Iterator[None]:
    """The database refuses overlaps by itself; that becomes a sentence for a person."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", "")
        if name == "claim_no_overlap":
            raise SlotTaken from None
        if name == "patient_no_overlap":
            raise OwnVisitThen from None
        raise


# --- Notices -------------------------------------------------------------------------------------------------------------

SUBJECTS = {
    "booked": gettext_lazy("Your appointment is booked"),
    "changed": gettext_lazy("Your appointment is changed"),
    "cancelled": gettext_lazy("Your appointment is canceled"),
    "asked": gettext_lazy("You asked for an appointment"),
    "declined": gettext_lazy("An answer about the appointment you asked for"),
}
SENTENCES = {
    "booked": gettext_lazy("an appointment is booked for %(when)s, clinic time."),
    "changed": gettext_lazy("an appointment was changed. The new time is %(when)s, clinic time."),
    "cancelled": gettext_lazy("the appointment on %(when)s, clinic time, was canceled."),
    "asked": gettext_lazy(
        "you asked for an appointment on %(when)s, clinic time. It is not booked yet: your clinic answers first. "
        "We keep this time for you until then."
    ),
    "declined": gettext_lazy("the appointment that you asked for on %(when)s, clinic time, is not possible."),
}
NOTHING_TO_DO = gettext_lazy(
    "You do not need to do anything now. To change or cancel, sign in or call %(phone)s."
)
TO_DO = {"declined": gettext_lazy("Please ask for another time: sign in, or call %(phone)s.")}


def tell(
    patient: Patient, visit: Appointment, what: str, now: datetime, *, carer: User | None = None
) -> None:
    """A mail to the patient, and to the carer who did it: date and time, never what it is about. Nothing for past visits."""
    if visit.ends_at <= max(now, timezone.now()):
        return
    people = {person.pk: person for person in (account_of(patient), carer) if person}
    said = {"when": when(visit.starts_at, patient.site.time_zone), "phone": patient.site.day_phone}
    for person in people.values():
        body = _(
            "Hello,\n\n%(sentence)s\n\nSign in to see the place and who you will meet:\n%(url)s\n\n%(to_do)s\n\nYour clinic\n"
        ) % {
            "sentence": str(SENTENCES[what] % said),
            "url": settings.PUBLIC_URL + address_of(visit, own=carer is None or person.pk != carer.pk),
            "to_do": str(TO_DO.get(what, NOTHING_TO_DO) % said),
        }
        kind = f"appointment.{what}"
        queue_mail(to=person.email, subject=str(SUBJECTS[what]), body=body, kind=kind, user=person)


def address_of(visit: Appointment, *, own: bool) -> str:
    """The visit's page as the patient opens it, or as a carer does."""
    if own:
        return reverse("scheduling:detail", args=[visit.pk])
    return reverse("scheduling:patient-detail", args=[visit.patient_id, visit.pk])
