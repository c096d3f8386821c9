"""A conversation as a page, a PDF, text and JSON: all messages with their stamps, nothing of the team's own, each on the trail."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from html import unescape

import pikepdf
import pytest
from django.template.defaultfilters import filesizeformat
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from messaging.composing import outreach
from messaging.models import Attachment, Thread
from patients.models import AuditEvent
from portal.lib.ids import uuid7
from portal.lib.time_words import when
from tests.harness.paper import ensure
from tests.messaging.test_files import start_with_file
from tests.messaging.ward import Ward

SignIn = Callable[[User], Client]


@pytest.fixture
def thread_id(ward: Ward) -> str:
    made = ward.start(text="May I swim?")
    ward.reply(made, "She asks again.", by=ward.jonas)
    ward.note(made, "Ask the doctor first.")
    ward.answer(made, "Yes, you may.")
    return str(made)


def test_every_message_has_its_stamps(ward: Ward, thread_id: str, signed_in: SignIn) -> None:
    client = signed_in(ward.maya)
    html = client.get(reverse("messaging:paper", args=[thread_id])).content.decode()
    text = client.get(reverse("messaging:copy-file", args=[thread_id]), {"as": "text"}).content.decode()
    for shown in (html, text):
        for word in ("May I swim?", "She asks again.", "Yes, you may.", "Jonas Lindqvist", "for Maya Lindqvist",
                     "Rosa Delgado", "America/New_York"):  # fmt: skip
            assert word in shown, word
        assert "Ask the doctor first." not in shown
    copy = json.loads(client.get(reverse("messaging:copy-file", args=[thread_id]), {"as": "json"}).content)
    assert [row["capacity"] for row in copy["messages"]] == ["self", "carer", "team"]
    assert all(row["sent_at"][-6:] in ("-05:00", "-04:00") for row in copy["messages"])
    assert (copy["taken_by"], copy["time_zone"]) == ("Maya Lindqvist", "America/New_York")


def test_the_team_may_take_one_and_it_is_on_the_trail(ward: Ward, thread_id: str, signed_in: SignIn) -> None:
    place = [ward.of_maya.pk, thread_id]
    answer = signed_in(ward.rosa).get(reverse("messaging:patient-copy-file", args=place), {"as": "text"})
    assert answer["Content-Disposition"] == 'attachment; filename="messages.txt"'
    with ward.system():
        acts = AuditEvent.objects.filter(patient_id=ward.of_maya.pk, user_id=ward.rosa.pk, target=thread_id)
        assert acts.filter(act="thread.copied").count() == 1


@pytest.mark.parametrize("kind", ["", "exe", "pdf/../json"])
def test_other_kinds_do_not_exist(kind: str, ward: Ward, thread_id: str, signed_in: SignIn) -> None:
    url = reverse("messaging:copy-file", args=[thread_id])
    assert signed_in(ward.maya).get(url, {"as": kind}).status_code == 404


def test_a_hidden_conversation_and_a_strangers_have_no_copy(ward: Ward, signed_in: SignIn) -> None:
    hidden = ward.start(text="Hidden.", hide_from_carers=True)
    place = [ward.of_maya.pk, hidden]
    for name in ("patient-paper", "patient-file"):
        url = reverse(f"messaging:{name}", args=place)
        assert signed_in(ward.jonas).get(url, {"as": "text"}).status_code == 404
        assert signed_in(ward.peter).get(url, {"as": "text"}).status_code == 404


def test_the_pdf_is_tagged_and_says_what_it_is(ward: Ward, thread_id: str, signed_in: SignIn) -> None:
    ensure()
    answer = signed_in(ward.maya).get(reverse("messaging:copy-file", args=[thread_id]), {"as": "pdf"})
    assert answer["Content-Type"] == "application/pdf"
    with pikepdf.open(io.BytesIO(answer.content)) as made:
        assert str(made.docinfo["/Title"]) == "Messages of Maya Lindqvist: How I feel"
        assert made.Root.MarkInfo.Marked


def test_a_copy_names_the_files_and_when_a_call_came(ward: Ward, signed_in: SignIn) -> None:
    start_with_file(ward, text="Look at this.")
    with ward.system():
        thread_id = Thread.objects.for_system().get().pk
    came = timezone.now() - timedelta(days=2)
    with ward.acting(ward.rosa):
        outreach.write_down(
            by=ward.rosa, patient=ward.of_maya, id=uuid7(), text="She called again.", how="phone", came_at=came,
            now=timezone.now(), thread_id=thread_id, seen_seq=1,
        )  # fmt: skip
    with ward.system():
        file = Attachment.objects.for_system().get()
        name = file.name
    zone = ward.of_maya.site.time_zone
    named = f"{name}: Photo, {filesizeformat(file.size)}, added {when(file.created_at, zone)}"
    client = signed_in(ward.maya)
    html = client.get(reverse("messaging:paper", args=[thread_id])).content.decode()
    text = client.get(reverse("messaging:copy-file", args=[thread_id]), {"as": "text"}).content.decode()
    for shown in (unescape(html).replace("\xa0", " "), text.replace("\xa0", " ")):
        assert f"File: {named}".replace("\xa0", " ") in shown
        assert shown.count(f"It came on {when(came, zone)}.") == 1
    copy = json.loads(client.get(reverse("messaging:copy-file", args=[thread_id]), {"as": "json"}).content)
    first, second = copy["messages"]
    (row,) = first["files"]
    assert (row["name"], row["kind"], row["size"], row["state"]) == (name, "jpeg", file.size, "ready")
    assert datetime.fromisoformat(row["added_at"]) == file.created_at.replace(microsecond=0)
    assert (first["came_at"], second["files"]) == (None, [])
    assert datetime.fromisoformat(second["came_at"]) == came.replace(microsecond=0)
