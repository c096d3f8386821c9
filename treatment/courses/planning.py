"""Dose windows from a protocol's phases: plain dates, no database, no Django.

All values are data of the protocol (`treatment/data/`); nothing here knows a drug. `interval_days` is the target and months are
only wording. None means "not known": then there is no window, and a prescriber sets the day.

A late dose never moves a later one by itself: `plan` is made once, and `replan` only proposes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

PLAN_AHEAD_DAYS = 365
"""Repeating doses are planned this far ahead; further ones are added as time goes on."""
LEAST_AHEAD = 2
"""At least this many planned doses stand ahead, however far apart they are: a new one continues from the one before it."""
MOST_PLANNED = 60
"""Enough for a year of any protocol; a guard against data that repeat every day."""
EARLY = timedelta(days=14)
"""What is done so long before the day of a regular check is done for that day."""
CYCLE_GAP_DAYS = 3
"""Doses on days in a row (a course of five days) are one dose of a cycle: the cycle's first day is the first of them."""


class Anchor(StrEnum):
    """What the days of a phase are counted from."""

    FIRST = "first"  # the first dose of the course
    PREVIOUS = "previous"  # the dose before
    FIRST_THEN_PREVIOUS = "first_then_previous"  # the phase's first dose from the first of the course, others from the one before
    PREVIOUS_PHASE = "previous_phase"  # the last dose of the phase before


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of doses of the same kind. Days are counted from `anchor`; `window` is days from it, both ends included."""

    key: str
    name: str
    anchor: Anchor | None
    day_offsets: tuple[int, ...] | None = None
    interval_days: int | None = None
    repeats: bool = False
    count: int | None = None
    min_interval_days: int | None = None
    window: tuple[int, int] | None = None
    prescriber_choice: bool = False  # only if a prescriber wants it
    interval_months: int | None = None  # as the source says it; see `months_after_phase`

    @property
    def length(self) -> int | None:
        """How many doses the phase has; None for a phase that goes on."""
        if self.repeats:
            return self.count
        return len(self.day_offsets) if self.day_offsets else 1

    @property
    def months_after_phase(self) -> int | None:
        """So many months after the last dose of the phase before it begins; None where the data give no months, count in days, or leave
        the phase to a prescriber."""
        if (
            self.anchor is not Anchor.PREVIOUS_PHASE
            or self.prescriber_choice
            or self.interval_days is not None
        ):
            return None
        return self.interval_months or None


@dataclass(frozen=True, slots=True)
class DoseWindow:
    """When a dose should be given. `latest` None: the protocol does not say how late is too late."""

    earliest: date
    target: date
    latest: date | None

    def holds(self, day: date) -> bool:
        """True when `day` lies in the window."""
        return self.earliest <= day and (self.latest is None or day <= self.latest)

    def moved_to(self, target: date) -> DoseWindow:
        """The same window around another target day."""
        by = target - self.target
        return DoseWindow(self.earliest + by, target, self.latest + by if self.latest else None)


@dataclass(frozen=True, slots=True)
class Slot:
    """A place on a path: the `number`-th dose (from 1), the `index`-th of its phase (from 0)."""

    number: int
    phase: Phase
    index: int


@dataclass(frozen=True, slots=True)
class Planned:
    """A dose to be: where it stands on the path, when, and the first day that the protocol's minimum allows (None: no minimum is known)."""

    slot: Slot
    window: DoseWindow
    not_before: date | None


DayOf = Callable[[int], date | None]


def slots(path: Sequence[Phase]) -> Iterator[Slot]:
    """The doses of a path in order; endless when a phase goes on."""
    number = 0
    for phase in path:
        index = 0
        while phase.length is None or index < phase.length:
            number += 1
            yield Slot(number, phase, index)
            index += 1


def slot_at(path: Sequence[Phase], number: int) -> Slot | None:
    """The `number`-th dose of a path, or None past its end."""
    for slot in slots(path):
        if slot.number == number:
            return slot
    return None


def _offset(slot: Slot) -> int | None:
    """Days from the anchor for a dose of fixed days, else None."""
    offsets = slot.phase.day_offsets
    return offsets[slot.index] if offsets is not None and slot.index < len(offsets) else None


