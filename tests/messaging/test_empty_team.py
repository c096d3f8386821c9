"""A team that nobody is in: administrators are told about urgent work, the set-up says so, and patients are promised nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from clinic.models import TeamMember
from messaging.models import WorkItemEvent
from messaging.work import clockwork
from messaging.work.events import reason_of, words_of
from patients.services import nobody_reads
from tests.messaging.test_routing import item_of, mails
from tests.messaging.ward import OPEN, Ward, hidden

SignIn = Callable[[User], Client]
HALF_AN_HOUR = timedelta(minutes=30)
NOBODY = "Nobody in your team can read messages right now"
SET_UP = "Nobody who can sign in is in the team"


@pytest.fixture(params=["left", "switched off"])
def empty(request: pytest.FixtureRequest, ward: Ward) -> Ward:
    """All people of the team have left it, or may not sign in any more."""
    rows = TeamMember.objects.filter(team=ward.world.team)
    if request.param == "left":
        rows.update(starts_on=OPEN.date() - timedelta(days=900), ends_on=OPEN.date() - timedelta(days=800))
    else:
        User.objects.filter(pk__in=rows.values("user_id")).update(is_active=False)
    return ward


def told(ward: Ward, thread_id: UUID) -> list[tuple[str, str]]:
    with ward.system():
        rows = WorkItemEvent.objects.for_system().filter(thread_id=thread_id, kind="escalated").order_by("id")
        return [(words_of(row), reason_of(row)) for row in rows]


def test_administrators_are_told_and_the_step_says_that_nobody_of_the_team_was(empty: Ward) -> None:
    thread = empty.start(topic="infection", text="Zebra words.", now=OPEN)
    admin = empty.world.users["admin"]
    assert clockwork.escalate(OPEN + HALF_AN_HOUR) == 1
    assert [to for to, _body in mails()] == [admin.email]
    for _to, body in mails():
        assert "nobody in that team" in body
        for word in ("Zebra", "Maya", "infection", "MS", empty.world.team.name):
            assert word not in body
    [(words, names)] = told(empty, thread)
    assert "nobody is in the team who could be told" in words
    assert names == admin.name


def test_without_administrators_the_step_is_said_to_have_told_nobody(empty: Ward) -> None:
    thread = empty.start(topic="infection", now=OPEN)
    User.objects.filter(is_superuser=True).update(is_active=False)
    assert clockwork.escalate(OPEN + HALF_AN_HOUR) == 1
    assert (mails(), told(empty, thread)) == (
        [],
        [("Nobody had taken this on, and nobody could be told", "")],
    )


def test_who_comes_into_the_team_later_is_told_even_after_the_last_step(ward: Ward) -> None:
    thread = ward.start(topic="infection", now=OPEN)
    rows = TeamMember.objects.filter(team=ward.world.team)
    User.objects.filter(pk__in=rows.values("user_id")).update(is_active=False)
    for step in (1, 2, 3, 4, 5):
        assert clockwork.escalate(OPEN + step * HALF_AN_HOUR) == (1 if step <= clockwork.STEPS else 0)
    before = len(mails())
    User.objects.filter(pk=ward.rosa.pk).update(is_active=True)
    assert clockwork.escalate(OPEN + 6 * HALF_AN_HOUR) == 1
    assert [to for to, _body in mails()[before:]] == [ward.rosa.email]
    assert item_of(ward, thread).told == 1
    for step in (7, 8, 9):
        clockwork.escalate(OPEN + step * HALF_AN_HOUR)
    assert clockwork.escalate(OPEN + 20 * HALF_AN_HOUR) == 0  # somebody was told at each step: it ends


def test_the_first_page_of_the_set_up_names_the_team(empty: Ward, signed_in: SignIn) -> None:
    page = signed_in(empty.world.users["admin"]).get("/admin/").content.decode()
    assert f"{SET_UP} “{empty.world.team.name}”" in page


def test_with_people_nothing_is_said(ward: Ward, signed_in: SignIn) -> None:
    thread = ward.start(topic="infection", now=OPEN)
    assert clockwork.escalate(OPEN + HALF_AN_HOUR) == 1
    admin = ward.world.users["admin"]
    assert admin.email not in [to for to, _body in mails()]
    assert SET_UP not in signed_in(admin).get("/admin/").content.decode()
    client = signed_in(ward.maya)
    for url in (reverse("messaging:new"), reverse("messaging:thread", args=[thread])):
        assert NOBODY not in client.get(url).content.decode()
    with ward.acting(ward.maya):
        assert not nobody_reads(ward.of_maya)


def test_the_patient_reads_the_phone_first_and_no_promise(empty: Ward, signed_in: SignIn) -> None:
    client, new = signed_in(empty.maya), reverse("messaging:new")
    html = client.get(new).content.decode()
    assert html.index(NOBODY) < html.index("What is it about?")
    assert "Your team answers by" not in html
    fields = {"draft": hidden(html, "draft"), "draft_version": "0", "topic": "visit", "text": "Hello?"}
    sent = client.post(new, fields)
    page = client.get(sent["Location"]).content.decode()
    for html in (page, client.get(sent["Location"].replace("sent/", "")).content.decode()):
        assert NOBODY in html
        assert "Your team answers by" not in html
    assert "Someone in your team reads your message." not in page
    with empty.acting(empty.maya):
        assert nobody_reads(empty.of_maya)


def test_ending_the_last_membership_is_done_and_said(ward: Ward, signed_in: SignIn) -> None:
    client, team = signed_in(ward.world.users["admin"]), ward.world.team
    url = reverse("admin:clinic_team_change", args=[team.pk])
    members = list(TeamMember.objects.filter(team=team).order_by("id"))
    data: dict[str, Any] = {"name": team.name, "site": str(team.site_id), "active": "on"}
    form = client.get(url).context["inline_admin_formsets"][0].formset
    many = str(len(members))
    data |= {f"{form.prefix}-TOTAL_FORMS": many, f"{form.prefix}-INITIAL_FORMS": many}

    def post(last_day: str) -> str:
        for place, row in enumerate(form.queryset):
            given = {"id": row.pk, "team": team.pk, "user": row.user_id, "role": row.role}
            given |= {"starts_on": row.starts_on.isoformat(), "ends_on": last_day}
            data.update({f"{form.prefix}-{place}-{name}": value for name, value in given.items()})
        answer = client.post(url, data, follow=True)
        assert answer.status_code == 200
        return str(answer.content.decode())

    said = "now nobody who can sign in is in this team"
    assert said not in post("")
    latest = max(row.starts_on for row in members).isoformat()
    assert said in post(latest)
    assert not TeamMember.objects.filter(team=team, ends_on__isnull=True).exists()
