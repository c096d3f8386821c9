"""The trail as its patient reads it: who, in what capacity, did what, when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import names_of
from clinic.services import roles_of
from patients.models import AuditEvent, Grant, Patient
from patients.trail import words_for

PAGE_SIZE = 25
PROGRAM_MARK = "token:"


@dataclass(frozen=True, slots=True)
class Line:
    """One event in plain words."""

    who: str
    what: str
    at: datetime
    refused: bool
    emergency: bool
    program: bool  # through a token that the person gave to a program


@dataclass(frozen=True, slots=True)
class TrailPage:
    lines: list[Line]
    older: int | None  # place in the chain from which the next page goes back


def read_trail(*, user: User, patient: Patient, own: bool, before: int | None) -> TrailPage:
    """A page of the patient's trail, newest first, back from the place `before`. A fixed number of statements."""
    events = AuditEvent.objects.for_user(user, patient).order_by("-seq")
    if not own:
        events = events.exclude(Q(user_id=user.pk) & Q(capacity="self"))
    if before is not None:
        events = events.filter(seq__lt=before)
    found = list(events[: PAGE_SIZE + 1])
    shown = found[:PAGE_SIZE]
    words = _Names(user, patient, shown)
    older = shown[-1].seq if len(found) > PAGE_SIZE else None
    return TrailPage([words.line(event) for event in shown], older)


class _Names:
    """Names and jobs of everybody on a page, read with three statements."""

    def __init__(self, user: User, patient: Patient, events: list[AuditEvent]) -> None:
        self.user = user
        ids = {event.user_id for event in events if event.user_id is not None}
        self.names = names_of(ids)
        self.roles = roles_of(ids)
        self.carers: set[UUID | None] = set(
            Grant.objects.filter(patient_id=patient.pk, kind="carer", user_id__in=ids).values_list(
                "user_id", flat=True
            )
        )

    def line(self, event: AuditEvent) -> Line:
        return Line(
            who=self.who(event),
            what=words_for(event.act),
            at=event.at,
            refused=event.capacity == "none",
            emergency=event.capacity == "break_glass",
            program=PROGRAM_MARK in event.system,
        )

    def who(self, event: AuditEvent) -> str:
        """The name with job and team. Somebody who is neither staff nor the patient's carer is not named: that would tell who else is here."""
        if event.user_id is None:
            return _("The portal itself")
        if event.user_id == self.user.pk:
            return _("You")
        person = self.names.get(event.user_id)
        role = self.roles.get(event.user_id)
        if person is None or (
            role is None and event.user_id not in self.carers and event.capacity in {"none", "system"}
        ):
            return _("Somebody without access to your record")
        if role is not None:
            parts = [person["name"], person["job_title"] or role["role"], role["team"]]
        elif event.user_id in self.carers:
            parts = [person["name"], _("your carer")]
        else:
            parts = [person["name"], person["job_title"]]
        return ", ".join(str(part) for part in parts if part)
