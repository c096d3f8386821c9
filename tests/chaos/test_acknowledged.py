"""What the portal acknowledged is there once: many hands with the same ids, kill -9 at named points, answers lost on the way.

The small form of `make chaos`: the same code with small numbers.
"""

from __future__ import annotations

import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from accounts.models import User
from bench import chaos, points
from messaging import services
from messaging.models import Message
from patients.models import AuditEvent
from patients.services import own_patient
from portal.lib import actor
from portal.lib.ids import uuid7
from tests.harness import cluster
from tests.harness.live import LivePortal
from tests.harness.mail import Mailbox

pytestmark = pytest.mark.slow

IDS, EACH, HANDS = 200, 8, 16
KILLS, SENDS = 12, 30


def test_sixteen_hundred_sends_of_two_hundred_ids_are_two_hundred_messages(demo_world: str) -> None:
    maya = User.objects.get(email="patient@example.com")
    ids = [uuid7() for _number in range(IDS)]
    turns = [
        ids[number // EACH] for number in range(IDS * EACH)
    ]  # the same id at the same time from eight hands
    lock, sent, wrong = threading.Lock(), Counter[Any](), []

    def hand() -> None:
        try:
            while True:
                with lock:
                    if not turns:
                        return
                    id = turns.pop()
                with actor.unit_of_work(actor.Actor(user_id=maya.pk)):
                    patient = own_patient(maya)
                    assert patient is not None
                    message = services.start_thread(
                        by=maya,
                        patient=patient,
                        id=id,
                        topic="question",
                        text=f"Once: {id}",
                        now=timezone.now(),
                    )
                with lock:
                    sent[message.pk] += 1
        except Exception as error:  # noqa: BLE001 - a thread's end must not go unheard
            wrong.append(error)
        finally:
            connections.close_all()

    with actor.unit_of_work(actor.system("test")):
        before = Message.objects.for_system().count()
    hands = [threading.Thread(target=hand) for _hand in range(HANDS)]
    for one in hands:
        one.start()
    for one in hands:
        one.join()
    assert not wrong, wrong[:3]
    assert sent == dict.fromkeys(ids, EACH)
    with actor.unit_of_work(actor.system("test")):
        assert Message.objects.for_system().count() - before == IDS
        on_trail = AuditEvent.objects.filter(act="message.sent", target__in=ids)
        assert on_trail.count() == IDS


def test_kills_at_named_points_and_lost_answers_lose_and_double_nothing(
    demo_world: str, smtp_server: Mailbox, tmp_path: Path
) -> None:
    portal = LivePortal(demo_world, smtp_server.url, tmp_path, wsgi="bench.chaos_wsgi")
    portal.start()
    try:
        with cluster.acquire().connect("portal_maintenance", demo_world) as link:

            def query(statement: str, *values: Any) -> list[Any]:
                return link.execute(statement, values or None).fetchall()

            before = chaos.count_before(query)
            report, sender = chaos.run(
                port=portal.port, folder=tmp_path, query=query, kills=KILLS, sends=SENDS
            )
            chaos.compare(report, sender.record, query, before)
            chaos.wait_for_mails(report, query)
            chaos.compare_mails(report, query, chaos.arrived_ids(smtp_server.mails))
            assert report.faults == []
            assert report.acknowledged == KILLS + SENDS
            assert sum(report.kills.values()) == KILLS
            assert set(report.kills) <= set(points.WEB)
            assert len(report.kills) >= 4, report.kills
            assert report.dropped >= SENDS / 4
            assert report.mails >= 3
            # The comparison itself can fail: a promise that nobody kept is found.
            with sender.record.open("a", encoding="utf-8") as record:
                record.write(f'{{"id": "{uuid7()}", "kind": "answer", "tries": 1}}\n')
            chaos.compare(report, sender.record, query, before)
            assert "1 acknowledged messages are lost" in report.faults
    finally:
        portal.stop()
