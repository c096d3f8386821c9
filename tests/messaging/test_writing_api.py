"""Programs: the questions, their answers beside a message, taking back, and what a repeated id is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from accounts.models import User
from portal.lib.ids import uuid7
from tests.messaging.ward import Ward

SignIn = Callable[[User], Client]


def post(client: Client, url: str, id: Any = None, **body: Any) -> Any:
    return client.post(
        url, body, content_type="application/json", headers={"Idempotency-Key": str(id or uuid7())}
    )


def test_other_words_under_the_same_id_are_told_what_was_delivered_and_when(
    ward: Ward, signed_in: SignIn
) -> None:
    client, url, id = signed_in(ward.maya), reverse("messaging-api:thread-list"), uuid7()
    made = post(client, url, id, topic="visit", text="At eight?").json()
    told = post(client, url, id, topic="visit", text="At nine?")
    assert told.status_code == 409
    first = told.json()["first"]
    assert (first["id"], first["thread"]) == (str(id), made["id"])
    assert first["sent_at"][:16] == made["created_at"][:16]
    url, id = reverse("messaging-api:message-list", args=[made["id"]]), uuid7()
    post(client, url, id, text="One.", seen_seq=1)
    told = post(client, url, id, text="Two.", seen_seq=1)
    assert (told.status_code, told.json()["first"]["id"]) == (409, str(id))


def test_questions_answers_and_taking_back(
    ward: Ward, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = signed_in(ward.maya)
    assert client.get(reverse("messaging-api:question-list")).json()["version"] is None
    monkeypatch.setattr(settings, "DEMO", True)
    asked = client.get(reverse("messaging-api:question-list")).json()
    feeling = next(row for row in asked["topics"] if row["topic"] == "feeling")["questions"]
    assert feeling[0]["sources"]
    made = post(
        client, reverse("messaging-api:thread-list"), topic="feeling", text="Hello.", signs=[feeling[0]["key"]],
        called="yes",
    )  # fmt: skip
    assert made.status_code == 201, made.content
    url = reverse("messaging-api:message-list", args=[made.json()["id"]])
    (message,) = client.get(url).json()["results"]
    assert (message["signs"]["level"], message["signs"]["called"]) == ("emergency", "yes")
    assert message["taken_back_at"] is None
    back = post(client, reverse("messaging-api:take-back", args=[made.json()["id"], message["id"]]))
    assert back.status_code == 200, back.content
    (message,) = client.get(url).json()["results"]
    assert (message["text"], message["signs"]) == ("", None)
    assert message["taken_back_at"]
    bad = post(client, reverse("messaging-api:thread-list"), topic="feeling", text="Hi.", signs="breath")
    assert bad.status_code in (400, 422)
