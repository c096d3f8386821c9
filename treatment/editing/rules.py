"""What a version may say: every refusal is a sentence that names the fact. Pages, drafts and the API ask the same rules."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils.translation import gettext as _

from treatment import words
from treatment.courses import planning
from treatment.editing import kinds
from treatment.editing.kinds import Kind, Part
from treatment.protocols import catalog
from treatment.protocols.facts import Facts

NO_TEXT_SEEN = ("from memory", "from general", "project assumption", "no label figure")
TRIED = timedelta(days=1_000)
MOST_FACTS = 120


@dataclass(frozen=True, slots=True)
class Wrong:
    """One thing that is wrong: the kind of fact, the fact's name, the piece ("" for all of it) and a sentence."""

    kind: str
    name: str
    part: str
    sentence: str

    @property
    def words(self) -> str:
        kind = kinds.BY_CODE.get(self.kind)
        where = ": ".join(filter(None, [str(kind.title) if kind else "", self.name]))
        return f"{where}: {self.sentence}" if where else self.sentence


# --- One fact -----------------------------------------------------------------------------------------------------


def wrong_in_fact(content: dict[str, Any], kind: Kind, fact: Any) -> list[Wrong]:
    """What is wrong with one fact as it would stand in a version."""
    if not isinstance(fact, dict):
        return [Wrong(kind.code, "", "", _("This is no fact."))]
    name = kinds.name_of(kind, fact)[:80]
    found = [
        Wrong(kind.code, name, part.name, sentence)
        for part in kind.parts
        if (sentence := _wrong_part(content, part, _value(fact, part)))
    ]
    if kind.code == "phases":
        found += [
            Wrong(kind.code, name, part.name, _("This is missing. Say null for “not known”."))
            for part in kind.parts
            if part.name not in fact
        ]
    if kind.sourced:
        found += [
            Wrong(kind.code, name, part, sentence) for part, sentence in _wrong_source(content, kind, fact)
        ]
    if not found:
        found = [Wrong(kind.code, name, part, sentence) for part, sentence in _wrong_together(kind, fact)]
    return found


def _value(fact: dict[str, Any], part: Part) -> Any:
    try:
        return kinds.at(fact, part.name)
    except (KeyError, TypeError):
        return None


def _wrong_part(content: dict[str, Any], part: Part, value: Any) -> str:
    """Why a piece cannot stand so, or ""."""
    if value is None or value == "" or value == []:
        return _("This is needed.") if part.needed else ""
    checks = {
        kinds.LINE: _wrong_text,
        kinds.TEXT: _wrong_text,
        kinds.LINES: _wrong_lines,
        kinds.NUMBER: _wrong_number,
        kinds.NUMBERS: _wrong_numbers,
        kinds.PAIR: _wrong_pair,
    }
    if part.type in checks:
        return checks[part.type](part, value)
    if part.type == kinds.YES:
        return "" if isinstance(value, bool) else _("Say yes or no.")
    known = [code for code, _words in kinds.options(content, part)]
    chosen = value if part.type == kinds.MANY else [value]
    if not isinstance(chosen, list) or any(one not in known for one in chosen):
        return _("Choose from what stands there.")
    return _("Something is chosen twice.") if len(set(chosen)) != len(chosen) else ""


def _wrong_text(part: Part, value: Any) -> str:
    most = kinds.LONGEST_LINE if part.type == kinds.LINE else kinds.LONGEST_TEXT
    if not isinstance(value, str) or "\x00" in value:
        return _("This has to be text.")
    if not value.strip() and part.needed:
        return _("This is needed.")
    return "" if len(value) <= most else _("Make it shorter: at most %(most)d characters.") % {"most": most}


def _wrong_lines(part: Part, value: Any) -> str:
    if not isinstance(value, list) or any(not isinstance(one, str) or "\x00" in one for one in value):
        return _("This has to be lines of text.")
    if len(value) > kinds.MOST_LINES or any(len(one) > kinds.LONGEST_TEXT for one in value):
        return _("Make it shorter: at most %(most)d lines.") % {"most": kinds.MOST_LINES}
    return ""


