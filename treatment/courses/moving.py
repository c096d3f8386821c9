"""New dates: proposed by the protocol's rule, confirmed by a prescriber; and the first day of a phase that is not planned."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from accounts.models import User
from patients.models import Patient
from patients.services import exactly_once, record_change
from portal.lib.problems import Conflict
from portal.lib.time import today_in
from portal.lib.time_words import day as day_words
from treatment.courses import planning, proceeding, reactions, reading
from treatment.courses.ending import note_change
from treatment.courses.eyes import Eyes
from treatment.courses.guards import (
    MOST_AHEAD,
    MOST_BACK,
    locked_course,
    require_prescriber,
    words_of,
)
from treatment.courses.laying import add_doses
from treatment.courses.proceeding import Act, CoursePaused, DayNotPossible, DoseNotOpen, TooEarly
from treatment.elsewhere import counters
from treatment.models import (
    Change,
    Course,
    Dose,
    InfusionRecord,
    Postponement,
)
from treatment.protocols.facts import Facts
from treatment.protocols.signing import hold_version, is_withdrawn


def proposed_moves(
    user: User, patient: Patient, course: Course, now: datetime
) -> list[tuple[Dose, planning.Move]]:
    """What the protocol's own rule would move, dose by dose; empty when nothing would, or when the data state no rule."""
    if course.is_paused:
        return []
    reset = reading.facts_for(course).reset_from_given
    if reset and _decided_since(user, patient, course):
        return []
    doses = reading.doses_of(user, patient, course)
    waiting = Postponement.objects.for_user(user, patient).open().filter(dose__course=course)
    moves = planning.replan(
        reading.path_of(course),
        stands_of(doses),
        reset_from_given=reset,
        today=today_in(now, patient.site.time_zone),
        held=dict(waiting.values_list("dose__number", "recheck_on")),
    )
    by_number = {dose.number: dose for dose in doses}
    found = [(by_number[move.number], move) for move in moves]
    if found and not reset and _phase_decided(user, patient, course, *found[0]):
        return []
    return found


def stands_of(doses: list[Dose]) -> list[planning.Stands]:
    """The doses as the planner reads them."""
    return [planning.Stands(dose.number, dose.state, dose.target, dose.given_on) for dose in doses]


def _decided_since(user: User, patient: Patient, course: Course) -> bool:
    """True when a prescriber set dates after the newest news of a dose: then the rule has nothing to add."""
    changes = Change.objects.for_user(user, patient).filter(course=course)
    records = InfusionRecord.objects.for_user(user, patient).filter(dose__course=course)
    moved = changes.filter(kind=Change.Kind.MOVED).aggregate(at=Max("made_at"))["at"]
    missed = changes.filter(kind=Change.Kind.MISSED).aggregate(at=Max("made_at"))["at"]
    noted = records.aggregate(at=Max("recorded_at"))["at"]
    waiting = Postponement.objects.for_user(user, patient).open().filter(dose__course=course)
    put_off = waiting.aggregate(at=Max("made_at"))["at"]
    news = max(filter(None, [missed, noted, put_off]), default=None)
    return moved is not None and (news is None or moved > news)


def _phase_decided(user: User, patient: Patient, course: Course, dose: Dose, move: planning.Move) -> bool:
    """True when a prescriber set the first day of a phase and nothing has come since that the data would count it from.

    A later day is proposed again after each new dose before it; an earlier one only when a prescriber has moved those since.
    """
    at = Change.objects.for_user(user, patient).filter(course=course, kind=Change.Kind.MOVED)
    decided = at.filter(dose=dose).aggregate(at=Max("made_at"))["at"]
    if decided is None:
        return False
    moved = at.filter(dose__number__lt=dose.number).aggregate(at=Max("made_at"))["at"]
    if moved is not None and moved > decided:
        return False
    return move.window.target < dose.target or _decided_since(user, patient, course)


