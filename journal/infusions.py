"""The days on which infusions were given, as charts and reports need them. Carers do not see treatment: for them there are none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from accounts.models import User
from journal.charting import Cycle
from patients.models import Patient


@dataclass(frozen=True, slots=True)
class Given:
    """One infusion: the site's calendar day and the name of what was given."""

    day: date
    name: str


def given_days(user: User, patient: Patient, first: date, last: date) -> list[Given]:
    """Infusions of the days `first` to `last`, both included, oldest first."""
    return []


def cycles_of(user: User, patient: Patient) -> list[Cycle]:
    """The patient's treatment cycles, oldest first; the running one has no end."""
    return []
