"""The one gate before every act on a dose: giving it, the steps of its drug, booking its time, setting its day.

Each act asks for the same stops in the same words; `ASKED` says which act asks for which. An empty answer means that nothing known
here stops the act. It never means that a dose is safe.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.models import Site
from portal.lib.problems import Conflict, DomainError
from portal.lib.time import today_in
from portal.lib.time_words import day as day_words
from treatment.courses import reactions, reading
from treatment.courses.eyes import Eyes
from treatment.elsewhere import counters
from treatment.models import (
    ChairRow,
    ChecklistItem,
    Dose,
    DoseAnswer,
    GivenElsewhere,
    InfusionRecord,
    Postponement,
    SelfCheck,
)
from treatment.protocols.facts import BeforeDose, Facts, facts_of
from treatment.protocols.signing import is_withdrawn
from treatment.readiness.standing import is_asked_there, was_asked_there


class DayNotPossible(DomainError):
    default_message = gettext_lazy("This day is not possible. Choose another one.")
    status = 422


class TooEarly(DayNotPossible):
    """The day breaks the protocol's minimum interval."""


class DoseNotOpen(Conflict):
    default_message = gettext_lazy("This dose is not planned any more. Look at the newest state first.")


class DosePutOff(Conflict):
    """Somebody said why the dose waits, and nobody has said that it can go ahead."""

    default_message = gettext_lazy("This dose is put off. Say first that it can go ahead.")


class WaitsAfterReaction(DosePutOff):
    """A reaction to the dose before, and no prescriber has looked at it."""

    default_message = gettext_lazy(
        "This dose waits after a reaction to the dose before. A neurologist looks at it first."
    )


class CoursePaused(Conflict):
    default_message = gettext_lazy("This treatment is paused. A neurologist goes on with it first.")


class EarlierDoseOpen(DomainError):
    default_message = gettext_lazy("An earlier dose is still planned. Say first what became of it.")


class AnswerStops(Conflict):
    """A red answer, a new sign in a self-check or a stopped line that nobody of the team has settled."""

    default_message = gettext_lazy(
        "An answer or a new sign stops this dose. Look at it first, with the list before the dose."
    )


class NotAsked(Conflict):
    """A question whose answer expires was not asked at the chair, or its answer is too old."""

    default_message = gettext_lazy(
        "The questions before this dose have no fresh answer from the chair. Ask them now and note the answers."
    )


class NotChecked(Conflict):
    """What the version has the nurse look at in the chair was not looked at today."""

    default_message = gettext_lazy(
        "The checks at the chair have no answer of today. Go through them now and note what you found."
    )


class CheckStops(Conflict):
    """A check at the chair was answered with what the data call a concern; the message says which, and what is done then."""

    default_message = gettext_lazy("A check at the chair stops this dose. Look at it first.")


class VersionWithdrawn(Conflict):
    default_message = gettext_lazy(
        "This treatment runs on a version that was withdrawn. A neurologist moves it to another version first, or ends it."
    )


class Act(StrEnum):
    """What somebody is about to do with a dose."""

    GIVE = "give"
    START = "start"
    ORDER_DRUG = "order_drug"
    RELEASE = "release"
    MIX = "mix"
    BOOK = "book"
    PLAN = "plan"


class Code(StrEnum):
    """What stands against it."""

    NOT_OPEN = "not_open"
    PAUSED = "paused"
    PUT_OFF = "put_off"
    REACTION = "reaction"
    EARLIER_OPEN = "earlier_open"
    WITHDRAWN = "withdrawn"
    ANSWER = "answer"
    UNKNOWN = "counts_unknown"
    LIMIT = "lifetime_limit"
    TOO_EARLY = "too_early"
    NOT_ASKED = "not_asked"
    NOT_CHECKED = "not_checked"
    CHECK = "check"


