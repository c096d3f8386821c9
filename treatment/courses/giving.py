"""What became of a dose: given, given in part, stopped or missed. Nothing else moves by itself."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from patients.areas import TREATMENT
from patients.models import Patient
from patients.services import exactly_once, record_change, require
from portal.lib.time import today_in
from treatment.courses import planning, proceeding, reactions, reading
from treatment.courses.ending import note_change, settle_holds
from treatment.courses.eyes import Eyes
from treatment.courses.guards import (
    STAFF,
    GradeWithoutReaction,
    HowMuchMissing,
    NotAPrescriber,
    ProductExpired,
    check_chair,
    check_open,
    check_planned,
    is_prescriber,
    locked_course,
    words_of,
)
from treatment.courses.laying import bring_along, top_up
from treatment.courses.proceeding import (
    Act,
    Code,
    DayNotPossible,
    EarlierDoseOpen,
    Stop,
)
from treatment.elsewhere import counters
from treatment.models import (
    Dose,
    InfusionRecord,
    Postponement,
)
from treatment.outcomes.reading import hold_of
from treatment.protocols.facts import Facts


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
            check_chair(by, patient, dose)
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
        top_up(by, patient, course, now)
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
        check_chair(by, patient, dose)
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
        top_up(by, patient, course, now)
        bring_along(by, course, reading.facts_for(course), now)
        reactions.hold_next(by, patient, course, now)
        record_change(by, patient, "treatment.missed", dose.pk)
        return dose.pk

    exactly_once(
        act="treatment.missed", id=id, patient=patient, user=by, content=[str(dose_id), reason], do=make
    )
    return reading.dose_or_404(by, patient, dose_id)
