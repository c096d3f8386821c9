"""A conversation never dead-ends: a team that has ended or moved on is replaced by the new one, with one press and the text kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from clinic.models import Team
from messaging import services
from messaging.models import Message, WorkItem
from patients.models import Grant
from patients.services import grant_team
from portal.lib.ids import uuid7
from tests.messaging.ward import Ward, hidden

SignIn = Callable[[User], Client]


def close(ward: Ward, how: str) -> None:
    """The team of Maya's conversations ends: it is no longer in use, or no longer looks after her."""
    with ward.system():
        if how == "not in use":
            Team.objects.filter(pk=ward.world.team.pk).update(active=False)
        else:
            Grant.objects.filter(patient_id=ward.of_maya.pk, team=ward.world.team).update(
                revoked_at=timezone.now()
            )


def follow(ward: Ward) -> Team:
    with ward.system():
        grant_team(patient=ward.of_maya, team=ward.world.other_team, by=None)
    found: Team = ward.world.other_team
    return found


def reply(ward: Ward, thread_id: UUID, **more: Any) -> Message:
    with ward.acting(ward.maya):
        return services.reply(
            by=ward.maya, patient=ward.of_maya, thread_id=thread_id, id=uuid7(), text="And now?", seen_seq=9,
            now=timezone.now(), **more,
        )  # fmt: skip


@pytest.mark.parametrize("how", ["not in use", "moved on"])
def test_the_page_offers_the_new_team_and_one_press_sends_it_there(
    how: str, ward: Ward, signed_in: SignIn
) -> None:
    thread_id = ward.start()
    ward.claim(thread_id)
    team = follow(ward)
    client, url = signed_in(ward.maya), reverse("messaging:thread", args=[thread_id])
    stale = client.get(url).content.decode()
    assert "Your team has changed" not in stale
    close(ward, how)
    fields = {name: hidden(stale, name) for name in ("draft", "draft_version", "seen")}
    told = client.post(url, {**fields, "text": "And now?"})
    page = told.content.decode()
    assert told.status_code == 409
    assert f"Send to {team.name}" in page
    assert "And now?</textarea>" in page
    fields = {name: hidden(page, name) for name in ("draft", "draft_version", "seen", "to_team")}
    assert client.post(url, {**fields, "text": "And now?"}).status_code == 302
    with ward.system():
        item = WorkItem.objects.for_system().get()
        assert (item.team_id, item.state, item.owner_id) == (team.pk, "open", None)
    assert ward.thread(thread_id).team_id == team.pk
    peter = signed_in(ward.peter)
    assert (
        "And now?"
        in peter.get(reverse("messaging:work-thread", args=[ward.of_maya.pk, thread_id])).content.decode()
    )


def test_without_any_team_the_text_is_kept_and_the_page_says_to_call(ward: Ward, signed_in: SignIn) -> None:
    thread_id = ward.start()
    close(ward, "moved on")
    client, url = signed_in(ward.maya), reverse("messaging:thread", args=[thread_id])
    told = client.post(url, {"draft": str(uuid7()), "draft_version": "0", "seen": "9", "text": "And now?"})
    assert told.status_code == 409
    assert "Please call the clinic" in told.content.decode()
    assert "And now?</textarea>" in told.content.decode()
    assert ward.count(Message) == 1


def test_a_team_that_was_not_offered_is_not_taken(ward: Ward) -> None:
    thread_id = ward.start()
    close(ward, "moved on")
    follow(ward)
    with pytest.raises(services.TeamChanged):
        reply(ward, thread_id, to_team=uuid7())
    assert reply(ward, thread_id, to_team=ward.world.other_team.pk).seq == 2


def test_a_new_message_goes_to_the_team_that_is_in_use(ward: Ward) -> None:
    team = follow(ward)
    close(ward, "not in use")
    assert ward.thread(ward.start()).team_id == team.pk


def test_programs_are_told_which_team(ward: Ward, signed_in: SignIn) -> None:
    thread_id = ward.start()
    team = follow(ward)
    close(ward, "moved on")
    client, url = signed_in(ward.maya), reverse("messaging-api:message-list", args=[thread_id])

    def send(**more: Any) -> Any:
        body = {"text": "And now?", "seen_seq": 9, **more}
        return client.post(
            url, body, content_type="application/json", headers={"Idempotency-Key": str(uuid7())}
        )

    told = send()
    assert (told.status_code, told.json()["team"]) == (409, {"id": str(team.pk), "name": team.name})
    assert send(to_team=str(team.pk)).status_code == 201


@pytest.mark.parametrize("how", ["not in use", "moved on"])
def test_the_old_team_promises_nothing_any_more(how: str, ward: Ward, signed_in: SignIn) -> None:
    thread_id = ward.start()
    client, url = signed_in(ward.maya), reverse("messaging:thread", args=[thread_id])
    assert "Your team answers by" in client.get(url).content.decode()
    follow(ward)
    close(ward, how)
    for address in (url, reverse("messaging:sent", args=[thread_id])):
        html = client.get(address).content.decode()
        assert "Your team answers by" not in html
        assert "We promised" not in html
    html = client.get(url).content.decode()
    assert "Please do not wait for its answer: write again below, or call" in html
    assert "I don’t need an answer any more" in html  # it can still be taken off the list


@pytest.mark.parametrize("how", ["not in use", "moved on"])
def test_the_list_and_programs_promise_nothing_for_the_old_team_either(
    how: str, ward: Ward, signed_in: SignIn
) -> None:
    thread_id = ward.start()
    client = signed_in(ward.maya)
    page, programs = reverse("messaging:list"), f"/api/v1/messaging/threads/{thread_id}/"
    assert "Reply promised by" in client.get(page).content.decode()
    assert client.get(programs).json()["answer_by"]
    follow(ward)
    close(ward, how)
    html = client.get(page).content.decode()
    assert "promised by" not in html
    assert "The team you wrote to has changed. Please do not wait for its answer." in html
    assert client.get(programs).json()["answer_by"] is None
    listed = client.get("/api/v1/messaging/threads/").json()["results"]
    assert [row["answer_by"] for row in listed] == [None]
