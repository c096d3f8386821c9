"""Arithmetic of the journal's charts. Pure: no Django, no database; days and levels in, days and numbers out.

A level is a word as a number, 0 (None) to 4 (Very bad). A day on which nothing was noted is a gap; it is never a zero.
The rules are stated once more, in plain words, on the charts' own page and in docs/decisions/0012-charts-only-count.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

LEVELS = 5
LAST_DAYS = 14  # the days at the end of a cycle that are compared with the days before them
ENOUGH_TENTHS = 4  # a part of a cycle counts when words stand on at least 4 of every 10 of its days
FEWEST_CYCLES = 2
MOST_CYCLES = 6  # the newest full cycles that are looked at
LONGEST_AXIS = 364  # days of a cycle that are drawn at most
DAYS_ONE_BY_ONE = 42  # a cycle axis longer than this is drawn by weeks

STEP = 10  # units of the drawing for each place on the axis and for each level
SMALL_STEP = 2  # units for each place in the small charts of a report

Levels = Mapping[date, int]


@dataclass(frozen=True, slots=True)
class Range:
    """A stretch of days up to today, in `slots` places of `days_in_slot` days each."""

    code: str
    slots: int
    days_in_slot: int

    @property
    def days(self) -> int:
        return self.slots * self.days_in_slot

    def first(self, today: date) -> date:
        """The first day of the stretch that ends with `today`."""
        return today - timedelta(days=self.days - 1)


FOUR_WEEKS = Range("4-weeks", 28, 1)
THREE_MONTHS = Range("3-months", 91, 1)
YEAR = Range("year", 52, 7)
RANGES = {one.code: one for one in (FOUR_WEEKS, THREE_MONTHS, YEAR)}


@dataclass(frozen=True, slots=True)
class Point:
    """What is drawn at one place of the axis (`slot`, from 0): the middle of the levels noted there.

    `days` says on how many days of the place something was noted, `lowest` and `highest` how far they lie apart.
    """

    slot: int
    level: int
    lowest: int
    highest: int
    days: int


@dataclass(frozen=True, slots=True)
class Counts:
    """On how many of `all_days` something was noted, and on how many of those each level."""

    all_days: int
    per_level: tuple[int, ...]

    @property
    def days(self) -> int:
        return sum(self.per_level)


@dataclass(frozen=True, slots=True)
class Cycle:
    """The days from one infusion (`starts`) to the day before the next (`ends`); the running one has no end."""

    starts: date
    ends: date | None

    def days(self) -> int:
        """How long a full cycle is. Raises ValueError for the running one."""
        if self.ends is None:
            raise ValueError("the running cycle has no length yet")
        return (self.ends - self.starts).days + 1


@dataclass(frozen=True, slots=True)
class CycleCounts:
    """Of `counted` cycles, in how many the end was `higher`; `left_out` cycles had too few days with a word."""

    higher: int
    counted: int
    left_out: int

    @property
    def enough(self) -> bool:
        return self.counted >= FEWEST_CYCLES


@dataclass(frozen=True, slots=True)
class CycleChart:
    """The days of a cycle on one axis: the middle of the earlier cycles, and this cycle up to today."""

    slots: int
    days_in_slot: int
    earlier: list[Point]
    this: list[Point]
    counts: CycleCounts


def day_levels(noted: Iterable[tuple[date, int]]) -> dict[date, int]:
    """One level for each day: the highest that was noted on it. The order of the notes does not matter."""
    levels: dict[date, int] = {}
    for day, level in noted:
        if level > levels.get(day, -1):
            levels[day] = level
    return levels


def middle(levels: Sequence[int]) -> int:
    """The lowest level such that at least half of `levels` are at or below it. Raises IndexError for none."""
    return sorted(levels)[(len(levels) - 1) // 2]


def _points(slots: Mapping[int, list[int]]) -> list[Point]:
    return [
        Point(slot, middle(found), min(found), max(found), len(found))
        for slot, found in sorted(slots.items())
        if found
    ]


def by_date(levels: Levels, stretch: Range, today: date) -> list[Point]:
    """The points of a stretch of days, oldest first; places without a word have no point."""
    first = stretch.first(today)
    slots: dict[int, list[int]] = {}
    for day, level in levels.items():
        if first <= day <= today:
            slots.setdefault((day - first).days // stretch.days_in_slot, []).append(level)
    return _points(slots)


def count_levels(levels: Levels, stretch: Range, today: date) -> Counts:
    """How often each level was noted in the stretch that ends with `today`."""
    first = stretch.first(today)
    per_level = [0] * LEVELS
    for day, level in levels.items():
        if first <= day <= today:
            per_level[level] += 1
    return Counts(stretch.days, tuple(per_level))


# --- By day of treatment cycle -------------------------------------------------------------------------------


def full_cycles(cycles: Iterable[Cycle], today: date) -> list[Cycle]:
    """The newest six cycles that are over, oldest first."""
    over = [cycle for cycle in cycles if cycle.ends is not None and cycle.ends < today]
    return sorted(over, key=lambda cycle: cycle.starts)[-MOST_CYCLES:]


def may_have_cycles(given: Sequence[date]) -> bool:
    """Whether two cycles can be over: three infusions that are not on days in a row. Only a hint for a link."""
    apart = [day for day in given if day - timedelta(days=1) not in set(given)]
    return len(apart) > FEWEST_CYCLES


def running_cycle(cycles: Iterable[Cycle], today: date) -> Cycle | None:
    """The cycle that `today` lies in, if it has no end yet."""
    running = [cycle for cycle in cycles if cycle.ends is None and cycle.starts <= today]
    return max(running, key=lambda cycle: cycle.starts, default=None)


def end_was_higher(levels: Levels, cycle: Cycle) -> bool | None:
    """Whether the average level of a full cycle's last 14 days is above the average of its days before.

    None when the cycle cannot be counted: it has no days before the last 14, or words stand on fewer than 4 of every 10 days
    in one of the two parts. The averages are of the days with a word, compared exactly; equal is not higher.
    """
    assert cycle.ends is not None
    border = cycle.ends - timedelta(days=LAST_DAYS - 1)
    before_days = (border - cycle.starts).days
    if before_days <= 0:
        return None
    last: list[int] = []
    before: list[int] = []
    for day, level in levels.items():
        if cycle.starts <= day <= cycle.ends:
            (last if day >= border else before).append(level)
    for found, days in ((last, LAST_DAYS), (before, before_days)):
        if 10 * len(found) < ENOUGH_TENTHS * days:
            return None
    return sum(last) * len(before) > sum(before) * len(last)


def count_cycles(levels: Levels, cycles: Iterable[Cycle]) -> CycleCounts:
    """In how many full cycles the end was higher, how many could be counted, and how many could not."""
    found = [end_was_higher(levels, cycle) for cycle in cycles]
    return CycleCounts(
        higher=found.count(True), counted=len(found) - found.count(None), left_out=found.count(None)
    )


def by_cycle(levels: Levels, cycles: Sequence[Cycle], today: date) -> CycleChart | None:
    """The chart by day of cycle; None when fewer than two cycles are over."""
    full, running = full_cycles(cycles, today), running_cycle(cycles, today)
    if len(full) < FEWEST_CYCLES:
        return None
    so_far = (today - running.starts).days + 1 if running else 0
    length = min(LONGEST_AXIS, max(so_far, *(cycle.days() for cycle in full)))
    days_in_slot = 1 if length <= DAYS_ONE_BY_ONE else 7
    earlier: dict[int, list[int]] = {}
    this: dict[int, list[int]] = {}
    for day, level in levels.items():
        for cycle in full:
            assert cycle.ends is not None
            if cycle.starts <= day <= cycle.ends and (day - cycle.starts).days < length:
                earlier.setdefault((day - cycle.starts).days // days_in_slot, []).append(level)
        if running and running.starts <= day <= today and (day - running.starts).days < length:
            this.setdefault((day - running.starts).days // days_in_slot, []).append(level)
    return CycleChart(
        slots=-(-length // days_in_slot),
        days_in_slot=days_in_slot,
        earlier=_points(earlier),
        this=_points(this),
        counts=count_cycles(levels, full),
    )


# --- The drawing ---------------------------------------------------------------------------------------------
# A drawing is `slots` x 5 places of 10 units each. It holds no text: words stand beside it, so that they keep their size.


def across(slot: int, step: int = STEP) -> int:
    """The middle of a place on the axis that is `step` units wide, in units from the left."""
    return slot * step + step // 2


def down(level: int) -> int:
    """The middle of a level's row, in units from the top: Very bad is the top row."""
    return (LEVELS - 1 - level) * STEP + STEP // 2


def dots(points: Iterable[Point], step: int = STEP) -> str:
    """A dot for each point, as the path of strokes without length (round ends make the dot)."""
    return "".join(f"M{across(point.slot, step)} {down(point.level)}h0" for point in points)


def line(points: Iterable[Point], step: int = STEP) -> str:
    """Lines between points that stand side by side; a gap breaks the line."""
    path, before = [], None
    for point in points:
        pen = "L" if before is not None and point.slot == before + 1 else "M"
        path.append(f"{pen}{across(point.slot, step)} {down(point.level)}")
        before = point.slot
    return "".join(path)


def upright(slots: Iterable[int], step: int = STEP) -> str:
    """A line from top to bottom at each of these places."""
    return "".join(f"M{across(slot, step)} 0V{LEVELS * STEP}" for slot in sorted(set(slots)))


def grid(slots: int, step: int = STEP) -> str:
    """A line along the middle of each level's row."""
    return "".join(f"M0 {down(level)}H{slots * step}" for level in range(LEVELS))


def view_box(slots: int, step: int = STEP) -> str:
    """The box that holds a drawing, as SVG names it."""
    return f"0 0 {slots * step} {LEVELS * STEP}"
