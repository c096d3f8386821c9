"""Words are found in one patient's messages, by those who may read them, with the same number of statements however many there are."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from messaging.models import Message, Thread
from messaging.reading import search
from portal.context import forget_site
from portal.lib.ids import uuid7
from tests.messaging.ward import Ward

SignIn = Callable[[User], Client]


def texts(ward: Ward, user: User, query: str, **more: str) -> list[str]:
    with ward.acting(user):
        return [hit.body for hit in search.find(user, ward.of_maya, query, **more).hits]


def test_all_words_must_be_there_capitals_and_accents_do_not_matter(ward: Ward) -> None:
    ward.start(text="My left LEG is numb since Friday.")
    ward.start(text="Où est le café ?")
    assert texts(ward, ward.maya, "leg numb") == ["My left LEG is numb since Friday."]
    assert texts(ward, ward.maya, "leg arm") == []
    assert texts(ward, ward.maya, "CAFE") == ["Où est le café ?"]
    assert texts(ward, ward.maya, "  ") == []


def test_a_topic_narrows_it(ward: Ward) -> None:
    ward.start(topic="visit", text="Parking at the door?")
    ward.start(topic="letter", text="Parking permit, please.")
    assert texts(ward, ward.maya, "parking", topic="letter") == ["Parking permit, please."]


def test_who_finds_what(ward: Ward, signed_in: SignIn) -> None:
    ward.start(text="The word is heron.")
    ward.start(text="A hidden heron.", hide_from_carers=True)
    ward.start(ward.samuel, ward.of_samuel, text="Another heron.")
    note_thread = ward.start(text="Nothing here.")
    ward.note(note_thread, "The heron of the team.")
    both = {"The word is heron.", "A hidden heron."}
    assert set(texts(ward, ward.maya, "heron")) == set(texts(ward, ward.rosa, "heron")) == both
    assert texts(ward, ward.jonas, "heron") == ["The word is heron."]
    assert texts(ward, ward.peter, "heron") == []
    url = reverse("messaging:patient-search", args=[ward.of_maya.pk])
    assert signed_in(ward.samuel).get(url, {"q": "heron"}).status_code == 404


@pytest.mark.parametrize("side", ["patient", "staff"])
def test_the_result_marks_the_word_and_leads_to_the_message(side: str, ward: Ward, signed_in: SignIn) -> None:
    thread_id = ward.start(text="First of all: a <b>Kestrel</b>.")
    for number in range(9):
        ward.reply(thread_id, f"Message {number}.")
    place = [] if side == "patient" else [ward.of_maya.pk]
    client = signed_in(ward.maya if side == "patient" else ward.rosa)
    page = client.get(reverse(f"messaging:{'patient-' if place else ''}search", args=place), {"q": "kestrel"})
    html = page.content.decode()
    assert "&lt;b&gt;<mark>Kestrel</mark>&lt;/b&gt;" in html
    link = re.search(r'class="row__title" href="([^"]+)"', html)
    assert link is not None
    assert link[1].endswith("?show=1#m1")
    shown = client.get(link[1].split("#")[0]).content.decode()
    assert 'id="m1"' in shown
    assert "earlier messages" not in shown  # the message stands open, not behind a press


def test_the_work_list_does_not_look_into_texts(ward: Ward, signed_in: SignIn) -> None:
    ward.start(text="Only a heron.")
    ward.start(ward.samuel, ward.of_samuel, text="No bird.")
    plain = signed_in(ward.rosa).get(reverse("messaging:work-list")).context["rows"]
    asked = signed_in(ward.rosa).get(reverse("messaging:work-list"), {"q": "heron"}).context["rows"]
    assert len(asked) == len(plain) == 2


@pytest.mark.parametrize("query", ["\x00", "%", "_", "\\", "'", "ß", "😀", "a" * 5000, "\ud800"])
def test_odd_words_are_only_words(query: str, ward: Ward, signed_in: SignIn) -> None:
    ward.start(text="100 % sure? It's a \\ and a straße 😀.")
    data = {"q": query.encode("utf-8", "replace").decode(), "topic": "nonsense", "page": "-3"}
    assert signed_in(ward.maya).get(reverse("messaging:search"), data).status_code in (200, 400)


def test_the_piece_shown_keeps_its_letters() -> None:
    text = "x" * 200 + " the Straße and the CAFÉ " + "y" * 400
    parts = search.excerpt(text, search.words_of("strasse café"))
    assert [part for part, found in parts if found] == ["Straße", "CAFÉ"]
    assert "".join(part for part, _found in parts).strip(" …") in text
    assert len("".join(part for part, _found in parts)) < 260


def test_two_thousand_messages_cost_as_many_statements_as_two(ward: Ward, signed_in: SignIn) -> None:
    client, url = signed_in(ward.maya), reverse("messaging:search")
    thread_id = ward.start(text="A heron at the river.")
    ward.reply(thread_id, "Two herons.")

    def statements() -> int:
        forget_site()
        client.get(url, {"q": "heron"})
        with CaptureQueriesContext(connection) as captured:
            assert client.get(url, {"q": "heron"}).status_code == 200
        # The test's own transaction is around the request's, which is a savepoint then.
        return len([one for one in captured if "SAVEPOINT" not in one["sql"]])

    few = statements()
    assert few <= 12
    with ward.system():
        thread = Thread.objects.for_system().get(pk=thread_id)
        rows = []
        for number in range(2, 2_000):
            row = Message(id=uuid7(), patient=ward.of_maya, thread=thread, seq=number + 1, author=ward.maya)
            row.capacity = "self"
            row.body = f"Message {number} about a heron and the weather. " * 4
            rows.append(row)
        Message.objects.bulk_create(rows)
        thread.last_seq = 2_000
        thread.save(update_fields=["last_seq"])
    assert statements() == few
    assert client.get(url, {"q": "heron"}).context["page"].paginator.count == 2_000
