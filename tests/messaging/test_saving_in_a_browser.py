"""What saving while one types has to keep, in a real browser: all that belongs to the text, and what is typed after a Send that was stopped."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.harness.live import LivePortal
from tests.messaging.test_in_a_browser import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ABOUT = "Before my next infusion"


def box(page: Any) -> Any:
    return page.get_by_label("Your message")


def is_save(answer: Any) -> bool:
    return "/drafts/" in answer.url and answer.request.method == "PUT"


def test_what_a_link_brought_along_is_saved_with_the_text(
    live_world: LivePortal, new_page: Callable[..., Any]
) -> None:
    page = new_page(live_world)
    sign_in(page, "patient")
    page.goto("/messages/new/?topic=infection&about=Before%20my%20next%20infusion")
    box(page).press_sequentially("I feel hot.")
    page.get_by_text("Find it on Today").first.wait_for()
    page.goto("/")
    page.get_by_role("link", name="Finish later: A message to your team").press("Enter")
    page.wait_for_url("**/messages/new/")
    assert box(page).input_value() == "I feel hot."
    assert page.locator("main").get_by_text(ABOUT).is_visible()
    page.get_by_role("button", name="Send message").press("Enter")
    page.wait_for_url("**/sent/")
    page.get_by_role("link", name="See the conversation").press("Enter")
    page.get_by_text("Write more").first.wait_for()
    assert page.locator("main").get_by_text(ABOUT).is_visible()
