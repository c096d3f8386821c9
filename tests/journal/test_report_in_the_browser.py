"""The report from draft to visit, on real input: written in two sittings, approved, shared, read by the nurse, withdrawn."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from portal.demo.people import PASSWORD
from tests.browser.hands import Keyboard, Mouse
from tests.harness.paper import ensure

if TYPE_CHECKING:
    from tests.harness.live import LivePortal

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WHY = "My left foot drags after lunch, and I am afraid of falling on the stairs."
QUESTION = "Would a brace help me?"


def enter(hands: Mouse, who: str, wait: str) -> None:
    hands.open("/accounts/login/")
    hands.tab.fill("input[name=login]", f"{who}@example.com")
    hands.tab.fill("input[name=password]", PASSWORD)
    hands.tab.press("input[name=password]", "Enter")
    hands.heading(re.compile(wait))


@pytest.mark.parametrize(
    ("hands", "scripts"), [(Mouse, False), (Keyboard, True)], ids=["no-scripts", "keyboard"]
)
def test_the_report_from_draft_to_visit(
    live_world: LivePortal, new_page: Callable[..., Any], hands: type[Mouse], scripts: bool
) -> None:
    ensure()
    phone = {"viewport": {"width": 320, "height": 700}}
    maya = hands(new_page(live_world, java_script_enabled=scripts, **phone))
    enter(maya, "patient", "^Today")
    maya.press("link", "Journal", exact=True)
    maya.press("link", "Reports for visits")
    maya.press("link", "Write a report")
    maya.heading("Write a report")
    maya.write("Why I come (optional)", WHY)
    if scripts:  # the words are kept by themselves; the page is left without a word
        maya.tab.get_by_text(re.compile("^Saved")).first.wait_for()
    else:
        maya.press("button", "Save and finish later")
        maya.heading(re.compile("^Today"))

    # Another device, another day: the half-written report is there.
    maya = hands(new_page(live_world, java_script_enabled=scripts, **phone))
    enter(maya, "patient", "^Today")
    maya.sees("A report for a visit")
    maya.open("/journal/reports/new/")
    assert maya.tab.get_by_label("Why I come (optional)").input_value() == WHY
    maya.write("Question 1 (optional)", QUESTION)
    maya.press("button", "Look at the report")
    maya.heading("Report for a visit")
    maya.sees("Only you see it now.")
    maya.sees(WHY)
    maya.sees(QUESTION)
    assert maya.tab.locator("svg.mini").count() >= 2
    maya.press("button", "Yes, approve it")
    maya.sees("You approved this version. Your team does not see it.")
    path = maya.tab.evaluate("location.pathname")
    visit = maya.tab.locator(
        "input[name=visit]:checked + label, label:has(input[name=visit]:checked)"
    ).first.inner_text()
    maya.press("button", "Share with my team")
    maya.sees("Your team sees this since")
    maya.open("/")
    maya.press("link", "See the details")
    maya.press("link", "My report for this visit")
    maya.heading("Report for a visit")

    # The nurse finds it where she looks first, reads all of it, and opens the same as a PDF.
    nurse = Mouse(new_page(live_world))
    enter(nurse, "nurse", ".")
    nurse.open("/patients/")
    nurse.press("link", re.compile("Maya Lindqvist"))
    nurse.heading("Maya Lindqvist")
    nurse.sees(WHY)
    nurse.press("link", "The whole report")
    nurse.heading("Report from the patient")
    for said in (WHY, QUESTION, visit.strip().splitlines()[0]):
        nurse.sees(re.compile(re.escape(said)))
    theirs = nurse.tab.evaluate("location.pathname")
    made = nurse.tab.request.get(f"{theirs}pdf/")
    assert made.ok
    assert made.headers["content-type"] == "application/pdf"
    assert made.body().startswith(b"%PDF-")

    # The patient changes her mind.
    maya.open(path)
    maya.press("button", "Stop sharing this report")
    maya.sees("Your team no longer sees this report")
    assert nurse.tab.goto(theirs).status == 404
