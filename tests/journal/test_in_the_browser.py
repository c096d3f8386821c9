"""The quick entry on real input: without scripts, and with the keyboard alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from portal.demo.people import PASSWORD

if TYPE_CHECKING:
    from tests.harness.live import LivePortal

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WORDS = ("Tiredness: a lot.", "Walking: a little.", "Mood: none.")


def sign_in(page: Any) -> None:
    page.goto("/accounts/login/")
    page.fill("input[name=login]", "patient@example.com")
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_selector("#journal-today")


def check_saved(page: Any) -> None:
    page.wait_for_url(re.compile("/saved/$"))
    said = page.inner_text("main")
    assert page.inner_text("h1").replace("\n", " ") == "Saved in your journal"
    for words in WORDS:
        assert words in said


def test_four_presses_from_today_without_scripts_and_then_by_keyboard(
    live_world: LivePortal, new_page: Callable[..., Any]
) -> None:
    """Three words and Save, on a narrow phone without scripts; undo; then the same by keyboard, change and note."""
    page = new_page(live_world, viewport={"width": 320, "height": 640}, java_script_enabled=False)
    sign_in(page)
    presses = 0
    for code, step in (("tiredness", 3), ("walking", 1), ("mood", 0)):
        page.click(f"label[for=id_score_{code}_{step}]")
        presses += 1
    page.get_by_role("button", name="Save", exact=True).click()
    presses += 1
    check_saved(page)
    assert presses == 4
    page.get_by_role("button", name="Undo", exact=True).click()
    assert page.inner_text("h1").replace("\n", " ") == "You took this entry back"

    page = new_page(live_world, viewport={"width": 1280, "height": 800})
    sign_in(page)
    page.focus("#id_score_tiredness_0")
    for downs in (3, 1, 0):  # arrow keys move within a symptom, Tab goes to the next
        page.keyboard.press("Space")
        for _turn in range(downs):
            page.keyboard.press("ArrowDown")
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent").strip() == "Save"
    page.keyboard.press("Enter")
    check_saved(page)
