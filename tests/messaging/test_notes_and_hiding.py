"""Internal notes stay with the team, and hidden conversations stay hidden: on every page and in SQL, each line of defence alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from messaging.models import InternalNote, Message, Thread, ThreadViewer, WorkItem
from patients.models import Draft, Grant, Receipt
from portal.lib.ids import uuid7
from tests.messaging.ward import Ward, hidden

SignIn = Callable[[User], Client]
TABLES = ("thread", "message", "internalnote", "workitem", "threadviewer")
SECRET = "Zebra note for colleagues."


def rows(ward: Ward, user: User, table: str) -> int:
    """What PostgreSQL shows this person, without any filter of ours."""
    with ward.acting(user), connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM messaging_{table}")
        return int(cursor.fetchone()[0])


def test_notes_are_seen_by_the_team_only(ward: Ward, signed_in: SignIn) -> None:
    thread_id = ward.start()
    ward.note(thread_id, SECRET)
    of_maya = ward.of_maya.pk
    staff = reverse("messaging:work-thread", args=[of_maya, thread_id])
    page = signed_in(ward.hana).get(staff).content.decode()
    assert SECRET in page
    assert "Only the team sees this" in page
    for person, urls in (
        (ward.maya, ["messaging:list", "messaging:thread", "messaging:sent", "portal:today"]),
        (
            ward.jonas,
            ["messaging:patient-list", "messaging:patient-thread", "messaging:patient-sent", "portal:today"],
        ),
    ):
        client = signed_in(person)
        for name in urls:
            given = [of_maya] if "patient" in name else []
            given += [thread_id] if name.endswith(("thread", "sent")) else []
            answer = client.get(reverse(name, args=given))
            assert answer.status_code == 200
            assert SECRET not in answer.content.decode()


@pytest.mark.parametrize("who", ["maya", "jonas", "samuel", "peter"])
def test_the_database_alone_keeps_notes_from_everybody_else(who: str, ward: Ward) -> None:
    thread_id = ward.start()
    ward.note(thread_id)
    assert rows(ward, getattr(ward, who), "internalnote") == 0
    assert rows(ward, ward.rosa, "internalnote") == 1


@pytest.mark.parametrize("who", ["maya", "jonas", "samuel", "peter"])
def test_the_filter_alone_keeps_notes_from_everybody_else(who: str, ward: Ward) -> None:
    thread_id = ward.start()
    ward.note(thread_id)
    with ward.system():
        assert InternalNote.objects.for_user(getattr(ward, who)).count() == 0
        assert InternalNote.objects.for_user(ward.rosa).count() == 1


@pytest.fixture
def emergency(ward: Ward) -> User:
    """A clinician elsewhere who has opened the record in an emergency."""
    with ward.system():
        grant = Grant(patient=ward.of_maya, kind="break_glass", user=ward.peter)
        grant.ends_at = timezone.now() + timedelta(hours=4)
        grant.reason = "She is here with a fever."
        grant.save(force_insert=True)
    return ward.peter


def test_emergency_access_reads_the_conversation_and_not_the_notes(
    ward: Ward, emergency: User, signed_in: SignIn
) -> None:
    thread_id = ward.start()
    ward.note(thread_id, SECRET)
    assert (rows(ward, emergency, "message"), rows(ward, emergency, "internalnote")) == (1, 0)
    with ward.system():
        assert list(InternalNote.objects.for_user(emergency)) == []
        assert list(InternalNote.objects.for_user(emergency, ward.of_maya)) == []
        assert InternalNote.objects.for_user(ward.rosa, ward.of_maya).count() == 1
    client = signed_in(emergency)
    for name in ("work-thread", "note"):
        html = client.get(reverse(f"messaging:{name}", args=[ward.of_maya.pk, thread_id])).content.decode()
        assert "Notes are the team’s own" in html
        assert SECRET not in html
    api = f"/api/v1/messaging/threads/{thread_id}/notes/?patient={ward.of_maya.pk}"
    assert client.get(api).status_code == 404
    colleague = signed_in(ward.rosa).get(api)
    assert colleague.status_code == 200
    assert SECRET in colleague.content.decode()


@pytest.mark.parametrize("who", ["maya", "jonas"])
def test_the_database_takes_no_note_from_the_patients_side(who: str, ward: Ward) -> None:
    thread_id = ward.start()
    person = getattr(ward, who)
    with ward.acting(ward.rosa):
        note = InternalNote(patient=ward.of_maya, thread_id=thread_id, author=person)
        note.body = "Mine."
        sealed = InternalNote._meta.get_field("body").pre_save(note, add=True)
    note.body = sealed
    with pytest.raises(DatabaseError, match="row-level security"), ward.acting(person), transaction.atomic():
        note.save(force_insert=True)


def test_hiding_is_offered_only_where_there_is_somebody_to_hide_it_from(
    ward: Ward, signed_in: SignIn
) -> None:
    new, words = reverse("messaging:new"), "Hide this conversation from the people who help me"
    assert words in signed_in(ward.maya).get(new).content.decode()
    assert words not in signed_in(ward.samuel).get(new).content.decode()
    of_maya = reverse("messaging:patient-new", args=[ward.of_maya.pk])
    assert words not in signed_in(ward.jonas).get(of_maya).content.decode()


def test_a_hidden_conversation_is_not_there_for_the_carer(ward: Ward, signed_in: SignIn) -> None:
    patient, new = signed_in(ward.maya), reverse("messaging:new")
    fields = {"draft": hidden(patient.get(new).content.decode(), "draft"), "draft_version": "0", "hide": "on"}
    sent = patient.post(new, {**fields, "topic": "letter", "text": "Between us."})
    assert sent.status_code == 302
    with ward.system():
        thread = Thread.objects.for_system().get()
    assert thread.hidden_from_carers
    carer = signed_in(ward.jonas)
    assert (
        "A form or letter"
        not in carer.get(reverse("messaging:patient-list", args=[ward.of_maya.pk])).content.decode()
    )
    for name in ("patient-thread", "patient-sent"):
        assert carer.get(reverse(f"messaging:{name}", args=[ward.of_maya.pk, thread.pk])).status_code == 404
    assert (
        carer.post(reverse("messaging:patient-close", args=[ward.of_maya.pk, thread.pk])).status_code == 404
    )
    assert "Hidden from people who help you" in patient.get(reverse("messaging:list")).content.decode()
    staff = signed_in(ward.rosa).get(reverse("messaging:work-thread", args=[ward.of_maya.pk, thread.pk]))
    assert "Between us." in staff.content.decode()


@pytest.mark.parametrize("text", ["Let me in.", ""])
def test_words_for_a_conversation_that_is_not_open_to_their_writer_are_not_there_either(
    text: str, ward: Ward, signed_in: SignIn
) -> None:
    """Sent with words alone, the service itself is the first that asks whose conversation it is."""
    thread_id = ward.start(hide_from_carers=True)
    data = {"draft": str(uuid7()), "draft_version": "0", "seen": "9", "text": text}
    for person, url in (
        (ward.samuel, reverse("messaging:thread", args=[thread_id])),
        (ward.jonas, reverse("messaging:patient-thread", args=[ward.of_maya.pk, thread_id])),
        (ward.maya, reverse("messaging:thread", args=[uuid7()])),
    ):
        assert signed_in(person).post(url, data).status_code == 404
    assert ward.count(Message) == 1
    assert ward.count(Draft) == 0
    with ward.system():
        assert not Receipt.objects.filter(act="message.reply").exists()


@pytest.mark.parametrize("table", TABLES)
def test_the_database_alone_hides_it(table: str, ward: Ward) -> None:
    thread_id = ward.start(hide_from_carers=True)
    ward.note(thread_id)
    assert rows(ward, ward.jonas, table) == 0
    assert rows(ward, ward.rosa, table) >= 1


def test_the_filter_alone_hides_it(ward: Ward) -> None:
    ward.start(hide_from_carers=True)
    with ward.system():
        for model in (Thread, Message, WorkItem, ThreadViewer):
            assert model.objects.for_user(ward.jonas).count() == 0
            assert model.objects.for_user(ward.maya).count() == 1


def test_a_carer_cannot_hide_anything(ward: Ward, signed_in: SignIn) -> None:
    carer, new = signed_in(ward.jonas), reverse("messaging:patient-new", args=[ward.of_maya.pk])
    fields = {"draft": hidden(carer.get(new).content.decode(), "draft"), "draft_version": "0", "hide": "on"}
    assert carer.post(new, {**fields, "topic": "letter", "text": "Hello."}).status_code == 302
    with ward.system():
        assert not Thread.objects.for_system().get().hidden_from_carers


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("who", ["samuel", "peter"])
def test_the_database_alone_shows_strangers_nothing(who: str, table: str, ward: Ward) -> None:
    thread_id = ward.start()
    ward.note(thread_id)
    assert rows(ward, getattr(ward, who), table) == 0


def test_without_the_python_filter_the_pages_still_show_strangers_nothing(
    ward: Ward, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    thread_id = ward.start(text="Only for my team.")
    from messaging import querysets

    everything: Any = lambda self, user, patient=None: self.all()  # noqa: E731
    for cls in (querysets.ThreadQuerySet, querysets.OfThreadQuerySet):
        monkeypatch.setattr(cls, "for_user", everything)
    assert signed_in(ward.samuel).get(reverse("messaging:thread", args=[thread_id])).status_code == 404
    assert "Only for my team." not in signed_in(ward.samuel).get(reverse("messaging:list")).content.decode()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE messaging_message SET seq = 9",
        "DELETE FROM messaging_message",
        "TRUNCATE messaging_message",
        "UPDATE messaging_internalnote SET created_at = now()",
        "DELETE FROM messaging_internalnote",
        "DELETE FROM messaging_thread",
        "DELETE FROM messaging_workitem",
        "DELETE FROM messaging_threadviewer",
    ],
)
def test_what_was_sent_cannot_be_changed_or_taken_away(statement: str, ward: Ward) -> None:
    ward.start()
    with (
        pytest.raises(DatabaseError, match="permission denied"),
        ward.acting(ward.maya),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_a_message_belongs_to_the_patient_of_its_conversation(ward: Ward) -> None:
    """The nurse may write for both patients; a row that mixes them is refused by the database."""
    thread_id = ward.start()
    with ward.acting(ward.rosa):
        message = Message(
            patient=ward.of_samuel, thread_id=thread_id, seq=2, author=ward.rosa, capacity="team"
        )
        message.body = "For whom?"
    with (
        pytest.raises(DatabaseError, match="row-level security"),
        ward.acting(ward.rosa),
        transaction.atomic(),
    ):
        message.save(force_insert=True)


def test_an_ended_grant_closes_the_carers_pages_at_once(ward: Ward, signed_in: SignIn) -> None:
    from patients.models import Grant
    from patients.services import revoke_grant

    thread_id = ward.start()
    carer = signed_in(ward.jonas)
    url = reverse("messaging:patient-thread", args=[ward.of_maya.pk, thread_id])
    assert carer.get(url).status_code == 200
    with ward.acting(ward.maya):
        grant = Grant.objects.get(patient=ward.of_maya, kind="carer")
        revoke_grant(patient=ward.of_maya, by=ward.maya, grant_id=grant.pk)
    assert carer.get(url).status_code == 404
    assert rows(ward, ward.jonas, "message") == 0
