"""Where the work list begins for each role, as data: a place to begin, never a wall, and with counts that are true."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from clinic.models import TeamMember
from messaging.topics import LANE_OF, OPENS_ON, Lane, Topic
from messaging.work import filtering
from tests.messaging.ward import Ward

SignIn = Callable[[User], Client]
EVERY = [str(topic) for topic in Topic]


def shown(client: Client, query: str = "") -> tuple[int, dict[str, int]]:
    """How many rows the list has, and what the filters say that they would show."""
    html = client.get(reverse("messaging:work-list") + query).content.decode()
    counts = re.findall(r'<a href="([^"]+)"[^>]*>([^<(]+) \((\d+)\)</a>', html)
    for url, words, count in counts:
        rows = client.get(url.replace("&amp;", "&")).content.decode().count('<li class="work-row')
        assert rows == int(count), (url, words)
    return html.count('<li class="work-row'), {words.strip(): int(count) for _url, words, count in counts}


@pytest.mark.parametrize("role", ["nurse", "neurologist", "pharmacist", "coordinator"])
def test_the_list_begins_with_the_part_of_the_role_and_everything_is_one_press(
    role: str, ward: Ward, signed_in: SignIn
) -> None:
    TeamMember.objects.filter(user=ward.hana).update(role=role)
    for topic in EVERY:
        ward.start(topic=topic)
    client = signed_in(ward.hana)
    rows, counts = shown(client)
    part = OPENS_ON.get(role)
    mine = EVERY if part is None else [t for t in EVERY if LANE_OF[t] in part.lanes or t in part.topics]
    assert rows == len(mine)
    if part is None:
        assert "For my role" not in counts
        return
    assert (counts["For my role"], counts["Everything"]) == (len(mine), len(EVERY))
    assert shown(client, "?all=1")[0] == len(EVERY)
    assert shown(client, "?lane=administration")[0] == 1  # who asks for a lane gets the lane
    narrow = shown(client, "?part=1&free=1")
    assert narrow[0] == len(mine)


def test_safety_is_in_every_part_and_a_pharmacist_begins_with_medicines() -> None:
    assert all(Lane.SAFETY in part.lanes for part in OPENS_ON.values())
    assert OPENS_ON["pharmacist"].topics == (Topic.MEDICINE,)
    assert set(OPENS_ON) <= set(TeamMember.Role.values)


def test_what_somebody_has_is_on_their_list_whatever_it_is_about(ward: Ward, signed_in: SignIn) -> None:
    TeamMember.objects.filter(user=ward.hana).update(role="pharmacist")
    letter = ward.start(topic="letter")
    client = signed_in(ward.hana)
    assert shown(client)[0] == 0
    ward.claim(letter, by=ward.hana)
    assert shown(client)[0] == 1


def test_what_is_late_is_in_every_part(ward: Ward, signed_in: SignIn) -> None:
    ward.start(topic="letter", now=timezone.now() - timedelta(days=30))
    assert shown(signed_in(ward.hana))[0] == 1


def test_two_roles_begin_with_everything(ward: Ward, signed_in: SignIn) -> None:
    ward.start(topic="letter")
    assert shown(signed_in(ward.hana))[0] == 0
    first = TeamMember.objects.get(user=ward.hana)
    TeamMember.objects.create(
        team=ward.world.other_team, user=ward.hana, role="coordinator", starts_on=first.starts_on
    )
    assert shown(signed_in(ward.hana))[0] == 1


def test_the_next_one_is_the_next_one_of_the_part(ward: Ward, signed_in: SignIn) -> None:
    ward.start(topic="letter")
    first, second = ward.start(topic="medicine"), ward.start(topic="result")
    client = signed_in(ward.hana)
    html = client.get(reverse("messaging:work-list")).content.decode()
    url = reverse("messaging:work-thread", args=[ward.of_maya.pk, first]) + "?list=all.all.all.part"
    assert url in html
    ward.answer(first, by=ward.hana)
    page = client.get(url).content.decode()
    assert f"{second}/?list=all.all.all.part" in page
    assert f'href="{reverse("messaging:work-list")}?part=1"' in page


@pytest.mark.parametrize(
    "code", ["", "all.all.all.part", "all.all.all.all", "safety.mine.late", "clinical.free.all.part"]
)
def test_a_code_is_the_list_it_names(code: str) -> None:
    assert filtering.of_code(code).code == code
