"""Whole courses in a real browser, with a clock that moves: a year on natalizumab, the first year on ocrelizumab with a missed dose, and both courses
of alemtuzumab. Each is walked with scripts and without. Orders, doses, a missed dose and new dates go through the team's pages; the patient reads the
journey in between.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from portal.demo.people import PASSWORD
from portal.lib.time_words import day as day_words
from tests.browser.hands import Mouse
from tests.browser.walk import Trouble
from tests.harness.live import LivePortal
from tests.harness.mail import Mailbox

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ZONE = "America/New_York"
NAME = "Nora Whitfield"
EMAIL = "nora@example.com"

WITH_AND_WITHOUT = pytest.mark.parametrize("scripts", [True, False], ids=["with-scripts", "without-scripts"])


class Clock:
    """The portal's clock: at eleven in the morning of a day, on the site's wall."""

    def __init__(self, file: Path) -> None:
        self.file = file
        # From tomorrow on: in the afternoon eleven o'clock of today would lie before the patient was enrolled.
        self.day = datetime.now(ZoneInfo(ZONE)).date() + timedelta(days=1)
        file.write_text("0", encoding="ascii")

    def go(self, day: date, at: time = time(11)) -> None:
        self.day = day
        ahead = datetime.combine(day, at, ZoneInfo(ZONE)).astimezone(UTC) - datetime.now(UTC)
        self.file.write_text(f"{ahead.total_seconds():.0f}", encoding="ascii")


class Story:
    """A patient who signs in, the nurse and the neurologist, each with a browser of their own that is always in its own day."""

    def __init__(
        self, portal: LivePortal, clock: Clock, new_page: Callable[..., Any], *, scripts: bool
    ) -> None:
        self.portal, self.clock = portal, clock
        self.new_page, self.scripts = new_page, scripts
        self.troubles: list[Trouble] = []
        self.people: dict[str, tuple[Mouse, date]] = {}
        self.patient_id = _enroll()
        self.course_url = ""

    def person(self, key: str) -> Mouse:
        """Signed in on the clock's day: a session of another day is over."""
        known = self.people.get(key)
        if known is not None and known[1] == self.clock.day:
            return known[0]
        tab = self.new_page(self.portal, java_script_enabled=self.scripts, reduced_motion="reduce") if known is None else known[0].tab  # fmt: skip
        if known is None:
            self.troubles.append(Trouble.watch(tab, f"localhost:{self.portal.port}"))
        hands = Mouse(tab)
        tab.context.clear_cookies()
        hands.open("/")
        # A script puts this button beside the field: the walk is what its name says, and not twice the same.
        assert (tab.get_by_role("button", name="Show password").count() > 0) == self.scripts
        hands.write("Your email address", EMAIL if key == "patient" else f"{key}@example.com")
        hands.write("Your password", PASSWORD)
        hands.press("button", "Sign in", exact=True)
        tab.get_by_role("heading", level=1, name="Today").wait_for()
        self.people[key] = (hands, self.clock.day)
        return hands

    def base(self) -> str:
        return f"/patients/{self.patient_id}/treatment/"

    def order(self, plan: re.Pattern[str], first_on: date) -> None:
        hana = self.person("neurologist")
        hana.open(f"{self.base()}order/")
        hana.choose(plan)
        _date(hana, "Day of the first dose here", first_on)
        hana.write("Why this therapy", "Relapsing MS, agreed with her.")
        hana.find("checkbox", re.compile("^I sign this order")).check(force=True)
        hana.press("button", "Sign the order")
        hana.sees("Before the next dose")
        self.course_url = re.sub(r"^https?://[^/]+", "", hana.tab.url)

    def give(self, on: date, lot: str) -> None:
        """The nurse notes the next dose in the afternoon of its day."""
        self.clock.go(on, time(15))
        rosa = self.person("nurse")
        rosa.open(self.course_url)
        rosa.press("link", "Note as given")
        _date(rosa, "Day it was given", on)
        rosa.write("Time it began", "9:30 am")
        rosa.choose("The whole dose")
        rosa.write("Lot number", lot)
        rosa.choose("No", within="Was there a reaction?")
        rosa.press("button", "Note as given")
        rosa.sees(re.compile(f"Lot: {lot}"))

    def journey(self) -> str:
        nora = self.person("patient")
        nora.open("/treatment/")
        nora.heading("My treatment")
        return " ".join(nora.tab.locator("main").inner_text().split())

    def quiet(self) -> None:
        said = [one for trouble in self.troubles for one in trouble.said]
        assert not said, said


