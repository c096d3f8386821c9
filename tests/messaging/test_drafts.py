"""Nothing typed is lost: drafts, their end when sent, the late autosave, another device, the time-out."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import User
from patients.models import Draft
from portal.lib.ids import uuid7
from tests.messaging.ward import Ward, hidden

SignIn = Callable[[User], Client]


def autosave(client: Client, id: str, ward: Ward, text: str, version: int = 0, **more: Any) -> Any:
    body = {
        "version": version,
        "fields": {"text": [text]},
        "kind": "message",
        "patient": str(ward.of_maya.pk),
        "target": "",
        "resume": reverse("messaging:new"),
        **more,
    }
    url = reverse("patients-api:draft-save", args=[id])
    return client.put(url, json.dumps(body), content_type="application/json")


def test_a_draft_waits_on_another_device_and_goes_when_it_is_sent(ward: Ward, signed_in: SignIn) -> None:
    phone, computer = signed_in(ward.maya), signed_in(ward.maya)
    id = str(uuid7())
    saved = autosave(phone, id, ward, "I wanted to ask")
    assert saved.status_code == 200
    page = computer.get(reverse("messaging:new")).content.decode()
    assert "I wanted to ask</textarea>" in page
    assert hidden(page, "draft") == id
    assert "A message to your team" in computer.get(reverse("portal:today")).content.decode()
    fields = {"draft": id, "draft_version": hidden(page, "draft_version")}
    sent = computer.post(
        reverse("messaging:new"), {**fields, "topic": "other", "text": "I wanted to ask you something."}
    )
    assert sent.status_code == 302
    assert ward.count(Draft) == 0
    late = autosave(phone, id, ward, "I wanted to ask you", version=1)
    assert late.status_code == 410
    assert ward.count(Draft) == 0
    assert "I wanted to ask" not in phone.get(reverse("messaging:new")).content.decode()


def test_save_and_finish_later_needs_no_script(ward: Ward, signed_in: SignIn) -> None:
    client, new = signed_in(ward.maya), reverse("messaging:new")
    page = client.get(new).content.decode()
    fields = {
        "draft": hidden(page, "draft"),
        "draft_version": "0",
        "later": "1",
        "topic": "result",
        "text": "Half a",
    }
    kept = client.post(new, fields)
    assert kept.status_code == 302
    assert kept["Location"] == reverse("portal:today")
    again = client.get(new).content.decode()
    assert "Half a</textarea>" in again
    assert 'value="result"' in again.split("checked")[0].rsplit("<input", 1)[1]


def test_a_reply_an_answer_and_a_note_are_kept_in_their_own_places(ward: Ward, signed_in: SignIn) -> None:
    thread_id = ward.start()
    nurse = signed_in(ward.rosa)
    answer = reverse("messaging:answer", args=[ward.of_maya.pk, thread_id])
    note = reverse("messaging:note", args=[ward.of_maya.pk, thread_id])
    work = reverse("messaging:work-thread", args=[ward.of_maya.pk, thread_id])
    for url, text in ((answer, "Dear Maya"), (note, "Colleagues")):
        fields = {"draft": str(uuid7()), "draft_version": "0", "later": "1", "text": text}
        assert nurse.post(url, fields).status_code == 302
    page = nurse.get(work).content.decode()
    assert "Dear Maya</textarea>" in page
    assert "Colleagues" not in page
    page = nurse.get(note).content.decode()
    assert "Colleagues</textarea>" in page
    assert "Dear Maya" not in page
    today = nurse.get(reverse("portal:today")).content.decode()
    assert f'href="{work}"' in today
    assert f'href="{note}"' in today
    assert "Dear Maya" not in signed_in(ward.hana).get(work).content.decode()


def test_two_tabs_with_other_words_are_both_shown(ward: Ward, signed_in: SignIn) -> None:
    client, new = signed_in(ward.maya), reverse("messaging:new")
    assert autosave(client, str(uuid7()), ward, "The words of the first tab").status_code == 200
    fields = {
        "draft": str(uuid7()),
        "draft_version": "0",
        "later": "1",
        "topic": "other",
        "text": "The second tab",
    }
    told = client.post(new, fields)
    page = told.content.decode()
    assert told.status_code == 409
    assert "The words of the first tab" in page
    assert "The second tab</textarea>" in page


def test_words_that_were_sent_leave_no_draft_and_other_words_stay(ward: Ward, signed_in: SignIn) -> None:
    client, new = signed_in(ward.maya), reverse("messaging:new")
    first = str(uuid7())
    autosave(client, first, ward, "May my sister")
    told = autosave(client, str(uuid7()), ward, "Something else")
    assert (told.status_code, told.json()["id"], told.json()["files"]) == (409, first, 0)
    sends = {"draft": str(uuid7()), "draft_version": "0", "topic": "other", "text": "Something else"}
    assert client.post(new, sends).status_code == 302
    assert "May my sister</textarea>" in client.get(new).content.decode()  # not sent, so it is kept
    sends = {**sends, "draft": str(uuid7()), "text": "May my sister come along?"}
    assert client.post(new, sends).status_code == 302
    assert "May my sister" not in client.get(new).content.decode()


def test_a_draft_with_files_is_not_thrown_away_for_the_same_words(ward: Ward, signed_in: SignIn) -> None:
    from tests.messaging.samples import jpeg

    client, new = signed_in(ward.maya), reverse("messaging:new")
    photo = SimpleUploadedFile("arm.jpg", jpeg(), "image/jpeg")
    begun = {"draft": str(uuid7()), "draft_version": "0", "topic": "other", "text": "My arm"}
    assert client.post(new, {**begun, "attach": "1", "files": photo}).status_code == 302
    told = autosave(client, begun["draft"], ward, "My arm again", version=1)
    assert told.json()["files"] == 1
    sends = {"draft": str(uuid7()), "draft_version": "0", "topic": "other", "text": "My arm again"}
    assert client.post(new, sends).status_code == 302
    assert "arm.jpg" in client.get(new).content.decode()


def test_a_form_after_the_time_out_is_kept_for_its_writer(ward: Ward, signed_in: SignIn) -> None:
    thread_id = ward.start()
    client = signed_in(ward.maya)
    url = reverse("messaging:thread", args=[thread_id])
    page = client.get(url).content.decode()
    names = ("draft", "draft_version", "draft_kind", "draft_patient", "draft_target", "draft_resume", "seen")
    fields = {name: hidden(page, name) for name in names}
    session = client.session
    session["seen_at"] = session["seen_at"] - 60 * 60 * 2
    session.save()
    late = client.post(url, {**fields, "text": "Written too slowly."})
    assert late.status_code == 302
    assert ward.texts(thread_id) == ["I am tired."]
    assert "Written too slowly.</textarea>" in signed_in(ward.maya).get(url).content.decode()


SENT, TYPED = "What the first tab has sent.", "What the second tab still holds."


def test_after_another_tab_has_sent_it_the_words_of_this_one_are_a_new_draft(
    ward: Ward, signed_in: SignIn
) -> None:
    client, new, id = signed_in(ward.maya), reverse("messaging:new"), str(uuid7())
    assert autosave(client, id, ward, "What").status_code == 200
    sends = {"draft": id, "draft_version": "1", "topic": "other", "text": SENT}
    assert client.post(new, sends).status_code == 302
    assert autosave(client, id, ward, TYPED, version=1).status_code == 410
    assert ward.count(Draft) == 0  # a save that may race with the send of its own form brings nothing back
    kept = autosave(client, id, ward, TYPED, version=1, apart=True)
    assert kept.status_code == 200
    assert kept.json()["id"] != id
    page = client.get(new).content.decode()
    assert f"{TYPED}</textarea>" in page
    assert hidden(page, "draft") == kept.json()["id"]
    # A third tab, as old as the second one: both texts are shown, neither goes.
    told = autosave(client, id, ward, "A third text", version=1, apart=True)
    assert (told.status_code, told.json()["fields"]["text"]) == (409, [TYPED])


@pytest.mark.parametrize("press", ["later", "send", "after the time-out"])
def test_the_same_without_scripts(press: str, ward: Ward, signed_in: SignIn) -> None:
    thread_id = ward.start()
    client, url = signed_in(ward.maya), reverse("messaging:thread", args=[thread_id])
    page = client.get(url).content.decode()
    names = ("draft", "draft_version", "draft_kind", "draft_patient", "draft_target", "draft_resume", "seen")
    fields = {name: hidden(page, name) for name in names}
    assert client.post(url, {**fields, "text": SENT}).status_code == 302
    if press == "after the time-out":
        session = client.session
        session["seen_at"] = session["seen_at"] - 60 * 60 * 2
        session.save()
    more = {"later": "1"} if press == "later" else {}
    client.post(url, {**fields, **more, "text": TYPED})
    assert ward.texts(thread_id) == ["I am tired.", SENT]
    page = signed_in(ward.maya).get(url).content.decode()
    assert f"{TYPED}</textarea>" in page
    assert hidden(page, "draft") != fields["draft"]


NAMES = ("draft", "draft_version", "draft_kind", "draft_patient", "draft_target", "draft_resume")
ARRIVED = "What you sent had arrived before."


def times_out(client: Client) -> None:
    session = client.session
    session["seen_at"] = session["seen_at"] - 60 * 60 * 2
    session.save()


def late(client: Client, url: str, fields: dict[str, Any]) -> str:
    """What the person reads who sends a form after the time-out."""
    times_out(client)
    page: str = client.post(url, fields, follow=True).content.decode()
    return page


@pytest.mark.parametrize("where", ["reply", "answer"])
def test_words_that_were_delivered_are_no_draft_when_they_come_again_after_the_time_out(
    where: str, ward: Ward, signed_in: SignIn
) -> None:
    thread_id, person = ward.start(), ward.maya if where == "reply" else ward.rosa
    shown = url = reverse("messaging:thread", args=[thread_id])
    if where == "answer":
        shown = reverse("messaging:work-thread", args=[ward.of_maya.pk, thread_id])
        url = reverse("messaging:answer", args=[ward.of_maya.pk, thread_id])
    client = signed_in(person)
    page = client.get(shown).content.decode()
    fields = {name: hidden(page, name) for name in (*NAMES, "seen")} | {"text": SENT + "\r\nBye "}
    assert client.post(url, fields).status_code == 302
    told = late(client, url, fields)
    assert ARRIVED in told
    assert "for a while. Your writing is saved." not in told
    assert ward.count(Draft) == 0
    assert ward.texts(thread_id) == ["I am tired.", SENT + "\nBye"]
    assert ARRIVED not in late(
        signed_in(person), url, {**fields, "text": SENT}
    )  # one word less is other words
    assert ward.count(Draft) == 1


NEW = {"topic": "feeling", "text": "I cannot sleep.", "signs": "feeling:none"}


@pytest.mark.parametrize(
    "other",
    [{}, {"topic": "visit"}, {"text": "I can sleep."}, {"signs": "feeling:breath"}, {"called": "yes"}, {"about": "Sleep"}, {"file": "1"}],
    ids=lambda other: next(iter(other), "the same"),
)  # fmt: skip
def test_a_new_message_that_comes_again_after_the_time_out_loses_no_answer(
    other: dict[str, Any], ward: Ward, signed_in: SignIn
) -> None:
    from tests.messaging.samples import jpeg

    client, new = signed_in(ward.maya), reverse("messaging:new")
    page = client.get(new).content.decode()
    fields = {name: hidden(page, name) for name in NAMES} | NEW
    assert client.post(new, fields).status_code == 302
    if other.pop("file", None):
        other = {"files": SimpleUploadedFile("arm.jpg", jpeg(), "image/jpeg")}
    kept = bool(other)
    assert (ARRIVED in late(client, new, {**fields, **other})) != kept
    assert ward.count(Draft) == kept


def test_words_that_were_taken_back_are_not_called_delivered(ward: Ward, signed_in: SignIn) -> None:
    from tests.messaging.test_taking_back import take_back

    client, new = signed_in(ward.maya), reverse("messaging:new")
    page = client.get(new).content.decode()
    fields = {name: hidden(page, name) for name in NAMES} | NEW
    sent = client.post(new, fields)
    take_back(ward, UUID(sent["Location"].split("/")[-3]))
    assert ARRIVED not in late(client, new, fields)
    assert ward.count(Draft) == 1


def test_a_link_brings_topic_and_title_along(ward: Ward, signed_in: SignIn) -> None:
    client, new = signed_in(ward.maya), reverse("messaging:new")
    page = client.get(new + "?topic=question&about=The+day+of+the+infusion").content.decode()
    assert "The day of the infusion" in page
    assert hidden(page, "about") == "The day of the infusion"
    assert 'value="question"' in page.split("checked")[0].rsplit("<input", 1)[1]
    fields = {"draft": hidden(page, "draft"), "draft_version": "0", "about": hidden(page, "about")}
    sent = client.post(new, {**fields, "topic": "question", "text": "Can I eat before?"})
    assert "The day of the infusion" in client.get(sent["Location"].replace("sent/", "")).content.decode()


def test_a_link_does_not_overwrite_what_was_begun(ward: Ward, signed_in: SignIn) -> None:
    client = signed_in(ward.maya)
    autosave(client, str(uuid7()), ward, "Half", fields={"text": ["Half"], "topic": ["visit"], "about": [""]})
    page = client.get(reverse("messaging:new") + "?topic=question&about=A+title").content.decode()
    assert "Half</textarea>" in page
    assert hidden(page, "about") == "A title"
    assert 'value="visit"' in page.split("checked")[0].rsplit("<input", 1)[1]
