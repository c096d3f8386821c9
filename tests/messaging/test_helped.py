""" "Did this help?": one word for each answer and person, changeable; beside the answer for the team, counted without names."""

from __future__ import annotations

from collections.abc import Callable

from django.test import Client
from django.urls import reverse

from accounts.models import User
from messaging.models import AnswerHelped
from portal.lib.ids import uuid7
from tests.messaging.ward import Ward

SignIn = Callable[[User], Client]


def say(client: Client, thread_id: object, message_id: object, value: str, patient_id: object = None) -> int:
    args = [thread_id] if patient_id is None else [patient_id, thread_id]
    name = "helped" if patient_id is None else "patient-helped"
    data = {"once": str(uuid7()), "message": str(message_id), "value": value}
    return client.post(reverse(f"messaging:{name}", args=args), data).status_code


def test_one_word_for_each_person_and_the_last_one_counts(ward: Ward, signed_in: SignIn) -> None:
    thread_id = ward.start()
    answer = ward.answer(thread_id)
    maya = signed_in(ward.maya)
    page = maya.get(reverse("messaging:thread", args=[thread_id]))
    assert "Did this answer help?" in page.content.decode()
    assert [say(maya, thread_id, answer.pk, value) for value in ("no", "partly")] == [302, 302]
    assert say(signed_in(ward.jonas), thread_id, answer.pk, "yes", ward.of_maya.pk) == 302
    with ward.system():
        rows = AnswerHelped.objects.for_system().values_list("user__name", "value")
        assert sorted(rows) == [("Jonas Lindqvist", "yes"), ("Maya Lindqvist", "partly")]
    assert "You said: Partly." in maya.get(reverse("messaging:thread", args=[thread_id])).content.decode()
    work = signed_in(ward.rosa).get(reverse("messaging:work-thread", args=[ward.of_maya.pk, thread_id]))
    for words in ("Maya Lindqvist: Partly", "Jonas Lindqvist: Yes"):
        assert words in work.content.decode()


def test_who_is_not_helped_comes_to_the_form(ward: Ward, signed_in: SignIn) -> None:
    thread_id = ward.start()
    answer = ward.answer(thread_id)
    data = {"once": str(uuid7()), "message": str(answer.pk), "value": "no"}
    went = signed_in(ward.maya).post(reverse("messaging:helped", args=[thread_id]), data)
    assert went["Location"].endswith(f"/messages/{thread_id}/#write")
    assert ward.count(AnswerHelped) == 1
    assert len(ward.texts(thread_id)) == 2  # nothing was sent, and nobody has work


def test_only_answers_can_be_judged_and_only_by_the_patients_side(ward: Ward, signed_in: SignIn) -> None:
    thread_id = ward.start()
    own = ward.reply(thread_id)
    answer = ward.answer(thread_id)
    other = ward.start(ward.samuel, ward.of_samuel)
    maya = signed_in(ward.maya)
    assert say(maya, thread_id, own.pk, "yes") == 404
    assert say(maya, other, answer.pk, "yes") == 404
    assert say(signed_in(ward.samuel), thread_id, answer.pk, "yes") == 404
    assert say(signed_in(ward.rosa), thread_id, answer.pk, "yes", ward.of_maya.pk) == 404
    assert [say(maya, thread_id, answer.pk, value) for value in ("", "YES", "great")] == [400, 400, 400]
    assert say(maya, thread_id, "x", "yes") == 400
    assert ward.count(AnswerHelped) == 0


def test_the_question_stands_only_after_an_answer(ward: Ward, signed_in: SignIn) -> None:
    thread_id = ward.start()
    url = reverse("messaging:thread", args=[thread_id])
    assert "Did this answer help?" not in signed_in(ward.maya).get(url).content.decode()
    ward.answer(thread_id)
    ward.reply(thread_id)
    assert "Did this answer help?" not in signed_in(ward.maya).get(url).content.decode()


def test_the_count_has_numbers_and_no_names(ward: Ward, signed_in: SignIn) -> None:
    for whose, user, value in (
        (ward.of_maya, ward.maya, "yes"),
        (ward.of_maya, ward.maya, "no"),
        (ward.of_samuel, ward.samuel, "yes"),
    ):
        thread_id = ward.start(user, whose)
        answer = ward.answer(thread_id, patient=whose)
        say(signed_in(user), thread_id, answer.pk, value)
    page = signed_in(ward.rosa).get(reverse("messaging:helped-counts"))
    (month,) = page.context["months"]
    assert (month.yes, month.partly, month.no, month.total) == (2, 0, 1, 3)
    main = page.content.decode().split("<main")[1].split("</main>")[0]
    assert "Lindqvist" not in main
    assert "Samuel" not in main
    assert signed_in(ward.maya).get(reverse("messaging:helped-counts")).status_code == 404
    other = signed_in(ward.peter).get(reverse("messaging:helped-counts"))
    assert other.context["months"] == []