def _date(person: Mouse, label: str, day: date) -> None:
    """The three boxes of a date."""
    group = person.tab.get_by_role("group", name=label)
    for part, value in (("Day", day.day), ("Month", day.month), ("Year", day.year)):
        group.get_by_label(part, exact=True).fill(str(value))


def _enroll() -> str:
    """A new patient of the team with an account of her own."""
    from allauth.account.models import EmailAddress

    from accounts.models import User
    from clinic.models import Team
    from patients.services import enroll_patient

    nurse, maya = User.objects.get(email="nurse@example.com"), User.objects.get(email="patient@example.com")
    nora = User(email=EMAIL, name=NAME, password=maya.password)
    nora.save()
    EmailAddress.objects.create(user=nora, email=EMAIL, verified=True, primary=True)
    team = Team.objects.get(name="MS infusion team")
    made = enroll_patient(
        site=team.site,
        name=NAME,
        date_of_birth=date(1990, 5, 4),
        by=nurse,
        user=nora,
        team=team,
        phone="555-0123",
    )
    return str(made.pk)


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    return Clock(tmp_path / "clock")


@pytest.fixture
def moving(demo_world: str, smtp_server: Mailbox, tmp_path: Path, clock: Clock) -> Iterator[LivePortal]:
    """The demo clinic on a server whose clock the test moves. No worker: nothing of these stories waits for one."""
    portal = LivePortal(
        demo_world, smtp_server.url, tmp_path, wsgi="tests.harness.moving_clock", more={"DEMO": "1", "TEST_CLOCK_FILE": str(clock.file)}
    )  # fmt: skip
    try:
        portal.start_web()
        yield portal
    finally:
        portal.stop()


@WITH_AND_WITHOUT
def test_a_year_on_natalizumab(
    moving: LivePortal, clock: Clock, new_page: Callable[..., Any], scripts: bool
) -> None:
    story = Story(moving, clock, new_page, scripts=scripts)
    first = clock.day + timedelta(days=3)
    clock.go(clock.day)
    story.order(re.compile("^Natalizumab: Every 4 weeks"), first)
    text = story.journey()
    assert "Your first infusion is still ahead of you." in text
    assert "Demo only: not signed off" in text
    due = first
    for number in range(13):
        story.give(due, f"NA-{number + 1:02}")
        if number == 0:
            assert "Day 1 of 28 since your last infusion." in story.journey()
        if number in (4, 12):
            clock.go(due + timedelta(days=16))
            assert "Day 17 of 28 since your last infusion." in story.journey()
        due += timedelta(days=28)
    nora = story.person("patient")
    nora.press("link", "The plan: what is planned, and what happened")
    nora.heading("My plan")
    nora.sees(re.compile("^Dose 14: Planned for the week of"))
    first_dose = nora.tab.get_by_text(re.compile("^Dose 1: "))
    assert not first_dose.is_visible()
    nora.tab.get_by_text("Doses before these").click()
    first_dose.wait_for()
    nora.press("link", "History of treatments")
    nora.heading("History of treatments")
    nora.sees(f"{day_words(due - timedelta(days=28))}: Dose 13")
    nora.press("link", "My treatment")
    # Half a year of watching is behind her: what is due is said with its day, and nothing says that all is well.
    watched = nora.tab.locator("main").inner_text()
    assert "What is watched" in watched
    assert "all is well" not in watched.lower()
    story.quiet()


