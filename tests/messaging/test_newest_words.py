"""The row of the work list says the newest words that nobody has answered, not only those that it began with."""

from __future__ import annotations

from collections.abc import Callable

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from messaging.writing.undo import take_back
from portal.lib.ids import uuid7
from portal.lib.time import now as present
from tests.messaging.ward import Ward

SignIn = Callable[[User], Client]


def row(client: Client) -> str:
    return client.get(reverse("messaging:work-list")).content.decode().partition('class="work-list"')[2]


def test_a_second_message_is_visible_in_the_row(ward: Ward, signed_in: SignIn) -> None:
    thread = ward.start(text="I have a rash.")
    nurse = signed_in(ward.rosa)
    assert "Newest:" not in row(nurse)
    ward.reply(thread, "And now I can't breathe.")
    html = row(nurse)
    assert html.index("now I can&#x27;t breathe") < html.index("Began with:") < html.index("I have a rash.")
    listed = nurse.get("/api/v1/messaging/work/").json()["results"][0]
    assert (listed["first_line"], listed["newest_line"]) == ("I have a rash.", "And now I can't breathe.")


def test_a_carers_words_count_and_what_was_taken_back_does_not(ward: Ward, signed_in: SignIn) -> None:
    thread = ward.start(text="I have a rash.")
    ward.reply(thread, "She is worse.", by=ward.jonas)
    sent = ward.reply(thread, "No, she is much better.", by=ward.jonas)
    nurse = signed_in(ward.rosa)
    assert "much better" in row(nurse)
    with ward.acting(ward.jonas):
        take_back(
            by=ward.jonas, patient=ward.of_maya, thread_id=thread, message_id=sent.pk, id=uuid7(), now=present()
        )  # fmt: skip
    assert "much better" not in row(nurse)
    assert "She is worse." in row(nurse)


def test_what_was_answered_before_is_not_shown_as_new(ward: Ward, signed_in: SignIn) -> None:
    thread = ward.start(text="I have a rash.")
    ward.reply(thread, "It itches.")
    ward.answer(thread)
    ward.reply(thread, "It is gone, thank you.")
    html = row(signed_in(ward.rosa))
    assert "It is gone, thank you." in html
    assert "It itches." not in html
    assert "Newest:" not in html  # the work began with it


def test_rows_with_more_messages_cost_no_more(ward: Ward, signed_in: SignIn) -> None:
    nurse = signed_in(ward.rosa)

    def statements() -> int:
        row(nurse)
        with CaptureQueriesContext(connection) as captured:
            row(nurse)
        return len(captured)

    first = ward.start()
    ward.reply(first, "One more.")
    one = statements()
    for thread in (first, ward.start(), ward.start()):
        ward.reply(thread, "More.")
        ward.reply(thread, "Still more.")
    assert statements() == one
