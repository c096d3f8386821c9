"""What messaging gives to other pages: Today, the summary, the carer's links, phone calls written down, the demo."""

from __future__ import annotations

from collections.abc import Callable

from django.test import Client
from django.urls import reverse

from accounts.models import User
from messaging import contributed
from messaging.models import InternalNote, Message, Thread, WorkItem
from patients.models import AuditEvent
from portal.lib.contributions import draft_kinds, trail_acts
from portal.lib.ids import uuid7
from tests.messaging.ward import Ward

SignIn = Callable[[User], Client]


def test_staff_today_counts_the_lanes(ward: Ward, signed_in: SignIn) -> None:
    nurse = signed_in(ward.rosa)
    assert "Nothing waits on the work list." in nurse.get(reverse("portal:today")).content.decode()
    ward.start(topic="side_effect")
    ward.start(topic="letter")
    ward.start(topic="letter")
    page = nurse.get(reverse("portal:today")).content.decode()
    assert "Safety: 1 waits" in page
    assert "Office: 2 wait" in page
    assert reverse("messaging:work-list") + "?lane=safety" in page
    assert "Office: 2 wait" not in signed_in(ward.peter).get(reverse("portal:today")).content.decode()


def test_the_summary_shows_the_last_messages(ward: Ward, signed_in: SignIn) -> None:
    nurse, url = signed_in(ward.rosa), reverse("portal:summary", args=[ward.of_maya.pk])
    assert "No messages yet." in nurse.get(url).content.decode()
    for number in range(4):
        ward.start(text=f"Message number {number}.")
    page = nurse.get(url).content.decode()
    assert "Message number 3." in page
    assert "Message number 0." not in page


def test_a_second_team_of_the_patient_sees_its_own_conversations_only(ward: Ward, signed_in: SignIn) -> None:
    from patients.services import grant_team

    thread_id = ward.start(text="For the infusion team.")
    with ward.acting(ward.maya):
        grant_team(patient=ward.of_maya, team=ward.world.other_team, by=ward.maya)
    client = signed_in(ward.peter)
    for url in (
        reverse("portal:summary", args=[ward.of_maya.pk]),
        reverse("messaging:patient-list", args=[ward.of_maya.pk]),
    ):
        answer = client.get(url)
        assert answer.status_code == 200
        assert str(thread_id) not in answer.content.decode()
        assert "For the infusion team." not in answer.content.decode()
    work = reverse("messaging:work-thread", args=[ward.of_maya.pk, thread_id])
    assert client.get(work).status_code == 404
    assert "For the infusion team." in signed_in(ward.rosa).get(work).content.decode()


def test_a_carer_is_led_to_messages_only_with_that_scope(ward: Ward, signed_in: SignIn) -> None:
    from patients.models import Grant

    url = reverse("messaging:patient-list", args=[ward.of_maya.pk])
    carer = signed_in(ward.jonas)
    assert url in carer.get(reverse("portal:today")).content.decode()
    with ward.system():
        Grant.objects.filter(patient=ward.of_maya, kind="carer").update(scopes=["appointments"])
    with ward.acting(ward.jonas):
        assert contributed.carer_links(ward.jonas, ward.of_maya) == []
    assert carer.get(url).status_code == 404


def test_a_phone_call_is_written_down_in_the_patients_name(ward: Ward, signed_in: SignIn) -> None:
    nurse = signed_in(ward.rosa)
    url = reverse("messaging:patient-new", args=[ward.of_maya.pk])
    assert "marked “by phone”" in nurse.get(url).content.decode()
    fields = {"draft": str(uuid7()), "draft_version": "0", "topic": "feeling", "text": "She feels dizzy."}
    sent = nurse.post(url, fields)
    assert sent.status_code == 302
    page = nurse.get(sent["Location"]).content.decode()
    assert "Maya Lindqvist by phone, written down by Rosa Delgado" in page
    with ward.system():
        assert Message.objects.for_system().get().on_behalf
    with ward.acting(ward.maya):
        event = AuditEvent.objects.for_user(ward.maya).get(act="message.sent")
        assert (event.capacity, event.user_id) == ("phone", ward.rosa.pk)
        thread_id = Thread.objects.for_user(ward.maya).get().pk
    page = signed_in(ward.maya).get(reverse("messaging:thread", args=[thread_id])).content.decode()
    assert "She feels dizzy." in page


def test_every_act_and_draft_has_words(ward: Ward, signed_in: SignIn) -> None:
    thread_id = ward.start()
    ward.claim(thread_id)
    ward.note(thread_id)
    ward.answer(thread_id)
    signed_in(ward.rosa).get(reverse("messaging:work-list"))
    signed_in(ward.maya).get(reverse("messaging:list"))
    signed_in(ward.maya).get(reverse("messaging:thread", args=[thread_id]))
    with ward.acting(ward.maya):
        acts = set(AuditEvent.objects.for_user(ward.maya).values_list("act", flat=True))
    ours = {
        act
        for act in acts
        if act.split(".")[0] in {"message", "thread", "threads", "work", "worklist", "note"}
    }
    assert {
        "message.sent",
        "message.answered",
        "work.claimed",
        "note.added",
        "thread.view",
        "threads.list",
    } <= ours
    assert all(act in trail_acts for act in ours)
    assert {"message", "reply", "answer", "note"} <= set(draft_kinds)


def test_names_and_words_stay_out_of_logs(ward: Ward) -> None:
    thread_id = ward.start(text="Zebra.")
    with ward.system():
        message, thread = Message.objects.for_system().get(), Thread.objects.for_system().get(pk=thread_id)
        assert "Zebra" not in str(message) + repr(message) + str(thread) + repr(thread)


def test_first_line_is_short() -> None:
    assert contributed.first_line("a\n b") == "a b"
    cut = contributed.first_line("word " * 60)
    assert len(cut) <= 90
    assert cut.endswith("…")


def test_the_demo_tells_a_story(ward: Ward) -> None:
    from messaging import demo

    demo.load(ward.world)
    with ward.system():
        items = WorkItem.objects.for_system()
        assert set(items.values_list("state", flat=True)) == {"open", "claimed", "done"}
        assert {"safety", "clinical", "logistics", "administration"} <= set(
            items.values_list("lane", flat=True)
        )
        assert InternalNote.objects.for_system().count() == 2
        assert Thread.objects.for_system().filter(hidden_from_carers=True).count() == 1
        assert set(Message.objects.for_system().values_list("capacity", flat=True)) == {
            "self",
            "carer",
            "letter",
            "team",
        }
