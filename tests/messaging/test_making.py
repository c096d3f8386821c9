"""What is made out of a conversation: each once, on the trail, and seen by whom it concerns."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from messaging.composing import making
from messaging.models import MadeFrom, OpenItem, Thread
from patients.models import AuditEvent
from patients.questions import questions_of
from patients.services import DifferentContent, grant_carer
from portal.lib.contributions import Registry
from portal.lib.ids import uuid7
from portal.lib.problems import NotAllowed
from tests.messaging.ward import Ward, hidden
from tests.treatment.conftest import book_chair
from treatment.models import Dose, Protocol
from treatment.protocols.loading import load_protocols
from treatment.services import next_dose, sign_order


def item(ward: Ward, thread: UUID, *, owner: str = "you", id: UUID | None = None, by: Any = None) -> UUID:
    by = by or ward.rosa
    with ward.acting(by):
        done = making.make_open_item(
            by=by, patient=ward.of_maya, thread_id=thread, id=id or uuid7(), words="Bring the form",
            owner=owner, now=timezone.now(),
        )  # fmt: skip
    assert done.result is not None
    return done.result


def question(ward: Ward, thread: UUID) -> UUID:
    with ward.acting(ward.rosa):
        done = making.offer_question(
            by=ward.rosa, patient=ward.of_maya, thread_id=thread, id=uuid7(), words="Which vaccine suits me?",
            now=timezone.now(),
        )  # fmt: skip
    assert done.result is not None
    return done.result


def settle(ward: Ward, by: Any, made: UUID, *, yes: bool = True) -> None:
    with ward.acting(by):
        making.settle(by=by, patient=ward.of_maya, made_id=made, yes=yes, id=uuid7(), now=timezone.now())


def lines(ward: Ward, user: Any) -> list[tuple[str, bool]]:
    with ward.acting(user):
        found = making.before_dose(user, ward.of_maya, None, timezone.now())
        return [(line["label"], line["done"]) for line in found]


def test_something_to_do_stands_before_the_dose_until_it_is_done(ward: Ward) -> None:
    thread, id = ward.start(), uuid7()
    made = item(ward, thread, id=id)
    assert item(ward, thread, id=id) == made
    assert ward.count(OpenItem) == 1
    with pytest.raises(DifferentContent):
        item(ward, thread, id=id, owner="team")
    assert lines(ward, ward.maya) == lines(ward, ward.rosa) == [("Bring the form", False)]
    settle(ward, ward.maya, made)
    assert lines(ward, ward.rosa) == [("Bring the form", True)]
    settle(ward, ward.rosa, made, yes=False)
    assert lines(ward, ward.maya) == [("Bring the form", False)]
    assert lines(ward, ward.samuel) == []
    with ward.system():
        acts = AuditEvent.objects.for_system().filter(act__startswith="made.").order_by("seq")
        assert [event.act for event in acts] == ["made.open_item", "made.item-done", "made.item-open"]


def test_patients_tick_only_what_is_theirs_and_others_nothing(ward: Ward) -> None:
    made = item(ward, ward.start(), owner="team")
    for person in (ward.maya, ward.jonas, ward.peter):
        with pytest.raises(NotAllowed):
            settle(ward, person, made)
    for person in (ward.maya, ward.jonas, ward.peter):
        with pytest.raises(NotAllowed):
            item(ward, ward.start(), by=person)
    settle(ward, ward.hana, made)


def test_the_patient_decides_about_a_suggested_question(ward: Ward, signed_in: Any) -> None:
    thread = ward.start()
    yes, no = question(ward, thread), question(ward, thread)
    with pytest.raises(NotAllowed):
        settle(ward, ward.rosa, yes)
    maya = signed_in(ward.maya)
    page = maya.get(reverse("messaging:thread", args=[thread])).content.decode()
    assert page.count("Put it on my list") == 2
    sent = maya.post(reverse("messaging:settle", args=[yes]), {"once": str(uuid7()), "yes": "1"})
    assert sent.status_code == 302
    maya.post(reverse("messaging:settle", args=[no]), {"once": str(uuid7()), "yes": "0"})
    with ward.acting(ward.maya):
        assert [row.text for row in questions_of(ward.maya, ward.of_maya)] == ["Which vaccine suits me?"]
    again = maya.post(reverse("messaging:settle", args=[no]), {"once": str(uuid7()), "yes": "1"}, follow=True)
    assert "This was decided already." in again.content.decode()
    staff = signed_in(ward.rosa).get(reverse("messaging:work-thread", args=[ward.of_maya.pk, thread]))
    assert "On the patient’s list" in staff.content.decode()
    assert "Not wanted" in staff.content.decode()
    other = signed_in(ward.samuel).post(
        reverse("messaging:settle", args=[yes]), {"once": str(uuid7()), "yes": "1"}
    )
    assert other.status_code == 404


def test_carers_see_neither_questions_nor_appointments_that_are_closed_to_them(
    ward: Ward, signed_in: Any
) -> None:
    thread = ward.start()
    question(ward, thread)
    item(ward, thread)
    friend = ward.world.users["elsewhere"]
    with ward.acting(ward.maya):
        grant_carer(
            patient=ward.of_maya, by=ward.maya, carer=friend, relation="a friend", scopes=["messages"],
            ends_at=timezone.now() + timedelta(days=3),
        )  # fmt: skip
    with ward.acting(ward.rosa):
        making.note_appointment(ward.rosa, ward.of_maya, thread, uuid7(), "Visit on Friday", timezone.now())
    seen = signed_in(friend).get(reverse("messaging:patient-thread", args=[ward.of_maya.pk, thread]))
    page = seen.content.decode()
    assert "Bring the form" in page
    assert "Which vaccine suits me?" not in page
    assert "Visit on Friday" not in page
    assert (
        "Visit on Friday"
        in signed_in(ward.maya).get(reverse("messaging:thread", args=[thread])).content.decode()
    )


def test_the_page_makes_both_and_keeps_what_was_typed(ward: Ward, signed_in: Any) -> None:
    thread, nurse = ward.start(), signed_in(ward.rosa)
    page = reverse("messaging:make", args=[ward.of_maya.pk, thread])
    once = str(uuid7())
    refused = nurse.post(page, {"once": once, "item-words": "Ask the lab", "item-owner": "me"})
    assert refused.status_code == 422
    assert 'value="Ask the lab"' in refused.content.decode()
    assert nurse.post(page, {"once": once}).status_code == 422
    long = nurse.post(page, {"once": once, "question-words": "x" * 201})
    assert long.status_code == 422
    for _twice in range(2):
        data = {"once": once, "item-words": "Ask the lab", "item-owner": "team"}
        assert nurse.post(page, data).status_code == 302
    assert ward.count(MadeFrom) == 1
    assert f"conversation={thread}" in nurse.get(page).content.decode()


def test_an_article_goes_into_the_answer_and_is_kept_when_the_answer_is_sent(
    ward: Ward, signed_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from messaging.composing import article_links
    from messaging.views import making as page

    titles: Registry[Any] = Registry()
    titles.add(1, lambda path: "Why the drip takes hours" if path == "/learn/drip/" else "")
    for module in (page, article_links):
        monkeypatch.setattr(module, "article_at", titles)
    thread, nurse = ward.start(), signed_in(ward.rosa)
    put = reverse("messaging:article", args=[ward.of_maya.pk, thread])
    assert nurse.post(put, {"path": "https://elsewhere.example/"}).status_code == 404
    assert nurse.post(put, {"path": "/learn/drip/"}).status_code == 302
    work = reverse("messaging:work-thread", args=[ward.of_maya.pk, thread])
    shown = nurse.get(work).content.decode()
    link = f"Why the drip takes hours\n{settings.PUBLIC_URL}/learn/drip/"
    assert f"{link}</textarea>" in shown
    assert ward.count(MadeFrom) == 0
    data = {name: hidden(shown, name) for name in ("draft", "draft_version")} | {"text": link, "seen": "99"}
    answer = reverse("messaging:answer", args=[ward.of_maya.pk, thread])
    for _twice in range(2):
        assert nurse.post(answer, data).status_code == 302
    assert ward.count(MadeFrom, kind="article") == 1
    maya = signed_in(ward.maya).get(reverse("messaging:thread", args=[thread])).content.decode()
    assert '<a class="row__title" href="/learn/drip/">Why the drip takes hours</a>' in maya


def test_a_visit_booked_out_of_a_conversation_is_noted_once_and_only_for_the_team(ward: Ward) -> None:
    thread, visit = ward.start(), uuid7()
    for person in (ward.rosa, ward.rosa, ward.maya):
        with ward.acting(person):
            making.note_appointment(person, ward.of_maya, thread, visit, "Visit on Friday", timezone.now())
    assert ward.count(MadeFrom, kind="appointment") == 1
    with ward.acting(ward.rosa):  # a conversation of somebody else, or none at all
        making.note_appointment(ward.rosa, ward.of_maya, uuid7(), uuid7(), "Visit", timezone.now())
    assert ward.count(MadeFrom) == 1
    with ward.acting(ward.samuel):
        assert MadeFrom.objects.all().count() == 0  # row-level security alone
        assert Thread.objects.all().count() == 0


def infusion_in(ward: Ward, days: int) -> Dose:
    """Maya's next dose, that many days from today."""
    load_protocols()
    with ward.acting(ward.hana):
        sign_order(
            by=ward.hana, patient=ward.of_maya, protocol_id=Protocol.objects.get(therapy__code="ocrelizumab_iv").pk,
            path="standard", first_on=ward.world.today() + timedelta(days=days), indication="Relapsing MS",
            id=uuid7(), now=timezone.now(), in_demo=True,
        )  # fmt: skip
        found = next_dose(ward.hana, ward.of_maya)
    assert found is not None
    return found


