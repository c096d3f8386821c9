"""A conversation goes to another team that looks after the patient: by hand with a reason, or with the patient when the team has ended."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from clinic.models import Team
from messaging import services
from messaging.models import CallTask, WorkItem, WorkItemEvent
from messaging.services import AlreadyDone, TakenByOther
from messaging.work import clockwork, routing, teams
from patients.models import AuditEvent, Draft, Grant
from patients.services import grant_team
from portal.lib.ids import uuid7
from portal.lib.problems import NotAllowed
from tests.api.asking import call, is_problem
from tests.messaging.test_new_team import close, reply
from tests.messaging.test_routing import item_of, mails, on_call
from tests.messaging.test_taking_back import together
from tests.messaging.ward import Ward, hidden

SignIn = Callable[[User], Client]


@pytest.fixture
def rehab(ward: Ward) -> Team:
    """Peter's team looks after Maya too."""
    with ward.system():
        grant_team(patient=ward.of_maya, team=ward.world.other_team, by=None)
    found: Team = ward.world.other_team
    return found


def hand(ward: Ward, thread_id: UUID, team: Team, by: User | None = None, **more: Any) -> Any:
    by = by or ward.rosa
    given = {"id": uuid7(), "reason": "About her walking, zebra.", "now": timezone.now(), **more}
    with ward.acting(by):
        return teams.hand_to_team(by=by, patient=ward.of_maya, thread_id=thread_id, team_id=team.pk, **given)


def posted(team: Team, **more: str) -> dict[str, str]:
    said = {"draft": str(uuid7()), "draft_version": "0", "to": f"team:{team.pk}", "reason": "Zebra walking."}
    return {**said, **more}


def events(ward: Ward, thread_id: UUID) -> list[WorkItemEvent]:
    with ward.system():
        found = list(WorkItemEvent.objects.for_system().filter(thread_id=thread_id).in_order())
        for row in found:
            assert row.reason is None or row.reason  # opened here, where the key is within reach
        return found


def test_the_other_team_has_it_and_the_patient_sees_who_answers(
    ward: Ward, rehab: Team, signed_in: SignIn
) -> None:
    thread = ward.start()
    ward.claim(thread)
    before = item_of(ward, thread)
    nurse, peter, maya = signed_in(ward.rosa), signed_in(ward.peter), signed_in(ward.maya)
    own = reverse("messaging:thread", args=[thread])
    assert f"Who answers: <strong>{ward.world.team.name}</strong>" in maya.get(own).content.decode()
    url = reverse("messaging:hand-over", args=[ward.of_maya.pk, thread])
    assert f"Team: {rehab.name}" in nurse.get(url).content.decode()
    form = posted(rehab)
    for _twice in range(2):  # the press comes again, as after a lost answer
        done = nurse.post(url, form)
        assert (done.status_code, done["Location"]) == (302, reverse("messaging:work-list"))
    item = item_of(ward, thread)
    assert (item.team_id, item.state, item.owner, item.due_at) == (rehab.pk, "open", None, before.due_at)
    assert ward.thread(thread).team_id == rehab.pk
    assert f"Who answers: <strong>{rehab.name}</strong>" in maya.get(own).content.decode()
    there = reverse("messaging:work-thread", args=[ward.of_maya.pk, thread])
    page = peter.get(there).content.decode()
    assert f"Rosa Delgado handed this to the team “{rehab.name}”" in page
    assert "Zebra walking." in page
    assert nurse.get(there).status_code == 404
    assert (
        "This came from another team" in peter.get(reverse("messaging:work-list") + "?all=1").content.decode()
    )
    assert "Zebra" not in maya.get(own).content.decode()
    assert [row.kind for row in events(ward, thread)] == ["claimed", "handed_over"]
    with ward.system():
        assert AuditEvent.objects.filter(act="thread.handed_over", target=thread).count() == 1
    assert [to for to, _body in mails()] == [ward.peter.email]
    for _to, body in mails():
        assert not any(word in body for word in ("zebra", "Maya", "tired", "infusion", "MS "))


