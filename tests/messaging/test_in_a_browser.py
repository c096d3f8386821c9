"""The whole way of a message in a real browser: by keyboard alone, and without a line of JavaScript."""

from __future__ import annotations

import re
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


def tab_to(page: Any, thing: Any, *, most: int = 120) -> None:
    """Press Tab until this thing (or what has these words) has the focus. Asked with a selector: so it works in a page without scripts as well."""
    focus = page.locator(":focus")
    focused = focus.filter(has_text=thing) if isinstance(thing, str) else thing.and_(focus)
    for _press in range(most):
        page.keyboard.press("Tab")
        if focused.count():
            return
    raise AssertionError(f"no way by keyboard to {thing}")


@pytest.mark.parametrize("scripts", [True, False], ids=["keyboard", "keyboard without scripts"])
def test_a_message_and_its_answer(
    scripts: bool, live_world: LivePortal, new_page: Callable[..., Any]
) -> None:
    """From the form to the answer that was read, with Tab, Space, Enter and letters; nothing is clicked, filled or given the focus."""
    patient = new_page(live_world, java_script_enabled=scripts)
    sign_in(patient, "patient")
    patient.goto("/messages/new/")
    tab_to(patient, patient.get_by_role("radio", name="My infusion or appointment"))
    patient.keyboard.press("Space")
    tab_to(patient, patient.get_by_label("Your message"))
    patient.keyboard.type("May my sister come along next time?")
    tab_to(patient, patient.get_by_role("button", name="Send message"))
    patient.keyboard.press("Enter")
    patient.wait_for_url("**/sent/")
    assert patient.locator("h1").inner_text().strip() == "Message sent"

    nurse = new_page(live_world, java_script_enabled=scripts)
    sign_in(nurse, "nurse")
    nurse.goto("/work/")
    tab_to(nurse, nurse.get_by_role("button", name="Claim My infusion or appointment, Maya Lindqvist"))
    nurse.keyboard.press("Enter")
    nurse.wait_for_url(re.compile(r"/work/[0-9a-f-]+/"))
    assert "May my sister come along next time?" in nurse.locator("main").inner_text()
    tab_to(nurse, nurse.get_by_label("Your answer"))
    nurse.keyboard.type("Yes, gladly.")
    tab_to(nurse, nurse.get_by_role("button", name="Send answer"))
    nurse.keyboard.press("Enter")
    nurse.get_by_text("Nothing is open here.").wait_for()
    assert nurse.get_by_text("Next one:").count() == 1

    patient.goto("/")
    read = patient.get_by_role("link", name="Read the answer from Rosa Delgado: My infusion or appointment")
    tab_to(patient, read)
    patient.keyboard.press("Enter")
    patient.get_by_text("Yes, gladly.").wait_for()


@pytest.mark.parametrize("scripts", [True, False], ids=["keyboard", "without scripts"])
def test_a_message_with_its_questions_takes_at_most_nine_presses(
    scripts: bool, live_world: LivePortal, new_page: Callable[..., Any]
) -> None:
    """Counted are presses that do something, from Today on; Tab only moves. Questions, a starter phrase and undo are among them."""
    signs = new_page(live_world, java_script_enabled=scripts)
    sign_in(signs, "neurologist")
    signs.goto("/work/questions/")
    signs.get_by_role("button", name="Sign this version").press("Enter")
    signs.get_by_text("Hana Sato").last.wait_for()

    page = new_page(live_world, java_script_enabled=scripts)
    sign_in(page, "patient")
    presses = 0

    def press(thing: Any, key: str = "Enter") -> None:
        nonlocal presses
        presses += 1
        thing.press(key)

    press(page.get_by_role("navigation").get_by_role("link", name="Messages").first)
    page.wait_for_url("**/messages/")
    press(page.get_by_role("link", name="New message").first)
    page.wait_for_url("**/messages/new/")
    asked = page.get_by_text("Is any of this happening now?")
    breath = page.get_by_label("Trouble breathing", exact=False)
    assert not asked.is_visible()
    press(page.get_by_role("radio", name="How I feel"), "Space")
    assert asked.is_visible()
    assert breath.filter(visible=True).count() == 1
    press(breath.filter(visible=True), "Space")
    press(page.locator("summary", has_text="Need words?"))
    press(page.get_by_role("button", name="This is new for me:"))
    page.wait_for_url("**#id_text")
    assert page.get_by_label("Your message").input_value().strip() == "This is new for me:"
    assert breath.filter(visible=True).is_checked()
    assert page.get_by_text("Call now. Do not wait for an answer.").is_visible()
    page.get_by_label("Your message").press_sequentially("my left hand is slow.")
    press(page.get_by_role("button", name="Send message"))
    page.wait_for_url("**/sent/")
    assert presses <= 9
    first = page.locator("main h1, main h2, main h3").first.inner_text()
    assert "Call now" in first

    press(page.get_by_role("button", name="Take it back"))
    page.wait_for_url("**/messages/new/")
    assert "my left hand is slow." in page.get_by_label("Your message").input_value()


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
