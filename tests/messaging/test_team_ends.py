"""A team's access to a patient does not end while a conversation waits for it: it would be on nobody's work list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from messaging import services
from messaging.models import CallTask
from messaging.work import calls
from patients.models import Grant
from patients.relations import StillKeeps, end_team, still_kept
from patients.services import grant_team
from portal.lib.ids import uuid7
from tests.messaging.ward import Ward

SignIn = Callable[[User], Client]


def open_work(ward: Ward) -> list[dict[str, Any]]:
    with ward.system():
        kept = still_kept(ward.of_maya, ward.world.team.pk, timezone.now())
    return [row for row in kept if "/work/" in row["url"]]


def end(ward: Ward) -> None:
    with ward.acting(ward.rosa):
        end_team(
            by=ward.rosa, patient=ward.of_maya, team_id=ward.world.team.pk, id=uuid7(), now=timezone.now()
        )


def live(ward: Ward) -> bool:
    with ward.system():
        return Grant.objects.live().filter(patient=ward.of_maya, team=ward.world.team).exists()


def test_a_conversation_that_waits_holds_the_access_until_it_is_answered(
    ward: Ward, signed_in: SignIn
) -> None:
    thread_id = ward.start(topic="medicine")
    with pytest.raises(StillKeeps) as told:
        end(ward)
    assert "An open conversation, “Medicine or prescription”" in str(told.value.message)
    assert "Answer it, or close it" in str(told.value.message)
    assert live(ward)
    way = reverse("messaging:work-thread", args=[ward.of_maya.pk, thread_id])
    nurse = signed_in(ward.rosa)
    page = reverse("patients:team-end", args=[ward.of_maya.pk, ward.world.team.pk])
    assert way in nurse.get(page).content.decode()
    assert nurse.post(page, {"once": str(uuid7())}).status_code == 409
    assert nurse.get(way).status_code == 200
    ward.claim(thread_id)
    with pytest.raises(StillKeeps):  # taken on is not done
        end(ward)
    ward.answer(thread_id)
    end(ward)
    assert not live(ward)


def test_work_that_is_closed_and_work_of_another_team_hold_nothing(ward: Ward) -> None:
    thread_id = ward.start()
    assert [row["url"] for row in open_work(ward)]
    with ward.system():
        grant_team(patient=ward.of_maya, team=ward.world.other_team, by=None)
        assert still_kept(ward.of_maya, ward.world.other_team.pk, timezone.now()) == []
    with ward.acting(ward.rosa):
        services.finish(
            by=ward.rosa, patient=ward.of_maya, thread_id=thread_id, id=uuid7(), outcome="no_reply", seen_seq=9, now=timezone.now()
        )  # fmt: skip
    assert open_work(ward) == []
    end(ward)
    assert not live(ward)


def test_a_call_that_somebody_has_to_make_holds_it_too(ward: Ward) -> None:
    with ward.system():
        calls.ask_to_call(ward.of_maya, ward.maya, CallTask.Reason.BOUNCED, timezone.now())
    assert [row["url"] for row in open_work(ward)] == [reverse("messaging:calls")]
    with pytest.raises(StillKeeps) as told:
        end(ward)
    assert "A call to the patient" in str(told.value.message)
