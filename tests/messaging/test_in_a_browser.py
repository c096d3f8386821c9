"""The whole way of a message in a real browser: by keyboard alone, and without a line of JavaScript."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from portal.demo.people import PASSWORD
from tests.harness.live import LivePortal

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def sign_in(page: Any, who: str) -> None:
    page.goto("/accounts/login/")
    page.fill('input[name="login"]', f"{who}@example.com")
    page.fill('input[name="password"]', PASSWORD)
    page.press('input[name="password"]', "Enter")
    page.wait_for_url("**/")


def tab_to(page: Any, words: str, *, most: int = 80) -> None:
    """Press Tab until the thing with these words (its text, or its label) has the focus."""
    for _press in range(most):
        page.keyboard.press("Tab")
        found = page.evaluate(
            "() => { const e = document.activeElement; const l = e.labels && e.labels[0];"
            " return (l ? l.innerText : e.innerText || '').trim(); }"
        )
        if words in found:
            return
    raise AssertionError(f"no way by keyboard to {words!r}")


@pytest.mark.parametrize("scripts", [True, False], ids=["keyboard", "keyboard without scripts"])
def test_a_message_and_its_answer(
    scripts: bool, live_world: LivePortal, new_page: Callable[..., Any]
) -> None:
    patient = new_page(live_world, java_script_enabled=scripts)
    # Reading `document.activeElement` needs scripts: without them fields are filled and buttons pressed by name.
    sign_in(patient, "patient")
    patient.goto("/messages/new/")
    if scripts:
        tab_to(patient, "My infusion or appointment")
        patient.keyboard.press("Space")
        tab_to(patient, "Your message")
        patient.keyboard.type("May my sister come along next time?")
        tab_to(patient, "Send message")
        patient.keyboard.press("Enter")
    else:
        patient.get_by_text("My infusion or appointment", exact=True).click()
        patient.get_by_label("Your message").fill("May my sister come along next time?")
        patient.get_by_role("button", name="Send message").press("Enter")
    patient.wait_for_url("**/sent/")
    assert patient.locator("h1").inner_text().strip() == "Message sent"

    nurse = new_page(live_world, java_script_enabled=scripts)
    sign_in(nurse, "nurse")
    nurse.goto("/work/")
    nurse.get_by_role("button", name="Claim My infusion or appointment, Maya Lindqvist").press("Enter")
    nurse.wait_for_url("**/work/*/")
    assert "May my sister come along next time?" in nurse.locator("main").inner_text()
    nurse.get_by_label("Your answer").focus()
    nurse.get_by_label("Your answer").press_sequentially("Yes, gladly.")
    nurse.get_by_role("button", name="Send answer").press("Enter")
    nurse.get_by_text("Nothing is open here.").wait_for()
    assert nurse.get_by_text("Next one:").count() == 1

    patient.goto("/")
    patient.get_by_role("link", name="Read the answer from Rosa Delgado: My infusion or appointment").press(
        "Enter"
    )
    patient.get_by_text("Yes, gladly.").wait_for()


def test_words_survive_the_tab_and_find_their_way_to_another_device(
    live_world: LivePortal, new_page: Callable[..., Any]
) -> None:
    phone = new_page(live_world)
    sign_in(phone, "patient")
    phone.goto("/messages/new/")
    phone.get_by_label("Your message").press_sequentially("I was wondering")
    phone.get_by_text("Find it on Today").first.wait_for()
    phone.close()
    computer = new_page(live_world)
    sign_in(computer, "patient")
    computer.get_by_role("link", name="Finish later: A message to your team").click()
    assert computer.get_by_label("Your message").input_value() == "I was wondering"
