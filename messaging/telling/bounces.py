"""Mail that came back: who is not reached, and that somebody should call.

A bounce finds the person only by the Message-ID of a notice that we sent, inside the returned headers (RFC 3464). Nobody else knows such an
id, so a stranger's mail changes nothing, and no address in a bounce is believed.
"""

from __future__ import annotations

import email
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email import policy
from email.message import EmailMessage
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.crypto import salted_hmac

from accounts.models import User
from messaging.models import NotReached, SentNotice
from patients.models import Patient
from patients.services import record_change
from portal.lib.ids import parse_uuid, uuid7

LARGEST = 1_000_000  # bytes of a bounce that are read
# Reasons for a call.
BOUNCED, NO_EMAIL, FAILED, INACTIVE, NO_ADDRESS = "bounced", "no_account", "failed", "inactive", "no_address"
COUNTS_FOR = timedelta(days=30)  # afterwards the address is tried again: mailboxes are full for a while
MESSAGE_ID = re.compile(r"<([0-9a-f-]{36})@[^<>\s]+>", re.IGNORECASE)
FOR_GOOD = re.compile(r"5\.\d{1,3}\.\d{1,3}")


@dataclass(frozen=True, slots=True)
class Bounce:
    """A mail that will not arrive: its id, and the mail server's status such as 5.1.1."""

    mail_id: UUID
    status: str


def read_bounce(raw: bytes) -> Bounce | None:
    """What a bounce says, or None for everything that is no report of a failure for good about a mail with an id like ours."""
    try:
        report = email.message_from_bytes(raw[:LARGEST], policy=policy.default)
        if report.get_content_type() != "multipart/report":
            return None
        status, mail_id = _status(report), _mail_id(report)
    except (ValueError, LookupError, TypeError, AttributeError, AssertionError):
        return None  # broken in a way that the parser does not forgive
    return Bounce(mail_id, status) if mail_id is not None and status else None


def _parts(report: EmailMessage, *kinds: str) -> Iterator[Any]:
    return (part for part in report.walk() if part.get_content_type() in kinds)


def _status(report: EmailMessage) -> str:
    """The status of a recipient for whom delivery failed for good; empty when there is none."""
    for part in _parts(report, "message/delivery-status"):
        groups = part.get_payload()
        for group in groups if isinstance(groups, list) else []:
            found = FOR_GOOD.match(str(group.get("Status", "")).strip())
            if str(group.get("Action", "")).strip().lower() == "failed" and found:
                return found[0][:12]
    return ""


def _mail_id(report: EmailMessage) -> UUID | None:
    """The id of the returned mail: of its headers, not of the report's own."""
    for part in _parts(report, "message/rfc822", "text/rfc822-headers"):
        content = part.get_payload()
        if isinstance(content, list):
            returned = content[0] if content else None
        else:
            returned = email.message_from_string(str(part.get_content()), policy=policy.default)
        found = MESSAGE_ID.fullmatch(str(returned["Message-ID"]).strip()) if returned is not None else None
        if found:
            return parse_uuid(found[1])
    return None


@transaction.atomic
def take_bounce(bounce: Bounce, now: datetime) -> bool:
    """Mark the person as not reached and put the patient on the call list; False when the mail is none of our notices.

    Call as a system actor. The same bounce again changes nothing.
    """
    found = SentNotice.objects.for_system().filter(mail_id=bounce.mail_id)
    notice = found.select_related("patient__site", "user").first()
    if notice is None:
        return False
    if bytes(notice.address_digest) != digest(notice.user.email):
        return True  # it went to an address that the person has replaced
    mark = NotReached(id=uuid7(), patient=notice.patient, user=notice.user, since=now, status=bounce.status)
    mark.address_digest = notice.address_digest
    NotReached.objects.bulk_create(
        [mark],
        update_conflicts=True,
        unique_fields=["patient", "user"],
        update_fields=["address_digest", "since", "status"],
    )
    record_change(None, notice.patient, "notice.bounced", notice.pk)
    call_instead(notice.patient, notice.user, BOUNCED, now)
    return True


def reached_by_mail(patient: Patient, user: User, now: datetime) -> bool:
    """False while mail to the person's present address is known to come back."""
    mark = NotReached.objects.filter(patient=patient, user=user, since__gt=now - COUNTS_FOR).first()
    return mark is None or bytes(mark.address_digest) != digest(user.email)


def digest(address: str) -> bytes:
    """A keyed hash of an address: it is compared and never read."""
    return salted_hmac("messaging.address", address.strip().lower(), algorithm="sha256").digest()


def call_instead(patient: Patient, user: User | None, reason: str, now: datetime) -> None:
    """Put the patient on the call list: `user` is who was not reached, None when the patient has no account."""
    # Here and not above: calls stand on services, which stand on notices, which stand on this module.
    from messaging.work.calls import ask_to_call

    ask_to_call(patient, user, reason, now)