@transaction.atomic
def confirm_moves(
    *,
    by: User,
    patient: Patient,
    course_id: UUID,
    targets: Mapping[UUID, date],
    reason: str,
    id: UUID,
    now: datetime,
) -> Course:
    """A prescriber sets new target days of planned doses, by dose id; each window moves with its target.

    Raises NotAPrescriber, TooEarly, DayNotPossible, DoseNotOpen, TextMissing, DifferentContent.
    """
    require_prescriber(by, patient)
    reason = words_of(reason)

    def make() -> UUID:
        course = locked_course(by, patient, course_id)
        doses = reading.doses_of(by, patient, course)
        if not course.is_running or not targets or not set(targets) <= {dose.pk for dose in doses}:
            raise DoseNotOpen
        if course.is_paused:
            raise CoursePaused
        move_doses(course, doses, targets, by, reason, now)
        record_change(by, patient, "treatment.moved", course.pk)
        return course.pk

    content = [str(course_id), sorted((str(dose), day.isoformat()) for dose, day in targets.items()), reason]
    exactly_once(act="treatment.moved", id=id, patient=patient, user=by, content=content, do=make)
    return reading.course_or_404(by, patient, course_id)


def days_along(doses: list[Dose], dose: Dose) -> list[Dose]:
    """The planned doses at fixed days that follow the one which begins them; empty for any other dose."""
    slot = reading.slot_of(dose)
    if slot.index or not dose.is_planned:
        return []
    later = [
        one
        for one in doses
        if one.is_planned and one.phase_key == dose.phase_key and one.number > dose.number
    ]
    return [one for one in later if planning.in_a_row(reading.slot_of(one))]


def with_days_along(course: Course, doses: list[Dose], dose: Dose, day: date) -> dict[UUID, date]:
    """The new days when somebody sets another one for a dose: the first of fixed days takes the others along, at their distances."""
    along = {one.number: one for one in days_along(doses, dose)}
    laid = (
        planning.laid_again(reading.path_of(course), stands_of(doses), first=dose.number, on=day)
        if along
        else None
    )
    later = {along[number].pk: window.target for number, window, _soonest in laid or [] if number in along}
    return {dose.pk: day, **later}


def move_doses(
    course: Course, doses: list[Dose], targets: Mapping[UUID, date], by: User, reason: str, now: datetime
) -> None:
    """Set the days of some doses of a locked course; all others have to fit. Raises TooEarly, DayNotPossible, DoseNotOpen."""
    previous: date | None = None
    for dose in doses:
        if dose.state in (Dose.State.MISSED, Dose.State.CANCELLED):
            continue
        if dose.pk in targets:
            _move(course, dose, targets[dose.pk], previous, by, reason, now)
        elif dose.is_planned:
            _follow(dose, previous)
        previous = dose.day


def _move(
    course: Course, dose: Dose, target: date, previous: date | None, by: User, reason: str, now: datetime
) -> None:
    proceeding.may_proceed(Eyes(by, course.patient), dose, Act.PLAN, on=target)
    slot = reading.slot_of(dose)
    today = today_in(now, course.patient.site.time_zone)
    if target < today or target > today + 2 * MOST_AHEAD:
        raise DayNotPossible(_("Choose a day from today on, within the next two years."))
    _check_after(slot, target, previous)
    beside = reading.soonest_beside(by, course.patient, dose)
    first = max(filter(None, (dose.not_before if previous is None else None, beside)), default=None)
    if first is not None and target < first:
        raise TooEarly(_too_early_words(dose.number, first))
    old, window = dose.target, planning.around(slot.phase, target)
    dose.earliest, dose.target, dose.latest = window.earliest, window.target, window.latest
    if previous is not None:  # the first dose here keeps the day that the same drug elsewhere asks for
        dose.not_before = planning.not_before(slot, previous)
    if dose.not_before is not None:
        dose.earliest = max(dose.earliest, dose.not_before)
    dose.save(update_fields=["earliest", "target", "latest", "not_before"])
    note_change(course, dose, "moved", by, now, reason, old, target)


def _follow(dose: Dose, previous: date | None) -> None:
    """A dose that stays: its minimum may now count from another day, and the order of the doses must hold.

    A phase that the data count from the one before stays where it is even when that is too early now: its new days are proposed, and until
    somebody takes them the minimum interval holds the dose.
    """
    if previous is None:
        return
    slot = reading.slot_of(dose)
    _check_after(slot, dose.target, previous, minimum=not planning.begins_by_months(slot))
    renewed = planning.not_before(slot, previous)
    if renewed != dose.not_before:
        dose.not_before = renewed
        dose.save(update_fields=["not_before"])


