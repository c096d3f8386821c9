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
from treatment.courses import guards, reading
from treatment.models import Course, GivenElsewhere, Protocol, SelfCheck, Signature
from treatment.protocols.facts import Facts, facts_of
from treatment.protocols.signing import sign_off_in
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


@dataclass(frozen=True, slots=True)
class Version:
    """A version whose red flags are asked about. `unsigned`: not signed off for real use."""

    protocol: Protocol
    unsigned: bool

    @property
    def facts(self) -> Facts:
        return facts_of(self.protocol.pk)


@dataclass(frozen=True, slots=True)
class AskedSign:
    """A sign with the version whose words and level they are."""

    version: Version
    sign: Sign


def version_of(course: Course) -> Version:
    return Version(course.protocol, course.order.demo_only)


def versions_to_ask(user: User, patient: Patient) -> list[Version]:
    """Whatever was given goes on being asked after its last dose: the treatment that runs, those of which a dose was given here, the newest
    first, then what was given elsewhere and is confirmed, as the site's newest version says it. Empty without any of them.
    """
    given = [dose for dose in reading.doses_of(user, patient) if dose.given_at is not None]
    given.sort(key=lambda dose: (dose.given_on, dose.pk), reverse=True)
    found: dict[UUID, Version] = {}
    for dose in given:
        found.setdefault(dose.course.protocol_id, version_of(dose.course))
    course = course_to_ask(user, patient)
    if course is not None and course.is_running:
        found = {course.protocol_id: version_of(course), **found}
    known = {version.protocol.therapy_id for version in found.values()}
    told = [row.therapy_id for row in confirmed_elsewhere(user, patient) if row.therapy_id not in known]
    versions = [*found.values(), *newest_versions(patient, told)]
    return versions or ([version_of(course)] if course is not None else [])


def confirmed_elsewhere(user: User, patient: Patient) -> list[GivenElsewhere]:
    """What was given elsewhere and confirmed: one row for each therapy."""
    told: Any = GivenElsewhere.objects.for_user(user, patient).filter(
        confirmed_at__isnull=False, doses_given__gt=0
    )
    return list(told.standing())


def newest_versions(patient: Patient, therapies: list[UUID]) -> list[Version]:
    """The newest versions of these therapies at the patient's site, in this order; no statement for none."""
    if not therapies:
        return []
    protocols = Protocol.objects.light().at(patient.site).filter(therapy_id__in=therapies).order_by("version")
    newest = {protocol.therapy_id: protocol for protocol in protocols}
    signed: dict[UUID, list[Signature]] = {}
    for one in Signature.objects.filter(protocol__in=newest.values(), site=patient.site):
        signed.setdefault(one.protocol_id, []).append(one)
    return [
        Version(
            newest[therapy],
            not sign_off_in(
                facts_of(newest[therapy].pk).required_roles, signed.get(newest[therapy].pk, [])
            ).is_clinical,
        )
        for therapy in dict.fromkeys(therapies)
        if therapy in newest
    ]


def asked_of(versions: Iterable[Version]) -> list[AskedSign]:
    """The red flags of all these versions, each once, emergencies first.

    Two versions may rate the same sign differently: the more urgent one counts, else the first.
    """
    return _joined(versions)[0]


def _joined(versions: Iterable[Version]) -> tuple[list[AskedSign], dict[str, AskedSign]]:
    """The signs as they are asked, and what stands for each key of any of the versions."""
    kept: list[AskedSign] = []
    place: dict[str, int] = {}  # of a key or of its words
    keys: set[str] = set()
    for version in versions:
        for sign in signs_of(version.facts):
            at = place.get(sign.text, place.get(sign.key))
            if at is None:
                at = len(kept)
                kept.append(AskedSign(version, sign))
            elif RANK[Level(sign.level)] > RANK[Level(kept[at].sign.level)]:
                kept[at] = AskedSign(version, sign)
            place[sign.text] = place[sign.key] = at
            keys.add(sign.key)
    by_key = {key: kept[place[key]] for key in keys}
    return sorted(kept, key=lambda asked: asked.sign.level != Level.EMERGENCY), by_key


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
        guards.hold_all(by, patient)
        versions = versions_to_ask(by, patient)
        if not versions:
            raise NothingToAsk
        return keep(by=by, patient=patient, id=id, versions=versions, ticked=ticked, none=none, now=now)

    done = exactly_once(
        act="selfcheck.answer", id=id, patient=patient, user=by, content=[sorted(ticked), none], do=make
    )
    return check_or_404(by, patient, done.result)


