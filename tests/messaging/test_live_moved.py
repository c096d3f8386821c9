"""An open work list hears of what happened after its own statement, whenever that was committed, and reads no row of work that did not change."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from clinic.models import TeamMember
from messaging import services
from messaging.models import Thread, WorkItem, WorkLeft
from messaging.work import moved, teams
from messaging.writing import redflags, triage
from patients.services import grant_team
from portal.lib.actor import reading_many
from portal.lib.ids import uuid7
from tests.harness import cluster
from tests.messaging.test_live import POLL, do_answer, do_close, do_move, news_url
from tests.messaging.test_new_team import close
from tests.messaging.ward import Ward

SignIn = Callable[[User], Client]
LIST = "messaging:work-list"
CHANGED = "The list has changed. Show it as it is now."
# Work that came to one's teams from elsewhere: new when it was made after the oldest transaction that was open, anywhere, when the page was made.
CAME = (CHANGED, "1 new message. Show it.")
WAITING = 300


class Page:
    """An open work list, and what it hears."""

    def __init__(self, client: Client) -> None:
        self.client, self.tag = client, ""
        self.url = news_url(client, reverse(LIST))

    def hears(self) -> str:
        """The words of the bar; "304" when nothing is different from the last time it asked."""
        answer = self.client.get(self.url, headers={**POLL, "If-None-Match": self.tag})
        if answer.status_code == 304:
            return "304"
        assert answer.status_code == 200
        self.tag = answer["ETag"]
        return str(answer.json()["words"])


@contextmanager
def still_open() -> Iterator[psycopg.Cursor]:
    """Another session's transaction, committed at the end of the block."""
    with (
        cluster.acquire().connect("portal_app", connection.settings_dict["NAME"]) as other,
        other.transaction(),
        other.cursor() as cursor,
    ):
        cursor.execute("SELECT set_config('app.system', 'test', true)")
        yield cursor


def fill(ward: Ward, thread_id: UUID, count: int = WAITING) -> None:
    """So many more conversations like this one, each with its work."""
    with ward.system():
        thread = Thread.objects.for_system().get(pk=thread_id)
        item = WorkItem.objects.for_system().get(thread=thread)
        threads, items = [], []
        for _one in range(count):
            said = {field.attname: getattr(thread, field.attname) for field in Thread._meta.concrete_fields}
            threads.append(Thread(**{**said, "id": uuid7()}))
            had = {field.attname: getattr(item, field.attname) for field in WorkItem._meta.concrete_fields}
            items.append(WorkItem(**{**had, "id": uuid7(), "thread_id": threads[-1].pk}))
        Thread.objects.bulk_create(threads)
        WorkItem.objects.bulk_create(items)


def test_a_change_that_is_committed_after_the_page_was_made_is_heard_of(
    fresh_db: str, ward: Ward, signed_in: SignIn
) -> None:
    ward.start()
    with still_open() as late:
        late.execute("UPDATE messaging_workitem SET due_at = due_at + interval '1 hour'")
        assert late.rowcount == 1
        ward.start(topic="visit")  # a later transaction, and on the page already
        page = Page(signed_in(ward.rosa))
        assert [page.hears(), page.hears()] == ["", "304"]
    assert [page.hears(), page.hears()] == [CHANGED, "304"]
    assert Page(page.client).hears() == ""


def test_work_that_is_committed_after_the_page_was_made_is_new(
    fresh_db: str, ward: Ward, signed_in: SignIn
) -> None:
    written, go = threading.Event(), threading.Event()

    def slowly() -> None:
        try:
            with ward.acting(ward.samuel):
                services.start_thread(
                    by=ward.samuel, patient=ward.of_samuel, topic="visit", text="I am late.", id=uuid7(),
                    now=timezone.now() - timedelta(hours=1),
                )  # fmt: skip
                written.set()
                go.wait(60)
        finally:
            connection.close()

    slow = threading.Thread(target=slowly)
    slow.start()
    try:
        assert written.wait(60)
        ward.start()  # overtakes it
        page = Page(signed_in(ward.rosa))
        assert [page.hears(), page.hears()] == ["", "304"]
    finally:
        go.set()
        slow.join(60)
    assert [page.hears(), page.hears()] == ["1 new message. Show it.", "304"]


def do_take_over(ward: Ward, thread_id: UUID) -> None:
    with ward.acting(ward.hana):
        services.claim(
            by=ward.hana, patient=ward.of_maya, thread_id=thread_id, id=uuid7(), now=timezone.now(), take_over=True
        )  # fmt: skip


def do_own_release(ward: Ward, thread_id: UUID) -> None:
    with ward.acting(ward.rosa):
        services.release(by=ward.rosa, patient=ward.of_maya, thread_id=thread_id, id=uuid7())


def do_urgent_words(ward: Ward, thread_id: UUID) -> None:
    ward.reply(thread_id, "Now I can't breathe.")


@pytest.mark.parametrize(
    ("taken", "act"),
    [
        (True, do_take_over),
        (True, do_own_release),
        (False, do_urgent_words),
        (False, do_answer),
        (False, do_close),
        (False, do_move),
    ],
)
def test_each_act_that_is_committed_is_heard_of(
    taken: bool, act: Callable[[Ward, UUID], None], fresh_db: str, ward: Ward, signed_in: SignIn
) -> None:
    with ward.acting(ward.hana):  # so that urgent words are known as such
        triage.sign(by=ward.hana, version=redflags.newest().version, id=uuid7(), now=timezone.now())
    thread_id = ward.start()
    ward.start(topic="visit")
    if taken:
        ward.claim(thread_id)
    page = Page(signed_in(ward.rosa))
    assert [page.hears(), page.hears()] == ["", "304"]
    act(ward, thread_id)
    assert [page.hears(), page.hears()] == [CHANGED, "304"]
    ward.start(topic="letter")
    assert page.hears() == "1 new message. Show it."


