"""Free times against an oracle that looks at the clock on the wall, minute by minute."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scheduling import slots
from scheduling.offers import clock_words
from scheduling.slots import DAY, UTC, Rule, Span

MINUTE = dt.timedelta(minutes=1)
ZONES = sorted(zone for zone in available_timezones() if not zone.startswith(("posix", "right", "localtime")))


def oracle_open(
    rules: list[Rule],
    zone: str,
    start: dt.datetime,
    end: dt.datetime,
    holidays: frozenset[dt.date],
    opened: list[Span],
    closed: list[Span],
) -> list[bool]:
    """For each minute: is it open? Asked of the wall clock, one minute at a time."""
    wall, answer, at = ZoneInfo(zone), [], start
    while at < end:
        local = at.astimezone(wall)
        worked = local.date() not in holidays and any(
            rule.holds_on(local.date()) and rule.starts <= local.time() < rule.ends for rule in rules
        )
        worked = worked or any(low <= at < high for low, high in opened)
        answer.append(worked and not any(low <= at < high for low, high in closed))
        at += MINUTE
    return answer


def oracle_starts(minutes_open: list[bool], zone: str, start: dt.datetime, length: int) -> list[dt.datetime]:
    wall, found, run = ZoneInfo(zone), [], 0
    for index in range(len(minutes_open) - 1, -1, -1):
        run = run + 1 if minutes_open[index] else 0
        at = start + index * MINUTE
        if run >= length and at.astimezone(wall).minute % 15 == 0:
            found.append(at)
    return found[::-1]


@lru_cache
def clock_changes(zone: str) -> list[dt.datetime]:
    """The instants of two years at which a zone's clocks change."""
    start = dt.datetime(2026, 1, 1, tzinfo=UTC)
    return [stretch.start for stretch in slots.stretches(zone, start, start + 730 * DAY)][1:]


