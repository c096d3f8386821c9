"""The work list: order, lanes, claiming, handing back, finishing; two people at once."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from messaging import services
from messaging.models import Thread, WorkItem
from messaging.topics import LANE_OF, Lane, Topic
from portal.lib.ids import uuid7
from portal.lib.problems import NotAllowed
from tests.messaging.ward import Ward

SignIn = Callable[[User], Client]


def item_of(ward: Ward, thread_id: Any) -> WorkItem:
    with ward.system():
        found: WorkItem | None = (
            WorkItem.objects.for_system().filter(thread_id=thread_id).order_by("-id").first()
        )
    assert found is not None
    return found


def post(client: Client, name: str, ward: Ward, thread_id: Any, **fields: str) -> Any:
    url = reverse(f"messaging:{name}", args=[ward.of_maya.pk, thread_id])
    return client.post(url, {"once": str(uuid7()), **fields})


@pytest.mark.parametrize("topic", Topic.values)
def test_each_topic_has_its_lane(topic: str, ward: Ward) -> None:
    item = item_of(ward, ward.start(topic=topic))
    assert item.lane == LANE_OF[topic]
    assert item.priority == (0 if item.lane == Lane.SAFETY else 1)


def test_safety_stands_first_and_then_what_is_due_first(ward: Ward, signed_in: SignIn) -> None:
    now = timezone.now()
    ward.start(topic="letter", text="Newest.", now=now)
    ward.start(topic="visit", text="Oldest.", now=now - timedelta(days=9))
    ward.start(ward.samuel, ward.of_samuel, topic="side_effect", text="A rash.", now=now)
    html = signed_in(ward.rosa).get(reverse("messaging:work-list")).content.decode()
    assert html.index("A rash.") < html.index("Oldest.") < html.index("Newest.")
    assert "Late: was due" in html


def test_filters_are_links_with_true_counts(ward: Ward, signed_in: SignIn) -> None:
    ward.start(topic="letter", text="Paper.")
    clinical = ward.start(topic="feeling", text="Tired.")
    ward.claim(clinical)
    nurse = signed_in(ward.rosa)
    everything = nurse.get(reverse("messaging:work-list")).content.decode()
    for words in ("All (2)", "Safety (0)", "Clinical (1)", "Office (1)", "Mine (1)"):
        assert words in everything
    office = nurse.get(reverse("messaging:work-list") + "?lane=administration").content.decode()
    assert "Paper." in office
    assert "Tired." not in office
    mine = nurse.get(reverse("messaging:work-list") + "?mine=1").content.decode()
    assert "Paper." not in mine
    assert "Tired." in mine
    assert nurse.get(reverse("messaging:work-list") + "?lane=nonsense&page=-3").status_code == 200


def test_an_empty_list_says_so(ward: Ward, signed_in: SignIn) -> None:
    assert (
        "Nothing to do here right now."
        in signed_in(ward.rosa).get(reverse("messaging:work-list")).content.decode()
    )


def test_claiming_and_handing_back(ward: Ward, signed_in: SignIn) -> None:
    thread_id = ward.start()
    nurse = signed_in(ward.rosa)
    assert post(nurse, "claim", ward, thread_id).status_code == 302
    item = item_of(ward, thread_id)
    assert (item.state, item.owner_id) == ("claimed", ward.rosa.pk)
    assert "With the team" in signed_in(ward.maya).get(reverse("messaging:list")).content.decode()
    assert post(nurse, "release", ward, thread_id).status_code == 302
    item = item_of(ward, thread_id)
    assert (item.state, item.owner_id, item.claimed_at) == ("open", None, None)
    assert "Sent" in signed_in(ward.maya).get(reverse("messaging:list")).content.decode()


def test_the_second_one_is_told_who_has_it(ward: Ward, signed_in: SignIn) -> None:
    thread_id = ward.start()
    ward.claim(thread_id, ward.hana)
    told = post(signed_in(ward.rosa), "claim", ward, thread_id)
    assert told.status_code == 409
    assert "Hana Sato has this already." in told.content.decode()
    assert item_of(ward, thread_id).owner_id == ward.hana.pk


@pytest.mark.parametrize("name", ["release", "finish", "answer"])
def test_what_a_colleague_has_is_left_alone(name: str, ward: Ward, signed_in: SignIn) -> None:
    thread_id = ward.start()
    ward.claim(thread_id, ward.hana)
    told = post(signed_in(ward.rosa), name, ward, thread_id, seen="1", outcome="arranged", text="Hello.")
    assert told.status_code == 409
    assert "Hana Sato has this already." in told.content.decode()
    item = item_of(ward, thread_id)
    assert (item.state, item.owner_id) == ("claimed", ward.hana.pk)


def test_taking_over_is_a_press_of_its_own(ward: Ward, signed_in: SignIn) -> None:
    thread_id = ward.start()
    ward.claim(thread_id, ward.hana)
    nurse = signed_in(ward.rosa)
    page = nurse.get(reverse("messaging:work-thread", args=[ward.of_maya.pk, thread_id])).content.decode()
    assert "Take over from Hana Sato" in page
    assert "Send answer" not in page
    assert post(nurse, "claim", ward, thread_id, take_over="1").status_code == 302
    assert item_of(ward, thread_id).owner_id == ward.rosa.pk


@pytest.mark.parametrize(
    ("outcome", "words"), [("no_reply", "No reply needed"), ("arranged", "Done without a message")]
)
def test_finishing_without_an_answer(outcome: str, words: str, ward: Ward, signed_in: SignIn) -> None:
    thread_id = ward.start()
    nurse = signed_in(ward.rosa)
    assert post(nurse, "finish", ward, thread_id, seen="1", outcome=outcome).status_code == 302
    item = item_of(ward, thread_id)
    assert (item.state, item.outcome, item.owner_id) == ("done", outcome, ward.rosa.pk)
    page = nurse.get(reverse("messaging:work-thread", args=[ward.of_maya.pk, thread_id])).content.decode()
    assert words in page
    assert "Read by the team" in signed_in(ward.maya).get(reverse("messaging:list")).content.decode()
    again = post(nurse, "finish", ward, thread_id, seen="1", outcome=outcome)
    assert again.status_code == 409
    assert "This is done already." in again.content.decode()


@pytest.mark.parametrize("outcome", ["", "answered", "withdrawn", "x" * 500, "\x00"])
def test_only_two_ways_to_finish(outcome: str, ward: Ward, signed_in: SignIn) -> None:
    thread_id = ward.start()
    assert post(signed_in(ward.rosa), "finish", ward, thread_id, seen="1", outcome=outcome).status_code == 400


@pytest.mark.parametrize("name", ["claim", "release", "finish"])
@pytest.mark.parametrize("once", ["", "x", "\x00", "1" * 36])
def test_an_act_without_an_id_is_a_bad_request(name: str, once: str, ward: Ward, signed_in: SignIn) -> None:
    thread_id = ward.start()
    answer = post(signed_in(ward.rosa), name, ward, thread_id, once=once, seen="1", outcome="no_reply")
    assert answer.status_code == 400


@pytest.mark.parametrize("name", ["claim", "release", "finish", "answer", "note"])
@pytest.mark.parametrize("who", ["maya", "jonas", "samuel", "peter"])
def test_only_the_team_works_on_it(name: str, who: str, ward: Ward, signed_in: SignIn) -> None:
    thread_id = ward.start()
    answer = post(
        signed_in(getattr(ward, who)), name, ward, thread_id, seen="1", outcome="no_reply", text="Hello."
    )
    assert answer.status_code == 404
    assert item_of(ward, thread_id).state == "open"
    assert ward.texts(thread_id) == ["I am tired."]


@pytest.mark.parametrize("act", ["claim", "release"])
@pytest.mark.parametrize("who", ["maya", "jonas", "peter"])
def test_the_services_ask_themselves(act: str, who: str, ward: Ward) -> None:
    thread_id = ward.start()
    by = getattr(ward, who)
    more = {"now": timezone.now()} if act == "claim" else {}
    with pytest.raises(NotAllowed), ward.acting(by):
        getattr(services, act)(by=by, patient=ward.of_maya, thread_id=thread_id, id=uuid7(), **more)


def test_after_the_last_one_next_one_is_offered(ward: Ward, signed_in: SignIn) -> None:
    thread_id, other = ward.start(), ward.start(ward.samuel, ward.of_samuel, topic="visit")
    ward.answer(thread_id)
    page = signed_in(ward.rosa).get(reverse("messaging:work-thread", args=[ward.of_maya.pk, thread_id]))
    assert "Next one: My infusion or appointment, Samuel Okafor" in page.content.decode()
    assert str(other) in page.content.decode()


def test_a_new_message_brings_the_work_back_once(ward: Ward) -> None:
    thread_id = ward.start()
    ward.answer(thread_id)
    ward.reply(thread_id, "Thank you, but it is worse.")
    ward.reply(thread_id, "Much worse.")
    with ward.system():
        states = (
            WorkItem.objects.for_system()
            .filter(thread_id=thread_id)
            .order_by("id")
            .values_list("state", flat=True)
        )
        assert list(states) == ["done", "open"]


def test_the_patient_takes_a_question_back(ward: Ward, signed_in: SignIn) -> None:
    thread_id = ward.start()
    client = signed_in(ward.maya)
    page = client.get(reverse("messaging:thread", args=[thread_id])).content.decode()
    assert "I don’t need an answer any more" in page
    assert (
        client.post(reverse("messaging:close", args=[thread_id]), {"once": str(uuid7())}).status_code == 302
    )
    assert item_of(ward, thread_id).outcome == "withdrawn"
    assert "Closed" in client.get(reverse("messaging:thread", args=[thread_id])).content.decode()
    assert "Nothing to do" in signed_in(ward.rosa).get(reverse("messaging:work-list")).content.decode()
    ward.reply(thread_id, "Now I do after all.")
    assert ward.thread(thread_id).state == "open"
    assert item_of(ward, thread_id).state == "open"


@pytest.mark.parametrize("who", ["samuel", "peter", "rosa"])
def test_others_cannot_take_it_back(who: str, ward: Ward, signed_in: SignIn) -> None:
    thread_id = ward.start()
    for url in (
        reverse("messaging:close", args=[thread_id]),
        reverse("messaging:patient-close", args=[ward.of_maya.pk, thread_id]),
    ):
        assert signed_in(getattr(ward, who)).post(url, {"once": str(uuid7())}).status_code == 404
    assert item_of(ward, thread_id).state == "open"


def test_two_nurses_claim_at_once_and_one_has_it(fresh_db: str, ward: Ward) -> None:
    thread_id = ward.start()
    people, barrier = [ward.rosa, ward.hana] * 4, threading.Barrier(8)
    outcomes: list[Any] = []

    def run(person: User) -> None:
        try:
            barrier.wait(30)
            ward.claim(thread_id, person)
            outcomes.append(person.pk)
        except Exception as error:  # noqa: BLE001 - the test looks at all of them
            outcomes.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[person]) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    owner = item_of(ward, thread_id).owner_id
    assert {outcome for outcome in outcomes if not isinstance(outcome, Exception)} == {owner}
    refused = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert len(refused) == 4
    assert all(isinstance(error, services.TakenByOther) and error.owner.pk == owner for error in refused)


def test_the_database_holds_one_open_item_per_conversation(ward: Ward) -> None:
    thread_id = ward.start()
    item = item_of(ward, thread_id)
    item.pk = uuid7()
    with pytest.raises(IntegrityError, match="work_one_open_per_thread"), ward.system(), transaction.atomic():
        item.save(force_insert=True)


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"state": "claimed"}, "work_state_says_who_and_how"),
        ({"state": "done"}, "work_state_says_who_and_how"),
        ({"outcome": "answered"}, "work_state_says_who_and_how"),
        ({"lane": "surgery"}, "work_"),
        ({"priority": 0}, "work_safety_first"),
    ],
)
def test_the_database_refuses_states_that_cannot_be(
    change: dict[str, Any], constraint: str, ward: Ward
) -> None:
    item = item_of(ward, ward.start())
    with pytest.raises(IntegrityError, match=constraint), ward.system(), transaction.atomic():
        WorkItem.objects.for_system().filter(pk=item.pk).update(**change)


def test_the_trail_says_who_saw_the_list(ward: Ward, signed_in: SignIn) -> None:
    from patients.models import AuditEvent

    ward.start()
    ward.start(text="Second.")
    signed_in(ward.rosa).get(reverse("messaging:work-list"))
    with ward.acting(ward.maya):
        events = AuditEvent.objects.for_user(ward.maya).filter(act="worklist.view")
        assert [event.user_id for event in events] == [ward.rosa.pk]


def test_a_thread_to_a_patient_without_a_team_is_refused_in_words(ward: Ward, signed_in: SignIn) -> None:
    from patients.models import Grant

    with ward.system():
        Grant.objects.filter(patient=ward.of_maya, kind="team").update(revoked_at=timezone.now())
    told = signed_in(ward.maya).post(
        reverse("messaging:new"),
        {"draft": str(uuid7()), "draft_version": "0", "topic": "visit", "text": "Hello?"},
    )
    assert told.status_code == 422
    assert "No team is linked to you yet." in told.content.decode()
    assert "Hello?</textarea>" in told.content.decode()
    assert ward.count(Thread) == 0


def test_filters_combine_and_their_counts_are_what_they_show(ward: Ward, signed_in: SignIn) -> None:
    late = timezone.now() - timedelta(days=20)
    ward.claim(ward.start(topic="letter"))
    ward.start(topic="letter", now=late)
    ward.start(topic="feeling", now=late)
    ward.claim(ward.start(topic="feeling"), ward.hana)
    nurse = signed_in(ward.rosa)
    url: str | None = reverse("messaging:work-list")
    tried, todo = set(), [url]
    while todo:
        url = todo.pop()
        if url in tried:
            continue
        tried.add(url)
        response = nurse.get(url)
        shown = len(response.context["rows"])
        for group in response.context["filters"]:
            current = [link for link in group["links"] if link["current"]]
            assert [link["count"] for link in current] == [shown]
            todo += [link["url"] for link in group["links"]]
    assert len(tried) == 5 * 3 * 2


def test_the_list_says_why_something_is_back(ward: Ward, signed_in: SignIn) -> None:
    from messaging.work import clockwork

    thread = ward.start(now=timezone.now() - timedelta(days=30))
    with ward.acting(ward.rosa):
        services.claim(
            by=ward.rosa, patient=ward.of_maya, thread_id=thread, id=uuid7(), now=timezone.now() - timedelta(days=29)
        )  # fmt: skip
    assert clockwork.return_silent(timezone.now()) == 1
    html = signed_in(ward.hana).get(reverse("messaging:work-list")).content.decode()
    assert "Back to the team: Rosa Delgado had it" in html


def next_link(html: str) -> str:
    """The address behind "Next one" on a page, and that the keyboard stands on it."""
    found = re.search(r'<a class="action-link" href="([^"]+)" autofocus>', html)
    assert found is not None, "no next one"
    assert "Next one:" in html
    return found[1].replace("&amp;", "&")


@pytest.mark.parametrize("name", ["claim", "finish", "answer", "release", "hand-over"])
def test_after_each_act_comes_the_next_one_of_the_list_the_person_came_from(
    name: str, ward: Ward, signed_in: SignIn
) -> None:
    first = ward.start(topic="letter")
    elsewhere = ward.start(topic="visit")
    second = ward.start(ward.samuel, ward.of_samuel, topic="letter")
    nurse = signed_in(ward.rosa)
    page = nurse.get(reverse("messaging:work-list"), {"lane": "administration"}).content.decode()
    opened = reverse("messaging:work-thread", args=[ward.of_maya.pk, first]) + "?list=administration.all.all"
    assert opened in page
    shown = nurse.get(opened).content.decode()
    url = reverse(f"messaging:{name}", args=[ward.of_maya.pk, first]) + "?list=administration.all.all"
    if name == "release":
        ward.claim(first)
        shown = nurse.get(opened).content.decode()
    assert url in shown
    assert reverse("messaging:work-list") + "?lane=administration" in shown  # the way back is the same list
    data = {"once": str(uuid7()), "seen": "1", "outcome": "no_reply", "text": "Hello.", "draft_version": "0"}
    data |= {"draft": str(uuid7()), "to": "lane:clinical", "reason": "Not ours."}
    done = nurse.post(url, data)
    assert done.status_code == 302, done.content
    after = nurse.get(done["Location"]).content.decode()
    assert next_link(after).startswith(reverse("messaging:work-thread", args=[ward.of_samuel.pk, second]))
    assert "list=administration.all.all" in next_link(after)
    assert str(elsewhere) not in next_link(after)


def test_who_goes_on_goes_on_down_the_list_and_urgent_work_comes_between(
    ward: Ward, signed_in: SignIn
) -> None:
    now = timezone.now()
    ids = [ward.start(topic="letter", now=now - timedelta(days=9 - number)) for number in range(3)]
    nurse = signed_in(ward.rosa)

    def after_putting_back(thread_id: UUID) -> str:
        ward.claim(thread_id)
        went = post(nurse, "release", ward, thread_id)
        return next_link(nurse.get(went["Location"]).content.decode())

    assert str(ids[2]) in after_putting_back(ids[1])
    assert str(ids[0]) in after_putting_back(ids[2])  # and from the top again
    urgent = ward.start(topic="side_effect")
    assert str(urgent) in after_putting_back(ids[1])


@pytest.mark.parametrize("code", ["", "x", "clinical", "a.b.c.d.e", ".." * 200, "%00"])
def test_an_odd_list_in_the_address_is_the_whole_list(code: str, ward: Ward, signed_in: SignIn) -> None:
    thread_id = ward.start(topic="letter")
    url = reverse("messaging:work-thread", args=[ward.of_maya.pk, thread_id])
    assert signed_in(ward.rosa).get(f"{url}?list={code}&did=1").status_code in (200, 400)


def test_the_patient_stands_beside_the_conversation(ward: Ward, signed_in: SignIn) -> None:
    """Each part of the summary that belongs beside a conversation is drawn there: without it nobody sees the medicines while answering."""
    thread_id = ward.start()
    page = signed_in(ward.rosa).get(reverse("messaging:work-thread", args=[ward.of_maya.pk, thread_id]))
    panels = {panel.template for panel in page.context["panels"]}
    assert "treatment/cards/summary.html" in panels
    assert panels <= {template.name for template in page.templates}
