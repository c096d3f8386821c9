"""How long half of the answers took: counted from what really happened, said beside the promise."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from clinic.models import Site
from clinic.services import remember_half_of_replies
from messaging import jobs
from messaging.work import usual
from portal.lib.ids import uuid7
from tests.messaging.ward import OPEN, Ward

SignIn = Callable[..., Client]


def answered(ward: Ward, took: timedelta, now: datetime, **more: Any) -> None:
    """A conversation that got its answer so long after it began, at `now`."""
    thread_id = ward.start(now=now - took, **more)
    ward.answer(thread_id, patient=more.get("patient"), now=now)


def said(ward: Ward) -> int | None:
    return Site.objects.get(pk=ward.world.site.pk).half_of_replies_minutes


def test_the_lower_middle_of_what_really_happened(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    for hours in (40, 1, 39, 2, 38, 3, 37, 4, 36, 5):
        answered(ward, timedelta(hours=hours), OPEN)
        answered(
            ward,
            timedelta(hours=hours + 0.5),
            OPEN - timedelta(days=60),
            by=ward.samuel,
            patient=ward.of_samuel,
        )
    answered(ward, timedelta(days=6), OPEN - timedelta(days=91))  # too long ago
    ward.start(now=OPEN - timedelta(days=8))  # not answered
    monkeypatch.setattr(jobs, "now", lambda: OPEN)
    jobs.every_night(0)
    # 1 1.5 2 2.5 3 3.5 4 4.5 5 5.5 | 36 ...: ten of twenty are as long as 5.5 hours or shorter
    assert said(ward) == 330
    assert usual.words_for(Site.objects.get(pk=ward.world.site.pk)) == (
        "Half of our answers in the last 90 days came within 6 hours."
    )
    jobs.every_night(0)
    assert said(ward) == 330


def test_too_few_say_nothing_and_take_back_what_was_said(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    for _count in range(19):
        answered(ward, timedelta(hours=2), OPEN)
    monkeypatch.setattr(jobs, "now", lambda: OPEN)
    remember_half_of_replies(ward.world.site.pk, 60)
    jobs.every_night(0)
    assert said(ward) is None
    answered(ward, timedelta(hours=2), OPEN)
    jobs.every_night(0)
    assert said(ward) == 120
    monkeypatch.setattr(jobs, "now", lambda: OPEN + timedelta(days=91))
    jobs.every_night(0)
    assert said(ward) is None


def test_only_what_patients_wrote_and_somebody_answered_counts(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    from messaging import services
    from messaging.composing import outreach

    for _count in range(20):
        answered(ward, timedelta(hours=3), OPEN)
    for _count in range(30):
        thread_id = ward.start(now=OPEN - timedelta(days=5))
        with ward.acting(ward.rosa):
            services.finish(
                by=ward.rosa, patient=ward.of_maya, thread_id=thread_id, id=uuid7(), seen_seq=99, outcome="no_reply", now=OPEN
            )  # fmt: skip
    for _count in range(30):  # calls that the team wrote down itself
        came = OPEN - timedelta(hours=1)
        with ward.acting(ward.rosa):
            call = outreach.write_down(
                by=ward.rosa, patient=ward.of_maya, id=uuid7(), text="She called.", how="phone", topic="visit", came_at=came, now=came
            )  # fmt: skip
        ward.answer(call.thread_id, now=OPEN)
    monkeypatch.setattr(jobs, "now", lambda: OPEN)
    jobs.every_night(0)
    assert said(ward) == 180


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (1, "within 1 hour."),
        (60, "within 1 hour."),
        (61, "within 2 hours."),
        (48 * 60, "within 48 hours."),
        (48 * 60 + 1, "within 3 days."),
        (72 * 60 + 1, "within 4 days."),
    ],
)
def test_it_is_never_said_shorter_than_it_was(minutes: int, words: str, ward: Ward) -> None:
    site = ward.world.site
    site.half_of_replies_minutes = minutes
    assert usual.words_for(site).endswith(words)


def test_it_stands_beside_the_promise(ward: Ward, signed_in: SignIn) -> None:
    client, url = signed_in(ward.maya), reverse("messaging:new")
    assert "Half of our answers" not in client.get(url).content.decode()
    remember_half_of_replies(ward.world.site.pk, 290)
    html = client.get(url).content.decode()
    assert html.index("Your team answers by") < html.index(
        "Half of our answers in the last 90 days came within 5 hours."
    )


def test_nothing_of_it_where_nobody_reads(ward: Ward, signed_in: SignIn) -> None:
    from clinic.models import TeamMember

    remember_half_of_replies(ward.world.site.pk, 290)
    TeamMember.objects.filter(team=ward.world.team).delete()
    assert "Half of our answers" not in signed_in(ward.maya).get(reverse("messaging:new")).content.decode()
