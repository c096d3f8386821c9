"""Orders, courses and doses: every act that changes them. A prescriber signs and moves; the team records; nothing moves by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from clinic.services import memberships
from patients.areas import TREATMENT
from patients.models import Patient
from patients.services import exactly_once, record_change, require
from portal.lib.ids import uuid7
from portal.lib.problems import Conflict, DomainError, NotAllowed
from portal.lib.time import today_in
from portal.lib.time_words import day as day_words
from treatment.courses import planning, proceeding, reactions, reading
from treatment.courses.eyes import Eyes
from treatment.courses.planning import Planned
from treatment.courses.proceeding import Act, Code, Stop
from treatment.courses.proceeding import CoursePaused as CoursePaused
from treatment.courses.proceeding import DayNotPossible as DayNotPossible
from treatment.courses.proceeding import DoseNotOpen as DoseNotOpen
from treatment.courses.proceeding import DosePutOff as DosePutOff
from treatment.courses.proceeding import EarlierDoseOpen as EarlierDoseOpen
from treatment.courses.proceeding import TooEarly as TooEarly
from treatment.elsewhere import counters
from treatment.models import (
    ChairRow,
    Change,
    ChecklistItem,
    Course,
    Dose,
    GivenElsewhere,
    InfusionRecord,
    Order,
    Postponement,
    Protocol,
)
from treatment.outcomes.reading import hold_of
from treatment.protocols.facts import Facts, facts_of
from treatment.protocols.signing import IsWithdrawn, hold_version, is_withdrawn, state_of_sign_off

STAFF = ("team", "break_glass")
MOST_AHEAD = timedelta(days=366)
MOST_BACK = timedelta(days=31)
TEXT_LENGTH = 1000


class NotAPrescriber(NotAllowed):
    default_message = gettext_lazy("Only a neurologist can do this. Nothing was changed.")


class NotSignedOff(DomainError):
    default_message = gettext_lazy(
        "This version is not signed off, so nothing can be ordered on it. A neurologist, a pharmacist and an infusion nurse "
        "have to sign it first."
    )


class CannotBeOrdered(DomainError):
    default_message = gettext_lazy("This therapy cannot be ordered here. It is planned outside the portal.")


class AlreadyRunning(DomainError):
    default_message = gettext_lazy("A treatment with this medicine is running already. End it first.")


class ProductExpired(DayNotPossible):
    default_message = gettext_lazy(
        "This product was past its expiry date on that day. Check the date on the package."
    )


class ChairOpen(Conflict):
    """It runs or ran in the chair, and what became of it comes from that record."""

    default_message = gettext_lazy("This dose has an open chair record. Close the record first.")


class GradeWithoutReaction(DomainError):
    default_message = gettext_lazy("A grade belongs to a reaction, from 1 to 5. Say whether there was one.")
    status = 422


class HowMuchMissing(DomainError):
    default_message = gettext_lazy("Say how much of the dose was given.")
    status = 422


class TextMissing(DomainError):
    default_message = gettext_lazy("Write the reason in a few words.")
    status = 422


class TextTooLong(DomainError):
    default_message = gettext_lazy("Make your text shorter: at most 1,000 characters.")
    status = 422


# --- Asking first --------------------------------------------------------------------------------------------------


def is_prescriber(user: User) -> bool:
    """True for people who work as a neurologist in a team today."""
    return memberships(user).filter(role="neurologist").exists()


def require_prescriber(by: User, patient: Patient) -> str:
    capacity = require(by, patient, TREATMENT, *STAFF)
    if not is_prescriber(by):
        raise NotAPrescriber
    return capacity


def words_of(text: str, *, needed: bool = True) -> str:
    text = text.strip()
    if needed and not text:
        raise TextMissing
    if len(text) > TEXT_LENGTH:
        raise TextTooLong
    return text


def locked_course(by: User, patient: Patient, course_id: UUID) -> Course:
    """The course, with its row held until the transaction ends: one change of its doses at a time."""
    Course.objects.for_user(by, patient).select_for_update(no_key=True).filter(pk=course_id).first()
    return reading.course_or_404(by, patient, course_id)


# --- An order and its course -----------------------------------------------------------------------------------------


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
            _cancel_planned(by, patient, old, now)
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
            most=_most_doses(by, patient, facts, path),
        )
        if not planned:
            raise CannotBeOrdered(
                _("With this many doses given before, nothing is left to plan. Check the number.")
            )
        planned[0] = replace(planned[0], not_before=soonest)
        order.save(force_insert=True)
        course = Course(id=uuid7(), patient=patient, order=order, starts_on=first_on, created_at=now)
        course.save(force_insert=True)
        _add_doses(course, planned, facts, now)
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


def _most_doses(by: User, patient: Patient, facts: Facts, path: str) -> int:
    """How many doses may be planned: as many as fit below a limit for the lifetime. Raises OverTheLimit when none does."""
    found = counters.lifetime(by, patient, facts)
    strength = facts.mg_per_m2(facts.paths[path].phases[0].key)
    if found is None or strength is None:
        return planning.MOST_PLANNED
    left = found.doses_left(strength)
    if not left:
        raise counters.OverTheLimit(counters.over_words(found, strength))
    return min(planning.MOST_PLANNED, left)


def _add_doses(course: Course, planned: list[Planned], facts: Facts, now: datetime) -> None:
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


def _top_up(by: User, patient: Patient, course: Course, now: datetime) -> None:
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
    _add_doses(course, more, facts, now)


def _most_more(by: User, patient: Patient, course: Course, facts: Facts, planned: list[Dose]) -> int:
    """How many doses may be added to those that are planned: below a limit for the lifetime no more than fit."""
    found = counters.lifetime(by, patient, facts)
    strength = facts.mg_per_m2(facts.paths[course.order.path].phases[0].key)
    if found is None or strength is None:
        return planning.MOST_PLANNED
    return found.doses_left(strength) - len(planned)


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
        _cancel_planned(by, patient, course, now)
        note_change(course, None, "ended", by, now, reason)
        record_change(by, patient, "treatment.ended", course.pk)
        return course.pk

    exactly_once(
        act="treatment.end", id=id, patient=patient, user=by, content=[str(course_id), reason], do=make
    )
    return reading.course_or_404(by, patient, course_id)


def _cancel_planned(by: User, patient: Patient, course: Course, now: datetime) -> None:
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
    course: Course, dose: Dose | None, kind: str, by: User, now: datetime, reason: str,
    old: date | None = None, new: date | None = None, to_course: Course | None = None,
) -> None:  # fmt: skip
    change = Change(
        patient_id=course.patient_id, course=course, dose=dose, kind=kind, old_target=old, new_target=new,
        to_course=to_course, made_by=by, made_at=now, created_at=now,
    )  # fmt: skip
    change.reason = reason
    change.save(force_insert=True)


# --- What became of a dose -----------------------------------------------------------------------------------------------


@transaction.atomic
def record_infusion(
    *, by: User, patient: Patient, dose_id: UUID, id: UUID, given_at: datetime, now: datetime,
    product: str = "", lot: str = "", expires_on: date | None = None, line_site: str = "", reaction: bool | None = None,
    reaction_grade: int | None = None, note: str = "", early_reason: str = "", although: str = "",
    extent: str = Dose.Extent.WHOLE, how_much: str = "", amount_mg: Decimal | None = None, from_chair: bool = False,
    over_limit: bool = False,
) -> Dose:  # fmt: skip
    """Note a planned dose as given at an instant (aware), whole, in part, or stopped for a reaction. Nothing else moves: late doses
    are shown, new dates only proposed. After a stop, and after a reaction of grade 3 or more or without a grade (CTCAE, `reaction_grade`),
    the next dose waits until a prescriber has looked at it.

    `although`: why it was given although something stood against it (`courses.proceeding`); without it that is refused. Before the
    minimum interval, in a pause and after a reaction only a prescriber can note it. A dose over a limit for the lifetime cannot be noted.

    `from_chair`: its chair record is being closed with it. While one is open, nothing else notes what became of the dose.
    `over_limit`: from there, and `although` was said for it: what really went over a limit for the lifetime is noted by a prescriber.
    Raises ChairOpen, TooEarly, DayNotPossible, ProductExpired, DoseNotOpen, DosePutOff, CoursePaused, EarlierDoseOpen, HowMuchMissing,
    WaitsAfterReaction, AnswerStops, VersionWithdrawn, CountersUnknown, MeasureMissing, AmountMissing, OverTheLimit,
    GradeWithoutReaction, TextTooLong, NotAllowed, DifferentContent.
    """
    require(by, patient, TREATMENT, *STAFF)
    stopped = extent == Dose.Extent.STOPPED
    details: dict[str, Any] = {
        "product": words_of(product, needed=False),
        "lot": words_of(lot, needed=False),
        "expires_on": expires_on.isoformat() if expires_on is not None else "",
        "line_site": words_of(line_site, needed=False),
        "reaction": True if stopped else reaction,
        "reaction_grade": reaction_grade,
        "note": words_of(note, needed=False),
        "early_reason": words_of(early_reason, needed=False),
        "although": words_of(although, needed=False),
        "how_much": words_of(how_much, needed=False),
    }
    if extent != Dose.Extent.WHOLE and not details["how_much"]:
        raise HowMuchMissing
    if reaction_grade is not None and (not details["reaction"] or reaction_grade not in reactions.GRADES):
        raise GradeWithoutReaction

    def make() -> UUID:
        dose = reading.dose_or_404(by, patient, dose_id)
        # The patient first, as an order and a word about elsewhere do: the totals that are read here stay as they are.
        Patient.objects.for_user(by).select_for_update(no_key=True).filter(pk=patient.pk).first()
        course = locked_course(by, patient, dose.course_id)
        dose = reading.dose_or_404(by, patient, dose_id)
        check_planned(dose)
        if not from_chair:
            _check_chair(by, patient, dose)
        given_on = _check_given(by, patient, dose, given_at, now)
        facts = reading.facts_for(course)
        if expires_on is not None and expires_on < given_on:
            raise ProductExpired
        against = proceeding.stops(Eyes(by, patient), dose, Act.GIVE, on=given_on)
        although_of = _given_although(by, against, details)
        early = any(stop.code is Code.TOO_EARLY for stop in against)
        why_early = details["early_reason"] or (details["although"] if early else "")
        strength, over = _strength(by, patient, facts, amount_mg, given_on, from_chair, over_limit)
        although_of += [str(Code.LIMIT)] if over else []
        dose.state, dose.given_at, dose.given_on = Dose.State.GIVEN, given_at, given_on
        dose.extent = extent
        dose.save(update_fields=["state", "given_at", "given_on", "extent"])
        record = InfusionRecord(patient=patient, dose=dose, recorded_by=by, recorded_at=now, created_at=now)
        record.details = {**details, "early_reason": why_early, "although_codes": although_of, **strength}
        record.save(force_insert=True)
        settle_holds(by, patient, dose, now)
        _renew_minimum(by, patient, dose)
        _top_up(by, patient, course, now)
        reactions.hold_next(by, patient, course, now)
        if although_of:
            record_change(by, patient, "treatment.given-although", dose.pk)
        if stopped:
            record_change(by, patient, "treatment.stopped", dose.pk)
        elif extent == Dose.Extent.PART:
            record_change(by, patient, "treatment.partly-given", dose.pk)
        if early or extent == Dose.Extent.WHOLE:
            record_change(by, patient, "treatment.given-early" if early else "treatment.given", dose.pk)
        return dose.pk

    content = [str(dose_id), given_at.isoformat(), details, extent, str(amount_mg or "")]
    exactly_once(act="treatment.given", id=id, patient=patient, user=by, content=content, do=make)
    return reading.dose_or_404(by, patient, dose_id)


def next_planned(by: User, patient: Patient, course_id: UUID) -> Dose | None:
    """The first dose of a course that is still planned."""
    planned = Dose.objects.for_user(by, patient).with_course().planned().filter(course_id=course_id)
    found: Dose | None = planned.order_by("number").first()
    return found


def _check_given(by: User, patient: Patient, dose: Dose, given_at: datetime, now: datetime) -> date:
    """The site's day of `given_at`, when a dose of this course can have been given then. Raises DayNotPossible."""
    if given_at > now:
        raise DayNotPossible(_("This time is in the future. Enter the time at which the dose was given."))
    given_on = today_in(given_at, patient.site.time_zone)
    order = dose.course.order
    if given_on < min(order.first_on, today_in(order.signed_at, patient.site.time_zone)):
        raise DayNotPossible(_("This day lies before the order. Enter the day on which the dose was given."))
    others = Dose.objects.for_user(by, patient).filter(course_id=dose.course_id).exclude(pk=dose.pk)
    if others.filter(given_on__gte=given_on).exists():
        raise DayNotPossible(
            _("Another dose was given on this day or after it. Two doses are never noted for one day.")
        )
    return given_on


