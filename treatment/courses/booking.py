"""What appointment pages may know of the next dose, and whether a time may be booked for it. People who keep the appointments ask, carers too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from accounts.models import User
from patients.models import Patient
from patients.services import can
from portal.lib import actor
from portal.lib.time import now as present
from portal.lib.time import today_in
from treatment.courses import proceeding, reading
from treatment.courses.eyes import Eyes
from treatment.courses.planning import DoseWindow
from treatment.courses.watching import need_of
from treatment.models import Course, Dose, Postponement
from treatment.protocols.facts import InfusionNeed


@dataclass(frozen=True, slots=True)
class BookableDose:
    """What an appointment page may know of the next dose. It names no drug: a carer who keeps the appointments sees it too.

    `held`: something stands against booking a time; it does not say what, which is for the treatment's own pages.
    """

    dose_id: UUID
    number: int
    window: DoseWindow
    not_before: date | None
    need: InfusionNeed | None
    held: bool = False


def dose_for_booking(user: User, patient: Patient) -> BookableDose | None:
    """The next dose for people who keep the patient's appointments, carers included; None without one or without that area.

    Treatment rows are closed to carers, so for them this reads as a system actor after asking for the area.
    """
    if not can(user, patient, "appointments"):
        return None
    with _eyes(user, patient) as eyes:
        dose, held = _next(eyes)
        if dose is None:
            return None
        again = eyes.rows(Postponement).open().filter(dose=dose).values_list("recheck_on", flat=True).first()
        soonest = reading.soonest_for(user, patient, dose, eyes=eyes)
        first = max(filter(None, (soonest, again)), default=None)
        return BookableDose(dose.pk, dose.number, dose.window, first, need_of(eyes, dose), held)


def call_before_travel(user: User, patient: Patient, found: BookableDose) -> bool:
    """Whether people who keep the appointments call first: the dose is held, put off, or something said stops it. Not what it is.

    Apart from `held`: a time can be booked for a dose that waits, but nobody travels for it without a call.
    """
    if found.held:
        return True
    with _eyes(user, patient) as eyes:
        dose = eyes.rows(Dose).filter(pk=found.dose_id).first()
        if dose is None:
            return False
        put_off = eyes.rows(Postponement).open().filter(dose=dose)
        return put_off.exists() or proceeding.answer_stops(eyes, dose)


def hold_for_booking(user: User, patient: Patient, dose_id: UUID) -> None:
    """Hold the dose's course until the transaction ends, so that no pause and no outcome comes between reading it and booking.

    Call after the scheduling's own lock of the patient and before its lanes. As a system actor: patients and carers may not
    lock rows of the treatment.
    """
    if not can(user, patient, "appointments"):
        return
    with actor.unit_of_work(actor.Actor(user_id=user.pk, system="dose for appointments")):
        courses = Course.objects.for_system().of(patient).filter(doses=dose_id)
        courses.select_for_update(of=("self",), no_key=True).first()


def _next(eyes: Eyes) -> tuple[Dose | None, bool]:
    """The next dose of each treatment that runs: the first that nothing stands against, else the first; and whether something does."""
    left = list(eyes.rows(Dose).with_course().order_by("course__starts_on", "course_id", "number"))
    today = today_in(present(), eyes.patient.site.time_zone)
    first: Dose | None = None
    while (dose := reading.next_of(left)) is not None:
        if not proceeding.stops(eyes, dose, proceeding.Act.BOOK, on=today):
            return dose, False
        first = first or dose
        left = [one for one in left if one.course_id != dose.course_id]
    return first, True


@contextmanager
def _eyes(user: User, patient: Patient) -> Iterator[Eyes]:
    """A person's own eyes where the treatment is open to them, else the system's. A dose that is put off is offered from the day on
    which somebody looks again."""
    if can(user, patient, "treatment"):
        yield Eyes(user, patient)
        return
    with actor.unit_of_work(actor.Actor(user_id=user.pk, system="dose for appointments")):
        yield Eyes(user, patient, system=True)
