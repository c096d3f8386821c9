"""Days and hours around every clock change of 2026 and 2027, in four zones, one of which changes by half an hour.

The oracle goes the other way round than the code: it takes the wall clock of a day to an instant and asks where an instant lies between
two of them; the code takes an instant to the wall clock.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction

from accounts.models import OutgoingMail
from portal.lib import actor
from portal.lib.ids import uuid7
from tests.treatment.conftest import Ward
from treatment import services
from treatment.chair.forms import TimedForm
from treatment.courses import reading
from treatment.courses.proceeding import TooEarly
from treatment.dayof import checkins
from treatment.models import ChecklistItem, Course, Dose, Reminder
from treatment.protocols.facts import BeforeDose
from treatment.readiness import reminders
from treatment.readiness.standing import standing_of

ZONES = ("America/New_York", "America/St_Johns", "Australia/Lord_Howe", "Europe/London")
DAY, HOUR, QUARTER, MINUTE = (
    timedelta(days=1),
    timedelta(hours=1),
    timedelta(minutes=15),
    timedelta(minutes=1),
)
EARLY, LATE = 8, 20  # nobody is written to before and after
MINIMUM = 152  # days between doses of ocrelizumab that are repeated, as the data of the tests' clinic say


# --- The oracle -------------------------------------------------------------------------------------------------------


def wall(zone: str, day: date, hour: int = 0, minute: int = 0, *, fold: int = 0) -> datetime:
    """The instant at which clocks of a zone show a time of a day (the second one with `fold` 1, where they show it twice)."""
    shown = datetime(day.year, day.month, day.day, hour, minute, fold=fold, tzinfo=ZoneInfo(zone))
    return datetime.fromtimestamp(shown.timestamp(), UTC)


def day_at(zone: str, instant: datetime, near: date) -> date:
    """The day whose midnight has come and whose next midnight has not."""
    return next(
        day
        for day in (near + DAY * count for count in range(-3, 8))
        if wall(zone, day) <= instant < wall(zone, day + DAY)
    )


def awake(zone: str, instant: datetime, near: date) -> bool:
    day = day_at(zone, instant, near)
    return wall(zone, day, EARLY) <= instant < wall(zone, day, LATE)


def changes(zone: str) -> Iterator[tuple[date, timedelta]]:
    """Every day of two years that has not 24 hours, and how much longer it is."""
    day = date(2026, 1, 1)
    while day.year < 2028:
        longer = wall(zone, day + DAY) - wall(zone, day) - DAY
        if longer:
            yield day, longer
        day += DAY


CHANGES = [(zone, day, longer) for zone in ZONES for day, longer in changes(zone)]
EACH = pytest.mark.parametrize(
    ("zone", "day", "longer"), [pytest.param(*one, id=f"{one[0]}-{one[1]}") for one in CHANGES]
)


def test_every_zone_changes_twice_a_year_and_one_by_half_an_hour() -> None:
    assert len(CHANGES) == 4 * len(ZONES)
    assert {abs(longer) for zone, _day, longer in CHANGES if zone != "Australia/Lord_Howe"} == {HOUR}
    assert {abs(longer) for zone, _day, longer in CHANGES if zone == "Australia/Lord_Howe"} == {HOUR / 2}


def quarters(zone: str, day: date, before: int, after: int) -> Iterator[datetime]:
    """Every quarter of an hour from so many days before a day to so many after it, of real time."""
    instant = wall(zone, day - DAY * before)
    while instant < wall(zone, day + DAY * after):
        yield instant
        instant += QUARTER


# --- Reminders --------------------------------------------------------------------------------------------------------


def somebody(zone: str) -> Any:
    return SimpleNamespace(site=SimpleNamespace(time_zone=zone))


@EACH
def test_a_reminder_counts_days_of_the_calendar_and_keeps_the_hours_of_the_clock(
    zone: str, day: date, longer: timedelta
) -> None:
    for left_on_the_day in (-1, 0, 1, 2, 3, 6, 7, 8, 13, 14, 15):
        target = day + DAY * left_on_the_day
        dose: Any = SimpleNamespace(counted_on=target, patient=somebody(zone))
        for now in quarters(zone, day, 1, 2):
            left = target.toordinal() - day_at(zone, now, day).toordinal()
            steps = [step for step in (1, 3, 7, 14) if 0 < left <= step]
            expected = steps[0] if steps and awake(zone, now, day) else None
            assert reminders._step_of(dose, now) == expected, (target, now)


@pytest.mark.parametrize("zone", ZONES)
def test_the_worker_sends_each_step_once_at_eight_of_the_sites_clock(ward: Ward, zone: str) -> None:
    at_the_site(ward, zone)
    for day, _longer in changes(zone):
        for left in (0, 1):  # the change lies on the day of the step, or on the night after it
            with undone():
                first = day + DAY * (1 + left)
                course = ward.order("ocrelizumab_iv", first, now=wall(zone, first - DAY * 30, 7))
                for on in (first - DAY * 2, first - DAY):
                    for clock in ((0, 0), (7, 45), (8, 0), (8, 15), (12, 0), (19, 45), (20, 0), (23, 45)):
                        reminders.run(wall(zone, on, *clock))
                sent = [row for row in reminded(course) if row.step == 1]
                assert [row.queued_at for row in sent] == [wall(zone, first - DAY, EARLY)], (day, left)
                assert OutgoingMail.objects.filter(kind=reminders.KIND).count() == len(reminded(course))


def at_the_site(ward: Ward, zone: str) -> None:
    site = ward.patient.site
    site.time_zone = zone
    site.save(update_fields=["time_zone"])


@contextmanager
def undone() -> Iterator[None]:
    """One case, taken back after it."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def reminded(course: Course) -> list[Reminder]:
    with actor.unit_of_work(actor.system("tests")):
        rows = Reminder.objects.for_system().filter(dose__course=course, dose__number=1)
        return list(rows.order_by("queued_at"))