_HELD = (
    Code.NOT_OPEN,
    Code.PAUSED,
    Code.REACTION,
    Code.EARLIER_OPEN,
    Code.WITHDRAWN,
    Code.ANSWER,
    Code.UNKNOWN,
)
ASKED: dict[Act, frozenset[Code]] = {
    # The limit of a dose that was given is asked with the real amount, in `counters.strength_given`.
    Act.GIVE: frozenset({*_HELD, Code.PUT_OFF, Code.TOO_EARLY}),
    # In the chair nothing has been given yet: a limit that leaves no room for a whole dose stops the start.
    # Questions whose answers expire are asked at the chair before it, and the nurse's own checks are made there: after the start there
    # is nothing left to stop.
    Act.START: frozenset(
        {*_HELD, Code.PUT_OFF, Code.LIMIT, Code.TOO_EARLY, Code.NOT_ASKED, Code.NOT_CHECKED, Code.CHECK}
    ),
    Act.RELEASE: frozenset({*_HELD, Code.PUT_OFF, Code.LIMIT}),
    Act.MIX: frozenset({*_HELD, Code.PUT_OFF, Code.LIMIT, Code.TOO_EARLY}),
    # A dose that is put off, or whose interval is not over, is booked for a day after that: `courses.booking` says from when.
    # A red answer is about today; a time that is booked lies later, and the answer still stops what happens on that day.
    Act.BOOK: frozenset({*_HELD, Code.LIMIT} - {Code.ANSWER}),
    # Ordering from the pharmacy and setting days bring nothing into anybody.
    Act.ORDER_DRUG: frozenset({Code.NOT_OPEN, Code.PAUSED}),
    # Days of one course are checked against each other where they are set (`courses.moving.move_doses`).
    Act.PLAN: frozenset({Code.NOT_OPEN, Code.PAUSED}),
}
BY_STAFF = frozenset({Code.PUT_OFF, Code.ANSWER, Code.WITHDRAWN, Code.NOT_ASKED, Code.NOT_CHECKED})
"""What was given although one of these stood against it, anybody of the team can note with the reason."""
BY_PRESCRIBER = frozenset({Code.PAUSED, Code.REACTION, Code.TOO_EARLY, Code.CHECK})
"""The same, for a neurologist only. Whatever is in neither cannot be noted until it is settled."""


@dataclass(frozen=True, slots=True)
class Stop:
    """One thing that stands against an act, as the refusal that it makes."""

    code: Code
    error: DomainError

    @property
    def words(self) -> str:
        return str(self.error.message)

    @property
    def can_be_noted(self) -> bool:
        """It may have been given although this stood against it, and then that is written down."""
        return self.code in BY_STAFF | BY_PRESCRIBER


def stops(eyes: Eyes, dose: Dose, act: Act, *, on: date, at: datetime | None = None) -> list[Stop]:
    """Everything known that stands against an act on `on` (the site's day), in a fixed order; read now, so call it under the course's lock.

    `at`: the moment of a start (aware), from which the age of answers counts.
    """
    asked = ASKED[act]
    found: dict[Code, DomainError] = {}
    if not dose.is_planned or not dose.course.is_running:
        return [Stop(Code.NOT_OPEN, DoseNotOpen())] if Code.NOT_OPEN in asked else []
    if dose.course.is_paused:
        found[Code.PAUSED] = CoursePaused()
    if asked & {Code.PUT_OFF, Code.REACTION}:
        found |= _waits(eyes, dose)
    if Code.EARLIER_OPEN in asked and _earlier_open(eyes, dose):
        found[Code.EARLIER_OPEN] = EarlierDoseOpen()
    if Code.WITHDRAWN in asked and is_withdrawn(dose.course.protocol, eyes.patient.site):
        found[Code.WITHDRAWN] = VersionWithdrawn()
    if Code.ANSWER in asked and answer_stops(eyes, dose):
        found[Code.ANSWER] = AnswerStops()
    if asked & {Code.UNKNOWN, Code.LIMIT}:
        found |= _counted(eyes, dose)
    if Code.TOO_EARLY in asked:
        soonest = reading.soonest_for(eyes.user, eyes.patient, dose, eyes=eyes)
        if soonest is not None and on < soonest:
            found[Code.TOO_EARLY] = TooEarly(early_words(soonest, act))
    if Code.NOT_ASKED in asked and at is not None and not asked_there(eyes, dose, at):
        found[Code.NOT_ASKED] = NotAsked()
    if asked & {Code.NOT_CHECKED, Code.CHECK} and at is not None:
        found |= _checked(eyes, dose, at)
    return [Stop(code, found[code]) for code in Code if code in found and code in asked]


def may_proceed(eyes: Eyes, dose: Dose, act: Act, *, on: date) -> None:
    """Raises the first of the refusals above when something stands against the act."""
    for stop in stops(eyes, dose, act, on=on):
        raise stop.error


def _waits(eyes: Eyes, dose: Dose) -> dict[Code, DomainError]:
    """What an open hold says. Put off again for another reason, a dose still waits for the prescriber after a reaction."""
    held = eyes.rows(Postponement).open().filter(dose=dose).first()
    if held is None:
        return {}
    if held.reason == Postponement.Reason.REACTION:
        return {Code.REACTION: WaitsAfterReaction()}
    substance = reading.facts_for(dose.course).substance
    if reactions.unreviewed(eyes.user, eyes.patient, substance, eyes=eyes) is not None:
        return {Code.REACTION: WaitsAfterReaction()}
    return {Code.PUT_OFF: DosePutOff()}


def _earlier_open(eyes: Eyes, dose: Dose) -> bool:
    earlier = eyes.rows(Dose).planned().filter(course_id=dose.course_id, number__lt=dose.number)
    return bool(earlier.exists())


