"""Addresses of the pages of visits, for the patient and for those who act for a patient."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse

from portal.lib.ids import parse_uuid

TIME = re.compile(r"\d{8}T\d{6}Z")
SLOT = re.compile(r"(\d{8}T\d{6}Z)\.([0-9a-f-]{36})")


@dataclass(frozen=True, slots=True)
class Pages:
    """`Pages(None)` are the patient's own pages; `Pages(patient.pk)` those of a carer or the team."""

    patient_id: UUID | None = None
    conversation: UUID | None = None  # the team books out of it: every page of the way carries it

    def to(self, name: str, appointment_id: UUID | None = None, /, **query: object) -> str:
        """The address of a page, empty query values left out."""
        prefix = "patient-" if self.patient_id else ""
        ids = [value for value in (self.patient_id, appointment_id) if value is not None]
        query |= {"conversation": self.conversation}
        asked = urlencode({key: value for key, value in query.items() if value}, doseq=True)
        return reverse(f"scheduling:{prefix}{name}", args=ids) + (f"?{asked}" if asked else "")

    @property
    def list(self) -> str:
        return self.to("list")

    @property
    def book(self) -> str:
        return self.to("book")


def time_text(at: datetime) -> str:
    """A time as it stands in a form and in a link: "20261203T140000Z"."""
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def time_of(text: str | None) -> datetime | None:
    """The instant (UTC), or None when the text is not one of ours."""
    if TIME.fullmatch(text or "") is None:
        return None
    try:
        return datetime.strptime(str(text), "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None


def slot_text(at: datetime, resource_id: UUID | None) -> str:
    """A time and a lane as they stand in a form and in a link: "20261203T140000Z.<id>"; without a lane the time alone."""
    return time_text(at) if resource_id is None else f"{time_text(at)}.{resource_id}"


def slot_of(text: str | None) -> tuple[datetime, UUID] | None:
    """The instant (UTC) and the lane's id, or None when the text is not one of ours."""
    match = SLOT.fullmatch(text or "")
    if match is None:
        return None
    at, resource_id = time_of(match[1]), parse_uuid(match[2])
    return (at, resource_id) if at is not None and resource_id is not None else None
