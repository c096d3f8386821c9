"""The trend of a number: a scale, points and paths. Pure: no Django, no database. It draws and counts, and says nothing about good or bad.

Numbers are drawn only beside others of the same measure, the same unit and, where the maker matters, the same maker's test. Nothing is converted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

TICKS = 5  # lines of the scale, as many as a chart has rows
STEP = 10  # units of the drawing for each row
WIDTH = 300
MARGIN = 6


@dataclass(frozen=True, slots=True)
class Found:
    """A number on a day, as it was entered ("<0.2" stays so)."""

    day: date
    text: str
    number: Decimal


@dataclass(frozen=True, slots=True)
class Series:
    """What may stand on one line: one measure in one unit, of one maker's test."""

    code: str
    unit: str
    assay: str
    points: tuple[Found, ...]  # oldest first


def number_of(text: str) -> Decimal | None:
    """The number in "0.45" or "<0.2"; None for what is none."""
    try:
        found = Decimal(text.lstrip("<>"))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def series_of(rows: Iterable[tuple[date, str, str, str, str]]) -> list[Series]:
    """Rows of (day, measure, number, unit, maker's test) as lines, in the order in which they first come; each line oldest first."""
    groups: dict[tuple[str, str, str], list[Found]] = {}
    for day, code, text, unit, assay in rows:
        number = number_of(text)
        if number is not None:
            key = (code, unit, " ".join(assay.casefold().split()))
            groups.setdefault(key, []).append(Found(day, text, number))
    return [
        Series(code, unit, assay, tuple(sorted(points, key=lambda found: found.day)))
        for (code, unit, assay), points in groups.items()
    ]


def scale_of(numbers: Sequence[Decimal]) -> list[Decimal]:
    """Five even ticks, lowest first, between which all numbers lie; steps of 1, 2, 2.5 or 5 times a power of ten."""
    low, high = min(numbers), max(numbers)
    spread = high - low
    if spread == 0:
        spread = abs(high) or Decimal(1)
    raw = spread / (TICKS - 1)
    power = Decimal(10) ** raw.adjusted()
    for factor in ("1", "2", "2.5", "5", "10", "20"):
        step = Decimal(factor) * power
        bottom = (low / step).to_integral_value(rounding="ROUND_FLOOR") * step
        if step >= raw and bottom + step * (TICKS - 1) >= high:
            return [bottom + step * place for place in range(TICKS)]
    raise AssertionError("twenty times the power holds every spread")


def tick_words(ticks: Sequence[Decimal]) -> list[str]:
    """The ticks as text, top row first, without needless zeros."""
    return [format(tick.normalize() if tick else Decimal(0), "f") for tick in reversed(ticks)]


def across(day: date, first: date, last: date) -> int:
    """Where a day stands between the first and the last one, in units from the left; a single day stands in the middle."""
    days = (last - first).days
    if days <= 0:
        return WIDTH // 2
    return MARGIN + (WIDTH - 2 * MARGIN) * (day - first).days // days


def down(number: Decimal, ticks: Sequence[Decimal]) -> int:
    """Where a number stands, in units from the top: the highest tick is the middle of the top row."""
    place = (number - ticks[0]) / (ticks[1] - ticks[0])
    return round((TICKS - 1 - place) * STEP) + STEP // 2


@dataclass(frozen=True, slots=True)
class Drawing:
    """The paths of a chart and the words beside them."""

    view_box: str
    grid: str
    line: str
    dots: str
    doses: str
    words: list[str]


def draw(series: Series, doses: Iterable[date] = ()) -> Drawing:
    """A line's drawing. `doses` inside its days are upright lines."""
    first, last = series.points[0].day, series.points[-1].day
    ticks = scale_of([found.number for found in series.points])
    places = [(across(found.day, first, last), down(found.number, ticks)) for found in series.points]
    uprights = sorted({across(day, first, last) for day in doses if first <= day <= last and first < last})
    return Drawing(
        view_box=f"0 0 {WIDTH} {TICKS * STEP}",
        grid="".join(f"M0 {STEP * row + STEP // 2}H{WIDTH}" for row in range(TICKS)),
        line="".join(f"{'L' if number else 'M'}{x} {y}" for number, (x, y) in enumerate(places)),
        dots="".join(f"M{x} {y}h0" for x, y in places),
        doses="".join(f"M{x} 0V{TICKS * STEP}" for x in uprights),
        words=tick_words(ticks),
    )


__all__ = ["Drawing", "Found", "Series", "draw", "number_of", "scale_of", "series_of", "tick_words"]