def answer_stops(eyes: Eyes, dose: Dose) -> bool:
    """An answer or a self-check that nobody of the team has settled, or a line that was stopped. A red answer stops every planned dose of
    the patient, of whatever treatment, and also after its own dose was given although, missed or canceled."""
    lines = eyes.rows(ChecklistItem).filter(dose=dose, state=ChecklistItem.State.CONCERN)
    return bool(
        eyes.rows(DoseAnswer).that_stop(dose).exists()
        or eyes.rows(SelfCheck).to_look_at().exists()
        or lines.exists()
    )


def asked_there(eyes: Eyes, dose: Dose, at: datetime) -> bool:
    """Whether every question whose answer expires was asked at the chair, no longer before `at` than the version lets an answer count.

    A line that an answer stops was asked; `AnswerStops` says what stands against it. A version without such questions asks nothing.
    """
    facts = [facts_of(dose.course.order.protocol_id), reading.facts_for(dose.course)]
    asked = {said.fact: said for one in facts for said in one.before_dose if is_asked_there(said)}
    if not asked:
        return True
    rows = eyes.rows(ChecklistItem).needed_for([dose]).filter(dose=dose, fact__in=asked)
    return all(_is_fresh(item, asked[item.fact], at) for item in rows)


def _is_fresh(item: ChecklistItem, said: BeforeDose, at: datetime) -> bool:
    if item.state in (ChecklistItem.State.CONCERN, ChecklistItem.State.NOT_NEEDED):
        return True
    if item.done_at is None or not was_asked_there(item, said, at):
        return False
    return said.valid_hours is None or item.done_at >= at - timedelta(hours=said.valid_hours)


def _checked(eyes: Eyes, dose: Dose, at: datetime) -> dict[Code, DomainError]:
    """What the newest checks at the chair say, made on the site's day of the start and before it. Each goes by the words it was asked in."""
    wanted = reading.facts_for(dose.course).chair_checks
    if not wanted:
        return {}
    rows = eyes.rows(ChairRow).filter(
        dose=dose, kind=ChairRow.Kind.CHECKS, corrected_by__isnull=True, at__lte=at
    )
    row = rows.order_by("-at", "-made_at", "-id").first()
    zone = eyes.patient.site.time_zone
    if row is None or today_in(row.at, zone) != today_in(at, zone):
        return {Code.NOT_CHECKED: NotChecked()}
    answers = row.details["answers"]
    found: dict[Code, DomainError] = {}
    if {one.fact for one in wanted} - {one["fact"] for one in answers}:
        found[Code.NOT_CHECKED] = NotChecked()
    worries = [_("“%(text)s”: %(action)s.") % one for one in answers if one["concern"]]
    if worries:
        found[Code.CHECK] = CheckStops(
            _("Checked at the chair, and the data of this treatment say: %(worries)s")
            % {"worries": " ".join(worries)}
        )
    return found


def _counted(eyes: Eyes, dose: Dose) -> dict[Code, DomainError]:
    """Numbers that nobody has confirmed, and a limit for the lifetime that leaves no room for a whole dose."""
    facts = reading.facts_for(dose.course)
    rows = counters.elsewhere_of(eyes.user, eyes.patient, facts.substance, eyes=eyes)
    return counted_stops(
        facts, dose.phase_key, eyes.patient.site, rows,
        lambda: counters.records_of(eyes.user, eyes.patient, facts.substance, eyes=eyes),
    )  # fmt: skip


def counted_stops(
    facts: Facts, phase_key: str, site: Site, rows: Iterable[GivenElsewhere], records: Callable[[], Iterable[InfusionRecord]],
) -> dict[Code, DomainError]:  # fmt: skip
    """The same from what was read: what stands about elsewhere, and the records of the substance, which are asked for only where a limit counts."""
    rows = list(rows)
    try:
        counters.require_known(rows, facts)
    except counters.CountersUnknown as error:
        return {Code.UNKNOWN: error}
    strength = facts.mg_per_m2(phase_key) if facts.has_lifetime_limit else None
    if strength is None:
        return {}
    found = counters.lifetime_of(facts, site, rows, records())
    if found is None or found.doses_left(strength):
        return {}
    return {Code.LIMIT: counters.OverTheLimit(counters.over_words(found, strength))}


def early_words(soonest: date, act: Act) -> str:
    said = {"day": day_words(soonest)}
    if act in (Act.GIVE, Act.START):
        return (
            _(
                "The shortest interval after the dose before ends on %(day)s. Only a neurologist can note a dose before "
                "that day, with a reason."
            )
            % said
        )
    return _("This day is too early. The shortest interval after the dose before ends on %(day)s.") % said
