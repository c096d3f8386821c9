"""A notice that cannot reach a person is not lost: somebody calls, and the list says why in plain words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.account.models import EmailAddress
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import jobs
from accounts.models import OutgoingMail, User
from messaging.models import CallTask, SentNotice
from messaging.telling import notices
from tests.messaging.ward import Ward

SignIn = Callable[[User], Client]


def reasons(ward: Ward) -> list[tuple[str, User | None]]:
    with ward.system():
        rows = CallTask.objects.for_system().select_related("user").order_by("reason")
        return [(row.reason, row.user) for row in rows]


def listed(ward: Ward, signed_in: SignIn) -> str:
    html: str = signed_in(ward.rosa).get(reverse("messaging:calls")).content.decode()
    return html


def test_given_up_after_eight_tries(ward: Ward, signed_in: SignIn, monkeypatch: Any) -> None:
    ward.answer(ward.start())
    mail = OutgoingMail.objects.get(kind="answer-notice")

    def refuses(mail_id: str) -> None:
        raise OSError("the mail server is gone")

    monkeypatch.setattr(jobs, "_deliver", refuses)
    for attempt in range(8):
        assert reasons(ward) == []
        context = type("Context", (), {"job": type("Job", (), {"attempts": attempt})})
        try:
            jobs.send_mail(context, str(mail.pk))
        except OSError:
            pass
        with ward.system():
            expected = 1 if attempt == 7 else 0
            assert notices.call_about_failed(timezone.now()) == expected
            assert notices.call_about_failed(timezone.now()) == 0  # once
    assert reasons(ward) == [("failed", ward.maya)]
    assert "Our mail could not be sent: Maya Lindqvist" in listed(ward, signed_in)
    with ward.system():
        assert SentNotice.objects.for_system().get().failed_at is not None


def test_the_account_is_switched_off(ward: Ward, signed_in: SignIn) -> None:
    thread = ward.start()
    User.objects.filter(pk=ward.maya.pk).update(is_active=False)
    ward.answer(thread)
    assert not OutgoingMail.objects.filter(kind="answer-notice").exists()
    assert reasons(ward) == [("inactive", ward.maya)]
    assert "The account is switched off: Maya Lindqvist" in listed(ward, signed_in)


def test_nobody_ever_confirmed_the_address(ward: Ward, signed_in: SignIn) -> None:
    thread = ward.start()
    EmailAddress.objects.filter(user=ward.maya).update(verified=False)
    User.objects.filter(pk=ward.maya.pk).update(last_login=None)
    ward.answer(thread)
    assert OutgoingMail.objects.filter(kind="answer-notice").count() == 1
    assert reasons(ward) == [("no_address", ward.maya)]
    assert "Has no confirmed email address: Maya Lindqvist" in listed(ward, signed_in)


def test_who_has_signed_in_gets_mail_and_no_call(ward: Ward) -> None:
    thread = ward.start()
    EmailAddress.objects.filter(user=ward.maya).delete()
    User.objects.filter(pk=ward.maya.pk).update(last_login=timezone.now())
    ward.answer(thread)
    assert OutgoingMail.objects.filter(kind="answer-notice").count() == 1
    assert reasons(ward) == []
