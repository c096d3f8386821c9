"""Reads of a patient's treatment: courses, doses, cycles, what a day means for a dose. Days are the site's calendar days."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import User
from patients.models import Patient
from portal.lib.time import today_in
from portal.lib.time_words import day as day_words
from treatment.courses import planning
from treatment.courses.eyes import Eyes
from treatment.courses.planning import Cycle, Slot
from treatment.elsewhere.counters import elsewhere_of, facts_by_therapy
from treatment.models import Course, Dose
from treatment.protocols.facts import Facts, InfusionNeed, facts_of


def facts_for(course: Course) -> Facts:
    """The facts of the version that the course was ordered on."""
    return facts_of(course.protocol_id)


def path_of(course: Course) -> tuple[planning.Phase, ...]:
    """The phases that the course's order names, in order."""
    return facts_for(course).paths[course.order.path].phases


def slot_of(dose: Dose) -> Slot:
    """Where the dose stands on its path."""
    slot = planning.slot_at(path_of(dose.course), dose.number)
    assert slot is not None
    return slot


# --- Courses and doses -------------------------------------------------------------------------------------------


def courses_of(user: User, patient: Patient) -> list[Course]:
    """The patient's courses, newest first."""
    return list(Course.objects.for_user(user, patient).newest_first())


def running_course(user: User, patient: Patient) -> Course | None:
    """The treatment that goes on: steroids for a relapse may run beside it and do not hide it, nor does one that is paused."""
    running = [course for course in courses_of(user, patient) if course.is_running]
    running.sort(key=lambda course: course.is_paused)
    lasting = [course for course in running if not facts_for(course).is_for_relapse]
    return next(iter(lasting or running), None)


def course_or_404(user: User, patient: Patient, course_id: UUID) -> Course:
    found: Course | None = Course.objects.for_user(user, patient).newest_first().filter(pk=course_id).first()
    if found is None:
        raise Http404
    return found


def doses_of(user: User, patient: Patient, course: Course | None = None) -> list[Dose]:
    """Doses in order: of one course, or of all, oldest course first."""
    doses = Dose.objects.for_user(user, patient).with_course()
    if course is not None:
        doses = doses.filter(course=course)
    return list(doses.order_by("course__starts_on", "course_id", "number"))


def dose_or_404(user: User, patient: Patient, dose_id: UUID) -> Dose:
    found: Dose | None = Dose.objects.for_user(user, patient).with_course().filter(pk=dose_id).first()
    if found is None:
        raise Http404
    return found


def next_of(doses: Iterable[Dose]) -> Dose | None:
    """The first planned dose of the courses that run, by its target day."""
    open_doses = [
        dose
        for dose in doses
        if dose.is_planned and dose.course.ended_on is None and not dose.course.is_paused
    ]
    return min(open_doses, key=lambda dose: (dose.target, dose.course_id, dose.number), default=None)


def next_dose(user: User, patient: Patient) -> Dose | None:
    """The same, read from the patient's doses."""
    return next_of(doses_of(user, patient))


def infusion_need(dose: Dose) -> InfusionNeed | None:
    """How long the dose takes; None when the protocol leaves it open: "ask your infusion center", not booked online."""
    return facts_for(dose.course).need(dose.phase_key)


def name_of(course: Course) -> str:
    """The therapy in plain words."""
    return facts_for(course).name


def next_phase_from(course: Course, number: int, last: date) -> date | None:
    """From which day on the next phase comes that is not planned yet (a second course, in a treatment that was ordered before the portal
    laid it out): the months of the data, counted from `last`, the last day of dose `number`. None when no such phase follows.
    """
    slot = planning.slot_at(path_of(course), number + 1)
    if slot is None or not planning.begins_by_months(slot):
        return None
    window = planning.window_of(slot, {number: last}.get)
    return window.target if window is not None else None


# --- Days ------------------------------------------------------------------------------------------------------------


NO_MINIMUM = gettext_lazy("The protocol gives no shortest interval. A prescriber has to look at this.")


@dataclass(frozen=True, slots=True)
class DayCheck:
    """What stands against giving a dose on a day: a block, or things to know. It never says that a day is safe."""

    blocked: str = ""
    warnings: list[str] = field(default_factory=list)


def day_check(dose: Dose, day: date, soonest: date | None = None) -> DayCheck:
    """A planned dose on a day: before the minimum interval blocks; outside the window, or with no known minimum, warns.

    `soonest`: what `soonest_for` says, so that another course, brand or place counts too.
    """
    soonest = soonest or dose.not_before
    if soonest is not None and day < soonest:
        return DayCheck(
            blocked=_("This day is too early. The shortest interval after the dose before ends on %(day)s.")
            % {"day": day_words(soonest)}
        )
    warnings = []
    if day < dose.earliest:
        days = (dose.target - day).days
        warnings.append(
            ngettext(
                "This is %(days)d day before the planned day.",
                "This is %(days)d days before the planned day.",
                days,
            )
            % {"days": days}
        )
        if soonest is None:
            warnings.append(str(NO_MINIMUM))
    elif dose.latest is not None and day > dose.latest:
        days = (day - dose.latest).days
        warnings.append(
            ngettext(
                "This is %(days)d day after the end of the planned time.",
                "This is %(days)d days after the end of the planned time.",
                days,
            )
            % {"days": days}
        )
    return DayCheck(warnings=warnings)


