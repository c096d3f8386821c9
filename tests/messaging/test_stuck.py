"""What the clockwork fails at run after run is said to administrators: how often, since when, which item; nothing about health or people."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.models import User
from messaging.models import WorkItem
from messaging.work import clockwork, stuck
from tests.messaging.ward import OPEN, Ward

SignIn = Callable[[User], Client]
MINUTE = timedelta(minutes=1)
TEXT = "Zebra words about my chest."


@pytest.fixture(autouse=True)
def empty(ward: Ward) -> Iterator[None]:
    cache.delete(stuck.KEY)
    yield
    cache.delete(stuck.KEY)


@pytest.fixture
def waiting(ward: Ward) -> str:
    """Urgent work that nobody has taken on for longer than the site's minutes."""
    type(ward.world.site).objects.update(escalate_minutes=5)
    ward.start(topic="infection", text=TEXT, now=OPEN - timedelta(minutes=6))
    with ward.system():
        return str(WorkItem.objects.for_system().get().pk)


def fails(*given: Any) -> bool:
    raise ValueError(TEXT)


def test_an_item_that_fails_five_runs_in_a_row_stands_on_the_set_up_page(
    ward: Ward, waiting: str, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = signed_in(ward.world.users["admin"])
    works = clockwork._tell
    monkeypatch.setattr(clockwork, "_tell", fails)
    for run in range(1, 7):
        clockwork.run(OPEN + run * MINUTE)
        page = admin.get("/admin/").content.decode()
        assert ("The worker has failed" in page) == (run >= stuck.SHOWN_FROM), run
    assert f"failed 6 times in a row at “escalation {waiting}” (ValueError), first on" in page
    assert TEXT not in page
    assert ward.of_maya.name not in page

    monkeypatch.setattr(clockwork, "_tell", works)
    clockwork.run(OPEN + 7 * MINUTE)
    assert stuck.stuck() == {}
    assert "The worker has failed" not in admin.get("/admin/").content.decode()


def test_what_works_in_between_begins_anew(ward: Ward, waiting: str, monkeypatch: pytest.MonkeyPatch) -> None:
    works = clockwork._tell
    monkeypatch.setattr(clockwork, "_tell", fails)
    for run in range(stuck.SHOWN_FROM - 1):
        clockwork.run(OPEN + run * MINUTE)
    monkeypatch.setattr(clockwork, "_tell", lambda *given: False)
    clockwork.run(OPEN + 5 * MINUTE)
    monkeypatch.setattr(clockwork, "_tell", fails)
    clockwork.run(OPEN + 6 * MINUTE)
    assert stuck.stuck() == {}
    monkeypatch.setattr(clockwork, "_tell", works)


def test_a_whole_step_that_fails_is_counted_as_well(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clockwork, "_unheard", fails)
    for run in range(stuck.SHOWN_FROM):
        clockwork.run(OPEN + run * MINUTE)
    assert stuck.stuck()["escalate"]["times"] == stuck.SHOWN_FROM


def test_a_quiet_run_writes_nothing(ward: Ward) -> None:
    clockwork.run(OPEN)
    assert cache.get(stuck.KEY) is None
