"""The journey of one patient, put together from what the other parts know. No rule of its own about doses, and nothing is written.

How a line stands comes from `readiness`, what holds a dose back from `outcomes`, what is watched from `ledger`, whether a time is booked from
the apps that say so. The number of statements does not grow with doses: it grows with the treatments that run beside each other.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from accounts.models import User
from patients.models import Patient
from portal.lib.contributions import before_dose
from treatment.courses import planning, reading
from treatment.elsewhere import bookings, counters
from treatment.journey import words
from treatment.journey.place import Place, place_of
from treatment.ledger import reading as ledger
from treatment.ledger.duties import State
from treatment.models import Course, Dose, GivenElsewhere, Postponement
from treatment.outcomes.reading import open_by_dose
from treatment.protocols.facts import Facts
from treatment.readiness.dose import DoseStanding, standing_of_dose
from treatment.readiness.standing import ORDER, WORDS

WATCHED = (State.OVERDUE, State.SOON, State.LATER)


@dataclass(frozen=True, slots=True)
class Block:
    """Something that stands before a dose: what, who has it, how it stands, and the day that belongs to it."""

    code: str  # stopped, self_check, stopped_line, held, put_off, unconfirmed, check, line
    label: str
    owner: str  # you, nurse, clinic, lab, insurer, team
    kind: str
    word: str
    day: date | None = None  # what it means: `day_is`
    day_is: str = ""  # "by", "since", "again"
    note: str = ""
    item_id: UUID | None = None
    fact: str = ""
    target_id: UUID | None = None  # the answer or the self-check
    pressing: bool = True  # False: its time has not begun

    @property
    def stops(self) -> bool:
        """Somebody should call before anybody travels."""
        return self.code in ("stopped", "self_check", "stopped_line")


@dataclass(frozen=True, slots=True)
class Order:
    """One treatment that runs or is paused: where it is, the last dose and the next one, and what stands before that."""

    course: Course
    facts: Facts
    place: Place
    last: Dose | None
    last_elsewhere: date | None
    next: Dose | None
    standing: DoseStanding | None
    blocks: list[Block]
    late: bool
    phase_from: date | None = None  # nothing is planned: from when the data say that the next phase comes
    times: list[dict[str, Any]] = field(default_factory=list)

    @property
    def stopped(self) -> bool:
        return any(block.stops for block in self.blocks)

    @property
    def put_off(self) -> Block | None:
        return next((block for block in self.blocks if block.code in ("held", "put_off")), None)

    @property
    def mine(self) -> list[Block]:
        """The open lines of the patient, pressing or not."""
        return [block for block in self.blocks if block.owner == "you"]

    @property
    def counted(self) -> tuple[int, int]:
        """How many lines are not settled, and how many there are: a booked time, the list, and overdue checks."""
        lines = self.standing.lines if self.standing is not None else []
        overdue = self.standing.overdue if self.standing is not None else []
        open_lines = sum(not line.standing.settled for line in lines) + sum(
            not row["done"] for row in self.times
        )
        return open_lines + len(overdue), len(lines) + len(overdue) + len(self.times)  # fmt: skip

    @property
    def open_of_patient(self) -> int:
        """How many of the open ones are the patient's."""
        lines = self.standing.lines if self.standing is not None else []
        mine = [row for row in self.times if not row["done"] and row["who"] == words.you()]
        return len(mine) + sum(not line.standing.settled and line.item.owner == "you" for line in lines)


@dataclass(frozen=True, slots=True)
class Step:
    """The one next thing to do. `code` says what it is; `of` is what it is about."""

    code: str  # call, put_off, late, do, book, check, waits, paused, none
    order: Order | None = None
    block: Block | None = None
    line: ledger.Line | None = None
    time: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Journey:
    """Where a patient is."""

    patient: Patient
    now: datetime
    today: date
    orders: list[Order]
    doses: list[Dose]
    watched: list[ledger.Line]
    elsewhere: list[GivenElsewhere]
    booked_elsewhere: list[GivenElsewhere]  # confirmed notes of a dose that nobody has entered here

    @property
    def main(self) -> Order | None:
        """The order whose dose comes next; one that has no next dose comes after."""
        return self.orders[0] if self.orders else None

    @property
    def step(self) -> Step:
        return first_step(self.orders, self.watched)


# --- Reading ---------------------------------------------------------------------------------------------------------------


