"""Mail that came back marks exactly the person it went to and asks somebody to call; everything else on that pipe is ignored."""

from __future__ import annotations

import io
import sys
import types
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import OutgoingMail
from messaging.models import NotReached, SentNotice
from messaging.telling.bounces import COUNTS_FOR, read_bounce
from portal.lib.ids import uuid7
from tests.messaging.ward import Ward

DSN = """\
From: MAILER-DAEMON@mail.example.com
To: portal@clinic.example.com
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B1"

--B1
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--B1
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example.com

Final-Recipient: rfc822; {to}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 no such user

--B1
Content-Type: {kind}

Message-ID: <{id}@clinic.example.com>
From: portal@clinic.example.com
To: {to}
Subject: Your team has written to you

--B1--
"""


def dsn(mail_id: object, **more: str) -> bytes:
    given = {
        "to": "patient@example.com",
        "action": "failed",
        "status": "5.1.1",
        "kind": "message/rfc822",
        **more,
    }
    return DSN.format(id=mail_id, **given).replace("\n", "\r\n").encode()


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, Any, str]]:
    """Who was put on the call list, instead of the call list itself."""
    asked: list[tuple[Any, Any, str]] = []
    module: Any = types.ModuleType("messaging.work.calls")
    module.ask_to_call = lambda patient, user, reason, now: asked.append((patient.pk, user, reason))
    monkeypatch.setitem(sys.modules, "messaging.work.calls", module)
    return asked


def pipe(raw: bytes, monkeypatch: pytest.MonkeyPatch) -> str:
    """What the command says about a mail on its standard input."""
    monkeypatch.setattr(sys, "stdin", types.SimpleNamespace(buffer=io.BytesIO(raw)))
    out = io.StringIO()
    call_command("take_bounce", stdout=out)
    assert out.getvalue().count("\n") == 1
    return out.getvalue()


def notice_mail() -> Any:
    return OutgoingMail.objects.filter(kind="answer-notice").latest("created_at").pk


def test_a_bounce_marks_the_person_and_asks_for_a_call(
    ward: Ward, calls: list[Any], monkeypatch: pytest.MonkeyPatch, signed_in: Callable[..., Client]
) -> None:
    ward.answer(ward.start())
    raw = dsn(notice_mail())
    assert pipe(raw, monkeypatch).startswith("Taken")
    assert pipe(raw, monkeypatch).startswith("Taken")  # the same one again
    assert calls[0] == (ward.of_maya.pk, ward.maya, "bounced")
    assert ward.count(NotReached, user=ward.maya, status="5.1.1") == ward.count(NotReached) == 1
    page = signed_in(ward.maya).get(reverse("messaging:list")).content.decode()
    assert "Our mail to you came back" in page
    # The next answer sends no mail there and asks for a call instead.
    before = OutgoingMail.objects.count()
    calls.clear()
    ward.answer(ward.start(), now=timezone.now() + timedelta(hours=1))
    assert OutgoingMail.objects.count() == before
    assert calls == [(ward.of_maya.pk, ward.maya, "bounced")]
    # After a month the address is tried again.
    ward.answer(ward.start(), now=timezone.now() + COUNTS_FOR + timedelta(hours=1))
    assert OutgoingMail.objects.count() == before + 1


def test_a_new_address_is_a_new_beginning(
    ward: Ward, calls: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    ward.answer(ward.start())
    first = notice_mail()
    pipe(dsn(first), monkeypatch)
    ward.maya.email = "maya@example.org"
    ward.maya.save(update_fields=["email"])
    ward.answer(ward.start(), now=timezone.now() + timedelta(hours=1))
    assert notice_mail() != first
    calls.clear()
    pipe(dsn(first), monkeypatch)  # a late one about the old address
    assert calls == []


def test_the_address_in_a_bounce_is_not_believed(
    ward: Ward, calls: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    ward.answer(ward.start())
    pipe(dsn(notice_mail(), to="other-patient@example.com"), monkeypatch)
    assert calls == [(ward.of_maya.pk, ward.maya, "bounced")]


@pytest.mark.parametrize(
    "more",
    [
        {"action": "delayed", "status": "4.4.1"},
        {"action": "failed", "status": "4.2.2"},
        {"action": "delivered", "status": "2.0.0"},
        {"action": "expanded", "status": "5.1.1"},
        {"kind": "text/plain"},
    ],
)
def test_what_may_still_arrive_changes_nothing(
    more: dict[str, str], ward: Ward, calls: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    ward.answer(ward.start())
    assert pipe(dsn(notice_mail(), **more), monkeypatch).startswith("Ignored")
    assert ward.count(NotReached) == 0
    assert calls == []


def test_headers_alone_are_enough(ward: Ward, calls: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    ward.answer(ward.start())
    assert pipe(dsn(notice_mail(), kind="text/rfc822-headers"), monkeypatch).startswith("Taken")


def test_strangers_mail_is_ignored_with_one_line(
    ward: Ward, calls: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    ward.answer(ward.start())
    mail_id = notice_mail()
    whole = dsn(mail_id)
    away = f"From: x@example.com\r\nIn-Reply-To: <{mail_id}@clinic.example.com>\r\nSubject: Away\r\n\r\nUntil May."
    junk = [
        b"", b"\x00\xff\xfe" * 50, b"Subject: Buy\r\n\r\nnow", away.encode(), dsn(uuid7()), dsn("not-an-id"), dsn("x" * 36),
        whole.replace(b"multipart/report", b"multipart/mixed"), whole[: len(whole) // 2],
        whole.replace(b'boundary="B1"', b'boundary=""'), whole.replace(b"us-ascii", b"no-such-charset")[:200],
        b"Content-Type: multipart/report\r\n" * 2000, whole.replace(b"5.1.1", b"5.1.1; rm -rf /")[:-400],
    ]  # fmt: skip
    for raw in junk:
        assert pipe(raw, monkeypatch).startswith("Ignored"), raw[:60]
    assert calls == []
    assert ward.count(NotReached) == 0
    assert ward.count(SentNotice) == 1


def test_a_status_is_kept_short(ward: Ward) -> None:
    found = read_bounce(dsn(uuid7(), status="5.100.200 because of everything"))
    assert found is not None
    assert found.status == "5.100.200"


def test_who_has_no_account_is_called(ward: Ward, calls: list[Any]) -> None:
    from patients.models import Grant

    thread_id = ward.start(ward.rosa, text="Called about parking.")
    with ward.system():
        Grant.objects.filter(patient=ward.of_maya, kind="self").update(revoked_at=timezone.now())
    ward.answer(thread_id)
    assert calls == [(ward.of_maya.pk, None, "no_account")]
