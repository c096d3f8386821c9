"""Nothing is done twice: an act carries an id made before it, and a retry gets the first result."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from patients.models import Patient, Receipt
from portal.lib.problems import Conflict
from portal.lib.sealing import derived_key, key_encryption_keys, pack


class DifferentContent(Conflict):
    """The same id was used before for something else. `result` is what was done then, `at` when (UTC)."""

    default_message = _("This was already sent, with other words. Your new words are kept below.")

    def __init__(self, result: UUID | None, at: datetime) -> None:
        super().__init__()
        self.result, self.at = result, at


@dataclass(frozen=True, slots=True)
class Done:
    """The id of what was made, and whether this call made it."""

    result: UUID | None
    first: bool


def fingerprint(content: Any, kek_id: str | None = None) -> bytes:
    """A keyed hash of what was sent: short texts cannot be guessed from it."""
    _name, key = derived_key("receipts", kek_id)
    return hmac.digest(key, pack(content), hashlib.sha256)


def same_content(stored: bytes, content: Any) -> bool:
    """True when `stored` is the fingerprint of `content`, made with any key-encryption key that is still known."""
    known = key_encryption_keys().keys
    return any(hmac.compare_digest(stored, fingerprint(content, kek_id)) for kek_id, _key in known)


def hold_id(id: UUID) -> None:
    """Until the transaction ends, nobody else sends or saves under this id: a late autosave waits for the send, or the send for it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_lock_of(id)])


def _lock_of(id: UUID) -> int:
    """The id as the signed 64-bit number of an advisory lock."""
    return (id.int & (2**64 - 1)) - 2**63


RECEIVE = """
    WITH held AS MATERIALIZED (SELECT pg_advisory_xact_lock(%s))
    INSERT INTO patients_receipt (id, patient_id, user_id, act, fingerprint, result, created_at)
    SELECT %s, %s, %s, %s, %s, %s::uuid, clock_timestamp() FROM held
    ON CONFLICT DO NOTHING
"""


@transaction.atomic(savepoint=False)
def exactly_once(
    *, act: str, id: UUID, patient: Patient, user: User, content: Any, do: Callable[[], UUID | None], makes: UUID | None = None
) -> Done:  # fmt: skip
    """Run `do` once for `id`; a retry with the same content returns the first result.

    The id is held and the receipt inserted first, in one statement: a racing retry waits until the first one committed or
    gave up. `makes` is the id of what `do` will return, where it is known before: then the receipt is written once. What fails here takes the caller's whole transaction with it, so that a failed act frees its id.
    Raises DifferentContent when the id was used for other content, another act or by somebody else.
    """
    content = [act, str(patient.pk), content]
    mark = fingerprint(content)
    with connection.cursor() as cursor:
        cursor.execute(RECEIVE, [_lock_of(id), id, patient.pk, user.pk, act, mark, makes])
        mine = cursor.rowcount == 1
    if mine:
        result = do()
        if result != makes:
            Receipt.objects.filter(pk=id).update(result=result)
        return Done(result, first=True)
    earlier = Receipt.objects.filter(pk=id, user_id=user.pk, patient_id=patient.pk).first()
    if earlier is None:
        raise Conflict(_("This page is out of date. Your words are kept; please send them again."))
    if earlier.act != act or not same_content(bytes(earlier.fingerprint), content):
        raise DifferentContent(earlier.result, earlier.created_at)
    return Done(earlier.result, first=False)


def was_done(id: UUID, user: User) -> bool:
    """True when an act with this id has been done: a late autosave must not bring its draft back."""
    return Receipt.objects.filter(pk=id, user_id=user.pk).exists()
