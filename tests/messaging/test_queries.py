"""A longer list asks the database no more often: counted with one row and with five."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from portal.context import forget_site
from tests.messaging.ward import Ward

SignIn = Callable[[User], Client]


def statements(client: Client, url: str) -> int:
    forget_site()
    client.get(url)  # what is read once (session, site) is read before counting
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


@pytest.mark.parametrize("name", ["list", "patient-list", "work-list", "portal:summary", "staff today"])
def test_lists_cost_the_same_with_one_row_and_with_five(name: str, ward: Ward, signed_in: SignIn) -> None:
    url = {
        "list": reverse("messaging:list"),
        "patient-list": reverse("messaging:patient-list", args=[ward.of_maya.pk]),
        "work-list": reverse("messaging:work-list"),
        "portal:summary": reverse("portal:summary", args=[ward.of_maya.pk]),
        "staff today": reverse("portal:today"),
    }[name]
    person = {"list": ward.maya, "patient-list": ward.jonas}.get(name, ward.rosa)
    client = signed_in(person)
    ward.start(ward.samuel, ward.of_samuel, topic="visit")
    ward.start(topic="visit")
    one = statements(client, url)
    for number in range(4):
        thread_id = ward.start(text=f"Message {number}.")
        if number % 2:
            ward.claim(thread_id)
    ward.start(ward.samuel, ward.of_samuel, topic="result")
    assert statements(client, url) == one
    assert one <= 45


@pytest.mark.parametrize("side", ["patient", "staff"])
def test_a_conversation_costs_the_same_with_one_message_and_with_seven(
    side: str, ward: Ward, signed_in: SignIn
) -> None:
    thread_id = ward.start()
    if side == "patient":
        client, url = signed_in(ward.maya), reverse("messaging:thread", args=[thread_id])
    else:
        client = signed_in(ward.rosa)
        url = reverse("messaging:work-thread", args=[ward.of_maya.pk, thread_id])
    ward.note(thread_id)
    one = statements(client, url)
    for number in range(3):
        ward.reply(thread_id, "I drive her.", by=ward.jonas)
        ward.reply(thread_id, f"Message {number}.")  # the newest is hers, as it is with one
        ward.note(thread_id)
    assert statements(client, url) == one
