"""Has a file cleaned by `cleaner.py` and a PDF drawn by `drawer.py`, each in a process of its own that knows nothing of the portal."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from pathlib import Path
from threading import BoundedSemaphore

from django.utils.translation import gettext_lazy as _

from messaging.files import drawer
from messaging.files.cleaner import SECONDS, Clean
from portal.lib.problems import DomainError

PROGRAM = str(Path(__file__).with_name("cleaner.py"))
DRAWER = str(Path(__file__).with_name("drawer.py"))
WAIT = SECONDS + 10  # seconds by the clock
DRAWER_WAIT = drawer.SECONDS + 5
_one_at_a_time = BoundedSemaphore(1)  # a large photo takes a lot of memory for a moment

log = logging.getLogger("portal.files")

WORDS = {
    "empty": _("This file is empty."),
    "large": _("This file is larger than 10 MB. Send a smaller one, or a photo of it."),
    "kind": _("We can take photos (JPEG, PNG, WebP, HEIC) and PDF files. This is something else."),
    "damaged": _("We could not read this file. Save it again, or take a photo of it."),
    "pixels": _("This picture is too large. Take it again with a smaller size."),
    "unpacked": _("This file is too large inside. Print it to a new PDF, or take a photo of it."),
    "pages": _("This PDF has more than 100 pages. Send only the pages that matter."),
    "locked": _("This PDF is locked with a password. Save it without one, or take a photo of it."),
}


class FileRefused(DomainError):
    """The file is not taken. The words say why, and what to do instead."""

    default_message = WORDS["damaged"]
    status = 422

    @classmethod
    def because(cls, code: str) -> FileRefused:
        """The refusal with the words for a code of the cleaner."""
        return cls(WORDS.get(code, WORDS["damaged"]))


def clean_file(data: bytes) -> Clean:
    """The file written anew. Raises FileRefused, also for a file that makes its reader crash or never end."""
    try:
        done = _alone(PROGRAM, data, WAIT)
    except subprocess.TimeoutExpired:
        raise FileRefused.because("unpacked") from None
    head, _line, rest = done.stdout.partition(b"\n")
    if done.returncode != 0 or not head:
        raise FileRefused.because("damaged")
    said = json.loads(head)
    if "refused" in said:
        raise FileRefused.because(said["refused"])
    size, small = said["size"], said["small"]
    if said["kind"] not in ("jpeg", "png", "pdf") or len(rest) != size + small:
        raise FileRefused.because("damaged")
    kept = rest[:size]
    return Clean(said["kind"], kept, first_page(kept) if said["kind"] == "pdf" else rest[size:])


def first_page(data: bytes) -> bytes:
    """A small JPEG of the first page of a PDF that was written anew; b"" when it cannot be drawn, whatever happened."""
    try:
        done = _alone(DRAWER, data, DRAWER_WAIT)
    except subprocess.TimeoutExpired:
        log.warning("the first page of a PDF was not drawn: too slow")
        return b""
    if done.returncode != 0:
        log.warning("the first page of a PDF was not drawn: the process ended with %d", done.returncode)
        return b""
    drawn = done.stdout
    return drawn if drawn.startswith(b"\xff\xd8\xff") and len(drawn) <= drawer.LARGEST_SMALL else b""


def _alone(program: str, data: bytes, wait: int) -> subprocess.CompletedProcess[bytes]:
    """One of our programs as a process without settings, keys or imports of ours. Raises TimeoutExpired."""
    with _one_at_a_time:
        return subprocess.run(  # noqa: S603 - our own program with our own Python
            [sys.executable, "-I", "-B", program], input=data, capture_output=True, timeout=wait, env={"LC_ALL": "C.UTF-8"},
            cwd="/", check=False,
        )  # fmt: skip
