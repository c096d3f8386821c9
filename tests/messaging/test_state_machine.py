"""Sending, retrying, other words, replying, undo, opening, closing, claiming, answering, in any order, beside a plain model."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any, ClassVar
from uuid import UUID

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from messaging import services
from messaging.models import Message, Thread, WorkItem
from messaging.writing import undo
from patients.services import DifferentContent
from portal.lib.ids import uuid7
from tests.messaging.ward import Ward


class Conversation(RuleBasedStateMachine):
    """One conversation of Maya's. `said` is what the model knows: a list of dicts, one for each message."""

    ward: ClassVar[Ward]

    @initialize()
    def send(self) -> None:
        self.said: list[dict[str, Any]] = []
        self.work: dict[str, Any] | None = None
        self.owned: set[int] = set()  # messages whose work somebody has or had
        self.nurse_saw, self.closed = 0, False
        self.thread_id: UUID | None = None
        id = uuid7()
        with self.ward.acting(self.ward.maya):
            made = services.start_thread(
                by=self.ward.maya,
                patient=self.ward.of_maya,
                id=id,
                topic="visit",
                text="0",
                now=timezone.now(),
            )
        self.thread_id = made.thread_id
        self.note(id, "0", "maya")

    def note(self, id: UUID, text: str, who: str) -> None:
        self.said.append({"id": id, "text": text, "who": who, "gone": False})
        self.closed = False
        if who == "maya" and self.work is None:
            self.work = {"trigger": len(self.said), "owner": False}

    @property
    def last(self) -> int:
        return len(self.said)

    def write(self, id: UUID, text: str) -> Message:
        with self.ward.acting(self.ward.maya):
            return services.reply(
                by=self.ward.maya, patient=self.ward.of_maya, thread_id=self.thread_id, id=id, text=text,
                seen_seq=self.last, now=timezone.now(),
            )  # fmt: skip

    @rule()
    def reply(self) -> None:
        id, text = uuid7(), str(self.last)
        assert self.write(id, text).pk == id
        self.note(id, text, "maya")

    @precondition(lambda self: any(one["who"] == "maya" for one in self.said[1:]))
    @rule()
    def retry_and_other_words(self) -> None:
        earlier = [one for one in self.said[1:] if one["who"] == "maya"][-1]
        assert self.write(earlier["id"], earlier["text"]).pk == earlier["id"]
        with pytest.raises(DifferentContent):
            self.write(earlier["id"], "other words")

    @rule()
    def take_back(self) -> None:
        standing = [(seq, one) for seq, one in enumerate(self.said, 1) if not one["gone"]]
        mine = [pair for pair in standing if pair[1]["who"] == "maya"]
        if not mine:
            return
        seq, target = mine[-1]
        allowed = standing[-1][0] == seq and self.nurse_saw < seq and seq not in self.owned
        with self.ward.acting(self.ward.maya):
            refused = pytest.raises(undo.TooLateToTakeBack) if not allowed else nullcontext()
            with refused:
                undo.take_back(
                    by=self.ward.maya, patient=self.ward.of_maya, thread_id=self.thread_id,
                    message_id=target["id"], id=uuid7(), now=timezone.now(),
                )  # fmt: skip
        if allowed:
            target["gone"] = True
            if self.work is not None and self.work["trigger"] == seq:
                self.work = None

    @rule()
    def open(self) -> None:
        with self.ward.acting(self.ward.rosa):
            thread = (
                Thread.objects.for_user(self.ward.rosa, self.ward.of_maya)
                .with_state(self.ward.rosa)
                .get(pk=self.thread_id)
            )
            undo.open_for_team(by=self.ward.rosa, thread=thread, seen=thread.seen, now=timezone.now())
        self.nurse_saw = self.last

    @rule()
    def close(self) -> None:
        with self.ward.acting(self.ward.maya):
            services.close_thread(
                by=self.ward.maya,
                patient=self.ward.of_maya,
                thread_id=self.thread_id,
                id=uuid7(),
                seen_seq=self.last,
                now=timezone.now(),
            )
        self.closed, self.work = True, None

    @precondition(lambda self: any(one["who"] == "rosa" for one in self.said))
    @rule()
    def close_on_an_older_page(self) -> None:
        first = next(seq for seq, one in enumerate(self.said, 1) if one["who"] == "rosa")
        with self.ward.acting(self.ward.maya), pytest.raises(services.NewerMessages):
            services.close_thread(
                by=self.ward.maya,
                patient=self.ward.of_maya,
                thread_id=self.thread_id,
                id=uuid7(),
                seen_seq=first - 1,
                now=timezone.now(),
            )

    @precondition(lambda self: self.work is not None)
    @rule()
    def claim(self) -> None:
        assert self.work is not None
        assert self.thread_id is not None
        self.ward.claim(self.thread_id)
        self.work["owner"] = True
        self.owned.add(self.work["trigger"])

    @rule()
    def answer(self) -> None:
        text = str(self.last)
        fresh = any(one["who"] == "maya" for one in self.said[self.nurse_saw :])
        id = uuid7()
        with self.ward.acting(self.ward.rosa):
            refused = pytest.raises(services.NewerMessages) if fresh else nullcontext()
            with refused:
                services.answer(
                    by=self.ward.rosa, patient=self.ward.of_maya, thread_id=self.thread_id, id=id, text=text,
                    seen_seq=self.nurse_saw, now=timezone.now(),
                )  # fmt: skip
        if fresh:
            return
        if self.work is not None:
            self.owned.add(self.work["trigger"])
        self.work = None
        self.note(id, text, "rosa")
        self.nurse_saw = self.last

    @invariant()
    def the_database_says_the_same(self) -> None:
        if getattr(self, "thread_id", None) is None:
            return
        with self.ward.system():
            rows = Message.objects.for_system().filter(thread_id=self.thread_id).in_order()
            found = [(row.pk, row.body, undo.taken_back(row)) for row in rows]
            items = list(WorkItem.objects.for_system().filter(thread_id=self.thread_id).waiting())
            thread = Thread.objects.for_system().get(pk=self.thread_id)
        assert found == [(one["id"], one["text"], one["gone"]) for one in self.said]
        assert [(item.state == "claimed", item.trigger_id) for item in items] == (
            [(self.work["owner"], self.said[self.work["trigger"] - 1]["id"])] if self.work else []
        )
        assert thread.last_seq == self.last
        assert (thread.state == "closed") == self.closed


def test_any_order_ends_where_the_model_ends(ward: Ward) -> None:
    class OfThisWard(Conversation):
        pass

    OfThisWard.ward = ward
    few = settings(
        max_examples=6,
        stateful_step_count=12,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(OfThisWard, settings=few)