def _check_after(slot: planning.Slot, target: date, previous: date | None, *, minimum: bool = True) -> None:
    if previous is not None and target <= previous:
        raise DayNotPossible(
            _("Dose %(number)d would come before the dose that stands ahead of it. Move the later ones too.")
            % {"number": slot.number}
        )
    soonest = planning.not_before(slot, previous) if minimum else None
    if soonest is not None and target < soonest:
        raise TooEarly(_too_early_words(slot.number, soonest))


def _too_early_words(number: int, soonest: date) -> str:
    return _("Dose %(number)d would be too early. Its shortest interval ends on %(day)s.") % {
        "number": number,
        "day": day_words(soonest),
    }


@transaction.atomic
def plan_next_phase(
    *, by: User, patient: Patient, course_id: UUID, first_on: date, reason: str, id: UUID, now: datetime
) -> Course:
    """A prescriber sets the first day of a phase that is not planned: the data leave it to them, or the treatment was ordered before the
    portal laid it out.

    Raises NotAPrescriber, TooEarly, DayNotPossible, TextMissing, Conflict when there is no such phase.
    """
    require_prescriber(by, patient)
    reason = words_of(reason)

    def make() -> UUID:
        course = locked_course(by, patient, course_id)
        doses = reading.doses_of(by, patient, course)
        slot = open_phase(course, doses)
        if slot is None or not course.is_running:
            raise Conflict
        if course.is_paused:
            raise CoursePaused
        facts = reading.facts_for(course)
        counters.require_known(counters.elsewhere_of(by, patient, facts.substance), facts)
        hold_version(course.protocol_id, patient.site)
        if is_withdrawn(course.protocol, patient.site):
            raise proceeding.VersionWithdrawn
        today = today_in(now, patient.site.time_zone)
        if not today - MOST_BACK <= first_on <= today + MOST_AHEAD:
            raise DayNotPossible(_("Choose a first day within the next year, or at most a month back."))
        _check_after(slot, first_on, doses[-1].day)
        planned = planning.plan(
            reading.path_of(course),
            first_on=doses[0].day,
            first_number=doses[0].number,
            known={dose.number: dose.day for dose in doses} | {slot.number: first_on},
            after=doses[-1].number,
            until=today + timedelta(days=planning.PLAN_AHEAD_DAYS),
        )
        _check_beside(by, patient, course, facts, slot, first_on)
        add_doses(by, course, planned, facts, now)
        reactions.hold_next(by, patient, course, now)
        first = Dose.objects.for_user(by, patient).get(course=course, number=slot.number)
        note_change(course, first, "moved", by, now, reason, first_on, first_on)
        record_change(by, patient, "treatment.moved", course.pk)
        return course.pk

    content = [str(course_id), first_on.isoformat(), reason]
    exactly_once(act="treatment.phase", id=id, patient=patient, user=by, content=content, do=make)
    return reading.course_or_404(by, patient, course_id)


def _check_beside(
    by: User, patient: Patient, course: Course, facts: Facts, slot: planning.Slot, first_on: date
) -> None:
    """The same drug in another course, by another route or elsewhere keeps its distance from a phase that begins."""
    last = reading.last_given_day(by, patient, facts.substance, beside=course.pk)
    if last is None or slot.phase.min_interval_days is None:
        return
    soonest = last + timedelta(days=slot.phase.min_interval_days)
    if first_on < soonest:
        raise TooEarly(_too_early_words(slot.number, soonest))


def open_phase(course: Course, doses: list[Dose]) -> planning.Slot | None:
    """The first dose of the next phase when nobody has planned it; None when everything is planned or the path is over.

    The data do not say its day; or they do, and the treatment was ordered before the portal read it.
    """
    slot = planning.slot_at(reading.path_of(course), doses[-1].number + 1)
    if slot is None:
        return None
    days = {dose.number: dose.day for dose in doses}
    return slot if planning.begins_by_months(slot) or planning.window_of(slot, days.get) is None else None