def _strength(
    by: User, patient: Patient, facts: Facts, amount_mg: Decimal | None, given_on: date, from_chair: bool, said: bool
) -> tuple[dict[str, float], bool]:  # fmt: skip
    """What counts toward a limit for the lifetime, and whether it went over. That is noted only as a record of the chair is closed,
    by a prescriber who said why. Raises what `counters.strength_given` raises."""
    try:
        return counters.strength_given(by, patient, facts, amount_mg, given_on), False
    except counters.OverTheLimit as error:
        if not from_chair:
            raise
        if not (said and is_prescriber(by)):
            why = _("If it was really given, a neurologist closes the record and says why.")
            raise counters.OverTheLimit(f"{error.message} {why}") from error
    return counters.strength_given(by, patient, facts, amount_mg, given_on, over=True), True


def _given_although(by: User, found: list[Stop], details: dict[str, Any]) -> list[str]:
    """The codes of what stood against a dose that was really given, when somebody who may say so has said why.

    Raises the first refusal that nobody, or not this person, can note something beside.
    """
    prescriber = bool(found) and is_prescriber(by)
    for stop in found:
        early = stop.code is Code.TOO_EARLY
        said = details["early_reason"] or details["although"] if early else details["although"]
        may = stop.code in proceeding.BY_STAFF or (stop.code in proceeding.BY_PRESCRIBER and prescriber)
        if not (said and may):
            raise stop.error
    return [str(stop.code) for stop in found if stop.code is not Code.TOO_EARLY]