# --- Check-ins --------------------------------------------------------------------------------------------------------


@EACH
def test_a_check_in_counts_real_hours_and_wakes_nobody(
    zone: str, day: date, longer: timedelta, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = SimpleNamespace(check_in_hours=(1, 24, 72), phase_content=lambda key: {"infusion_minutes": 60})
    monkeypatch.setattr(reading, "facts_for", lambda course: facts)
    for began in (wall(zone, day - DAY, 9), wall(zone, day - DAY, 15, 45), wall(zone, day, 10)):
        dose: Any = SimpleNamespace(
            given_at=began, course=None, course_id=1, phase_key="", patient=somebody(zone),
            check_ins=SimpleNamespace(all=list), chair_days=SimpleNamespace(all=list),
        )  # fmt: skip
        over = began + HOUR
        for now in quarters(zone, day, 1, 7):
            passed = (now - over) / HOUR  # two instants: hours that somebody really waited
            due = [step for step in (1, 24, 72) if step <= passed < step + 72]
            asked = bool(due) and (max(due) == 1 or awake(zone, now, day))
            assert checkins.due_step(dose, [dose], now) == (max(due) if asked else None), (began, now)


@EACH
def test_an_answer_counts_for_24_real_hours(zone: str, day: date, longer: timedelta) -> None:
    said = BeforeDose(fact="x.chk.infection", owner="you", label="Y", when="every", valid_hours=24, link=None)
    answered = wall(zone, day - DAY, 20, 30)
    item = ChecklistItem(fact=said.fact, owner="you", state="done", done_at=answered)
    same_on_the_clock = wall(zone, day, 20, 30)
    assert same_on_the_clock - answered == DAY + longer

    def stands(now: datetime) -> str:
        return standing_of(item, said, target=day, now=now, today=day_at(zone, now, day)).code

    assert stands(answered + DAY) == "done"
    assert stands(answered + DAY + MINUTE) == "again"
    assert stands(same_on_the_clock) == ("again" if longer > timedelta() else "done")


# --- Doses ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("zone", ZONES)
def test_a_dose_belongs_to_the_sites_day_and_the_minimum_counts_days_from_it(ward: Ward, zone: str) -> None:
    """Given in the first and in the last minute of a day with a change, in its night, and in the last minute of the day before."""
    at_the_site(ward, zone)
    for day, _longer in changes(zone):
        moments = {
            wall(zone, day) - MINUTE: day - DAY,
            wall(zone, day): day,
            wall(zone, day, 1, 45): day,
            wall(zone, day, 1, 45, fold=1): day,
            wall(zone, day + DAY) - MINUTE: day,
        }
        for moment, expected in moments.items():
            with undone():
                course = second_dose(ward, zone, expected)
                dose = give(ward, ward.planned(course), moment)
                assert (dose.given_at, dose.given_on) == (moment, expected)
                after = ward.planned(course)
                assert after.not_before == date.fromordinal(expected.toordinal() + MINIMUM)


@pytest.mark.parametrize("zone", ZONES)
def test_the_minimum_ends_with_the_last_minute_of_the_sites_day(ward: Ward, zone: str) -> None:
    """The interval ends on the day of a change, the day before and the day after it: not a minute earlier, not a minute later."""
    at_the_site(ward, zone)
    for change, _longer in changes(zone):
        for day in (change - DAY, change, change + DAY):
            with undone():
                before = date.fromordinal(day.toordinal() - MINIMUM)
                course = second_dose(ward, zone, before)
                give(ward, ward.planned(course), wall(zone, before, 10))
                third = ward.planned(course)
                assert third.not_before == day
                with pytest.raises(TooEarly), transaction.atomic():
                    give(ward, third, wall(zone, day) - MINUTE)
                assert give(ward, third, wall(zone, day)).given_on == day


@pytest.mark.parametrize("zone", ZONES)
def test_windows_are_days_of_the_calendar_over_every_change(ward: Ward, zone: str) -> None:
    """From dose to dose the number of days is that of the data, however many hours they have."""
    at_the_site(ward, zone)
    first = date(2026, 1, 5)
    course = ward.order("natalizumab", first, now=wall(zone, first, 7))
    doses = [dose for dose in ward.doses(course) if dose.target.year < 2028]
    assert [dose.target.toordinal() - first.toordinal() for dose in doses] == [
        28 * number for number in range(len(doses))
    ]
    assert doses[-1].target > max(day for day, _longer in changes(zone) if day.year == 2026)


def second_dose(ward: Ward, zone: str, on: date) -> Course:
    """Ocrelizumab whose second dose is planned for a day; the first was given two weeks before."""
    first = on - DAY * 14
    course = ward.order("ocrelizumab_iv", first, now=wall(zone, first, 7))
    give(ward, ward.planned(course), wall(zone, first, 10))
    return course


def give(ward: Ward, dose: Dose, moment: datetime) -> Dose:
    with ward.acting(ward.nurse):
        return services.record_infusion(
            by=ward.nurse, patient=ward.patient, dose_id=dose.pk, id=uuid7(), given_at=moment, now=moment
        )


# --- Times that are typed ---------------------------------------------------------------------------------------------


@EACH
def test_a_typed_time_is_the_newest_instant_that_showed_it(zone: str, day: date, longer: timedelta) -> None:
    """Every five minutes of the night are typed at noon; where clocks go back, also between the two instants that show one time.

    A time that no clock showed is taken to one within the change, never ahead of now.
    """
    noon = wall(zone, day, 12)
    shown: dict[str, list[datetime]] = {}
    instant = wall(zone, day)
    while instant < wall(zone, day, 6):
        shown.setdefault(f"{instant.astimezone(ZoneInfo(zone)):%H:%M}", []).append(instant)
        instant += MINUTE * 5
    twice = [instants for instants in shown.values() if len(instants) == 2]
    assert len(twice) == max(longer, timedelta()) // (MINUTE * 5)
    for clock, instants in shown.items():
        assert typed(zone, clock, noon) == instants[-1]
        if len(instants) == 2:
            assert typed(zone, clock, instants[1] - MINUTE) == instants[0]
    missing = {f"{hour:02}:{minute:02}" for hour in range(6) for minute in range(0, 60, 5)} - set(shown)
    assert len(missing) == max(-longer, timedelta()) // (MINUTE * 5)
    for clock in missing:
        found = typed(zone, clock, noon)
        hour, minute = (int(part) for part in clock.split(":"))
        assert abs(found - wall(zone, day, hour, minute)) <= abs(longer)
        assert found <= noon


def typed(zone: str, clock: str, now: datetime) -> datetime:
    form = object.__new__(TimedForm)
    form.zone, form.now = zone, now
    form.today = now.astimezone(ZoneInfo(zone)).date()
    form.cleaned_data = {"clock": time.fromisoformat(clock), "on": ""}
    found = form.at
    assert found is not None
    return found
