"""The trend of numbers: nothing is converted, nothing is mixed, and every number lies on its scale."""

from __future__ import annotations

import itertools
import re
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from treatment.ledger import trend

DAY = date(2026, 1, 31)
NUMBERS = st.decimals("0", "9999999", places=4)


@given(st.lists(NUMBERS, min_size=1, max_size=12))
def test_five_even_ticks_hold_every_number(numbers: list[Decimal]) -> None:
    ticks = trend.scale_of(numbers)
    steps = {later - earlier for earlier, later in itertools.pairwise(ticks)}
    assert len(ticks) == trend.TICKS
    assert len(steps) == 1
    assert min(steps) > 0
    assert ticks[0] <= min(numbers)
    assert max(numbers) <= ticks[-1]
    for number in numbers:
        assert 0 <= trend.down(number, ticks) <= trend.TICKS * trend.STEP


def test_a_higher_number_stands_higher_and_a_later_day_further_right() -> None:
    points = [
        (DAY + timedelta(days=days), "igg", text, "g/L", "")
        for days, text in ((0, "6.1"), (30, "9.8"), (60, "<7"))
    ]
    (series,) = trend.series_of(points)
    drawn = trend.draw(series, [DAY + timedelta(days=30), DAY + timedelta(days=90)])
    places = [(int(x), int(y)) for x, y in re.findall(r"[ML](\d+) (\d+)", drawn.line)]
    assert [x for x, _y in places] == sorted(x for x, _y in places)
    assert places[1][1] < places[2][1] < places[0][1]
    assert drawn.doses.count("M") == 1  # the dose after the last number is outside the chart
    assert drawn.words == ["10", "9", "8", "7", "6"]


def test_units_and_makers_have_lines_of_their_own() -> None:
    rows = [
        (DAY, "igg", "6.1", "g/L", ""), (DAY, "igg", "610", "mg/dL", ""), (DAY, "index", "0.2", "index", "Stratify JCV"),
        (DAY, "index", "0.9", "index", "Labcorp JCV"), (DAY + timedelta(days=1), "index", "0.3", "index", " stratify  jcv"),
    ]  # fmt: skip
    found = trend.series_of(rows)
    assert [(one.code, one.unit, len(one.points)) for one in found] == [
        ("igg", "g/L", 1), ("igg", "mg/dL", 1), ("index", "index", 2), ("index", "index", 1)
    ]  # fmt: skip


def test_what_is_no_number_is_not_drawn_and_a_limit_is_drawn_at_its_limit() -> None:
    assert trend.number_of("<0.20") == Decimal("0.20")
    for text in ("", "-", "NaN", "Infinity", "none"):
        assert trend.number_of(text) is None
    assert trend.series_of([(DAY, "igg", "word", "g/L", "")]) == []


def test_one_number_or_the_same_one_twice_can_be_drawn() -> None:
    for numbers in (["7"], ["7", "7"], ["0", "0"]):
        rows = [(DAY + timedelta(days=place), "igg", text, "g/L", "") for place, text in enumerate(numbers)]
        (series,) = trend.series_of(rows)
        assert trend.draw(series).dots.count("h0") == len(numbers)
