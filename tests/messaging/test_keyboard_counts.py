"""How many presses a message and an answer take by keyboard alone: Tab, arrows, Space, Enter and typing, nothing else. Counted and printed.

`pytest -s tests/messaging/test_keyboard_counts.py` prints the counts that stand in docs/measured.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.harness.live import LivePortal
from tests.messaging.test_in_a_browser import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.slow]
MOST_TABS = 120
FOCUSED = "(element) => element === document.activeElement"


class Hands:
    """Presses keys and counts them: `acts` do something, `moves` are Tab and lead from one thing to the next. Typing is not counted."""

    def __init__(self, tab: Any) -> None:
        self.tab, self.acts, self.moves = tab, 0, 0

    def key(self, name: str) -> None:
        self.tab.keyboard.press(name)
        if name == "Tab":
            self.moves += 1
        else:
            self.acts += 1

    def reach(self, thing: Any) -> None:
        """Tab until it has the focus, which may be at once."""
        thing.wait_for()
        for _press in range(MOST_TABS):
            if thing.evaluate(FOCUSED):
                return
            self.key("Tab")
        raise AssertionError(f"Tab does not lead to {thing}")

    def press(self, thing: Any, name: str = "Enter") -> None:
        self.reach(thing)
        self.key(name)

    def choose(self, radio: Any) -> None:
        """Tab into the group of the radio button, then arrows until it is the one that is chosen."""
        group = radio.get_attribute("name")
        for _press in range(MOST_TABS):
            if self.tab.evaluate("() => document.activeElement.name") == group:
                break
            self.key("Tab")
        for _press in range(20):
            if radio.is_checked():
                return
            self.key("Space" if radio.evaluate(FOCUSED) else "ArrowDown")
        raise AssertionError("the arrows do not lead there")

    def type(self, text: str) -> None:
        self.tab.keyboard.type(text)

    def said(self, what: str) -> None:
        print(f"\n{what}: {self.acts} presses, and {self.moves} times Tab")  # noqa: T201 - it is what was measured


def test_a_nurse_opens_takes_a_template_sends_and_goes_to_the_next_in_four_presses(
    live_world: LivePortal, new_page: Callable[..., Any]
) -> None:
    tab = new_page(live_world)
    sign_in(tab, "nurse")
    tab.goto("/work/")
    hands = Hands(tab)
    hands.press(tab.get_by_role("link", name="My infusion or appointment, Samuel Okafor"))
    tab.wait_for_url("**/patients/*/work/*/")
    hands.press(tab.get_by_role("button", name="A time for a call"))
    tab.wait_for_url(re.compile("#id_text$"))
    box = tab.get_by_label("Your answer")
    assert "We call you on [day] at [time]." in box.input_value()
    assert box.evaluate(FOCUSED)
    tab.keyboard.press("Control+A")  # the blanks are written over: part of the typing
    hands.type("We call you on Friday at ten.")
    hands.press(tab.get_by_role("button", name="Send answer"))
    following = tab.get_by_role("link", name="Next one:")
    following.wait_for()
    assert following.evaluate(FOCUSED)  # the page begins with it
    before, moves = tab.url, hands.moves
    hands.press(following)
    tab.wait_for_function("url => location.href !== url", arg=before)
    assert hands.moves == moves
    assert tab.get_by_label("Your answer").is_visible()
    hands.said("open, template, send, next")
    assert hands.acts <= 4


def test_a_patient_writes_with_questions_and_a_phrase_in_nine_presses(
    live_world: LivePortal, new_page: Callable[..., Any]
) -> None:
    signs = new_page(live_world)
    sign_in(signs, "neurologist")
    signs.goto("/work/questions/")
    Hands(signs).press(signs.get_by_role("button", name="Sign this version"))
    signs.get_by_text("Hana Sato").last.wait_for()

    tab = new_page(live_world)
    sign_in(tab, "patient")
    hands = Hands(tab)
    hands.press(tab.get_by_role("navigation").get_by_role("link", name="Messages").first)
    tab.wait_for_url("**/messages/")
    hands.press(tab.get_by_role("link", name="New message").first)
    tab.wait_for_url("**/messages/new/")
    hands.choose(tab.get_by_role("radio", name="How I feel"))
    breath = tab.get_by_label("Trouble breathing", exact=False).filter(visible=True)
    assert breath.count() == 1
    hands.press(breath, "Space")
    assert breath.is_checked()
    hands.press(tab.locator("summary", has_text="Need words?"))
    hands.press(tab.get_by_role("button", name="This is new for me:"))
    tab.wait_for_url(re.compile("#id_text$"))
    assert tab.get_by_label("Your message").evaluate(FOCUSED)
    hands.type(" my left hand is slow.")
    hands.press(tab.get_by_role("button", name="Send message"))
    tab.wait_for_url("**/sent/")
    assert "Call now" in tab.locator("main h1, main h2, main h3").first.inner_text()
    hands.said("a patient's message from Today, with questions and a phrase")
    assert hands.acts <= 9
