"""Red-flag questions as data: what is asked for a topic and a therapy, and what an answer means. Rules only, no model.

The file has a version; a version counts when a named clinician has signed exactly this content, and in demo mode. An answer, or a
word in the text, can only make a message more urgent. Nothing here decides whether a message is sent.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FORMAT = 1
NEWEST = Path(__file__).resolve().parent / "data" / "red-flags-1.json"
MOST_QUESTIONS = 4  # of a topic, and of a therapy
NONE = "none"
FEVER = "fever"  # the code of its questions and of its words
EMERGENCY, CALL_NOW, NO_FLAG = "emergency", "call_now", "none"
_RANK = {NO_FLAG: 0, CALL_NOW: 1, EMERGENCY: 2}
STATUSES = ("sourced", "partly_sourced_verify", "verify")


class RulesUnusable(Exception):
    """The file does not say what it should; the message names the place."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question. `key` is its name on a form: "feeling:breath", "feeling:natalizumab.eye"."""

    key: str
    text: str
    level: str
    facts: tuple[str, ...]
    source: tuple[str, ...]
    status: str


@dataclass(frozen=True, slots=True)
class Words:
    """Words that are looked for in a text. What they find only adds urgency."""

    code: str
    words: tuple[str, ...]
    level: str
    facts: tuple[str, ...]
    source: tuple[str, ...]
    status: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of the answers and the text: the level, the questions that fired, the words that were found, and all answers."""

    level: str
    fired: tuple[str, ...]
    words: tuple[str, ...]
    answers: tuple[dict[str, str], ...]

    @property
    def urgent(self) -> bool:
        return self.level != NO_FLAG


@dataclass(frozen=True, slots=True)
class Ruleset:
    """One version of the file."""

    version: int
    content_hash: str
    about: str
    topics: Mapping[str, tuple[dict[str, Any], ...]]
    therapies: Mapping[str, tuple[dict[str, Any], ...]]
    therapy_topics: tuple[str, ...]
    words: tuple[Words, ...]

    def questions(self, topic: str, therapies: Iterable[str] = ()) -> list[Question]:
        """What is asked about a topic to somebody on these therapies, the topic's own first."""
        found = [_question(f"{topic}:", raw) for raw in self.topics.get(topic, ())]
        if topic in self.therapy_topics:
            for therapy in therapies:
                found += [_question(f"{topic}:{therapy}.", raw) for raw in self.therapies.get(therapy, ())]
        return found

    def judge(self, topic: str, text: str, ticked: Iterable[str], therapies: Iterable[str] = ()) -> Verdict:
        """What the ticks and the text mean. Unknown ticks and those of another topic say nothing; a yes beats "none of these"."""
        ticks = set(ticked)
        asked = self.questions(topic, therapies)
        none = f"{topic}:{NONE}" in ticks
        answered = none or any(question.key in ticks for question in asked)
        answers = []
        for question in asked:
            said = "yes" if question.key in ticks else "no" if none else "open"
            answers.append({"code": question.key, "text": question.text, "said_code": said})
        fired = [question for question in asked if question.key in ticks]
        found = self.found_in(text)
        levels = [question.level for question in fired] + [level for _word, level in found]
        level = highest(levels)
        words = tuple(dict.fromkeys(word for word, _level in found))
        return Verdict(
            level, tuple(question.text for question in fired), words, tuple(answers) if answered else ()
        )

    def found_in(self, text: str) -> list[tuple[str, str]]:
        """(word, level) of the words that stand in a text, whatever stands around them."""
        plain = _plain(text)
        return [(word, group.level) for group in self.words for word in group.words if word in plain]

    def named_in(self, code: str, text: str) -> bool:
        """True when words of this group stand in a text."""
        plain = _plain(text)
        return any(word in plain for group in self.words if group.code == code for word in group.words)

    def tells(self, code: str, answers: Mapping[str, Any]) -> bool:
        """True when the answers that were kept with a message say this: a question that was answered with yes, or words that were found."""
        asked = any(
            row["said_code"] == "yes" and row["code"].replace(".", ":").rpartition(":")[2] == code
            for row in answers["answers"]
        )
        words = {word for group in self.words if group.code == code for word in group.words}
        return asked or not words.isdisjoint(answers["words"])


def _plain(text: str) -> str:
    return " ".join(text.casefold().replace("\u2019", "'").split())


def highest(levels: Iterable[str]) -> str:
    """The most urgent of some levels; `none` for nothing."""
    return max(levels, key=_RANK.__getitem__, default=NO_FLAG)


def _question(prefix: str, raw: dict[str, Any]) -> Question:
    return Question(
        prefix + raw["code"],
        raw["text"],
        raw["level"],
        tuple(raw["facts"]),
        tuple(raw["source"]),
        raw["status"],
    )


def read(path: Path = NEWEST) -> Ruleset:
    """The ruleset of a file. Raises RulesUnusable."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["format"] != FORMAT:
            raise RulesUnusable(f"{path.name}: format {data['format']!r} is not {FORMAT}")
        groups = {**data["topics"], **data["therapies"]}
        for name, raws in groups.items():
            _check(path, name, raws)
        for raw in data["words"]:
            _check(path, "words", [{"text": " ", **raw}])
        words = tuple(
            Words(raw["code"], tuple(raw["words"]), raw["level"], tuple(raw["facts"]), tuple(raw["source"]), raw["status"])
            for raw in data["words"]
        )  # fmt: skip
        return Ruleset(
            int(data["version"]),
            _hash(data),
            data["about"],
            {name: tuple(raws) for name, raws in data["topics"].items()},
            {name: tuple(raws) for name, raws in data["therapies"].items()},
            tuple(data["therapy_topics"]),
            words,
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RulesUnusable(f"{path.name} cannot be used: {type(error).__name__} {error}") from error


def _check(path: Path, name: str, raws: list[dict[str, Any]]) -> None:
    if name != "words" and len(raws) > MOST_QUESTIONS:
        raise RulesUnusable(f"{path.name}: {name} has more than {MOST_QUESTIONS} questions")
    for raw in raws:
        if raw["level"] not in (CALL_NOW, EMERGENCY) or raw["status"] not in STATUSES:
            raise RulesUnusable(f"{path.name}: {name}, {raw['code']}: unknown level or status")
        if not raw["text"] or not raw["facts"] or not raw["source"]:
            raise RulesUnusable(f"{path.name}: {name}, {raw['code']}: text, facts or source is missing")


def _hash(data: dict[str, Any]) -> str:
    text = json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def newest() -> Ruleset:
    """The version that is asked now; read once a process."""
    return read()
