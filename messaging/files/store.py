"""Where the sealed bytes lie: the storage that settings call "attachments", a folder or a bucket. It never sees a plain byte or a name."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from django.core.files.base import ContentFile
from django.core.files.storage import Storage, storages

from messaging.files.models import Attachment
from patients.blobs import open_blob, seal_blob
from portal.lib.ids import parse_uuid

FILE, SMALL = "file", "small"
PARTS = (FILE, SMALL)


def _shelf() -> Storage:
    return storages["attachments"]


def _name(id: UUID, part: str) -> str:
    """Spread over 256 folders; says nothing about whose it is."""
    return f"{id.hex[-2:]}/{id}.{part}"


def _column(part: str) -> str:
    return f"messaging_attachment.{part}"


def put(row: Attachment, part: str, data: bytes) -> None:
    """Seal and keep; what an earlier try left under this id is replaced."""
    name = _name(row.pk, part)
    _shelf().delete(name)
    _shelf().save(name, ContentFile(seal_blob(row.patient_id, row.pk, _column(part), data)))


def get(row: Attachment, part: str) -> bytes:
    """The plain bytes. Raises OSError when they are not there, SealBroken when they are not this row's."""
    with _shelf().open(_name(row.pk, part), "rb") as kept:
        sealed = kept.read()
    return open_blob(row.patient_id, row.pk, _column(part), sealed)


def drop(id: UUID) -> None:
    """Take the bytes away; nothing happens when there are none."""
    for part in PARTS:
        _shelf().delete(_name(id, part))


def older_than(limit: datetime) -> Iterator[UUID]:
    """Ids under which something has been lying since before `limit` (aware)."""
    shelf = _shelf()
    for number in range(256):
        folder = f"{number:02x}"
        try:
            _folders, names = shelf.listdir(folder)
        except FileNotFoundError:
            continue
        for id in {parse_uuid(name.partition(".")[0]) for name in names}:
            if id is None:
                continue
            written = [shelf.get_modified_time(_name(id, part)) for part in PARTS if f"{id}.{part}" in names]
            if written and max(written) < limit:
                yield id
