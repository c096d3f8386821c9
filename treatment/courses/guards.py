"""What every act on an order, a course or a dose asks first: who may, whether it is open, and how a refusal is worded."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.utils.translation import gettext_lazy

from accounts.models import User
from clinic.services import memberships
from patients.areas import TREATMENT
from patients.models import Patient
from patients.services import require
from portal.lib import actor
from portal.lib.problems import Conflict, DomainError, NotAllowed
from treatment.courses import reading
from treatment.courses.proceeding import CoursePaused, DayNotPossible, DoseNotOpen
from treatment.models import (
    ChairRow,
    Course,
    Dose,
)

STAFF = ("team", "break_glass")
MOST_AHEAD = timedelta(days=366)
MOST_BACK = timedelta(days=31)
TEXT_LENGTH = 1000


class NotAPrescriber(NotAllowed):
    default_message = gettext_lazy("Only a neurologist can do this. Nothing was changed.")


class NotSignedOff(DomainError):
    default_message = gettext_lazy(
        "This version is not signed off, so nothing can be ordered on it. A neurologist, a pharmacist and an infusion nurse "
        "have to sign it first."
    )


class CannotBeOrdered(DomainError):
    default_message = gettext_lazy("This therapy cannot be ordered here. It is planned outside the portal.")


class AlreadyRunning(DomainError):
    default_message = gettext_lazy("A treatment with this medicine is running already. End it first.")


class ProductExpired(DayNotPossible):
    default_message = gettext_lazy(
        "This product was past its expiry date on that day. Check the date on the package."
    )


class ChairOpen(Conflict):
    """It runs or ran in the chair, and what became of it comes from that record."""

    default_message = gettext_lazy("This dose has an open chair record. Close the record first.")


class GradeWithoutReaction(DomainError):
    default_message = gettext_lazy("A grade belongs to a reaction, from 1 to 5. Say whether there was one.")
    status = 422


class HowMuchMissing(DomainError):
    default_message = gettext_lazy("Say how much of the dose was given.")
    status = 422


class TextMissing(DomainError):
    default_message = gettext_lazy("Write the reason in a few words.")
    status = 422


class TextTooLong(DomainError):
    default_message = gettext_lazy("Make your text shorter: at most 1,000 characters.")
    status = 422


def is_prescriber(user: User) -> bool:
    """True for people who work as a neurologist in a team today."""
    return memberships(user).filter(role="neurologist").exists()


def require_prescriber(by: User, patient: Patient) -> str:
    capacity = require(by, patient, TREATMENT, *STAFF)
    if not is_prescriber(by):
        raise NotAPrescriber
    return capacity


def words_of(text: str, *, needed: bool = True) -> str:
    text = text.strip()
    if needed and not text:
        raise TextMissing
    if len(text) > TEXT_LENGTH:
        raise TextTooLong
    return text


def locked_course(by: User, patient: Patient, course_id: UUID) -> Course:
    """The course, with its row held until the transaction ends: one change of its doses at a time."""
    Course.objects.for_user(by, patient).select_for_update(no_key=True).filter(pk=course_id).first()
    return reading.course_or_404(by, patient, course_id)


def hold_all(by: User, patient: Patient) -> None:
    """Hold the patient's row, then all their running courses, until the transaction ends: before something is written that can stop a dose.

    Such an answer stops the doses of every treatment, and an act on a dose reads what stops it under the lock of its own course. So the
    answer comes before the act, which is then refused, or after it. Doses change under their course's lock only. As a system actor,
    because patients may not lock rows of the treatment.
    """
    Patient.objects.for_user(by).select_for_update(no_key=True).filter(pk=patient.pk).first()
    with actor.unit_of_work(actor.Actor(user_id=by.pk, system="answer before a dose")):
        running = Course.objects.for_system().of(patient).running().select_for_update(no_key=True)
        list(running.order_by("pk").values_list("pk", flat=True))


def check_planned(dose: Dose) -> None:
    """Raises DoseNotOpen for a dose whose outcome stands, or whose treatment is over."""
    if not dose.is_planned or not dose.course.is_running:
        raise DoseNotOpen


def check_chair(by: User, patient: Patient, dose: Dose) -> None:
    """Raises ChairOpen for a dose that runs or ran in the chair, while its record is open; call it under the course's lock."""
    if ChairRow.objects.for_user(by, patient).begun().filter(dose=dose).exists():
        raise ChairOpen


def check_open(dose: Dose) -> None:
    """Raises DoseNotOpen or CoursePaused for a dose that nothing can happen to now."""
    if not dose.is_planned or not dose.course.is_running:
        raise DoseNotOpen
    if dose.course.is_paused:
        raise CoursePaused
