"""The optional virus check: ClamAV's own protocol, INSTREAM, over a socket. Off when settings name no scanner."""

from __future__ import annotations

import socket
from enum import Enum

from django.conf import settings

WAIT = 10.0  # seconds for each answer
CHUNK = 256 * 1024


class Verdict(Enum):
    CLEAN = "clean"
    FOUND = "found"
    UNKNOWN = "unknown"  # the scanner is down, too slow, or says something else


def scan(data: bytes) -> Verdict:
    """What the scanner says about a file; CLEAN when there is no scanner."""
    where = settings.CLAMAV
    if not where:
        return Verdict.CLEAN
    try:
        with _connected(where) as link:
            link.sendall(b"zINSTREAM\0")
            for start in range(0, len(data), CHUNK):
                part = data[start : start + CHUNK]
                link.sendall(len(part).to_bytes(4) + part)
            link.sendall((0).to_bytes(4))
            said = _answer(link)
    except OSError:  # a time-out is one as well
        return Verdict.UNKNOWN
    if said == b"stream: OK":
        return Verdict.CLEAN
    return Verdict.FOUND if said.startswith(b"stream: ") and said.endswith(b" FOUND") else Verdict.UNKNOWN


def _connected(where: str) -> socket.socket:
    if where.startswith("/"):
        link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        link.settimeout(WAIT)
        try:
            link.connect(where)
        except OSError:
            link.close()
            raise
        return link
    host, _colon, port = where.rpartition(":")
    return socket.create_connection((host.strip("[]"), int(port)), timeout=WAIT)


def _answer(link: socket.socket) -> bytes:
    said = b""
    while len(said) < 1_000 and not said.endswith(b"\0"):
        part = link.recv(1_000)
        if not part:
            break
        said += part
    return said.rstrip(b"\0\n")
