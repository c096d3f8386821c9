"""Opening pages as people, and what a page is asked in one mode: measures of our own, axe, the console, requests, the way of the focus."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.test import Client

from tests.conftest import pointed_at
from tests.harness.live import LivePortal
from tests.harness.mail import Mailbox
from tests.registry.ground import Ground, lay
from tests.registry.pages import Page
from tests.registry.people import ANONYMOUS
from tests.registry.states import open_state, signed_in

HERE = Path(__file__).parent
WIDTHS = (320, 1280)
HEIGHT = 900
THEMES: dict[str, dict[str, str]] = {
    "day": {"color_scheme": "light", "contrast": "no-preference", "forced_colors": "none"},
    "dusk": {"color_scheme": "dark", "contrast": "no-preference", "forced_colors": "none"},
    "more contrast": {"color_scheme": "light", "contrast": "more", "forced_colors": "none"},
    "forced colors": {"color_scheme": "dark", "contrast": "no-preference", "forced_colors": "active"},
}
PATIENT_TARGET, STAFF_TARGET = 48, 32
SESSION_SECONDS = 240  # some pages ask who it is again after five minutes
LONGEST_WAY = 150  # presses of Tab before a page counts as a trap

# Settles at once: a picture of the page in rest.
_AXE_RUN = """async (options) => {
  const result = await axe.run(document, { resultTypes: ["violations"], ...options });
  return result.violations.map((one) => `${one.id} (${one.impact}): ${one.nodes.slice(0, 3).map((node) => node.target.join(" ") + " " + node.failureSummary.split("\\n").slice(1, 3).join(" ")).join(" | ")}`);
}"""


# What axe is asked: all its rules; those that colors can break; those that they cannot.
CONTRAST = "color-contrast"
AXE: dict[str, dict[str, Any]] = {
    "all": {},
    "colors": {"runOnly": {"type": "rule", "values": [CONTRAST]}},
    "structure": {"rules": {CONTRAST: {"enabled": False}}},
}


@functools.cache
def source(name: str) -> str:
    """A script to run in the page; comments before the function are left out because it is evaluated as an expression."""
    text = (HERE / name).read_text(encoding="utf-8")
    return "\n".join(line for line in text.splitlines() if not line.startswith("//")).rstrip().rstrip(";")


@functools.cache
def axe_source() -> str:
    return (HERE.parent / "vendor" / "axe.min.js").read_text(encoding="utf-8")


@dataclass
class Trouble:
    """What a tab complained about, and what it asked of other hosts."""

    host: str
    said: list[str] = field(default_factory=list)

    @classmethod
    def watch(cls, tab: Any, host: str) -> Trouble:
        trouble = cls(host)
        tab.on("console", trouble.on_console)
        tab.on("pageerror", lambda error: trouble.said.append(f"error in a script: {error}"))
        tab.on("request", trouble.on_request)
        tab.on("response", trouble.on_response)
        return trouble

    def on_console(self, message: Any) -> None:
        """Broken rules of the policy arrive here too, as errors."""
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            self.said.append(f"console: {message.text[:300]}")

    def on_request(self, request: Any) -> None:
        address = urlsplit(request.url)
        if address.scheme not in ("data", "blob", "about") and address.netloc != self.host:
            self.said.append(f"asked another host: {request.url[:120]}")

    def on_response(self, response: Any) -> None:
        # A save that was on its way when its form was sent is told that the draft is gone: that is the rule, not a fault.
        late_save = response.status == 410 and "/api/v1/patients/drafts/" in response.url
        if response.status >= 400 and not late_save and not response.request.is_navigation_request():
            self.said.append(f"{response.status} for {response.url[:120]}")


@dataclass
class Walk:
    """A running portal with the ground laid, and pages opened in it as one person."""

    portal: LivePortal
    mailbox: Mailbox
    browser: Any
    unblock: Callable[[], AbstractContextManager[None]]
    ground: Ground = field(default_factory=Ground)
    contexts: dict[tuple[str, bool], tuple[Any, float]] = field(default_factory=dict)
    used: list[Any] = field(default_factory=list)

    def lay(self) -> None:
        """Complete the demo world in the portal's own database."""
        with self.unblock(), pointed_at(self.portal.database):
            self.ground = lay()

    def context(self, person: str, *, scripts: bool) -> Any:
        """A browser context in which this person is signed in; made anew before the session could end."""
        known, made = self.contexts.get((person, scripts), (None, 0.0))
        if known is not None and time.monotonic() - made < SESSION_SECONDS:
            return known
        if known is not None:
            known.close()
        context = self.browser.new_context(
            base_url=self.portal.url,
            java_script_enabled=scripts,
            reduced_motion="reduce",
            service_workers="block",
        )
        context.set_default_timeout(20_000)
        if person != ANONYMOUS:
            with self.unblock(), pointed_at(self.portal.database):
                self.lend(context, signed_in(self.ground.users[person]))
        self.contexts[person, scripts] = context, time.monotonic()
        return context

    def lend(self, context: Any, client: Client) -> None:
        """Give the browser the cookies of a test client."""
        context.add_cookies(
            [
                {"name": name, "value": cookie.value, "url": self.portal.url}
                for name, cookie in client.cookies.items()
            ]
        )

    def open(self, page: Page, person: str, *, scripts: bool = True) -> tuple[Any, str, Trouble]:
        """A new tab that watches for trouble, and the address to open in it."""
        context = self.context(person, scripts=scripts)
        path = page.url(self.ground, person) if not page.state else ""
        if page.state:
            with self.unblock(), pointed_at(self.portal.database):
                client = signed_in(None if person == ANONYMOUS else self.ground.users[person])
                path = open_state(page, client, self.ground, person, mails=self.mail_to)
            self.lend(context, client)
            # What was asked for this page (a code by mail) must not lead the next page elsewhere.
            self.used.append(self.contexts.pop((person, scripts))[0])
        tab = context.new_page()
        return tab, path, Trouble.watch(tab, urlsplit(self.portal.url).netloc)

    def mail_to(self, address: str) -> str:
        return self.mailbox.wait(address, having=lambda mail: "/reset/" in mail.get_content()).get_content()

    def close(self) -> None:
        for context in [*self.used, *(context for context, _made in self.contexts.values())]:
            context.close()


