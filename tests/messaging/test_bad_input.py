"""Whatever is typed or forged: a clear 4xx page with the text kept, never a 500."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from messaging.models import Message
from portal.lib.ids import uuid7
from tests.messaging.ward import Ward

SignIn = Callable[[User], Client]
FORMS = ["new", "thread", "patient-new", "patient-thread", "answer", "note"]


def form(name: str, ward: Ward, signed_in: SignIn, thread_id: UUID) -> tuple[Client, str]:
    own = {"new": [], "thread": [thread_id]}
    of_maya = [ward.of_maya.pk, thread_id]
    given = own.get(name, of_maya[:1] if name == "patient-new" else of_maya)
    person = ward.maya if name in own else ward.jonas if name.startswith("patient") else ward.rosa
    return signed_in(person), reverse(f"messaging:{name}", args=given)


def filled(**changed: Any) -> dict[str, Any]:
    return {
        "draft": str(uuid7()),
        "draft_version": "0",
        "seen": "9",
        "topic": "visit",
        "text": "Hello.",
        **changed,
    }


@pytest.mark.parametrize("name", FORMS)
def test_forms_refuse_what_cannot_be_sent_and_keep_it(name: str, ward: Ward, signed_in: SignIn) -> None:
    client, url = form(name, ward, signed_in, ward.start())
    long = "A long story. " * 400
    cases = [
        (filled(text=""), "Write "),
        (filled(text="   \n\t "), "Write "),
        (filled(text="\x00\u202e"), "Write "),
        (filled(text=long), "a message can have 5000"),
        ({"seen": "9"}, "Write "),
    ]
    if name.endswith("new"):
        cases += [
            (filled(topic=""), "Choose what your message is about."),
            (filled(topic="surgery"), "Choose one of the topics in the list."),
            (filled(topic="vi\x00sit"), "Choose one of the topics in the list."),
            (filled(topic="x" * 3000), "Choose one of the topics in the list."),
        ]
    for data, words in cases:
        answer = client.post(url, data)
        page = answer.content.decode()
        assert answer.status_code == 422, data
        assert words in page, data
        assert "<title>Error:" in page.replace("\n", "").replace("    ", "")
        typed = data.get("text", "").replace("\x00", "").strip()
        assert typed in page
    # A form that does not say how far its conversation was read shows first what others wrote in it.
    bare = client.post(url, {})
    assert bare.status_code == (409 if name in ("patient-thread", "answer") else 422)
    assert "<title>Error:" in bare.content.decode().replace("\n", "").replace("    ", "")
    assert ward.count(Message) == 1


@pytest.mark.parametrize("name", FORMS)
def test_odd_letters_are_cleaned_and_sent(name: str, ward: Ward, signed_in: SignIn) -> None:
    thread_id = ward.start()
    client, url = form(name, ward, signed_in, thread_id)
    text = "\u202eevil\u2066 <b>bold</b>\x00 & \u00e9 \U0001f600\r\nline two"
    answer = client.post(url, filled(text=text, about="\x00\u202e" + "x" * 999, hide="maybe"))
    assert answer.status_code == 302
    page = client.get(answer["Location"].replace("sent/", "")).content.decode()
    assert "evil &lt;b&gt;bold&lt;/b&gt; &amp; \u00e9 \U0001f600<br>line two" in page


@pytest.mark.parametrize("name", FORMS)
def test_a_hundred_kilobytes_come_back_as_typed(name: str, ward: Ward, signed_in: SignIn) -> None:
    client, url = form(name, ward, signed_in, ward.start())
    text = "0123456789" * 10_000
    answer = client.post(url, filled(text=text))
    assert answer.status_code == 422
    assert text in answer.content.decode()


@pytest.mark.parametrize("name", FORMS)
def test_what_is_too_long_for_later_is_not_called_saved(name: str, ward: Ward, signed_in: SignIn) -> None:
    client, url = form(name, ward, signed_in, ward.start())
    text = "0123456789" * 10_000
    answer = client.post(url, filled(text=text, later="1"))
    assert answer.status_code == 413
    assert text in answer.content.decode()
    assert "This is too long to be kept." in answer.content.decode()


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("size", ["two thousand fields", "two megabytes"])
def test_too_much_is_413(name: str, size: str, ward: Ward, signed_in: SignIn) -> None:
    client, url = form(name, ward, signed_in, ward.start())
    more = {f"f{n}": "x" for n in range(2000)} if size == "two thousand fields" else {"text": "x" * 2_000_000}
    answer = client.post(url, filled() | more)
    assert answer.status_code == 413


@pytest.mark.parametrize("name", FORMS)
def test_forged_hidden_fields_change_nothing_of_others(name: str, ward: Ward, signed_in: SignIn) -> None:
    """Another patient's ids in the hidden fields: they only say where a late form is kept, and that is asked again."""
    thread_id, theirs = ward.start(), ward.start(ward.samuel, ward.of_samuel)
    client, url = form(name, ward, signed_in, thread_id)
    forged = {
        "draft_patient": str(ward.of_samuel.pk),
        "draft_target": str(theirs),
        "draft_kind": "nonsense",
        "draft_resume": "https://example.com/",
        "thread": str(theirs),
        "patient": str(ward.of_samuel.pk),
    }
    assert client.post(url, filled(**forged)).status_code == 302
    assert ward.texts(theirs) == ["I am tired."]
    for key in ("draft", "draft_version"):
        answer = client.post(url, filled(text="", **{key: "\x00'; DROP"}))
        assert answer.status_code == 422


