"""Taking back urgent words does not end the concern: the work stays in the safety lane with its clock, without the text, and both sides are told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
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
from messaging.models import WorkItem
from messaging.work import clockwork
from patients.attention import what_first
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


# --- Sent again as a new conversation --------------------------------------------------------------------------------

AGAIN = "Wrote again in a new conversation: A side effect"
NEW_WORDS = "The right words, in a conversation of their own."


def sent_again(ward: Ward, **more: Any) -> tuple[UUID, UUID]:
    """Urgent words that were taken back, and the conversation that came after them."""
    first = ward.start(topic="side_effect", text=WORDS)
    take_back(ward, first)
    return first, ward.start(**{"topic": "side_effect", "text": NEW_WORDS, **more})


def lines_of(ward: Ward) -> list[tuple[str, ...]]:
    """The lines of "What first?" of the nurse that are about messages: each with the words of its sources."""
    with ward.acting(ward.rosa):
        lines, _more = what_first(ward.rosa, timezone.now())
        words = [tuple(source.words for source in line.problem.sources) for line in lines]
    return [found for found in words if any("essage" in said for said in found)]


def test_sent_again_as_a_new_conversation_they_are_one_line_and_neither_ends(
    ward: Ward, signed_in: SignIn
) -> None:
    first, second = sent_again(ward)
    assert [len(line) for line in lines_of(ward)] == [2]
    nurse = signed_in(ward.rosa)
    page = nurse.get(reverse("messaging:work-list")).content.decode()
    assert (page.count(AGAIN), page.count(CALL), NEW_WORDS in page) == (1, 1, True)
    assert WORDS not in page
    today = nurse.get(reverse("portal:today")).content.decode()
    for thread_id in (first, second):  # both are one press away
        assert reverse("messaging:work-thread", args=[ward.of_maya.pk, thread_id]) in today
    for here, there in ((first, second), (second, first)):
        beside = nurse.get(reverse("messaging:work-thread", args=[ward.of_maya.pk, here])).content.decode()
        assert reverse("messaging:work-thread", args=[ward.of_maya.pk, there]) in beside
    with ward.system():
        assert {item.state for item in WorkItem.objects.for_system()} == {"open"}


def test_what_somebody_else_wrote_stays_a_line_of_its_own(ward: Ward, signed_in: SignIn) -> None:
    sent_again(ward, by=ward.jonas)  # the carer
    assert [len(line) for line in lines_of(ward)] == [1, 1]
    assert AGAIN not in signed_in(ward.rosa).get(reverse("messaging:work-list")).content.decode()


def test_what_was_written_before_the_taking_back_was_not_written_again(ward: Ward) -> None:
    first = ward.start(topic="side_effect", text=WORDS)
    ward.start(topic="side_effect", text=NEW_WORDS)
    take_back(ward, first)
    assert [len(line) for line in lines_of(ward)] == [1, 1]


def test_twice_taken_back_is_twice_a_call(ward: Ward, signed_in: SignIn) -> None:
    _first, second = sent_again(ward)
    take_back(ward, second)
    page = signed_in(ward.rosa).get(reverse("messaging:work-list")).content.decode()
    assert (page.count(CALL), page.count(AGAIN)) == (2, 0)
    assert [len(line) for line in lines_of(ward)] == [1, 1]


def test_routine_words_afterward_take_nothing_along(ward: Ward, signed_in: SignIn) -> None:
    sent_again(ward, topic="visit", text="About my visit.")
    page = signed_in(ward.rosa).get(reverse("messaging:work-list")).content.decode()
    assert (page.count(CALL), "Wrote again" in page) == (1, False)


def test_the_list_takes_the_same_statements_for_one_pair_and_for_three(ward: Ward, signed_in: SignIn) -> None:
    nurse, url = signed_in(ward.rosa), reverse("messaging:work-list")
    sent_again(ward)
    nurse.get(url)
    with CaptureQueriesContext(connection) as one:
        nurse.get(url)
    for _ in range(2):
        sent_again(ward)
    with CaptureQueriesContext(connection) as three:
        nurse.get(url)
    assert len(three) <= len(one)
