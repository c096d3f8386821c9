"""Mail: sealed at rest, sent by a job that knows only an id, with one Message-ID however often it is tried."""

from __future__ import annotations

import json
import smtplib
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection, transaction

from accounts.jobs import MAX_TRIES, send_mail
from accounts.models import OutgoingMail
from accounts.services import open_mail, queue_mail
from portal.lib.sealing import SealBroken
from tests.harness.mail import Mailbox


def job(attempts: int = 0) -> Any:
    return SimpleNamespace(job=SimpleNamespace(attempts=attempts))


def queue() -> OutgoingMail:
    return queue_mail(
        to="maya@example.com", subject="New\nmessage", body="A secret code: XYZ-789", kind="test"
    )


def jobs() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT args::text FROM procrastinate_jobs WHERE task_name = 'accounts.send_mail'")
        return [row[0] for row in cursor.fetchall()]


def test_a_mail_is_sealed_and_its_job_holds_only_an_id(db: None) -> None:
    mail = queue()
    assert b"XYZ-789" not in bytes(mail.payload)
    assert b"maya" not in bytes(mail.payload)
    assert [json.loads(arguments) for arguments in jobs()] == [{"mail_id": str(mail.pk)}]
    assert open_mail(mail) == {
        "to": "maya@example.com",
        "subject": "New message",
        "body": "A secret code: XYZ-789",
    }


def test_a_mail_of_a_transaction_that_failed_is_never_sent(db: None) -> None:
    def fail() -> None:
        with transaction.atomic():
            queue()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert jobs() == []
    assert not OutgoingMail.objects.exists()


def test_a_sent_mail_keeps_nothing_of_what_it_said(db: None, smtp_server: Mailbox) -> None:
    mail = queue()
    for _again in range(2):
        send_mail(job(), str(mail.pk))
    mail.refresh_from_db()
    assert (mail.state, mail.payload, mail.attempts) == ("sent", None, 1)
    (sent,) = smtp_server.to("maya@example.com")
    assert str(mail.pk) in sent["Message-ID"]
    assert sent["Subject"] == "New message"
    assert "XYZ-789" in sent.get_content()


def test_a_try_that_fails_is_repeated_with_the_same_message_id(db: None, smtp_server: Mailbox) -> None:
    mail = queue()
    smtp_server.refuse = 1
    with pytest.raises(smtplib.SMTPException):
        send_mail(job(), str(mail.pk))
    mail.refresh_from_db()
    assert (mail.state, mail.attempts) == ("waiting", 1)
    send_mail(job(1), str(mail.pk))
    mail.refresh_from_db()
    assert (mail.state, mail.attempts) == ("sent", 2)
    assert [str(mail.pk) in one["Message-ID"] for one in smtp_server.mails] == [True]


def test_a_mail_that_never_leaves_is_set_aside_and_emptied(db: None, smtp_server: Mailbox) -> None:
    mail = queue()
    smtp_server.refuse = 1
    with pytest.raises(smtplib.SMTPException):
        send_mail(job(MAX_TRIES - 1), str(mail.pk))
    mail.refresh_from_db()
    assert (mail.state, mail.payload) == ("failed", None)
    assert open_mail(mail) is None


def test_a_mail_pasted_over_another_does_not_open(db: None) -> None:
    first, second = queue(), queue()
    OutgoingMail.objects.filter(pk=second.pk).update(payload=first.payload)
    second.refresh_from_db()
    with pytest.raises(SealBroken):
        open_mail(second)