@WITH_AND_WITHOUT
def test_the_first_year_on_ocrelizumab_with_a_missed_dose(
    moving: LivePortal, clock: Clock, new_page: Callable[..., Any], scripts: bool
) -> None:
    story = Story(moving, clock, new_page, scripts=scripts)
    first = clock.day + timedelta(days=1)
    clock.go(clock.day)
    story.order(re.compile("^Ocrelizumab.*: Two half doses, then every 6 months"), first)
    story.give(first, "OC-01")
    assert "Day 1 of 14 since your last infusion." in story.journey()
    story.give(first + timedelta(days=14), "OC-02")
    full = first + timedelta(days=182)
    clock.go(first + timedelta(days=14 + 57))
    assert "Week 9 of 24 since your last infusion." in story.journey()

    clock.go(full + timedelta(days=2))
    rosa = story.person("nurse")
    rosa.open(story.course_url)
    rosa.press("link", "Note as missed")
    rosa.heading("Dose 3: note as missed")
    rosa.write("Why", "Pneumonia, in hospital.")
    rosa.press("button", "Note as missed")
    rosa.sees("New dates are proposed")
    assert rosa.tab.get_by_role("link", name="Look at the new dates").count() == 0

    hana = story.person("neurologist")
    hana.open(story.course_url)
    hana.press("link", "Look at the new dates")
    hana.heading("New dates for the planned doses")
    proposed = hana.tab.locator(".row__title").first.inner_text()
    hana.write("Why", "As the protocol says, as soon as she is well.")
    hana.find("checkbox", re.compile("^I confirm these dates")).check(force=True)
    hana.press("button", "Confirm these dates")
    hana.sees("Moved: dose")
    assert proposed.startswith("Dose 4")

    text = story.journey()
    assert "since your last infusion." in text
    nora = story.person("patient")
    nora.open("/treatment/plan/")
    nora.sees("Not given")
    nora.open("/treatment/history/")
    nora.sees("Not given")
    nora.sees("New day")
    assert "Pneumonia" not in nora.tab.locator("main").inner_text()
    given = full + timedelta(days=21)
    story.give(given, "OC-04")
    text = story.journey()
    assert "Week 1 of" in text
    story.quiet()


@WITH_AND_WITHOUT
def test_five_days_of_alemtuzumab_and_three_a_year_later(
    moving: LivePortal, clock: Clock, new_page: Callable[..., Any], scripts: bool
) -> None:
    story = Story(moving, clock, new_page, scripts=scripts)
    monday = clock.day + timedelta(days=7 - clock.day.weekday())
    clock.go(clock.day)
    story.order(re.compile("^Alemtuzumab"), monday)
    days = [
        monday + timedelta(days=number) for number in (0, 1, 2, 3, 5)
    ]  # the last one waits a day: Saturday
    for number, day in enumerate(days):
        story.give(day, f"AL-{number + 1}")
        text = story.journey()
        if number < 4:
            assert f"{number + 1} of 5 days of treatment in a row are behind you." in text
    # Twelve months after the last day as it was planned; the day as it was given is proposed, and a neurologist takes it.
    planned, wanted = _a_year_after(monday + timedelta(days=4)), _a_year_after(days[-1])
    assert "Week 1 of" in text
    assert f"lanned for the week of {day_words(planned - timedelta(days=planned.weekday()))}" in text
    hana = story.person("neurologist")
    hana.open(story.course_url)
    hana.sees("New dates are proposed")
    hana.press("link", "Look at the new dates")
    hana.sees(re.compile(f"^Dose 6: From {re.escape(day_words(wanted))}"))
    hana.write("Why", "Counted from the day on which the first course really ended.")
    hana.find("checkbox", re.compile("^I confirm these dates")).check(force=True)
    hana.press("button", "Confirm these dates")
    hana.sees(re.compile("^Moved: dose|Dose 6: from"))
    clock.go(days[-1] + timedelta(days=40))
    text = story.journey()
    assert "Week 6 of" in text
    assert "It was due on" in text  # the monthly tests begin: one month after the first day
    for number in range(3):
        story.give(wanted + timedelta(days=number), f"AL-{number + 6}")
    text = story.journey()
    assert "Day 1 since your last" in text
    story.quiet()


def _a_year_after(day: date) -> date:
    """The same day of the next year; the last of February after a leap day."""
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return day.replace(year=day.year + 1, day=28)