def _anchor_day(slot: Slot, day_of: DayOf) -> date | None:
    """The day that the slot's days are counted from, given or planned; None when it is not known."""
    phase, begin = slot.phase, slot.number - slot.index
    offset = _offset(slot)
    if offset is None:
        if slot.index == 0 and phase.anchor in (Anchor.FIRST, Anchor.FIRST_THEN_PREVIOUS):
            return day_of(1)
        return day_of(slot.number - 1)
    if phase.anchor is Anchor.FIRST:
        return day_of(1)
    # Fixed days of a later phase are counted from the phase's own first dose, whose day somebody has set.
    return day_of(begin) if slot.index > 0 else None


def window_of(slot: Slot, day_of: DayOf) -> DoseWindow | None:
    """The slot's window, or None when the data do not say: then a prescriber sets the day.

    `day_of(number)` gives the day of an earlier dose (given, or else planned), or None.
    """
    if begins_by_months(slot):
        return _months_after(slot, day_of)
    day = _anchor_day(slot, day_of)
    if day is None:
        return None
    offset = _offset(slot)
    if offset is not None:
        if slot.phase.anchor is not Anchor.FIRST:
            offset -= (slot.phase.day_offsets or (0,))[0]
        target = day + timedelta(days=offset)
        return DoseWindow(target, target, None)
    if slot.phase.interval_days is None:
        return None
    return around(slot.phase, day + timedelta(days=slot.phase.interval_days))


def begins_by_months(slot: Slot) -> bool:
    """The first dose of a phase whose day the data count in months from the phase before (a second course, a year after the first)."""
    return slot.index == 0 and slot.number > 1 and slot.phase.months_after_phase is not None


def _months_after(slot: Slot, day_of: DayOf) -> DoseWindow | None:
    """Calendar months after the last dose before the phase; one that was missed is passed over. Earlier days are not offered, and no end is
    claimed. The minimum interval is kept by whoever asks (`kept`)."""
    before = (day_of(number) for number in range(slot.number - 1, 0, -1))
    last = next((day for day in before if day is not None), None)
    if last is None:
        return None
    target = add_months(last, slot.phase.months_after_phase or 0)
    return DoseWindow(target, target, None)


def around(phase: Phase, target: date) -> DoseWindow:
    """The window of a phase around a target day. Without a usual window nothing earlier is offered and no end is claimed."""
    if phase.window is None or phase.interval_days is None:
        return DoseWindow(target, target, None)
    first, last = phase.window
    return DoseWindow(
        target - timedelta(days=phase.interval_days - first),
        target,
        target + timedelta(days=last - phase.interval_days),
    )


def in_a_row(slot: Slot) -> bool:
    """A later one of the fixed days of a phase: no minimum stands between them."""
    return slot.index > 0 and _offset(slot) is not None


def begins_course(slot: Slot) -> bool:
    """The first of the fixed days of a phase that comes once: what is asked before each course of days is asked before it."""
    return slot.index == 0 and not slot.phase.repeats


def not_before(slot: Slot, previous: date | None) -> date | None:
    """The first day that the minimum interval allows after the dose before; None when no minimum is known.

    Days in a row inside a phase (a course of five days) have no minimum between them.
    """
    minimum = slot.phase.min_interval_days
    if minimum is None or previous is None or in_a_row(slot):
        return None
    return previous + timedelta(days=minimum)


def kept(window: DoseWindow, soonest: date | None) -> DoseWindow:
    """The window without the days before the first one that the minimum interval allows."""
    if soonest is None or window.earliest >= soonest:
        return window
    target = max(window.target, soonest)
    latest = max(window.latest, target) if window.latest is not None else None
    return DoseWindow(max(window.earliest, soonest), target, latest)


def plan(
    path: Sequence[Phase], *, first_on: date, first_number: int = 1, known: Mapping[int, date] | None = None,
    after: int = 0, until: date, least: int = LEAST_AHEAD, most: int = MOST_PLANNED,
) -> list[Planned]:  # fmt: skip
    """The doses of a path from `first_number` (the first one here, on `first_on`), without those up to `after`.

    Fixed doses are all planned; repeating ones up to `until`, at least `least` of them. Ends where the data do not say when.
    `known` are days of doses that stand already.
    """
    days: dict[int, date] = {first_number: first_on, **(known or {})}
    made: list[Planned] = []
    repeating = 0
    for slot in slots(path):
        if slot.number < first_number:
            continue
        window = (
            DoseWindow(first_on, first_on, None) if slot.number == first_number else window_of(slot, days.get)
        )
        if slot.number in days and slot.number != first_number:
            window = DoseWindow(days[slot.number], days[slot.number], None)
        if window is None:
            break
        soonest = not_before(slot, days.get(slot.number - 1))
        if slot.number not in days:
            window = kept(window, soonest)
        days.setdefault(slot.number, window.target)
        if slot.number <= after:
            continue
        if slot.phase.repeats:
            repeating += 1
            if window.target > until and repeating > least:
                break
        made.append(Planned(slot, window, soonest))
        if len(made) >= most:
            break
    return made


