"""Files with messages: added, sent once, opened by the right people, sealed, swept."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pikepdf
import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from accounts.models import User
from messaging import services
from messaging.files import services as files
from messaging.files import store
from messaging.files.models import Attachment
from messaging.models import Message
from patients.models import AuditEvent
from portal import environment
from portal.lib.ids import uuid7
from portal.lib.sealing import SealBroken
from tests.messaging.samples import SECRET_WORD, jpeg, pdf
from tests.messaging.ward import Ward, hidden

SignIn = Callable[[User], Client]


def upload(name: str = "rash.jpg", data: bytes | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, jpeg() if data is None else data)


def form_of(client: Client, path: str) -> dict[str, Any]:
    """The hidden fields of the form on a page, as a browser sends them back."""
    html = client.get(path).content.decode()
    names = ("draft", "draft_version", "draft_kind", "draft_patient", "draft_target", "draft_resume")
    given: dict[str, Any] = {name: hidden(html, name) for name in names if f'name="{name}"' in html}
    given["attached"] = re.findall(r'name="attached" value="([^"]*)"', html)
    if 'name="seen"' in html:
        given["seen"] = hidden(html, "seen")
    return given


def sent_files(ward: Ward) -> list[Attachment]:
    with ward.system():
        rows = Attachment.objects.for_system().filter(message__isnull=False).select_related("message")
        found = list(rows.order_by("created_at"))
        assert all(row.name for row in found)  # opened here, where the key is within reach
    return found


def start_with_file(ward: Ward, **more: Any) -> Attachment:
    """A conversation of Maya's with one picture, through the services."""
    with ward.acting(ward.maya):
        row = files.take_in(
            by=ward.maya, patient=ward.of_maya, id=uuid7(), name="rash.jpg", data=jpeg(), now=timezone.now()
        )
    ward.start(files=[row.pk], **more)
    return row


def test_the_work_list_says_that_a_file_came_along(ward: Ward, signed_in: SignIn) -> None:
    ward.start(text="Without a picture.")
    rosa, said = signed_in(ward.rosa), "With a photo or a PDF"
    assert said not in rosa.get("/work/").content.decode()
    start_with_file(ward, text="See my arm.")
    page = rosa.get("/work/").content.decode()
    assert page.count(said) == 1
    assert page.index("See my arm.") < page.index(said)


def test_a_file_that_comes_with_a_later_message_is_said_on_the_work_list(
    ward: Ward, signed_in: SignIn
) -> None:
    thread, said = ward.start(text="Without a picture."), "With a photo or a PDF"
    reply_with_file(ward, thread)
    rosa = signed_in(ward.rosa)
    assert said in rosa.get("/work/").content.decode()
    ward.answer(thread)
    ward.reply(thread, "Thank you.")  # new work, which begins after the file
    assert said not in rosa.get("/work/").content.decode()


def test_the_list_of_conversations_says_how_many_files_there_are(ward: Ward, signed_in: SignIn) -> None:
    maya, url = signed_in(ward.maya), reverse("messaging:list")
    thread = ward.start(text="Without a picture.")
    assert " file" not in words_of_list(maya, url)
    reply_with_file(ward, thread)
    assert "1 file " in words_of_list(maya, url)
    reply_with_file(ward, thread)
    assert "2 files " in words_of_list(maya, url)


def reply_with_file(ward: Ward, thread: Any) -> None:
    with ward.acting(ward.maya):
        now = timezone.now()
        row = files.take_in(
            by=ward.maya, patient=ward.of_maya, id=uuid7(), name="rash.jpg", data=jpeg(), now=now
        )
        services.reply(
            by=ward.maya,
            patient=ward.of_maya,
            thread_id=thread,
            id=uuid7(),
            text="Here it is.",
            seen_seq=99,
            now=now,
            files=[row.pk],
        )


def words_of_list(client: Client, url: str) -> str:
    """The text of the rows, without tags, blanks as one."""
    rows = client.get(url).content.decode().split('class="rows"')[1].split("</ul>")[0]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", rows))


