"""The mail after an answer: fixed words, nothing about health, one for a burst, and none for a conversation one may not see."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from accounts.models import OutgoingMail
from accounts.services import open_mail
from messaging.telling.notices import BURST
from tests.messaging.ward import Ward

HEALTH = re.compile(
    r"\bMS\b|multiple|sclerosis|infusion|neuro|nurse|doctor|clinic|health|medic|drug|symptom|pati?ent|Maya|Lindqvist|Rosa|"
    r"Riverside|treat|appointment|tired|rest\b",
    re.IGNORECASE,
)


def notices() -> list[dict[str, Any]]:
    mails = OutgoingMail.objects.filter(kind="answer-notice").order_by("created_at")
    return [opened for mail in mails if (opened := open_mail(mail)) is not None]


def test_an_answer_is_told_in_neutral_words(ward: Ward) -> None:
    ward.answer(ward.start())
    (mail,) = notices()
    assert mail["to"] == "patient@example.com"
    assert HEALTH.search(mail["subject"] + mail["body"]) is None
    assert re.findall(r"https?://\S+", mail["body"]) == [f"{settings.PUBLIC_URL}/accounts/login/"]


def test_the_words_are_the_same_for_every_topic_and_person(ward: Ward) -> None:
    ward.answer(ward.start(topic="side_effect"))
    ward.answer(ward.start(ward.samuel, ward.of_samuel, topic="letter"), patient=ward.of_samuel)
    first, second = notices()
    assert {first["to"], second["to"]} == {"patient@example.com", "other-patient@example.com"}
    assert (first["subject"], first["body"]) == (second["subject"], second["body"])


def test_a_burst_of_answers_is_one_mail(ward: Ward) -> None:
    first, second = ward.start(), ward.start(topic="visit")
    now = timezone.now()
    ward.answer(first, now=now)
    ward.answer(second, now=now + timedelta(minutes=1))
    ward.answer(first, "And drink enough.", now=now + BURST - timedelta(seconds=1))
    assert len(notices()) == 1
    ward.answer(first, "One more.", now=now + BURST)
    assert len(notices()) == 2


def test_who_has_looked_since_is_told_again(ward: Ward) -> None:
    from messaging.models import Thread
    from messaging.services import mark_seen

    thread_id = ward.start()
    now = timezone.now()
    ward.answer(thread_id, now=now)
    with ward.acting(ward.maya):
        thread = Thread.objects.for_user(ward.maya).get(pk=thread_id)
        mark_seen(by=ward.maya, thread=thread, seq=thread.last_seq, now=now + timedelta(minutes=1))
    ward.answer(thread_id, "I forgot: drink enough.", now=now + timedelta(minutes=2))
    assert len(notices()) == 2


def test_a_carer_who_wrote_is_told_too(ward: Ward) -> None:
    ward.answer(ward.start(ward.jonas))
    assert {mail["to"] for mail in notices()} == {"patient@example.com", "carer@example.com"}


def test_a_carer_who_did_not_write_is_not_told(ward: Ward) -> None:
    ward.answer(ward.start())
    assert [mail["to"] for mail in notices()] == ["patient@example.com"]


def test_sending_and_notes_tell_nobody(ward: Ward) -> None:
    thread_id = ward.start()
    ward.reply(thread_id)
    ward.note(thread_id)
    ward.claim(thread_id)
    assert notices() == []


def test_an_answer_that_does_not_go_out_tells_nobody(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    from messaging import services

    def breaks(**kwargs: Any) -> None:
        exactly_once(**kwargs)
        raise OSError("the power went")

    thread_id = ward.start()
    exactly_once = services.exactly_once
    monkeypatch.setattr(services, "exactly_once", breaks)
    with pytest.raises(OSError, match="power"):
        ward.answer(thread_id)
    assert notices() == []
    assert ward.texts(thread_id) == ["I am tired."]