def test_an_answer_that_was_being_written_is_kept_and_says_what_happened(
    ward: Ward, rehab: Team, signed_in: SignIn
) -> None:
    words = "Rest, and eat something first."
    thread = ward.start()
    nurse, args = signed_in(ward.rosa), [ward.of_maya.pk, thread]
    there, answer = reverse("messaging:work-thread", args=args), reverse("messaging:answer", args=args)
    form = nurse.get(there).content.decode()
    hand(ward, thread, rehab, by=ward.hana)
    sent = {"draft": hidden(form, "draft"), "draft_version": "0", "seen": "1", "text": words}
    for _twice in range(2):
        told = nurse.post(answer, sent)
        assert told.status_code == 409
        page = told.content.decode()
        assert "Your answer was not sent" in page
        assert f"The conversation went to the team “{rehab.name}”" in page
        assert words in page
        assert "It is kept as a draft" in page
        assert "I am tired." not in page
        assert reverse("messaging:work-list") in page
        sent["draft_version"] = "1"
    assert ward.texts(thread) == ["I am tired."]
    today = nurse.get(reverse("portal:today")).content.decode()
    assert there in today
    shown = nurse.get(there)
    assert shown.status_code == 200
    assert words in shown.content.decode()
    with ward.acting(ward.rosa):
        (draft,) = Draft.objects.filter(owner=ward.rosa, kind="answer")
    drop = reverse("patients:draft-drop", args=[draft.pk])
    assert drop in shown.content.decode()
    nurse.post(drop)
    assert nurse.get(there).status_code == 404
    # Who never had it open learns nothing of it.
    assert signed_in(ward.hana).post(answer, {**sent, "draft": str(uuid7())}).status_code == 404
    assert ward.texts(thread) == ["I am tired."]


