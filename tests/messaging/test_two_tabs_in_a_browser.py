"""Two tabs, both begun before anything was saved: both texts stay until one is chosen, then it is over, and what was sent is no draft."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.harness.live import LivePortal
from tests.messaging.test_in_a_browser import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.slow]

FIRST, SECOND = "The words of the first tab.", "The second tab says something else."


def two_tabs(portal: LivePortal, new_page: Callable[..., Any], **options: Any) -> tuple[Any, Any]:
    one = new_page(portal, **options)
    sign_in(one, "patient")
    two = one.context.new_page()
    two.set_default_timeout(15_000)
    for tab in (one, two):
        tab.goto("/messages/new/")
        tab.get_by_text("My infusion or appointment", exact=True).click()
    return one, two


def box(tab: Any) -> Any:
    return tab.get_by_label("Your message")


def saved(tab: Any) -> None:
    tab.get_by_text("Find it on Today").first.wait_for()


@pytest.mark.parametrize(
    ("choice", "sent", "left"),
    [("Keep mine", SECOND, FIRST), ("Use the text saved elsewhere", FIRST, SECOND)],
)
def test_with_scripts(
    choice: str, sent: str, left: str, live_world: LivePortal, new_page: Callable[..., Any]
) -> None:
    one, two = two_tabs(live_world, new_page)
    box(one).press_sequentially(FIRST)
    saved(one)
    box(two).press_sequentially(SECOND)
    compare = two.locator(".compare")
    compare.wait_for()
    assert FIRST in compare.inner_text()
    assert SECOND in compare.inner_text()
    assert box(two).input_value() == SECOND
    two.get_by_role("button", name=choice).click()
    saved(two)
    assert box(two).input_value() == sent
    assert left in str(two.locator("details.more", has_text="The text you did not choose").text_content())
    box(two).press("End")
    box(two).press_sequentially(" More.")  # it goes on being saved, and nothing is asked again
    with two.expect_response(lambda answer: "/drafts/" in answer.url) as answer:
        two.get_by_role("button", name="Send message").focus()
    assert answer.value.status == 200
    assert two.locator(".compare").count() == 0
    two.get_by_role("button", name="Send message").press("Enter")
    two.wait_for_url("**/sent/")
    two.goto("/")
    assert two.get_by_text("Finish later").count() == 0
    two.goto("/messages/new/")
    assert box(two).input_value() == ""


def test_closed_without_having_chosen_both_are_in_the_draft(
    live_world: LivePortal, new_page: Callable[..., Any]
) -> None:
    one, two = two_tabs(live_world, new_page)
    box(one).press_sequentially(FIRST)
    saved(one)
    box(two).press_sequentially(SECOND)
    two.locator(".compare").wait_for()
    two.once("dialog", lambda dialog: dialog.accept())
    two.goto("/messages/")
    for _look in range(20):  # the last save outlives its page, and may end after the next one came
        two.goto("/messages/new/")
        if SECOND in (text := box(two).input_value()):
            break
    assert FIRST in text
    assert SECOND in text


def test_without_scripts(live_world: LivePortal, new_page: Callable[..., Any]) -> None:
    one, two = two_tabs(live_world, new_page, java_script_enabled=False)
    box(one).fill(FIRST)
    one.get_by_role("button", name="Save and finish later").press("Enter")
    one.wait_for_url("**/")
    box(two).fill(SECOND)
    two.get_by_role("button", name="Save and finish later").press("Enter")
    compare = two.locator(".compare")
    compare.wait_for()
    assert FIRST in compare.inner_text()
    assert box(two).input_value() == SECOND
    two.get_by_role("button", name="Send message").press("Enter")
    two.wait_for_url("**/sent/")
    two.goto("/")
    assert two.get_by_text("Finish later").count() == 0


def test_when_one_tab_has_sent_the_other_ones_words_are_kept(
    live_world: LivePortal, new_page: Callable[..., Any]
) -> None:
    one, two = two_tabs(live_world, new_page)
    box(one).press_sequentially(FIRST)
    saved(one)
    two.goto("/messages/new/")  # both hold the same draft now, with as much of its words as was saved
    one.get_by_role("button", name="Send message").press("Enter")
    one.wait_for_url("**/sent/")
    box(two).press("End")
    box(two).press_sequentially(f" {SECOND}")
    two.get_by_text("saved as a new draft").wait_for()
    for _look in range(20):  # what was typed after that save goes with the next one
        one.goto("/messages/new/")
        if SECOND in box(one).input_value():
            break
        one.wait_for_timeout(500)
    assert SECOND in box(one).input_value()
