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


@pytest.mark.browser
@pytest.mark.slow
def test_every_article_and_our_pages_of_the_editor_hold_in_every_width(
    live_world: LivePortal, new_page: Any
) -> None:
    from education.demo import articles
    from education.models import Article
    from tests.browser.walk import PATIENT_TARGET, STAFF_TARGET, THEMES, WIDTHS, axe_source, look, settle

    first = Article.objects.get(slug=SLUG)
    places = {
        "patient": [f"/learn/{data['slug']}/" for data in articles()] + ["/learn/search/?q=vacine"],
        "editor": ["/cms/articles/", f"/cms/articles/{first.pk}/review/"],
        "reviewer": ["/cms/articles/", f"/cms/articles/{first.pk}/adopt/"],
    }
    found = []
    for key, paths in places.items():
        tab = new_page(live_world)
        sign_in(tab, key)
        least = PATIENT_TARGET if key == "patient" else STAFF_TARGET
        for path in paths:
            answer = tab.goto(path)
            assert answer.status == 200, path
            tab.evaluate(axe_source())
            for theme in ("day", "dusk"):
                tab.emulate_media(**THEMES[theme])
                settle(tab)
                for width in WIDTHS:
                    found += [f"{path}: {one}" for one in look(tab, theme, width=width, least=least)]
    assert found == []
