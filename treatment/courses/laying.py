"""Planned doses written down, with what is to do before each: as many as fit below a limit for the lifetime."""

from __future__ import annotations

from datetime import datetime, timedelta

from accounts.models import User
from patients.models import Patient
from portal.lib.ids import uuid7
from portal.lib.time import today_in
from treatment.courses import planning, reading
from treatment.courses.planning import Planned
from treatment.elsewhere import counters
from treatment.models import (
    ChecklistItem,
    Course,
    Dose,
)
from treatment.protocols.facts import Facts


def most_doses(by: User, patient: Patient, facts: Facts, path: str) -> int:
    """How many doses may be planned: as many as fit below a limit for the lifetime. Raises OverTheLimit when none does."""
    found = counters.lifetime(by, patient, facts)
    strength = facts.mg_per_m2(facts.paths[path].phases[0].key)
    if found is None or strength is None:
        return planning.MOST_PLANNED
    left = found.doses_left(strength)
    if not left:
        raise counters.OverTheLimit(counters.over_words(found, strength))
    return min(planning.MOST_PLANNED, left)


def add_doses(course: Course, planned: list[Planned], facts: Facts, now: datetime) -> None:
    """Insert doses with what is to do before each of them."""
    doses = []
    items = []
    for plan in planned:
        dose = Dose(
            id=uuid7(),
            patient_id=course.patient_id,
            course=course,
            number=plan.slot.number,
            phase_key=plan.slot.phase.key,
            earliest=plan.window.earliest,
            target=plan.window.target,
            latest=plan.window.latest,
            not_before=plan.not_before,
            created_at=now,
        )
        doses.append(dose)
        first = plan.slot.number == 1
        items += [
            ChecklistItem(
                id=uuid7(),
                patient_id=course.patient_id,
                dose=dose,
                fact=item.fact,
                owner=item.owner,
                position=position,
                created_at=now,
            )
            for position, item in enumerate(facts.before_dose, start=1)
            if item.applies(first=first)
        ]
    Dose.objects.bulk_create(doses)
    ChecklistItem.objects.bulk_create(items)


def top_up(by: User, patient: Patient, course: Course, now: datetime) -> None:
    """Add repeating doses until a year ahead is planned; each continues from the one before it, which stands where it stood."""
    doses = reading.doses_of(by, patient, course)
    planned = [dose for dose in doses if dose.is_planned]
    facts = reading.facts_for(course)
    most = _most_more(by, patient, course, facts, planned)
    if most < 1:
        return
    more = planning.plan(
        reading.path_of(course),
        first_on=doses[0].day,
        first_number=doses[0].number,
        known={dose.number: dose.day for dose in doses},
        after=doses[-1].number,
        until=today_in(now, patient.site.time_zone) + timedelta(days=planning.PLAN_AHEAD_DAYS),
        least=max(0, planning.LEAST_AHEAD - len(planned)),
        most=most,
    )
    add_doses(course, more, facts, now)


def _most_more(by: User, patient: Patient, course: Course, facts: Facts, planned: list[Dose]) -> int:
    """How many doses may be added to those that are planned: below a limit for the lifetime no more than fit."""
    found = counters.lifetime(by, patient, facts)
    strength = facts.mg_per_m2(facts.paths[course.order.path].phases[0].key)
    if found is None or strength is None:
        return planning.MOST_PLANNED
    return found.doses_left(strength) - len(planned)
