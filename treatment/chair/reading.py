"""Reads of chair records: the lines that hold, where a record stands, the patient's copy, and the hours of many records at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.http import Http404

from accounts.models import User
from patients.models import Patient
from treatment.chair.flow import Line, OutOfOrder, Stand, replay
from treatment.courses.eyes import Eyes
from treatment.courses.watching import watching_of
from treatment.models import ChairDay, ChairRow, Dose

Kind = ChairRow.Kind


@dataclass(frozen=True, slots=True)
class Record:
    """All lines of a dose in the order of the clock; those that were corrected are among them."""

    rows: tuple[ChairRow, ...]

    @property
    def standing(self) -> list[ChairRow]:
        """The lines that hold: corrected ones and corrections that take back are left out. In one minute a correction keeps the
        place of the line that it stands for."""
        gone = {row.corrects_id for row in self.rows}
        by_id = {row.pk: row for row in self.rows}

        def first(row: ChairRow) -> ChairRow:
            while row.corrects_id in by_id:
                row = by_id[row.corrects_id]
            return row

        held = [row for row in self.rows if row.pk not in gone and row.kind != Kind.TAKEN_BACK]
        return sorted(held, key=lambda row: (row.at, first(row).made_at, row.pk))

    @property
    def stand(self) -> Stand:
        return replay(lines_of(self.standing))

    @property
    def is_closed(self) -> bool:
        return any(row.kind == Kind.CLOSED for row in self.rows)

    def of_kind(self, kind: str) -> list[ChairRow]:
        return [row for row in self.standing if row.kind == kind]

    def correction_of(self, row_id: UUID) -> ChairRow | None:
        return next((row for row in self.rows if row.corrects_id == row_id), None)


def lines_of(rows: Iterable[ChairRow]) -> list[Line]:
    return [Line(row.kind, row.at, row.details) for row in rows]


def record_of(user: User, patient: Patient, dose_id: UUID) -> Record:
    """The record of one dose; empty when nobody has begun one."""
    return Record(tuple(ChairRow.objects.for_user(user, patient).filter(dose_id=dose_id).in_order()))


def row_or_404(user: User, patient: Patient, dose_id: UUID, row_id: UUID) -> ChairRow:
    rows = ChairRow.objects.for_user(user, patient).filter(dose_id=dose_id)
    found = rows.select_related("made_by").filter(pk=row_id).first()
    if found is None:
        raise Http404
    return found


def observation_minutes(user: User, patient: Patient, dose: Dose) -> int | None:
    """How long the version of the course says that people are watched after this dose, by what was really given (`courses.watching`);
    None when it does not say."""
    return watching_of(Eyes(user, patient), dose).minutes


def day_of(user: User, patient: Patient, dose_id: UUID) -> ChairDay | None:
    """What the patient reads of a day: the newest copy, once the record is closed."""
    days = ChairDay.objects.for_user(user, patient).filter(dose_id=dose_id)
    return days.select_related("dose").order_by("-made_at", "-id").first()


def days_of(user: User, patient: Patient) -> set[UUID]:
    """The doses of which the patient can read the day."""
    return set(ChairDay.objects.for_user(user, patient).values_list("dose_id", flat=True))


def stands_of(user: User, dose_ids: Iterable[UUID]) -> dict[UUID, Stand]:
    """Where the records of these doses stand, as far as the person may see them: one statement. Doses without a record are left out,
    and so are records that were never closed although their dose is not planned any more: nobody sits in the chair for them."""
    wanted = list(dose_ids)
    if not wanted:
        return {}
    by_dose: dict[UUID, list[ChairRow]] = {}
    rows_of = ChairRow.objects.for_user(user).filter(dose_id__in=wanted).in_order().select_related("dose")
    for row in rows_of:
        by_dose.setdefault(row.dose_id, []).append(row)
    found = {}
    for dose_id, rows in by_dose.items():
        try:
            stand = Record(tuple(rows)).stand
        except OutOfOrder:  # never written by the services; a board must not fall over it
            continue
        over = stand.closed_at is None and not rows[0].dose.is_planned
        if stand.started_at is not None and not over:
            found[dose_id] = stand
    return found


__all__ = [
    "Record",
    "day_of",
    "days_of",
    "lines_of",
    "observation_minutes",
    "record_of",
    "row_or_404",
    "stands_of",
]
