"""Work that changes hands: handed over with a reason, back from a silent owner, on to who covers, told to who is on call."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import OutgoingMail, User
from accounts.services import open_mail
from clinic import cover
from clinic.models import OnCall
from messaging import services
from messaging.models import WorkItem, WorkItemEvent
from messaging.services import Away, TakenByOther
from messaging.work import clockwork, routing
from portal.lib.ids import uuid7
from portal.lib.time import today_in
from tests.api.asking import call, is_problem
from tests.messaging.ward import OPEN, Ward

SignIn = Callable[[User], Client]
EVENING = datetime.fromisoformat(
    "2026-11-18T21:55:00+00:00"
)  # Wednesday 16:55 in New York, five minutes before closing


def item_of(ward: Ward, thread_id: UUID) -> WorkItem:
    with ward.system():
        return WorkItem.objects.for_system().select_related("owner").filter(thread_id=thread_id).latest("id")


def history(ward: Ward, thread_id: UUID) -> list[str]:
    with ward.system():
        rows = WorkItemEvent.objects.for_system().filter(thread_id=thread_id).in_order()
        return [row.kind for row in rows]


def claim(ward: Ward, thread_id: UUID, by: User, now: datetime, **more: Any) -> None:
    with ward.acting(by):
        services.claim(by=by, patient=ward.of_maya, thread_id=thread_id, id=uuid7(), now=now, **more)


def hand(ward: Ward, thread_id: UUID, by: User, now: datetime | None = None, **to: Any) -> None:
    with ward.acting(by):
        routing.hand_over(
            by=by,
            patient=ward.of_maya,
            thread_id=thread_id,
            id=uuid7(),
            reason="You know her better.",
            now=now or timezone.now(),
            **to,
        )


def on_call(ward: Ward, user: User, start: datetime, hours: int = 12) -> OnCall:
    return cover.put_on_call(
        by=ward.hana,
        team=ward.world.team,
        user=user,
        starts_at=start,
        ends_at=start + timedelta(hours=hours),
        id=uuid7(),
    )


def away(ward: Ward, user: User, covers: User, now: datetime, days: int = 2) -> None:
    today = today_in(now, ward.world.site.time_zone)
    cover.enter_absence(
        by=user,
        team=ward.world.team,
        user=user,
        cover=covers,
        starts_on=today,
        ends_on=today + timedelta(days=days),
        id=uuid7(),
    )


def mails() -> list[tuple[str, str]]:
    rows = OutgoingMail.objects.filter(kind=clockwork.KIND).order_by("created_at")
    found = [open_mail(row) for row in rows]
    return [(row["to"], row["body"]) for row in found if row is not None]


# --- Handing over ------------------------------------------------------------------------------------------


def test_handed_to_a_colleague_with_a_reason_that_the_team_reads_and_the_patient_does_not(
    ward: Ward, signed_in: SignIn
) -> None:
    thread = ward.start()
    ward.claim(thread)
    before = item_of(ward, thread)
    url = reverse("messaging:hand-over", args=[ward.of_maya.pk, thread])
    page = signed_in(ward.rosa).get(url)
    assert page.status_code == 200
    posted = {
        "draft": str(uuid7()),
        "draft_version": "0",
        "to": f"user:{ward.hana.pk}",
        "reason": "Needs a doctor, zebra.",
    }
    assert signed_in(ward.rosa).post(url, posted).status_code == 302
    item = item_of(ward, thread)
    assert (item.owner, item.state, item.due_at) == (ward.hana, "claimed", before.due_at)
    html = (
        signed_in(ward.hana)
        .get(reverse("messaging:work-thread", args=[ward.of_maya.pk, thread]))
        .content.decode()
    )
    assert "Rosa Delgado handed this to" in html
    assert "zebra" in html
    theirs = signed_in(ward.maya).get(reverse("messaging:thread", args=[thread])).content.decode()
    assert "zebra" not in theirs
    with ward.acting(ward.maya):
        assert not WorkItemEvent.objects.all().exists()  # the database says the same


def test_handed_to_the_safety_lane_the_promise_comes_forward_and_otherwise_it_stands(ward: Ward) -> None:
    thread = ward.start(now=OPEN)
    promised = item_of(ward, thread).due_at
    hand(ward, thread, ward.rosa, OPEN, lane="administration")
    item = item_of(ward, thread)
    assert (item.lane, item.priority, item.due_at, item.owner) == ("administration", 1, promised, None)
    hand(ward, thread, ward.rosa, OPEN, lane="safety")
    item = item_of(ward, thread)
    assert (item.lane, item.priority, item.due_at) == ("safety", 0, OPEN + timedelta(minutes=60))
    assert history(ward, thread) == ["handed_over", "handed_over"]


def test_what_a_colleague_has_cannot_be_handed_over_and_nobody_outside_the_team_gets_it(ward: Ward) -> None:
    thread = ward.start()
    ward.claim(thread, ward.rosa)
    with pytest.raises(TakenByOther):
        hand(ward, thread, ward.hana, to=ward.rosa.pk)
    with pytest.raises(routing.NoSuchColleague):
        hand(ward, thread, ward.rosa, to=ward.peter.pk)
    with pytest.raises(routing.NoSuchColleague):
        hand(ward, thread, ward.rosa, to=ward.maya.pk)
    assert item_of(ward, thread).owner == ward.rosa


def test_every_step_is_in_the_history(ward: Ward) -> None:
    thread = ward.start()
    ward.claim(thread, ward.rosa)
    with ward.acting(ward.rosa):
        services.release(by=ward.rosa, patient=ward.of_maya, thread_id=thread, id=uuid7())
    ward.claim(thread, ward.hana)
    ward.answer(thread, by=ward.hana)
    ward.reply(thread)
    with ward.acting(ward.maya):
        services.close_thread(
            by=ward.maya, patient=ward.of_maya, thread_id=thread, id=uuid7(), seen_seq=99, now=timezone.now()
        )
    assert history(ward, thread) == ["claimed", "released", "claimed", "answered", "closed"]


# --- Silent owners -----------------------------------------------------------------------------------------------


def test_a_silent_owner_loses_it_after_open_minutes_only(ward: Ward) -> None:
    thread = ward.start(now=EVENING)
    claim(ward, thread, ward.rosa, EVENING)
    # 5 minutes on Wednesday, 4 h on Thursday 8:00 to 12:00 less 5 minutes: 11:55 in New York.
    due = datetime.fromisoformat("2026-11-19T16:55:00+00:00")
    assert clockwork.return_silent(due - timedelta(minutes=1)) == 0
    assert clockwork.return_silent(due) == 1
    assert clockwork.return_silent(due) == 0
    item = item_of(ward, thread)
    assert (item.state, item.owner) == ("open", None)
    assert history(ward, thread) == ["claimed", "returned"]


def test_a_note_is_an_act_and_urgent_work_counts_every_minute(ward: Ward) -> None:
    thread, urgent = ward.start(now=OPEN), ward.start(now=EVENING, topic="side_effect")
    claim(ward, thread, ward.rosa, OPEN)
    claim(ward, urgent, ward.rosa, EVENING)
    with ward.acting(ward.rosa):
        services.add_note(
            by=ward.rosa, patient=ward.of_maya, thread_id=thread, id=uuid7(), text="Asked.",
            now=OPEN + timedelta(hours=3, minutes=30),
        )  # fmt: skip
    assert clockwork.return_silent(OPEN + timedelta(hours=5)) == 0
    assert clockwork.return_silent(EVENING + timedelta(hours=4)) == 1  # at night
    assert item_of(ward, urgent).owner is None


# --- Away ---------------------------------------------------------------------------------------------------------


def test_who_is_away_gets_nothing_new_and_the_cover_has_the_rest(ward: Ward, signed_in: SignIn) -> None:
    now = timezone.now()
    mine, free = ward.start(), ward.start()
    ward.claim(mine, ward.rosa)
    away(ward, ward.rosa, ward.hana, now)
    assert clockwork.pass_on(now) == 1
    assert clockwork.pass_on(now) == 0
    assert item_of(ward, mine).owner == ward.hana
    assert history(ward, mine) == ["claimed", "covered"]
    with pytest.raises(Away):
        claim(ward, free, ward.rosa, now)
    with pytest.raises(routing.NoSuchColleague):
        hand(ward, free, ward.hana, to=ward.rosa.pk)
    html = signed_in(ward.hana).get(reverse("messaging:rota")).content.decode()
    assert "is away now" in html


def test_who_covers_and_is_away_as_well_has_nothing_it_goes_back_to_the_team(ward: Ward) -> None:
    now = timezone.now()
    thread = ward.start()
    ward.claim(thread, ward.rosa)
    away(ward, ward.rosa, ward.hana, now)
    away(ward, ward.hana, ward.rosa, now)
    assert clockwork.pass_on(now) == 1
    assert item_of(ward, thread).owner is None


# --- Escalation ---------------------------------------------------------------------------------------------------


def test_urgent_and_nobodys_goes_up_step_by_step_at_night_without_a_word_about_health(ward: Ward) -> None:
    thread = ward.start(topic="side_effect", text="A rash, zebra.", now=EVENING)
    on_call(ward, ward.rosa, EVENING)
    minutes = timedelta(minutes=30)
    assert clockwork.escalate(EVENING + timedelta(minutes=29)) == 0
    assert mails() == []
    assert clockwork.escalate(EVENING + minutes) == 1
    assert clockwork.escalate(EVENING + minutes) == 0
    assert [to for to, _body in mails()] == [ward.rosa.email]
    assert clockwork.escalate(EVENING + 2 * minutes) == 1
    assert [to for to, _body in mails()][1:] == [ward.rosa.email, ward.hana.email]
    assert clockwork.escalate(EVENING + 3 * minutes) == 1
    assert clockwork.escalate(EVENING + 9 * minutes) == 0  # after the whole team it stands on Today
    assert history(ward, thread) == ["escalated"] * 3
    for _to, body in mails():
        for word in ("zebra", "rash", "Maya", "infusion", "side effect", "MS", "message from"):
            assert word not in body


def test_nobody_on_call_is_said_plainly_and_the_leads_are_told(ward: Ward, signed_in: SignIn) -> None:
    ward.start(topic="infection", now=EVENING)
    assert clockwork.escalate(EVENING + timedelta(minutes=31)) == 1
    assert [to for to, _body in mails()] == [ward.hana.email]
    html = signed_in(ward.rosa).get(reverse("messaging:rota")).content.decode()
    assert "Nobody is on call now" in html
    assert ward.world.site.after_hours_phone in html


def test_who_has_left_the_team_is_not_told_whatever_the_rota_says(ward: Ward) -> None:
    ward.start(topic="infection", now=EVENING)
    on_call(ward, ward.rosa, EVENING)
    ward.rosa.team_memberships.update(ends_on=EVENING.date() - timedelta(days=3))
    assert clockwork.escalate(EVENING + timedelta(minutes=31)) == 1
    assert [to for to, _body in mails()] == [ward.hana.email]


def test_taken_on_in_time_nobody_is_told(ward: Ward) -> None:
    urgent, calm = ward.start(topic="infection", now=EVENING), ward.start(topic="visit", now=EVENING)
    claim(ward, urgent, ward.rosa, EVENING + timedelta(minutes=10))
    assert clockwork.escalate(EVENING + timedelta(hours=3)) == 0
    assert history(ward, calm) == []


# --- Races ----------------------------------------------------------------------------------------------------------


def together(*acts: Callable[[], Any]) -> list[Any]:
    """Run the acts at once, each on a connection of its own; what each gave or raised."""
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


def test_two_workers_at_once_tell_once(fresh_db: str, ward: Ward) -> None:
    threads = [ward.start(topic="infection", now=EVENING) for _ in range(4)]
    on_call(ward, ward.rosa, EVENING)
    late = EVENING + timedelta(minutes=31)
    results = together(*[lambda: clockwork.escalate(late)] * 4)
    clockwork.escalate(late)  # what was locked a moment ago is done by the next run
    assert not [result for result in results if isinstance(result, Exception)]
    assert [history(ward, thread) for thread in threads] == [["escalated"]] * 4
    assert len(mails()) == 4


def test_a_worker_that_dies_in_between_has_told_nobody_and_the_next_one_tells_once(
    fresh_db: str, ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    thread = ward.start(topic="infection", now=EVENING)
    on_call(ward, ward.rosa, EVENING)
    late = EVENING + timedelta(minutes=31)

    class Killed(BaseException):
        """Not an error of the item: the whole process goes."""

    def dies(*args: Any, **more: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(clockwork, "record_change", dies)  # after the mail was queued and the step written
        with pytest.raises(Killed):
            clockwork.escalate(late)
    assert (history(ward, thread), mails()) == ([], [])
    assert clockwork.escalate(late) == 1
    assert (history(ward, thread), len(mails())) == (["escalated"], 1)


def test_claims_hand_overs_and_the_job_at_once_leave_one_owner_and_a_history_that_says_so(
    fresh_db: str, ward: Ward
) -> None:
    for _round in range(3):
        _all_at_once(ward, ward.start(now=EVENING), EVENING + timedelta(days=2))


def _all_at_once(ward: Ward, thread: UUID, later: datetime) -> None:
    claim(ward, thread, ward.rosa, EVENING)
    together(
        lambda: clockwork.return_silent(later),
        lambda: hand(ward, thread, ward.rosa, later, to=ward.hana.pk),
        lambda: claim(ward, thread, ward.hana, later),
        lambda: claim(ward, thread, ward.rosa, later, take_over=True),
        lambda: clockwork.return_silent(later),
    )
    assert item_of(ward, thread).owner == owner_by(ward, thread)
    assert ward.count(WorkItem, thread_id=thread) == 1


def owner_by(ward: Ward, thread: UUID) -> User | None:
    """Who has it when the history is played from the start."""
    owner: User | None = None
    with ward.system():
        for row in WorkItemEvent.objects.for_system().filter(thread_id=thread).in_order():
            owner = {"claimed": row.user, "handed_over": row.other}.get(row.kind)
    return owner


@pytest.mark.parametrize("both", [True, False])
def test_a_program_names_a_colleague_or_a_lane_and_not_both_or_none(
    ward: Ward, signed_in: SignIn, both: bool
) -> None:
    thread = ward.start()
    path = f"/api/v1/messaging/threads/{thread}/hand-over/?patient={ward.of_maya.pk}"
    body = {"reason": "A question.", **({"to": str(ward.hana.pk), "lane": "logistics"} if both else {})}
    told = call(signed_in(ward.rosa), "POST", path, body)
    assert is_problem(told, 422)
    assert "one of them" in told.json()["title"]
    assert item_of(ward, thread).state == "open"


@pytest.mark.parametrize("reason", ["", "   ", "\n\t"])
def test_nothing_is_handed_over_without_a_reason(ward: Ward, signed_in: SignIn, reason: str) -> None:
    thread = ward.start()
    path = f"/api/v1/messaging/threads/{thread}/hand-over/?patient={ward.of_maya.pk}"
    told = call(signed_in(ward.rosa), "POST", path, {"reason": reason, "to": str(ward.hana.pk)})
    assert is_problem(told, 400)
    with ward.acting(ward.rosa), pytest.raises(routing.NoReason):
        routing.hand_over(
            by=ward.rosa, patient=ward.of_maya, thread_id=thread, id=uuid7(), reason=reason,
            to=ward.hana.pk, now=timezone.now(),
        )  # fmt: skip
    assert item_of(ward, thread).owner is None
