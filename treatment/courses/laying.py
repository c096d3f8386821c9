"""Planned doses written down, with what is to do before each: as many as fit below a limit for the lifetime."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

from accounts.models import User
from patients.models import Patient
from portal.lib.ids import uuid7
from portal.lib.time import today_in
from treatment.courses import planning, reading
from treatment.courses.planning import Phase, Planned, Slot
from treatment.elsewhere import counters
from treatment.models import (
    ChecklistItem,
    Course,
    Dose,
)
from treatment.protocols.facts import BeforeDose, Facts, facts_of


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


def add_doses(by: User, course: Course, planned: list[Planned], facts: Facts, now: datetime) -> None:
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
        items += lines_before(course, dose, plan.slot, facts, set(), now)
    Dose.objects.bulk_create(doses)
    ChecklistItem.objects.bulk_create(items)
    bring_along(by, course, facts, now)


def lines_before(
    course: Course, dose: Dose, slot: Slot, facts: Facts, there: set[str], now: datetime
) -> list[ChecklistItem]:
    """What a version asks for before a dose, each fact once; `there`: facts that stand before it already.

    The first dose of an order has the lines of a first dose, also when doses were given elsewhere: a number of doses says nothing about
    which tests anybody here has seen.
    """
    first = dose.number == course.order.given_before + 1
    begins = planning.begins_course(slot)
    found: dict[str, ChecklistItem] = {}
    for position, said in enumerate(facts.before_dose, start=1):
        if said.fact in there or not said.is_before(first=first, begins=begins, number=dose.number):
            continue
        found.setdefault(said.fact, _line(dose, said, position, now))
    return list(found.values())


def _line(dose: Dose, said: BeforeDose, position: int, now: datetime) -> ChecklistItem:
    return ChecklistItem(
        id=uuid7(),
        patient_id=dose.patient_id,
        dose=dose,
        fact=said.fact,
        owner=said.owner,
        position=position,
        created_at=now,
    )


def bring_along(by: User, course: Course, facts: Facts, now: datetime) -> None:
    """Lines of a first dose stand before the dose that really is the first one: when those before it were missed, what is not settled on them
    stands before the next planned one as well, once. The same inside a course of days.

    Call it with the course held. What was begun stays begun; days that the team had set were for the other dose and are set anew.
    """
    asked = {said.fact for said in facts.before_dose}
    older = [said for said in facts_of(course.order.protocol_id).before_dose if said.fact not in asked]
    once = {
        said.fact: (position, said)
        for position, said in enumerate([*facts.before_dose, *older], start=1)
        if said.when in ("first", "course")
    }
    doses = list(
        Dose.objects.for_user(by, course.patient).with_times().filter(course=course).order_by("number")
    )
    coming = next((dose for dose in doses if dose.is_planned), None)
    if coming is None or not once:
        return
    before = [dose for dose in doses if dose.number < coming.number]
    if not before:
        return
    path = facts.paths[course.order.path].phases
    there: dict[str, list[ChecklistItem]] = defaultdict(list)
    rows = ChecklistItem.objects.for_user(by, course.patient).filter(dose__course=course, fact__in=once)
    for item in rows.order_by("dose__number"):
        there[item.fact].append(item)
    laid = []
    for fact, (position, said) in once.items():
        passed = _same_days(path, before, coming) if said.when == "course" else before
        if not passed or any(dose.given_on is not None for dose in passed):
            continue
        ids = {dose.pk for dose in passed}
        items = [item for item in there[fact] if item.dose_id in ids]
        if fact not in asked and not items:  # a version that the course was moved away from asks nothing new
            continue
        if any(item.dose_id == coming.pk for item in there[fact]) or any(
            _still_settled(item, said, coming) for item in items
        ):
            continue
        line = _line(coming, said, position, now)
        if any(item.state == ChecklistItem.State.WAITING for item in items[-1:]):
            line.state = ChecklistItem.State.WAITING
        laid.append(line)
    ChecklistItem.objects.bulk_create(laid)


def _same_days(path: tuple[Phase, ...], before: list[Dose], coming: Dose) -> list[Dose]:
    """The doses before it that belong to the same course of days; where doses repeat without an end, all of them."""
    slot = planning.slot_at(path, coming.number)
    if slot is None or slot.phase.repeats:
        return before
    return [dose for dose in before if dose.phase_key == coming.phase_key]


def _still_settled(item: ChecklistItem, said: BeforeDose, coming: Dose) -> bool:
    """What was said before a dose that was missed holds for the next one, unless it has run out by its day."""
    if item.state == ChecklistItem.State.NOT_NEEDED:
        return True
    holds = item.valid_until is None or item.valid_until >= coming.counted_on
    return item.state == ChecklistItem.State.DONE and holds and said.valid_hours is None


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
    add_doses(by, course, more, facts, now)


def _most_more(by: User, patient: Patient, course: Course, facts: Facts, planned: list[Dose]) -> int:
    """How many doses may be added to those that are planned: below a limit for the lifetime no more than fit."""
    found = counters.lifetime(by, patient, facts)
    strength = facts.mg_per_m2(facts.paths[course.order.path].phases[0].key)
    if found is None or strength is None:
        return planning.MOST_PLANNED
    return found.doses_left(strength) - len(planned)
