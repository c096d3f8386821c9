"""A nurse's round by keyboard alone: open, template, send, next. Four presses of Enter besides the words."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.harness.live import LivePortal
from tests.messaging.test_in_a_browser import sign_in, tab_to

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_open_template_send_next(live_world: LivePortal, new_page: Callable[..., Any]) -> None:
    nurse = new_page(live_world)
    sign_in(nurse, "nurse")
    nurse.goto("/work/")
    tab_to(nurse, "My infusion or appointment, Samuel Okafor")
    nurse.keyboard.press("Enter")  # 1: open
    nurse.wait_for_url("**/patients/*/work/*/")
    tab_to(nurse, "A time for a call")
    nurse.keyboard.press("Enter")  # 2: template
    nurse.wait_for_url(re.compile("#id_text$"))
    box = nurse.get_by_label("Your answer")
    assert "We call you on [day] at [time]." in box.input_value()
    assert nurse.evaluate("() => document.activeElement.id") == "id_text"
    nurse.keyboard.press("Control+A")
    nurse.keyboard.type("We call you on Friday at ten.")
    tab_to(nurse, "Send answer")
    nurse.keyboard.press("Enter")  # 3: send
    nurse.get_by_text("Nothing is open here.").wait_for()
    assert "We call you on Friday at ten." in nurse.locator("main").inner_text()
    before = nurse.url
    assert "Next one:" in nurse.evaluate(
        "() => document.activeElement.innerText"
    )  # the keyboard stands on it
    nurse.keyboard.press("Enter")  # 4: next
    nurse.wait_for_function("url => location.href !== url", arg=before)
    assert "/work/" in nurse.url


def test_a_template_without_scripts_and_a_blank_that_is_left(
    live_world: LivePortal, new_page: Callable[..., Any]
) -> None:
    nurse = new_page(live_world, java_script_enabled=False)
    sign_in(nurse, "nurse")
    nurse.goto("/work/")
    nurse.get_by_role("link", name="My infusion or appointment, Samuel Okafor").click()
    nurse.get_by_label("Your answer").fill("Dear Mr. Okafor,")
    nurse.get_by_role("button", name="A time for a call").click()
    text = nurse.get_by_label("Your answer").input_value()
    assert text.startswith("Dear Mr. Okafor,\n\nThank you for your message.")
    nurse.get_by_role("button", name="Send answer").click()
    assert "Fill in [day], [time] first." in nurse.locator("main").inner_text()
    assert nurse.get_by_label("Your answer").input_value() == text
    nurse.get_by_label("Your answer").fill(text.replace("[day]", "Friday").replace("[time]", "ten"))
    nurse.get_by_role("button", name="Send answer").click()
    nurse.get_by_text("Nothing is open here.").wait_for()