def test_a_file_goes_with_a_new_message_in_one_press(ward: Ward, signed_in: SignIn) -> None:
    maya, path = signed_in(ward.maya), reverse("messaging:new")
    form = form_of(maya, path)
    answer = maya.post(
        path, {**form, "topic": "feeling", "text": "My arm.", "files": [upload(), upload("scan.pdf", pdf())]}
    )
    assert answer.status_code == 302
    assert [(row.name, row.kind, row.state) for row in sent_files(ward)] == [
        ("rash.jpg", "jpeg", "ready"),
        ("scan.pdf", "pdf", "ready"),
    ]
    assert ward.count(Message) == 1
    thread = sent_files(ward)[0].message.thread_id
    page = maya.get(reverse("messaging:thread", args=[thread])).content.decode()
    assert "rash.jpg" in page
    assert "scan.pdf" in page
    assert page.count('class="file__small') == 2


def test_sending_the_same_page_twice_is_one_message_with_one_file(ward: Ward, signed_in: SignIn) -> None:
    maya, path = signed_in(ward.maya), reverse("messaging:new")
    form = form_of(maya, path)
    for _again in range(2):
        assert (
            maya.post(path, {**form, "topic": "feeling", "text": "My arm.", "files": [upload()]}).status_code
            == 302
        )
    assert ward.count(Message) == 1
    assert ward.count(Attachment) == 1


def test_other_words_under_the_same_id_keep_the_new_file(ward: Ward, signed_in: SignIn) -> None:
    maya, path = signed_in(ward.maya), reverse("messaging:new")
    form = {**form_of(maya, path), "topic": "feeling"}
    assert maya.post(path, {**form, "text": "First.", "files": [upload()]}).status_code == 302
    answer = maya.post(path, {**form, "text": "Second.", "files": [upload("b.pdf", pdf())]})
    assert answer.status_code == 409
    assert ward.count(Message) == 1
    thread = reverse("messaging:thread", args=[sent_files(ward)[0].message.thread_id])
    assert len(form_of(maya, thread)["attached"]) == 1
    page = maya.get(thread).content.decode()
    assert "b.pdf" in page
    assert "Second." in page


def test_a_refused_form_keeps_text_and_files(ward: Ward, signed_in: SignIn) -> None:
    maya, path = signed_in(ward.maya), reverse("messaging:new")
    answer = maya.post(path, {**form_of(maya, path), "text": "No topic chosen.", "files": [upload()]})
    assert answer.status_code == 422
    assert "rash.jpg" in answer.content.decode()
    assert ward.count(Message) == 0
    again = form_of(maya, path)
    assert len(again["attached"]) == 1
    assert maya.post(path, {**again, "topic": "feeling", "text": "Now with topic."}).status_code == 302
    assert [row.name for row in sent_files(ward)] == ["rash.jpg"]


def test_files_are_added_first_survive_sign_out_and_can_be_taken_away(ward: Ward, signed_in: SignIn) -> None:
    maya, path = signed_in(ward.maya), reverse("messaging:new")
    added = maya.post(
        path, {**form_of(maya, path), "text": "", "attach": "1", "files": [upload(), upload("b.pdf", pdf())]}
    )
    assert added.status_code == 302
    assert added["Location"].endswith("#files")
    other_device = signed_in(ward.maya)
    form = form_of(other_device, path)
    assert len(form["attached"]) == 2
    assert "Finish later" in other_device.get(reverse("portal:today")).content.decode()
    gone = other_device.post(path, {**form, "text": "Half a", "detach": form["attached"][0]})
    assert gone.status_code == 302
    left = form_of(other_device, path)
    assert left["attached"] == form["attached"][1:]
    assert "Half a" in other_device.get(path).content.decode()
    assert ward.count(Attachment) == 1


def test_a_refused_file_stops_the_sending_and_says_why(ward: Ward, signed_in: SignIn) -> None:
    maya, path = signed_in(ward.maya), reverse("messaging:new")
    form = form_of(maya, path)
    answer = maya.post(
        path, {**form, "topic": "feeling", "text": "Look.", "files": [upload(), upload("a.gif", b"GIF89a")]}
    )
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "a.gif: We can take photos" in page
    assert "Look." in page
    assert page.count('name="attached"') == 1
    assert ward.count(Message) == 0