def journey_of(
    user: User, patient: Patient, now: datetime, *, doses: list[Dose] | None = None, watched: bool = True
) -> Journey:
    """Where the patient is at `now`. `doses`: all of the patient's, if they were read already. Without `watched` the ledger is left out."""
    today = reading.today_of(patient, now)
    if doses is None:
        doses = reading.doses_of(user, patient)
    courses = {dose.course_id: dose.course for dose in doses}
    running = [course for course in courses.values() if course.is_running]
    before = counters.elsewhere_of(user, patient) if running or watched else []
    found = Journey(
        patient, now, today, [], doses,
        _watched(user, patient, now) if watched else [],
        before,
        booked_elsewhere(user, patient, before) if watched else [],
    )  # fmt: skip
    if not running:
        return found
    held = open_by_dose(Postponement.objects.for_user(user, patient).open().select_related("made_by"))
    known = counters.facts_by_therapy(found.elsewhere, patient.site) if found.elsewhere else {}
    for course in running:
        facts = reading.facts_for(course)
        before = [row for row in found.elsewhere if known[row.therapy_id].substance == facts.substance]
        found.orders.append(_order(user, found, course, facts, before, held))
    found.orders.sort(key=_soonest)
    return found


def booked_elsewhere(user: User, patient: Patient, rows: Iterable[GivenElsewhere]) -> list[GivenElsewhere]:
    """Doses that are booked elsewhere and nobody has entered here, as somebody has confirmed them."""
    return bookings.to_enter(user, [row for row in rows if row.is_confirmed], patient)


def _soonest(order: Order) -> tuple[bool, date, str]:
    return (
        order.next is None,
        order.next.target if order.next is not None else date.max,
        str(order.course.pk),
    )


def _watched(user: User, patient: Patient, now: datetime) -> list[ledger.Line]:
    """Tests with a due day, the most pressing first."""
    return [line for line in ledger.ledger_of(user, patient, now) if line.state in WATCHED and line.due is not None]  # fmt: skip


def _order(
    user: User, found: Journey, course: Course, facts: Facts, before: list[GivenElsewhere], held: dict[UUID, Postponement]
) -> Order:  # fmt: skip
    own = [dose for dose in found.doses if dose.course_id == course.pk]
    coming = reading.next_of(own)
    same = [dose for dose in found.doses if reading.facts_for(dose.course).substance == facts.substance]
    last = max((dose for dose in same if dose.given_on is not None), key=lambda dose: (dose.given_on, dose.number), default=None)  # fmt: skip
    elsewhere = max((row.last_on for row in before if row.last_on is not None), default=None)
    here = last.given_on if last is not None else None
    newest = max(filter(None, (here, elsewhere)), default=None)
    unknown = course.order.given_before > 0 or any(row.doses_given != 0 for row in before)
    standing = standing_of_dose(user, found.patient, coming, found.now, own) if coming is not None else None
    times = [row for entry in before_dose for row in entry(user, found.patient, coming, found.now)] if coming is not None else []  # fmt: skip
    return Order(
        course=course,
        facts=facts,
        place=place_of(
            found.today, newest, coming.target if coming is not None else None, row=_row(coming), unknown=unknown
        ),
        last=last if here == newest else None,
        last_elsewhere=elsewhere if elsewhere is not None and elsewhere == newest and here != newest else None,
        next=coming,
        standing=standing,
        blocks=_blocks(standing, held.get(coming.pk) if coming is not None else None, before, found)
        if coming is not None or not course.is_paused
        else _stops_in_a_pause(user, found, own),
        late=coming is not None and reading.is_late(coming, found.today, newest),
        phase_from=_phase_from(course, own),
        times=times,
    )  # fmt: skip


def _phase_from(course: Course, own: list[Dose]) -> date | None:
    """From when the next phase comes that a prescriber has not planned yet; None while a dose is planned or the treatment is paused."""
    if course.is_paused or not own or any(dose.is_planned for dose in own):
        return None
    given = [dose.given_on for dose in own if dose.given_on is not None]
    last = max(given) if given else max(dose.target for dose in own)
    return reading.next_phase_from(course, max(dose.number for dose in own), last)


def _stops_in_a_pause(user: User, found: Journey, own: list[Dose]) -> list[Block]:
    """What the patient calls about although no day counts: red answers, self-checks and stopped lines of the dose that waits."""
    waiting = next((dose for dose in own if dose.is_planned), None)
    if waiting is None:
        return []
    standing = standing_of_dose(user, found.patient, waiting, found.now, own)
    return [block for block in _blocks(standing, None, (), found) if block.stops]


