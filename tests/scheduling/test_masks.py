"""Bits against the arithmetic that is exact to the second, and infusions against a clock that is read minute by minute."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scheduling import slots
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
