"""What differs between two versions, fact by fact, in words: before a version is made, on its page, and for courses that would be moved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from treatment import words
from treatment.editing import kinds
from treatment.editing.kinds import Kind, Part

ADDED, REMOVED, CHANGED = "added", "removed", "changed"


@dataclass(frozen=True, slots=True)
class Line:
    """One piece of a fact: what it said and what it says now, in words; "" where there was or is nothing."""

    label: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Differs:
    """A fact that was added, taken out or changed."""

    kind: str
    title: str
    name: str
    what: str
    lines: list[Line]

    @property
    def what_words(self) -> str:
        found = {ADDED: _("Added"), REMOVED: _("Taken out"), CHANGED: _("Changed")}
        return found[self.what]


def differences(old: dict[str, Any], new: dict[str, Any]) -> list[Differs]:
    """Every difference from one version to another, in the order of the kinds of facts."""
    found = [one for kind in kinds.KINDS for one in _in_kind(kind, old, new)]
    found += _sources(old, new)
    return found + _others(old, new)


def said(content: dict[str, Any], part: Part, value: Any) -> str:
    """A piece in words, as a person reads it."""
    if value is None or value == "" or value == []:
        return _("Not known") if part.type in (kinds.NUMBER, kinds.NUMBERS, kinds.PAIR) else ""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    known = {code: str(label) for code, label in kinds.options(content, part)}
    if isinstance(value, list):
        joined = "; " if part.type == kinds.LINES else ", "
        return joined.join(known.get(str(one), str(one)) for one in value)
    return known.get(str(value), str(value))


def lines_of(content: dict[str, Any], kind: Kind, fact: dict[str, Any]) -> list[Line]:
    """The pieces of one fact in words, those that are empty left out."""
    return [line for line in _lines(kind, content, {}, content, fact) if line.new]


def _in_kind(kind: Kind, old: dict[str, Any], new: dict[str, Any]) -> Iterator[Differs]:
    title = str(kind.title)
    for before, after in _pairs(kind, kinds.facts_in(old, kind), kinds.facts_in(new, kind)):
        if before == after:
            continue
        lines = [
            line
            for line in _lines(kind, old, before or {}, new, after or {})
            if line.old != line.new or before is None or after is None
        ]
        lines = [line for line in lines if line.old or line.new]
        what = CHANGED if before and after else ADDED if after else REMOVED
        if lines:
            yield Differs(kind.code, title, kinds.name_of(kind, after or before or {}), what, lines)


def _pairs(kind: Kind, old: list[Any], new: list[Any]) -> list[tuple[Any, Any]]:
    """The same fact of both versions beside each other: by its key, else by its name, else by its place."""
    if not kind.many:
        return [(old[0] if old else None, new[0] if new else None)]
    left, pairs = list(old), []
    waiting = []
    for fact in new:
        match = next((one for one in left if one == fact or _same(kind, one, fact)), None)
        if match is None:
            waiting.append(fact)
        else:
            left.remove(match)
        pairs.append((match, fact))
    if len(waiting) == len(left):  # nothing was added or taken out: what is left was only reworded
        for number, (match, fact) in enumerate(pairs):
            if match is None:
                pairs[number] = (left.pop(0), fact)
    return pairs + [(one, None) for one in left]


def _same(kind: Kind, one: dict[str, Any], other: dict[str, Any]) -> bool:
    if "key" in one or "key" in other:
        return one.get("key") == other.get("key")
    if kind.code in ("before", "checks"):
        return one.get("fact") == other.get("fact") and one.get("when") == other.get("when")
    return bool(kind.named) and one.get(kind.named) == other.get(kind.named)


def _lines(
    kind: Kind, old: dict[str, Any], before: dict[str, Any], new: dict[str, Any], after: dict[str, Any]
) -> Iterator[Line]:
    for part in kind.parts:
        yield Line(
            str(part.label),
            said(old, part, _value(before, part)) if before else "",
            said(new, part, _value(after, part)) if after else "",
        )
    if kind.labelled:
        yield Line(_("Whose label says so"), _labels(before), _labels(after))
    if kind.sourced:
        yield Line(_("Source"), _source(old, before), _source(new, after))
        yield Line(_("Status"), _status(before), _status(after))


def _value(fact: dict[str, Any], part: Part) -> Any:
    try:
        return kinds.at(fact, part.name)
    except (KeyError, TypeError):
        return None


def _labels(fact: dict[str, Any]) -> str:
    known = {code: str(label) for code, label in kinds.LABELS}
    return ", ".join(known.get(one, one) for one in fact.get("labels", []))


def _source(content: dict[str, Any], fact: dict[str, Any]) -> str:
    known = {one["id"]: one["ref"] for one in content["sources"]}
    return "; ".join(known.get(one, one) for one in fact.get("source", []))


def _status(fact: dict[str, Any]) -> str:
    return words.status_words(str(fact["status"]))[1] if fact.get("status") else ""


def _sources(old: dict[str, Any], new: dict[str, Any]) -> list[Differs]:
    known = {one["id"]: one["ref"] for one in old["sources"]}
    title = _("Sources")
    return [
        Differs("sources", title, one["id"], ADDED, [Line(title, "", one["ref"])])
        for one in new["sources"]
        if one["id"] not in known
    ]


def _others(old: dict[str, Any], new: dict[str, Any]) -> list[Differs]:
    """What only a data file can change: named, with its values as they stand."""
    open_places = {kind.where for kind in kinds.KINDS} | {part.name for part in kinds.BY_CODE["texts"].parts}
    places = dict.fromkeys(_places(old) + _places(new))
    found = []
    for place in places:
        before, after = _at(old, place), _at(new, place)
        if place in open_places or place == "sources" or before == after:
            continue
        line = Line(place, _short(before), _short(after))
        found.append(Differs("other", _("Other data"), place, CHANGED, [line]))
    return found


def _places(content: dict[str, Any]) -> list[str]:
    return [key for key in content if key != "portal"] + [f"portal.{key}" for key in content["portal"]]


def _at(content: dict[str, Any], place: str) -> Any:
    try:
        return kinds.at(content, place)
    except (KeyError, TypeError):
        return None


def _short(value: Any) -> str:
    text = "" if value is None else str(value)
    return text if len(text) <= 300 else f"{text[:300]}…"
