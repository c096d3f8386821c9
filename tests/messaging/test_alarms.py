"""A further message with an alarm, in work that somebody has: the owner is told and has to open it, or it is the team's again and goes to who is on call."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from messaging import services
from messaging.models import WorkItem
from messaging.work import clockwork, problems
from portal.lib.ids import uuid7
from tests.messaging.test_routing import away, claim, hand, history, item_of, mails, on_call
from tests.messaging.ward import OPEN, Ward

SignIn = Callable[[User], Client]
MINUTES = timedelta(minutes=30)
ALARM = OPEN + timedelta(minutes=20)


def write(ward: Ward, thread_id: UUID, text: str, now: datetime) -> None:
    with ward.acting(ward.maya):
        services.reply(
            by=ward.maya,
            patient=ward.of_maya,
            thread_id=thread_id,
            id=uuid7(),
            text=text,
            seen_seq=99,
            now=now,
        )


@pytest.fixture
def taken(ward: Ward, settings: Any) -> UUID:
    """A calm conversation that Rosa has, with Hana on call."""
    settings.DEMO = True  # the red-flag words are read without a signature
    thread: UUID = ward.start(topic="visit", text="When do I come?", now=OPEN)
    claim(ward, thread, ward.rosa, OPEN)
    on_call(ward, ward.hana, OPEN)
    return thread


def test_the_owner_is_told_at_once_and_who_is_on_call_when_it_is_not_opened_in_time(
    ward: Ward, taken: UUID, signed_in: SignIn
) -> None:
    write(ward, taken, "Now I can't breathe, zebra.", ALARM)
    assert [to for to, _body in mails()] == [ward.rosa.email]
    item = item_of(ward, taken)
    assert (item.lane, item.owner, item.alarm_at) == ("safety", ward.rosa, ALARM)
    html = signed_in(ward.hana).get(reverse("messaging:work-list")).content.decode()
    assert "Rosa Delgado has this and has not opened it yet" in html
    with ward.acting(ward.hana):
        [problem] = problems.urgent_and_late(ward.hana, ALARM)
    assert "Urgent message" in str(problem.words)

    assert clockwork.escalate(ALARM + MINUTES - timedelta(minutes=1)) == 0
    assert clockwork.escalate(ALARM + MINUTES) == 1
    assert clockwork.escalate(ALARM + MINUTES) == 0
    assert [to for to, _body in mails()] == [ward.rosa.email, ward.hana.email]
    assert item_of(ward, taken).owner is None
    assert history(ward, taken) == ["claimed", "alarm", "returned", "escalated"]
    for _to, body in mails():
        for word in ("zebra", "breathe", "Maya", "visit", "MS"):
            assert word not in body


def test_opened_by_the_owner_it_is_heard_with_a_name_and_nobody_else_is_told(
    ward: Ward, taken: UUID, signed_in: SignIn
) -> None:
    write(ward, taken, "Now I can't breathe.", ALARM)
    url = reverse("messaging:work-thread", args=[ward.of_maya.pk, taken])
    assert signed_in(ward.hana).get(url).status_code == 200  # a colleague's look is not the owner's
    assert item_of(ward, taken).alarm_at is not None
    html = signed_in(ward.rosa).get(url).content.decode()
    assert "breathe" in html
    assert "Rosa Delgado opened the urgent message" in html
    assert item_of(ward, taken).alarm_at is None
    assert clockwork.escalate(ALARM + 9 * MINUTES) == 0
    assert history(ward, taken) == ["claimed", "alarm", "heard"]
    write(ward, taken, "It gets worse, I can't breathe.", ALARM + MINUTES)  # the next one begins anew
    assert clockwork.escalate(ALARM + 2 * MINUTES) == 1


def test_a_program_of_the_owner_that_reads_it_has_heard_it(
    ward: Ward, taken: UUID, signed_in: SignIn
) -> None:
    write(ward, taken, "Now I can't breathe.", ALARM)
    url = reverse("messaging-api:message-list", args=[taken]) + f"?patient={ward.of_maya.pk}"
    assert signed_in(ward.rosa).get(url).status_code == 200
    assert history(ward, taken)[-1] == "heard"


def test_one_who_writes_three_times_is_not_heard_later_for_it(ward: Ward, taken: UUID) -> None:
    for minutes in (0, 10, 25):
        write(ward, taken, "I can't breathe.", ALARM + timedelta(minutes=minutes))
    assert len(mails()) == 1
    assert clockwork.escalate(ALARM + MINUTES) == 1


def test_calm_words_beside_something_urgent_have_to_be_opened_and_in_calm_work_they_have_not(
    ward: Ward, taken: UUID
) -> None:
    write(ward, taken, "Thank you.", ALARM)
    assert history(ward, taken) == ["claimed"]
    urgent = ward.start(topic="side_effect", text="A rash.", now=OPEN)
    claim(ward, urgent, ward.rosa, OPEN)
    write(ward, urgent, "My lips feel thick.", ALARM)
    assert clockwork.escalate(ALARM + MINUTES) == 1


def test_an_owner_who_is_away_is_not_waited_for(ward: Ward, taken: UUID) -> None:
    away(ward, ward.rosa, ward.hana, ALARM)
    write(ward, taken, "Now I can't breathe.", ALARM)
    assert mails() == []
    assert clockwork.pass_on(ALARM) == 1
    assert [to for to, _body in mails()] == [ward.hana.email]
    assert item_of(ward, taken).owner == ward.hana
    assert clockwork.escalate(ALARM + MINUTES) == 1  # the cover has not opened it either
    assert item_of(ward, taken).owner is None


def test_the_minutes_of_a_long_claim_do_not_take_it_away_before_it_can_be_opened(
    ward: Ward, taken: UUID
) -> None:
    late = OPEN + timedelta(minutes=235)
    write(ward, taken, "Now I can't breathe.", late)
    assert clockwork.return_silent(late + timedelta(minutes=10)) == 0
    assert item_of(ward, taken).owner == ward.rosa


def test_urgent_work_that_is_handed_over_has_to_be_opened_by_who_gets_it(ward: Ward) -> None:
    thread = ward.start(topic="side_effect", now=OPEN)
    claim(ward, thread, ward.hana, OPEN)
    hand(ward, thread, ward.hana, ALARM, to=ward.rosa.pk)
    assert [to for to, _body in mails()] == [ward.rosa.email]
    assert clockwork.escalate(ALARM + MINUTES) == 1
    assert history(ward, thread) == ["claimed", "handed_over", "returned", "escalated"]


def test_put_back_after_everybody_was_told_it_is_told_anew(ward: Ward) -> None:
    thread = ward.start(topic="infection", now=OPEN)
    for step in (1, 2, 3):
        assert clockwork.escalate(OPEN + step * MINUTES) == 1
    assert clockwork.escalate(OPEN + 9 * MINUTES) == 0
    claim(ward, thread, ward.rosa, OPEN + 9 * MINUTES)
    assert clockwork.return_silent(OPEN + 30 * MINUTES) == 1
    assert clockwork.escalate(OPEN + 31 * MINUTES) == 1


def test_a_new_message_after_everybody_was_told_begins_anew_and_before_that_it_does_not_delay(
    ward: Ward,
) -> None:
    thread = ward.start(topic="infection", now=OPEN)
    write(ward, thread, "Still hot.", OPEN + timedelta(minutes=29))
    assert clockwork.escalate(OPEN + MINUTES) == 1
    for step in (2, 3):
        assert clockwork.escalate(OPEN + step * MINUTES) == 1
    write(ward, thread, "Still hot.", OPEN + 4 * MINUTES)
    assert clockwork.escalate(OPEN + 4 * MINUTES) == 0
    assert clockwork.escalate(OPEN + 5 * MINUTES) == 1
    assert ward.count(WorkItem) == 1


def test_an_owner_whose_account_is_switched_off_does_not_keep_it(ward: Ward, taken: UUID) -> None:
    User.objects.filter(pk=ward.rosa.pk).update(is_active=False)
    write(ward, taken, "Now I can't breathe.", ALARM)
    assert mails() == []
    assert clockwork.pass_on(ALARM) == 1
    assert item_of(ward, taken).owner is None
    assert clockwork.escalate(ALARM + MINUTES) == 1
    assert [to for to, _body in mails()] == [ward.hana.email]


# --- The clock goes on ------------------------------------------------------------------------------------------


def test_one_item_that_fails_does_not_stop_the_others_and_its_words_are_not_in_the_log(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(clockwork.log, "error", lambda words, *args: said.append(words % args))
    threads = [ward.start(topic="infection", now=OPEN + timedelta(minutes=place)) for place in range(3)]
    real = clockwork.remember

    def fail_for_the_first(item: WorkItem, *args: Any, **more: Any) -> Any:
        if item.thread_id == threads[0]:
            raise RuntimeError("zebra")
        return real(item, *args, **more)

    monkeypatch.setattr(clockwork, "remember", fail_for_the_first)
    later = OPEN + 2 * MINUTES
    assert clockwork.escalate(later) == 2
    assert [item_of(ward, thread).told for thread in threads] == [0, 1, 1]
    assert len(said) == 1
    assert "RuntimeError" in said[0]
    assert "zebra" not in said[0]
    monkeypatch.setattr(clockwork, "remember", real)
    assert clockwork.escalate(later) == 1


@pytest.mark.parametrize("broken", ["pass_on", "return_silent"])
def test_people_are_told_when_another_step_of_the_minute_fails(
    broken: str, ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(now: datetime) -> int:
        raise RuntimeError

    thread = ward.start(topic="infection", now=OPEN)
    fail.__name__ = broken
    monkeypatch.setattr(clockwork, broken, fail)
    clockwork.run(OPEN + MINUTES)
    assert item_of(ward, thread).told == 1


def test_of_more_than_one_run_can_do_the_most_urgent_goes_first(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    calm = [ward.start(topic="visit", now=OPEN) for _ in range(2)]
    urgent = ward.start(topic="side_effect", now=OPEN)
    for thread in (*calm, urgent):
        claim(ward, thread, ward.rosa, OPEN)
    monkeypatch.setattr(clockwork, "AT_ONCE", 1)
    assert clockwork.return_silent(OPEN + timedelta(days=7)) == 1
    assert item_of(ward, urgent).owner is None


def test_put_back_into_the_safety_lane_the_steps_begin_anew(ward: Ward) -> None:
    thread = ward.start(topic="infection", now=OPEN)
    for step in (1, 2, 3):
        assert clockwork.escalate(OPEN + step * MINUTES) == 1
    hand(ward, thread, ward.rosa, OPEN + 4 * MINUTES, lane="administration")
    hand(ward, thread, ward.rosa, OPEN + 5 * MINUTES, lane="safety")
    assert item_of(ward, thread).told == 0
    assert clockwork.escalate(OPEN + 5 * MINUTES) == 0
    assert clockwork.escalate(OPEN + 6 * MINUTES) == 1


# --- Away, and on the rota ------------------------------------------------------------------------------------


def test_on_call_and_away_the_cover_is_told_and_the_rota_says_so(ward: Ward, signed_in: SignIn) -> None:
    from django.utils import timezone

    now = timezone.now()
    on_call(ward, ward.rosa, now - timedelta(hours=1))
    away(ward, ward.rosa, ward.hana, now)
    ward.start(topic="infection", now=now - MINUTES)
    assert clockwork.escalate(now) == 1
    assert [to for to, _body in mails()] == [ward.hana.email]
    html = signed_in(ward.rosa).get(reverse("messaging:rota")).content.decode()
    assert "Hana Sato is on call now" in html
    assert "Rosa Delgado is on the rota and is away." in html


def test_on_call_and_away_without_a_cover_who_is_there_nobody_is_on_call(
    ward: Ward, signed_in: SignIn
) -> None:
    from django.utils import timezone

    now = timezone.now()
    on_call(ward, ward.rosa, now - timedelta(hours=1))
    away(ward, ward.rosa, ward.hana, now)
    away(ward, ward.hana, ward.rosa, now)
    ward.start(topic="infection", now=now - MINUTES)
    assert "Nobody is on call now" in signed_in(ward.rosa).get(reverse("messaging:rota")).content.decode()
    assert clockwork.escalate(now) == 1
    told = {to for to, _body in mails()}
    assert told  # somebody is told, whoever is left
    with ward.system():
        from clinic.cover import there_today
        from portal.lib.time import today_in

        there = {
            person.email
            for person in there_today(ward.world.team.pk, today_in(now, ward.world.site.time_zone))
        }
    assert told == there or not there


def test_leads_who_are_away_are_told_only_when_nobody_is_there(ward: Ward) -> None:
    from clinic.cover import leads_there, there_today
    from portal.lib.time import today_in

    team, day = ward.world.team.pk, today_in(OPEN, ward.world.site.time_zone)
    assert ward.hana in leads_there(team, day)
    away(ward, ward.hana, ward.rosa, OPEN)
    told = leads_there(team, day)
    assert told
    assert ward.hana not in told
    for person in there_today(team, day):
        away(ward, person, ward.hana, OPEN)
    assert ward.hana in leads_there(team, day)
