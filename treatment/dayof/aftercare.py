"""After a dose: what to watch for, in the words of the version that holds. Sources are for the team."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from treatment import words
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
class AfterCare:
    """What a version says about the time after a dose. Empty parts are not known: ask the infusion center."""

    course: Course
    facts: Facts
    emergency: list[Said]
    call_now: list[Said]
    reactions: list[str]  # as the version lists them
    expected: list[str]
    about_reactions: Said  # when they come and what staff do: for the team


def after_care(facts: Facts, course: Course) -> AfterCare:
    """The parts of one version."""
    signs = signs_of(facts)
    row: dict[str, Any] = facts.content["infusion_reactions"]
    about = " ".join(
        str(row[key]).strip()
        for key in ("timing", "frequency", "rule")
        if row.get(key) not in (None, "", "-")
    )
    return AfterCare(
        course=course,
        facts=facts,
        emergency=[_said(facts, sign) for sign in signs if sign.level == "emergency"],
        call_now=[_said(facts, sign) for sign in signs if sign.level == "call_now"],
        reactions=list(row.get("common") or []),
        expected=list(facts.content["expected_effects"]),
        about_reactions=Said(about, words.source_words(facts, row), words.status_words(row["status"])),
    )


def _said(facts: Facts, sign: Sign) -> Said:
    row = {"source": list(sign.source)}
    return Said(sign.text, words.source_words(facts, row), words.status_words(sign.status))


__all__ = ["AfterCare", "Said", "after_care", "course_to_ask"]
