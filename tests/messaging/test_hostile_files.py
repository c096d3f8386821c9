"""A corpus of hostile and broken files: nothing is kept as it came, nothing acts, nothing is an error of ours."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from io import BytesIO

import pikepdf
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image, ImageFile

from accounts.models import User
from messaging.files import cleaner
from messaging.files.clean import FileRefused, clean_file
from messaging.files.models import Attachment
from messaging.files.names import plain_name
from tests.messaging.hostile import EICAR, KEPT, NAMES, REFUSED, SCRIPT, of
from tests.messaging.samples import SECRET_WORD, jpeg, pdf
from tests.messaging.ward import Ward

SignIn = Callable[[User], Client]
ACTS = re.compile(
    rb"/(JS|JavaScript|Launch|OpenAction|AA|EmbeddedFile|EF|URI|SubmitForm|GoToR|RichMedia|AcroForm|XFA|Annots|Metadata)\b"
)


def test_the_corpus_is_large_enough() -> None:
    """Different files, not the same ones under other names."""
    assert len({of(name) for name in (*REFUSED, *KEPT)}) >= 100


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_picture_and_no_letter_is_refused(name: str) -> None:
    with pytest.raises(cleaner.Refused):
        cleaner.clean(of(name))


def test_half_a_picture_is_refused_whatever_another_library_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library that draws our PDF files asks for half pictures, for the whole process."""
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    for name in ("truncated.jpg", "truncated.png", "truncated.webp", "truncated.heic"):
        with pytest.raises(cleaner.Refused):
            cleaner.clean(of(name))


@pytest.mark.parametrize("name", KEPT)
def test_what_is_kept_is_written_anew(name: str) -> None:
    came = of(name)
    made = cleaner.clean(came)
    assert made.data != came
    for left in (SECRET_WORD.encode(), SCRIPT, EICAR, b"<!DOCTYPE", b"GPS"):
        assert left not in made.data
        assert left not in made.small
    if made.kind == "pdf":
        with pikepdf.open(BytesIO(made.data)) as opened:
            whole = BytesIO()
            opened.save(whole, compress_streams=False, object_stream_mode=pikepdf.ObjectStreamMode.disable, stream_decode_level=pikepdf.StreamDecodeLevel.generalized)  # fmt: skip
        assert ACTS.search(whole.getvalue()) is None
        assert SECRET_WORD.encode() not in whole.getvalue()
        assert b"GPS" not in whole.getvalue()
        return
    for data, longest in ((made.data, 4_096), (made.small, 320)):
        with Image.open(BytesIO(data), formats=["JPEG", "PNG"]) as image:
            assert max(image.size) <= longest
            assert image.mode in ("RGB", "L")
            assert getattr(image, "n_frames", 1) == 1
            assert not image.getexif()
            assert not {"icc_profile", "comment", "xmp", "exif", "Comment"} & set(image.info)


