"""Open, closed, next opening, open minutes and working days, against a count minute by minute over DST changes and holidays."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinic.models import Holiday, OpeningHours, Site
from clinic.services import SiteState, is_open, next_opening, state_of

MINUTE = timedelta(minutes=1)
ZONES = ("America/New_York", "Europe/London", "Australia/Lord_Howe", "America/Phoenix", "Asia/Kathmandu")

# Days around both changes of the clocks of 2026 and 2027, and of the year's end.
days = st.sampled_from(
    [date(2026, 3, 6), date(2026, 3, 27), date(2026, 4, 3), date(2026, 10, 2), date(2026, 10, 23), date(2026, 10, 30),
     date(2026, 12, 23), date(2027, 3, 12), date(2027, 11, 5)]
)  # fmt: skip
walls = st.tuples(st.integers(0, 23), st.sampled_from([0, 1, 15, 30, 59])).map(lambda pair: time(*pair))


@st.composite
def states(draw: st.DrawFn) -> tuple[SiteState, date]:
    """A site with hours that do not overlap, some over the lost and the doubled hour, and some holidays."""
    start = draw(days)
    hours: list[tuple[int, time, time]] = []
    for weekday in range(7):
        marks = sorted(set(draw(st.lists(walls, max_size=4))))
        hours += [(weekday, opens, closes) for opens, closes in zip(marks[::2], marks[1::2], strict=False)]
    closed = frozenset(start + timedelta(days=n) for n in draw(st.sets(st.integers(0, 8), max_size=3)))
    site = Site(name="x", time_zone=draw(st.sampled_from(ZONES)))
    return SiteState(site=site, hours=tuple(hours), holidays=closed), start


def opened(state: SiteState, now: datetime) -> bool:
    """The definition, without any shortcut: some interval of some day near covers the instant."""
    zone = ZoneInfo(state.site.time_zone)
    for ahead in (-1, 0, 1):
        day = now.astimezone(zone).date() + timedelta(days=ahead)
        if day in state.holidays:
            continue
        for weekday, opens, closes in state.hours:
            if weekday == day.weekday():
                start, end = (datetime.combine(day, wall, zone).astimezone(UTC) for wall in (opens, closes))
                if start <= now < end:
                    return True
    return False


instants = st.tuples(st.integers(0, 3 * 24 * 60), st.integers(0, 59))


@settings(max_examples=120, deadline=None)
@given(states(), instants)
def test_open_or_closed_is_what_the_wall_clock_says(
    drawn: tuple[SiteState, date], offset: tuple[int, int]
) -> None:
    state, start = drawn
    now = datetime.combine(start, time(0), UTC) + offset[0] * MINUTE + timedelta(seconds=offset[1])
    assert state.is_open(now) == opened(state, now)


@settings(max_examples=40, deadline=None)
@given(states(), instants)
def test_the_next_opening_is_the_first_minute_at_which_an_interval_begins(
    drawn: tuple[SiteState, date], offset: tuple[int, int]
) -> None:
    state, start = drawn
    now = datetime.combine(start, time(0), UTC) + offset[0] * MINUTE
    found = state.next_opening(now)
    zone = ZoneInfo(state.site.time_zone)
    begins = set()
    for ahead in range(-1, 61):
        day = now.astimezone(zone).date() + timedelta(days=ahead)
        for weekday, opens, closes in state.hours:
            start_at, end_at = (datetime.combine(day, wall, zone).astimezone(UTC) for wall in (opens, closes))
            if weekday == day.weekday() and day not in state.holidays and start_at < end_at:
                begins.add(start_at)
    later = [instant for instant in begins if instant > now]
    assert found == (min(later) if later else None)


@settings(max_examples=40, deadline=None)
@given(states(), instants, st.integers(0, 600))
def test_open_minutes_are_counted_one_by_one(
    drawn: tuple[SiteState, date], offset: tuple[int, int], minutes: int
) -> None:
    state, start = drawn
    now = datetime.combine(start, time(0), UTC) + offset[0] * MINUTE
    reached = state.add_open_minutes(now, minutes)
    if reached is None or reached - now > timedelta(days=4):
        return
    passed = sum(opened(state, now + n * MINUTE) for n in range(int((reached - now) / MINUTE)))
    assert passed == minutes
    if minutes:
        assert opened(state, reached - MINUTE)


@settings(max_examples=60, deadline=None)
@given(states(), instants, st.integers(1, 4))
def test_a_working_day_is_a_day_with_open_minutes(
    drawn: tuple[SiteState, date], offset: tuple[int, int], count: int
) -> None:
    state, start = drawn
    now = datetime.combine(start, time(0), UTC) + offset[0] * MINUTE
    zone = ZoneInfo(state.site.time_zone)
    found = state.end_of_working_day(now, count)
    ends = []
    for ahead in range(1, 60):
        day = now.astimezone(zone).date() + timedelta(days=ahead)
        closings = [
            datetime.combine(day, closes, zone).astimezone(UTC)
            for weekday, opens, closes in state.hours
            if weekday == day.weekday()
            and day not in state.holidays
            and datetime.combine(day, opens, zone).astimezone(UTC)
            < datetime.combine(day, closes, zone).astimezone(UTC)
        ]
        if closings:
            ends.append(max(closings))
    assert found == (ends[count - 1] if len(ends) >= count else None)


# --- Named cases -----------------------------------------------------------------------------------------------


@pytest.fixture
def site(db: None) -> Site:
    site = Site.objects.create(
        name="Riverside", address="12 Walk", time_zone="America/New_York", emergency_phone="911", emergency_text="Call 911.",
        day_phone="555-0100", after_hours_phone="555-0199", after_hours_text="The nurse line.",
        reply_urgent_minutes=60, reply_routine_days=2,
    )  # fmt: skip
    for weekday in range(5):
        OpeningHours.objects.create(site=site, weekday=weekday, opens=time(8), closes=time(12))
        OpeningHours.objects.create(site=site, weekday=weekday, opens=time(12, 30), closes=time(17))
    Holiday.objects.create(site=site, date=date(2026, 11, 26), name="Thanksgiving")
    return site


def new_york(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=ZoneInfo("America/New_York")).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "open_now", "opens"),
    [
        (new_york(2026, 11, 25, 7, 59), False, new_york(2026, 11, 25, 8)),
        (new_york(2026, 11, 25, 8), True, new_york(2026, 11, 25, 12, 30)),
        (new_york(2026, 11, 25, 12, 15), False, new_york(2026, 11, 25, 12, 30)),
        (new_york(2026, 11, 25, 17), False, new_york(2026, 11, 27, 8)),
        (new_york(2026, 11, 26, 10), False, new_york(2026, 11, 27, 8)),
        (new_york(2026, 11, 28, 10), False, new_york(2026, 11, 30, 8)),
    ],
)
def test_nights_lunch_weekends_and_holidays_are_closed(
    site: Site, now: datetime, open_now: bool, opens: datetime
) -> None:
    assert is_open(site, now) is open_now
    assert next_opening(site, now) == opens


def test_an_urgent_hour_started_at_half_past_four_ends_after_the_holiday(site: Site) -> None:
    state = state_of(site)
    assert state.add_open_minutes(new_york(2026, 11, 25, 16, 30), 60) == new_york(2026, 11, 27, 8, 30)
    assert state.closes_at(new_york(2026, 11, 25, 16, 30)) == new_york(2026, 11, 25, 17)
    assert state.end_of_working_day(new_york(2026, 11, 25, 9), 2) == new_york(2026, 11, 30, 17)


def test_a_clinic_without_hours_never_opens(site: Site) -> None:
    OpeningHours.objects.all().delete()
    state, now = state_of(site), new_york(2026, 11, 25, 9)
    assert not state.is_open(now)
    assert state.next_opening(now) is None
    assert state.closes_at(now) is None
    assert state.add_open_minutes(now, 1) is None
    assert state.end_of_working_day(now, 1) is None
