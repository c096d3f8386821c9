"""How a course ends, and how a change of it is noted. What was given stays."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from patients.models import Patient
from patients.services import exactly_once, record_change
from portal.lib.problems import Conflict
from portal.lib.time import today_in
from treatment.courses import reading
from treatment.courses.guards import (
    ChairOpen,
    locked_course,
    require_prescriber,
    words_of,
)
from treatment.models import (
    ChairRow,
    Change,
    Course,
    Dose,
    Postponement,
)


@transaction.atomic
def end_course(
    *, by: User, patient: Patient, course_id: UUID, reason: str, id: UUID, now: datetime
) -> Course:
    """End a treatment: its planned doses are canceled, what was given stays, regular checks go on. Raises NotAPrescriber, TextMissing,
    ChairOpen."""
    require_prescriber(by, patient)
    reason = words_of(reason)

    def make() -> UUID:
        course = locked_course(by, patient, course_id)
        cancel_planned(by, patient, course, now)
        note_change(course, None, "ended", by, now, reason)
        record_change(by, patient, "treatment.ended", course.pk)
        return course.pk

    exactly_once(
        act="treatment.end", id=id, patient=patient, user=by, content=[str(course_id), reason], do=make
    )
    return reading.course_or_404(by, patient, course_id)


def cancel_planned(by: User, patient: Patient, course: Course, now: datetime) -> None:
    """End a course: its planned doses are canceled, and nothing waits any more. Raises ChairOpen."""
    if not course.is_running:
        raise Conflict
    if ChairRow.objects.for_user(by, patient).begun().filter(dose__course=course).exists():
        raise ChairOpen(_("A dose of this treatment has an open chair record. Close the record first."))
    Postponement.objects.for_user(by, patient).open().filter(dose__course=course).update(
        ended_at=now, ended_by=by, ended_how=Postponement.End.SETTLED
    )
    Dose.objects.for_user(by, patient).planned().filter(course=course).update(state="cancelled")
    course.ended_on, course.ended_by = today_in(now, patient.site.time_zone), by
    course.paused_on = None
    course.save(update_fields=["ended_on", "ended_by", "paused_on"])


def note_change(
    course: Course, dose: Dose | None, kind: str, by: User, now: datetime, reason: str | dict[str, Any],
    old: date | None = None, new: date | None = None, to_course: Course | None = None,
) -> None:  # fmt: skip
    change = Change(
        patient_id=course.patient_id, course=course, dose=dose, kind=kind, old_target=old, new_target=new,
        to_course=to_course, made_by=by, made_at=now, created_at=now,
    )  # fmt: skip
    change.reason = reason
    change.save(force_insert=True)


def settle_holds(by: User, patient: Patient, dose: Dose, now: datetime) -> None:
    """A dose whose outcome stands waits for nothing any more."""
    Postponement.objects.for_user(by, patient).open().filter(dose=dose).update(
        ended_at=now, ended_by=by, ended_how=Postponement.End.SETTLED
    )
