"""What happens to files: taken in, put away again, sent with a message, opened, checked later, swept."""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid5

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from messaging.files import store
from messaging.files.clean import FileRefused, clean_file
from messaging.files.models import Attachment
from messaging.files.names import plain_name
from messaging.files.scan import Verdict, scan
from messaging.models import Message
from patients.drafts import drafts_among
from patients.models import Patient
from patients.services import Done, exactly_once, hold_id, record_change, require
from portal.lib import actor
from portal.lib.problems import DomainError
from portal.lib.sealing import SealBroken, derived_key

MOST_IN_MESSAGE = 5
MOST_WAITING = 20  # files of one person that are not sent yet
MOST_A_DAY = 60  # files of one person about one patient
MOST_OF_PATIENT = 1024 * 1024 * 1024  # bytes of one patient's files
KEPT_WAITING = timedelta(hours=24)
CAPACITIES = ("self", "carer", "team")
AREA = "messages"

log = logging.getLogger("portal.files")


class TooManyFiles(DomainError):
    default_message = _("A message can have 5 files. Take one away, or send the others in a second message.")
    status = 422


class FilesFull(DomainError):
    default_message = _(
        "There is no room for more files right now. Your text is kept. Please call us if it is important."
    )
    status = 422


class FilesGone(DomainError):
    default_message = _(
        "A file is not here any more, so nothing was sent. Look at the list of files and send again."
    )


class FileFound(FileRefused):
    default_message = _(
        "The virus check found a problem in this file, so we did not keep it. Nothing else was changed. "
        "You can take a photo of the paper instead."
    )


class FileUnreadable(DomainError):
    default_message = _("This file cannot be opened right now. If you need it, ask for it to be sent again.")


def id_in_draft(draft: UUID, data: bytes) -> UUID:
    """The id of a file in a form: the same file in the same form is one file, however often the form is sent."""
    _name, key = derived_key("attachment-ids")
    return uuid5(draft, hmac.new(key, data, hashlib.sha256).hexdigest())


@transaction.atomic
def take_in(
    *, by: User, patient: Patient, id: UUID, name: str, data: bytes, now: datetime, draft: UUID | None = None
) -> Attachment:
    """Clean, check, seal and keep a file that waits to be sent. A retry gets what is there.

    Raises FileRefused, FileFound, TooManyFiles, FilesFull, NotAllowed.
    """
    require(by, patient, AREA, *CAPACITIES)
    hold_id(id)
    files = Attachment.objects.for_user(by, patient)
    there = files.filter(pk=id, owner=by).first()
    if there is not None:
        return there
    waiting = files.waiting_of(by)
    if draft is not None and waiting.filter(draft=draft).count() >= MOST_IN_MESSAGE:
        raise TooManyFiles
    if (
        waiting.count() >= MOST_WAITING
        or files.filter(owner=by, created_at__gt=now - timedelta(days=1)).count() >= MOST_A_DAY
        or (files.aggregate(all=Sum("size"))["all"] or 0) + len(data) > MOST_OF_PATIENT
    ):
        raise FilesFull
    verdict = scan(data)
    if verdict is Verdict.FOUND:
        raise FileFound
    made = clean_file(data)
    row = Attachment(
        id=id,
        patient=patient,
        owner=by,
        draft=draft,
        kind=made.kind,
        size=len(made.data),
        has_small=bool(made.small),
        created_at=now,
        state=Attachment.State.READY if verdict is Verdict.CLEAN else Attachment.State.CHECKING,
    )
    row.name = plain_name(name, made.kind)
    row.save(force_insert=True)
    store.put(row, store.FILE, made.data)
    if made.small:
        store.put(row, store.SMALL, made.small)
    record_change(by, patient, "file.added", row.pk)
    return row


@transaction.atomic
def add_file(*, by: User, patient: Patient, id: UUID, name: str, data: bytes, now: datetime) -> Done:
    """The same for programs: exactly once under `id`, in no form. Raises DifferentContent as well."""
    require(by, patient, AREA, *CAPACITIES)

    def make() -> UUID:
        return take_in(by=by, patient=patient, id=id, name=name, data=data, now=now).pk

    content = [name, hashlib.sha256(data).hexdigest()]
    return exactly_once(act="file.add", id=id, patient=patient, user=by, content=content, do=make)


