"""Reads of what holds a dose back, and of where its drug is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from accounts.models import User
from patients.models import Patient
from treatment.models import DrugStep, Postponement

Kind = DrugStep.Kind
NEXT: dict[str, tuple[str, ...]] = {
    "": (Kind.ORDERED,),
    Kind.ORDERED: (Kind.RELEASED, Kind.RETURNED),
    Kind.RELEASED: (Kind.MIXED, Kind.RETURNED),
    Kind.MIXED: (Kind.RETURNED,),
    Kind.RETURNED: (Kind.ORDERED,),
}


def postponements_of(user: User, patient: Patient, course_id: UUID | None = None) -> list[Postponement]:
    """Every time a dose was put off, oldest first: of one course, or of all."""
    rows = Postponement.objects.for_user(user, patient).select_related("dose", "made_by", "ended_by")
    if course_id is not None:
        rows = rows.filter(dose__course_id=course_id)
    return list(rows)


def open_by_dose(rows: Iterable[Postponement]) -> dict[UUID, Postponement]:
    """What holds a dose back now, by the dose."""
    return {row.dose_id: row for row in rows if row.ended_at is None}


def settled_by_outcome(rows: Iterable[Postponement]) -> dict[UUID, Postponement]:
    """What held a dose back when its outcome was noted, by the dose: of `postponements_of`."""
    return {row.dose_id: row for row in rows if row.ended_how == Postponement.End.SETTLED}


def hold_of(user: User, patient: Patient, dose_id: UUID) -> Postponement | None:
    """What holds one dose back now."""
    rows = Postponement.objects.for_user(user, patient).open()
    return rows.filter(dose_id=dose_id).select_related("made_by").first()


@dataclass(frozen=True, slots=True)
class Drug:
    """The drug of a dose: where it is, what comes next, and the product that the newest steps name."""

    steps: tuple[DrugStep, ...]

    @property
    def kind(self) -> str:
        return self.steps[-1].kind if self.steps else ""

    @property
    def following(self) -> tuple[str, ...]:
        """The steps that can come next."""
        return NEXT[self.kind]

    @property
    def product(self) -> dict[str, str]:
        """Product, lot and expiry as the steps since the drug was last ordered say them; the newest word holds."""
        found = {"product": "", "lot": "", "expires_on": ""}
        for step in self.steps:
            if step.kind in (Kind.ORDERED, Kind.RETURNED):
                found = dict.fromkeys(found, "")
            if step.kind != Kind.RETURNED:
                found |= {name: step.details[name] for name in found if step.details.get(name)}
        return found

    @property
    def expires_on(self) -> date | None:
        said = self.product["expires_on"]
        return date.fromisoformat(said) if said else None


def drug_of(user: User, patient: Patient, dose_id: UUID) -> Drug:
    rows = DrugStep.objects.for_user(user, patient).filter(dose_id=dose_id).select_related("made_by")
    return Drug(tuple(rows))


def drugs_of(user: User, patient: Patient, course_id: UUID) -> dict[UUID, Drug]:
    """The drugs of a course's doses, by the dose: one statement."""
    found: dict[UUID, list[DrugStep]] = {}
    rows = DrugStep.objects.for_user(user, patient).filter(dose__course_id=course_id)
    for row in rows.select_related("made_by"):
        found.setdefault(row.dose_id, []).append(row)
    return {dose_id: Drug(tuple(steps)) for dose_id, steps in found.items()}
