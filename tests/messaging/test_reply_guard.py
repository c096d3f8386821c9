"""Nobody answers what they have not read: newer messages are shown first, and the text is kept."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from messaging import services
from messaging.composing import reply_templates
from messaging.models import WorkItem
from portal.lib.ids import uuid7
from tests.messaging.test_files import upload
from tests.messaging.ward import Ward, hidden

SignIn = Callable[[User], Client]


def test_an_answer_written_before_the_patients_second_message_is_held_back(
    ward: Ward, signed_in: SignIn
) -> None:
    thread_id = ward.start()
    nurse = signed_in(ward.rosa)
    page = nurse.get(reverse("messaging:work-thread", args=[ward.of_maya.pk, thread_id])).content.decode()
    ward.reply(thread_id, "And now my chest feels tight.")
    url = reverse("messaging:answer", args=[ward.of_maya.pk, thread_id])
    fields = {"draft": hidden(page, "draft"), "draft_version": "0", "seen": hidden(page, "seen")}
    told = nurse.post(url, {**fields, "text": "Have a rest."})
    html = told.content.decode()
    assert told.status_code == 409
    assert "And now my chest feels tight." in html
    assert "Have a rest.</textarea>" in html
    assert "There is something new in this conversation." in html
    assert ward.texts(thread_id) == ["I am tired.", "And now my chest feels tight."]

    fields = {name: hidden(html, name) for name in ("draft", "draft_version", "seen")}
    assert fields["seen"] == "2"
    assert nurse.post(url, {**fields, "text": "Call 911 now. I am calling you too."}).status_code == 302
    assert ward.texts(thread_id)[-1] == "Call 911 now. I am calling you too."


def test_the_second_nurse_sees_the_first_ones_answer(ward: Ward, signed_in: SignIn) -> None:
    thread_id = ward.start()
    ward.answer(thread_id, "Please rest.", by=ward.hana)
    url = reverse("messaging:answer", args=[ward.of_maya.pk, thread_id])
    told = signed_in(ward.rosa).post(
        url, {"draft": str(uuid7()), "draft_version": "0", "seen": "1", "text": "Please walk."}
    )
    assert told.status_code == 409
    assert "Please rest." in told.content.decode()
    assert ward.texts(thread_id) == ["I am tired.", "Please rest."]


def test_a_patient_sees_the_answer_before_her_next_words_go(ward: Ward, signed_in: SignIn) -> None:
    thread_id = ward.start()
    ward.answer(thread_id, "Please rest.")
    url = reverse("messaging:thread", args=[thread_id])
    told = signed_in(ward.maya).post(
        url, {"draft": str(uuid7()), "draft_version": "0", "seen": "1", "text": "Is anybody there?"}
    )
    assert told.status_code == 409
    assert "Please rest." in told.content.decode()
    assert "Is anybody there?</textarea>" in told.content.decode()


def test_ones_own_newer_message_holds_nothing_back(ward: Ward) -> None:
    thread_id = ward.start()
    ward.reply(thread_id, "Second.")
    with ward.acting(ward.maya):
        services.reply(
            by=ward.maya,
            patient=ward.of_maya,
            thread_id=thread_id,
            id=uuid7(),
            text="Third.",
            seen_seq=1,
            now=timezone.now(),
        )
    assert ward.texts(thread_id)[-1] == "Third."


@pytest.mark.parametrize("seen", ["", "x", "-1", "9" * 40, "\x00", "٣"])
def test_a_page_that_cannot_say_what_was_read_is_treated_as_unread(
    seen: str, ward: Ward, signed_in: SignIn
) -> None:
    thread_id = ward.start()
    url = reverse("messaging:answer", args=[ward.of_maya.pk, thread_id])
    told = signed_in(ward.rosa).post(
        url, {"draft": str(uuid7()), "draft_version": "0", "seen": seen, "text": "Please rest."}
    )
    assert told.status_code == 409
    assert "Please rest.</textarea>" in told.content.decode()


def test_work_is_not_closed_over_a_message_that_was_not_read(ward: Ward, signed_in: SignIn) -> None:
    thread_id = ward.start()
    ward.reply(thread_id, "It got worse.")
    url = reverse("messaging:finish", args=[ward.of_maya.pk, thread_id])
    told = signed_in(ward.rosa).post(url, {"once": str(uuid7()), "seen": "1", "outcome": "no_reply"})
    assert told.status_code == 409
    assert "There is something new in this conversation." in told.content.decode()


# --- The other buttons of an older page ----------------------------------------------------------------------------

URGENT = "Now I cannot breathe."
NEW = "There is something new in this conversation."


def a_template(ward: Ward) -> str:
    with ward.acting(ward.rosa):
        found = reply_templates.write(
            by=ward.rosa, id=uuid7(), title="Rest", body="Have a rest.", team_only=False, now=timezone.now()
        )
    with ward.acting(ward.hana):
        found = reply_templates.approve(by=ward.hana, template_id=found.pk, now=timezone.now())
    return str(found.pk)


@pytest.mark.parametrize("press", ["template", "file", "empty", "reused"])
def test_another_button_of_the_teams_older_page_shows_what_is_new_first(
    press: str, ward: Ward, signed_in: SignIn
) -> None:
    template = a_template(ward)
    thread_id = ward.start(text="I am tired.")
    ward.claim(thread_id)
    nurse = signed_in(ward.rosa)
    page = nurse.get(reverse("messaging:work-thread", args=[ward.of_maya.pk, thread_id])).content.decode()
    fields: dict[str, Any] = {name: hidden(page, name) for name in ("draft", "draft_version", "seen")}
    ward.reply(thread_id, URGENT)
    url = reverse("messaging:answer", args=[ward.of_maya.pk, thread_id])
    if press == "reused":  # the page's id was used: its other words come back for one more press
        with ward.acting(ward.rosa):
            services.answer(
                by=ward.rosa, patient=ward.of_maya, thread_id=thread_id, id=UUID(fields["draft"]),
                text="Sent from another tab.", seen_seq=2, now=timezone.now(),
            )  # fmt: skip
    presses: dict[str, dict[str, Any]] = {
        "template": {"text": "", "template": template},
        "file": {"text": "", "attach": "1", "files": [upload()]},
        "empty": {"text": ""},
        "reused": {"text": "Have a rest."},
    }
    more = presses[press]
    before = ward.texts(thread_id)
    told = nurse.post(url, {**fields, **more})
    html = told.content.decode()
    assert told.status_code == 409
    assert html.count(NEW) >= 1
    assert URGENT in html
    assert ("Write your answer" in html) == (press == "empty")  # nothing is missing where nothing was sent
    assert ward.texts(thread_id) == before
    if press == "template":
        assert "Have a rest.</textarea>" in html
    if press == "file":
        assert "rash.jpg" in html
    # The page that shows them is the page that can be sent.
    again = {name: hidden(html, name) for name in ("draft", "draft_version", "seen")}
    assert nurse.post(url, {**again, "text": "Call 911 now."}).status_code == 302
    assert ward.texts(thread_id)[-1] == "Call 911 now."


@pytest.mark.parametrize("press", ["file", "empty"])
def test_another_button_of_the_patients_older_page_shows_what_is_new_first(
    press: str, ward: Ward, signed_in: SignIn
) -> None:
    thread_id = ward.start()
    maya, url = signed_in(ward.maya), reverse("messaging:thread", args=[thread_id])
    page = maya.get(url).content.decode()
    fields: dict[str, Any] = {name: hidden(page, name) for name in ("draft", "draft_version", "seen")}
    ward.answer(thread_id, "Do not take it again.")
    more = {"text": "", "attach": "1", "files": [upload()]} if press == "file" else {"text": ""}
    told = maya.post(url, {**fields, **more})
    html = told.content.decode()
    assert told.status_code == 409
    assert NEW in html
    assert "Do not take it again." in html
    assert ("rash.jpg" in html) == (press == "file")
    assert ward.texts(thread_id) == ["I am tired.", "Do not take it again."]


@pytest.mark.parametrize("name", ["call-more", "correct"])
def test_a_file_put_beside_a_call_or_a_correction_does_not_hide_what_is_new(
    name: str, ward: Ward, signed_in: SignIn
) -> None:
    thread_id = ward.start()
    answer = ward.answer(thread_id, "Have a rest.")
    args = [ward.of_maya.pk, thread_id, *([answer.pk] if name == "correct" else [])]
    nurse, url = signed_in(ward.rosa), reverse(f"messaging:{name}", args=args)
    page = nurse.get(url).content.decode()
    fields: dict[str, Any] = {name: hidden(page, name) for name in ("draft", "draft_version", "seen")}
    ward.reply(thread_id, URGENT)
    html = nurse.post(url, {**fields, "text": "Words.", "attach": "1", "files": [upload()]}).content.decode()
    assert "New since you opened this page" in html
    assert URGENT in html
    assert "rash.jpg" in html


@pytest.mark.parametrize("press", ["template", "file"])
def test_what_comes_in_between_the_press_and_the_page_is_not_counted_as_read(
    press: str, ward: Ward, signed_in: SignIn
) -> None:
    template = a_template(ward)
    thread_id = ward.start(text="I am tired.")
    nurse = signed_in(ward.rosa)
    work = reverse("messaging:work-thread", args=[ward.of_maya.pk, thread_id]) + "?list=clinical"
    page = nurse.get(work).content.decode()
    fields: dict[str, Any] = {name: hidden(page, name) for name in ("draft", "draft_version", "seen")}
    more: dict[str, Any] = (
        {"template": template} if press == "template" else {"attach": "1", "files": [upload()]}
    )
    url = reverse("messaging:answer", args=[ward.of_maya.pk, thread_id]) + "?list=clinical"
    back = nurse.post(url, {**fields, "text": "Have a rest.", **more})
    assert back.status_code == 302
    assert "list=clinical" in back["Location"]
    ward.reply(thread_id, URGENT)  # in this very moment
    html = nurse.get(back["Location"]).content.decode()
    assert hidden(html, "seen") == fields["seen"] == "1"

    again = {name: hidden(html, name) for name in ("draft", "draft_version", "seen")}
    files = {"attached": hidden(html, "attached")} if press == "file" else {}
    told = nurse.post(url, {**again, **files, "text": "Have a rest."})
    html = told.content.decode()
    assert told.status_code == 409
    assert NEW in html
    assert re.search(r'todo">New</strong>.{0,400}' + URGENT, html, re.DOTALL)  # also after it was on a page
    assert ward.texts(thread_id)[-1] == URGENT
    again = {name: hidden(html, name) for name in ("draft", "draft_version", "seen")}
    assert nurse.post(url, {**again, **files, "text": "Call 911 now."}).status_code == 302


def test_the_same_on_the_patients_side_and_beside_a_call_or_a_correction(
    ward: Ward, signed_in: SignIn
) -> None:
    thread_id = ward.start()
    answer = ward.answer(thread_id, "Have a rest.")
    args = [ward.of_maya.pk, thread_id]
    for user, url in (
        (ward.maya, reverse("messaging:thread", args=[thread_id])),
        (ward.rosa, reverse("messaging:call-more", args=args)),
        (ward.rosa, reverse("messaging:correct", args=[*args, answer.pk])),
    ):
        client = signed_in(user)
        page = client.get(url).content.decode()
        fields: dict[str, Any] = {name: hidden(page, name) for name in ("draft", "draft_version", "seen")}
        back = client.post(url, {**fields, "text": "Words.", "attach": "1", "files": [upload()]})
        assert back.status_code == 302, url
        ward.answer(thread_id, "And drink enough.") if user == ward.maya else ward.reply(thread_id, URGENT)
        assert hidden(client.get(back["Location"]).content.decode(), "seen") == fields["seen"], url


@pytest.mark.parametrize("seen", ["99", "x", "", "-1"])
def test_an_address_cannot_say_that_more_was_read_than_there_is(
    seen: str, ward: Ward, signed_in: SignIn
) -> None:
    thread_id = ward.start()
    url = reverse("messaging:thread", args=[thread_id]) + f"?seen={seen}"
    assert hidden(signed_in(ward.maya).get(url).content.decode(), "seen") == "1"


# --- Closing on the patient's side ---------------------------------------------------------------------------------


def test_a_conversation_is_not_closed_over_words_that_were_not_read(ward: Ward, signed_in: SignIn) -> None:
    thread_id = ward.start(text="I am tired.")
    carer = signed_in(ward.jonas)
    args = [ward.of_maya.pk, thread_id]
    page = carer.get(reverse("messaging:patient-thread", args=args)).content.decode()
    ward.reply(thread_id, URGENT)
    url = reverse("messaging:patient-close", args=args)
    told = carer.post(url, {"once": str(uuid7()), "seen": hidden(page, "seen")}, follow=True)
    html = told.content.decode()
    assert "Read it first. Nothing was closed." in html
    assert URGENT in html
    assert ward.thread(thread_id).state == "open"
    assert ward.count(WorkItem, state="open") == 1

    api = reverse("messaging-api:thread-close", args=[thread_id]) + f"?patient={ward.of_maya.pk}"
    for body, status in (({"seen_seq": 1}, 409), ({}, 400)):
        refused = carer.post(
            api, body, content_type="application/json", headers={"Idempotency-Key": str(uuid7())}
        )
        assert refused.status_code == status
        if status == 409:
            assert [row["text"] for row in refused.json()["newer"]] == [URGENT]
    assert ward.count(WorkItem, state="open") == 1
    told = carer.post(url, {"once": str(uuid7()), "seen": hidden(html, "seen")})
    assert told.status_code == 302
    assert ward.thread(thread_id).state == "closed"


@pytest.mark.parametrize("opened", [False, True])
def test_urgent_work_that_nobody_opened_outlives_the_patients_closing(
    opened: bool, ward: Ward, signed_in: SignIn
) -> None:
    thread_id = ward.start(topic="side_effect", text="A rash.")
    ward.claim(thread_id)
    maya, nurse = signed_in(ward.maya), signed_in(ward.rosa)
    work = reverse("messaging:work-thread", args=[ward.of_maya.pk, thread_id])
    nurse.get(work)
    ward.reply(thread_id, URGENT)
    if opened:
        nurse.get(work)
    url = reverse("messaging:close", args=[thread_id])
    html = maya.post(url, {"once": str(uuid7()), "seen": "2"}, follow=True).content.decode()
    assert ward.thread(thread_id).state == "closed"
    assert ("because it may be urgent" in html) == (not opened)
    assert "Your team answers by" not in html
    assert ward.count(WorkItem, state="claimed", lane="safety") == (0 if opened else 1)
    if not opened:
        html = nurse.get(work).content.decode()
        assert "closed this before anybody of the team had opened its last message" in html
        finish = reverse("messaging:finish", args=[ward.of_maya.pk, thread_id])
        nurse.post(finish, {"once": str(uuid7()), "seen": "2", "outcome": "arranged"})
    assert ward.count(WorkItem, state="done") == 1