@dataclass(frozen=True, slots=True)
class Stands:
    """A dose as it stands in a course: `day` is the day it was given, else its target."""

    number: int
    state: str  # planned, given, missed, cancelled
    target: date
    given_on: date | None


@dataclass(frozen=True, slots=True)
class Move:
    """A planned dose that would get another window."""

    number: int
    window: DoseWindow
    not_before: date | None


def replan(
    path: Sequence[Phase], doses: Sequence[Stands], *, reset_from_given: bool | None, today: date,
    held: Mapping[int, date] | None = None,
) -> list[Move]:  # fmt: skip
    """What the protocol's own rule proposes for the planned doses; nothing when the data state no rule.

    `reset_from_given` True: count on from the day a dose was really given, and give a missed one as soon as possible.
    None: the data state no rule for this, so a prescriber sets the days; only a phase that has not begun is laid out again (`_begin_later`).
    `held`: doses that are put off, with the day on which somebody looks again; they are proposed for that day at the soonest.
    """
    held = held or {}
    if not reset_from_given:
        return _begin_later(path, doses, held, today)
    days: dict[int, date] = {}
    moves: list[Move] = []
    missed = False
    last: date | None = None  # the last day that counts: given or, further on, planned
    for dose in doses:
        if dose.state == "given" and dose.given_on is not None:
            days[dose.number] = last = dose.given_on
            missed = False
            continue
        if dose.state != "planned":
            missed = missed or dose.state == "missed"
            continue
        slot = slot_at(path, dose.number)
        if slot is None:
            continue
        soonest = not_before(slot, last)
        window: DoseWindow | None = None
        if missed:
            if not slot.phase.repeats:  # a missed part of a start: no rule, a prescriber decides
                return []
            never_twice = last + timedelta(days=1) if last is not None else today
            target = max(today, never_twice, soonest or today)
            window = DoseWindow(target, target, None)
            missed = False
        elif days:
            found = window_of(slot, days.get)
            window = kept(found, soonest) if found is not None else None
        window = _held_back(window, dose, held.get(dose.number), soonest)
        target = window.target if window is not None else dose.target
        if last is not None and target <= last:  # no rule says where it goes now: a prescriber decides
            return []
        days[dose.number] = last = target
        if window is not None and target != dose.target:
            moves.append(Move(dose.number, window, soonest))
    return moves


def _held_back(
    window: DoseWindow | None, dose: Stands, until: date | None, soonest: date | None
) -> DoseWindow | None:
    """The window of a dose that is put off: from the day on which somebody looks again."""
    target = window.target if window is not None else dose.target
    if until is None or until <= target:
        return window
    target = max(until, soonest) if soonest is not None else until
    return DoseWindow(target, target, None)


def _begin_later(
    path: Sequence[Phase], doses: Sequence[Stands], held: Mapping[int, date], today: date
) -> list[Move]:
    """Without a rule for late doses only a phase of which nothing was given yet can be laid out again: from the day on which a dose that is
    put off may begin, or from the day that the data count from the last dose of the phase before. Never on a day that is over."""
    waiting = next((dose for dose in doses if dose.state == "planned"), None)
    if waiting is None:
        return []
    until = held.get(waiting.number)
    put_off = until if until is not None and until > waiting.target else None
    days: dict[int, date] = {}
    last: date | None = None
    for dose in doses:
        slot = slot_at(path, dose.number)
        if dose.state not in ("given", "planned") or slot is None:
            continue
        if dose.state == "planned" and slot.index == 0:
            on = _begins(slot, days, last, dose.target, put_off if dose is waiting else None)
            if on != dose.target and ((dose is waiting and put_off is not None) or on >= today):
                return _laid_moves(path, doses, dose.number, on)
        day = dose.given_on or dose.target
        if (
            last is not None and day <= last
        ):  # it waits on a day that is over: a prescriber sets that one first
            return []
        days[dose.number] = last = day
    return []