def test_something_to_do_belongs_to_the_next_dose_is_counted_there_and_on_both_todays(
    ward: Ward, signed_in: Any
) -> None:
    dose = infusion_in(ward, 2)
    nurse, patient = signed_in(ward.rosa), signed_in(ward.maya)
    list_page = reverse("treatment:patient-ready", args=[ward.of_maya.pk, dose.pk])

    def open_lines() -> int:
        found = re.search(r"(\d+) lines? (?:is|are) not settled yet", nurse.get(list_page).content.decode())
        return int(found[1]) if found else 0

    before = open_lines()
    thread = ward.start()
    made = item(ward, thread)
    with ward.system():
        assert OpenItem.objects.for_system().get().dose_id == dose.pk
    assert open_lines() == before + 1
    conversation = reverse("messaging:work-thread", args=[ward.of_maya.pk, thread])
    assert f"{conversation}#made" in nurse.get(list_page).content.decode()  # the way back to the message
    assert "Before the infusion of " in nurse.get(conversation).content.decode()
    own = patient.get(reverse("messaging:thread", args=[thread])).content.decode()
    assert "Before the infusion of " not in own  # the day is not set yet: the patient reads the week
    today = nurse.get(reverse("portal:today")).content.decode()
    rows = [row for row in today.split('<li class="work-row')[1:] if "1 thing to do from messages" in row]
    assert len(rows) == 1
    assert "Infusion planned for" in rows[0]  # one problem with the dose, not two
    assert "Bring the form" not in today  # what it is stands behind the link
    assert "Bring the form" in patient.get(reverse("treatment:ready", args=[dose.pk])).content.decode()
    settle(ward, ward.maya, made)
    assert open_lines() == before
    assert "thing to do from messages" not in nurse.get(reverse("portal:today")).content.decode()


