"""After a dose: what to watch for, in the words of the versions that hold. Sources are for the team."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from accounts.models import User
from patients.models import Patient
from treatment import words
from treatment.courses import reading
from treatment.models import Course
from treatment.protocols.facts import Facts
from treatment.selfcheck.services import Sign, course_to_ask, signs_of


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
class AfterCare:
    """The red flags of all treatments that were given here, each sign once, and what each version says about reactions."""

    names: list[str]
    demo_only: bool
    emergency: list[Said]
    call_now: list[Said]
    reactions: list[Reactions]

    @property
    def name(self) -> str:
        return ", ".join(self.names)


def after_care(user: User, patient: Patient) -> AfterCare | None:
    """For the treatments of which a dose was given here, the newest first: signs of one that has ended go on after its last dose.

    Before the first dose: the treatment that runs. None without a treatment.
    """
    given = [dose for dose in reading.doses_of(user, patient) if dose.given_at is not None]
    given.sort(key=lambda dose: (dose.given_on, dose.pk), reverse=True)
    courses: dict[Any, Course] = {dose.course.protocol_id: dose.course for dose in given}
    if not courses:
        course = course_to_ask(user, patient)
        if course is None:
            return None
        courses = {course.protocol_id: course}
    read = [reading.facts_for(course) for course in courses.values()]
    signs: dict[str, tuple[Facts, Sign]] = {}
    for facts in read:
        for sign in signs_of(facts):
            known = signs.get(sign.text)
            # Two versions may rate the same words differently: the more urgent one counts.
            if known is None or (sign.level == "emergency" and known[1].level != "emergency"):
                signs[sign.text] = facts, sign
    return AfterCare(
        names=list(dict.fromkeys(facts.name for facts in read)),
        demo_only=any(course.order.demo_only for course in courses.values()),
        emergency=[_said(*found) for found in signs.values() if found[1].level == "emergency"],
        call_now=[_said(*found) for found in signs.values() if found[1].level == "call_now"],
        reactions=[_reactions(facts) for facts in read],
    )


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