def test_a_sent_draft_of_somebody_else_sends_nothing(ward: Ward, signed_in: SignIn) -> None:
    theirs = uuid7()
    ward.start(ward.samuel, ward.of_samuel, id=theirs)
    answer = signed_in(ward.maya).post(reverse("messaging:new"), filled(draft=str(theirs)))
    assert answer.status_code in (409, 422)
    assert "Hello.</textarea>" in answer.content.decode()
    assert ward.count(Message) == 1


@pytest.mark.parametrize(
    "query", ["page=0", "page=x", "page=99999999999999", "page=%00", "page=" + "9" * 400]
)
def test_lists_take_any_page_number(query: str, ward: Ward, signed_in: SignIn) -> None:
    ward.start()
    assert signed_in(ward.maya).get(reverse("messaging:list") + "?" + query).status_code in (200, 400)
    assert signed_in(ward.rosa).get(reverse("messaging:work-list") + "?" + query).status_code in (200, 400)


@pytest.mark.parametrize(
    "query", ["topic=surgery", "topic=%00", "about=%00%E2%80%AE", "about=" + "x" * 3000, "about=%FF"]
)
def test_a_link_may_bring_anything(query: str, ward: Ward, signed_in: SignIn) -> None:
    answer = signed_in(ward.maya).get(reverse("messaging:new") + "?" + query)
    assert answer.status_code == 200
    brought = re.search(r'name="about" value="([^"]*)"', answer.content.decode())
    assert brought is None or len(brought.group(1)) <= 200


def test_ids_that_do_not_exist_are_not_found(ward: Ward, signed_in: SignIn) -> None:
    client = signed_in(ward.maya)
    for name in ("thread", "sent"):
        assert client.get(reverse(f"messaging:{name}", args=[uuid7()])).status_code == 404
    assert client.post(reverse("messaging:thread", args=[uuid7()]), filled()).status_code == 404
    assert client.get("/messages/not-a-uuid/").status_code == 404
    assert (
        signed_in(ward.rosa).get(reverse("messaging:work-thread", args=[uuid7(), uuid7()])).status_code == 404
    )


def test_the_services_take_no_unknown_words(ward: Ward) -> None:
    from messaging import services

    with pytest.raises(ValueError, match="unknown topic"):
        ward.start(topic="surgery")
    thread_id = ward.start()
    with pytest.raises(ValueError, match="not a way to finish"), ward.acting(ward.rosa):
        services.finish(
            by=ward.rosa,
            patient=ward.of_maya,
            thread_id=thread_id,
            id=uuid7(),
            outcome="burned",
            seen_seq=9,
            now=ward.world.now,
        )
