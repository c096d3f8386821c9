"""A notice that cannot reach a person is not lost: somebody calls, and the list says why in plain words."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import jobs
from accounts.models import OutgoingMail, User
from accounts.services import queue_mail, withdraw_mail
from messaging.models import CallTask, NotReached, SentNotice
from messaging.telling import notices, sms_jobs
from messaging.telling.bounces import digest
from portal.lib.ids import uuid7
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
    assert "Our mail or text message could not be sent: Maya Lindqvist" in listed(ward, signed_in)
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


def refused(monkeypatch: Any) -> None:
    def refuses(mail_id: str) -> None:
        raise OSError("the mail server is gone")

    monkeypatch.setattr(jobs, "_deliver", refuses)


def last_try(job: Any, id: Any, *, tries: int) -> None:
    """The job runs for the last time, and fails."""
    try:
        job(SimpleNamespace(job=SimpleNamespace(attempts=tries - 1)), str(id))
    except OSError:
        return
    raise AssertionError("the job did not say that it failed")


@pytest.mark.parametrize(
    ("kind", "called"),
    [
        ("list-reminder", True),
        ("call-reminder", True),
        ("check-in", True),
        ("appointment.booked", True),
        ("appointment.late", True),
        ("access-notice", True),
        ("work-notice", False),
        ("invitation", False),
    ],
)
def test_every_notice_to_a_patient_that_is_given_up_becomes_a_call(
    kind: str, called: bool, ward: Ward, signed_in: SignIn, monkeypatch: Any
) -> None:
    refused(monkeypatch)
    mail = queue_mail(to=ward.maya.email, subject="Hello", body="Sign in.", kind=kind)
    last_try(jobs.send_mail, mail.pk, tries=8)
    mail.refresh_from_db()
    assert (mail.state, mail.payload) == ("failed", None)
    assert reasons(ward) == ([("failed", ward.maya)] if called else [])
    if called:
        last_try(jobs.send_mail, mail.pk, tries=9)  # the job goes on once more: nobody is called twice
        assert len(reasons(ward)) == 1


def test_who_has_changed_the_address_in_those_hours_is_called(ward: Ward, monkeypatch: Any) -> None:
    refused(monkeypatch)
    old = ward.maya.email
    mail = queue_mail(to=old, subject="Hello", body="Sign in.", kind="list-reminder", user=ward.maya)
    User.objects.filter(pk=ward.maya.pk).update(email="maya.new@example.org")
    User.objects.filter(pk=ward.samuel.pk).update(email=old)  # somebody else has the old one now
    last_try(jobs.send_mail, mail.pk, tries=8)
    assert reasons(ward) == [("failed", ward.maya)]


def test_every_notice_to_a_patient_names_its_person() -> None:
    kept = {"scheduling": 2, "treatment/readiness/reminders.py": 1, "treatment/dayof": 1, "patients": 1}
    for where, count in kept.items():
        path = Path(settings.BASE_DIR) / where
        files = sorted(path.rglob("*.py")) if path.is_dir() else [path]
        found = [
            call
            for file in files
            for call in ast.walk(ast.parse(file.read_text()))
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "queue_mail"
        ]
        named = [call for call in found if "user" in {keyword.arg for keyword in call.keywords}]
        assert (len(found), len(named)) == (count, count), where


def test_a_reminder_that_was_taken_back_and_a_colleagues_mail_ask_for_no_call(
    ward: Ward, monkeypatch: Any
) -> None:
    refused(monkeypatch)
    mine = queue_mail(to=ward.maya.email, subject="Hello", body="Sign in.", kind="list-reminder")
    assert withdraw_mail(mine.pk)
    theirs = queue_mail(to=ward.rosa.email, subject="Hello", body="Sign in.", kind="appointment.booked")
    for mail in (mine, theirs):
        last_try(jobs.send_mail, mail.pk, tries=8)
    assert reasons(ward) == []


def test_a_call_that_cannot_be_asked_for_never_keeps_the_mails_words(ward: Ward, monkeypatch: Any) -> None:
    refused(monkeypatch)
    monkeypatch.setattr(notices, "call_instead", lambda *given: 1 / 0)
    mail = queue_mail(to=ward.maya.email, subject="Hello", body="Sign in.", kind="check-in")
    last_try(jobs.send_mail, mail.pk, tries=8)
    mail.refresh_from_db()
    assert (mail.state, mail.payload) == ("failed", None)


class Broken:
    """A gateway whose provider is gone."""

    def send(self, *, to: str, text: str, reference: str) -> None:
        raise OSError("the provider is gone")


def test_a_text_message_that_is_given_up_becomes_a_call(
    ward: Ward, signed_in: SignIn, monkeypatch: Any
) -> None:
    monkeypatch.setattr(settings, "SMS_GATEWAY", f"{__name__}.Broken")
    with ward.system():
        ward.of_maya.phone = "555-0142"
        ward.of_maya.save()
    ward.answer(ward.start())
    with ward.system():
        notice = SentNotice.objects.for_system().get(channel="sms")
    for tries in range(1, 5):
        last_try(sms_jobs.send_sms, notice.pk, tries=tries)
        assert reasons(ward) == []
    last_try(sms_jobs.send_sms, notice.pk, tries=5)
    assert reasons(ward) == [("failed", ward.maya)]
    assert "Our mail or text message could not be sent: Maya Lindqvist" in listed(ward, signed_in)
    sms_jobs.send_sms(
        SimpleNamespace(job=SimpleNamespace(attempts=5)), str(notice.pk)
    )  # given up: no more tries


def test_no_mail_is_promised_to_somebody_whose_mail_comes_back(ward: Ward, signed_in: SignIn) -> None:
    client, sent = signed_in(ward.maya), reverse("messaging:sent", args=[ward.start()])
    assert "we send you a short e-mail" in client.get(sent).content.decode()
    with ward.system():
        mark = NotReached(
            id=uuid7(), patient=ward.of_maya, user=ward.maya, since=timezone.now(), status="5.1.1"
        )
        mark.address_digest = digest(ward.maya.email)
        mark.save(force_insert=True)
    html = client.get(sent).content.decode()
    assert "we send you" not in html
    assert "Our e-mail may not reach you. Please look here for the answer" in html
    assert reverse("account_email") in html
