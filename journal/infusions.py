"""What charts and reports need to know about treatment. Carers do not see treatment: for them there is nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from accounts.models import User
from journal.charting import Cycle
from patients.models import Patient
from treatment import services as treatment


@dataclass(frozen=True, slots=True)
class Given:
    """One infusion: the site's calendar day and the name of what was given."""

    day: date
    name: str


def given_days(user: User, patient: Patient, first: date, last: date) -> list[Given]:
    """Infusions of the days `first` to `last`, both included, oldest first."""
    return [Given(dose.day, dose.name) for dose in treatment.given_days(user, patient, first, last)]


def cycles_of(user: User, patient: Patient) -> list[Cycle]:
    """The patient's treatment cycles, oldest first; the running one has no end."""
    return [Cycle(cycle.starts, cycle.ends) for cycle in treatment.cycles_of(user, patient)]