def check_planned(dose: Dose) -> None:
    """Raises DoseNotOpen for a dose whose outcome stands, or whose treatment is over."""
    if not dose.is_planned or not dose.course.is_running:
        raise DoseNotOpen


def _check_chair(by: User, patient: Patient, dose: Dose) -> None:
    """Raises ChairOpen for a dose that runs or ran in the chair, while its record is open; call it under the course's lock."""
    if ChairRow.objects.for_user(by, patient).begun().filter(dose=dose).exists():
        raise ChairOpen


def settle_holds(by: User, patient: Patient, dose: Dose, now: datetime) -> None:
    """A dose whose outcome stands waits for nothing any more."""
    Postponement.objects.for_user(by, patient).open().filter(dose=dose).update(
        ended_at=now, ended_by=by, ended_how=Postponement.End.SETTLED
    )


def check_open(dose: Dose) -> None:
    """Raises DoseNotOpen or CoursePaused for a dose that nothing can happen to now."""
    if not dose.is_planned or not dose.course.is_running:
        raise DoseNotOpen
    if dose.course.is_paused:
        raise CoursePaused


def _renew_minimum(by: User, patient: Patient, given: Dose) -> None:
    """The next dose's minimum interval counts from the day that this one was really given. Its window stays."""
    following = (
        Dose.objects.for_user(by, patient)
        .with_course()
        .planned()
        .filter(course_id=given.course_id, number__gt=given.number)
        .order_by("number")
        .first()
    )
    if following is not None:
        following.not_before = planning.not_before(reading.slot_of(following), given.given_on)
        following.save(update_fields=["not_before"])


