"""Asking for an infusion time and confirming it, on a real server in a real browser: with scripts, by keyboard, and without scripts."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.hands import Keyboard, Mouse
from tests.browser.test_main_job import Run, nothing_about_health, press_in, sign_in_with_password
from tests.harness.live import LivePortal
from tests.harness.mail import Mailbox

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WISH = re.compile(r"\d{4} at \d+:\d\d (am|pm)")
NOTE = "My neighbor drives me, so mornings are best."


@pytest.mark.parametrize(
    ("hands", "scripts"),
    [(Mouse, True), (Keyboard, True), (Mouse, False)],
    ids=["mouse", "keyboard", "no-scripts"],
)
def test_a_patient_asks_and_a_nurse_confirms(
    live_world: LivePortal,
    smtp_server: Mailbox,
    new_page: Callable[..., Any],
    hands: type[Mouse],
    scripts: bool,
) -> None:
    run = Run(live_world, smtp_server, new_page, hands, scripts, [])
    maya = run.person()
    sign_in_with_password(maya, "patient")
    asks(maya)
    first = words_of_the_wish(maya)
    mail = smtp_server.wait("patient@example.com", having=lambda one: "You asked" in str(one["Subject"]))
    nothing_about_health(mail)
    nurse = run.person()
    sign_in_with_password(nurse, "nurse")
    confirms(nurse, first)
    mail = smtp_server.wait("patient@example.com", having=lambda one: "is booked" in str(one["Subject"]))
    nothing_about_health(mail)
    maya.press("link", "Appointments", exact=True)
    maya.heading("Your appointments")
    maya.press("link", "Next infusion")
    maya.heading("Your next infusion")
    maya.sees("Booked")
    maya.sees(first)
    maya.press("link", "See the details")
    maya.heading("Infusion")
    maya.sees(re.compile("Chair [1-5]"))
    nurse.press("link", "By chair")
    nurse.heading(re.compile(r"\d{4}$"))
    said = [one for trouble in run.troubles for one in trouble.said]
    assert not said, said


def asks(maya: Mouse) -> None:
    """Two wishes: the dearest is kept, and is not booked yet."""
    maya.press("link", "Appointments", exact=True)
    maya.heading("Your appointments")
    maya.press("link", "Next infusion")
    maya.heading("Your next infusion")
    maya.sees("No time is booked yet")
    maya.press("link", "Ask for a time")
    maya.heading("Which time would be best?")
    maya.choose(WISH)
    maya.press("button", "Continue")
    maya.heading("Check and send")
    maya.press("link", "Add another wish")
    maya.heading("Which other time would be fine, too?")
    maya.choose(WISH)
    maya.press("button", "Continue")
    maya.heading("Check and send")
    maya.write(re.compile("should know"), NOTE)
    maya.press("button", "Send the request")
    maya.heading("Request sent")
    maya.sees("Waiting for the center to confirm")


def words_of_the_wish(maya: Mouse) -> str:
    text = maya.tab.locator(".confirmation__body").inner_text().strip()
    assert WISH.search(text), text
    return str(text)


def confirms(nurse: Mouse, first: str) -> None:
    """From Today to the list, and one press."""
    nurse.heading("Today")
    nurse.press("link", "Answer requests")
    nurse.heading("Requests for infusion times")
    nurse.sees(NOTE)
    row = nurse.tab.locator(".work-row", has_text="Maya Lindqvist")
    assert first in row.inner_text()
    press_in(nurse, row, "button", "Confirm")
    nurse.heading("Requests for infusion times")
    nurse.sees(re.compile("Booked for Maya Lindqvist"))