def test_the_old_team_hears_that_work_went_even_when_it_may_not_read_it_any_more(
    fresh_db: str, ward: Ward, signed_in: SignIn
) -> None:
    thread_id = ward.start()
    with ward.system():
        grant_team(patient=ward.of_maya, team=ward.world.other_team, by=None)
    old, new = Page(signed_in(ward.rosa)), Page(signed_in(ward.peter))
    assert [old.hears(), old.hears(), new.hears(), new.hears()] == ["", "304", "", "304"]
    with ward.acting(ward.hana):
        teams.hand_to_team(
            by=ward.hana, patient=ward.of_maya, thread_id=thread_id, team_id=ward.world.other_team.pk,
            reason="Her walking.", id=uuid7(), now=timezone.now(),
        )  # fmt: skip
    close(ward, "moved on")
    with ward.acting(ward.rosa):
        assert not WorkItem.objects.filter(thread=thread_id).exists()
        assert WorkLeft.objects.filter(team=ward.world.team).count() == 1
    assert [old.hears(), old.hears()] == [CHANGED, "304"]
    assert new.hears() in CAME
    assert new.hears() == "304"
    again = Page(old.client)
    assert [again.hears(), again.hears()] == ["", "304"]


def test_being_in_another_team_from_now_on_is_heard_of(fresh_db: str, ward: Ward, signed_in: SignIn) -> None:
    ward.start()
    page = Page(signed_in(ward.peter))
    assert [page.hears(), page.hears()] == ["", "304"]
    with ward.system():
        role = TeamMember.objects.get(user=ward.peter).role
        day = timezone.now().date() - timedelta(days=1)
        TeamMember.objects.create(user=ward.peter, team=ward.world.team, role=role, starts_on=day)
    assert page.hears() in CAME


def nodes(plan: Any) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", []):
        yield from nodes(below)


def test_an_unchanged_list_is_asked_about_without_reading_a_row_of_it(fresh_db: str, ward: Ward) -> None:
    fill(ward, ward.start())
    with ward.acting(ward.rosa), reading_many(), connection.cursor() as cursor:
        # Where no other test holds a transaction open, this is the mark of a page that is made now.
        cursor.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
        mark = cursor.fetchone()[0]
        with CaptureQueriesContext(connection) as captured:
            assert moved.news(ward.rosa, mark).new == 0
        (said,) = (row["sql"] for row in captured.captured_queries if "messaging_workitem" in row["sql"])
        cursor.execute("SET LOCAL enable_seqscan = off")  # it would read so small a table whole
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {said}")
        answer = cursor.fetchone()[0]
        plan = json.loads(answer) if isinstance(answer, str) else answer
        assert moved.news(ward.rosa, 0).new == WAITING + 1  # and it would have found them
    looks = [node for node in nodes(plan[0]["Plan"]) if node.get("Relation Name") == "messaging_workitem"]
    assert looks
    for look in looks:
        assert "Index" in look["Node Type"] or "Bitmap" in look["Node Type"], look
        assert look["Actual Rows"] == 0, look
        assert look.get("Rows Removed by Filter", 0) == 0, look
    used = {node["Index Name"] for node in nodes(plan[0]["Plan"]) if "Index Name" in node}
    assert "work_moved" in used


def test_the_page_and_its_question_make_one_statement_each_about_what_happened(
    ward: Ward, signed_in: SignIn
) -> None:
    ward.start()
    client = signed_in(ward.rosa)
    page = Page(client)
    for url in (reverse(LIST), page.url):
        with CaptureQueriesContext(connection) as captured:
            assert client.get(url, headers=POLL).status_code == 200
        said = [row["sql"] for row in captured.captured_queries]
        assert sum("pg_current_snapshot" in sql for sql in said) == 1
        assert sum("messaging_workleft" in sql for sql in said) == 1


@pytest.mark.parametrize("known", ["", "&known=0", "&known=3&stands=-9154", "&stands=77"])
def test_a_page_from_before_these_marks_is_told_to_load_anew(
    known: str, ward: Ward, signed_in: SignIn
) -> None:
    ward.start()
    client = signed_in(ward.rosa)
    url = f"{reverse('messaging:work-list-news')}?mark={uuid7()}{known}"
    told = client.get(url, headers=POLL)
    assert (told.status_code, told.json()) == (200, {"count": 0, "words": CHANGED, "url": ""})
    assert client.get(reverse("messaging:work-list-news"), headers=POLL).json()["words"] == ""


def test_a_page_of_another_cluster_is_told_to_load_anew(ward: Ward, signed_in: SignIn) -> None:
    """A restore: the new cluster's transactions begin to count at the beginning, and the page asks from far ahead."""
    ward.start()
    url = f"{reverse('messaging:work-list-news')}?mark={10**17}&known=0&stands=0"
    assert signed_in(ward.rosa).get(url, headers=POLL).json() == {"count": 0, "words": CHANGED, "url": ""}


def test_the_marks_are_the_databases_whatever_a_statement_says(fresh_db: str, ward: Ward) -> None:
    ward.start()
    with ward.system():
        first = WorkItem.objects.for_system().get()
    assert first.begun == first.moved > 0
    with ward.system():
        item = WorkItem.objects.for_system().get()
        item.begun = item.moved = 7
        item.told += 1  # the list does not show it
        item.save()
        item.refresh_from_db()
        assert (item.begun, item.moved) == (first.begun, first.moved)
    with ward.system():
        item.due_at += timedelta(hours=1)
        item.save(update_fields=["due_at"])
        item.refresh_from_db()
        assert item.begun == first.begun < item.moved
    assert not WorkLeft.objects.exists()