def test_ten_megabytes_and_one_byte_are_too_much(ward: Ward, signed_in: SignIn) -> None:
    maya, path = signed_in(ward.maya), reverse("messaging:new")
    large = upload("large.jpg", jpeg() + b"\0" * (10 * 1024 * 1024 + 1 - len(jpeg())))
    answer = maya.post(path, {**form_of(maya, path), "topic": "feeling", "text": "Look.", "files": [large]})
    assert answer.status_code == 422
    assert "larger than 10 MB" in answer.content.decode()
    assert ward.count(Attachment) == 0


def test_more_than_one_message_can_hold_is_refused_at_the_door(ward: Ward, signed_in: SignIn) -> None:
    maya, path = signed_in(ward.maya), reverse("messaging:new")
    many = [upload(f"{n}.jpg", bytes(9 * 1024 * 1024)) for n in range(7)]
    assert maya.post(path, {**form_of(maya, path), "text": "Look.", "files": many}).status_code == 413


def test_a_sixth_file_is_refused(ward: Ward, signed_in: SignIn) -> None:
    maya, path = signed_in(ward.maya), reverse("messaging:new")
    six = [upload(f"{n}.jpg", jpeg(color=40 * n)) for n in range(6)]
    answer = maya.post(path, {**form_of(maya, path), "topic": "feeling", "text": "Look.", "files": six})
    assert answer.status_code == 422
    assert "A message can have 5 files" in answer.content.decode()
    assert ward.count(Attachment) == 5
    assert ward.count(Message) == 0


def test_reply_and_answer_carry_files(ward: Ward, signed_in: SignIn) -> None:
    thread = ward.start()
    maya, rosa = signed_in(ward.maya), signed_in(ward.rosa)
    own, work = (
        reverse("messaging:thread", args=[thread]),
        reverse("messaging:work-thread", args=[ward.of_maya.pk, thread]),
    )
    assert maya.post(own, {**form_of(maya, own), "text": "More.", "files": [upload()]}).status_code == 302
    answer = reverse("messaging:answer", args=[ward.of_maya.pk, thread])
    assert (
        rosa.post(
            answer,
            {**form_of(rosa, work), "attach": "1", "text": "See", "files": [upload("leaflet.pdf", pdf())]},
        ).status_code
        == 302
    )
    form = form_of(rosa, work)
    assert len(form["attached"]) == 1
    assert "leaflet.pdf" not in maya.get(own).content.decode()  # not sent yet
    assert rosa.post(answer, {**form, "text": "See the leaflet."}).status_code == 302
    assert "leaflet.pdf" in maya.get(own).content.decode()
    assert [row.owner_id for row in sent_files(ward)] == [ward.maya.pk, ward.rosa.pk]


def addresses(row: Attachment, ward: Ward) -> list[str]:
    return [
        reverse(f"messaging:patient-{name}", args=[ward.of_maya.pk, row.pk])
        for name in ("file", "file-picture", "file-small")
    ]


def test_who_opens_a_file(ward: Ward, signed_in: SignIn) -> None:
    row = start_with_file(ward)
    for user in (ward.maya, ward.jonas, ward.rosa):
        assert [signed_in(user).get(path).status_code for path in addresses(row, ward)] == [200, 200, 200]
    for user in (ward.samuel, ward.peter):
        assert [signed_in(user).get(path).status_code for path in addresses(row, ward)] == [404, 404, 404]
    samuel = signed_in(ward.samuel)
    assert samuel.get(reverse("messaging:file", args=[row.pk])).status_code == 404
    his = reverse("messaging:patient-file", args=[ward.of_samuel.pk, row.pk])
    assert signed_in(ward.rosa).get(his).status_code == 404
    assert Client().get(addresses(row, ward)[0]).status_code == 302
    with ward.acting(ward.samuel):
        assert not Attachment.objects.filter(pk=row.pk).exists()  # PostgreSQL says the same by itself


def test_what_is_hidden_from_carers_hides_its_files(ward: Ward, signed_in: SignIn) -> None:
    row = start_with_file(ward, hide_from_carers=True)
    assert [signed_in(ward.jonas).get(path).status_code for path in addresses(row, ward)] == [404, 404, 404]
    assert signed_in(ward.rosa).get(addresses(row, ward)[0]).status_code == 200
    with ward.acting(ward.jonas):
        assert not Attachment.objects.filter(pk=row.pk).exists()


