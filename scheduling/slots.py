"""Free places as arithmetic on time: no database, no clock, no request.

A rule says what the clock on the site's wall shows. An instant is open when the wall clock at that instant reads a day and
a time inside a rule. So when clocks go forward, a time that does not exist is never offered, and when they go back, the
repeated hour is open twice and its times are two different instants. All spans are half open, aware and in UTC.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo

UTC = dt.UTC
STEP = dt.timedelta(minutes=15)
DAY = dt.timedelta(days=1)
PROBE = dt.timedelta(hours=3)
EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - a wall clock without a zone, to count its minutes

Span = tuple[dt.datetime, dt.datetime]


@dataclass(frozen=True, slots=True)
class Rule:
    """Open every `weekday` (0 is Monday) from `starts` until `ends` on the wall clock, on days within the limits."""

    weekday: int
    starts: dt.time
    ends: dt.time
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None

    def holds_on(self, day: dt.date) -> bool:
        """True when the rule opens this calendar day of the site."""
        return (
            day.weekday() == self.weekday
            and (self.valid_from is None or self.valid_from <= day)
            and (self.valid_to is None or day <= self.valid_to)
        )


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time in which a zone's clocks run evenly: wall clock = UTC + offset."""

    start: dt.datetime
    end: dt.datetime
    offset: dt.timedelta


@lru_cache(maxsize=64)
def stretches(zone: str, start: dt.datetime, end: dt.datetime) -> tuple[Stretch, ...]:
    """The stretches of a zone between two instants; each clock change is found to the second."""
    found: list[Stretch] = []
    begin, offset = start, _offset(zone, start)
    at = start
    while at < end:
        following = min(at + PROBE, end)
        if _offset(zone, following) != offset:
            change = _change_between(zone, at, following)
            found.append(Stretch(begin, change, offset))
            begin, offset = change, _offset(zone, change)
            at = change
            continue
        at = following
    found.append(Stretch(begin, end, offset))
    return tuple(stretch for stretch in found if stretch.start < stretch.end)


def _offset(zone: str, instant: dt.datetime) -> dt.timedelta:
    offset = instant.astimezone(ZoneInfo(zone)).utcoffset()
    assert offset is not None
    return offset


def _change_between(zone: str, low: dt.datetime, high: dt.datetime) -> dt.datetime:
    """The first second after `low` at which the offset is no longer that of `low`."""
    before, second = _offset(zone, low), dt.timedelta(seconds=1)
    while high - low > second:
        middle = low + ((high - low) // 2 // second) * second
        if _offset(zone, middle) == before:
            low = middle
        else:
            high = middle
    return high


def merged(spans: Iterable[Span]) -> list[Span]:
    """The same time as ordered spans that do not touch."""
    result: list[Span] = []
    for start, end in sorted(spans):
        if start >= end:
            continue
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(result[-1][1], end))
        else:
            result.append((start, end))
    return result


def without(spans: Iterable[Span], taken: Iterable[Span]) -> list[Span]:
    """The time in `spans` that is not in `taken`."""
    blocks = merged(taken)
    result: list[Span] = []
    index = 0
    for start, end in merged(spans):
        while index < len(blocks) and blocks[index][1] <= start:
            index += 1
        at = index
        while at < len(blocks) and blocks[at][0] < end:
            if blocks[at][0] > start:
                result.append((start, blocks[at][0]))
            start = max(start, blocks[at][1])
            at += 1
        if start < end:
            result.append((start, end))
    return result


def within(spans: Iterable[Span], start: dt.datetime, end: dt.datetime) -> list[Span]:
    """The part of `spans` between two instants."""
    return merged((max(start, low), min(end, high)) for low, high in spans)


def open_spans(
    rules: Sequence[Rule],
    *,
    zone: str,
    start: dt.datetime,
    end: dt.datetime,
    holidays: frozenset[dt.date] = frozenset(),
    opened: Iterable[Span] = (),
    closed: Iterable[Span] = (),
) -> list[Span]:
    """When a lane works between two instants: rules, less holidays, plus extra times, less closed times (they win)."""
    worked: list[Span] = []
    for stretch in stretches(zone, start, end):
        wall_start = stretch.start.replace(tzinfo=None) + stretch.offset
        wall_end = stretch.end.replace(tzinfo=None) + stretch.offset
        first, last = wall_start.date(), wall_end.date()
        for rule in rules:
            day = first + ((rule.weekday - first.weekday()) % 7) * DAY
            while day <= last:
                if day not in holidays and rule.holds_on(day):
                    low = max(dt.datetime.combine(day, rule.starts), wall_start)
                    high = min(dt.datetime.combine(day, rule.ends), wall_end)
                    if low < high:
                        worked.append((_instant(low, stretch.offset), _instant(high, stretch.offset)))
                day += 7 * DAY
    return without(within([*worked, *opened], start, end), closed)


def _instant(wall: dt.datetime, offset: dt.timedelta) -> dt.datetime:
    return (wall - offset).replace(tzinfo=UTC)


def starts(
    free: Iterable[Span], *, minutes: int, zone: str, step: dt.timedelta = STEP
) -> Iterator[dt.datetime]:
    """Every instant on the wall clock's grid from which the next `minutes` are free, in order."""
    length = dt.timedelta(minutes=minutes)
    for low, high in merged(free):
        if high - low < length:
            continue
        for stretch in stretches(zone, low, high):
            wall = stretch.start.replace(tzinfo=None) + stretch.offset
            at = stretch.start + (-(wall - EPOCH) % step)
            while at < stretch.end and at + length <= high:
                yield at
                at += step


def is_start(
    free: Iterable[Span], at: dt.datetime, *, minutes: int, zone: str, step: dt.timedelta = STEP
) -> bool:
    """True when `at` is one of `starts`."""
    wall = at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    if (wall - EPOCH) % step:
        return False
    end = at + dt.timedelta(minutes=minutes)
    return any(low <= at and end <= high for low, high in merged(free))


def spread(all_starts: Iterable[dt.datetime], *, minutes: int) -> list[dt.datetime]:
    """Starts one length apart: what a page shows of a free morning, so that no hole is left that fits nobody."""
    length = dt.timedelta(minutes=minutes)
    chosen: list[dt.datetime] = []
    for start in sorted(set(all_starts)):
        if not chosen or start - chosen[-1] >= length:
            chosen.append(start)
    return chosen


def nearest(all_starts: Iterable[dt.datetime], wanted: dt.datetime, count: int) -> list[dt.datetime]:
    """The `count` starts next to `wanted`, earlier or later, in the order of the clock."""
    ranked = sorted(set(all_starts), key=lambda start: (abs(start - wanted), start))
    return sorted(ranked[:count])