CHANGING = [zone for zone in ZONES if clock_changes(zone)]
times = st.integers(0, 1438).map(lambda minute: dt.time(minute // 60, minute % 60))


@st.composite
def calendars(
    draw: st.DrawFn,
) -> tuple[str, list[Rule], dt.datetime, dt.datetime, frozenset[dt.date], list[Span], list[Span], int]:
    """A zone, rules, and a window of three days, in two of three cases around a clock change."""
    if draw(st.integers(0, 2)):
        zone = draw(st.sampled_from(CHANGING))
        middle = draw(st.sampled_from(clock_changes(zone)))
    else:
        zone = draw(st.sampled_from(ZONES))
        middle = dt.datetime(2026, 1, 1, tzinfo=UTC) + draw(st.integers(0, 1_000_000)) * MINUTE
    start = middle - draw(st.integers(0, 2880)) * MINUTE
    end = start + draw(st.integers(60, 4320)) * MINUTE
    local_day = middle.astimezone(ZoneInfo(zone)).date()
    rules = []
    for _each in range(draw(st.integers(1, 5))):
        low, high = sorted((draw(times), draw(times)))
        if low == high:
            high = dt.time(23, 59)
        near = st.none() | st.integers(-3, 3).map(lambda days: local_day + days * DAY)
        rules.append(
            Rule((local_day.weekday() + draw(st.integers(-1, 1))) % 7, low, high, draw(near), draw(near))
        )

    def spans(most: int) -> list[Span]:
        found = []
        for _each in range(draw(st.integers(0, most))):
            begin = start + draw(st.integers(-120, 4320)) * MINUTE
            found.append((begin, begin + draw(st.integers(1, 600)) * MINUTE))
        return found

    holidays = frozenset(
        local_day + draw(st.integers(-2, 2)) * DAY for _each in range(draw(st.integers(0, 1)))
    )
    return (
        zone,
        rules,
        start,
        end,
        holidays,
        spans(2),
        spans(3),
        draw(st.sampled_from([5, 15, 20, 30, 45, 60, 240])),
    )


@given(calendars())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_offered_starts_are_those_of_the_clock_on_the_wall(case: Any) -> None:
    zone, rules, start, end, holidays, opened, closed, length = case
    spans = slots.open_spans(
        rules, zone=zone, start=start, end=end, holidays=holidays, opened=opened, closed=closed
    )
    found = list(slots.starts(spans, minutes=length, zone=zone))
    expected = oracle_starts(
        oracle_open(rules, zone, start, end, holidays, opened, closed), zone, start, length
    )
    assert found == expected
    assert all(slots.is_start(spans, at, minutes=length, zone=zone) for at in found)
    assert not any(slots.is_start(spans, at + 5 * MINUTE, minutes=length, zone=zone) for at in found)


NIGHT = [
    (dt.time(0, 10), dt.time(1, 40)),
    (dt.time(1, 50), dt.time(2, 20)),
    (dt.time(2, 30), dt.time(4, 0)),
]


def test_every_clock_change_of_every_zone_for_two_years() -> None:
    kinds = {
        tuple((at, at.astimezone(ZoneInfo(zone)).utcoffset()) for at in clock_changes(zone)): zone
        for zone in CHANGING
    }
    assert len(kinds) >= 25
    wrong, windows = [], 0
    for changes, zone in kinds.items():
        for change, _offset in changes:
            start, end = change - 6 * 60 * MINUTE, change + 6 * 60 * MINUTE
            days = {at.astimezone(ZoneInfo(zone)).weekday() for at in (start, change, end)}
            rules = [Rule(weekday, low, high) for weekday in days for low, high in NIGHT]
            found = list(
                slots.starts(slots.open_spans(rules, zone=zone, start=start, end=end), minutes=15, zone=zone)
            )
            expected = oracle_starts(
                oracle_open(rules, zone, start, end, frozenset(), [], []), zone, start, 15
            )
            windows += 1
            if found != expected:
                wrong.append((zone, change))
    assert windows > 100
    assert wrong == []


def test_half_past_two_is_not_offered_when_clocks_go_forward() -> None:
    start = dt.datetime(2027, 3, 14, 4, tzinfo=UTC)
    spans = slots.open_spans(
        [Rule(6, dt.time(1), dt.time(4))], zone="America/New_York", start=start, end=start + DAY
    )
    found = [
        at.astimezone(ZoneInfo("America/New_York"))
        for at in slots.starts(spans, minutes=30, zone="America/New_York")
    ]
    assert [f"{at:%H:%M}" for at in found] == ["01:00", "01:15", "01:30", "01:45", "03:00", "03:15", "03:30"]
    assert (found[4] - found[3]).total_seconds() == 3600 + 900  # the wall clock jumps …
    assert found[4].astimezone(UTC) - found[3].astimezone(UTC) == 15 * MINUTE  # … and time does not


def test_half_past_one_is_told_apart_when_clocks_go_back() -> None:
    start = dt.datetime(2026, 11, 1, 4, tzinfo=UTC)
    spans = slots.open_spans(
        [Rule(6, dt.time(1, 30), dt.time(2, 30))], zone="America/New_York", start=start, end=start + DAY
    )
    found = list(slots.starts(spans, minutes=30, zone="America/New_York"))
    assert [clock_words(at, "America/New_York") for at in found] == [
        "1:30 am, before the clocks go back",
        "1:30 am, after the clocks go back",
        "1:45 am, after the clocks go back",
        "2:00 am",
    ]


def test_a_rule_of_office_hours_keeps_its_wall_time_through_the_year() -> None:
    rules = [Rule(weekday, dt.time(13), dt.time(17)) for weekday in range(7)]
    for zone in (
        "America/New_York",
        "Europe/Berlin",
        "Australia/Lord_Howe",
        "Asia/Kathmandu",
        "America/St_Johns",
    ):
        start = dt.datetime(2026, 1, 1, tzinfo=UTC)
        spans = slots.open_spans(rules, zone=zone, start=start, end=start + 400 * DAY)
        whole = [span for span in spans if span[1] - span[0] == dt.timedelta(hours=4)]
        assert len(whole) >= 399
        assert {f"{low.astimezone(ZoneInfo(zone)):%H:%M}" for low, _high in whole} == {"13:00"}


@pytest.mark.parametrize(
    ("spans", "taken", "left"),
    [
        ([(0, 10)], [], [(0, 10)]),
        ([(0, 10)], [(0, 10)], []),
        ([(0, 10)], [(3, 5)], [(0, 3), (5, 10)]),
        ([(0, 4), (4, 10)], [(9, 20), (-5, 1)], [(1, 9)]),
        ([(0, 10), (20, 30)], [(5, 25), (6, 7)], [(0, 5), (25, 30)]),
    ],
)
def test_time_without_what_is_taken(spans: list[Any], taken: list[Any], left: list[Any]) -> None:
    zero = dt.datetime(2026, 1, 1, tzinfo=UTC)

    def instants(pairs: list[Any]) -> list[Span]:
        return [(zero + low * MINUTE, zero + high * MINUTE) for low, high in pairs]

    assert slots.without(instants(spans), instants(taken)) == instants(left)


def test_the_nearest_times_may_be_earlier_or_later() -> None:
    zero = dt.datetime(2026, 1, 1, tzinfo=UTC)
    starts = [zero + hours * 60 * MINUTE for hours in (1, 2, 5, 6, 9)]
    assert slots.nearest(starts, zero + 300 * MINUTE, 3) == [starts[1], starts[2], starts[3]]


def test_shown_starts_are_one_length_apart() -> None:
    zero = dt.datetime(2026, 1, 1, tzinfo=UTC)
    starts = [zero + step * 15 * MINUTE for step in range(8)]
    assert slots.spread(starts, minutes=30) == starts[::2]
