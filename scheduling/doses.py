"""What scheduling asks of treatment: the dose that needs a time, its window, and how long it takes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.http import Http404

from accounts.models import User
from patients.models import Patient

QUARTER = 15


@dataclass(frozen=True, slots=True)
class BookableDose:
    """A planned dose. The dates are days of the site's calendar; `parts` are the minutes of preparation, infusion,
    observation and discharge, or None where the protocol has none and the center has to be asked."""

    id: UUID
    number: int
    earliest: date
    target: date
    latest: date | None
    parts: tuple[int, int, int, int] | None

    @property
    def minutes(self) -> int:
        """How long chair and nurse are taken: the parts, rounded up to a quarter of an hour."""
        return sum(self.parts) + -sum(self.parts) % QUARTER if self.parts else 0


def next_dose(user: User, patient: Patient) -> BookableDose | None:
    """The first planned dose of a patient, for everybody who may see the appointments."""
    return None


def dose_or_404(user: User, patient: Patient, dose_id: UUID) -> BookableDose:
    """A planned dose by its id. Raises Http404 for a given, missed or unknown one."""
    raise Http404