def keep(
    *,
    by: User,
    patient: Patient,
    id: UUID,
    versions: list[Version],
    ticked: set[str],
    none: bool,
    now: datetime,
) -> UUID:
    """Write what is new down, inside an act that holds its id: the one rule for self-checks and for check-ins after a dose.

    The version of the row is the one that has the most urgent new sign, else the first; a sign of another version names that.
    Something new stops the next dose: call it with everything held (`guards.hold_all`). Whoever is on call is told. Raises SayNewOrNone.
    """
    asked, by_key = _joined(versions)
    new = {by_key[key].sign.key for key in ticked if key in by_key}
    found = [one for one in asked if one.sign.key in new]
    if not found and not none:
        raise SayNewOrNone
    worst = max(found, key=lambda one: RANK[Level(one.sign.level)], default=None)
    protocol = worst.version.protocol if worst is not None else versions[0].protocol
    row = SelfCheck(id=id, patient=patient, protocol_id=protocol.pk, answered_by=by)
    row.answered_at = row.created_at = now
    row.level = worst.sign.level if worst is not None else Level.NONE
    row.answers = {"new": [_line(one, protocol) for one in found], "asked": len(asked)}
    row.save(force_insert=True)
    if row.level != Level.NONE:
        tell_team(patient, now)
    record_change(by, patient, "selfcheck.answered", row.pk)
    return row.pk


def _line(asked: AskedSign, protocol: Protocol) -> dict[str, Any]:
    sign, own = asked.sign, asked.version.protocol
    line: dict[str, Any] = {"fact_code": sign.key, "text": sign.text, "level_code": sign.level}
    if own.pk != protocol.pk:
        line |= {"therapy_code": own.therapy.code, "version": own.version}
    return line


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
    """The words that a message to the team begins with: what was ticked, in the words it was asked in, each with the rule that fired."""
    check_in = getattr(row, "check_in", None)
    lines = [
        str(_("From my self-check. New for me:"))
        if check_in is None
        else str(_("From my check-in after the dose on %(day)s. New for me:"))
        % {"day": day_words(check_in.dose.day)}
    ]
    return "\n".join(
        [*lines, *(f"- {line['text']}\n  {_rule_words(row, line)}" for line in row.answers["new"])]
    )


def _rule_words(row: SelfCheck, line: dict[str, Any]) -> str:
    """Which rule fired: what the version says to do with this sign, the key of its fact, and the version."""
    says = {
        Level.CALL_NOW: _("Rule: this sign, when it is new, means “call first”."),
        Level.EMERGENCY: _("Rule: this sign, when it is new, means “call the emergency number”."),
    }[Level(line["level_code"])]
    where = _("(%(fact)s, version %(version)d)") % {
        "fact": line["fact_code"],
        "version": line.get("version", row.protocol.version),
    }
    return f"{says} {where}"


__all__ = [
    "AskedSign",
    "NothingToAsk",
    "SayNewOrNone",
    "Sign",
    "Version",
    "answer",
    "asked_of",
    "check_or_404",
    "confirmed_elsewhere",
    "course_to_ask",
    "keep",
    "may_review",
    "message_text",
    "newest_versions",
    "review",
    "signs_of",
    "version_of",
    "versions_to_ask",
]
