"""An answer that was wrong is taken back and corrected: the row stays, the patient's side sees it no more."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import OutgoingMail
from messaging import services
from messaging.composing import retractions
from messaging.files.services import take_in
from messaging.models import Message, MessageRetraction
from messaging.services import NewerMessages
from patients.models import AuditEvent
from patients.services import DifferentContent
from portal.lib.ids import uuid7
from portal.lib.problems import NotAllowed
from tests.api.asking import call
from tests.messaging.samples import jpeg
from tests.messaging.ward import Ward, hidden

WRONG, RIGHT = "Come on Tuesday at 8.", "Come on Thursday at 8."


def correct(ward: Ward, thread: UUID, message: UUID, **more: Any) -> Message:
    by = more.pop("by", ward.rosa)
    given = {
        "id": uuid7(),
        "text": RIGHT,
        "reason": "Wrong day",
        "seen_seq": 99,
        "now": timezone.now(),
    } | more
    with ward.acting(by):
        return retractions.correct(by=by, patient=ward.of_maya, thread_id=thread, message_id=message, **given)


def test_the_patients_side_sees_the_correction_and_not_the_old_text(ward: Ward, signed_in: Any) -> None:
    thread = ward.start()
    wrong = ward.answer(thread, WRONG)
    correct(ward, thread, wrong.pk)
    maya, jonas = signed_in(ward.maya), signed_in(ward.jonas)
    pages = [
        maya.get(reverse("messaging:thread", args=[thread])),
        maya.get(f"/api/v1/messaging/threads/{thread}/messages/"),
        jonas.get(reverse("messaging:patient-thread", args=[ward.of_maya.pk, thread])),
        jonas.get(f"/api/v1/messaging/threads/{thread}/messages/?patient={ward.of_maya.pk}"),
    ]
    for page in pages:
        assert page.status_code == 200
        assert WRONG not in page.content.decode()
        assert "Wrong day" not in page.content.decode()
        assert RIGHT in page.content.decode()
    assert "Taken back by the team on" in pages[0].content.decode()
    assert 'href="#m3"' in pages[0].content.decode()
    rows = pages[1].json()["results"]
    assert rows[1]["text"] == ""
    assert rows[1]["corrected_by"] == rows[2]["id"]
    # The team still reads what it wrote, and why it took it back.
    staff = signed_in(ward.hana).get(reverse("messaging:work-thread", args=[ward.of_maya.pk, thread]))
    assert WRONG in staff.content.decode()
    assert "Rosa Delgado: Wrong day" in staff.content.decode()
    assert ward.texts(thread)[1:] == [WRONG, RIGHT]


def test_once_with_mail_and_trail(ward: Ward) -> None:
    thread = ward.start()
    wrong = ward.answer(thread, WRONG)
    with ward.acting(ward.maya):
        from messaging.models import Thread
        from messaging.services import mark_seen

        seen = Thread.objects.for_user(ward.maya).get(pk=thread)
        mark_seen(by=ward.maya, thread=seen, seq=2, now=timezone.now())
    mails, id = OutgoingMail.objects.count(), uuid7()
    first = correct(ward, thread, wrong.pk, id=id)
    again = correct(ward, thread, wrong.pk, id=id)
    assert again.pk == first.pk == id
    assert OutgoingMail.objects.count() == mails + 1
    with ward.system():
        acts = AuditEvent.objects.for_system().filter(act="message.corrected")
        assert [(event.user_id, event.target) for event in acts] == [(ward.rosa.pk, wrong.pk)]
    with pytest.raises(retractions.TakenBackBefore):
        correct(ward, thread, wrong.pk)
    with pytest.raises(DifferentContent):
        correct(ward, thread, wrong.pk, id=id, text="Something else.")
    assert ward.count(MessageRetraction, message_id=wrong.pk) == 1


def test_what_came_in_meanwhile_is_read_first(ward: Ward, signed_in: Any) -> None:
    thread = ward.start()
    wrong = ward.answer(thread, WRONG)
    page = reverse("messaging:correct", args=[ward.of_maya.pk, thread, wrong.pk])
    nurse = signed_in(ward.rosa)
    form = nurse.get(page).content.decode()
    ward.reply(thread, "Now I cannot come at all.")
    data = {name: hidden(form, name) for name in ("draft", "draft_version", "seen")}
    refused = nurse.post(page, {**data, "text": RIGHT, "reason": "Wrong day"})
    assert refused.status_code == 422 or refused.status_code == 409
    assert "Now I cannot come at all." in refused.content.decode()
    assert f"{RIGHT}</textarea>" in refused.content.decode()
    with pytest.raises(NewerMessages):
        correct(ward, thread, wrong.pk, seen_seq=2)
    empty = nurse.post(page, {**data, "text": RIGHT, "reason": ""})
    assert empty.status_code == 422
    data = {name: hidden(refused.content.decode(), name) for name in ("draft", "draft_version", "seen")}
    assert nurse.post(page, {**data, "text": RIGHT, "reason": "Wrong day"}).status_code == 302
    assert ward.texts(thread)[-1] == RIGHT


def test_only_the_team_and_only_its_own_answers(ward: Ward) -> None:
    thread = ward.start()
    wrong = ward.answer(thread, WRONG)
    for person in (ward.maya, ward.jonas, ward.peter):
        with pytest.raises(NotAllowed):
            correct(ward, thread, wrong.pk, by=person)
    with ward.system():
        first = Message.objects.for_system().get(thread_id=thread, seq=1)
    with pytest.raises(retractions.NotAnAnswer):
        correct(ward, thread, first.pk)
    with pytest.raises(Message.DoesNotExist):
        correct(ward, ward.start(), wrong.pk)


def test_neither_the_message_nor_its_retraction_can_be_changed(ward: Ward) -> None:
    thread = ward.start()
    wrong = ward.answer(thread, WRONG)
    correct(ward, thread, wrong.pk)
    for act in (
        lambda: MessageRetraction.objects.for_system().update(kind="undone"),
        lambda: MessageRetraction.objects.for_system().delete(),
        lambda: Message.objects.for_system().filter(pk=wrong.pk).delete(),
    ):
        with ward.system(), pytest.raises(DatabaseError), transaction.atomic():
            act()
    with ward.acting(ward.samuel):
        assert MessageRetraction.objects.for_user(ward.samuel).count() == 0
        assert MessageRetraction.objects.all().count() == 0  # row-level security alone


@pytest.mark.parametrize("through", ["page", "API"])
def test_files_of_the_old_answer_go_and_those_of_the_correction_come(
    ward: Ward, signed_in: Any, through: str
) -> None:
    thread, rosa = ward.start(), signed_in(ward.rosa)
    with ward.acting(ward.rosa):
        more = {"by": ward.rosa, "patient": ward.of_maya, "now": timezone.now()}
        old, new = (
            take_in(id=uuid7(), name=name, data=jpeg(color=shade), **more).pk
            for name, shade in (("a.jpg", 40), ("b.jpg", 90))
        )
        wrong = services.answer(id=uuid7(), thread_id=thread, text=WRONG, seen_seq=9, files=[old], **more)
    words = {"text": RIGHT, "reason": "Wrong day"}
    if through == "page":
        page = reverse("messaging:correct", args=[ward.of_maya.pk, thread, wrong.pk])
        form = {**words, "seen": "9", "draft": str(uuid7()), "attached": [str(new)]}
        assert rosa.post(page, form).status_code == 302
    else:
        path = f"/api/v1/messaging/threads/{thread}/messages/{wrong.pk}/correct/?patient={ward.of_maya.pk}"
        assert call(rosa, "POST", path, {**words, "seen_seq": 9, "files": [str(new)]}).status_code == 201
    maya = signed_in(ward.maya)
    shown = maya.get(reverse("messaging:thread", args=[thread])).content.decode()
    assert reverse("messaging:file", args=[new]) in shown
    assert reverse("messaging:file", args=[old]) not in shown
    assert maya.get(reverse("messaging:file", args=[new])).status_code == 200
    assert maya.get(reverse("messaging:file", args=[old])).status_code == 404
