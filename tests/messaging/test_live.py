"""Open pages hear of new messages: 304 while nothing changed, without a single row written; the bar announces, the page stays as it is."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from messaging import services
from messaging.models import ThreadViewer
from messaging.work import routing
from messaging.work.moved import news
from patients.models import AuditEvent
from portal.lib.ids import uuid7
from tests.messaging.ward import Ward

SignIn = Callable[[User], Client]
POLL = {"X-Poll": "1", "Accept": "application/json"}


def news_url(client: Client, page: str) -> str:
    found = re.search(r'<live-news data-url="([^"]+)"', client.get(page).content.decode())
    assert found is not None
    return found[1].replace("&amp;", "&")


@pytest.mark.parametrize("side", ["patient", "carer", "staff"])
def test_a_conversation_says_what_is_new_and_304_otherwise(side: str, ward: Ward, signed_in: SignIn) -> None:
    thread_id = ward.start()
    user, page = {
        "patient": (ward.maya, reverse("messaging:thread", args=[thread_id])),
        "carer": (ward.jonas, reverse("messaging:patient-thread", args=[ward.of_maya.pk, thread_id])),
        "staff": (ward.rosa, reverse("messaging:work-thread", args=[ward.of_maya.pk, thread_id])),
    }[side]
    client = signed_in(user)
    url = news_url(client, page)
    first = client.get(url, headers=POLL)
    assert first.json() == {"count": 0, "words": "", "url": ""}
    same = client.get(url, headers={**POLL, "If-None-Match": first["ETag"]})
    assert (same.status_code, same.content) == (304, b"")
    ward.reply(thread_id, "My own words.", by=ward.maya if side == "patient" else ward.jonas)
    mine = client.get(url, headers={**POLL, "If-None-Match": first["ETag"]}).json()
    assert mine["count"] == (1 if side == "staff" else 0)  # one's own messages are no news
    ward.answer(thread_id, by=ward.hana)
    news = client.get(url, headers={**POLL, "If-None-Match": first["ETag"]})
    assert news.json()["count"] == (2 if side == "staff" else 1)
    assert "Rest, and call" not in news.content.decode()
    path, _hash, anchor = news.json()["url"].partition("#")
    assert f'id="{anchor}"' in client.get(path).content.decode()


def test_polling_reads_a_little_and_writes_nothing(ward: Ward, signed_in: SignIn) -> None:
    thread_id = ward.start()
    ward.start(ward.samuel, ward.of_samuel)
    for user, page in (
        (ward.maya, reverse("messaging:thread", args=[thread_id])),
        (ward.rosa, reverse("messaging:work-thread", args=[ward.of_maya.pk, thread_id])),
        (ward.rosa, reverse("messaging:work-list")),
    ):
        client = signed_in(user)
        url = news_url(client, page)
        tag = client.get(url, headers=POLL)["ETag"]
        before = (ward.count(ThreadViewer), AuditEvent.objects.count())
        with CaptureQueriesContext(connection) as captured:
            assert client.get(url, headers={**POLL, "If-None-Match": tag}).status_code == 304
        statements = [query["sql"] for query in captured.captured_queries]
        assert not [sql for sql in statements if re.match(r"\s*(INSERT|UPDATE|DELETE)", sql)], statements
        assert len(statements) <= 10, statements
        assert (ward.count(ThreadViewer), AuditEvent.objects.count()) == before


def test_the_work_list_hears_of_new_work(ward: Ward, signed_in: SignIn) -> None:
    ward.start()
    client = signed_in(ward.rosa)
    url = news_url(client, reverse("messaging:work-list"))
    first = client.get(url, headers=POLL)
    assert first.json()["count"] == 0
    assert client.get(url, headers={**POLL, "If-None-Match": first["ETag"]}).status_code == 304
    ward.start(topic="visit")
    second = ward.start(ward.samuel, ward.of_samuel)
    ward.answer(second, patient=ward.of_samuel)  # done meanwhile: it was new all the same
    news = client.get(url, headers={**POLL, "If-None-Match": first["ETag"]}).json()
    assert (news["count"], news["words"]) == (2, "2 new messages. Show them.")


def test_strangers_hear_nothing(ward: Ward, signed_in: SignIn) -> None:
    hidden = ward.start(hide_from_carers=True)
    strange = [
        (ward.samuel, reverse("messaging:news", args=[hidden])),
        (ward.jonas, reverse("messaging:patient-news", args=[ward.of_maya.pk, hidden])),
        (ward.peter, reverse("messaging:work-news", args=[ward.of_maya.pk, hidden])),
        (ward.maya, reverse("messaging:work-list-news")),
    ]
    for user, url in strange:
        assert signed_in(user).get(url, headers=POLL).status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        "since=-1",
        "since=9" * 9,
        "since=x",
        "",
        "since=%00",
        "mark=x&known=y",
        "mark=-1",
        "mark=9999999999999999999",
        "mark=0&known=999999999&stands=",
        "mark=1",
        "stands=x",
        "stands=-1&known=9",
    ],
)
def test_odd_questions_get_an_answer(query: str, ward: Ward, signed_in: SignIn) -> None:
    thread_id = ward.start()
    for user, url in (
        (ward.maya, reverse("messaging:news", args=[thread_id])),
        (ward.rosa, reverse("messaging:work-list-news")),
    ):
        assert signed_in(user).get(f"{url}?{query}", headers=POLL).status_code in (200, 400)


def test_asking_does_not_keep_a_session_alive(ward: Ward, signed_in: SignIn) -> None:
    thread_id = ward.start()
    client = signed_in(ward.maya)
    url = news_url(client, reverse("messaging:thread", args=[thread_id]))
    session: Any = client.session
    session["seen_at"] -= 600
    session.save()
    before = client.session["seen_at"]
    client.get(url, headers=POLL)
    assert client.session["seen_at"] == before
    client.get(reverse("messaging:list"))
    assert client.session["seen_at"] > before


def do_claim(ward: Ward, thread_id: UUID) -> None:
    ward.claim(thread_id, ward.hana)


def do_answer(ward: Ward, thread_id: UUID) -> None:
    ward.answer(thread_id, by=ward.hana)


def do_close(ward: Ward, thread_id: UUID) -> None:
    with ward.acting(ward.hana):
        services.finish(
            by=ward.hana, patient=ward.of_maya, thread_id=thread_id, id=uuid7(), outcome="no_reply",
            seen_seq=9, now=timezone.now(),
        )  # fmt: skip


def do_move(ward: Ward, thread_id: UUID) -> None:
    with ward.acting(ward.hana):
        routing.hand_over(
            by=ward.hana, patient=ward.of_maya, thread_id=thread_id, id=uuid7(), reason="Office.",
            lane="administration", now=timezone.now(),
        )  # fmt: skip


@pytest.mark.parametrize("act", [do_claim, do_answer, do_close, do_move])
def test_the_work_list_hears_what_a_colleague_did_with_a_line(
    act: Callable[[Ward, UUID], None], ward: Ward, signed_in: SignIn
) -> None:
    thread_id = ward.start()
    ward.start(topic="visit")
    client = signed_in(ward.rosa)
    url = news_url(client, reverse("messaging:work-list"))
    first = client.get(url, headers=POLL)
    assert first.json() == {"count": 0, "words": "", "url": ""}
    act(ward, thread_id)
    news = client.get(url, headers={**POLL, "If-None-Match": first["ETag"]})
    assert news.json() == {"count": 0, "words": "The list has changed. Show it as it is now.", "url": ""}
    assert client.get(url, headers={**POLL, "If-None-Match": news["ETag"]}).status_code == 304
    again = news_url(client, reverse("messaging:work-list"))  # the page as it is now has nothing to hear
    assert client.get(again, headers=POLL).json()["words"] == ""
    ward.start(topic="letter")
    assert client.get(again, headers=POLL).json()["words"] == "1 new message. Show it."


def test_what_another_team_does_changes_nothing_here(ward: Ward, signed_in: SignIn) -> None:
    thread_id = ward.start()
    client = signed_in(ward.peter)
    url = news_url(client, reverse("messaging:work-list"))
    tag = client.get(url, headers=POLL)["ETag"]
    ward.start(topic="visit")
    do_claim(ward, thread_id)
    assert client.get(url, headers={**POLL, "If-None-Match": tag}).status_code == 304
    with ward.acting(ward.rosa):
        assert news(ward.rosa, 0).new == 2
    with ward.acting(ward.peter):
        assert news(ward.peter, 0).new == 0


def test_an_open_conversation_hears_that_a_colleague_took_it_on_or_closed_it_and_the_patient_does_not(
    ward: Ward, signed_in: SignIn
) -> None:
    thread_id = ward.start()
    nurse, patient = signed_in(ward.rosa), signed_in(ward.maya)
    url = news_url(nurse, reverse("messaging:work-thread", args=[ward.of_maya.pk, thread_id]))
    hers = news_url(patient, reverse("messaging:thread", args=[thread_id]))
    first, tag = nurse.get(url, headers=POLL), patient.get(hers, headers=POLL)["ETag"]
    assert first.json()["words"] == ""
    do_claim(ward, thread_id)
    taken = nurse.get(url, headers={**POLL, "If-None-Match": first["ETag"]})
    assert taken.json() == {"count": 0, "words": "Hana Sato has taken this on. Show it.", "url": ""}
    do_close(ward, thread_id)
    closed = nurse.get(url, headers={**POLL, "If-None-Match": taken["ETag"]}).json()
    assert closed["words"] == "A colleague has changed the work here. Show it."
    assert patient.get(hers, headers={**POLL, "If-None-Match": tag}).status_code == 304
    again = ward.start()
    own = news_url(nurse, reverse("messaging:work-thread", args=[ward.of_maya.pk, again]))
    ward.claim(again)
    assert nurse.get(own, headers=POLL).json()["words"] == ""  # one's own acts are no news
