"""Asking, keeping and looking at self-checks. Rules only: a tick has the level that the data give it. No score, and no word that all is well."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import Http404
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from patients.areas import TREATMENT
from patients.models import Patient
from patients.services import exactly_once, record_change, require
from portal.lib.problems import DomainError
from portal.lib.time_words import day as day_words
from treatment.courses import reading
from treatment.models import Course, SelfCheck
from treatment.protocols.facts import Facts
from treatment.readiness.answers import NotToLift, may_lift, tell_team

Level = SelfCheck.Level
RANK = {Level.NONE: 0, Level.CALL_NOW: 1, Level.EMERGENCY: 2}


class NothingToAsk(DomainError):
    status = 422
    default_message = _(
        "No treatment is set up for you here, so there is nothing to ask. If you are worried, call us."
    )


class SayNewOrNone(DomainError):
    status = 422
    default_message = _("Tick what is new for you, or tick that none of it is new.")


@dataclass(frozen=True, slots=True)
class Sign:
    """One red flag of a therapy as it is asked: in the words of the data, with source and status."""

    key: str
    text: str
    level: str
    source: tuple[str, ...]
    status: str


def course_to_ask(user: User, patient: Patient) -> Course | None:
    """The running treatment, or the last one that ended: its red flags go on after the last dose."""
    return reading.running_course(user, patient) or next(iter(reading.courses_of(user, patient)), None)


def signs_of(facts: Facts) -> list[Sign]:
    """The red flags of a version, emergencies first, in the order of the data."""
    found = [
        Sign(row["key"], row["symptom"], row["level"], tuple(row["source"]), row["status"])
        for row in facts.content["red_flags"]
    ]
    return sorted(found, key=lambda sign: sign.level != Level.EMERGENCY)


@transaction.atomic
def answer(
    *, by: User, patient: Patient, id: UUID, new: Iterable[str], none: bool, now: datetime
) -> SelfCheck:
    """Keep what is new for the patient, once under `id`; `now` is aware. Whatever is new stands on the team's "What first?" at once.

    Something new beats "none of it". Raises SayNewOrNone, NothingToAsk, DifferentContent, NotAllowed.
    """
    require(by, patient, TREATMENT, "self")
    ticked = set(new)

    def make() -> UUID:
        course = course_to_ask(by, patient)
        if course is None:
            raise NothingToAsk
        return keep(by=by, patient=patient, id=id, course=course, ticked=ticked, none=none, now=now)

    done = exactly_once(
        act="selfcheck.answer", id=id, patient=patient, user=by, content=[sorted(ticked), none], do=make
    )
    return check_or_404(by, patient, done.result)


def keep(
    *, by: User, patient: Patient, id: UUID, course: Course, ticked: set[str], none: bool, now: datetime
) -> UUID:
    """Write what is new down, inside an act that holds its id: the one rule for self-checks and for check-ins after a dose.

    Something new stops the next dose, so whoever is on call is told. Raises SayNewOrNone.
    """
    asked = signs_of(reading.facts_for(course))
    found = [sign for sign in asked if sign.key in ticked]
    if not found and not none:
        raise SayNewOrNone
    row = SelfCheck(id=id, patient=patient, protocol_id=course.protocol_id, answered_by=by)
    row.answered_at = row.created_at = now
    row.level = max((sign.level for sign in found), key=lambda level: RANK[Level(level)], default=Level.NONE)
    row.answers = {
        "new": [{"fact_code": sign.key, "text": sign.text, "level_code": sign.level} for sign in found],
        "asked": len(asked),
    }
    row.save(force_insert=True)
    if row.level != Level.NONE:
        tell_team(patient, now)
    record_change(by, patient, "selfcheck.answered", row.pk)
    return row.pk


def check_or_404(user: User, patient: Patient, check_id: UUID | None) -> SelfCheck:
    rows: Any = SelfCheck.objects.for_user(user, patient).newest_first()
    found = rows.filter(pk=check_id).first()
    if found is None:
        raise Http404
    row: SelfCheck = found
    return row


@transaction.atomic
def review(*, by: User, patient: Patient, check_id: UUID, id: UUID, now: datetime) -> SelfCheck:
    """Somebody of the team has looked at it: by name, once; whoever comes second changes nothing.

    A self-check with something new stops the patient's doses until then, so a neurologist or a nurse looks at it, as with the stop of an
    answer. Raises NotToLift, NotAllowed, Http404.
    """
    require(by, patient, TREATMENT, "team")

    def make() -> UUID:
        row = check_or_404(by, patient, check_id)
        if not may_review(by, row):
            raise NotToLift(_("Only a neurologist or a nurse of the team looks at something new."))
        changed = SelfCheck.objects.for_user(by, patient).filter(pk=row.pk, reviewed_at__isnull=True)
        if changed.update(reviewed_at=now, reviewed_by=by):
            record_change(by, patient, "selfcheck.reviewed", row.pk)
        return row.pk

    exactly_once(act="selfcheck.review", id=id, patient=patient, user=by, content=[str(check_id)], do=make)
    return check_or_404(by, patient, check_id)


def may_review(user: User, row: SelfCheck) -> bool:
    """Anybody of the team notes a look at what stops nothing; what stops a dose is for those who may lift a stop."""
    return row.level == Level.NONE or may_lift(user)


def message_text(row: SelfCheck) -> str:
    """The words that a message to the team begins with: what was ticked, in the words it was asked in."""
    check_in = getattr(row, "check_in", None)
    lines = [
        str(_("From my self-check. New for me:"))
        if check_in is None
        else str(_("From my check-in after the dose on %(day)s. New for me:"))
        % {"day": day_words(check_in.dose.day)}
    ]
    return "\n".join([*lines, *(f"- {line['text']}" for line in row.answers["new"])])


__all__ = [
    "NothingToAsk",
    "SayNewOrNone",
    "Sign",
    "answer",
    "check_or_404",
    "course_to_ask",
    "keep",
    "may_review",
    "message_text",
    "review",
    "signs_of",
]