def look_at(user: User, patient: Patient, dose: Dose, day: date) -> DayCheck:
    """What a person should know before a dose is given on `day` (the site's), or about the day on which it was given.

    As `day_check`, with what came before in other courses and elsewhere. The first dose of a course is also held against the last known dose of
    the same medicine, where the protocol gives an interval but no shortest one.
    """
    soonest = soonest_for(user, patient, dose) if dose.is_planned else dose.not_before
    found = day_check(dose, day, soonest)
    phase = slot_of(dose).phase
    begins = dose.number == dose.course.order.given_before + 1
    if not (dose.is_planned and begins and soonest is None and phase.interval_days is not None):
        return found
    last = last_given_day(user, patient, facts_for(dose.course).substance, beside=dose.course_id)
    if last is None or not last <= day < last + timedelta(days=phase.interval_days):
        return found
    since = (day - last).days
    said = ngettext(
        "The last known dose of this medicine was %(days)d day before.",
        "The last known dose of this medicine was %(days)d days before.",
        since,
    ) % {"days": since}
    return DayCheck(found.blocked, list(dict.fromkeys([*found.warnings, said, str(NO_MINIMUM)])))


def is_late(dose: Dose, today: date, last_given: date | None) -> bool:
    """A planned dose whose window is over, or whose wait since the last dose is longer than the protocol's alert value."""
    if not dose.is_planned or dose.course.is_paused:
        return False
    if dose.latest is not None and today > dose.latest:
        return True
    alert = facts_for(dose.course).alert_after_days
    return alert is not None and last_given is not None and today > last_given + timedelta(days=alert)


def last_given_day(
    user: User, patient: Patient, substance: str, *, beside: UUID | None = None, eyes: Eyes | None = None
) -> date | None:
    """The newest day on which this substance was given, here or elsewhere: routes and brands of one drug count together.

    `beside`: a course that is left out.
    """
    eyes = eyes or Eyes(user, patient)
    given = eyes.rows(Dose).with_course().given()
    if beside is not None:
        given = given.exclude(course_id=beside)
    days = [
        dose.given_on
        for dose in given
        if facts_for(dose.course).substance == substance and dose.given_on is not None
    ]
    rows = elsewhere_of(user, patient, substance, eyes=eyes)
    days += [row.last_on for row in rows if row.last_on is not None]
    return max(days, default=None)


def soonest_beside(user: User, patient: Patient, dose: Dose, *, eyes: Eyes | None = None) -> date | None:
    """The first day that the minimum interval allows after the same drug in another course or elsewhere; None when nothing is known."""
    slot, path = slot_of(dose), path_of(dose.course)
    begins = dose.number == dose.course.order.given_before + 1
    phases = path if begins else (slot.phase,)
    shortest = max((phase.min_interval_days or 0 for phase in phases), default=0)
    if not shortest or (not begins and planning.in_a_row(slot)):
        return None
    substance = facts_for(dose.course).substance
    last = last_given_day(user, patient, substance, beside=dose.course_id, eyes=eyes)
    return last + timedelta(days=shortest) if last is not None else None


def soonest_for(user: User, patient: Patient, dose: Dose, *, eyes: Eyes | None = None) -> date | None:
    """The first day that the minimum interval allows for a dose, after whatever came before it, here or elsewhere."""
    beside = soonest_beside(user, patient, dose, eyes=eyes)
    return max(filter(None, (dose.not_before, beside)), default=None)


def last_given_of_all(user: User, patient: Patient) -> list[tuple[str, date]]:
    """For each medicine its name and its last known day, here or confirmed elsewhere, the newest first; medicines for a relapse are left out."""
    found: dict[str, tuple[date, str]] = {}

    def take(facts: Facts, day: date | None) -> None:
        if day is not None and not facts.is_for_relapse:
            found[facts.substance] = max(found.get(facts.substance, (day, facts.name)), (day, facts.name))

    for dose in Dose.objects.for_user(user, patient).with_course().given():
        take(facts_for(dose.course), dose.given_on)
    rows = elsewhere_of(user, patient)
    facts = facts_by_therapy(rows, patient.site) if rows else {}
    for row in rows:
        if row.is_confirmed:
            take(facts[row.therapy_id], row.last_on)
    return [(name, day) for day, name in sorted(found.values(), reverse=True)]


# --- Cycles and given days ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class GivenDose:
    """A dose that was given, for charts and reports."""

    day: date
    name: str
    number: int


def given_days(user: User, patient: Patient, start: date, end: date) -> list[GivenDose]:
    """Doses given from `start` to `end`, both included, oldest first."""
    doses = (
        Dose.objects.for_user(user, patient)
        .with_course()
        .given()
        .filter(given_on__gte=start, given_on__lte=end)
    )
    return [
        GivenDose(dose.given_on, name_of(dose.course), dose.number)
        for dose in doses.order_by("given_on", "number")
        if dose.given_on is not None
    ]


def cycles_in(doses: Iterable[Any]) -> list[Cycle]:
    """Cycles of a patient's doses: from one given dose to the day before the next, oldest first; the running one has no end.

    Doses on days in a row begin one cycle. Steroids for a relapse begin none.
    """
    days: list[date] = []
    over: date | None = None
    running = False
    for dose in doses:
        if facts_for(dose.course).is_for_relapse or dose.given_on is None:
            continue
        days.append(dose.given_on)
        running = running or dose.course.is_running
        over = max(filter(None, [over, dose.course.ended_on]), default=None)
    return planning.cycles(days, over=None if running else over)


def cycles_of(user: User, patient: Patient) -> list[Cycle]:
    """The cycles of `cycles_in`, read from the patient's doses."""
    return cycles_in(Dose.objects.for_user(user, patient).with_course().given().order_by("given_on"))


def cycle_day(user: User, patient: Patient, day: date) -> int | None:
    """The day of the treatment cycle: 1 on the day of the dose; None before the first dose or after the treatment."""
    for cycle in cycles_of(user, patient):
        found = cycle.day(day)
        if found is not None:
            return found
    return None


def today_of(patient: Patient, now: datetime) -> date:
    """The site's calendar day."""
    return today_in(now, patient.site.time_zone)
