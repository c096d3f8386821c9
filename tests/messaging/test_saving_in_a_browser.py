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


def test_saving_goes_on_after_a_send_that_was_stopped(
    live_world: LivePortal, new_page: Callable[..., Any]
) -> None:
    """The request never reached the portal and the page stayed, as when somebody presses Stop."""
    page = new_page(live_world)
    sign_in(page, "patient")
    page.goto("/messages/new/")
    page.get_by_text("My infusion or appointment", exact=True).click()
    box(page).press_sequentially("The first words.")
    page.get_by_text("Find it on Today").first.wait_for()

    def stop(route: Any) -> None:
        if route.request.method == "POST":
            route.abort("aborted")
        else:
            route.continue_()

    page.route("**/messages/new/", stop)
    with page.expect_request(lambda request: request.method == "POST" and request.url.endswith("/new/")):
        page.get_by_role("button", name="Send message").press("Enter")
    box(page).press("End")
    with page.expect_response(is_save) as saved:
        box(page).press_sequentially(" And the last ones.")
    assert saved.value.status == 200
    page.get_by_text("Find it on Today").first.wait_for()
    page.unroute("**/messages/new/")
    other = page.context.new_page()
    other.set_default_timeout(15_000)
    for _look in range(20):  # the end of the words goes with the next save
        other.goto("/messages/new/")
        if box(other).input_value().endswith("And the last ones."):
            break
        other.wait_for_timeout(500)
    assert box(other).input_value() == "The first words. And the last ones."
    other.close()

    # Without a connection it says so, and the browser asks before the page goes.
    page.route("**/drafts/**", lambda route: route.abort("failed"))
    box(page).press_sequentially(" Lost?")
    page.get_by_text("Not saved").first.wait_for()
    asked: list[str] = []
    page.once("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.goto("/messages/")
    assert asked == ["beforeunload"]