def test_what_is_to_do_before_a_dose_goes_by_its_booked_day(ward: Ward, signed_in: Any) -> None:
    from portal.lib.time_words import day as day_words

    dose, nurse, thread = infusion_in(ward, 20), signed_in(ward.rosa), ward.start()
    item(ward, thread)
    assert "thing to do from messages" not in nurse.get(reverse("portal:today")).content.decode()
    booked = ward.world.today() + timedelta(days=2)
    book_chair(dose, ward.world.at(2, 10), by=ward.rosa)
    said = f"Before the infusion of {day_words(booked)}"
    assert f"{said}: 1 thing to do from messages" in nurse.get(reverse("portal:today")).content.decode()
    conversation = reverse("messaging:work-thread", args=[ward.of_maya.pk, thread])
    assert said in nurse.get(conversation).content.decode()


def test_what_is_open_when_its_dose_is_over_stands_before_the_next_one_and_what_is_done_does_not(
    ward: Ward,
) -> None:
    first = infusion_in(ward, 2)
    thread = ward.start()
    left, done = item(ward, thread, id=uuid7()), item(ward, thread, id=uuid7())
    settle(ward, ward.rosa, done)
    with ward.system():
        second = Dose.objects.for_system().filter(course=first.course_id, number__gt=first.number).first()

    def before(dose: Any) -> list[bool]:
        with ward.acting(ward.rosa):
            return [
                line["done"] for line in making.before_dose(ward.rosa, ward.of_maya, dose, timezone.now())
            ]

    assert (before(first), before(second)) == ([False, True], [])
    with ward.system():
        Dose.objects.for_system().filter(pk=first.pk).update(state="cancelled")
    assert before(second) == [False]
    settle(ward, ward.rosa, left)
    assert before(second) == []
