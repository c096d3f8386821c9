"""Everything that can happen to one conversation, in any order, beside a plain model (`tests.messaging.plain`).

A short form runs with the other tests. The long one: `STATE_EXAMPLES=500 .venv/bin/python -m pytest -n 0 tests/messaging/test_state_machine.py`,
with `--hypothesis-seed=7` for other orders.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from accounts.models import User
from clinic.services import state_of
from messaging import services
from messaging.composing import retractions
from messaging.models import InternalNote, Message, SentNotice, Thread, ThreadViewer, WorkItem, WorkItemEvent
from messaging.topics import LANE_OF, Lane, Topic
from messaging.views.shared import state_words
from messaging.work import alarms, clockwork, filtering, routing
from messaging.work.promises import due_at
from messaging.writing import undo
from patients.services import DifferentContent
from portal.lib.ids import uuid7
from tests.messaging import plain
from tests.messaging.plain import PATIENTS_SIDE, TEAM, Plain
from tests.messaging.ward import Ward

REFUSALS: dict[str, type[Exception]] = {
    plain.NEWER: services.NewerMessages,
    plain.TAKEN: services.TakenByOther,
    plain.DONE: services.AlreadyDone,
    plain.NOBODY: routing.NoSuchColleague,
    plain.LATE: undo.TooLateToTakeBack,
    plain.NO_ANSWER: retractions.NotAnAnswer,
    plain.CORRECTED: retractions.TakenBackBefore,
}
CALM, ALARMING = "I am tired", "Now I can't breathe"
Act = Callable[[dict[str, Any]], Any]
patients_side, team = st.sampled_from(PATIENTS_SIDE), st.sampled_from(TEAM)
everybody = st.sampled_from(PATIENTS_SIDE + TEAM)
often, seldom = st.sampled_from([True, True, True, False]), st.sampled_from([False, False, True])
numbers = st.integers(0, 99)


class Conversation(RuleBasedStateMachine):
    """One conversation of Maya's. `plain` is what should be, `page` what each person's page shows, `acts` what can be sent again."""

    ward: ClassVar[Ward]
    clock: ClassVar[list[datetime]]

    def __init__(self) -> None:
        super().__init__()
        self.all = transaction.atomic()
        self.all.__enter__()
        self.now = self.clock[0] = timezone.now()
        self.page: dict[str, int] = dict.fromkeys((*PATIENTS_SIDE, *TEAM), 0)
        self.acts: list[tuple[str, dict[str, Any], Act, UUID]] = []

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.all.__exit__(None, None, None)

    # --- Helpers ---

    def user(self, who: str) -> User:
        return getattr(self.ward, who)

    def promise(self, topic: str) -> datetime:
        return due_at(state_of(self.ward.of_maya.site), topic, self.now)

    @property
    def promises(self) -> dict[str, datetime]:
        return {"routine": self.promise(self.topic), "urgent": self.promise(Topic.SIDE_EFFECT)}

    def words(self, hurry: bool) -> str:
        return f"{ALARMING if hurry else CALM} {self.plain.last}."

    def do(self, who: str, expected: str, act: Act, **given: Any) -> Any:
        """Act in the portal as `who`; it is refused exactly when the model refuses, and changes nothing then."""
        asked = {"by": self.user(who), "patient": self.ward.of_maya, "id": uuid7(), **given}
        with self.ward.acting(asked["by"]):
            if expected:
                with pytest.raises(REFUSALS[expected]):
                    act(asked)
                return None
            made = act(asked)
        self.acts.append((who, asked, act, getattr(made, "pk", None) or getattr(made, "result", None)))
        return made

    @property
    def place(self) -> dict[str, Any]:
        return {"thread_id": self.thread_id, "now": self.now}

    # --- The patient's side ---

    @initialize(topic=st.sampled_from(["visit", "side_effect"]), hurry=seldom)
    def send(self, topic: str, hurry: bool) -> None:
        self.topic = topic
        minutes = timedelta(minutes=self.ward.of_maya.site.escalate_minutes)
        self.plain = Plain(LANE_OF[topic], minutes)
        id, text = uuid7(), self.words(hurry)
        assert self.plain.write("maya", id, text, 0, self.now, hurry=hurry, **self.promises) == ""
        made = self.do(
            "maya", "", lambda asked: services.start_thread(**asked),
            id=id, topic=topic, text=text, now=self.now,
        )  # fmt: skip
        self.thread_id: UUID = made.thread_id
        self.page["maya"] = 1

    @rule(who=patients_side, hurry=seldom, first=often)
    def write(self, who: str, hurry: bool, first: bool) -> None:
        if first:
            self.look(who)
        id, text, page = uuid7(), self.words(hurry), self.page[who]
        expected = self.plain.write(who, id, text, page, self.now, hurry=hurry, **self.promises)
        self.do(
            who,
            expected,
            lambda asked: services.reply(**asked),
            **self.place,
            id=id,
            text=text,
            seen_seq=page,
        )
        self.page[who] = self.page[who] if expected else self.plain.last

    @rule(first=often)
    def close(self, first: bool) -> None:
        if first:
            self.look("maya")
        expected = self.plain.close(page := self.page["maya"])
        self.do("maya", expected, lambda asked: services.close_thread(**asked), **self.place, seen_seq=page)

    @rule(who=patients_side, back=st.integers(0, 2))
    def take_back(self, who: str, back: int) -> None:
        standing = [
            n for n, said in enumerate(self.plain.said, 1) if said.who == who and said.gone != "corrected"
        ]
        if len(standing) <= back:
            return
        number = standing[-1 - back]
        expected = self.plain.take_back(who, number, self.now)
        message = self.plain.said[number - 1].id
        self.do(who, expected, lambda asked: undo.take_back(**asked), **self.place, message_id=message)

    # --- The team's side ---

    @rule(who=everybody)
    def look(self, who: str) -> None:
        """What the pages of a conversation do before they are shown."""
        self.plain.look(who, self.now)
        by, patient = self.user(who), self.ward.of_maya
        with self.ward.acting(by):
            threads = Thread.objects.for_user(by, patient).with_state(by)
            thread: Any = threads.get(pk=self.thread_id)
            if who in TEAM:
                items = WorkItem.objects.for_user(by, patient).filter(thread=thread)
                if alarms.unheard_by(items.order_by("-id").first(), by):
                    alarms.heard(by=by, thread=thread, now=self.now)
                undo.open_for_team(by=by, thread=thread, seen=thread.seen, now=self.now)
            if who in TEAM or thread.seen < thread.last_seq:
                services.mark_seen(by=by, thread=thread, seq=thread.last_seq, now=self.now)
        self.page[who] = self.plain.last

    @rule(who=team, take_over=seldom)
    def claim(self, who: str, take_over: bool) -> None:
        expected = self.plain.claim(who, take_over=take_over)
        self.do(who, expected, lambda asked: services.claim(**asked), **self.place, take_over=take_over)

    @rule(who=team)
    def release(self, who: str) -> None:
        expected = self.plain.release(who, self.now)
        self.do(who, expected, lambda asked: services.release(**asked), thread_id=self.thread_id)

    @rule(who=team, to=st.sampled_from([*TEAM, "peter"]))
    def hand_to_a_colleague(self, who: str, to: str) -> None:
        expected = self.plain.hand_to(who, to, self.now)
        self.do(
            who, expected, lambda asked: routing.hand_over(**asked),
            **self.place, to=self.user(to).pk, reason="My day ends.",
        )  # fmt: skip

    @rule(who=team, lane=st.sampled_from(Lane.values))
    def hand_to_another_lane(self, who: str, lane: str) -> None:
        expected = self.plain.hand_to_lane(who, lane, self.now, self.promise(Topic.SIDE_EFFECT))
        self.do(
            who, expected, lambda asked: routing.hand_over(**asked),
            **self.place, lane=lane, reason="Not ours.",
        )  # fmt: skip

    @rule(who=team, first=often)
    def answer(self, who: str, first: bool) -> None:
        if first:
            self.look(who)
        id, text, page = uuid7(), self.words(hurry=False), self.page[who]
        expected = self.plain.answer(who, id, text, page, self.now)
        self.do(
            who,
            expected,
            lambda asked: services.answer(**asked),
            **self.place,
            id=id,
            text=text,
            seen_seq=page,
        )
        self.page[who] = self.page[who] if expected else self.plain.last

    @rule(who=team, pick=numbers, first=often)
    def correct(self, who: str, pick: int, first: bool) -> None:
        if first:
            self.look(who)
        ours = [number for number, said in enumerate(self.plain.said, 1) if said.ours] or [1]
        number = ours[pick % len(ours)]
        id, text, page = uuid7(), self.words(hurry=False), self.page[who]
        expected = self.plain.correct(who, number, id, text, page, self.now)
        self.do(
            who, expected, lambda asked: retractions.correct(**asked), **self.place, id=id, text=text, seen_seq=page,
            message_id=self.plain.said[number - 1].id, reason="The wrong day.",
        )  # fmt: skip
        self.page[who] = self.page[who] if expected else self.plain.last

    @rule(who=team, outcome=st.sampled_from(["no_reply", "arranged"]), first=often)
    def finish(self, who: str, outcome: str, first: bool) -> None:
        if first:
            self.look(who)
        expected = self.plain.finish(who, outcome, page := self.page[who])
        self.do(
            who,
            expected,
            lambda asked: services.finish(**asked),
            **self.place,
            outcome=outcome,
            seen_seq=page,
        )

    @rule(who=team)
    def note(self, who: str) -> None:
        text = f"Only for us {len(self.plain.notes)}"
        self.plain.note(who, text)
        self.do(who, "", lambda asked: services.add_note(**asked), **self.place, text=text)

    # --- The clock, and what is sent once more ---

    @rule(minutes=st.sampled_from([1, 4, 6, 11, 31]))
    def wait(self, minutes: int) -> None:
        self.now = self.clock[0] = self.now + timedelta(minutes=minutes)
        assert clockwork.escalate(self.now) == self.plain.tell_people(self.now)

    @precondition(lambda self: self.acts)
    @rule(pick=numbers)
    def send_again(self, pick: int) -> None:
        """The answer got lost on its way: the same act, as it was sent, gives the first result and does nothing."""
        who, asked, act, result = self.acts[pick % len(self.acts)]
        with self.ward.acting(self.user(who)):
            again = act(asked)
        assert (getattr(again, "pk", None) or again.result) == result
        if "text" in asked:
            with self.ward.acting(self.user(who)), pytest.raises(DifferentContent):
                act({**asked, "text": "other words"})

    # --- What always holds ---

    @invariant()
    def the_database_says_the_same(self) -> None:
        with self.ward.system():
            rows = list(Message.objects.for_system().filter(thread_id=self.thread_id).in_order())
            said = [
                (row.pk, row.body, row.author.email, row.taken_back.kind if row.taken_back else "")
                for row in rows
            ]
            rows_of_work = WorkItem.objects.for_system().filter(thread_id=self.thread_id).order_by("pk")
            items = list(rows_of_work.select_related("trigger", "owner"))
            notes = InternalNote.objects.for_system().filter(thread_id=self.thread_id).in_order()
            noted = [(note.author.email, note.body) for note in notes]
            events = WorkItemEvent.objects.for_system().filter(thread_id=self.thread_id).order_by("pk")
            history = list(events.values_list("kind", flat=True))
            told = list(SentNotice.objects.for_system().order_by("pk").values_list("user__email", flat=True))
            thread = Thread.objects.for_system().get(pk=self.thread_id)
        should = self.plain
        mail = {who: self.user(who).email for who in self.page}
        assert said == [(one.id, one.text, mail[one.who], one.gone) for one in should.said]
        assert [row.seq for row in rows] == list(range(1, should.last + 1))
        assert (thread.last_seq, thread.state == "closed") == (should.last, should.closed)
        found = [
            (item.trigger.seq, item.lane, item.owner, item.outcome, item.due_at, item.alarm_at, item.told)
            for item in items
        ]
        assert found == [
            (
                work.trigger,
                work.lane,
                self.user(work.owner) if work.owner else None,
                work.outcome,
                work.due,
                work.alarm,
                work.told,
            )
            for work in should.works
        ]
        assert noted == [(mail[who], text) for who, text in should.notes]
        assert history == should.history
        assert told == [mail[who] for who in should.notices]

    @invariant()
    def the_pages_say_the_same(self) -> None:
        should, work = self.plain, self.plain.work
        for who in ("maya", "jonas", "rosa"):
            user = self.user(who)
            with self.ward.acting(user):
                threads = Thread.objects.for_user(user, self.ward.of_maya).with_state(user)
                thread: Any = threads.get(pk=self.thread_id)
                assert (thread.last_seq > thread.seen) == should.unread(who)
                assert state_words(thread)[1] == should.words
                if who in PATIENTS_SIDE:
                    assert not InternalNote.objects.for_user(user, self.ward.of_maya).exists()
                    assert not WorkItemEvent.objects.for_user(user, self.ward.of_maya).exists()
        with self.ward.acting(self.ward.rosa):
            counts, _happened = filtering.grouped(self.ward.rosa, self.now)
        lanes = {key[:3]: count for key, count in counts.items() if key[0] in Lane.values and count}
        whose = {"": "free", "rosa": "mine", "hana": "others"}
        waits = {(work.lane, whose[work.owner], work.due < self.now): 1} if work is not None else {}
        assert lanes == waits

    @invariant()
    def what_is_urgent_and_unread_has_an_alarm(self) -> None:
        """Asked of the tables alone: words that came into urgent work after its owner took it on, and that the owner has not opened."""
        with self.ward.system():
            waits = WorkItem.objects.for_system().filter(thread_id=self.thread_id).waiting()
            item = waits.first()
            assert waits.count() <= 1
            if item is None or item.lane != Lane.SAFETY or item.owner_id is None:
                return
            opened = ThreadViewer.objects.for_system().filter(thread_id=self.thread_id, user=item.owner)
            later = Message.objects.for_system().filter(
                thread_id=self.thread_id, created_at__gt=item.claimed_at
            )
            unread = later.exclude(capacity="team").filter(
                seq__gt=opened.values_list("last_seen_seq", flat=True).first() or 0
            )
            assert item.alarm_at is not None or not unread.exists()


def long_or_short() -> Any:
    """The same orders each time, few of them; or as many as `STATE_EXAMPLES` says, of `--hypothesis-seed`."""
    many = int(os.environ.get("STATE_EXAMPLES", "0"))
    return settings(
        max_examples=many or 12,
        stateful_step_count=30 if many else 20,
        deadline=None,
        derandomize=not many,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


def test_any_order_ends_where_the_model_ends(
    ward: Ward, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DEMO = True  # the words of red flags are read without a signature
    clock = [timezone.now()]
    monkeypatch.setattr(services, "present", lambda: clock[0])

    class OfThisWard(Conversation):
        pass

    OfThisWard.ward, OfThisWard.clock = ward, clock
    run_state_machine_as_test(OfThisWard, settings=long_or_short())
