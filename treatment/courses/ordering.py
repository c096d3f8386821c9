"""A prescriber's signed order and the course that it starts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.http import Http404
from django.utils.translation import gettext as _

from accounts.models import User
from patients.models import Patient
from patients.services import exactly_once, record_change
from portal.lib.ids import uuid7
from portal.lib.time import today_in
from portal.lib.time_words import day as day_words
from treatment.courses import planning, reactions, reading
from treatment.courses.ending import cancel_planned, note_change
from treatment.courses.guards import (
    MOST_AHEAD,
    MOST_BACK,
    AlreadyRunning,
    CannotBeOrdered,
    NotSignedOff,
    locked_course,
    require_prescriber,
    words_of,
)
from treatment.courses.laying import add_doses, most_doses
from treatment.courses.proceeding import DayNotPossible, TooEarly
from treatment.elsewhere import counters
from treatment.models import (
    Course,
    Dose,
    GivenElsewhere,
    Order,
    Protocol,
)
from treatment.protocols.facts import Facts, facts_of
from treatment.protocols.signing import IsWithdrawn, hold_version, is_withdrawn, state_of_sign_off


@transaction.atomic
def sign_order(
    *, by: User, patient: Patient, protocol_id: UUID, path: str, first_on: date, indication: str, id: UUID, now: datetime,
    given_before: int = 0, in_demo: bool | None = None, replaces: UUID | None = None,
) -> Course:  # fmt: skip
    """A prescriber's signed order, its course and its planned doses. `first_on` is the first day here, on the site's calendar.

    `given_before` counts doses given before this order: no more than are confirmed elsewhere or were given here. `replaces`: the course that this one takes the place of; it ends with the same
    signature. Versions that are not signed off, or for the demo only, can be ordered in demo mode only; `in_demo` None: as the settings say.
    Raises NotAPrescriber, NotSignedOff, IsWithdrawn, CannotBeOrdered, AlreadyRunning, CountersUnknown, OverTheLimit,
    DayNotPossible, TooEarly, TextMissing, ChairOpen, Conflict, DifferentContent.
    """
    require_prescriber(by, patient)
    indication = words_of(indication)
    protocol = Protocol.objects.light().at(patient.site).filter(pk=protocol_id).first()
    if protocol is None:
        raise Http404
    facts = facts_of(protocol.pk)

    def make() -> UUID:
        Patient.objects.for_user(by).select_for_update(no_key=True).filter(pk=patient.pk).first()
        hold_version(protocol.pk, patient.site)
        if is_withdrawn(protocol, patient.site):
            raise IsWithdrawn
        sign_off = state_of_sign_off(protocol, patient.site)
        if not sign_off.is_clinical and not (settings.DEMO if in_demo is None else in_demo):
            raise NotSignedOff
        if not facts.can_be_ordered or path not in facts.paths:
            raise CannotBeOrdered
        old = locked_course(by, patient, replaces) if replaces is not None else None
        if old is not None:
            cancel_planned(by, patient, old, now)
        soonest = _check_first_day(by, patient, facts, path, first_on, given_before, now)
        order = Order(
            id=id, patient=patient, protocol=protocol, path=path, first_on=first_on, given_before=given_before,
            signed_by=by, signed_at=now, demo_only=not sign_off.is_clinical, created_at=now,
        )  # fmt: skip
        order.indication = indication
        planned = planning.plan(
            facts.paths[path].phases,
            first_on=first_on,
            first_number=given_before + 1,
            until=max(first_on, today_in(now, patient.site.time_zone))
            + timedelta(days=planning.PLAN_AHEAD_DAYS),
            most=most_doses(by, patient, facts, path),
        )
        if not planned:
            raise CannotBeOrdered(
                _("With this many doses given before, nothing is left to plan. Check the number.")
            )
        planned[0] = replace(planned[0], not_before=soonest)
        order.save(force_insert=True)
        course = Course(id=uuid7(), patient=patient, order=order, starts_on=first_on, created_at=now)
        course.save(force_insert=True)
        add_doses(by, course, planned, facts, now)
        reactions.hold_next(by, patient, course, now)
        record_change(by, patient, "treatment.ordered", course.pk)
        if old is not None:
            note_change(old, None, "switched", by, now, indication, to_course=course)
            record_change(by, patient, "treatment.switched", old.pk)
        return course.pk

    content = [
        str(protocol_id), path, first_on.isoformat(), given_before, indication, str(replaces) if replaces else "",
    ]  # fmt: skip
    done = exactly_once(act="treatment.order", id=id, patient=patient, user=by, content=content, do=make)
    assert done.result is not None
    return reading.course_or_404(by, patient, done.result)


def _check_first_day(
    by: User, patient: Patient, facts: Facts, path: str, first_on: date, given_before: int, now: datetime
) -> date | None:
    """The first day that the minimum interval allows after the same drug in other courses and elsewhere, when `first_on` is possible."""
    today = today_in(now, patient.site.time_zone)
    if not today - MOST_BACK <= first_on <= today + MOST_AHEAD:
        raise DayNotPossible(_("Choose a first day within the next year, or at most a month back."))
    for course in reading.courses_of(by, patient):
        if course.is_running and reading.facts_for(course).substance == facts.substance:
            raise AlreadyRunning
    rows = counters.elsewhere_of(by, patient, facts.substance)
    counters.require_known(rows, facts)
    _check_given_before(by, patient, facts, rows, given_before)
    last = reading.last_given_day(by, patient, facts.substance)
    shortest = max((phase.min_interval_days or 0 for phase in facts.paths[path].phases), default=0)
    if last is None or not shortest:
        return None
    soonest = last + timedelta(days=shortest)
    if first_on < soonest:
        raise TooEarly(
            _("This day is too early. The shortest interval after the dose before ends on %(day)s.")
            % {"day": day_words(soonest)}
        )
    return soonest


def _check_given_before(
    by: User, patient: Patient, facts: Facts, rows: list[GivenElsewhere], given_before: int
) -> None:
    """Raises CountersUnknown for more doses before this order than are confirmed elsewhere or were given here.

    A number in an order is nobody's word on the days: the shortest interval counts from a confirmed last day, or from a dose given here.
    """
    known = sum(row.doses_given or 0 for row in rows if row.is_confirmed and row.last_on is not None)
    if given_before <= known:
        return
    given = Dose.objects.for_user(by, patient).with_course().given()
    known += sum(reading.facts_for(dose.course).substance == facts.substance for dose in given)
    if given_before > known:
        raise counters.CountersUnknown(
            _(
                "The order says that doses were given before, but no confirmed note says so many. Note what was given elsewhere "
                "first, with the day of the last dose, and have a nurse or neurologist confirm it. Then sign the order."
            )
        )
