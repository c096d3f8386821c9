"""Pausing a treatment and going on with it. A prescriber does both; what was planned and what was given stays in the history."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from patients.models import Patient
from patients.services import exactly_once, record_change
from portal.lib.problems import Conflict
from portal.lib.time import today_in
from treatment.courses import ending, guards, moving, planning, proceeding, reading
from treatment.models import Course, Dose


@transaction.atomic
def pause_course(
    *, by: User, patient: Patient, course_id: UUID, reason: str, id: UUID, now: datetime
) -> Course:
    """Its doses wait from today on: none is next, none is late, none can be given or booked. Regular checks go on.

    Raises NotAPrescriber, Conflict, TextMissing, DifferentContent.
    """
    guards.require_prescriber(by, patient)
    reason = guards.words_of(reason)

    def make() -> UUID:
        course = guards.locked_course(by, patient, course_id)
        if not course.is_running or course.is_paused:
            raise Conflict
        course.paused_on = today_in(now, patient.site.time_zone)
        course.save(update_fields=["paused_on"])
        ending.note_change(course, None, "paused", by, now, reason)
        record_change(by, patient, "treatment.paused", course.pk)
        return course.pk

    content = [str(course_id), reason]
    exactly_once(act="treatment.pause", id=id, patient=patient, user=by, content=content, do=make)
    return reading.course_or_404(by, patient, course_id)


@transaction.atomic
def resume_course(
    *, by: User, patient: Patient, course_id: UUID, first_on: date, reason: str, id: UUID, now: datetime
) -> Course:
    """Go on with the next dose on `first_on`; the doses after it follow at the protocol's own distances from there.

    Where the protocol does not say where they go, a prescriber has to set each day. Raises NotAPrescriber, Conflict, TooEarly,
    DayNotPossible, TextMissing, DifferentContent.
    """
    guards.require_prescriber(by, patient)
    reason = guards.words_of(reason)

    def make() -> UUID:
        course = guards.locked_course(by, patient, course_id)
        if not course.is_running or not course.is_paused:
            raise Conflict
        course.paused_on = None
        course.save(update_fields=["paused_on"])
        standing = reading.doses_of(by, patient, course)
        days = days_from(course, standing, first_on)
        ending.note_change(course, None, "resumed", by, now, reason)
        if days:
            moving.move_doses(course, standing, days, by, reason, now)
        record_change(by, patient, "treatment.resumed", course.pk)
        return course.pk

    content = [str(course_id), first_on.isoformat(), reason]
    exactly_once(act="treatment.resume", id=id, patient=patient, user=by, content=content, do=make)
    return reading.course_or_404(by, patient, course_id)


def days_from(course: Course, standing: list[Dose], first_on: date) -> dict[UUID, date]:
    """The day of each planned dose when the next one is on `first_on`; empty when none is planned. Raises DayNotPossible."""
    planned = {dose.number: dose for dose in standing if dose.is_planned}
    if not planned:
        return {}
    laid = planning.laid_again(
        reading.path_of(course), moving.stands_of(standing), first=min(planned), on=first_on
    )
    if laid is None:
        raise proceeding.DayNotPossible(
            _("The protocol does not say where the later doses go from this day. Choose a later day.")
        )
    return {planned[number].pk: window.target for number, window, _soonest in laid}
