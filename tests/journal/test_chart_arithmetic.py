"""The charts' arithmetic against oracles that walk day by day and use fractions, and against hand-worked examples."""

from __future__ import annotations

import re
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from statistics import median_low

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from journal import charting
from journal.chart_words import Table, counts_sentence, cycles_sentence, place_words
from journal.charting import FOUR_WEEKS, RANGES, YEAR, Cycle, CycleCounts
from journal.charts import cycle_panel, date_panel
from journal.symptoms import BY_CODE

TODAY = date(2026, 11, 22)
TIREDNESS = BY_CODE["tiredness"]
WORDS = ["None", "A little", "Some", "A lot", "Very bad"]
AGO = st.integers(-20, 420)
LEVELS = st.dictionaries(AGO.map(lambda ago: TODAY - timedelta(days=ago)), st.integers(0, 4), max_size=300)


@st.composite
def histories(draw: st.DrawFn) -> tuple[dict[date, int], list[Cycle]]:
    """Infusions at some distance from each other, and a journal that is dense enough to be counted now and then."""
    lengths = draw(st.lists(st.sampled_from([7, 14, 15, 21, 28, 28, 29, 42, 60, 180]), max_size=8))
    into = draw(st.integers(0, 60))
    starts = [TODAY - timedelta(days=into)]
    for length in lengths:
        starts.append(starts[-1] - timedelta(days=length))
    starts.sort()
    cycles = [Cycle(one, two - timedelta(days=1)) for one, two in pairwise(starts)]
    cycles.append(Cycle(starts[-1], None))
    every = draw(st.sampled_from([1, 1, 2, 3, 5]))
    most = draw(st.sampled_from([1, 4]))
    random = draw(st.randoms(use_true_random=False))
    days = (TODAY - starts[0]).days + 1
    levels = {
        starts[0] + timedelta(days=n): random.randint(0, most)
        for n in range(days)
        if random.randrange(every) == 0
    }
    return levels, cycles


# --- The oracles, from the rules as the page states them ----------------------------------------------------------------


def said_by_hand(levels: dict[date, int], cycles: list[Cycle]) -> str:
    """The counting sentence, worked out day by day from the rule in plain words."""
    over = [cycle for cycle in cycles if cycle.ends is not None and cycle.ends < TODAY][-6:]
    higher = counted = left_out = 0
    for cycle in over:
        assert cycle.ends is not None
        everyday = []
        day = cycle.starts
        while day <= cycle.ends:
            everyday.append(day)
            day += timedelta(days=1)
        end, before = everyday[-14:], everyday[:-14]
        with_word = [[levels[day] for day in part if day in levels] for part in (end, before)]
        dense = before and all(
            Fraction(len(found), len(part)) >= Fraction(4, 10)
            for found, part in zip(with_word, (end, before), strict=True)
        )
        if not dense:
            left_out += 1
            continue
        counted += 1
        average = [Fraction(sum(found), len(found)) for found in with_word]
        higher += average[0] > average[1]
    if counted < 2:
        return "There are too few days with a word to compare cycles for tiredness."
    said = (
        f"In {higher} of {counted} cycles, tiredness was higher in the last 14 days than in the days before."
    )
    if left_out == 1:
        said += " 1 more cycle had too few days with a word to count."
    elif left_out:
        said += f" {left_out} more cycles had too few days with a word to count."
    return said


def counted_by_hand(levels: dict[date, int], days: int) -> str:
    stretch = [TODAY - timedelta(days=back) for back in range(days)]
    noted = [WORDS[levels[day]] for day in stretch if day in levels]
    said = f"Tiredness: a word on {len(noted)} of {days} days."
    parts = [f"{word.lower()} on {noted.count(word)}" for word in WORDS if word in noted]
    return f"{said} {', '.join(parts).capitalize()}." if parts else said


# --- Against the oracles ---------------------------------------------------------------------------------------------------


