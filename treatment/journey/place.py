"""Where a patient stands between two doses: plain dates and numbers, no database and no words. Days are the site's calendar days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from treatment.courses.planning import CYCLE_GAP_DAYS

WEEKS_FROM = 64
"""A wait of more than nine weeks is counted in weeks: "week 9 of 26" is easier to hold in mind than "day 59 of 182"."""


class Kind(StrEnum):
    AHEAD = "ahead"  # nothing was given yet
    UNKNOWN = "unknown"  # something was given elsewhere, and nobody knows the day
    IN_A_ROW = "in_a_row"  # between the days of a course of days in a row
    CYCLE = "cycle"  # between two doses
    SINCE = "since"  # after a dose, and no next day counts: none is planned, or the treatment is paused


class Unit(StrEnum):
    DAY = "day"
    WEEK = "week"


@dataclass(frozen=True, slots=True)
class Place:
    """The `at`-th of `of` units. Day 1 is the day of the last dose; for days in a row `at` is how many of them are over.

    `at` may be larger than `of`: the planned day is over, and the count goes on.
    """

    kind: Kind
    at: int | None = None
    of: int | None = None
    unit: Unit = Unit.DAY

    @property
    def is_past(self) -> bool:
        """The planned time is over."""
        return self.at is not None and self.of is not None and self.at > self.of


def place_of(
    today: date, last: date | None, target: date | None, *, row: tuple[int, int] | None = None, unknown: bool = False
) -> Place:  # fmt: skip
    """Where `today` lies. `last`: the newest dose of this medicine. `target`: the next planned day, None when none counts.

    `row`: (how many are over, how many there are) when the next dose is one of fixed days of a phase. `unknown`: there were doses
    whose days nobody knows.
    """
    if last is None or last > today:
        return Place(Kind.UNKNOWN if unknown else Kind.AHEAD)
    if row is not None and row[0] and target is not None and (target - last).days <= CYCLE_GAP_DAYS:
        return Place(Kind.IN_A_ROW, *row)
    day = (today - last).days + 1
    if target is None or target <= last:
        unit = Unit.WEEK if day > WEEKS_FROM else Unit.DAY
        return Place(Kind.SINCE, _count(day, unit), None, unit)
    length = (target - last).days
    unit = Unit.WEEK if length >= WEEKS_FROM else Unit.DAY
    return Place(Kind.CYCLE, _count(day, unit), _count(length, unit), unit)


def _count(days: int, unit: Unit) -> int:
    """Days, or the weeks that they reach into."""
    return -(-days // 7) if unit is Unit.WEEK else days


# --- The picture -------------------------------------------------------------------------------------------------------

WIDTH, HEIGHT = 320, 44
LEFT, RIGHT, LINE = 14.0, 306.0, 30.0
SQUARE = 20.0
MOST_TICKS = 14


@dataclass(frozen=True, slots=True)
class Picture:
    """Paths of the drawing. Each thing has a form of its own, so that nothing hangs on a color: what is over is thick or filled, what
    comes is thin or empty, and today is a triangle above the line."""

    done: str
    rest: str
    today: str
    start: str = ""
    end: str = ""
    ticks: str = ""

    @property
    def view_box(self) -> str:
        return f"0 0 {WIDTH} {HEIGHT}"


def picture_of(place: Place) -> Picture | None:
    """The drawing of a place; None where there is no length to draw."""
    if place.at is None or place.of is None:
        return None
    return _squares(place.at, place.of) if place.kind is Kind.IN_A_ROW else _line(place.at, place.of)


def _line(at: int, of: int) -> Picture:
    share = min(max(at - 1, 0) / of, 1.0) if of else 1.0
    here = LEFT + (RIGHT - LEFT) * share
    step = max(1, -(-of // MOST_TICKS))
    ticks = "".join(
        f"M{LEFT + (RIGHT - LEFT) * number / of:.1f} {LINE + 7:.0f}v5" for number in range(step, of, step)
    )
    return Picture(
        done=f"M{LEFT:.0f} {LINE:.0f}H{here:.1f}" if share else "",
        rest=f"M{here:.1f} {LINE:.0f}H{RIGHT - 8:.0f}" if share < 1 else "",
        today=_triangle(here),
        start=_circle(LEFT),
        end=_circle(RIGHT),
        ticks=ticks,
    )


def _squares(at: int, of: int) -> Picture:
    gap = min(60.0, (RIGHT - LEFT) / max(of, 1))
    boxes = [f"M{LEFT + gap * number - 4:.1f} {LINE - 10:.0f}h{SQUARE:.0f}v{SQUARE:.0f}h-{SQUARE:.0f}z" for number in range(of)]  # fmt: skip
    over = min(at, of)
    here = LEFT + gap * min(over, of - 1) - 4 + SQUARE / 2
    return Picture(done="".join(boxes[:over]), rest="".join(boxes[over:]), today=_triangle(here))


def _circle(x: float) -> str:
    return f"M{x - 7:.1f} {LINE:.0f}a7 7 0 1 0 14 0a7 7 0 1 0 -14 0z"


def _triangle(x: float) -> str:
    return f"M{x - 8:.1f} 3h16l-8 13z"


__all__ = ["Kind", "Picture", "Place", "Unit", "picture_of", "place_of"]
