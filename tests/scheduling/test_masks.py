"""Bits against the arithmetic that is exact to the second, and infusions against a clock that is read minute by minute."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinic.services import SiteState
from scheduling import slots
from scheduling.finding import site_days
from scheduling.masks import Board
from scheduling.slots import UTC
from tests.scheduling.test_slots import MINUTE, calendars

QUIET = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@given(calendars(), st.sampled_from([5, 15, 17, 20, 45, 145, 240]), st.integers(0, 59))
@QUIET
def test_bits_give_the_starts_of_the_exact_arithmetic(case: Any, minutes: int, odd: int) -> None:
    zone, rules, start, end, holidays, opened, closed, _length = case
    start += dt.timedelta(seconds=odd)
    closed = [(low, high + dt.timedelta(seconds=odd)) for low, high in closed]
    spans = slots.open_spans(rules, zone=zone, start=start, end=end, holidays=holidays, opened=opened)
    board = Board(start, end, zone=zone, minutes=minutes)
    free = board.free(spans) & ~board.touched(closed)
    found = list(board.instants(board.startable(free) & board.grid()))
    assert found == list(slots.starts(slots.without(spans, closed), minutes=minutes, zone=zone))


@given(calendars(), st.integers(0, 40), st.integers(1, 30))
@QUIET
def test_what_is_given_in_seconds_is_rounded_outwards(case: Any, begin: int, length: int) -> None:
    zone, _rules, start, end, *_rest = case
    board = Board(start, end, zone=zone, minutes=15)
    low = start + begin * dt.timedelta(seconds=100)
    high = low + length * dt.timedelta(seconds=61)
    touched = set(board.instants(board.touched([(low, high)])))
    quantum = dt.timedelta(seconds=board.quantum)
    expected = {at for at in board.instants((1 << board.size) - 1) if at < high and low < at + quantum}
    assert touched == expected


@st.composite
def infusion_rooms(draw: st.DrawFn) -> tuple[Any, ...]:
    """A zone and a window, in two of three cases around a clock change; nurses and chairs, opening hours, the patient's own time."""
    zone, _rules, start, end, holidays, *_rest = draw(calendars())
    moments = st.integers(-4, 280).map(lambda quarter: start + quarter * 17 * MINUTE)

    def lanes() -> list[list[slots.Span]]:
        found = []
        for _each in range(draw(st.integers(0, 3))):
            spans = []
            for _span in range(draw(st.integers(1, 4))):
                begin = draw(moments)
                spans.append((begin, begin + draw(st.integers(10, 900)) * MINUTE))
            found.append(slots.merged(spans))
        return found

    hours = []
    for weekday in range(7):
        if draw(st.integers(0, 5)):
            opens, closes = draw(st.integers(4, 10)), draw(st.integers(15, 23))
            hours += [
                (weekday, dt.time(opens, draw(st.sampled_from([0, 30]))), dt.time(12)),
                (weekday, dt.time(12, 30), dt.time(closes, draw(st.sampled_from([0, 20])))),
            ]
    begin = draw(moments)
    busy = [(begin, begin + draw(st.integers(1, 90)) * MINUTE)] if draw(st.booleans()) else []
    minutes = draw(st.sampled_from([60, 90, 150, 270, 360]))
    return zone, start, end, holidays, lanes(), lanes(), tuple(hours), busy, minutes


@given(infusion_rooms())
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_infusions_start_where_a_nurse_a_chair_and_the_center_last_to_the_end(room: Any) -> None:
    """The oracle looks at each minute of each possible infusion: one nurse, one chair, inside a day's opening, not elsewhere."""
    zone, start, end, holidays, nurses, chairs, hours, busy, minutes = room
    site = SiteState(SimpleNamespace(time_zone=zone), hours, holidays)
    board = Board(start, end, zone=zone, minutes=minutes)
    throughout = board.free(site_days(site, start, end)) & ~board.touched(busy)
    pools = [[board.free(lane) for lane in pool] for pool in (nurses, chairs)]
    found = list(board.instants(board.together(pools, throughout)))

    wall, length = ZoneInfo(zone), minutes * MINUTE
    days = {}
    for ahead in range(-1, 6):
        day = start.astimezone(wall).date() + dt.timedelta(days=ahead)
        times = [time for weekday, *times in hours if weekday == day.weekday() for time in times]
        if times and day not in holidays:
            days[day] = [
                dt.datetime.combine(day, time, wall).astimezone(UTC) for time in (min(times), max(times))
            ]

    def lasts(lanes: list[list[slots.Span]], at: dt.datetime) -> bool:
        every = [at + minute * MINUTE for minute in range(minutes)]
        return any(
            all(any(low <= one and one + MINUTE <= high for low, high in lane) for one in every)
            for lane in lanes
        )

    expected, at = [], start - dt.timedelta(seconds=start.second, microseconds=start.microsecond)
    while at + length <= end:
        local = at.astimezone(wall)
        if at >= start and local.minute % 15 == 0:
            opened = days.get(local.date())
            whole = opened is not None and opened[0] <= at and at + length <= opened[1]
            free = not any(low < at + length and at < high for low, high in busy)
            if whole and free and lasts(nurses, at) and lasts(chairs, at):
                expected.append(at)
        at += MINUTE
    assert found == expected


def test_a_board_without_time_has_no_starts() -> None:
    at = dt.datetime(2026, 3, 1, tzinfo=UTC)
    board = Board(at, at, zone="Europe/Berlin", minutes=30)
    assert list(board.instants(board.startable(board.free([(at, at + MINUTE)])) & board.grid())) == []
    assert board.touched([(at, at + MINUTE)]) == 0


@pytest.mark.parametrize("zone", ["Africa/Monrovia", "Asia/Kathmandu", "Australia/Lord_Howe"])
def test_odd_offsets_keep_the_quarters_of_the_wall(zone: str) -> None:
    start = dt.datetime(1971, 1, 1, tzinfo=UTC)
    board = Board(start, start + dt.timedelta(days=2), zone=zone, minutes=30)
    starts = list(board.instants(board.grid()))
    assert len(starts) in (191, 192)
    assert {
        (at.astimezone(ZoneInfo(zone)).minute % 15, at.astimezone(ZoneInfo(zone)).second) for at in starts
    } == {(0, 0)}
