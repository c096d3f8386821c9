"""Two nurses answer at once while the patient adds words that change everything: nobody answers past them."""

from __future__ import annotations

from collections.abc import Callable
from threading import Barrier
from threading import Thread as Worker
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from messaging import services
from messaging.models import Message, WorkItem
from messaging.services import NewerMessages
from portal.lib.ids import uuid7
from tests.messaging.ward import Ward

URGENT = "Now I can't breathe."
ROUNDS = 3


@pytest.mark.parametrize("turn", range(ROUNDS))
def test_no_answer_goes_past_words_that_nobody_read(turn: int, fresh_db: str, ward: Ward) -> None:
    thread, start = ward.start(), Barrier(3)
    told: dict[str, list[str]] = {}

    def answering(user: Any, text: str) -> Callable[[], None]:
        def act() -> None:
            with ward.acting(user):
                services.answer(
                    by=user, patient=ward.of_maya, thread_id=thread, id=uuid7(), text=text, seen_seq=1,
                    now=timezone.now(),
                )  # fmt: skip

        return act

    def adding() -> None:
        seen = 1
        while True:
            try:
                with ward.acting(ward.maya):
                    services.reply(
                        by=ward.maya, patient=ward.of_maya, thread_id=thread, id=uuid7(), text=URGENT,
                        seen_seq=seen, now=timezone.now(),
                    )  # fmt: skip
                return
            except NewerMessages as error:  # she reads the answer, and sends her words all the same
                seen = error.newer[-1].seq

    def at_once(name: str, act: Callable[[], None]) -> None:
        start.wait()
        try:
            act()
            told[name] = []
        except NewerMessages as error:
            with ward.acting(ward.rosa):
                told[name] = [message.body for message in error.newer]
        finally:
            connection.close()

    acts = {
        "rosa": answering(ward.rosa, "Rest a little."),
        "hana": answering(ward.hana, "Drink something."),
        "maya": adding,
    }
    order = list(acts)[turn % 3 :] + list(acts)[: turn % 3]
    workers = [Worker(target=at_once, args=(name, acts[name])) for name in order]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    texts = ward.texts(thread)
    answers = [text for text in texts if text in ("Rest a little.", "Drink something.")]
    assert texts.count(URGENT) == 1
    assert len(answers) <= 1
    assert texts[-1] == URGENT, "an answer stands behind words that its writer had not read"
    for name, answered in (("rosa", "Rest a little."), ("hana", "Drink something.")):
        if answered not in answers:
            assert told[name], f"{name} was not shown what came in between"
            assert set(told[name]) <= {URGENT, *answers}
    assert ward.count(Message, thread_id=thread) == 2 + len(answers)
    assert ward.count(WorkItem, thread_id=thread, state__in=["open", "claimed"]) == 1
