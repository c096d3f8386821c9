"""The optional virus check: clean, found, down and slow. A message is sent whatever the scanner does."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from messaging.files import scan, services, store
from messaging.files.models import Attachment
from messaging.models import Message
from patients.models import AuditEvent
from portal.lib.ids import uuid7
from tests.messaging.hostile import EICAR
from tests.messaging.samples import jpeg, pdf
from tests.messaging.test_files import form_of, kept_bytes, sent_files, upload
from tests.messaging.ward import Ward

SignIn = Callable[[User], Client]


class Scanner(socketserver.ThreadingTCPServer):
    """Speaks clamd's INSTREAM; finds EICAR. `mood` is "well", "slow" or "odd"."""

    allow_reuse_address = True
    daemon_threads = True
    mood = "well"

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen: list[bytes] = []
        self.free = threading.Event()


class Handler(socketserver.StreamRequestHandler):
    server: Any

    def handle(self) -> None:
        assert self.rfile.read(10) == b"zINSTREAM\0"
        data = b""
        while size := int.from_bytes(self.rfile.read(4)):
            data += self.rfile.read(size)
        self.server.seen.append(data)
        if self.server.mood == "slow":
            self.server.free.wait(20)
        elif self.server.mood == "odd":
            self.wfile.write(b"INSTREAM size limit exceeded. ERROR\0")
        else:
            self.wfile.write(b"stream: Eicar-Test-Signature FOUND\0" if EICAR in data else b"stream: OK\0")


@pytest.fixture
def scanner(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scanner]:
    with Scanner() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        settings.CLAMAV = f"127.0.0.1:{server.server_address[1]}"
        monkeypatch.setattr(scan, "WAIT", 0.5)
        yield server
        server.free.set()
        server.shutdown()
        thread.join()


def take(ward: Ward, data: bytes) -> Attachment:
    with ward.acting(ward.maya):
        return services.take_in(
            by=ward.maya, patient=ward.of_maya, id=uuid7(), name="a.jpg", data=data, now=timezone.now()
        )


def test_what_came_in_is_what_the_scanner_sees(ward: Ward, scanner: Scanner) -> None:
    came = jpeg() + b"tail"
    assert take(ward, came).state == "ready"
    assert scanner.seen == [came]


def test_what_is_found_is_not_kept_and_the_person_is_told_calmly(
    ward: Ward, scanner: Scanner, signed_in: SignIn
) -> None:
    maya, path = signed_in(ward.maya), reverse("messaging:new")
    sent = {
        **form_of(maya, path),
        "topic": "feeling",
        "text": "Look.",
        "files": [upload(data=jpeg() + EICAR)],
    }
    answer = maya.post(path, sent)
    assert answer.status_code == 422
    assert "The virus check found a problem in this file, so we did not keep it." in answer.content.decode()
    assert ward.count(Attachment) == 0
    assert ward.count(Message) == 0


@pytest.mark.parametrize("mood", ["down", "slow", "odd"])
def test_without_an_answer_the_message_goes_and_the_file_waits(
    mood: str, ward: Ward, scanner: Scanner, signed_in: SignIn, settings: Any
) -> None:
    up = settings.CLAMAV
    scanner.mood = mood
    settings.CLAMAV = "127.0.0.1:9" if mood == "down" else up
    maya, path = signed_in(ward.maya), reverse("messaging:new")
    answer = maya.post(
        path, {**form_of(maya, path), "topic": "feeling", "text": "Look.", "files": [upload()]}
    )
    assert answer.status_code == 302
    (row,) = sent_files(ward)
    assert row.state == "checking"
    page = maya.get(reverse("messaging:thread", args=[row.message.thread_id])).content.decode()
    assert "Still being checked for viruses" in page
    for name in ("file", "file-picture", "file-small"):
        assert maya.get(reverse(f"messaging:{name}", args=[row.pk])).status_code == 404
    assert services.check_again() == 0
    scanner.mood, settings.CLAMAV = "well", up
    assert services.check_again() == 1
    assert maya.get(reverse("messaging:file", args=[row.pk])).status_code == 200


def test_what_is_found_later_goes_and_the_message_stays(
    ward: Ward, scanner: Scanner, signed_in: SignIn, settings: Any, monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:  # fmt: skip
    up, settings.CLAMAV = settings.CLAMAV, "127.0.0.1:9"
    row = take(ward, pdf())
    thread = ward.start(files=[row.pk])
    settings.CLAMAV = up
    monkeypatch.setattr(services, "scan", lambda data: scan.Verdict.FOUND)
    with django_capture_on_commit_callbacks(execute=True):
        assert services.check_again() == 1
    assert not kept_bytes(row).exists()
    page = signed_in(ward.maya).get(reverse("messaging:thread", args=[thread])).content.decode()
    assert "did not keep it. The message is not changed." in page
    assert signed_in(ward.maya).get(reverse("messaging:file", args=[row.pk])).status_code == 404
    with ward.system():
        assert AuditEvent.objects.filter(act="file.refused", target=row.pk).count() == 1


def test_bytes_that_are_lost_do_not_hold_up_the_others(ward: Ward, scanner: Scanner, settings: Any) -> None:
    up, settings.CLAMAV = settings.CLAMAV, "127.0.0.1:9"
    lost, other = take(ward, jpeg()), take(ward, jpeg(color=9))
    store.drop(lost.pk)
    settings.CLAMAV = up
    assert services.check_again() == 2
    with ward.system():
        states = dict(Attachment.objects.for_system().values_list("pk", "state"))
    assert states == {lost.pk: "gone", other.pk: "ready"}
