"""What scheduling asks of treatment: the dose that needs a time, its window, and how long it takes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.utils.translation import gettext_lazy

from accounts.models import User
from patients.models import Patient
from portal.lib.problems import DomainError
from treatment.services import dose_for_booking, hold_for_booking

QUARTER = 15


class NotPlanned(DomainError):
    default_message = gettext_lazy(
        "This infusion is not the next one that is planned any more. No time was booked."
    )


@dataclass(frozen=True, slots=True)
class BookableDose:
    """The next planned dose. The dates are days of the site's calendar; `parts` are the minutes of preparation, infusion,
    observation and discharge, or None where the protocol has none and the center has to be asked. `held`: the treatment has to be
    looked at first, and nothing is booked; why is said on its own pages."""

    id: UUID
    number: int
    earliest: date
    target: date
    latest: date | None
    parts: tuple[int, int, int, int] | None
    held: bool = False

    @property
    def minutes(self) -> int:
        """How long chair and nurse are taken: the parts, rounded up to a quarter of an hour."""
        return sum(self.parts) + -sum(self.parts) % QUARTER if self.parts else 0


def next_dose(user: User, patient: Patient) -> BookableDose | None:
    """The first planned dose of a patient, for everybody who may see the appointments, carers included.

    The shortest interval of the label and the window both hold: the later of the two days is the first.
    """
    found = dose_for_booking(user, patient)
    if found is None:
        return None
    window, need = found.window, found.need
    earliest = max(window.earliest, found.not_before or window.earliest)
    parts = None
    if need is not None:
        parts = (
            need.preparation_minutes,
            need.infusion_minutes,
            need.observation_minutes,
            need.discharge_minutes,
        )
    return BookableDose(
        found.dose_id, found.number, earliest, max(window.target, earliest), window.latest, parts, found.held
    )


def hold_dose(user: User, patient: Patient, dose_id: UUID) -> None:
    """Until the transaction ends nothing becomes of this dose: after the patient's lock, before the lanes'."""
    hold_for_booking(user, patient, dose_id)


def planned_dose(user: User, patient: Patient, dose_id: UUID) -> BookableDose:
    """The next planned dose, when it is this one. Raises NotPlanned: it was given, missed, moved on or never there."""
    found = next_dose(user, patient)
    if found is None or found.id != dose_id:
        raise NotPlanned
    return found
