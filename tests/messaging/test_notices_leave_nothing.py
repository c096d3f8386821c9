"""What leaves the portal about an answer: a job with an id only, the same Message-ID each time, a neutral sender, and texts by SMS only when it is on."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.core import mail as outbox
from django.db import connection

from accounts.jobs import _deliver
from accounts.models import OutgoingMail
from messaging.checks import sender_names_no_speciality
from messaging.models import SentNotice
from messaging.telling.sms import ConsoleGateway, gateway, text
from messaging.telling.sms_jobs import send_sms
from portal.environment import ConfigurationError, load
from tests.messaging.test_notices import HEALTH
from tests.messaging.ward import Ward


class Provider:
    """A clinic's own gateway."""

    sent: list[dict[str, str]] = []

    def send(self, *, to: str, text: str, reference: str) -> None:
        self.sent.append({"to": to, "text": text, "reference": reference})


def jobs(name: str) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT args FROM procrastinate_jobs WHERE task_name = %s ORDER BY id", [name])
        return [args if isinstance(args, dict) else json.loads(args) for (args,) in cursor.fetchall()]


def test_the_job_knows_an_id_and_nothing_else(ward: Ward) -> None:
    ward.answer(ward.start(text="My leg is numb."))
    mail = OutgoingMail.objects.get(kind="answer-notice")
    assert jobs("accounts.send_mail")[-1] == {"mail_id": str(mail.pk)}


def test_a_repeat_after_a_crash_carries_the_same_message_id(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "EMAIL_BACKEND", "django.core.mail.backends.locmem.EmailBackend")
    ward.answer(ward.start())
    row = OutgoingMail.objects.get(kind="answer-notice")
    content = row.payload
    _deliver(str(row.pk))
    # The server had said yes, then the power went before our commit: the row waits again.
    OutgoingMail.objects.filter(pk=row.pk).update(state="waiting", payload=content)
    _deliver(str(row.pk))
    ids = [sent.extra_headers["Message-ID"] for sent in outbox.outbox]
    assert len(ids) == 2
    assert len(set(ids)) == 1
    assert ids[0].startswith(f"<{row.pk}@")
    assert all(HEALTH.search(str(sent.message()["Subject"])) is None for sent in outbox.outbox)
    _deliver(str(row.pk))
    assert len(outbox.outbox) == 2  # what is sent is not sent again


def test_a_sender_with_a_speciality_is_warned_about(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sender_names_no_speciality() == []
    monkeypatch.setattr(settings, "DEFAULT_FROM_EMAIL", "MS infusion team <portal@clinic.example.com>")
    assert [found.id for found in sender_names_no_speciality()] == ["messaging.W001"]


def test_the_demo_sender_names_none() -> None:
    from pathlib import Path

    source = (Path(settings.BASE_DIR) / "tools" / "run.py").read_text(encoding="utf-8")
    assert '"EMAIL_FROM": "Clinic team <' in source


def test_text_messages_are_off_unless_switched_on(ward: Ward) -> None:
    assert gateway() is None
    ward.answer(ward.start())
    assert ward.count(SentNotice, channel="sms") == 0
    assert jobs("messaging.send_sms") == []


def test_a_text_message_goes_once_with_fixed_words(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "SMS_GATEWAY", f"{__name__}.Provider")
    monkeypatch.setattr(Provider, "sent", [])
    with ward.system():
        ward.of_maya.phone = "555-0142"
        ward.of_maya.save()
    thread_id = ward.start(ward.jonas, text="My leg is numb.")
    ward.answer(thread_id)
    ward.answer(thread_id, "And drink enough.")
    (job,) = jobs("messaging.send_sms")  # the patient only, and one for a burst
    assert list(job) == ["notice_id"]
    assert UUID(job["notice_id"])
    for _twice in range(2):
        send_sms.func(SimpleNamespace(job=SimpleNamespace(attempts=0)), job["notice_id"])
    (sent,) = Provider.sent
    assert (sent["to"], sent["text"], sent["reference"]) == ("555-0142", text(), job["notice_id"])
    assert HEALTH.search(sent["text"]) is None


def test_the_console_gateway_shows_no_number(capsys: pytest.CaptureFixture[str]) -> None:
    ConsoleGateway().send(to="555-0142", text=text(), reference="1")
    said = capsys.readouterr().err
    assert "…42" in said
    assert "555" not in said


@pytest.mark.parametrize("name", ["twilio", "a b.c", "os.system()", "console "])
def test_an_odd_gateway_is_refused_at_the_start(name: str) -> None:
    import os

    values = {**os.environ, "SMS_GATEWAY": name}
    if name.strip() == "console":
        assert load(values).sms_gateway == "console"
    else:
        with pytest.raises(ConfigurationError, match="SMS_GATEWAY"):
            load(values)