@given(histories())
@example(({}, []))
def test_the_cycle_sentence_is_what_counting_by_hand_gives(
    history: tuple[dict[date, int], list[Cycle]],
) -> None:
    levels, cycles = history
    found = cycle_panel(TIREDNESS, levels, cycles, TODAY)
    full = [cycle for cycle in cycles if cycle.ends is not None and cycle.ends < TODAY]
    if len(full) < 2:
        assert found is None
    else:
        assert found is not None
        assert found.sentence == said_by_hand(levels, cycles)
        assert (found.drawing is None) == found.sentence.startswith("There are too few days")


def test_the_oracle_meets_every_kind_of_answer() -> None:
    """Hypothesis is only worth something if the histories reach counted, higher and left-out cycles."""
    seen: set[str] = set()

    @given(histories())
    def collect(history: tuple[dict[date, int], list[Cycle]]) -> None:
        said = said_by_hand(*history)
        seen.add(re.sub(r"\d+", "#", said))
        if re.match(r"In [1-9]", said):
            seen.add("higher")

    collect()
    assert len(seen) >= 4, seen
    assert "higher" in seen


@given(LEVELS, st.sampled_from(sorted(RANGES)))
def test_the_date_sentence_and_points_are_what_counting_by_hand_gives(
    levels: dict[date, int], code: str
) -> None:
    stretch = RANGES[code]
    panel = date_panel(TIREDNESS, levels, stretch, TODAY, [])
    assert panel.sentence == counted_by_hand(levels, {"4-weeks": 28, "3-months": 91, "year": 364}[code])
    width = 7 if code == "year" else 1
    places: dict[int, list[int]] = {}
    for back in range(stretch.days):
        day = TODAY - timedelta(days=back)
        if day in levels:
            places.setdefault((stretch.days - 1 - back) // width, []).append(levels[day])
    points = charting.by_date(levels, stretch, TODAY)
    assert {point.slot: point.level for point in points} == {
        n: median_low(found) for n, found in places.items()
    }
    assert sum(point.days for point in points) == sum(map(len, places.values()))
    assert all(point.lowest <= point.level <= point.highest for point in points)


@given(LEVELS, st.sampled_from(sorted(RANGES)), st.lists(st.integers(0, 90), max_size=4))
def test_rows_are_points_and_a_gap_breaks_the_line(
    levels: dict[date, int], code: str, ago: list[int]
) -> None:
    stretch = RANGES[code]
    given_on = sorted({TODAY - timedelta(days=back) for back in ago if back < stretch.days})
    panel = date_panel(TIREDNESS, levels, stretch, TODAY, given_on)
    points = charting.by_date(levels, stretch, TODAY)
    assert panel.drawing is not None
    assert panel.table is not None
    assert len(panel.table.rows) == panel.drawing.dots.count("M") == len(points)
    assert [row[1] for row in panel.table.rows] == [WORDS[point.level] for point in points]
    slots = [point.slot for point in points]
    runs = [slot for slot in slots if slot - 1 not in slots]
    assert panel.drawing.line.count("M") == len(runs)
    assert panel.drawing.line.count("L") == len(slots) - len(runs)
    marked = {(day - stretch.first(TODAY)).days // stretch.days_in_slot for day in given_on}
    assert panel.drawing.infusions.count("M") == len(marked)
    assert [row[-1] != "" for row in panel.table.rows] == [slot in marked for slot in slots]


@given(histories())
def test_cycle_rows_are_the_points_of_both_lines(history: tuple[dict[date, int], list[Cycle]]) -> None:
    panel = cycle_panel(TIREDNESS, *history, TODAY)
    if panel is None or panel.drawing is None:
        return
    assert panel.table is not None
    assert sum(row[1] != "" for row in panel.table.rows) == panel.drawing.squares.count("M")
    assert sum(row[2] != "" for row in panel.table.rows) == panel.drawing.dots.count("M")
    assert all(row[1] or row[2] for row in panel.table.rows)


@given(
    st.lists(st.tuples(st.sampled_from([TODAY, TODAY - timedelta(days=1)]), st.integers(0, 4)), max_size=12)
)
def test_several_notes_of_a_day_are_their_strongest_in_any_order(noted: list[tuple[date, int]]) -> None:
    levels = charting.day_levels(noted)
    assert levels == charting.day_levels(reversed(noted))
    assert levels == {day: max(n for one, n in noted if one == day) for day, _level in noted}


# --- By hand ---------------------------------------------------------------------------------------------------------------


def cycle_of(
    last: int, before: int, *, last_days: int = 14, before_days: int = 14
) -> tuple[dict[date, int], Cycle]:
    """A cycle of 28 days with one level in its last 14 days and another before; only some of the days have a word."""
    starts = date(2026, 1, 1)
    levels = {starts + timedelta(days=n): before for n in range(before_days)}
    levels |= {starts + timedelta(days=14 + n): last for n in range(last_days)}
    return levels, Cycle(starts, starts + timedelta(days=27))


@pytest.mark.parametrize(
    ("last", "before", "last_days", "before_days", "expected"),
    [
        (3, 2, 14, 14, True),
        (2, 2, 14, 14, False),  # equal is not higher
        (1, 2, 14, 14, False),
        (4, 0, 6, 6, True),  # 6 of 14 days are more than 4 of 10
        (4, 0, 5, 14, None),
        (4, 0, 14, 5, None),
        (4, 0, 0, 0, None),
    ],
)
def test_one_cycle_by_hand(
    last: int, before: int, last_days: int, before_days: int, expected: bool | None
) -> None:
    levels, cycle = cycle_of(last, before, last_days=last_days, before_days=before_days)
    assert charting.end_was_higher(levels, cycle) is expected


def test_exactly_four_of_ten_days_are_enough() -> None:
    """29 days: six words on the fifteen days before are 4 of 10, five are not."""
    starts = date(2026, 1, 1)
    cycle = Cycle(starts, starts + timedelta(days=28))
    levels = {starts + timedelta(days=n): 1 for n in range(6)}
    levels |= {starts + timedelta(days=15 + n): 2 for n in range(14)}
    assert charting.end_was_higher(levels, cycle) is True
    del levels[starts]
    assert charting.end_was_higher(levels, cycle) is None


def test_a_cycle_of_fourteen_days_has_nothing_to_compare_with() -> None:
    levels = {date(2026, 1, 1) + timedelta(days=n): 4 for n in range(14)}
    assert charting.end_was_higher(levels, Cycle(date(2026, 1, 1), date(2026, 1, 14))) is None


def test_a_day_without_a_word_is_never_zero() -> None:
    """One very bad day in a week is a very bad week, not a mild one."""
    levels = {TODAY: 4}
    assert [point.level for point in charting.by_date(levels, YEAR, TODAY)] == [4]
    assert charting.count_levels(levels, FOUR_WEEKS, TODAY).per_level == (0, 0, 0, 0, 1)


def test_the_sentence_of_the_issue() -> None:
    assert cycles_sentence(TIREDNESS, CycleCounts(5, 6, 0)) == (
        "In 5 of 6 cycles, tiredness was higher in the last 14 days than in the days before."
    )
    counts = charting.Counts(28, (4, 16, 0, 0, 0))
    assert (
        counts_sentence(TIREDNESS, counts) == "Tiredness: a word on 20 of 28 days. None on 4, a little on 16."
    )


def test_places_of_a_cycle_in_words() -> None:
    assert place_words(0, 1) == "Day 1"
    assert place_words(1, 7) == "Days 8 to 14"


def test_the_drawing_holds_every_place_inside_its_box() -> None:
    box = charting.view_box(28)
    assert box == "0 0 280 50"
    assert (charting.across(0), charting.across(27)) == (5, 275)
    assert (charting.down(4), charting.down(0)) == (5, 45)


def test_table_cells_are_escaped() -> None:
    body = Table("c", ("<a>", "b"), [("<i>", "&")]).body()
    assert "<i>" not in body
    assert body.count("&lt;") == 2
    assert "&amp;" in body
