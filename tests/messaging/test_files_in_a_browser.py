"""A photo's whole way in a real browser without a line of JavaScript: chosen, added, taken away, sent, seen by the nurse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.harness.live import LivePortal
from tests.messaging.samples import jpeg, pdf
from tests.messaging.test_in_a_browser import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_photo_and_a_letter(live_world: LivePortal, new_page: Callable[..., Any]) -> None:
    patient = new_page(live_world, java_script_enabled=False)
    sign_in(patient, "patient")
    patient.goto("/messages/new/")
    patient.get_by_text("My infusion or appointment", exact=True).click()
    patient.get_by_label("Your message").fill("This is the letter.")
    patient.get_by_text("Add a photo or a PDF").click()
    patient.get_by_label("Photos or PDF files").set_input_files(
        [
            {"name": "arm.jpg", "mimeType": "image/jpeg", "buffer": jpeg(size=(300, 200))},
            {"name": "letter.pdf", "mimeType": "application/pdf", "buffer": pdf()},
        ]
    )
    patient.get_by_role("button", name="Add to the message").press("Enter")
    patient.wait_for_url("**#files")
    assert patient.get_by_label("Your message").input_value() == "This is the letter."
    patient.get_by_role("button", name="Take away letter.pdf").press("Enter")
    patient.wait_for_load_state()
    assert patient.locator(".file").count() == 1
    patient.get_by_role("button", name="Send message").press("Enter")
    patient.wait_for_url("**/sent/")
    patient.goto("/messages/")

    nurse = new_page(live_world, java_script_enabled=False)
    sign_in(nurse, "nurse")
    nurse.goto("/work/")
    nurse.get_by_text("This is the letter.").first.wait_for()
    nurse.get_by_role("link", name="My infusion or appointment, Maya Lindqvist").last.click()
    nurse.locator("main .file img").last.wait_for()
    assert nurse.locator(".file img").last.bounding_box()["width"] > 40
    with nurse.expect_download() as download:
        nurse.get_by_role("link", name="Download arm.jpg").click()
    assert download.value.suggested_filename == "arm.jpg"
