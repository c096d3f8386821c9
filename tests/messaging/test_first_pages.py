"""The small picture of a PDF: its first page, drawn in a process of its own, or none; the file is kept all the same."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from accounts.models import User
from messaging.files import clean, cleaner, drawer, services, store
from messaging.files.models import Attachment
from patients.models import AuditEvent
from portal.lib.ids import uuid7
from tests.messaging.hostile import KEPT, of
from tests.messaging.samples import SECRET_WORD, paper, pdf, saved
from tests.messaging.test_files import addresses, kept_bytes
from tests.messaging.ward import Ward

SignIn = Callable[[User], Client]
PAPERS = [name for name in KEPT if name.endswith(".pdf")]
NOT_DRAWN = {
    "huge-page.pdf", "thin-page.pdf", "blank-page.pdf", "photo-says-huge.pdf", "photo-is-none.pdf", "fax-is-none.pdf", "drawn-forever.pdf",
}  # fmt: skip


def two_pages() -> bytes:
    """A tall page with a black upper half; a wide one behind it."""
    made = paper()
    made.pages[0].MediaBox = [0, 0, 300, 600]
    made.pages[0].Contents = made.make_stream(b"0 300 300 300 re f")
    made.add_blank_page(page_size=(600, 300))
    return saved(made)


def taken(ward: Ward, data: bytes, name: str = "letter.pdf") -> Attachment:
    with ward.acting(ward.maya):
        return services.take_in(
            by=ward.maya, patient=ward.of_maya, id=uuid7(), name=name, data=data, now=timezone.now()
        )


def test_the_first_page_is_drawn_small_and_upright() -> None:
    made = clean.clean_file(two_pages())
    with Image.open(BytesIO(made.small), formats=["JPEG"]) as image:
        assert image.size == (160, 320)
        assert max(image.convert("L").getpixel((80, 80)), 255 - image.convert("L").getpixel((80, 240))) < 10  # type: ignore[operator, type-var]
    turned = paper()
    turned.pages[0].MediaBox = [0, 0, 300, 600]
    turned.pages[0].Rotate = 90
    with Image.open(BytesIO(clean.clean_file(saved(turned)).small)) as image:
        assert image.size == (320, 160)


@pytest.mark.parametrize("name", PAPERS)
def test_each_paper_of_the_corpus_is_drawn_or_has_no_picture(name: str) -> None:
    small = clean.first_page(cleaner.clean(of(name)).data)
    assert bool(small) is (name not in NOT_DRAWN)
    if small:
        assert len(small) <= drawer.LARGEST_SMALL
        with Image.open(BytesIO(small), formats=["JPEG"]) as image:
            assert max(image.size) <= drawer.SMALL_SIDE
            assert not image.getexif()
            assert "comment" not in image.info


PROGRAMS = {
    "dies": "import os; os.kill(os.getpid(), 11)",
    "raises": "raise ValueError",
    "says nothing": "pass",
    "says what is no picture": "import sys; sys.stdout.write('<script>alert(1)</script>')",
    "says too much": "import sys; sys.stdout.buffer.write(b'\\xff\\xd8\\xff' + bytes(300_000))",
    "never ends": "import time; time.sleep(60)",
}


@pytest.mark.parametrize("what", PROGRAMS)
def test_a_paper_that_cannot_be_drawn_is_sent_all_the_same(
    what: str, ward: Ward, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "drawer.py"
    program.write_text(PROGRAMS[what])
    monkeypatch.setattr(clean, "DRAWER", str(program))
    monkeypatch.setattr(clean, "DRAWER_WAIT", 2)
    row = taken(ward, pdf())
    assert not row.has_small
    assert not kept_bytes(row, store.SMALL).exists()
    thread = ward.start(files=[row.pk])
    maya = signed_in(ward.maya)
    page = maya.get(reverse("messaging:thread", args=[thread])).content.decode()
    assert "letter.pdf" in page
    assert "file__small--none" in page
    assert "First page of" not in page
    assert maya.get(reverse("messaging:file-small", args=[row.pk])).status_code == 404
    assert maya.get(reverse("messaging:file", args=[row.pk])).status_code == 200


def test_the_process_has_little_memory_and_no_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    started: dict[str, object] = {}
    really = clean.subprocess.run

    def run(*args: object, **options: object) -> object:
        started.update(options, program=args[0])
        return really(*args, **options)

    monkeypatch.setenv("PORTAL_TEST_SECRET", SECRET_WORD)
    monkeypatch.setattr(clean.subprocess, "run", run)
    assert clean.first_page(cleaner.clean(pdf()).data)
    assert started["env"] == {"LC_ALL": "C.UTF-8"}
    assert started["program"][1:3] == ["-I", "-B"]  # type: ignore[index]
    source = Path(drawer.__file__).read_text()
    assert drawer.MEMORY < cleaner.MEMORY
    assert drawer.SECONDS < cleaner.SECONDS
    for limit in ("AS", "CPU", "FSIZE", "CORE"):
        assert f"RLIMIT_{limit}" in source
    assert not re.search(r"^(from|import) (django|messaging|portal)", source, re.MULTILINE)


def test_the_picture_is_shown_with_words_to_those_who_may_see_the_message(
    ward: Ward, signed_in: SignIn
) -> None:
    row = taken(ward, pdf())
    small = reverse("messaging:patient-file-small", args=[ward.of_maya.pk, row.pk])
    assert signed_in(ward.rosa).get(small).status_code == 404  # not sent yet
    thread = ward.start(files=[row.pk], hide_from_carers=True)
    rosa = signed_in(ward.rosa)
    page = rosa.get(reverse("messaging:work-thread", args=[ward.of_maya.pk, thread])).content.decode()
    found = re.search(r'<img class="file__small[^>]*src="([^"]*)" alt="First page of letter.pdf">', page)
    assert found is not None
    answer = rosa.get(found[1].replace("&amp;", "&"))
    assert answer.status_code == 200
    assert answer["Content-Type"] == "image/jpeg"
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer["Cache-Control"]
    assert answer["Content-Disposition"] == 'inline; filename="letter.jpg"'
    assert answer.content.startswith(b"\xff\xd8\xff")
    with ward.system():
        assert not AuditEvent.objects.filter(
            act="file.view", target=row.pk
        ).exists()  # it belongs to the page
    assert rosa.get(small).status_code == 200
    with ward.system():
        assert AuditEvent.objects.filter(act="file.view", target=row.pk).count() == 1
    for user in (ward.jonas, ward.samuel, ward.peter):
        assert [signed_in(user).get(path).status_code for path in addresses(row, ward)] == [404, 404, 404]
    assert (
        signed_in(ward.maya).get(addresses(row, ward)[1]).status_code == 404
    )  # the PDF itself is never shown


def test_the_picture_lies_sealed_and_goes_with_its_file(ward: Ward) -> None:
    row = taken(ward, pdf())
    there = kept_bytes(row, store.SMALL)
    raw = there.read_bytes()
    assert b"\xff\xd8\xff" not in raw
    assert b"JFIF" not in raw
    with ward.acting(ward.maya):
        drawn = services.open_file(row, store.SMALL)
    with Image.open(BytesIO(drawn), formats=["JPEG"]) as image:
        assert image.size == (320, 320)
    assert there.stat().st_mode & 0o077 == 0
    store.drop(row.pk)
    assert not there.exists()


def test_what_is_drawn_is_the_paper_that_was_written_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was sent never reaches the process that draws."""
    seen: list[bytes] = []
    monkeypatch.setattr(clean, "first_page", lambda data: seen.append(data) or b"")
    made = clean.clean_file(of("open-script.pdf"))
    assert seen == [made.data]
    with pikepdf.open(BytesIO(seen[0])) as opened:
        assert "/OpenAction" not in opened.Root