@transaction.atomic
def mark_missed(*, by: User, patient: Patient, dose_id: UUID, reason: str, id: UUID, now: datetime) -> Dose:
    """Note that a planned dose was not given. Nothing else moves. Raises DoseNotOpen, ChairOpen, EarlierDoseOpen, TextMissing,
    NotAllowed."""
    require(by, patient, TREATMENT, *STAFF)
    reason = words_of(reason)

    def make() -> UUID:
        dose = reading.dose_or_404(by, patient, dose_id)
        course = locked_course(by, patient, dose.course_id)
        dose = reading.dose_or_404(by, patient, dose_id)
        check_open(dose)
        _check_chair(by, patient, dose)
        if dose.earliest > today_in(now, patient.site.time_zone):
            raise DayNotPossible(_("The time for this dose has not begun, so it cannot be missed yet."))
        earlier = Dose.objects.for_user(by, patient).planned().filter(course_id=dose.course_id)
        if earlier.filter(number__lt=dose.number).exists():
            raise EarlierDoseOpen
        waiting = hold_of(by, patient, dose.pk)
        if waiting is not None and waiting.reason == Postponement.Reason.REACTION and not is_prescriber(by):
            raise NotAPrescriber
        dose.state = Dose.State.MISSED
        dose.save(update_fields=["state"])
        settle_holds(by, patient, dose, now)
        note_change(course, dose, "missed", by, now, reason)
        _top_up(by, patient, course, now)
        reactions.hold_next(by, patient, course, now)
        record_change(by, patient, "treatment.missed", dose.pk)
        return dose.pk

    exactly_once(
        act="treatment.missed", id=id, patient=patient, user=by, content=[str(dose_id), reason], do=make
    )
    return reading.dose_or_404(by, patient, dose_id)


