"""Nothing is sent twice: retries, other words under the same id, and sixteen threads at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from messaging import services
from messaging.models import Message, Thread, WorkItem
from patients.models import Draft, Receipt
from patients.services import DifferentContent
from portal.lib import actor
from portal.lib.ids import uuid7
from portal.lib.problems import Conflict
from tests.messaging.ward import Ward, hidden

SignIn = Callable[[User], Client]
RACERS = 16


def start(ward: Ward, id: Any, text: str = "I am tired.", topic: str = "feeling") -> Message:
    with ward.acting(ward.maya):
        return services.start_thread(
            by=ward.maya, patient=ward.of_maya, id=id, topic=topic, text=text, now=timezone.now()
        )


def test_a_retry_with_the_same_words_is_the_original(ward: Ward) -> None:
    id = uuid7()
    first, again = start(ward, id), start(ward, id)
    assert first.pk == again.pk == id
    assert ward.count(Message) == ward.count(Thread) == ward.count(WorkItem) == 1


@pytest.mark.parametrize(("text", "topic"), [("Other words.", "feeling"), ("I am tired.", "visit")])
def test_the_same_id_with_other_content_is_refused_and_says_what_was_sent(
    text: str, topic: str, ward: Ward
) -> None:
    id = uuid7()
    start(ward, id)
    with pytest.raises(DifferentContent) as refused:
        start(ward, id, text=text, topic=topic)
    assert refused.value.result == id
    assert ward.count(Message) == 1


def test_somebody_elses_id_sends_nothing(ward: Ward) -> None:
    id = uuid7()
    start(ward, id)
    with pytest.raises(Conflict), ward.acting(ward.samuel):
        services.start_thread(
            by=ward.samuel, patient=ward.of_samuel, id=id, topic="feeling", text="Me.", now=timezone.now()
        )
    assert ward.count(Message) == 1


def test_pressing_send_twice_shows_the_same_result(ward: Ward, signed_in: SignIn) -> None:
    client, url = signed_in(ward.maya), reverse("messaging:new")
    data = {"draft": str(uuid7()), "draft_version": "0", "topic": "visit", "text": "Can I come earlier?"}
    first, again = client.post(url, data), client.post(url, data)
    assert first.status_code == again.status_code == 302
    assert first["Location"] == again["Location"]
    assert ward.count(Message) == 1


def test_other_words_under_the_same_id_can_be_sent_as_a_follow_up(ward: Ward, signed_in: SignIn) -> None:
    client, url = signed_in(ward.maya), reverse("messaging:new")
    data = {"draft": str(uuid7()), "draft_version": "0", "topic": "visit", "text": "Can I come earlier?"}
    client.post(url, data)
    told = client.post(url, {**data, "text": "Can I come earlier, at 8 am?"})
    html = told.content.decode()
    assert told.status_code == 409
    assert "Your first version was delivered" in html
    assert "Can I come earlier, at 8 am?</textarea>" in html
    assert "Send as a follow-up" in html
    assert ward.count(Message) == 1

    action = html.split("<auto-save")[1].split('action="')[1].split('"')[0]
    fields = {name: hidden(html, name) for name in ("draft", "draft_version", "seen")}
    sent = client.post(action, {**fields, "text": "Can I come earlier, at 8 am?"})
    assert sent.status_code == 302
    with ward.system():
        thread = Thread.objects.for_system().get()
        assert Draft.objects.for_system().count() == 0
    assert ward.texts(thread.pk) == ["Can I come earlier?", "Can I come earlier, at 8 am?"]
    assert ward.count(WorkItem) == 1


def test_other_words_for_a_sent_reply_wait_for_one_more_press(ward: Ward, signed_in: SignIn) -> None:
    thread_id = ward.start()
    client, url = signed_in(ward.maya), reverse("messaging:thread", args=[thread_id])
    data = {"draft": str(uuid7()), "draft_version": "0", "seen": "1", "text": "One thing."}
    assert client.post(url, data).status_code == 302
    assert client.post(url, data).status_code == 302
    told = client.post(url, {**data, "text": "Two things."})
    html = told.content.decode()
    assert told.status_code == 409
    assert hidden(html, "draft") != data["draft"]
    fields = {name: hidden(html, name) for name in ("draft", "draft_version", "seen")}
    assert client.post(url, {**fields, "text": "Two things."}).status_code == 302
    assert ward.texts(thread_id) == ["I am tired.", "One thing.", "Two things."]


@pytest.mark.parametrize("act", ["answer", "note"])
def test_the_teams_texts_are_saved_once_as_well(act: str, ward: Ward, signed_in: SignIn) -> None:
    thread_id = ward.start()
    client, url = signed_in(ward.rosa), reverse(f"messaging:{act}", args=[ward.of_maya.pk, thread_id])
    data = {"draft": str(uuid7()), "draft_version": "0", "seen": "1", "text": "Rest well."}
    assert client.post(url, data).status_code == 302
    assert client.post(url, data).status_code == 302
    told = client.post(url, {**data, "text": "Sleep well."})
    assert told.status_code == 409
    assert "Sleep well.</textarea>" in told.content.decode()
    with connection.cursor() as cursor, ward.acting(ward.rosa):
        cursor.execute(
            "SELECT (SELECT count(*) FROM messaging_message), (SELECT count(*) FROM messaging_internalnote)"
        )
        assert cursor.fetchone() == ((2, 0) if act == "answer" else (1, 1))


def race(ward: Ward, work: Callable[[int], Any], patience: int = 60) -> list[Any]:
    """Run `work(0..15)` in threads that start together; returns results and exceptions."""
    barrier = threading.Barrier(RACERS)
    outcomes: list[Any] = [None] * RACERS

    def run(place: int) -> None:
        try:
            barrier.wait(30)
            outcomes[place] = work(place)
        except Exception as error:  # noqa: BLE001 - the test looks at all of them
            outcomes[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[place]) for place in range(RACERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(patience)
    return outcomes


def test_sixteen_threads_with_one_id_send_one_message(fresh_db: str, ward: Ward) -> None:
    id = uuid7()
    outcomes = race(ward, lambda place: start(ward, id).pk)
    assert outcomes == [id] * RACERS
    assert ward.count(Message) == ward.count(Thread) == ward.count(WorkItem) == 1


def test_sixteen_hundred_sends_of_two_hundred_ids_are_two_hundred_messages(fresh_db: str, ward: Ward) -> None:
    """Half of the threads send the first hundred ids as new conversations, the others the second hundred into one: eight times each."""
    thread_id = ward.start()
    ids = [uuid7() for _number in range(200)]

    def send(id: Any, into: Any) -> Any:
        if into is None:
            return start(ward, id, f"Message {id}").pk
        with ward.acting(ward.maya):
            return services.reply(
                by=ward.maya, patient=ward.of_maya, thread_id=into, id=id, text=f"Message {id}", seen_seq=0,
                now=timezone.now(),
            ).pk  # fmt: skip

    def work(place: int) -> int:
        mine, into = (ids[:100], None) if place % 2 else (ids[100:], thread_id)
        assert [send(id, into) for id in mine] == mine
        return len(mine)

    assert sum(race(ward, work, 300)) == 1_600
    with ward.system():
        rows = Message.objects.for_system().exclude(thread_id=thread_id, seq=1)
        assert sorted(rows.values_list("pk", flat=True)) == sorted(ids)
        numbers = Message.objects.for_system().filter(thread_id=thread_id).values_list("seq", flat=True)
        assert sorted(numbers) == list(range(1, 102))
    assert ward.count(Thread) == ward.count(WorkItem) == 101


def test_without_the_receipt_the_race_is_lost(
    fresh_db: str, ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Proves that the test above can fail: look first and then write, with a pause between, and it happens."""
    sent = threading.local()

    def look_then_do(*, id: Any, do: Any, **rest: Any) -> Any:
        from patients.services import Done

        if Receipt.objects.filter(pk=id).exists():
            return Done(id, first=False)
        time.sleep(0.3)
        return Done(do(), first=True)

    def any_id(thread: Any, by: Any, capacity: Any, text: Any, id: Any, now: Any) -> Message:
        sent.message = append(thread, by, capacity, text, uuid7(), now)
        return sent.message

    append = services._append
    monkeypatch.setattr(services, "exactly_once", look_then_do)
    monkeypatch.setattr(services, "_append", any_id)
    monkeypatch.setattr(services, "_result", lambda by, done: sent.message)
    race(ward, lambda place: start(ward, uuid7()))
    assert ward.count(Message) > 1


def test_sixteen_replies_to_one_conversation_are_numbered_without_gaps(fresh_db: str, ward: Ward) -> None:
    thread_id = ward.start()
    outcomes = race(ward, lambda place: ward.reply(thread_id, f"Line {place}.").pk)
    assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    with ward.system():
        numbers = (
            Message.objects.for_system()
            .filter(thread_id=thread_id)
            .order_by("seq")
            .values_list("seq", flat=True)
        )
        assert list(numbers) == list(range(1, RACERS + 2))
        assert Thread.objects.for_system().get().last_seq == RACERS + 1
    assert ward.count(WorkItem) == 1


def test_a_send_that_breaks_half_way_leaves_nothing(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*args: Any, **more: Any) -> None:
        raise OSError("the power went")

    id = uuid7()
    with monkeypatch.context() as patch:
        patch.setattr(services, "_owe_an_answer", breaks)
        with pytest.raises(OSError, match="power"):
            start(ward, id)
    assert ward.count(Message) == ward.count(Thread) == 0
    assert start(ward, id).pk == id
    with actor.unit_of_work(actor.system("test")):
        assert Receipt.objects.count() >= 1
