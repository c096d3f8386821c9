"""The pharmacist signs a version off, begins the next one, mistypes a number, mends it and makes the version; without scripts, too."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from portal.demo.people import PASSWORD
from tests.browser.hands import Keyboard, Mouse
from tests.browser.walk import Trouble
from tests.harness.live import LivePortal

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.mark.parametrize(
    ("hands", "scripts"), [(Keyboard, True), (Mouse, False)], ids=["keyboard", "no-scripts"]
)
def test_from_a_signature_to_the_next_version(
    live_world: LivePortal, new_page: Callable[..., Any], hands: type[Mouse], scripts: bool
) -> None:
    tab = new_page(live_world, java_script_enabled=scripts, reduced_motion="reduce")
    trouble, farid = Trouble.watch(tab, f"localhost:{live_world.port}"), hands(tab)
    farid.open("/therapies/rituximab/")
    farid.heading("Sign in")
    farid.write("Your email address", "pharmacist@example.com")
    farid.write("Your password", PASSWORD)
    farid.press("button", "Sign in", exact=True)
    farid.heading("Rituximab")
    farid.sees("Missing: Pharmacist")
    farid.press("link", "Sign this version off")
    farid.heading(re.compile("^Sign off"))
    tick(farid, re.compile("^I have read every fact"))
    farid.press("button", "Sign this version")
    farid.sees("Signed off in the demo only, not for clinical use")
    farid.press("link", "Make a new version")
    farid.press("button", "Begin a draft")
    farid.heading("Draft of a new version")
    farid.press("link", re.compile("^Maintenance"))
    farid.heading("Doses and intervals")
    farid.write("The dose itself", "two hours")
    farid.write("Note", "Checked with the nurses.")
    farid.press("button", "Put it into the draft")
    farid.sees(re.compile("Enter a whole number from 0 to 1440"))
    assert tab.get_by_label("Note").first.input_value() == "Checked with the nurses."
    farid.write("The dose itself", "120")
    farid.press("button", "Put it into the draft")
    farid.heading("Draft of a new version")
    farid.press("link", "Check it and make the version")
    farid.sees("Checked with the nurses.")
    farid.write("Why is this version made?", "A note for the nurses")
    tick(farid, re.compile("^I have checked each change"))
    farid.press("button", "Make this version")
    farid.heading("Rituximab")
    farid.sees("A note for the nurses")
    farid.sees(re.compile("^Version 2, made here"))
    assert not trouble.said, trouble.said


def tick(person: Mouse, name: re.Pattern[str]) -> None:
    """Tick a box with the mouse, or with Tab and Space."""
    box = person.find("checkbox", name)
    if isinstance(person, Keyboard):
        person.reach(box)
        person.tab.keyboard.press("Space")
    else:
        box.check(force=True)
