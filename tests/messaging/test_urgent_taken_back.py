"""Taking back urgent words does not end the concern: the work stays in the safety lane with its clock, without the text, and both sides are told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from messaging import services
from messaging.models import WorkItem
from messaging.work import clockwork
from portal.lib.ids import uuid7
from tests.messaging.test_taking_back import newest, take_back
from tests.messaging.ward import Ward

SignIn = Callable[[User], Client]
WORDS = "Zebra words that nobody of the team reads."
CALL = "took it back"


def item_of(ward: Ward) -> WorkItem:
    with ward.system():
        found: WorkItem = WorkItem.objects.for_system().get()
    return found


def test_urgent_work_stays_with_its_clock_and_says_to_call_without_the_text(
    ward: Ward, signed_in: SignIn
) -> None:
    thread_id = ward.start(topic="side_effect", text=WORDS)
    before = item_of(ward)
    take_back(ward, thread_id)
    after = item_of(ward)
    assert (after.state, after.lane, after.due_at) == ("open", "safety", before.due_at)

    nurse, patient_id = signed_in(ward.rosa), ward.of_maya.pk
    work = reverse("messaging:work-thread", args=[patient_id, thread_id])
    for where, said in (
        (reverse("messaging:work-list"), "Wrote something that may be urgent and took it back. Please call."),
        (reverse("portal:today"), "Took back a message that may be urgent, please call: A side effect"),
        (work, "Nobody of the team can read it. Call, then close the work here."),
        (reverse("messaging-api:work-list"), CALL),
    ):
        page = nurse.get(where).content.decode()
        assert said in page, where
        assert WORDS not in page, where

    type(ward.world.site).objects.update(escalate_minutes=5)
    assert clockwork.escalate(timezone.now() + timedelta(minutes=6)) == 1


def test_the_patient_is_told_before_and_after(ward: Ward, signed_in: SignIn) -> None:
    thread_id = ward.start(topic="side_effect", text=WORDS)
    client = signed_in(ward.maya)
    url = reverse("messaging:thread", args=[thread_id])
    for page in (reverse("messaging:sent", args=[thread_id]), url):
        assert "your team cannot read it, but still sees that you wrote" in client.get(page).content.decode()
    press = reverse("messaging:take-back", args=[thread_id, newest(ward, thread_id).pk])
    page = client.post(press, {"once": str(uuid7())}, follow=True).content.decode()
    assert "your team still sees that you wrote and took it back" in page
    assert f"{WORDS}</textarea>" in page
    page = client.get(url).content.decode()
    assert "Taken back. Your team may call." in page
    assert "Your team answers by" not in page

    routine = ward.start(topic="visit")
    client_page = client.get(reverse("messaging:sent", args=[routine])).content.decode()
    assert "Take it back" in client_page
    assert "your team cannot read it, but still sees" not in client_page


def test_a_message_that_hurried_older_work_is_called_about_as_well(ward: Ward, signed_in: SignIn) -> None:
    thread_id = ward.start(text="First.")
    with ward.system():
        WorkItem.objects.for_system().update(lane="safety", priority=0)
    ward.reply(thread_id, WORDS)
    take_back(ward, thread_id)
    page = signed_in(ward.rosa).get(reverse("messaging:work-list")).content.decode()
    assert CALL in page


def test_sent_again_in_the_same_conversation_the_list_shows_the_new_words(
    ward: Ward, signed_in: SignIn
) -> None:
    thread_id = ward.start(topic="side_effect", text=WORDS)
    take_back(ward, thread_id)
    ward.reply(thread_id, "The right words.")
    page = signed_in(ward.rosa).get(reverse("messaging:work-list")).content.decode()
    assert "The right words." in page
    assert CALL not in page
    take_back(ward, thread_id)  # and once more: it is still urgent
    assert item_of(ward).state == "open"


def test_closing_it_afterwards_does_not_end_it_although_the_team_has_looked(
    ward: Ward, signed_in: SignIn
) -> None:
    thread_id = ward.start(topic="side_effect", text=WORDS)
    take_back(ward, thread_id)
    signed_in(ward.rosa).get(reverse("messaging:work-thread", args=[ward.of_maya.pk, thread_id]))
    with ward.acting(ward.maya):
        services.close_thread(
            by=ward.maya,
            patient=ward.of_maya,
            thread_id=thread_id,
            id=uuid7(),
            seen_seq=9,
            now=timezone.now(),
        )
    assert item_of(ward).state == "open"
    with ward.acting(ward.rosa):
        services.finish(
            by=ward.rosa,
            patient=ward.of_maya,
            thread_id=thread_id,
            id=uuid7(),
            outcome="arranged",
            seen_seq=9,
            now=timezone.now(),
        )
    assert item_of(ward).outcome == "arranged"


@pytest.mark.parametrize("topic", ["visit", "letter"])
def test_routine_work_goes_as_before(topic: str, ward: Ward) -> None:
    thread_id = ward.start(topic=topic)
    take_back(ward, thread_id)
    assert item_of(ward).outcome == "withdrawn"
