"""Starter phrases and questions from the list: one press puts them into the text, without scripts, and nothing is sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.test import Client
from django.urls import reverse

from accounts.models import User
from messaging.models import Message
from messaging.topics import Topic
from messaging.writing.starters import STARTERS, starter
from patients.questions import add_question
from portal.lib.ids import uuid7
from tests.messaging.ward import Ward, hidden

SignIn = Callable[[User], Client]


def press(client: Client, **fields: Any) -> str:
    """Press a button of the new message's form; the page that it leads to."""
    page = client.get(reverse("messaging:new")).content.decode()
    given = {"draft": hidden(page, "draft"), "draft_version": hidden(page, "draft_version"), "topic": "visit"}
    answer = client.post(reverse("messaging:new"), {**given, **fields})
    assert answer.status_code == 302
    assert answer["Location"].endswith("#id_text")
    html: str = client.get(answer["Location"]).content.decode()
    return html


def test_every_topic_has_four_phrases() -> None:
    assert set(STARTERS) == set(Topic.values)
    assert {len(found) for found in STARTERS.values()} == {4}
    assert starter("visit.9") is starter("x.1") is starter("visit") is starter("visit.\u0662") is None


def test_a_phrase_stands_below_what_is_written_and_can_be_changed(ward: Ward, signed_in: SignIn) -> None:
    client = signed_in(ward.maya)
    page = press(client, text="Hello.", add="visit.1")
    assert f"Hello.\n{starter('visit.1')} </textarea>" in page
    page = press(client, text="Hello.", add="nonsense.7")
    assert "Hello.</textarea>" in page
    assert ward.count(Message) == 0


def test_own_questions_are_chosen_and_put_in(ward: Ward, signed_in: SignIn) -> None:
    ids = [uuid7() for _number in range(3)]
    with ward.acting(ward.maya):
        for number, id in enumerate(ids):
            add_question(patient=ward.of_maya, by=ward.maya, id=id, text=f"Question {number}?")
    client = signed_in(ward.maya)
    assert "Question 1?" in client.get(reverse("messaging:new")).content.decode()
    page = press(client, text="", add="questions", ask=[ids[0], ids[2], str(uuid7())])
    assert "Question 0?\nQuestion 2?</textarea>" in page
    carers = (
        signed_in(ward.jonas).get(reverse("messaging:patient-new", args=[ward.of_maya.pk])).content.decode()
    )
    assert "Question 1?" not in carers
    staff = signed_in(ward.rosa).get(reverse("messaging:call", args=[ward.of_maya.pk])).content.decode()
    assert "Question 1?" not in staff


def test_what_is_too_long_stays_on_the_page_and_says_so(ward: Ward, signed_in: SignIn) -> None:
    client = signed_in(ward.maya)
    told = client.post(
        reverse("messaging:new"),
        {
            "draft": str(uuid7()),
            "draft_version": "0",
            "topic": "visit",
            "text": "x" * 60_001,
            "add": "visit.1",
        },
    )
    assert told.status_code == 413
    assert "x" * 60_001 in told.content.decode()