def test_a_file_that_waits_is_its_writers_alone(ward: Ward, signed_in: SignIn) -> None:
    with ward.acting(ward.maya):
        row = files.take_in(
            by=ward.maya, patient=ward.of_maya, id=uuid7(), name="a", data=jpeg(), now=timezone.now()
        )
    assert signed_in(ward.maya).get(addresses(row, ward)[0]).status_code == 200
    for user in (ward.jonas, ward.rosa, ward.samuel):
        assert signed_in(user).get(addresses(row, ward)[0]).status_code == 404
    with ward.acting(ward.rosa):
        assert not Attachment.objects.filter(pk=row.pk).exists()
        with pytest.raises(files.FilesGone):
            ward_start_as_rosa(ward, row.pk)
    with pytest.raises(files.FilesGone):
        ward.start(ward.samuel, ward.of_samuel, files=[row.pk])


def ward_start_as_rosa(ward: Ward, id: UUID) -> None:
    from messaging.services import start_thread

    start_thread(
        by=ward.rosa,
        patient=ward.of_maya,
        id=uuid7(),
        topic="feeling",
        text="By phone.",
        now=timezone.now(),
        files=[id],
    )


def test_headers_let_nothing_act(ward: Ward, signed_in: SignIn) -> None:
    row = start_with_file(ward)
    with ward.acting(ward.maya):
        paper = files.take_in(
            by=ward.maya, patient=ward.of_maya, id=uuid7(), name="x.pdf", data=pdf(), now=timezone.now()
        )
    maya = signed_in(ward.maya)
    saved = maya.get(reverse("messaging:file", args=[paper.pk]))
    assert saved["Content-Disposition"] == 'attachment; filename="x.pdf"'
    assert maya.get(reverse("messaging:file-picture", args=[paper.pk])).status_code == 404
    for answer in (
        saved,
        maya.get(reverse("messaging:file-picture", args=[row.pk])),
        maya.get(reverse("messaging:file-small", args=[row.pk])),
    ):
        assert answer.status_code == 200
        assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert "no-store" in answer["Cache-Control"]
    assert maya.get(reverse("messaging:file-picture", args=[row.pk]))["Content-Type"] == "image/jpeg"


def test_each_look_is_on_the_trail_and_a_page_covers_its_small_pictures(
    ward: Ward, signed_in: SignIn
) -> None:
    row = start_with_file(ward)
    rosa = signed_in(ward.rosa)
    with ward.system():
        thread = (
            Message.objects.for_system()
            .get(pk=Attachment.objects.for_system().get(pk=row.pk).message_id)
            .thread_id
        )

    def looks() -> int:
        with ward.system():
            return AuditEvent.objects.filter(act="file.view", target=row.pk, user=ward.rosa).count()

    page = rosa.get(reverse("messaging:work-thread", args=[ward.of_maya.pk, thread])).content.decode()
    small = re.search(r'src="([^"]*small/[^"]*)"', page)
    assert small is not None
    shown = small[1].replace("&amp;", "&")
    assert rosa.get(shown).status_code == 200
    assert looks() == 0
    rosa.get(shown.partition("?")[0])
    rosa.get(shown.replace("shown=", "shown=x"))
    rosa.get(addresses(row, ward)[0])
    rosa.get(addresses(row, ward)[1])
    assert looks() == 4


def kept_bytes(row: Attachment, part: str = "file") -> Path:
    folder = Path(settings.STORAGES["attachments"]["OPTIONS"]["location"])
    return folder / row.pk.hex[-2:] / f"{row.pk}.{part}"


def test_nothing_lies_plain_on_the_disk(ward: Ward) -> None:
    with ward.acting(ward.maya):
        row = files.take_in(
            by=ward.maya,
            patient=ward.of_maya,
            id=uuid7(),
            name=f"{SECRET_WORD}.pdf",
            data=pdf(text=SECRET_WORD),
            now=timezone.now(),
        )
        with pikepdf.open(BytesIO(store.get(row, store.FILE))) as opened:
            assert SECRET_WORD.encode() in opened.pages[0].Contents.read_bytes()
    raw = kept_bytes(row).read_bytes()
    assert SECRET_WORD.encode() not in raw
    assert b"%PDF" not in raw
    assert kept_bytes(row).stat().st_mode & 0o077 == 0


