"""A longer list asks the database no more often: counted with one row and with five, and at the sizes of the figures."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from messaging.models import Message, Thread, WorkItem
from messaging.writing import redflags, triage
from portal.context import forget_site
from portal.lib.ids import uuid7
from tests.messaging.ward import Ward

SignIn = Callable[[User], Client]
# Statements at most, of pages and of what is sent; docs/performance.md says what they are.
MOST = {
    "send": 13,
    "reply": 14,
    "answer": 25,
    "thread": 8,
    "thread, carer": 16,
    "thread, team": 47,
    "work-list": 12,
    "list": 7,
    "search": 9,
}


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


# --- At the sizes that docs/performance.md gives figures for: as often with ten as with hundreds, and never more often than this ---


def signed_long_ago(ward: Ward) -> None:
    """As on any site at work: the red-flag questions are signed. That is looked up once a process."""
    with ward.acting(ward.hana):
        yesterday = timezone.now() - timedelta(days=1)
        triage.sign(by=ward.hana, version=redflags.newest().version, id=uuid7(), now=yesterday)


def asked(client: Client, url: str, sent: Callable[[], dict[str, Any]] | None = None) -> list[str]:
    """The statements of a page, or of sending a form to it; the second time, so that what is read once a process is known."""
    forget_site()
    for _time in range(2):
        data = sent() if sent is not None else None
        with CaptureQueriesContext(connection) as captured:
            answer = client.get(url) if data is None else client.post(url, data)
        assert answer.status_code == (200 if data is None else 302)
    said = [query["sql"] for query in captured.captured_queries]
    # Four are the test's: its own transaction makes a savepoint of the request's, with the actor told before and after.
    outer = next(sql for sql in said if sql.startswith("SAVEPOINT"))
    ours = {outer, f"RELEASE {outer}"}
    return [sql for sql in said if sql not in ours and not sql.startswith("SELECT set_config('app.user_id'")]


def grow(ward: Ward, thread_id: Any, to: int) -> None:
    """Make a conversation longer: an answer of the team after each two messages, all of them opened by both."""
    with ward.system():
        thread = Thread.objects.for_system().get(pk=thread_id)
        rows = []
        for seq in range(thread.last_seq + 1, to + 1):
            team = seq % 3 == 0
            row = Message(
                patient=ward.of_maya, thread=thread, seq=seq, author=ward.rosa if team else ward.maya
            )
            row.capacity, row.body = "team" if team else "self", f"Line {seq} about my heron."
            row.created_at = thread.last_at + timedelta(seconds=seq)
            rows.append(row)
        Message.objects.bulk_create(rows)
        thread.last_seq, thread.last_at = to, rows[-1].created_at
        thread.save(update_fields=["last_seq", "last_at"])


def crowd(ward: Ward, to: int) -> None:
    """More conversations that wait for an answer."""
    with ward.system():
        there = Thread.objects.for_system().filter(patient=ward.of_maya).count()
        team, now = ward.world.team, ward.world.now
        threads, said, work = [], [], []
        for number in range(there, to):
            thread = Thread(
                patient=ward.of_maya, team=team, topic="visit", last_at=now, last_seq=1, started_by=ward.maya
            )
            row = Message(patient=ward.of_maya, thread=thread, seq=1, author=ward.maya, capacity="self")
            row.body = f"Question {number}"
            item = WorkItem(patient=ward.of_maya, thread=thread, team=team, trigger=row, lane="logistics")
            item.priority, item.due_at = 1, now + timedelta(days=1, seconds=number)
            threads.append(thread)
            said.append(row)
            work.append(item)
        for model, rows in ((Thread, threads), (Message, said), (WorkItem, work)):
            model.objects.bulk_create(rows)


def same_and_few(small: list[str], large: list[str], most: int) -> None:
    said = "\n".join(f"{number} {sql[:400]}" for number, sql in enumerate(large, 1))
    assert len(small) == len(large), said
    assert len(large) <= most, said


def draft_of(**more: Any) -> Callable[[], dict[str, Any]]:
    return lambda: {"draft": str(uuid7()), "draft_version": "0", **more}


def test_a_conversation_of_two_hundred_asks_as_often_as_one_of_ten(ward: Ward, signed_in: SignIn) -> None:
    signed_long_ago(ward)
    thread_id = ward.start(topic="visit")
    pages = {
        ward.maya: (reverse("messaging:thread", args=[thread_id]), MOST["thread"]),
        ward.jonas: (
            reverse("messaging:patient-thread", args=[ward.of_maya.pk, thread_id]),
            MOST["thread, carer"],
        ),
        ward.rosa: (
            reverse("messaging:work-thread", args=[ward.of_maya.pk, thread_id]),
            MOST["thread, team"],
        ),
    }
    clients = {user: signed_in(user) for user in pages}
    grow(ward, thread_id, 10)
    small = {user: asked(clients[user], url) for user, (url, _most) in pages.items()}
    grow(ward, thread_id, 200)
    for user, (url, most) in pages.items():
        same_and_few(small[user], asked(clients[user], url), most)


def test_sending_asks_as_often_into_two_hundred_messages_and_beside_three_hundred_conversations(
    ward: Ward, signed_in: SignIn
) -> None:
    signed_long_ago(ward)
    thread_id = ward.start(topic="visit")
    maya, rosa = signed_in(ward.maya), signed_in(ward.rosa)
    acts: list[tuple[Client, str, Any, int]] = [
        (
            maya,
            reverse("messaging:new"),
            draft_of(topic="visit", text="Where do I park?"),
            MOST["send"],
        ),
        (
            maya,
            reverse("messaging:thread", args=[thread_id]),
            draft_of(seen="999", text="One more thing."),
            MOST["reply"],
        ),
        (
            rosa,
            reverse("messaging:answer", args=[ward.of_maya.pk, thread_id]),
            draft_of(seen="999", text="Garage B."),
            MOST["answer"],
        ),
    ]
    grow(ward, thread_id, 10)
    small = [asked(client, url, sent) for client, url, sent, _most in acts]
    grow(ward, thread_id, 200)
    crowd(ward, 300)
    for before, (client, url, sent, most) in zip(small, acts, strict=True):
        same_and_few(before, asked(client, url, sent), most)


@pytest.mark.parametrize("name", ["work-list", "list", "search"])
def test_lists_ask_as_often_with_three_hundred_conversations_as_with_ten(
    name: str, ward: Ward, signed_in: SignIn
) -> None:
    client = signed_in(ward.rosa if name == "work-list" else ward.maya)
    url = reverse(f"messaging:{name}") + ("?q=question" if name == "search" else "")
    crowd(ward, 30)  # more than a page
    small = asked(client, url)
    crowd(ward, 300)
    same_and_few(small, asked(client, url), MOST[name])
