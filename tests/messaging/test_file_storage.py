"""The same files in a bucket: a small server that speaks S3 well enough, and the settings that lead there."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.utils import timezone

from messaging.files import services, store
from messaging.files.models import Attachment
from portal import environment
from portal.lib.ids import uuid7
from tests.messaging.samples import SECRET_WORD, jpeg, pdf
from tests.messaging.ward import Ward


class Bucket(BaseHTTPRequestHandler):
    server: Any

    def log_message(self, *args: Any) -> None:
        return

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def key(self) -> str:
        return urlsplit(self.path).path

    def do_PUT(self) -> None:
        data = self.rfile.read(int(self.headers["Content-Length"]))
        if "aws-chunked" in self.headers.get("Content-Encoding", ""):
            data = unchunked(data)
        self.server.kept[self.key()] = data
        self.answer(200, ETag='"x"')

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        if "prefix" in query:
            prefix = query["prefix"][0]
            rows = "".join(
                f"<Contents><Key>{key.split('/', 2)[2]}</Key></Contents>"
                for key in self.server.kept
                if key.split("/", 2)[2].startswith(prefix)
            )
            body = f'<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><IsTruncated>false</IsTruncated>{rows}</ListBucketResult>'
            self.answer(200, body.encode(), Content_Type="application/xml")
        elif self.key() in self.server.kept:
            old = format_datetime(timezone.now() - timedelta(days=3), usegmt=True)
            self.answer(200, self.server.kept[self.key()], Last_Modified=old, ETag='"x"')
        else:
            self.answer(404)

    def do_DELETE(self) -> None:
        self.server.kept.pop(self.key(), None)
        self.answer(204)


def unchunked(data: bytes) -> bytes:
    out = b""
    while data:
        head, _line, data = data.partition(b"\r\n")
        size = int(head.split(b";")[0], 16)
        if not size:
            return out
        out, data = out + data[:size], data[size + 2 :]
    return out


@pytest.fixture
def bucket(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, bytes]]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "tests")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Bucket)
    server.kept = {}
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    url = f"s3://clinic/files?endpoint=http://127.0.0.1:{server.server_address[1]}&region=us-east-1"
    settings.STORAGES = {**settings.STORAGES, "attachments": environment.file_storage(url)}
    yield server.kept
    server.shutdown()
    thread.join()
    server.server_close()


def test_files_in_a_bucket_are_sealed_opened_and_swept(ward: Ward, bucket: dict[str, bytes]) -> None:
    now = timezone.now()
    with ward.acting(ward.maya):
        row = services.take_in(
            by=ward.maya, patient=ward.of_maya, id=uuid7(), name="a.pdf", data=pdf(SECRET_WORD), now=now
        )
        assert store.get(row, store.FILE).startswith(b"%PDF")
    assert len(bucket) == 2  # the file and the small picture of its first page
    assert not any(SECRET_WORD.encode() in data or b"%PDF" in data for data in bucket.values())
    assert not any(b"JFIF" in data or data.startswith(b"\xff\xd8") for data in bucket.values())
    lost = Attachment(id=uuid7(), patient=ward.of_maya)
    with ward.acting(ward.maya):
        store.put(lost, store.FILE, jpeg())
        with pytest.raises(services.FileUnreadable):
            services.open_file(Attachment(id=uuid7(), patient=ward.of_maya), store.FILE)
    ward.start(files=[row.pk])
    with ward.system():
        services.sweep_files(now)
    assert [key for key in bucket if str(lost.pk) in key] == []
    assert len(bucket) == 2


@pytest.mark.parametrize(
    "url", ["", "files", "http://x/y", "file:relative", "file://host/path", "s3:///nothing"]
)
def test_a_place_that_cannot_be_used_is_one_clear_line(url: str) -> None:
    with pytest.raises(environment.ConfigurationError, match="FILES_URL"):
        environment.file_storage(url)


def test_a_folder_is_closed_to_others() -> None:
    options = environment.file_storage("file:///var/lib/portal/files")["OPTIONS"]
    assert options == {
        "location": "/var/lib/portal/files",
        "file_permissions_mode": 0o600,
        "directory_permissions_mode": 0o700,
    }


def test_what_a_broken_send_left_is_swept(ward: Ward, tmp_path: Any, settings: Any) -> None:
    """Bytes were kept, then the transaction failed: no row knows them."""
    settings.STORAGES = {**settings.STORAGES, "attachments": environment.file_storage(tmp_path.as_uri())}
    lost = Attachment(id=uuid7(), patient=ward.of_maya)
    with ward.acting(ward.maya):
        store.put(lost, store.FILE, jpeg())
    with ward.system():
        services.sweep_files(timezone.now())
        assert len(list(tmp_path.rglob("*.file"))) == 1  # too young: its transaction may still run
        services.sweep_files(timezone.now() + timedelta(days=2))
    assert not list(tmp_path.rglob("*.file"))
