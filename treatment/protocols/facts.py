"""One version of a therapy's facts, parsed. Versions never change, so each is read once by a process."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

from treatment.courses.planning import Anchor, Phase
from treatment.models import Protocol

LATER_HOURS = re.compile(r"\b(\d+) hours?\b", re.ASCII)
DAY_HOURS, LATER = 24, 72
MISSED_LAB = re.compile(
    r"missed lab\b[^.]*\balert at (\d+) days? overdue, escalate at (\d+) days?\b", re.ASCII | re.IGNORECASE
)
MG_PER_M2 = re.compile(r"(\d+(?:\.\d+)?) mg/m2\b", re.ASCII)


@dataclass(frozen=True, slots=True)
class InfusionNeed:
    """How long a dose takes at the center, in minutes, from the phase of the dose."""

    preparation_minutes: int
    infusion_minutes: int
    observation_minutes: int
    discharge_minutes: int

    @property
    def chair_minutes(self) -> int:
        return (
            self.preparation_minutes
            + self.infusion_minutes
            + self.observation_minutes
            + self.discharge_minutes
        )


@dataclass(frozen=True, slots=True)
class Path:
    """A way through the phases that an order can name."""

    key: str
    name: str
    phases: tuple[Phase, ...]
    prescriber_choice: bool


@dataclass(frozen=True, slots=True)
class BeforeDose:
    """Something to do before doses: `when` is first (of an order), course (the first of each course of days), later (not number 1) or every.

    What a version does not say is None: no day, no end, for everybody. `due_days_before`, `valid_hours` and `valid_months` are read from
    the text of the fact; versions from before they were read have none of them.
    """

    fact: str
    owner: str
    label: str
    when: str
    valid_hours: int | None
    link: str | None
    kind: str = ""  # lab, scan or paper: what is written down about it
    applies_to: str | None = None  # key of treatment.words.APPLIES_WORDS
    at_chair: bool = False
    due_days_before: int | None = None
    valid_months: int | None = None

    @property
    def has_limits(self) -> bool:
        found = (self.valid_hours, self.valid_months, self.due_days_before)
        return self.at_chair or bool(self.applies_to) or any(limit is not None for limit in found)

    def is_before(self, *, first: bool, begins: bool, number: int) -> bool:
        """Whether it stands before a dose. `first`: the first of its order. `begins`: the first of a course of days. `number`: from 1, what
        was given before the order counted."""
        asked = {"every": True, "first": first, "course": first or begins, "later": number > 1}
        return asked[self.when]


@dataclass(frozen=True, slots=True)
class Question:
    """A question to the patient before a dose, in the words of the data. `concern_if` is the answer that needs a person."""

    fact: str
    text: str
    concern_if: str  # yes or no
    on_concern: str  # call_first or tell_nurse
    topic: str  # of the message that it begins
    applies_to: str | None
    source: tuple[str, ...]
    status: str


# For versions from before questions were read from the data: what every therapy asks.
ALWAYS_ASKED = {"infection": "infection", "new_neuro": "side_effect"}


def _questions(content: dict[str, Any]) -> list[Question]:
    rows = {row["key"]: row for row in content["pre_infusion_checklist"]}
    read = content["portal"].get("questions")
    if read is None:
        read = [
            {"fact": key, "on_concern": "call_first", "topic": ALWAYS_ASKED[row["id"]], "applies_to": None}
            for key, row in rows.items()
            if row["id"] in ALWAYS_ASKED
        ]
    return [
        Question(
            said["fact"], rows[said["fact"]]["question"], rows[said["fact"]]["concern_if"], said["on_concern"], said["topic"],
            said["applies_to"], tuple(rows[said["fact"]]["source"]), rows[said["fact"]]["status"],
        )
        for said in read
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class ChairCheck:
    """Something that the nurse looks at in the chair before the start, in the words of the data. `concern_if` is the answer that needs a
    person, `action` what the data say is done then. `may_not_apply`: it is not for everybody."""

    fact: str
    text: str
    concern_if: str  # yes or no
    action: str
    may_not_apply: bool
    source: tuple[str, ...]
    status: str


def _chair_checks(content: dict[str, Any]) -> list[ChairCheck]:
    """Versions from before checks were read from the data have none."""
    return [
        ChairCheck(
            row["key"], row["question"], row["concern_if"], row["action"], bool(row.get("may_not_apply")),
            tuple(row["source"]), row["status"],
        )
        for row in content["pre_infusion_checklist"]
        if row.get("at_chair")
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class RegularCheck:
    """A check that comes again: months between two, and months after the last dose until which it goes on. None: the data do not say."""

    fact: str
    owner: str
    label: str
    every_months: int | None
    until_months_after_last_dose: int | None


class Facts:
    """A therapy's facts as one version states them."""

    def __init__(self, content: dict[str, Any]) -> None:
        self.content = content
        self.portal: dict[str, Any] = content["portal"]
        self.code: str = content["id"]
        self.name: str = self.portal["plain_name"]
        self.substance: str = self.portal["substance"]
        self.dose_word: str = self.portal["dose_word"]  # infusion, injection or treatment
        self.brands: list[str] = content["brand_names"]
        self._raw = {phase["key"]: phase for phase in content["regimen"]}
        self.phases = {key: _phase(raw) for key, raw in self._raw.items()}
        self.paths = {
            path["key"]: Path(
                path["key"],
                path["name"],
                tuple(self.phases[key] for key in path["phases"]),
                path["prescriber_choice"],
            )
            for path in self.portal["paths"]
        }
        self.before_dose = [BeforeDose(**item) for item in self.portal["before_dose"]]
        monitoring = {row["key"]: row for row in content["monitoring"]}
        self.checks = [
            RegularCheck(
                row["fact"],
                row["owner"],
                row["label"],
                monitoring[row["fact"]]["every_months"],
                monitoring[row["fact"]].get("until_months_after_last_dose"),
            )
            for row in self.portal["regular_checks"]
        ]
        self.labels = {item.fact: item for item in self.before_dose}
        self.questions = _questions(content)
        self.chair_checks = _chair_checks(content)
        self.required_roles: list[str] = self.portal["required_signatures"]
        self.reset_from_given: bool | None = (
            True if self.portal["late_dose"]["rule"] == "from_given_dose" else None
        )
        self.alert_after_days: int | None = content["missed_dose"]["escalate_after_days"]
        self.is_for_relapse: bool = content["auto_schedule"] == "per_relapse_order_only"
        self.can_be_ordered: bool = (
            bool(self.paths) and not content["mention_only"] and content["auto_schedule"] != "never"
        )
        self.lifetime_limits: list[dict[str, Any]] = content["lifetime_cumulative_max"]
        self.has_lifetime_limit: bool = bool(self.lifetime_limits)

    def statement(self, fact: str) -> dict[str, Any] | None:
        """What the data state under a fact's key, with source and status; None for a key that is not there."""
        parts = (
            self.content["screening"],
            self.content["monitoring"],
            self.content["pre_infusion_checklist"],
        )
        rows = [row for part in (*parts, self.portal.get("logistics", [])) for row in part]
        return next((row for row in rows if row["key"] == fact), None)

    def phase_content(self, phase_key: str) -> dict[str, Any]:
        """A phase as the data state it."""
        found: dict[str, Any] = self._raw[phase_key]
        return found

    def mg_per_m2(self, phase_key: str) -> Decimal | None:
        """The strength of a dose by body surface, read from the data's own words; None for a dose that is not given by it."""
        said = MG_PER_M2.match(self._raw[phase_key]["dose"])
        return Decimal(said[1]) if said is not None else None

    @property
    def lab_escalates_after(self) -> int | None:
        """From how many days overdue on a missed lab is for today, in the words of the data ("A missed lab is a safety event: alert at 1 day
        overdue, escalate at 7 days"). None where they say nothing of it."""
        said = MISSED_LAB.search(str(self.content["missed_dose"]["text"]))
        return int(said[2]) if said is not None else None

    @property
    def check_in_hours(self) -> tuple[int, ...]:
        """Hours after a dose at which the patient is asked. 1 and 24 are the project's own steps for every therapy; 72 only where the
        version's own words about reactions name a time after the first 24 hours ("some later than 24 hours", "within 24-72 hours")."""
        said = str(self.content["infusion_reactions"].get("timing", "")).lower()
        later = "later than 24 hours" in said or any(
            int(hours) > DAY_HOURS for hours in LATER_HOURS.findall(said)
        )
        return (1, DAY_HOURS, LATER) if later else (1, DAY_HOURS)

    def need(self, phase_key: str) -> InfusionNeed | None:
        """The minutes of a dose of a phase; None when the data leave one of them open."""
        raw, visit = self._raw[phase_key], self.portal["visit"]
        parts = (
            raw["premedication_wait_minutes"],
            raw["infusion_minutes"],
            raw["observation_minutes"],
            visit["arrival_minutes"],
            visit["discharge_minutes"],
        )
        if any(part is None for part in parts):
            return None
        wait, infusion, observation, arrival, discharge = parts
        return InfusionNeed(arrival + wait, infusion, observation, discharge)


def _phase(raw: dict[str, Any]) -> Phase:
    offsets, window = raw["day_offsets"], raw["usual_window_days"]
    return Phase(
        key=raw["key"],
        name=raw["name"],
        anchor=Anchor(raw["anchor_rule"]) if raw["anchor_rule"] else None,
        day_offsets=tuple(offsets) if offsets else None,
        interval_days=raw["interval_days"],
        repeats=raw["repeats"],
        count=raw["count"],
        min_interval_days=raw["min_interval_days"],
        window=(window[0], window[1]) if window else None,
        prescriber_choice=raw["requires_prescriber_choice"],
        interval_months=raw.get("interval_months"),
    )


@lru_cache(maxsize=128)
def facts_of(protocol_id: UUID) -> Facts:
    """The facts of a version. Raises Protocol.DoesNotExist."""
    return Facts(Protocol.objects.values_list("content", flat=True).get(pk=protocol_id))
