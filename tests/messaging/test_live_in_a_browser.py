"""In a real browser: the bar says that an answer came; nothing moves, and what was typed is still there on the fresh page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from messaging import services
from patients.models import Patient
from portal.lib import actor
from portal.lib.ids import uuid7
from tests.harness.live import LivePortal
from tests.messaging.test_in_a_browser import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_the_bar_announces_and_leaves_everything_where_it_is(
    live_world: LivePortal, new_page: Callable[..., Any]
) -> None:
    maya = User.objects.get(email="patient@example.com")
    nurse = User.objects.get(email="nurse@example.com")
    with actor.unit_of_work(actor.Actor(user_id=maya.pk)):
        patient = Patient.objects.for_user(maya).select_related("site").get(grants__kind="self")
        asked = services.start_thread(
            by=maya, patient=patient, id=uuid7(), topic="visit", text="May I come at 8?", now=timezone.now()
        )
    page = new_page(live_world, viewport={"width": 320, "height": 640})
    sign_in(page, "patient")
    page.goto(f"/messages/{asked.thread_id}/")
    page.fill("textarea", "And is there a place to park")
    before = page.evaluate("() => [scrollY, document.querySelector('textarea').getBoundingClientRect().top]")
    with actor.unit_of_work(actor.Actor(user_id=nurse.pk)):
        services.answer(
            by=nurse, patient=patient, thread_id=asked.thread_id, id=uuid7(), text="Yes, come at 8.", seen_seq=9,
            now=timezone.now(),
        )  # fmt: skip
    page.evaluate("() => { const e = document.querySelector('live-news'); e.every = 300; e.plan(); }")
    link = page.get_by_role("link", name="1 new message. Show it.")
    link.wait_for()
    assert page.locator("live-news [role=status]").inner_text() == "1 new message. Show it."
    after = page.evaluate("() => [scrollY, document.querySelector('textarea').getBoundingClientRect().top]")
    assert after == before
    assert page.input_value("textarea") == "And is there a place to park"
    assert page.evaluate("() => document.activeElement.tagName") == "TEXTAREA"
    link.click()
    page.wait_for_url("**show=2**")
    assert page.get_by_text("Yes, come at 8.").is_visible()
    assert page.input_value("textarea") == "And is there a place to park"
    page.wait_for_timeout(700)
    assert page.get_by_role("link", name="1 new message. Show it.").count() == 0
