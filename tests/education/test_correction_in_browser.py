"""An editor corrects an article in the real editor; a reviewer without JavaScript approves it; the page changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.harness.live import LivePortal

SLUG = "the-day-of-your-infusion"
CORRECTED = "Call us before you leave home if you feel ill."


def sign_in(page: Any, key: str) -> None:
    """With the demo's printed password."""
    from portal.demo.people import PASSWORD

    page.goto("/accounts/login/")
    page.fill("input[name=login]", f"{key}@example.com")
    page.fill("input[name=password]", PASSWORD)
    page.locator("form", has=page.locator("input[name=password]")).locator(
        "button[type=submit]"
    ).first.click()
    page.wait_for_url(lambda url: "/accounts/login" not in url)


@pytest.mark.browser
@pytest.mark.slow
def test_a_correction_from_the_editor_to_the_page(live_world: LivePortal, new_page: Any) -> None:
    complaints: list[str] = []
    editor = new_page(live_world, viewport={"width": 1280, "height": 900})
    editor.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    editor.on("pageerror", lambda error: complaints.append(str(error)))
    editor.on("response", lambda answer: complaints.append(answer.url) if answer.status >= 400 else None)
    sign_in(editor, "editor")
    editor.get_by_role("link", name="Edit “The day of your infusion”").click()
    summary = editor.locator("#id_summary")
    summary.fill(f"{CORRECTED}\nSet aside most of the day.\nTell the nurse at once if something feels odd.")
    editor.get_by_role("button", name="More actions").click()
    editor.get_by_role("button", name="Submit to Clinical review").click()
    editor.get_by_text("has been submitted").wait_for()
    assert complaints == []

    reviewer = new_page(live_world, viewport={"width": 1280, "height": 900}, java_script_enabled=False)
    sign_in(reviewer, "reviewer")
    reviewer.get_by_role("link", name="Review “The day of your infusion”").click()
    assert CORRECTED in reviewer.locator("main").inner_text()
    reviewer.get_by_role("button", name="Approve and publish").click()
    assert "Tick this box" in reviewer.locator("main").inner_text()
    reviewer.get_by_text("I have read the whole text").click()
    reviewer.get_by_role("button", name="Approve and publish").click()
    assert "Approved and published." in reviewer.locator("main").inner_text()

    patient = new_page(live_world, viewport={"width": 320, "height": 800})
    sign_in(patient, "patient")
    patient.goto(f"/learn/{SLUG}/")
    page = patient.locator("main").inner_text()
    assert CORRECTED in page
    assert "Changed on" in page
    assert "Amir Haddad" in page