def test_an_answer_is_kept_when_it_goes_while_it_is_being_sent(
    fresh_db: str, ward: Ward, rehab: Team, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    thread = ward.start()
    nurse, args = signed_in(ward.rosa), [ward.of_maya.pk, thread]
    form = nurse.get(reverse("messaging:work-thread", args=args)).content.decode()
    send = services.answer

    def slowly(**given: Any) -> Any:
        together(lambda: hand(ward, thread, rehab, by=ward.hana))
        return send(**given)

    monkeypatch.setattr(services, "answer", slowly)
    sent = {"draft": hidden(form, "draft"), "draft_version": "0", "seen": "1", "text": "Rest."}
    told = nurse.post(reverse("messaging:answer", args=args), sent)
    assert told.status_code == 409
    assert "Rest." in told.content.decode()
    assert ward.texts(thread) == ["I am tired."]
    with ward.acting(ward.rosa):
        assert Draft.objects.filter(owner=ward.rosa, kind="answer").exists()


def test_an_answer_that_was_sent_before_it_was_handed_on_was_sent(
    ward: Ward, rehab: Team, signed_in: SignIn
) -> None:
    thread = ward.start()
    nurse, args = signed_in(ward.rosa), [ward.of_maya.pk, thread]
    form = nurse.get(reverse("messaging:work-thread", args=args)).content.decode()
    sent = {"draft": hidden(form, "draft"), "draft_version": "0", "seen": "1", "text": "Rest."}
    answer = reverse("messaging:answer", args=args)
    assert nurse.post(answer, sent).status_code == 302
    ward.reply(thread, "And then?")
    hand(ward, thread, rehab, by=ward.hana)
    again = nurse.post(answer, sent)  # the press comes again, as after a lost answer
    assert (again.status_code, again["Location"].startswith(reverse("messaging:work-list"))) == (302, True)
    assert ward.texts(thread) == ["I am tired.", "Rest.", "And then?"]
    with ward.acting(ward.rosa):
        assert not Draft.objects.filter(owner=ward.rosa).exists()


def test_a_team_without_a_relation_is_refused_and_not_offered(ward: Ward, signed_in: SignIn) -> None:
    thread = ward.start()
    other = ward.world.other_team
    with pytest.raises(teams.NotTheirTeam, match="does not look after the patient"):
        hand(ward, thread, other)
    nurse = signed_in(ward.rosa)
    url = reverse("messaging:hand-over", args=[ward.of_maya.pk, thread])
    assert "Team: " not in nurse.get(url).content.decode()
    assert nurse.post(url, posted(other)).status_code == 422
    api = f"/api/v1/messaging/threads/{thread}/hand-over/?patient={ward.of_maya.pk}"
    told = call(nurse, "POST", api, {"reason": "A question.", "team": str(other.pk)})
    assert is_problem(told, 422)
    with ward.system():  # a relation that has ended, a team that is not in use
        grant_team(patient=ward.of_maya, team=other, by=None)
        Team.objects.filter(pk=other.pk).update(active=False)
    with pytest.raises(teams.NotTheirTeam):
        hand(ward, thread, other)
    with ward.system():
        Team.objects.filter(pk=other.pk).update(active=True)
        Grant.objects.filter(patient_id=ward.of_maya.pk, team=other).update(revoked_at=timezone.now())
    with pytest.raises(teams.NotTheirTeam):
        hand(ward, thread, other)
    assert item_of(ward, thread).team_id == ward.world.team.pk
    assert events(ward, thread) == []


def test_only_who_has_it_or_when_nobody_has_and_only_with_a_reason(ward: Ward, rehab: Team) -> None:
    thread = ward.start()
    with pytest.raises(routing.NoReason):
        hand(ward, thread, rehab, reason="  ")
    with pytest.raises(NotAllowed):  # Peter looks after Maya, and the conversation is not his team's
        hand(ward, thread, rehab, by=ward.peter)
    for stranger in (ward.maya, ward.jonas, ward.samuel):
        with pytest.raises(NotAllowed):
            hand(ward, thread, rehab, by=stranger)
    ward.claim(thread, by=ward.hana)
    with pytest.raises(TakenByOther):
        hand(ward, thread, rehab)
    ward.answer(thread, by=ward.hana)
    with pytest.raises(AlreadyDone):
        hand(ward, thread, rehab)


def test_a_program_does_it_once_however_often_it_asks(ward: Ward, rehab: Team, signed_in: SignIn) -> None:
    thread = ward.start()
    api = f"/api/v1/messaging/threads/{thread}/hand-over/?patient={ward.of_maya.pk}"
    key, nurse = str(uuid7()), signed_in(ward.rosa)
    for body in ({"to": str(ward.hana.pk)}, {"lane": "logistics"}):
        both = {"reason": "A question.", "team": str(rehab.pk), **body}
        assert is_problem(call(nurse, "POST", api, both), 422)
    for _twice in range(2):
        told = nurse.post(
            api,
            {"reason": "A question.", "team": str(rehab.pk)},
            content_type="application/json",
            headers={"Idempotency-Key": key},
        )
        assert (told.status_code, told.json()["owner"]) == (200, None)
    assert len(events(ward, thread)) == 1
    steps = signed_in(ward.peter).get(
        f"/api/v1/messaging/threads/{thread}/history/?patient={ward.of_maya.pk}"
    )
    (step,) = steps.json()["results"]
    assert (step["kind"], step["reason"]) == ("handed_over", "A question.")
    assert rehab.name in step["words"]


def test_urgent_work_stays_as_urgent_and_the_new_team_is_told_in_its_turn(ward: Ward, rehab: Team) -> None:
    now = timezone.now()
    minutes = ward.world.site.escalate_minutes
    thread = ward.start(topic="side_effect", now=now - timedelta(minutes=3 * minutes))
    for ago in (2, 1, 0):
        clockwork.escalate(now - timedelta(minutes=ago * minutes))
    before = item_of(ward, thread)
    assert before.told == 3
    told = len(mails())
    hand(ward, thread, rehab, now=now)
    after = item_of(ward, thread)
    assert (after.lane, after.due_at, after.told) == ("safety", before.due_at, 0)
    assert after.round == before.round + 1
    assert [to for to, _body in mails()][told:] == [ward.peter.email]
    assert clockwork.escalate(now + timedelta(minutes=minutes)) == 1  # the steps begin anew there
    assert mails()[-1][0] == ward.peter.email


def test_being_handed_on_does_not_put_the_clock_back(ward: Ward, rehab: Team) -> None:
    now = timezone.now()
    thread = ward.start(
        topic="side_effect", now=now - timedelta(minutes=ward.world.site.escalate_minutes - 1)
    )
    hand(ward, thread, rehab, now=now)
    assert clockwork.escalate(now + timedelta(minutes=1)) == 1


def test_an_alarm_that_nobody_opened_goes_along(ward: Ward, rehab: Team) -> None:
    thread = ward.start(topic="side_effect")
    ward.claim(thread)
    ward.reply(thread, "And now I can't breathe.")
    since = item_of(ward, thread).alarm_at
    assert since is not None
    hand(ward, thread, rehab)
    assert item_of(ward, thread).alarm_at == since


def test_whoever_is_on_call_there_is_told_of_urgent_work(ward: Ward, rehab: Team) -> None:
    now = timezone.now()
    on_call(ward, ward.hana, now - timedelta(hours=1))  # of the old team
    thread = ward.start(topic="side_effect", now=now)
    hand(ward, thread, rehab, now=now)
    assert [to for to, _body in mails()] == [ward.peter.email]


def test_open_calls_about_it_go_along(ward: Ward, rehab: Team) -> None:
    thread = ward.start()
    with ward.system():
        CallTask.objects.create(
            patient=ward.of_maya, team=ward.world.team, thread_id=thread, seq=1, reason="unread",
            since=timezone.now(), created_at=timezone.now(),
        )  # fmt: skip
    hand(ward, thread, rehab)
    with ward.system():
        assert CallTask.objects.for_system().get().team_id == rehab.pk


# --- With the patient, when the team has ended ------------------------------------------------------------------


@pytest.mark.parametrize("how", ["not in use", "moved on"])
def test_a_message_that_goes_to_the_new_team_is_in_the_history(
    how: str, ward: Ward, rehab: Team, signed_in: SignIn
) -> None:
    thread = ward.start(topic="side_effect")
    ward.claim(thread)
    due = item_of(ward, thread).due_at
    close(ward, how)
    shown = signed_in(ward.maya).get(reverse("messaging:thread", args=[thread])).content.decode()
    assert f"Send to {rehab.name}" in shown
    assert "Who answers:" not in shown
    assert reply(ward, thread, to_team=rehab.pk).seq == 2
    item = item_of(ward, thread)
    assert (item.team_id, item.owner, item.due_at, item.told) == (rehab.pk, None, due, 0)
    kinds = [(row.kind, row.user_id) for row in events(ward, thread)]
    assert kinds[:2] == [("claimed", ward.rosa.pk), ("handed_over", ward.maya.pk)]
    page = signed_in(ward.peter).get(reverse("messaging:work-thread", args=[ward.of_maya.pk, thread]))
    said = page.content.decode()
    assert f"the message of Maya Lindqvist brought this to the team “{rehab.name}”" in said


def test_what_is_sent_again_is_moved_once(ward: Ward, rehab: Team) -> None:
    thread = ward.start()
    close(ward, "moved on")
    id = uuid7()
    for _twice in range(2):
        with ward.acting(ward.maya):
            services.reply(
                by=ward.maya, patient=ward.of_maya, thread_id=thread, id=id, text="And now?", seen_seq=9,
                now=timezone.now(), to_team=rehab.pk,
            )  # fmt: skip
    assert [row.kind for row in events(ward, thread)] == ["handed_over"]
    with ward.system():
        assert WorkItem.objects.for_system().filter(thread_id=thread).count() == 1
