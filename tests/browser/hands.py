"""How a person uses pages: with a mouse, or with Tab, Enter, Space, arrows and typing only. Neither touches the page in any other way."""

from __future__ import annotations

import re
from typing import Any

MOST_TABS = 250


class Mouse:
    """Clicks what it finds by role and name; also the hands of a browser without scripts."""

    def __init__(self, tab: Any) -> None:
        self.tab = tab

    def open(self, path: str) -> None:
        """Type an address."""
        self.tab.goto(path)

    def find(self, role: str, name: str | re.Pattern[str], *, within: str = "", exact: bool = False) -> Any:
        place = self.tab.get_by_role("group", name=within) if within else self.tab
        return place.get_by_role(role, name=name, exact=exact).first

    def press(self, role: str, name: str | re.Pattern[str], **how: Any) -> None:
        """Press a link or a button."""
        self.find(role, name, **how).click()

    def write(self, label: str | re.Pattern[str], text: str) -> None:
        """Type into a field."""
        self.tab.get_by_label(label).first.click()
        self.tab.get_by_label(label).first.fill(text)

    def choose(self, option: str | re.Pattern[str], *, within: str = "") -> None:
        """Choose a radio button."""
        self.find("radio", option, within=within).check(force=True)

    def sees(self, text: str | re.Pattern[str]) -> None:
        """Wait until a text stands on the page."""
        self.tab.get_by_text(text).first.wait_for()

    def heading(self, text: str | re.Pattern[str]) -> None:
        """Wait for the page whose h1 this is."""
        self.tab.get_by_role("heading", level=1, name=text).wait_for()


class Keyboard(Mouse):
    """Never clicks, never sets a value: each control is reached with Tab, as a person would."""

    def press(self, role: str, name: str | re.Pattern[str], **how: Any) -> None:
        self.reach(self.find(role, name, **how))
        self.tab.keyboard.press("Enter")

    def write(self, label: str | re.Pattern[str], text: str) -> None:
        self.reach(self.tab.get_by_label(label).first)
        self.tab.keyboard.press("Control+A")
        self.tab.keyboard.type(text)

    def choose(self, option: str | re.Pattern[str], *, within: str = "") -> None:
        """Tab into the group, then arrows until it is the one; Space chooses."""
        target = self.find("radio", option, within=within)
        target.wait_for(state="attached")
        group = target.get_attribute("name")
        for _press in range(MOST_TABS):
            self.tab.keyboard.press("Tab")
            if self.tab.evaluate("document.activeElement.name") == group:
                break
        else:
            raise AssertionError(f"Tab does not lead to the choices of {group}")
        for _press in range(60):
            if target.evaluate("(element) => element === document.activeElement"):
                if not target.is_checked():
                    self.tab.keyboard.press("Space")
                return
            self.tab.keyboard.press("ArrowDown")
        raise AssertionError(f"the arrows do not lead to {option}")

    def reach(self, target: Any) -> None:
        """Press Tab until the target has the focus."""
        target.wait_for()
        for _press in range(MOST_TABS):
            if target.evaluate("(element) => element === document.activeElement"):
                return
            self.tab.keyboard.press("Tab")
        raise AssertionError("Tab does not lead there")
