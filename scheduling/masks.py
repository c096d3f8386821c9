"""Free time as bits of one large number: what makes looking at twelve weeks of seventy lanes quick.

A board covers a time; bit k is its k-th quantum, lowest first. A quantum is so short that the length looked for, the grid and
the zone's offsets are whole numbers of it. So rounding a lane's free time inwards to it loses no start: a start lies on the
grid, and whether the quanta after it are wholly free is what is asked. Pure arithmetic: no database, no clock.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from math import gcd

from scheduling.slots import STEP, UTC, Span, stretches

ORIGIN = dt.datetime(1970, 1, 1, tzinfo=UTC)
SECOND = dt.timedelta(seconds=1)

DAY_QUARTERS = 96
Seconds = tuple[int, int]


def seconds_of(at: dt.datetime) -> int:
    """Whole seconds since 1970 (UTC), rounded down."""
    return (at - ORIGIN) // SECOND


def seconds_until(at: dt.datetime) -> int:
    """Whole seconds since 1970 (UTC), rounded up."""
    return -((ORIGIN - at) // SECOND)


def instant_of(seconds: int) -> dt.datetime:
    """The instant (UTC) so many seconds after 1970 began."""
    return ORIGIN + seconds * SECOND


class Board:
    """The time from `start` to `end` (aware) of a zone, cut for starts of a length of `minutes`."""

    def __init__(self, start: dt.datetime, end: dt.datetime, *, zone: str, minutes: int) -> None:
        self.start, self.end = start, end
        self.even = stretches(zone, start, end) if start < end else ()
        self.step = int(STEP / SECOND)
        self.quantum = gcd(
            self.step, minutes * 60, *(int(abs(stretch.offset) / SECOND) for stretch in self.even)
        )
        self.length = minutes * 60 // self.quantum
        self.first = seconds_of(start) // self.quantum
        self.size = max(0, -(-seconds_of(end) // self.quantum) - self.first) if start < end else 0

    def free(self, spans: Iterable[Span]) -> int:
        """The quanta that lie wholly inside the spans; what reaches over the board is cut off."""
        mask = 0
        for low, high in spans:
            begin = max(0, self._up(max(low, self.start)))
            until = min(self.size, self._down(min(high, self.end)))
            if begin < until:
                mask |= ((1 << (until - begin)) - 1) << begin
        return mask

    def touched(self, spans: Iterable[Span]) -> int:
        """The quanta that the spans touch."""
        return self.touched_seconds((seconds_of(low), seconds_until(high)) for low, high in spans)

    def touched_seconds(self, spans: Iterable[Seconds]) -> int:
        """The same for spans given as whole seconds since 1970, rounded outwards."""
        quantum, first, size = self.quantum, self.first, self.size
        bits, ones = bytearray(b"0") * size, b"1" * size
        for low, high in spans:
            begin, until = low // quantum - first, -(-high // quantum) - first
            begin = begin if begin > 0 else 0
            until = until if until < size else size
            if begin < until:
                bits[begin:until] = ones[: until - begin]
        bits.reverse()
        return int(bits, 2) if size else 0

    @property
    def counts_in_quarters(self) -> bool:
        """A quantum is a quarter of an hour: what is kept by days can be read."""
        return self.quantum == 900

    @property
    def days(self) -> tuple[dt.date, dt.date]:
        """The first and the last day (UTC) that the board touches."""
        return self.start.astimezone(UTC).date(), self.end.astimezone(UTC).date()

    def touched_days(self, days: Iterable[tuple[int, str]]) -> int:
        """The quanta taken on days counted from the board's first day (UTC), each as 96 quarters, "1" taken."""
        bits, before = bytearray(b"0") * self.size, self.first % DAY_QUARTERS
        for day, quarters in days:
            begin = day * DAY_QUARTERS - before
            low, high = max(0, begin), min(self.size, begin + DAY_QUARTERS)
            if low < high:
                bits[low:high] = quarters[low - begin : high - begin].encode()
        bits.reverse()
        return int(bits, 2) if self.size else 0

    def grid(self) -> int:
        """The quanta at which the wall clock shows a quarter of an hour."""
        mask, every = 0, self.step // self.quantum
        for stretch in self.even:
            begin = max(0, self._up(stretch.start))
            until = min(self.size, self._up(stretch.end))
            wall = (self.first + begin) * self.quantum + int(stretch.offset / SECOND)
            begin += (-wall % self.step) // self.quantum
            if begin < until:
                count = -(-(until - begin) // every)
                comb = ((1 << (count * every)) - 1) // ((1 << every) - 1)
                mask |= comb << begin
        return mask

    def startable(self, free: int) -> int:
        """The quanta from which the whole length is free: with each doubling a run of twice as many."""
        have, left = 1, self.length
        while have < left and free:
            shift = min(have, left - have)
            free &= free >> shift
            have += shift
        return free

    def together(self, pools: Iterable[Iterable[int]], throughout: int) -> int:
        """The starts on the grid from which one lane of each pool is free for the whole length, inside `throughout`.

        A pool is the free time of each of its lanes. Which lane it is does not matter to the others, so the answer is the
        intersection of what each pool can start, not of what it has free.
        """
        found = self.startable(throughout) & self.grid()
        for pool in pools:
            some = 0
            for free in pool:
                some |= self.startable(free)
            found &= some
        return found

    def instants(self, mask: int) -> Iterator[dt.datetime]:
        """The instants (UTC) of the bits, in the order of the clock."""
        text, at = bin(mask)[:1:-1], -1
        while (at := text.find("1", at + 1)) >= 0:
            yield instant_of((self.first + at) * self.quantum)

    def _up(self, at: dt.datetime) -> int:
        return -(-seconds_until(at) // self.quantum) - self.first

    def _down(self, at: dt.datetime) -> int:
        return seconds_of(at) // self.quantum - self.first