def _begins(
    slot: Slot, days: Mapping[int, date], last: date | None, stands: date, put_off: date | None
) -> date:
    """On which day a phase that has not begun can begin: where it stands, unless the data or somebody who put it off say another day."""
    counted = window_of(slot, days.get) if begins_by_months(slot) else None
    if counted is None and put_off is None:
        return stands
    on = counted.target if counted is not None else stands
    return max(filter(None, (on, put_off, not_before(slot, last))))


def _laid_moves(path: Sequence[Phase], doses: Sequence[Stands], first: int, on: date) -> list[Move]:
    stands = {dose.number: dose.target for dose in doses}
    laid = laid_again(path, doses, first=first, on=on) or []
    return [
        Move(number, window, soonest) for number, window, soonest in laid if window.target != stands[number]
    ]


def laid_again(
    path: Sequence[Phase], doses: Sequence[Stands], *, first: int, on: date
) -> list[tuple[int, DoseWindow, date | None]] | None:
    """The planned doses from `first` on, which is set to the day `on`: (number, window, first day that the minimum allows).

    The protocol's own days and intervals are counted from there. None where they do not say: then a prescriber sets each day.
    """
    days = {dose.number: dose.given_on or dose.target for dose in doses if dose.number < first}
    given = [dose.given_on for dose in doses if dose.given_on is not None]
    last: date | None = max(given, default=None)
    found: list[tuple[int, DoseWindow, date | None]] = []
    for dose in doses:
        slot = slot_at(path, dose.number)
        if dose.state != "planned" or dose.number < first or slot is None:
            continue
        soonest = not_before(slot, last)
        if dose.number == first:
            window: DoseWindow | None = DoseWindow(on, on, None)
        else:
            window = _next_in_row(slot, days) or window_of(slot, days.get)
            window = kept(window, soonest) if window is not None else None
        if window is None or (last is not None and window.target <= last):
            return None
        days[dose.number] = last = window.target
        found.append((dose.number, window, soonest))
    return found


def _next_in_row(slot: Slot, days: Mapping[int, date]) -> DoseWindow | None:
    """A dose of fixed days keeps its distance from the one before it in the same phase."""
    offset, before = _offset(slot), days.get(slot.number - 1)
    if slot.index == 0 or offset is None or before is None:
        return None
    day = before + timedelta(days=offset - (slot.phase.day_offsets or ())[slot.index - 1])
    return DoseWindow(day, day, None)


# --- Cycles ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Cycle:
    """From one given dose to the day before the next; the running one has no end."""

    number: int
    starts: date
    ends: date | None

    def day(self, day: date) -> int | None:
        """1 on the day of the dose; None outside the cycle."""
        if day < self.starts or (self.ends is not None and day > self.ends):
            return None
        return (day - self.starts).days + 1


def cycles(given: Sequence[date], *, over: date | None = None) -> list[Cycle]:
    """Cycles of the days on which doses were given, oldest first. `over` is the last day of a treatment that has ended."""
    starts: list[date] = []
    last: date | None = None
    for day in sorted(set(given)):
        if last is None or (day - last).days > CYCLE_GAP_DAYS:
            starts.append(day)
        last = day
    ends: list[date | None] = [*(day - timedelta(days=1) for day in starts[1:]), over]
    return [
        Cycle(number, first, end)
        for number, (first, end) in enumerate(zip(starts, ends, strict=False), start=1)
    ]


# --- Months (only for checks whose interval the data give in months) -----------------------------------------------


def add_months(day: date, months: int) -> date:
    """The same day of the month, some months later; the last day of a shorter month."""
    total = day.year * 12 + day.month - 1 + months
    year, month = divmod(total, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, min(day.day, last))
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")


def last_check(due: date, last_done: date | None, until: date) -> date | None:
    """The day of a check that ends on `until`: its interval's day, but the last one at the end itself; None when that was done."""
    if due <= until:
        return due
    return None if last_done is not None and last_done >= until - EARLY else until


def next_due(
    *, every_months: int | None, since: date, last_done: date | None, until: date | None, end_is_a_day: bool = False
) -> date | None:  # fmt: skip
    """When a regular check is next due; None when the data give no interval, or when its time is over.

    `end_is_a_day`: the last one is at the end itself (see `last_check`), as for what ends so many months after the last dose.
    """
    if every_months is None:
        return None
    due = add_months(last_done or since, every_months)
    if until is None or due <= until:
        return due
    return last_check(due, last_done, until) if end_is_a_day else None