def _row(dose: Dose | None) -> tuple[int, int] | None:
    """How many of the fixed days of the dose's phase are over, and how many there are."""
    if dose is None:
        return None
    slot = reading.slot_of(dose)
    length = slot.phase.length
    return (slot.index, length) if planning.in_a_row(slot) and length is not None else None


# --- What stands before a dose ---------------------------------------------------------------------------------------------


def _blocks(
    standing: DoseStanding | None, hold: Postponement | None, before: Iterable[GivenElsewhere], found: Journey
) -> list[Block]:
    """All of it, the worst first: what was stopped, what is put off, what nobody has confirmed, then the open lines."""
    if standing is None:
        return []
    zone = found.patient.site.time_zone
    blocks = [
        Block(
            "stopped", _("An answer says: call first"), "nurse", "urgent", _("Stopped"),
            words.day_in(row.answered_at, zone), "since", target_id=row.pk,
        )
        for row in standing.stops
    ]  # fmt: skip
    blocks += [
        Block(
            "self_check", _("Something new in the self-check"), "nurse", "urgent", _("Stopped"),
            words.day_in(row.answered_at, zone), "since", target_id=row.pk,
        )
        for row in standing.self_checks
    ]  # fmt: skip
    if hold is not None:
        reaction = hold.reason == Postponement.Reason.REACTION
        blocks.append(
            Block(
                "held" if reaction else "put_off", words.reason_words(hold.reason), hold.owner, "caution",
                _("Waits for a neurologist") if reaction else _("Put off"), hold.recheck_on, "again", note=hold.note,
            )
        )  # fmt: skip
    blocks += [
        Block(
            "unconfirmed", _("What you were given elsewhere is not confirmed yet"), "nurse", "caution", _("Still open"),
            words.day_in(row.written_at, zone), "since",
        )
        for row in before
        if not row.is_confirmed
    ]  # fmt: skip
    blocks += [
        Block("check", check.label, check.owner, "caution", str(WORDS["overdue"][1]), check.due, "by", fact=check.fact)
        for check in standing.overdue
    ]  # fmt: skip
    lines = [line for line in standing.lines if not line.standing.settled]
    lines.sort(key=lambda line: (ORDER.index(line.standing.code), line.standing.due or date.max))
    blocks += [
        Block(
            "stopped_line" if line.standing.code == "stopped" else "line", line.said.label, line.item.owner,
            line.standing.kind, line.standing.word,
            line.standing.holds_until if line.standing.code == "runs_out" else line.standing.due,
            "until" if line.standing.code == "runs_out" else "by",
            item_id=line.item.pk, fact=line.item.fact, pressing=line.standing.blocks,
        )
        for line in lines
    ]  # fmt: skip
    return blocks


# --- The one next thing ------------------------------------------------------------------------------------------------------


def first_step(orders: list[Order], watched: list[ledger.Line]) -> Step:
    """What the patient does next, over all treatments: a call before all else, then what is the patient's own, then whom they wait for."""
    for order in orders:
        stop = next((block for block in order.blocks if block.stops), None)
        if stop is not None:
            return Step("call", order, stop)
    for order in orders:
        if order.put_off is not None:
            return Step("put_off", order, order.put_off)
    for order in orders:
        if order.late:
            return Step("late", order)
    mine = [
        (block.day or date.max, not _is_asked(order, block), place, block)
        for place, order in enumerate(orders)
        for block in order.mine
        if block.code == "line" and block.pressing
    ]
    if mine:
        _day, _asked, place, block = min(mine, key=lambda one: one[:3])
        return Step("do", orders[place], block)
    for order in orders:
        for time in order.times:
            if not time["done"] and time["who"] == words.you():
                return Step("book", order, time=time)
    overdue = next((line for line in watched if line.is_overdue), None)
    if overdue is not None:
        return Step("check", line=overdue)
    for order in orders:
        waits = next((block for block in order.blocks if block.pressing and block.owner != "you"), None)
        if waits is not None:
            return Step("waits", order, waits)
    paused = next((order for order in orders if order.course.is_paused), None)
    if paused is not None and all(order.next is None for order in orders):
        return Step("paused", paused)
    return Step("none", orders[0] if orders else None)


def _is_asked(order: Order, block: Block) -> bool:
    """Settled by the questions about fever and new symptoms: of what is due on one day, these come first."""
    said = order.facts.labels.get(block.fact)
    return said is not None and said.link == "questions"


__all__ = ["Block", "Journey", "Order", "Step", "booked_elsewhere", "first_step", "journey_of"]
