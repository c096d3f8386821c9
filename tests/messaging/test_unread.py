"""Unread is derived from what each person has seen: never counted, never shared."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from messaging.models import Thread
from messaging.services import mark_seen
from tests.messaging.ward import Ward

SignIn = Callable[[User], Client]


def unread(ward: Ward, user: User) -> set[UUID]:
    with ward.acting(user):
        return {thread.pk for thread in Thread.objects.for_user(user).unread_by(user)}


def test_own_words_are_read_and_an_answer_is_not(ward: Ward) -> None:
    thread_id = ward.start()
    assert unread(ward, ward.maya) == set()
    assert unread(ward, ward.rosa) == {thread_id}
    ward.answer(thread_id)
    assert unread(ward, ward.maya) == {thread_id}
    assert unread(ward, ward.rosa) == set()


def test_each_reader_has_their_own(ward: Ward, signed_in: SignIn) -> None:
    thread_id = ward.start()
    ward.answer(thread_id)
    signed_in(ward.jonas).get(reverse("messaging:patient-thread", args=[ward.of_maya.pk, thread_id]))
    assert unread(ward, ward.jonas) == set()
    assert unread(ward, ward.maya) == {thread_id}


def test_looking_makes_it_read_and_asking_for_the_head_does_not(ward: Ward, signed_in: SignIn) -> None:
    thread_id = ward.start()
    ward.answer(thread_id)
    client, url = signed_in(ward.maya), reverse("messaging:thread", args=[thread_id])
    assert client.head(url).status_code == 200
    assert unread(ward, ward.maya) == {thread_id}
    assert "New</strong>" in client.get(url).content.decode()
    assert unread(ward, ward.maya) == set()
    assert "New</strong>" not in client.get(url).content.decode()


def test_seen_never_goes_back(ward: Ward) -> None:
    thread_id = ward.start()
    ward.answer(thread_id)
    now = timezone.now()
    with ward.acting(ward.maya):
        thread = Thread.objects.for_user(ward.maya).get(pk=thread_id)
        mark_seen(by=ward.maya, thread=thread, seq=2, now=now)
        mark_seen(by=ward.maya, thread=thread, seq=1, now=now + timedelta(minutes=1))
    assert unread(ward, ward.maya) == set()


def test_today_names_what_waits_to_be_read(ward: Ward, signed_in: SignIn) -> None:
    client = signed_in(ward.maya)
    thread_id = ward.start(topic="result")
    ward.answer(thread_id)
    assert (
        "Read the answer from Rosa Delgado: A test or result"
        in client.get(reverse("portal:today")).content.decode()
    )
    client.get(reverse("messaging:thread", args=[thread_id]))
    assert "Read the answer from" not in client.get(reverse("portal:today")).content.decode()


def test_what_a_carer_wrote_is_named_as_that(ward: Ward, signed_in: SignIn) -> None:
    ward.start(ward.jonas, topic="other")
    page = signed_in(ward.maya).get(reverse("portal:today")).content.decode()
    assert "Read what Jonas Lindqvist wrote: Something else" in page