def test_bytes_of_another_row_or_patient_do_not_open(ward: Ward, signed_in: SignIn) -> None:
    mine = start_with_file(ward)
    with ward.acting(ward.samuel):
        his = files.take_in(
            by=ward.samuel,
            patient=ward.of_samuel,
            id=uuid7(),
            name="his",
            data=jpeg(color=9),
            now=timezone.now(),
        )
    kept_bytes(mine).write_bytes(kept_bytes(his).read_bytes())
    with ward.acting(ward.maya), pytest.raises(SealBroken):
        store.get(mine, store.FILE)
    answer = signed_in(ward.maya).get(reverse("messaging:file", args=[mine.pk]))
    assert answer.status_code == 409
    assert "cannot be opened" in answer.content.decode()
    kept_bytes(mine).unlink()
    assert signed_in(ward.maya).get(reverse("messaging:file", args=[mine.pk])).status_code == 409


def test_the_row_of_another_patient_cannot_be_taken_over(ward: Ward) -> None:
    row = start_with_file(ward)
    with ward.acting(ward.samuel):
        assert (
            Attachment.objects.filter(pk=row.pk).update(
                patient=ward.of_samuel, message=None, owner=ward.samuel
            )
            == 0
        )
    with ward.acting(ward.maya):
        Attachment.objects.filter(pk=row.pk).delete()  # the database keeps what was sent
    assert ward.count(Attachment, pk=row.pk) == 1


def test_what_was_never_sent_is_swept_after_a_day(
    ward: Ward, signed_in: SignIn, settings: Any, tmp_path: Path
) -> None:
    # A folder of its own: a sweep a day ahead would take the files of tests that run beside this one.
    settings.STORAGES = {**settings.STORAGES, "attachments": environment.file_storage(tmp_path.as_uri())}
    now = timezone.now()
    sent = start_with_file(ward)
    maya, path = signed_in(ward.maya), reverse("messaging:new")
    maya.post(
        path, {**form_of(maya, path), "attach": "1", "files": [upload("with-draft.jpg", jpeg(color=3))]}
    )
    with ward.acting(ward.maya):
        loose = files.take_in(
            by=ward.maya, patient=ward.of_maya, id=uuid7(), name="loose", data=jpeg(), now=now
        )
    with ward.system():
        assert files.sweep_files(now + timedelta(hours=23)) == 0
    with ward.system():
        assert files.sweep_files(now + timedelta(hours=25)) == 1
        left = set(Attachment.objects.for_system().values_list("pk", flat=True))
    assert loose.pk not in left
    assert len(left) == 2
    assert sent.pk in left
    maya.post(reverse("patients:draft-drop", args=[form_of(maya, path)["draft"]]))
    with ward.system():
        assert files.sweep_files(now + timedelta(hours=25)) == 1


def test_quotas_hold(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_WAITING", 1)

    def add() -> None:
        with ward.acting(ward.maya):
            files.take_in(
                by=ward.maya, patient=ward.of_maya, id=uuid7(), name="a", data=jpeg(), now=timezone.now()
            )

    add()
    with pytest.raises(files.FilesFull):
        add()
    monkeypatch.setattr(files, "MOST_WAITING", 20)
    monkeypatch.setattr(files, "MOST_OF_PATIENT", 100)
    with pytest.raises(files.FilesFull):
        add()


def test_a_photo_loses_the_place_where_it_was_taken(ward: Ward) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    with ward.acting(ward.maya):
        row = files.take_in(
            by=ward.maya,
            patient=ward.of_maya,
            id=uuid7(),
            name="a.jpg",
            data=jpeg(size=(40, 20), exif=exif),
            now=timezone.now(),
        )
        with Image.open(BytesIO(store.get(row, store.FILE))) as image:
            assert image.size == (20, 40)  # upright
            assert not image.getexif()
