"""The pages that only the demo has: the sign-in page with its people, and the mails that were sent, with their codes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from portal.demo.people import PASSWORD, PEOPLE
from tests.browser.test_pages import in_every_mode, report
from tests.browser.walk import PATIENT_TARGET, Trouble
from tests.harness import cluster
from tests.harness.live import LivePortal
from tests.harness.mail import Mailbox

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def demo_portal(django_db_setup: None, smtp_server: Mailbox, tmp_path: Path) -> Iterator[LivePortal]:
    """A portal in demo mode."""
    name = cluster.clone(cluster.world())
    portal = LivePortal(name, smtp_server.url, tmp_path, more={"DEMO": "1"})
    try:
        yield portal.start()
    finally:
        portal.stop()
        cluster.drop(name)


def test_anybody_can_try_the_demo_with_a_mailed_code(
    demo_portal: LivePortal, new_page: Callable[..., Any]
) -> None:
    tab = new_page(demo_portal, reduced_motion="reduce")
    trouble = Trouble.watch(tab, urlsplit(demo_portal.url).netloc)
    tab.goto("/")
    shown = tab.locator("main").inner_text()
    assert PASSWORD in shown
    assert all(person.email in shown for person in PEOPLE)
    found = in_every_mode(tab, PATIENT_TARGET)
    tab.goto("/")
    tab.get_by_label("Your email address").first.fill("carer@example.com")
    tab.get_by_role("button", name="Email me a code").click()
    code_page = tab.url
    tab.goto("/demo/mails/")
    code = re.search(
        r"^\s*([A-Z0-9]{3,}(?:-[A-Z0-9]{3,})?)\s*$", tab.locator("main").inner_text(), re.MULTILINE
    )
    assert code is not None
    found += in_every_mode(tab, PATIENT_TARGET)
    assert not found + trouble.said, report("demo", found + trouble.said)
    tab.goto(code_page)
    tab.get_by_label("Code").first.fill(code[1])
    tab.get_by_role("button", name="Go on").click()
    tab.get_by_role("heading", level=1, name="Today").wait_for()
