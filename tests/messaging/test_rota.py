"""Who is on call and who is away: kept by the team's leads, seen by everybody in it, once whatever is pressed twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from clinic import cover
from clinic.models import Absence, OnCall
from messaging import jobs
from messaging.models import WorkItem, WorkItemEvent
from portal.lib.ids import uuid7
from portal.lib.time import today_in
from tests.messaging.ward import Ward

SignIn = Callable[[User], Client]


def night(ward: Ward, **instead: str) -> dict[str, str]:
    day = today_in(timezone.now(), ward.world.site.time_zone) + timedelta(days=3)
    following = day + timedelta(days=1)
    return {
        "once": str(uuid7()),
        "who": str(ward.rosa.pk),
        "starts_on_day": str(day.day),
        "starts_on_month": str(day.month),
        "starts_on_year": str(day.year),
        "starts": "17:00",
        "ends_on_day": str(following.day),
        "ends_on_month": str(following.month),
        "ends_on_year": str(following.year),
        "ends": "8:00",
        **instead,
    }


def post(client: Client, ward: Ward, name: str, data: dict[str, str]) -> Any:
    return client.post(reverse(f"messaging:{name}", args=[ward.world.team.pk]), data)


def test_a_lead_keeps_the_rota_and_pressing_twice_is_once(ward: Ward, signed_in: SignIn) -> None:
    hana, rosa = signed_in(ward.hana), signed_in(ward.rosa)
    data = night(ward)
    assert post(rosa, ward, "on-call-new", data).status_code == 403
    assert post(hana, ward, "on-call-new", data).status_code == 302
    assert post(hana, ward, "on-call-new", data).status_code == 302
    row = OnCall.objects.get()
    assert (row.user, row.ends_at - row.starts_at >= timedelta(hours=14)) == (ward.rosa, True)
    html = rosa.get(reverse("messaging:rota")).content.decode()
    assert "Rosa Delgado" in html
    assert "Take off" not in html
    taken = post(hana, ward, "on-call-new", night(ward, who=str(ward.hana.pk), starts="20:00"))
    assert taken.status_code == 409
    assert "Somebody is on call for this team at that time already" in taken.content.decode()
    assert 'value="20:00"' in taken.content.decode()
    off = reverse("messaging:on-call-end", args=[row.pk])
    assert rosa.post(off, {"once": str(uuid7())}).status_code == 403
    assert hana.post(off, {"once": str(uuid7())}).status_code == 302
    assert post(hana, ward, "on-call-new", night(ward, who=str(ward.hana.pk))).status_code == 302


@pytest.mark.parametrize(
    "wrong",
    [
        {"ends": "nine"},
        {"who": "nobody"},
        {"starts_on_day": "31", "starts_on_month": "2"},
        {"ends_on_year": "2020"},
        {"starts": ""},
        {"who": "\x00", "ends": "8:00\x00"},
    ],
)
def test_what_does_not_fit_is_said_and_kept(ward: Ward, signed_in: SignIn, wrong: dict[str, str]) -> None:
    answer = post(signed_in(ward.hana), ward, "on-call-new", night(ward, **wrong))
    assert answer.status_code == 422
    assert "error-summary" in answer.content.decode()
    assert not OnCall.objects.exists()


def test_ones_own_absence_and_as_a_lead_somebodys(ward: Ward, signed_in: SignIn) -> None:
    days = {key: value for key, value in night(ward).items() if "_on_" in key}
    mine = {"once": str(uuid7()), "who": str(ward.rosa.pk), "cover": str(ward.hana.pk), **days}
    rosa, hana = signed_in(ward.rosa), signed_in(ward.hana)
    assert post(rosa, ward, "away-new", {**mine, "cover": str(ward.rosa.pk)}).status_code == 422
    assert post(rosa, ward, "away-new", {**mine, "who": str(ward.hana.pk)}).status_code == 422
    assert post(rosa, ward, "away-new", mine).status_code == 302
    assert post(hana, ward, "away-new", {**mine, "once": str(uuid7())}).status_code == 409
    row = Absence.objects.get()
    assert signed_in(ward.peter).post(
        reverse("messaging:away-end", args=[row.pk]), {"once": str(uuid7())}
    ).status_code == 404  # fmt: skip
    assert rosa.post(reverse("messaging:away-end", args=[row.pk]), {"once": str(uuid7())}).status_code == 302
    assert post(hana, ward, "away-new", {**mine, "once": str(uuid7())}).status_code == 302


def test_the_database_itself_refuses_two_people_on_call_at_once(ward: Ward) -> None:
    now = timezone.now()
    times = {"team": ward.world.team, "starts_at": now, "ends_at": now + timedelta(hours=1)}
    OnCall.objects.create(user=ward.rosa, **times)
    with pytest.raises(IntegrityError), transaction.atomic():
        OnCall.objects.create(user=ward.hana, **times)
    OnCall.objects.create(user=ward.hana, **{**times, "canceled_at": now})


def test_the_jobs_do_all_of_it(ward: Ward) -> None:
    now = timezone.now()
    waits = ward.start(topic="infection", now=now - timedelta(hours=1))
    held = ward.start()
    ward.claim(held, ward.rosa)
    today = today_in(now, ward.world.site.time_zone)
    cover.enter_absence(
        by=ward.rosa,
        team=ward.world.team,
        user=ward.rosa,
        cover=ward.hana,
        starts_on=today,
        ends_on=today,
        id=uuid7(),
    )
    for _run in range(2):
        jobs.every_minute(0)
        jobs.every_hour(0)
    assert ward.count(WorkItemEvent, thread_id=waits, kind="escalated") == 1
    assert ward.count(WorkItem, thread_id=held, owner=ward.hana) == 1