def settle(tab: Any) -> None:
    """Wait for the font and for two frames, so that nothing is measured half-drawn."""
    tab.evaluate(
        "document.fonts.ready.then(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))"
    )


def look(tab: Any, mode: str, *, width: int, least: int, forced: bool = False, axe: str = "all") -> list[str]:
    """Everything that is wrong with the open page at this width, as sentences. `axe` is a key of AXE, or empty for our measures alone."""
    tab.set_viewport_size({"width": width, "height": HEIGHT})
    found: list[str] = tab.evaluate(
        source("measure.js"), {"least": least, "width": width, "inForcedColors": forced}
    )
    if axe:
        found += tab.evaluate(_AXE_RUN, AXE[axe])
    return [f"{mode}, {width} px: {one}" for one in found]


def walk_by_keyboard(tab: Any) -> list[str]:
    """Press Tab through the page: each stop shows that it has the focus, is in view and is not covered."""
    found, seen = [], set()
    stop = source("focus.js")
    for _press in range(LONGEST_WAY):
        tab.keyboard.press("Tab")
        at = tab.evaluate(stop)
        if at is None or at["key"] in seen:
            break
        seen.add(at["key"])
        if not at["ringed"]:
            found.append(f"keyboard: nothing shows the focus on {at['what']}")
        if not at["inView"]:
            found.append(f"keyboard: out of view with the focus: {at['what']}")
        elif not at["uncovered"]:
            found.append(f"keyboard: covered while it has the focus: {at['what']}")
    else:
        found.append(f"keyboard: more than {LONGEST_WAY} stops")
    if not seen:
        found.append("keyboard: Tab leads nowhere")
    return found