@transaction.atomic
def put_away(*, by: User, patient: Patient, id: UUID) -> None:
    """Take away one's own file that is not sent yet; nothing happens when there is none."""
    require(by, patient, AREA, *CAPACITIES)
    row = Attachment.objects.for_user(by, patient).waiting_of(by).filter(pk=id).first()
    if row is not None:
        row.delete()
        transaction.on_commit(partial(store.drop, id))
        record_change(by, patient, "file.removed", id)


def bind(*, by: User, message: Message, ids: Sequence[UUID]) -> None:
    """The files go with the message, in its transaction, or nothing goes. Raises TooManyFiles, FilesGone."""
    wanted = set(ids)
    if not wanted:
        return
    if len(wanted) > MOST_IN_MESSAGE:
        raise TooManyFiles
    rows = Attachment.objects.for_user(by).waiting_of(by).filter(patient_id=message.patient_id, pk__in=wanted)
    if rows.update(message=message, draft=None) != len(wanted):
        raise FilesGone


def waiting_with(user: User, draft: UUID) -> int:
    """How many files of this person wait with a draft: they are kept as long as it is. One statement."""
    count: int = Attachment.objects.for_user(user).waiting_of(user).filter(draft=draft).count()
    return count


def open_file(row: Attachment, part: str) -> bytes:
    """The plain bytes of a file that the caller has asked `for_user`. Raises FileUnreadable."""
    try:
        return store.get(row, part)
    except (OSError, SealBroken) as error:
        log.error("a file does not open: %s", type(error).__name__)
        raise FileUnreadable from None


# --- Jobs: run as a system actor -------------------------------------------------------------------------------


def sweep_files(now: datetime) -> int:
    """Files that wait in no draft for 24 hours go, and bytes that no row knows. Returns how many rows went."""
    limit = now - KEPT_WAITING
    rows: Any = Attachment.objects.for_system().filter(message__isnull=True, created_at__lt=limit)
    old = list(rows.select_for_update(no_key=True).values_list("pk", "draft"))
    living = drafts_among(draft for _id, draft in old if draft)
    gone = [id for id, draft in old if draft not in living]
    Attachment.objects.for_system().filter(pk__in=gone).delete()
    for id in gone:
        transaction.on_commit(partial(store.drop, id))
    lying = set(store.older_than(limit))
    known = set(
        Attachment.objects.for_system()
        .filter(pk__in=lying)
        .exclude(state="gone")
        .values_list("pk", flat=True)
    )
    for id in lying - known - set(gone):
        store.drop(id)
    return len(gone)


def check_again(limit: int = 50) -> int:
    """Files that could not be checked are shown to the scanner again, the oldest first; each in its own transaction.

    Stops when the scanner still does not answer. Returns how many are settled. Call outside a unit of work.
    """
    settled = 0
    while settled < limit:
        with actor.unit_of_work(actor.system("file-check")):
            waiting: Any = Attachment.objects.for_system().filter(state=Attachment.State.CHECKING)
            row = (
                waiting.select_related("patient")
                .order_by("created_at")
                .select_for_update(of=("self",), skip_locked=True, no_key=True)
                .first()
            )
            if row is None:
                return settled
            try:
                verdict = scan(open_file(row, store.FILE))
            except FileUnreadable:
                verdict = Verdict.FOUND  # nobody can open it any more
            if verdict is Verdict.UNKNOWN:
                return settled
            row.state = Attachment.State.READY if verdict is Verdict.CLEAN else Attachment.State.GONE
            row.save(update_fields=["state"])
            if verdict is Verdict.FOUND:
                transaction.on_commit(partial(store.drop, row.pk))
                record_change(None, row.patient, "file.refused", row.pk)
        settled += 1
    return settled


__all__ = [
    "FileFound",
    "FileRefused",
    "FileUnreadable",
    "FilesFull",
    "FilesGone",
    "TooManyFiles",
    "add_file",
    "bind",
    "check_again",
    "id_in_draft",
    "open_file",
    "put_away",
    "sweep_files",
    "take_in",
]
