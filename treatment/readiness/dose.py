"""How one dose stands, for its page and for the API; the board works the same out for many."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from accounts.models import User
from patients.models import Patient
from treatment import checks
from treatment.models import Dose, DoseAnswer, SelfCheck
from treatment.readiness import items
from treatment.readiness.items import Line
from treatment.readiness.standing import Readiness


@dataclass(frozen=True, slots=True)
class DoseStanding:
    """A dose with its lines, overdue regular checks, and what stops it: answers and self-checks that nobody has looked at."""

    dose: Dose
    lines: list[Line]
    overdue: list[checks.CheckState]
    stops: list[DoseAnswer]
    self_checks: list[SelfCheck]

    @property
    def readiness(self) -> Readiness:
        codes = [*(line.standing.code for line in self.lines), *("overdue" for _check in self.overdue)]
        return Readiness(tuple(codes), stopped=bool(self.stops or self.self_checks))


def standing_of_dose(
    user: User, patient: Patient, dose: Dose, now: datetime, doses: list[Dose] | None = None
) -> DoseStanding:
    """Read and worked out at `now`. `doses` spares a statement where the doses of its course were read already."""
    return DoseStanding(
        dose=dose,
        lines=items.lines_for(user, patient, dose, now),
        overdue=checks.overdue_before(user, patient, dose, now, doses),
        stops=list(DoseAnswer.objects.for_user(user, patient).stopping().filter(dose=dose)),
        self_checks=list(SelfCheck.objects.for_user(user, patient).to_look_at()) if dose.is_planned else [],
    )
