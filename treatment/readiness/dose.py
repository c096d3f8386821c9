"""How one dose stands, for its page and for the API; the board works the same out for many."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from accounts.models import User
from patients.models import Patient
from treatment import checks
from treatment.courses.blocked import blocks_of
from treatment.courses.proceeding import Stop
from treatment.models import Dose, DoseAnswer, Postponement, SelfCheck
from treatment.readiness import items
from treatment.readiness.items import Line
from treatment.readiness.standing import Readiness


@dataclass(frozen=True, slots=True)
class DoseStanding:
    """A dose with its lines, overdue regular checks, and what stops it: answers whose stop nobody has lifted, self-checks that nobody has
    looked at."""

    dose: Dose
    lines: list[Line]
    overdue: list[checks.CheckState]
    stops: list[DoseAnswer]
    self_checks: list[SelfCheck]
    put_off: Postponement | None
    against: list[Stop] = field(
        default_factory=list
    )  # a withdrawn version, numbers, a limit: it cannot go on

    @property
    def readiness(self) -> Readiness:
        codes = [*(line.standing.code for line in self.lines), *("overdue" for _check in self.overdue)]
        stopped = bool(self.stops or self.self_checks)
        return Readiness(
            tuple(codes), held=held_code(self.dose, self.put_off), stopped=stopped, blocked=bool(self.against)
        )

    @property
    def ask_at_chair(self) -> bool:
        """The nurse still has to ask the questions at the chair, whatever else is done."""
        return any(line.ask_at_chair for line in self.lines)


def _hold_of(user: User, patient: Patient, dose: Dose) -> Postponement | None:
    """What holds a dose back now: itself put off, or a dose before it."""
    rows = Postponement.objects.for_user(user, patient).open().filter(dose__state=Dose.State.PLANNED)
    rows = rows.filter(dose__course=dose.course_id, dose__number__lte=dose.number)
    return rows.select_related("made_by").order_by("-dose__number").first()


def held_code(dose: Dose, put_off: Postponement | None) -> str:
    """Why a dose does not happen now: a code of HELD, or nothing."""
    if put_off is not None:
        return "put_off"
    return "paused" if dose.is_planned and dose.course.is_paused else ""


def standing_of_dose(
    user: User,
    patient: Patient,
    dose: Dose,
    now: datetime,
    doses: list[Dose] | None = None,
    *,
    whole: bool = False,
) -> DoseStanding:
    """Read and worked out at `now`. `doses` spares a statement where the doses of its course were read already.

    `whole`: with what keeps the dose from going on whatever its list says, as the board of the team says it.
    """
    return DoseStanding(
        dose=dose,
        lines=items.lines_for(user, patient, dose, now),
        overdue=checks.overdue_before(user, patient, dose, now, doses),
        stops=list(DoseAnswer.objects.for_user(user, patient).newest_first().that_stop(dose)),
        self_checks=list(SelfCheck.objects.for_user(user, patient).to_look_at()) if dose.is_planned else [],
        put_off=_hold_of(user, patient, dose) if dose.is_planned else None,
        against=blocks_of(user, [dose], patient).get(dose.pk, []) if whole else [],
    )
