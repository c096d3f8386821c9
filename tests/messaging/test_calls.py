"""The call list: messages nobody has read for days, mail that does not arrive; called and reached, called and not reached."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from messaging.models import CallTask, WorkItemEvent
from messaging.services import AlreadyDone, mark_seen
from messaging.work import calls
from portal.lib.ids import uuid7
from portal.lib.problems import NotAllowed
from tests.messaging.ward import Ward
from tests.patients.world import acts_of

SignIn = Callable[[User], Client]


def look(ward: Ward) -> int:
    with ward.system():
        calls.read_after_all(timezone.now())
        return calls.unread_too_long(timezone.now())


def answered(ward: Ward, days: int, **more: Any) -> Any:
    at = timezone.now() - timedelta(days=days)
    thread = ward.start(now=at - timedelta(hours=1), **more)
    ward.answer(thread, now=at, text="Secret zebra.")
    return thread


def the_call(ward: Ward) -> CallTask:
    with ward.system():
        return CallTask.objects.for_system().get()


def say(ward: Ward, task: CallTask, result: str, by: User | None = None) -> None:
    by = by or ward.rosa
    with ward.acting(by):
        calls.called(
            by=by, patient=ward.of_maya, call_id=task.pk, id=uuid7(), result=result, now=timezone.now()
        )


def test_unread_for_days_is_a_call_once_and_says_the_topic_only(ward: Ward, signed_in: SignIn) -> None:
    answered(ward, 4)
    assert look(ward) == 0
    answered(ward, 6, topic="letter")
    assert look(ward) == 1
    assert look(ward) == 0
    html = signed_in(ward.rosa).get(reverse("messaging:calls")).content.decode()
    assert "Maya Lindqvist" in html
    assert "555-0142" in html
    assert "A form or letter" in html
    assert "zebra" not in html
    assert signed_in(ward.peter).get(reverse("messaging:calls")).content.decode().count("work-row ") == 0


def test_read_after_all_nobody_is_called_and_a_later_message_is_another_call(ward: Ward) -> None:
    thread = answered(ward, 6)
    assert look(ward) == 1
    with ward.acting(ward.maya):
        mark_seen(by=ward.maya, thread=ward.thread(thread), seq=2, now=timezone.now())
    with ward.acting(ward.rosa):
        assert not calls.to_call(ward.rosa).exists()  # at once, not only after the job
    before = acts_of(ward.of_maya).count("call.read system")
    assert look(ward) == 0
    assert the_call(ward).done_at is not None
    assert look(ward) == 0
    assert acts_of(ward.of_maya).count("call.read system") == before + 1  # the trail says it, once
    ward.answer(thread, now=timezone.now() - timedelta(days=6))
    assert look(ward) == 1


def test_the_days_are_those_of_the_oldest_unread_message(ward: Ward) -> None:
    thread = answered(ward, 6)
    ward.answer(thread, now=timezone.now() - timedelta(days=1), text="One more thing.")
    assert look(ward) == 1
    task = the_call(ward)
    assert (timezone.now() - task.since).days == 6
    assert task.seq == 3  # one call about both
    say(ward, task, "reached")
    assert look(ward) == 0


def test_a_message_that_was_read_does_not_count_for_a_newer_one(ward: Ward) -> None:
    thread = answered(ward, 9)
    with ward.acting(ward.maya):
        mark_seen(by=ward.maya, thread=ward.thread(thread), seq=2, now=timezone.now())
    ward.answer(thread, now=timezone.now() - timedelta(days=1), text="One more thing.")
    assert look(ward) == 0


def test_a_colleague_who_looks_has_not_read_it_for_the_patient(ward: Ward) -> None:
    thread = answered(ward, 6)
    with ward.acting(ward.hana):
        mark_seen(by=ward.hana, thread=ward.thread(thread), seq=2, now=timezone.now())
    assert look(ward) == 1


def test_not_reached_stays_and_reached_goes_with_a_line_in_the_history(ward: Ward, signed_in: SignIn) -> None:
    thread = answered(ward, 6)
    look(ward)
    task = the_call(ward)
    url = reverse("messaging:called", args=[ward.of_maya.pk, task.pk])
    client = signed_in(ward.rosa)
    assert client.post(url, {"once": str(uuid7()), "result": "not_reached"}).status_code == 302
    assert "Tried 1 time" in client.get(reverse("messaging:calls")).content.decode()
    assert client.post(url, {"once": str(uuid7()), "result": "reached"}).status_code == 302
    assert "Nobody has to be called" in client.get(reverse("messaging:calls")).content.decode()
    assert client.post(url, {"once": str(uuid7()), "result": "perhaps"}).status_code == 400
    with ward.system():
        kinds = [row.kind for row in WorkItemEvent.objects.for_system().filter(thread_id=thread).in_order()]
    assert kinds == ["answered", "not_reached", "reached"]
    with pytest.raises(AlreadyDone):
        say(ward, task, "reached")
    assert look(ward) == 0  # reached is reached: this message makes no second call


def test_asked_twice_is_one_call_and_the_patients_side_may_not_answer_it(ward: Ward) -> None:
    now = timezone.now()
    with ward.system():
        first = calls.ask_to_call(ward.of_maya, ward.maya, "bounced", now)
        second = calls.ask_to_call(ward.of_maya, ward.maya, "bounced", now)
        nobody = calls.ask_to_call(ward.of_maya, None, "no_account", now)
        again = calls.ask_to_call(ward.of_maya, None, "no_account", now)
    assert first == second
    assert nobody == again
    assert ward.count(CallTask) == 2
    assert first is not None
    for stranger in (ward.maya, ward.jonas, ward.peter):
        with pytest.raises(NotAllowed):
            say(ward, first, "reached", stranger)
    say(ward, first, "reached")
    with ward.system():
        third = calls.ask_to_call(ward.of_maya, ward.maya, "bounced", now)
    assert third not in (None, first)


def test_two_runs_and_two_nurses_at_once_make_one_call_and_one_result(fresh_db: str, ward: Ward) -> None:
    answered(ward, 6)
    _at_once(*[lambda: look(ward)] * 3)
    assert ward.count(CallTask) == 1
    task = the_call(ward)
    results = _at_once(
        lambda: say(ward, task, "reached", ward.rosa), lambda: say(ward, task, "reached", ward.hana)
    )
    assert sorted(type(result).__name__ for result in results) == ["AlreadyDone", "NoneType"]
    assert ward.count(WorkItemEvent, kind="reached") == 1


def _at_once(*acts: Callable[[], Any]) -> list[Any]:
    barrier, results = threading.Barrier(len(acts)), [None] * len(acts)

    def run(place: int) -> None:
        try:
            barrier.wait(20)
            results[place] = acts[place]()
        except Exception as error:  # noqa: BLE001 - the answer of the act, looked at by the test
            results[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results