def _is_number(value: Any, largest: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= largest


def _wrong_number(part: Part, value: Any) -> str:
    if _is_number(value, part.largest):
        return ""
    return _("Enter a whole number from 0 to %(most)d, or leave it empty.") % {"most": part.largest}


def _wrong_numbers(part: Part, value: Any) -> str:
    if not isinstance(value, list) or not all(_is_number(one, part.largest) for one in value):
        return _("Enter whole numbers with commas between them, like 0, 14.")
    if len(value) > kinds.MOST_LINES or sorted(set(value)) != value:
        return _("Each number has to be larger than the one before it.")
    return ""


def _wrong_pair(part: Part, value: Any) -> str:
    if (
        not isinstance(value, list)
        or len(value) != 2
        or not all(_is_number(one, part.largest) for one in value)
    ):
        return _("Enter two whole numbers with a comma between them, like 168, 184.")
    return "" if value[0] <= value[1] else _("The first number has to be the smaller one.")


def _wrong_source(content: dict[str, Any], kind: Kind, fact: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Every fact keeps its source and its status; "sourced" needs a text that was seen."""
    source, status = fact.get("source"), fact.get("status")
    known = {one["id"] for one in content["sources"]}
    if not isinstance(source, list) or not source:
        yield "source", _("Name at least one source.")
    elif any(not isinstance(one, str) or one not in known for one in source):
        yield "source", _("This source does not stand in the list of sources.")
    elif status == "sourced" and all(one.startswith(NO_TEXT_SEEN) for one in source):
        yield "status", _("“From the text we saw” needs a text. Name it, or choose another status.")
    if not isinstance(status, str) or status not in words.STATUS_WORDS:
        yield "status", _("Choose a status.")
    labels = fact.get("labels", [])
    if not isinstance(labels, list) or any(one not in dict(kinds.LABELS) for one in labels):
        yield "labels", _("Choose from what stands there.")


def _wrong_together(kind: Kind, fact: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What does not fit together inside one fact whose pieces are right."""
    if kind.code == "phases":
        yield from _wrong_phase(fact)
    if kind.code == "monitoring":
        every, most = fact.get("every_months"), fact.get("every_months_max")
        if every == 0:
            yield "every_months", _("Enter 1 or more, or leave it empty.")
        if most is not None and (every is None or most < every):
            yield "every_months_max", _("This has to be at least the months between two checks.")


def _wrong_phase(fact: dict[str, Any]) -> Iterator[tuple[str, str]]:
    interval, least, window = fact["interval_days"], fact["min_interval_days"], fact["usual_window_days"]
    if interval == 0:
        yield "interval_days", _("Enter 1 or more, or leave it empty.")
    if least is not None and interval is not None and least > interval:
        yield "min_interval_days", _("The shortest time is longer than the time between two doses.")
    if window is not None:
        if interval is None or not window[0] <= interval <= window[1]:
            yield "usual_window_days", _("The days between two doses have to lie inside the window.")
        elif least is not None and window[0] < least:
            yield "usual_window_days", _("The window begins before the shortest time is over.")
    if fact["count"] == 0:
        yield "count", _("Enter 1 or more, or leave it empty.")
    booked, allowed = fact["observation_minutes"], fact["observation_minutes_min"]
    if booked is not None and allowed is not None and booked < allowed:
        yield "observation_minutes", _("This is less than the least that the source allows.")
    span, minutes = fact["infusion_minutes_range"], fact["infusion_minutes"]
    if span is not None and minutes is not None and not span[0] <= minutes <= span[1]:
        yield "infusion_minutes_range", _("The minutes of the dose lie outside of this.")


# --- A whole version --------------------------------------------------------------------------------------------------


def wrong_in(content: Any, base: dict[str, Any]) -> list[Wrong]:
    """What is wrong with a whole version that was made from another one; empty when it can be made."""
    try:
        found = _wrong_shape(content, base)
        if found:
            return found
        for kind in kinds.KINDS:
            rows = kinds.facts_in(content, kind)
            if len(rows) > MOST_FACTS:
                return [Wrong(kind.code, "", "", _("These are too many facts."))]
            if not rows and not kind.many and not kind.may_lack:
                return [Wrong(kind.code, "", "", _("This is needed."))]
            for row in rows:
                found += wrong_in_fact(content, kind, row)
        return found or [*_wrong_keys(content), *_wrong_plans(content)]
    except (KeyError, TypeError, ValueError, AttributeError):
        return [Wrong("", "", "", _("This is not how a version is written."))]


def _wrong_shape(content: Any, base: dict[str, Any]) -> list[Wrong]:
    """What no editor changes stays as it was: which therapy it is, who has to sign, what it is counted with. Sources are only added."""
    if not isinstance(content, dict) or not isinstance(content.get("portal"), dict):
        return [Wrong("", "", "", _("This is not how a version is written."))]
    open_places = {part.name for part in kinds.BY_CODE["texts"].parts} | {kind.where for kind in kinds.KINDS}
    changed = [
        place
        for place in (*_places(base), *_places(content))
        if place not in open_places and place != "sources" and _there(base, place) != _there(content, place)
    ]
    if changed:
        return [Wrong("", "", "", _("This cannot be changed here: %(place)s") % {"place": changed[0][:80]})]
    old, new = base["sources"], content.get("sources")
    if not isinstance(new, list) or new[: len(old)] != old:
        return [Wrong("", "", "", _("Sources can be added, not changed or taken away."))]
    ids = [one.get("id") if isinstance(one, dict) else None for one in new]
    right = all(
        isinstance(one, dict) and set(one) == {"id", "ref"} and all(_is_words(text) for text in one.values())
        for one in new
    )
    if not right or len(set(ids)) != len(ids):
        return [Wrong("", "", "", _("Each source needs a name of its own and says where it is found."))]
    return []


def _is_words(text: Any) -> bool:
    return isinstance(text, str) and 0 < len(text.strip()) <= 1_000 and "\x00" not in text


def _places(content: dict[str, Any]) -> list[str]:
    """The places of a version, those inside `portal` one by one."""
    return [key for key in content if key != "portal"] + [f"portal.{key}" for key in content["portal"]]


def _there(content: dict[str, Any], place: str) -> Any:
    try:
        return kinds.at(content, place)
    except (KeyError, TypeError):
        return None


def _wrong_keys(content: dict[str, Any]) -> Iterator[Wrong]:
    seen: set[str] = set()
    for kind in kinds.KINDS:
        if kind.prefix:
            for row in kinds.facts_in(content, kind):
                key = row.get("key")
                if not isinstance(key, str) or not key or len(key) > 120 or key in seen:
                    name = kinds.name_of(kind, row)[:80]
                    yield Wrong(kind.code, name, "", _("This fact has no key of its own."))
                seen.add(str(key))
    keys = [row.get("key") for row in content["portal"]["paths"]]
    if len(set(keys)) != len(keys) or not all(isinstance(one, str) and 0 < len(one) <= 40 for one in keys):
        yield Wrong("plans", "", "", _("Each plan needs a key of its own."))
    asked: set[tuple[str, str]] = set()
    for row in content["portal"]["before_dose"]:
        for when in ("first", "later") if row["when"] in ("every", "course") else (row["when"],):
            if (row["fact"], when) in asked:
                yield Wrong(
                    "before", row["label"][:80], "fact", _("This fact is asked for twice before one dose.")
                )
            asked.add((row["fact"], when))


def _wrong_plans(content: dict[str, Any]) -> Iterator[Wrong]:
    """The version is read as the portal would read it, and every plan is tried."""
    facts = Facts(content)
    catalog.sections_of(facts)
    for key in facts.phases:
        facts.need(key)
    first = date(2026, 3, 2)
    for path in facts.paths.values():
        made = planning.plan(path.phases, first_on=first, until=first + TRIED, most=200)
        days = [dose.window.target for dose in made]
        if not made or any(later <= earlier for earlier, later in itertools.pairwise(days)):
            yield Wrong(
                "plans", path.name[:80], "", _("The doses of this plan would not come one after the other.")
            )
        for dose in made:
            if dose.not_before is not None and dose.window.target < dose.not_before:
                yield Wrong(
                    "plans", path.name[:80], "",
                    _("Dose %(number)d would come before its shortest time is over.") % {"number": dose.slot.number},
                )  # fmt: skip
                break