# --- New dates: proposed by the protocol's rule, confirmed by a prescriber ----------------------------------------------------


def proposed_moves(
    user: User, patient: Patient, course: Course, now: datetime
) -> list[tuple[Dose, planning.Move]]:
    """What the protocol's own rule would move, dose by dose; empty when nothing would, or when the data state no rule."""
    if course.is_paused or _decided_since(user, patient, course):
        return []
    doses = reading.doses_of(user, patient, course)
    waiting = Postponement.objects.for_user(user, patient).open().filter(dose__course=course)
    moves = planning.replan(
        reading.path_of(course),
        stands_of(doses),
        reset_from_given=reading.facts_for(course).reset_from_given,
        today=today_in(now, patient.site.time_zone),
        held=dict(waiting.values_list("dose__number", "recheck_on")),
    )
    by_number = {dose.number: dose for dose in doses}
    return [(by_number[move.number], move) for move in moves]


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
    """A dose that stays: its minimum may now count from another day, and the order of the doses must hold."""
    if previous is None:
        return
    slot = reading.slot_of(dose)
    _check_after(slot, dose.target, previous)
    renewed = planning.not_before(slot, previous)
    if renewed != dose.not_before:
        dose.not_before = renewed
        dose.save(update_fields=["not_before"])


def _check_after(slot: planning.Slot, target: date, previous: date | None) -> None:
    if previous is not None and target <= previous:
        raise DayNotPossible(
            _("Dose %(number)d would come before the dose that stands ahead of it. Move the later ones too.")
            % {"number": slot.number}
        )
    soonest = planning.not_before(slot, previous)
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
    """A prescriber sets the first day of a phase whose day the data do not say (a second course of alemtuzumab).

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
        _add_doses(course, planned, facts, now)
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
    """The first dose of the next phase when the data do not say its day; None when everything is planned or the path is over."""
    slot = planning.slot_at(reading.path_of(course), doses[-1].number + 1)
    if slot is None:
        return None
    days = {dose.number: dose.day for dose in doses}
    return slot if planning.window_of(slot, days.get) is None else None
