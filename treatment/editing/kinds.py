"""The kinds of facts that a version has, and what each of them says: one list that the pages, the checks and the API go by.

Whatever else stands in a fact is kept as it is. None is "not known" and never a guess.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from treatment.models import ChecklistItem

LINE, TEXT, LINES, NUMBER, NUMBERS, PAIR, YES, CHOICE, MANY = (
    "line", "text", "lines", "number", "numbers", "pair", "yes", "choice", "many",
)  # fmt: skip
LONGEST_LINE, LONGEST_TEXT, MOST_LINES, LARGEST = 300, 3_000, 60, 100_000

_OWNER_WORDS = {"you": _("The patient"), "team": _("The team")}
OWNERS = [(code, _OWNER_WORDS.get(code, label)) for code, label in ChecklistItem.Owner.choices]
LABELS = [("US", _("United States")), ("EU", _("European Union")), ("UK", _("United Kingdom"))]


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of a fact. `choices` None with CHOICE or MANY: they stand in the version itself (`among`)."""

    name: str
    label: Any
    type: str = LINE
    hint: Any = ""
    needed: bool = False
    choices: Any = None
    among: str = ""  # "phases", "before" (screening, monitoring, checklist), "monitoring"
    largest: int = LARGEST


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of fact. `where` is its place in the version; `many` facts are a list, else there is one, or none when `may_lack`."""

    code: str
    title: Any
    where: str
    parts: tuple[Part, ...]
    named: str = ""  # the piece that a list names a fact by
    many: bool = True
    sourced: bool = True
    may_lack: bool = False
    prefix: str = ""  # facts of this kind have a key: "<therapy>.<prefix>.<words>"
    labelled: bool = True


_TEXT = Part("text", _("What it says"), TEXT, needed=True)
_MINUTES = _("In whole minutes. Empty means: not known.")
_DAYS = _("In whole days. Empty means: not known.")

KINDS: tuple[Kind, ...] = (
    Kind(
        "phases", _("Doses and intervals"), "regimen", named="name", prefix="phase",
        parts=(
            Part("name", _("Name of the phase"), needed=True),
            Part("dose", _("Dose, in words"), needed=True),
            Part("dose_mg", _("Dose in mg"), NUMBER),
            Part("anchor", _("Counted from, in words"), needed=True),
            Part(
                "anchor_rule", _("Counted from"), CHOICE,
                choices=[
                    ("first", _("The first dose of the treatment")),
                    ("previous", _("The dose before")),
                    ("first_then_previous", _("The first dose for the first one of this phase, then the dose before")),
                    ("previous_phase", _("The last dose of the phase before, in months; without months a prescriber sets the day")),
                ],
                hint=_("Without an answer nothing is planned for this phase."),
            ),
            Part("day_offsets", _("Days, when they are fixed"), NUMBERS, _("Day 1 of the label is 0, day 15 is 14. Like 0, 14")),
            Part("interval_days", _("Days between two doses: the target"), NUMBER, _DAYS, largest=3_660),
            Part("interval_weeks", _("The same in weeks, as the source says it"), NUMBER, largest=520),
            Part(
                "interval_months", _("The same in months, as the source says it"), NUMBER,
                _("A phase that is counted from the phase before begins so many calendar months after it."), largest=120,
            ),
            Part("repeats", _("Repeats at this interval"), YES),
            Part("count", _("How often it repeats, when that is fixed"), NUMBER, largest=500),
            Part("min_interval_days", _("Shortest time after the dose before"), NUMBER, _DAYS, largest=3_660),
            Part("usual_window_days", _("Usual window"), PAIR, _("First and last day after the dose before, like 168, 184")),
            Part("infusion_minutes", _("The dose itself"), NUMBER, _MINUTES, largest=1_440),
            Part("infusion_minutes_range", _("The dose itself: shortest and longest"), PAIR, _("In minutes, like 30, 90")),
            Part("observation_minutes", _("Watching afterwards: what is booked"), NUMBER, _MINUTES, largest=1_440),
            Part("observation_minutes_min", _("Watching afterwards: the least that the source allows"), NUMBER, _MINUTES, largest=1_440),
            Part("observation_rule", _("Watching afterwards, in words"), TEXT, needed=True),
            Part("premedication_wait_minutes", _("Waiting after the medicines before"), NUMBER, _MINUTES, largest=1_440),
            Part("off_label", _("Off-label"), YES),
            Part("requires_prescriber_choice", _("Only by a prescriber's own choice"), YES),
            Part("note", _("Note"), TEXT),
            Part(
                "fields_to_verify", _("What still has to be verified"), MANY,
                choices=[
                    (name, name.replace("_", " "))
                    for name in (
                        "dose_mg", "interval_days", "min_interval_days", "usual_window_days", "infusion_minutes", "observation_minutes",
                        "observation_minutes_min", "premedication_wait_minutes", "chair_minutes_estimate", "count", "day_offsets",
                    )
                ],
            ),
        ),
    ),
    Kind(
        "plans", _("Ways through the phases that an order can name"), "portal.paths", named="name", sourced=False, labelled=False,
        parts=(
            Part("name", _("Name of the plan"), needed=True),
            Part("phases", _("Its phases, in their order above"), MANY, needed=True, among="phases"),
            Part("prescriber_choice", _("Only by a prescriber's own choice"), YES),
        ),
    ),
    Kind(
        "visit", _("Minutes around a dose"), "portal.visit", many=False, labelled=False,
        parts=(
            Part("arrival_minutes", _("From arrival to the first medicine"), NUMBER, _MINUTES, largest=1_440),
            Part("discharge_minutes", _("From the end of watching until leaving"), NUMBER, _MINUTES, largest=1_440),
        ),
    ),
    Kind(
        "lifetime", _("Most in a lifetime"), "lifetime_cumulative_max", named="jurisdiction", labelled=False,
        parts=(
            Part("jurisdiction", _("Whose label"), CHOICE, needed=True, choices=LABELS),
            Part("mg_per_m2", _("mg for each m² of body surface"), NUMBER, needed=True, largest=10_000),
        ),
    ),
    Kind(
        "premedication", _("Medicines before the dose"), "premedication", named="drug",
        parts=(
            Part("drug", _("Medicine"), needed=True),
            Part("timing", _("When"), needed=True),
            Part("rule", _("Rule"), TEXT, needed=True),
        ),
    ),
    Kind(
        "screening", _("Before the start and before doses"), "screening", named="item", prefix="scr",
        parts=(
            Part("item", _("What is looked at"), TEXT, needed=True),
            Part("why", _("Why"), TEXT, needed=True),
            Part("when", _("When"), needed=True),
            Part("required_by_label", _("The label requires it"), YES),
        ),
    ),
    Kind(
        "monitoring", _("Regular checks"), "monitoring", named="item", prefix="mon",
        parts=(
            Part("item", _("What is checked"), TEXT, needed=True),
            Part("every", _("How often, in words"), TEXT, needed=True),
            Part("every_months", _("Months between two checks"), NUMBER, _("Empty: the data give no interval, and no day is due."), largest=120),
            Part("every_months_max", _("At most so many months, when the source gives a range"), NUMBER, largest=120),
            Part("extra_months", _("Also so many months after the start"), NUMBERS, _("Like 3, 6")),
            Part("until", _("Until when, in words"), TEXT, needed=True),
            Part("until_months_after_last_dose", _("Until so many months after the last dose"), NUMBER, largest=600),
            Part("why", _("Why"), TEXT, needed=True),
            Part("note", _("Note"), TEXT),
        ),
    ),
    Kind(
        "checklist", _("Questions before each dose"), "pre_infusion_checklist", named="question", prefix="chk",
        parts=(
            Part("question", _("Question"), TEXT, needed=True),
            Part("concern_if", _("It is a concern when the answer is"), CHOICE, needed=True, choices=[("yes", _("Yes")), ("no", _("No"))]),
            Part("action", _("What is done then"), TEXT, needed=True),
            Part("at_chair", _("The nurse checks it in the chair, before the start"), YES),
            Part("may_not_apply", _("In the chair: it does not apply to everybody"), YES),
        ),
    ),
    Kind(
        "flags", _("Warning signs"), "red_flags", named="symptom", prefix="rf",
        parts=(
            Part("symptom", _("Sign, as the patient is asked about it"), TEXT, needed=True),
            Part(
                "level", _("How urgent"), CHOICE, needed=True,
                choices=[("emergency", _("Emergency number")), ("call_now", _("Call the center now"))],
            ),
            Part("why", _("What it may be, for the team"), TEXT, needed=True),
        ),
    ),
    Kind(
        "before", _("What is to do before a dose"), "portal.before_dose", named="label", sourced=False, labelled=False,
        parts=(
            Part("label", _("In plain words, as the patient reads it"), TEXT, needed=True),
            Part("fact", _("The fact behind it"), CHOICE, needed=True, among="before"),
            Part("owner", _("Who does it"), CHOICE, needed=True, choices=OWNERS),
            Part(
                "when", _("Before which doses"), CHOICE, needed=True,
                choices=[("first", _("The first one")), ("course", _("The first one of each course of days")), ("later", _("All but the first one")), ("every", _("Every one"))],
            ),
            Part("valid_hours", _("An answer counts for so many hours"), NUMBER, _("Empty: it does not expire."), largest=8_760),
        ),
    ),
    Kind(
        "checks", _("Regular checks that the portal keeps"), "portal.regular_checks", named="label", sourced=False, labelled=False,
        parts=(
            Part("label", _("In plain words, as the patient reads it"), TEXT, needed=True),
            Part("fact", _("The fact behind it"), CHOICE, needed=True, among="monitoring"),
            Part("owner", _("Who does it"), CHOICE, needed=True, choices=OWNERS),
        ),
    ),
    Kind(
        "late", _("Late or missed doses"), "missed_dose", many=False,
        parts=(
            Part("text", _("What it says"), TEXT, needed=True),
            Part("escalate_after_days", _("Alert when the last dose is so many days ago"), NUMBER, _DAYS, largest=3_660),
        ),
    ),
    Kind(
        "late-rule", _("What the portal makes of a late dose"), "portal.late_dose", many=False, labelled=False,
        parts=(
            Part(
                "rule", _("Rule"), CHOICE, choices=[("from_given_dose", _("Count on from the day the dose was given"))],
                hint=_("Without an answer no rule is stated, and a prescriber sets each day."),
            ),
        ),
    ),
    Kind("contraindications", _("When it must not be given"), "contraindications", parts=(_TEXT,), named="text"),
    Kind("indications", _("What it is for"), "indications", parts=(_TEXT,), named="text"),
    Kind(
        "rems", _("Safety program"), "rems", many=False, may_lack=True,
        parts=(Part("name", _("Name"), needed=True), Part("rules", _("Its rules, one on each line"), LINES, needed=True)),
    ),
    Kind("boxed", _("Boxed warning"), "boxed_warning", parts=(_TEXT,), many=False, may_lack=True),
    Kind(
        "reactions", _("Reactions during the dose"), "infusion_reactions", many=False,
        parts=(
            Part("common", _("Common reactions, one on each line"), LINES),
            Part("timing", _("When they come"), TEXT, needed=True),
            Part("frequency", _("How often"), TEXT),
            Part("rule", _("What is done"), TEXT, needed=True),
        ),
    ),
    Kind("pregnancy", _("Pregnancy"), "pregnancy", parts=(_TEXT,), many=False),
    Kind("vaccines", _("Vaccines"), "vaccines", parts=(_TEXT,), many=False),
    Kind(
        "texts", _("Names and texts"), "", many=False, sourced=False, labelled=False,
        parts=(
            Part("portal.plain_name", _("Name in plain words"), needed=True),
            Part("generic_name", _("Generic name"), needed=True),
            Part("brand_names", _("Brand names, one on each line"), LINES),
            Part("class", _("Class"), needed=True),
            Part("route", _("Route"), needed=True),
            Part("mechanism_plain", _("How it works, in plain words"), TEXT, needed=True),
            Part("expected_effects", _("Expected effects, one on each line"), LINES),
            Part("interactions", _("Other medicines, one on each line"), LINES),
            Part("uncertain", _("What is uncertain, one on each line"), LINES),
            Part("as_of", _("As of"), needed=True),
            Part("review_due", _("Review due"), TEXT, needed=True),
        ),
    ),
)  # fmt: skip
BY_CODE = {kind.code: kind for kind in KINDS}


def at(holder: dict[str, Any], place: str) -> Any:
    """What stands at a place such as "portal.paths"; the holder itself for "". Raises KeyError, TypeError."""
    found: Any = holder
    for name in filter(None, place.split(".")):
        found = found[name]
    return found


def put(holder: dict[str, Any], place: str, value: Any) -> None:
    """Put a value at a place."""
    *way, last = place.split(".")
    at(holder, ".".join(way))[last] = value


def facts_in(content: dict[str, Any], kind: Kind) -> list[dict[str, Any]]:
    """The facts of a kind, in the order of the version; a single one as a list of one, or of none."""
    found = at(content, kind.where)
    return list(found) if kind.many else [found] if found else []


def name_of(kind: Kind, fact: dict[str, Any]) -> str:
    """What a list names a fact by."""
    return str(fact.get(kind.named) or "") if kind.named else ""


def options(content: dict[str, Any], part: Part) -> list[tuple[str, Any]]:
    """What a piece can be chosen from, the version's own facts included."""
    if part.choices is not None:
        return list(part.choices)
    return list(_among(content, part.among))


def _among(content: dict[str, Any], among: str) -> Iterator[tuple[str, str]]:
    if among == "phases":
        for row in content["regimen"]:
            yield row["key"], row["name"]
    if among == "before":
        for row in content["screening"]:
            yield row["key"], row["item"]
        for row in content["pre_infusion_checklist"]:
            yield row["key"], row["question"]
        for row in content["portal"].get("logistics", []):
            yield row["key"], str(row.get("item") or row["key"])
    if among in ("before", "monitoring"):
        for row in content["monitoring"]:
            yield row["key"], f"{row['item']} ({row['every']})"
