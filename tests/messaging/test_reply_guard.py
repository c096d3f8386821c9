"""Nobody answers what they have not read: newer messages are shown first, and the text is kept."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from messaging import services
from portal.lib.ids import uuid7
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