def test_the_same_corpus_through_the_door(
    ward: Ward, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a person sends it: a clear answer each time, and what is served is a picture or a saved PDF of ours."""
    from messaging.files import services

    monkeypatch.setattr(services, "MOST_WAITING", 10_000)
    monkeypatch.setattr(services, "MOST_A_DAY", 10_000)
    monkeypatch.setattr(services, "MOST_IN_MESSAGE", 10_000)
    monkeypatch.setattr(services, "clean_file", in_this_process)
    maya, path = signed_in(ward.maya), reverse("messaging:new")
    for name in (*REFUSED, *KEPT):
        sent = {
            "text": "x",
            "attach": "1",
            "files": [SimpleUploadedFile(name, of(name), content_type="text/html")],
        }
        status = maya.post(path, sent).status_code
        assert status == (422 if name in REFUSED else 302), name
    with ward.system():
        kept = list(Attachment.objects.for_system().values_list("pk", "kind"))
    assert len(kept) == len(KEPT)
    came = {of(name) for name in (*REFUSED, *KEPT)}
    served: dict[str, int] = {"to save": 0, "a picture of ours": 0, "as a page": 0, "as it came": 0}
    for id, kind in kept:
        for part in ("file", "file-picture", "file-small"):
            answer = maya.get(reverse(f"messaging:{part}", args=[id]))
            if part != "file" and kind == "pdf":
                assert answer.status_code == 404  # the process that draws a PDF does not run here
                continue
            assert answer.status_code == 200
            assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
            assert answer["X-Content-Type-Options"] == "nosniff"
            assert SECRET_WORD.encode() not in answer.content
            served["as it came"] += answer.content in came
            saves = answer["Content-Disposition"].startswith("attachment")
            drawn = answer["Content-Type"] in ("image/jpeg", "image/png")
            where = "to save" if saves else "a picture of ours" if drawn and part != "file" else "as a page"
            served[where] += 1
    pictures = sum(kind != "pdf" for _id, kind in kept)
    assert served == {
        "to save": len(kept),
        "a picture of ours": 2 * pictures,
        "as a page": 0,
        "as it came": 0,
    }


def in_this_process(data: bytes) -> cleaner.Clean:
    """The cleaner without a process of its own: the corpus is long."""
    try:
        return cleaner.clean(data)
    except cleaner.Refused as why:
        raise FileRefused.because(str(why)) from None


@pytest.mark.parametrize("name", NAMES)
def test_strange_names_become_plain_ones(
    name: str, ward: Ward, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    from messaging.files import services

    monkeypatch.setattr(services, "clean_file", in_this_process)
    shown = plain_name(name, "pdf")
    assert re.fullmatch(r'[^<>:"|?*/\\\x00-\x1f\u202e\ud800-\udfff]{1,80}\.pdf', shown)
    assert not re.search(r"\.(exe|jpg)\.pdf$", shown)
    with ward.acting(ward.maya):
        row = services.take_in(
            by=ward.maya,
            patient=ward.of_maya,
            id=ward.of_samuel.pk,
            name=name,
            data=jpeg(),
            now=ward.world.now,
        )
    answer = signed_in(ward.maya).get(reverse("messaging:file", args=[row.pk]))
    assert answer.status_code == 200
    assert "\n" not in answer["Content-Disposition"]
    assert "X-Evil" not in answer.headers


def test_the_process_of_its_own_gives_the_same_and_survives_what_kills_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert clean_file(jpeg()).kind == "jpeg"
    assert clean_file(pdf()).kind == "pdf"
    for name in ("bomb.pdf", "pixels.png", "nested.pdf", "page.jpg", "just-too-many.png"):
        with pytest.raises(FileRefused):
            clean_file(of(name))
    monkeypatch.setattr("messaging.files.clean.PROGRAM", "/nonexistent/cleaner.py")
    with pytest.raises(FileRefused):
        clean_file(jpeg())


def test_bombs_are_refused_fast() -> None:
    for name in (
        "pixels.jpg",
        "pixels.png",
        "just-too-many.png",
        "between-limits.png",
        "bomb-in-bomb.pdf",
        "laughs.xml",
    ):
        data = of(name)
        began = time.process_time()
        with pytest.raises(cleaner.Refused):
            cleaner.clean(data)
        assert time.process_time() - began < 1  # the processor's own time: a busy machine changes nothing


def test_a_filled_in_form_keeps_what_was_filled_in() -> None:
    from pikepdf import Array, Dictionary, Name

    from tests.messaging.samples import paper, saved

    made = paper()
    look = made.make_stream(
        b"BT (Filled in) Tj ET", Type=Name.XObject, Subtype=Name.Form, BBox=[0, 0, 99, 20]
    )
    field = made.make_indirect(
        Dictionary(
            Type=Name.Annot,
            Subtype=Name.Widget,
            FT=Name.Tx,
            T="a",
            V="Filled in",
            F=4,
            Rect=[0, 0, 99, 20],
            AP=Dictionary(N=look),
        )
    )
    made.pages[0].Annots = Array([field])
    made.Root.AcroForm = Dictionary(Fields=Array([field]))
    with pikepdf.open(BytesIO(cleaner.clean(saved(made)).data)) as opened:
        drawn = b"".join(
            part.read_bytes()
            for part in opened.objects
            if isinstance(part, pikepdf.Stream) and part.get("/Subtype") == Name.Form
        )
    assert b"Filled in" in drawn
