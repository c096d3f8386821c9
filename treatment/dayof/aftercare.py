"""After a dose: what to watch for, in the words of the versions that hold. Sources are for the team."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from accounts.models import User
from patients.models import Patient
from treatment import words
from treatment.courses import reading
from treatment.ledger.duties import State
from treatment.ledger.reading import Line, ledger_of
from treatment.models import Dose, GivenElsewhere
from treatment.protocols.facts import Facts
from treatment.selfcheck.services import (
    Sign,
    Version,
    confirmed_elsewhere,
    course_to_ask,
    newest_versions,
    signs_of,
    version_of,
)

GO_ON = (State.OVERDUE, State.SOON, State.LATER, State.ASK)
"""Checks that go on now; what is undecided, or comes with the infusion, the ledger says."""


@dataclass(frozen=True, slots=True)
class Said:
    """Words of the data with where they come from."""

    text: str
    sources: list[str]
    status: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Reactions:
    """What one version lists about reactions. Empty lists are not known: ask the infusion center."""

    name: str
    common: list[str]
    expected: list[str]
    about: Said  # when they come and what staff do: for the team


@dataclass(frozen=True, slots=True)
class LastDose:
    """The last known dose of a treatment. `on` None: the day is not known. `elsewhere`: it was given elsewhere, and that is confirmed."""

    name: str
    on: date | None
    elsewhere: bool


@dataclass(frozen=True, slots=True)
class AfterCare:
    """The red flags of all treatments that were given, here or confirmed elsewhere, each sign once, what each version says about
    reactions, and what goes on after the last doses."""

    names: list[str]
    demo_only: bool
    emergency: list[Said]
    call_now: list[Said]
    reactions: list[Reactions]
    last: list[LastDose]
    checks: list[Line]

    @property
    def name(self) -> str:
        return ", ".join(self.names)


def after_care(user: User, patient: Patient, now: datetime) -> AfterCare | None:
    """For the treatments of which a dose was given here, the newest first, then those given elsewhere that are confirmed: signs of one that
    has ended go on after its last dose.

    Before the first dose here: the treatment that runs. None without a treatment.
    """
    given = [dose for dose in reading.doses_of(user, patient) if dose.given_at is not None]
    given.sort(key=lambda dose: (dose.given_on, dose.pk), reverse=True)
    told = confirmed_elsewhere(user, patient)
    here: dict[Any, Version] = {dose.course.protocol_id: version_of(dose.course) for dose in given}
    course = course_to_ask(user, patient) if not here else None
    if course is not None and (course.is_running or not told):
        here = {course.protocol_id: version_of(course)}
    known = {version.protocol.therapy_id for version in here.values()}
    there = newest_versions(patient, [row.therapy_id for row in told if row.therapy_id not in known])
    versions = [*here.values(), *there]
    if not versions:
        return None
    read = [version.facts for version in versions]
    signs: dict[str, tuple[Facts, Sign]] = {}
    for facts in read:
        for sign in signs_of(facts):
            known_sign = signs.get(sign.text)
            # Two versions may rate the same words differently: the more urgent one counts.
            if known_sign is None or (sign.level == "emergency" and known_sign[1].level != "emergency"):
                signs[sign.text] = facts, sign
    return AfterCare(
        names=list(dict.fromkeys(facts.name for facts in read)),
        demo_only=any(version.unsigned for version in versions),
        emergency=[_said(*found) for found in signs.values() if found[1].level == "emergency"],
        call_now=[_said(*found) for found in signs.values() if found[1].level == "call_now"],
        reactions=[_reactions(facts) for facts in read],
        last=_last(versions, given, told),
        checks=[line for line in ledger_of(user, patient, now) if line.state in GO_ON],
    )


def _last(versions: list[Version], given: list[Dose], told: list[GivenElsewhere]) -> list[LastDose]:
    """The last dose of each therapy, wherever it was given."""
    elsewhere = {row.therapy_id: row.last_on for row in told}
    found: dict[Any, LastDose] = {}
    for version in versions:
        therapy = version.protocol.therapy_id
        here = [
            dose.given_on
            for dose in given
            if dose.given_on is not None and dose.course.protocol.therapy_id == therapy
        ]
        there = elsewhere.get(therapy)
        newest = max([*here, *([there] if there is not None else [])], default=None)
        if here or therapy in elsewhere:
            found.setdefault(therapy, LastDose(version.facts.name, newest, newest not in here))
    return list(found.values())


def _reactions(facts: Facts) -> Reactions:
    row: dict[str, Any] = facts.content["infusion_reactions"]
    about = " ".join(
        str(row[key]).strip()
        for key in ("timing", "frequency", "rule")
        if row.get(key) not in (None, "", "-")
    )
    return Reactions(
        name=facts.name,
        common=list(row.get("common") or []),
        expected=list(facts.content["expected_effects"]),
        about=Said(about, words.source_words(facts, row), words.status_words(row["status"])),
    )


def _said(facts: Facts, sign: Sign) -> Said:
    row = {"source": list(sign.source)}
    return Said(sign.text, words.source_words(facts, row), words.status_words(sign.status))
