"""Red-flag answers beside a message: which questions are in use, what is kept, and the work that becomes more urgent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from clinic.models import Site
from clinic.services import memberships, state_of
from messaging.models import Message, Thread, WorkItem
from messaging.models.writing import RulesetSignature, TriageAnswers
from messaging.topics import PRIORITY_OF, Lane, Topic
from messaging.work.promises import due_at
from messaging.writing import redflags
from messaging.writing.redflags import Question, Ruleset, Verdict
from patients.models import Patient
from portal.lib.actor import unit_store
from portal.lib.ids import uuid7
from portal.lib.problems import Conflict, NotAllowed
from portal.lib.time import now
from treatment.services import courses_of

SIGNS_FOR_ALL = "neurologist"
CALLED = ("yes", "no", "wait")


class CannotSign(NotAllowed):
    default_message = gettext_lazy("Only a neurologist of a team signs these questions.")


class SignedAlready(Conflict):
    default_message = gettext_lazy("This version is signed already.")


@dataclass(frozen=True, slots=True)
class InUse:
    """The questions that are asked now, and whether a clinician has signed them."""

    rules: Ruleset
    signed: bool


COMMITTED = timedelta(minutes=1)  # a signature so old is not one of a transaction that could still fail
_signed: set[tuple[str, int, str]] = set()  # known for the life of the process


def signature_of(rules: Ruleset) -> RulesetSignature | None:
    """The signature under exactly this content; a changed file is unsigned."""
    found = RulesetSignature.objects.filter(version=rules.version, content_hash=rules.content_hash)
    return found.select_related("user").first()


def in_use() -> InUse | None:
    """What is asked now: the newest version when it is signed; unsigned in demo mode only. Read once a unit of work, and once a process when
    it is signed: a signature is never taken away."""
    rules = redflags.newest()
    store, key = unit_store(), ("red flags signed", rules.version, rules.content_hash)
    if key not in store and key not in _signed:
        found = signature_of(rules)
        store[key] = found is not None
        if found is not None and now() - found.signed_at > COMMITTED:
            _signed.add(key)
    signed: bool = key in _signed or store[key]
    return InUse(rules, signed) if signed or settings.DEMO else None


def forget_signed() -> None:
    """For tests, whose signatures are rolled back."""
    _signed.clear()


def are_off() -> bool:
    """True while nothing is asked and no words are looked for, because nobody has signed the version. Pages say so, and name the phone first."""
    return not settings.DEMO and in_use() is None


def said_to_administrators(now: datetime) -> list[str]:
    """That the questions are off, for who sets up the portal; nothing before there is a clinic."""
    rules = redflags.newest()
    if settings.DEMO or not Site.objects.exists() or signature_of(rules) is not None:
        return []
    words = _(
        "The red-flag questions (version %(version)d) are not signed: patients are asked nothing, and no words are looked for. "
        "A neurologist signs them under Work list, Red-flag questions."
    )
    return [words % {"version": rules.version}]


def may_sign(user: User) -> bool:
    return memberships(user).filter(role=SIGNS_FOR_ALL).exists()


@transaction.atomic
def sign(*, by: User, version: int, id: UUID, now: datetime) -> RulesetSignature:
    """Sign the newest version by name; a second press of the same button is the same signature.

    Raises CannotSign, SignedAlready.
    """
    rules = redflags.newest()
    if not may_sign(by):
        raise CannotSign
    earlier = signature_of(rules)
    if earlier is not None and earlier.pk == id and earlier.user_id == by.pk:
        return earlier
    if earlier is not None or version != rules.version:
        raise SignedAlready
    unit_store().pop(("red flags signed", rules.version, rules.content_hash), None)
    try:
        with transaction.atomic():
            return RulesetSignature.objects.create(
                id=id,
                version=rules.version,
                content_hash=rules.content_hash,
                user=by,
                name=by.name or by.email,
                signed_at=now,
            )
    except IntegrityError:
        raise SignedAlready from None


def therapies_of(user: User, patient: Patient) -> list[str]:
    """Codes of the therapies that questions are asked for: what the patient has or had, newest first, as far as this person may know. Read once a unit of work."""
    store, key = unit_store(), ("therapies asked for", user.pk, patient.pk)
    if key not in store:
        codes = [course.order.protocol.therapy.code for course in courses_of(user, patient)]
        store[key] = list(dict.fromkeys(codes))[:2]
    found: list[str] = store[key]
    return found


def questions_for(user: User, patient: Patient) -> dict[str, list[Question]]:
    """For each topic what is asked; empty when no version is in use."""
    found = in_use()
    if found is None:
        return {}
    therapies = therapies_of(user, patient)
    return {topic: found.rules.questions(topic, therapies) for topic in Topic.values}


def note(
    *, by: User, patient: Patient, thread: Thread, message: Message, signs: Iterable[str], called: str, now: datetime
) -> Verdict | None:  # fmt: skip
    """Judge a new message of the patient's side, a call and a letter too, and keep the answers with it, sealed. Call inside the transaction of the send.

    A row is made when something was answered or a rule fired. None: no version is in use, or there was nothing to judge: who signed
    is asked when it counts.
    """
    signs, called = list(signs), called if called in CALLED else ""
    if not signs and not called and not redflags.newest().found_in(message.body):
        return None
    found = in_use()
    therapies = therapies_of(by, patient) if found is not None and signs else []
    verdict = found.rules.judge(thread.topic, message.body, signs, therapies) if found is not None else None
    if found is not None and verdict is not None and (verdict.answers or verdict.urgent or called):
        row = TriageAnswers(id=uuid7(), patient_id=patient.pk, thread=thread, message=message)
        row.ruleset_version, row.ruleset_signed, row.level = found.rules.version, found.signed, verdict.level
        row.created_at = now
        row.answers = {
            "answers": list(verdict.answers),
            "fired": list(verdict.fired),
            "words": list(verdict.words),
            "called_code": called,
        }
        row.save(force_insert=True)
        message.triage = row
    return verdict


def hurry(item: WorkItem, patient: Patient, now: datetime) -> None:
    """Put open work into the safety lane, due no later than before. It never goes the other way."""
    item.lane, item.priority = Lane.SAFETY, PRIORITY_OF[Lane.SAFETY]
    item.due_at = min(item.due_at, due_at(state_of(patient.site), Topic.SIDE_EFFECT, now))
    item.save(update_fields=["lane", "priority", "due_at"])
