"""Which label holds at a site: its jurisdiction's own; where the sources of that label differ, the stricter value is the default.

A value that names no label counts everywhere. A label that says nothing in figures leaves the strictest of all.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from treatment.protocols.facts import Facts


@dataclass(frozen=True, slots=True)
class Said:
    """What one source says: a number in the unit of the difference (None: no figure), and its words."""

    value: int | None
    words: str
    labels: tuple[str, ...]
    source: tuple[str, ...]
    status: str


@dataclass(frozen=True, slots=True)
class Difference:
    """A fact on which labels or sources differ. `fields` are the places of the version that hold its value."""

    key: str
    about: str
    unit: str
    more_is_stricter: bool
    fields: tuple[str, ...]
    values: tuple[Said, ...]

    def stricter(self, one: int, other: int) -> bool:
        """True when `one` is stricter than `other`."""
        return one > other if self.more_is_stricter else one < other

    def default_at(self, jurisdiction: str) -> Said | None:
        """What holds at a site of this jurisdiction unless a prescriber decides otherwise; None when no source gives a figure."""
        own = [one for one in self.values if not one.labels or jurisdiction in one.labels]
        return self._strictest(own) or self._strictest(self.values)

    def _strictest(self, values: Iterable[Said]) -> Said | None:
        found: Said | None = None
        for one in values:
            if one.value is not None and (
                found is None or found.value is None or self.stricter(one.value, found.value)
            ):
                found = one
        return found

    def relaxed(self, value: int | None, jurisdiction: str) -> bool:
        """True when a version's value is less strict than what holds by default; no value at all is less strict than any."""
        held = self.default_at(jurisdiction)
        if held is None or held.value is None:
            return False
        return value is None or self.stricter(held.value, value)


def differences_of(content: dict[str, Any]) -> list[Difference]:
    """Where the sources of a version differ, the most in a lifetime included."""
    rows = list(content["portal"].get("differences", []))
    caps = content["lifetime_cumulative_max"]
    if caps:
        rows.append(
            {
                "key": f"{content['id']}.diff.lifetime",
                "about": _("Most in a lifetime"),
                "unit": "mg/m²",
                "stricter": "less",
                "fields": [],
                "values": [
                    {
                        "value": row["mg_per_m2"],
                        "words": f"{row['mg_per_m2']} mg/m²",
                        "labels": [row["jurisdiction"]],
                        "source": row["source"],
                        "status": row["status"],
                    }
                    for row in caps
                ],
            }
        )
    return [_difference(row) for row in rows]


def _difference(row: dict[str, Any]) -> Difference:
    values = tuple(
        Said(one["value"], one["words"], tuple(one["labels"]), tuple(one["source"]), one["status"])
        for one in row["values"]
    )
    more = row["stricter"] == "more"
    return Difference(row["key"], row["about"], row["unit"], more, tuple(row["fields"]), values)


def lifetime_cap(facts: Facts, jurisdiction: str) -> Said | None:
    """The most in a lifetime at a site, in mg/m²; None when the therapy has no such limit."""
    found = [one for one in differences_of(facts.content) if one.key.endswith(".diff.lifetime")]
    return found[0].default_at(jurisdiction) if found else None


def held_at(content: dict[str, Any], place: str) -> int | None:
    """The value of a version at a place such as "<key of a phase or check>/min_interval_days"; None when there is none."""
    key, _slash, name = place.partition("/")
    for part in ("regimen", "monitoring"):
        for row in content[part]:
            if row["key"] == key:
                value = row.get(name)
                return value if isinstance(value, int) else None
    return None


def relaxed_in(content: dict[str, Any], jurisdiction: str) -> list[tuple[Difference, int | None]]:
    """Where a version's own value is less strict than the default of the site, with that value."""
    found = []
    for one in differences_of(content):
        for place in one.fields:
            value = held_at(content, place)
            if _is_there(content, place) and one.relaxed(value, jurisdiction):
                found.append((one, value))
                break
    return found


def _is_there(content: dict[str, Any], place: str) -> bool:
    key = place.partition("/")[0]
    return any(row["key"] == key for part in ("regimen", "monitoring") for row in content[part])


def of_other_labels(row: dict[str, Any], jurisdiction: str) -> bool:
    """True for a fact that only the labels of other jurisdictions state."""
    labels = row.get("labels") or ([row["jurisdiction"]] if row.get("jurisdiction") else [])
    return bool(labels) and jurisdiction not in labels


__all__ = [
    "Difference",
    "Said",
    "differences_of",
    "held_at",
    "lifetime_cap",
    "of_other_labels",
    "relaxed_in",
]
