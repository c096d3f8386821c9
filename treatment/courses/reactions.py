"""Reactions that hold the next dose until a prescriber has looked at them, whatever became of the dose that caused them.

Source: our clinical reference, section 5, CTCAE v5 "infusion related reaction": grade 3 or more holds the next order until a
prescriber reviews. Staff grade, never patients. A reaction without a grade is not taken for a mild one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from accounts.models import User
from patients.models import Patient
from portal.lib.time import today_in
from treatment.courses import reading
from treatment.courses.eyes import Eyes
from treatment.elsewhere.counters import records_of
from treatment.models import Change, Course, Dose, InfusionRecord, Postponement
from treatment.outcomes.reading import hold_of

HOLDS_FROM = 3
GRADES = (1, 2, 3, 4, 5)


def holds_next(extent: str, details: Mapping[str, Any]) -> bool:
    """Whether what was noted about a dose holds the one after it: it was stopped, or the reaction was graded 3 or more, or not graded."""
    if extent == Dose.Extent.STOPPED:
        return True
    if not details.get("reaction") or "reaction_grade" not in details:
        return False  # no reaction, or a record from before there were grades
    grade = details["reaction_grade"]
    return grade is None or grade >= HOLDS_FROM


@dataclass(frozen=True, slots=True)
class Reaction:
    """A reaction to a dose: as it was noted with the dose, or later. `grade` None: not graded. `since`: of a later one, its first day."""

    dose: Dose
    noted_by: User
    noted_at: datetime
    grade: int | None
    words: str
    how_much: str = ""
    since: date | None = None

    @property
    def holds(self) -> bool:
        """By its grade alone."""
        return self.grade is None or self.grade >= HOLDS_FROM


def _of_record(row: InfusionRecord) -> Reaction:
    said = row.details
    return Reaction(
        row.dose, row.recorded_by, row.recorded_at, said.get("reaction_grade"), said.get("note") or "",
        said.get("how_much") or "",
    )  # fmt: skip


def later_of(change: Change) -> Reaction:
    """A reaction that was noted after its dose, as one."""
    assert change.dose is not None
    said = change.reason
    return Reaction(
        change.dose, change.made_by, change.made_at, said["grade"], said["words"],
        since=date.fromisoformat(said["since"]),
    )  # fmt: skip


def unreviewed(by: User, patient: Patient, substance: str, *, eyes: Eyes | None = None) -> Reaction | None:
    """The newest such reaction to a drug, by any route, brand and course, when no prescriber has looked at it since. Noted with its dose,
    or later."""
    eyes = eyes or Eyes(by, patient)
    found = [
        _of_record(row)
        for row in records_of(by, patient, substance, eyes=eyes)
        if holds_next(row.dose.extent, row.details)
    ]
    rows = eyes.rows(Change).filter(kind__in=[Change.Kind.REVIEWED, Change.Kind.REACTION])
    rows = rows.select_related("course__order", "course__moved_to", "dose", "made_by")
    changes = [
        row
        for row in rows.defer("course__moved_to__content")
        if reading.facts_for(row.course).substance == substance
    ]
    later = [later_of(row) for row in changes if row.kind == Change.Kind.REACTION]
    found += [reaction for reaction in later if reaction.holds]
    newest = max(found, key=lambda reaction: reaction.noted_at, default=None)
    if newest is None:
        return None
    looks = (row for row in changes if row.kind == Change.Kind.REVIEWED)
    return None if any(look.made_at >= newest.noted_at for look in looks) else newest


def hold_next(by: User, patient: Patient, course: Course, now: datetime) -> Postponement | None:
    """Hold the next planned dose of a locked course while a reaction to its drug waits for a prescriber. Nothing else ends such a hold:
    when its dose was missed, put off again, or given although, the next one waits in its place."""
    following = Dose.objects.for_user(by, patient).planned().filter(course=course).order_by("number").first()
    if following is None or not course.is_running:
        return None
    reaction = unreviewed(by, patient, reading.facts_for(course).substance)
    if reaction is None:
        return None
    before = hold_of(by, patient, following.pk)
    if before is not None and before.reason == Postponement.Reason.REACTION:
        return before
    if before is not None:
        before.ended_at, before.ended_by, before.ended_how = now, by, Postponement.End.AGAIN
        before.save(update_fields=["ended_at", "ended_by", "ended_how"])
    hold = Postponement(
        patient=patient, dose=following, reason=Postponement.Reason.REACTION, owner=Postponement.Owner.CLINIC,
        recheck_on=today_in(now, patient.site.time_zone), made_by=by, made_at=now, created_at=now,
    )  # fmt: skip
    hold.note = reaction.how_much
    hold.save(force_insert=True)
    return hold
