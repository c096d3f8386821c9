"""What a plan would be, for anybody who wants to check the rules: plain dates from a version's facts, no patient and no database.

The same planner and the same rule for late and missed doses as for a real course (`treatment.courses.planning`). Nothing is filled in that the data
leave open: it is null, and a warning says who decides. No dose is shown below a minimum interval, on the day of another one, or over a limit for a lifetime.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.lib.problems import DomainError
from treatment.courses import planning
from treatment.courses.planning import Phase, Planned, Stands
from treatment.courses.watching import watching
from treatment.ledger.duties import Begins, reach_of
from treatment.protocols.facts import Facts, Path

LONGEST = timedelta(days=3_660)
"""Ten years and a few days: what is asked for at once."""
AHEAD = timedelta(days=400)
"""So far beyond the last day that was named a dose can have been brought forward."""
MOST = 1_500
"""Doses of one answer: more than ten years of any protocol; a guard against data that repeat every day."""
GIVEN, PARTLY, MISSED = "given", "partly_given", "missed"
OUTCOMES = (GIVEN, PARTLY, MISSED)
FIRST_DOSE, EVERY_DOSE, EVERY_COURSE = "first", "every", "course"


Warning_ = tuple[str, int | None, str]


class CannotPlan(DomainError):
    """The question has no plan as its answer. The words say why."""

    status = 422
    default_message = gettext_lazy("This cannot be planned.")


@dataclass(frozen=True, slots=True)
class Happened:
    """What became of the `number`-th dose, and on which day; `outcome` is one of OUTCOMES."""

    number: int
    on: date
    outcome: str

    @property
    def counts(self) -> bool:
        return self.outcome != MISSED


@dataclass(frozen=True, slots=True)
class Preview:
    """The doses with what happened to them, and what a person should know about the plan."""

    path: Path
    doses: list[Planned]
    happened: Mapping[int, Happened]
    warnings: list[dict[str, Any]]
    last: date | None = None
    """The last day that counts: also that of a fixed dose after the days that were asked for. Of doses that go on, the last one shown."""


def preview(
    facts: Facts, *, first_on: date, until: date, happened: Sequence[Happened] = (), path_key: str = "", today: date,
    most_mg_m2: Decimal | None = None,
) -> Preview:  # fmt: skip
    """The windows of a path from `first_on` to `until`, both included, moved by what happened as the protocol's rule says.

    `today`: no dose can have been given or missed later. `most_mg_m2`: the limit for a lifetime that holds, in mg/m2; without it the lowest of the data.
    Raises CannotPlan.
    """
    path = _path(facts, path_key)
    _sound(first_on, until, happened, today)
    done = {row.number: row for row in happened}
    base, known = _base(path.phases, first_on, until, done)
    moved = _moved(facts, path.phases, base, done)
    spaced, pushed = _spaced(_to_the_end(facts, path.phases, moved, known, done, first_on, until), done)
    doses, over = _below_the_limit(facts, spaced, done, most_mg_m2)
    shown = [dose for dose in doses if dose.window.target <= until or dose.slot.number in done]
    warnings = _warnings(facts, path.phases, base, doses, done, until)
    moved_on = {dose.slot.number: dose.window.target for dose in shown if dose.slot.number in pushed}
    ends = [*shown, *(dose for dose in doses if not dose.slot.phase.repeats)]
    last = max((day for dose in ends if (day := _day_of(dose, done)) is not None), default=None)
    return Preview(path, shown, done, [*_as_lines(_of_pushed(moved_on)), *_as_lines(over), *warnings], last)


def _day_of(dose: Planned, done: Mapping[int, Happened]) -> date | None:
    """The day of a dose, given or else planned; None for one that was missed."""
    row = done.get(dose.slot.number)
    return dose.window.target if row is None else row.on if row.counts else None


def _path(facts: Facts, key: str) -> Path:
    """The path that was asked for; without a word, the first that needs no choice of a prescriber."""
    if not facts.paths:
        raise CannotPlan(_("The data have no plan for this therapy."))
    if not key:
        plain = [path for path in facts.paths.values() if not path.prescriber_choice]
        return next(iter(plain or facts.paths.values()))
    if key not in facts.paths:
        raise CannotPlan(_("This therapy has no path of that name."))
    return facts.paths[key]


def _sound(first_on: date, until: date, happened: Sequence[Happened], today: date) -> None:
    if until < first_on:
        raise CannotPlan(_("The last day lies before the first dose."))
    if until - first_on > LONGEST:
        raise CannotPlan(_("Ask for ten years at most."))
    numbers = [row.number for row in happened]
    if len(set(numbers)) != len(numbers):
        raise CannotPlan(_("A dose is named twice."))
    ordered = sorted(happened, key=lambda row: row.number)
    if any(later.on < earlier.on for earlier, later in itertools.pairwise(ordered)):
        raise CannotPlan(_("A later dose lies before an earlier one."))
    if any(row.counts and row.on > today for row in happened):
        raise CannotPlan(_("A dose cannot have been given in the future."))
    if any(row.on > today for row in happened):
        raise CannotPlan(_("A dose cannot have been missed in the future."))


def _base(
    path: Sequence[Phase], first_on: date, until: date, done: Mapping[int, Happened]
) -> tuple[list[Planned], dict[int, date]]:
    """The plan as it was before anything happened; days that no rule gives are those that somebody has set."""
    known: dict[int, date] = {}
    last = max([until, *(row.on for row in done.values())]) + AHEAD
    while True:
        made = planning.plan(path, first_on=first_on, known=known, until=last, most=MOST)
        missing = sorted(number for number in done if number > len(made))
        if not missing:
            return made, known
        if missing[0] != len(made) + 1 or planning.slot_at(path, missing[0]) is None:
            raise CannotPlan(
                _("Dose %(number)s is not on this path, or a dose before it is missing.")
                % {"number": missing[0]}
            )
        known[missing[0]] = done[missing[0]].on


def _moved(
    facts: Facts, path: Sequence[Phase], base: list[Planned], done: Mapping[int, Happened]
) -> list[Planned]:
    """The same doses where the protocol's own rule puts them."""
    if not done:
        return base
    moves = planning.replan(
        path,
        [_stands(dose, done.get(dose.slot.number)) for dose in base],
        reset_from_given=facts.reset_from_given,
        today=max(row.on for row in done.values()),
    )
    by_number = {move.number: move for move in moves}
    return [
        replace(dose, window=move.window, not_before=move.not_before)
        if (move := by_number.get(dose.slot.number))
        else dose
        for dose in base
    ]


def _stands(dose: Planned, row: Happened | None) -> Stands:
    target = dose.window.target
    if row is None:
        return Stands(dose.slot.number, "planned", target, None)
    return (
        Stands(dose.slot.number, "given", target, row.on)
        if row.counts
        else Stands(dose.slot.number, "missed", target, None)
    )


def _to_the_end(
    facts: Facts, path: Sequence[Phase], doses: list[Planned], known: Mapping[int, date], done: Mapping[int, Happened],
    first_on: date, until: date,
) -> list[Planned]:  # fmt: skip
    """Further doses up to `until`, when those that stand have moved forward."""
    if not done or not doses:
        return doses
    days = {dose.slot.number: dose.window.target for dose in doses}
    if facts.reset_from_given:
        days |= {number: row.on for number, row in done.items() if row.counts}
    if doses[-1].window.target >= until:
        return doses
    more = planning.plan(
        path, first_on=first_on, known={**days, **known}, after=doses[-1].slot.number, until=until, least=0, most=MOST
    )  # fmt: skip
    return [*doses, *more]


def _spaced(doses: list[Planned], done: Mapping[int, Happened]) -> tuple[list[Planned], set[int]]:
    """The doses with their minimum intervals from the real last one, also where no rule has moved them; and the numbers of those it moved.

    Never two on a day. After one that had to wait, repeating ones keep the interval of the data from it.
    """
    found: list[Planned] = []
    pushed: set[int] = set()
    last: date | None = None
    waited = False
    for dose in doses:
        row = done.get(dose.slot.number)
        if row is not None:
            found.append(dose)
            last, waited = (row.on, False) if row.counts else (last, waited)
            continue
        soonest = planning.not_before(dose.slot, last)
        days = [dose.window.target]
        if last is not None:
            days.append(last + timedelta(days=1))
            if waited and dose.slot.phase.repeats and dose.slot.phase.interval_days is not None:
                days.append(last + timedelta(days=dose.slot.phase.interval_days))
        target = max(days)
        window = dose.window.moved_to(target) if target != dose.window.target else dose.window
        window = planning.kept(window, soonest)
        if window.target != dose.window.target:
            pushed.add(dose.slot.number)
            waited = True
        found.append(replace(dose, window=window, not_before=soonest))
        last = window.target
    return found, pushed


def _below_the_limit(
    facts: Facts, doses: list[Planned], done: Mapping[int, Happened], most: Decimal | None
) -> tuple[list[Planned], list[Warning_]]:
    """The doses that fit below the limit for a lifetime, at the strength of the data; planning stops before the first that does not."""
    if not facts.has_lifetime_limit:
        return doses, []
    limit = most if most is not None else min(Decimal(str(row["mg_per_m2"])) for row in facts.lifetime_limits)
    total, found, warnings = Decimal(0), list[Planned](), list[Warning_]()
    for dose in doses:
        number, row = dose.slot.number, done.get(dose.slot.number)
        strength = facts.mg_per_m2(dose.slot.phase.key)
        if strength is None:
            text = _("There is a limit for the total in a lifetime. It cannot be counted from the data.")
            return doses, [("lifetime_limit", None, text)]
        if row is None or row.counts:
            total += strength
        if row is None and total > limit:
            text = _(
                "Dose %(number)s would go over the limit for a lifetime: %(total)s of %(limit)s mg/m2. Planning stops before it."
            )
            warnings.append(("over_lifetime_limit", number, text % _amounts(number, total, limit)))
            break
        if row is not None and row.counts and total > limit:
            text = _(
                "With dose %(number)s the total is over the limit for a lifetime: %(total)s of %(limit)s mg/m2."
            )
            warnings.append(("over_lifetime_limit", number, text % _amounts(number, total, limit)))
        found.append(dose)
    text = _(
        "The limit for a lifetime is %(limit)s mg/m2. Every dose counts in full here. What was given before the first one is not counted."
    )
    return found, [*warnings, ("lifetime_limit", None, text % {"limit": f"{limit.normalize():f}"})]


def _amounts(number: int, total: Decimal, limit: Decimal) -> dict[str, Any]:
    return {"number": number, "total": f"{total.normalize():f}", "limit": f"{limit.normalize():f}"}


# --- Warnings -------------------------------------------------------------------------------------------------------


def _warnings(
    facts: Facts, path: Sequence[Phase], base: list[Planned], doses: list[Planned], done: Mapping[int, Happened], until: date
) -> list[dict[str, Any]]:  # fmt: skip
    found = [
        *_of_gaps(doses, done),
        *_of_the_rule(facts, base, done),
        *_of_open_ends(facts, path, doses, until),
    ]
    return _as_lines(found)


def _as_lines(found: Iterable[Warning_]) -> list[dict[str, Any]]:
    return [{"code": code, "number": number, "text": str(text)} for code, number, text in found]


def _of_pushed(days: Mapping[int, date]) -> list[Warning_]:
    """Doses that no rule moves and that cannot stay on their day."""
    text = _(
        "Dose %(number)s is shown on %(day)s, so that the distance to the dose before is kept. No rule of the data says when: a prescriber sets the day."
    )
    return [
        ("moved_for_distance", number, text % {"number": number, "day": day.isoformat()})
        for number, day in days.items()
    ]


def _of_gaps(doses: list[Planned], done: Mapping[int, Happened]) -> list[Warning_]:
    """Doses given before the minimum interval or after the window; and doses whose minimum nobody knows."""
    found: list[Warning_] = []
    last: date | None = None
    for dose in doses:
        number, row = dose.slot.number, done.get(dose.slot.number)
        if row is None or not row.counts:
            continue
        soonest = planning.not_before(dose.slot, last)
        if soonest is not None and row.on < soonest:
            text = _(
                "Dose %(number)s was given before %(day)s, the first day that the minimum interval allows."
            )
            found.append(("below_minimum_gap", number, text % {"number": number, "day": soonest.isoformat()}))
        if dose.window.latest is not None and row.on > dose.window.latest:
            text = _("Dose %(number)s was given after its window, which ended on %(day)s.")
            found.append(
                ("after_window", number, text % {"number": number, "day": dose.window.latest.isoformat()})
            )
        last = row.on
    if any(dose.slot.phase.repeats and dose.slot.phase.min_interval_days is None for dose in doses):
        found.append(
            ("no_minimum_known", None, _("The data name no minimum interval between doses. Ask the team."))
        )
    return found


def _of_the_rule(facts: Facts, base: list[Planned], done: Mapping[int, Happened]) -> list[Warning_]:
    """What moved nothing because the data state no rule, and what a prescriber has to decide."""
    found: list[Warning_] = []
    targets = {dose.slot.number: dose for dose in base}
    counted = {dose.slot.number - 1 for dose in base if planning.begins_by_months(dose.slot)}
    for number, row in sorted(done.items()):
        if row.outcome == PARTLY:
            text = _(
                "Dose %(number)s was given in part: a prescriber decides what counts. It counts as given here."
            )
            found.append(("partly_given", number, text % {"number": number}))
        elif row.outcome == MISSED and not (facts.reset_from_given and targets[number].slot.phase.repeats):
            text = _("Dose %(number)s was missed and the data state no rule: a prescriber sets the days.")
            found.append(("no_rule", number, text % {"number": number}))
        if (
            row.counts
            and not facts.reset_from_given
            and row.on != targets[number].window.target
            and number not in counted
        ):
            text = _(
                "Dose %(number)s was given on another day and the data state no rule: later days of this phase did not move."
            )
            found.append(("no_rule", number, text % {"number": number}))
    return found


def _of_open_ends(facts: Facts, path: Sequence[Phase], doses: list[Planned], until: date) -> list[Warning_]:
    """Where planning stops, and what the data leave open."""
    found: list[Warning_] = []
    last = doses[-1].slot.number if doses else 0
    following = planning.slot_at(path, last + 1)
    if following is not None and doses and doses[-1].window.target <= until and not following.phase.repeats:
        text = _("The data do not say when dose %(number)s is due: a prescriber sets the day.")
        found.append(("prescriber_sets_day", last + 1, text % {"number": last + 1}))
    if facts.alert_after_days is None:
        found.append(
            (
                "no_alert_known",
                None,
                _("The data do not say how many days after a dose the next one is late."),
            )
        )
    return found


# --- The answer -------------------------------------------------------------------------------------------------------


def answer(
    facts: Facts, made: Preview, *, version: int, approved: bool, until: date, demo: bool = False
) -> dict[str, Any]:
    """The preview as it is sent: days as dates, minutes whole, None where nothing is known.

    `approved`: all roles have signed for clinical use. `demo`: all have, but in demo mode.
    """
    warnings = list(made.warnings)
    if not approved:
        text = _("Not signed off by a neurologist, a pharmacist and an infusion nurse: not for clinical use.")
        if demo:
            text = _("Signed off for the demo only: not for clinical use.")
        warnings.insert(0, {"code": "not_approved", "number": None, "text": text})
    return {
        "therapy": facts.code,
        "protocol_version": version,
        "approved": approved,
        "path": made.path.key,
        "doses": [_dose(facts, dose, made) for dose in made.doses],
        "screening": [_screening(facts, row, made) for row in facts.content["screening"]],
        "checklist": [_question(facts, row) for row in facts.content["pre_infusion_checklist"]],
        "monitoring": [_check(row, made, until) for row in facts.content["monitoring"]],
        "warnings": warnings,
    }


def _dose(facts: Facts, dose: Planned, made: Preview) -> dict[str, Any]:
    raw = facts.phase_content(dose.slot.phase.key)
    need, number = facts.need(dose.slot.phase.key), dose.slot.number
    row = made.happened.get(number)
    # A dose that was missed or given in part has its number, and the person has not been through it.
    short = sum(one.number < number and one.outcome != GIVEN for one in made.happened.values())
    minutes = watching(facts, made.path.phases, number, number - 1 - short).minutes
    if need is not None and minutes is not None:
        need = replace(need, observation_minutes=minutes)
    return {
        "number": dose.slot.number,
        "phase": raw["name"],
        "dose": raw["dose"],
        "earliest": dose.window.earliest,
        "target": dose.window.target,
        "latest": dose.window.latest,
        "not_before": dose.not_before,
        "infusion_minutes": raw["infusion_minutes"],
        "observation_minutes": minutes,
        "chair_minutes": need.chair_minutes if need is not None else None,
        "outcome": row.outcome if row is not None else None,
        "on": row.on if row is not None else None,
        "source": raw["source"],
        "status": raw["status"],
    }


def before_which(when: str) -> str | None:
    """Before which dose a screening line has to be done, read from its own words; None when they name another day.

    A course is a stretch of fixed days: its line is done once for all of them.
    """
    said = when.casefold().removeprefix("eu: ")
    if said.startswith("before each course") and not re.search(r"infusion|dose|daily", said):
        return EVERY_COURSE
    if said.startswith(
        ("before every", "before each", "before and during each", "before first and before every")
    ):
        return EVERY_DOSE
    if "before every dose" in said:
        return EVERY_DOSE
    return FIRST_DOSE if said.startswith(("before first", "before start", "before course")) else None


def _screening(facts: Facts, row: dict[str, Any], made: Preview) -> dict[str, Any]:
    """A line of the screening; it is due by the first dose, or by the next one (or the next course) that has not come, when it comes again:
    so many days before as the version says, as on the list before a real dose."""
    which = before_which(row["when"])
    first = made.doses[0].window.target if made.doses else None
    open_doses = [dose.window.target for dose in made.doses if dose.slot.number not in made.happened]
    courses = [
        dose.window.target
        for dose in made.doses
        if _begins_course(dose) and dose.slot.number not in made.happened
    ]
    days: dict[str, list[date]] = {EVERY_DOSE: open_doses, EVERY_COURSE: courses}
    due = first if which == FIRST_DOSE else next(iter(days.get(which or "", [])), None)
    label = facts.labels.get(row["key"])
    if due is not None and label is not None and label.due_days_before is not None:
        due -= timedelta(days=label.due_days_before)
    return {
        "item": row["item"],
        "when": row["when"],
        "due_by": due,
        "required_by_label": row["required_by_label"],
        "source": row["source"],
        "status": row["status"],
    }


def _begins_course(dose: Planned) -> bool:
    return dose.slot.number == 1 or (dose.slot.index == 0 and not dose.slot.phase.repeats)


def _question(facts: Facts, row: dict[str, Any]) -> dict[str, Any]:
    """A question before each dose; `valid_hours`: how long an answer stands, None when the data do not say."""
    label = facts.labels.get(row["key"])
    return {
        "item": row["question"],
        "concern_if": row["concern_if"],
        "action": row["action"],
        "valid_hours": label.valid_hours if label is not None else None,
        "source": row["source"],
        "status": row["status"],
    }


def _months(every: int, extra: Sequence[int]) -> Iterator[int]:
    """After how many months a check comes: at the interval from the one before, or at a month that the fact names beside it, if that is sooner."""
    month = 0
    while True:
        month = min([month + every, *(one for one in extra if one > month)])
        yield month


def _check(row: dict[str, Any], made: Preview, until: date) -> dict[str, Any]:
    """A regular check: its days from the first dose on, while its own time lasts, the last one at its end.

    No days when the data give no interval, or when it begins with the end of the treatment, whose day nobody knows here. The end is that of
    the whole plan, also where it lies after the days that were asked for.
    """
    first = min(
        (day for dose in made.doses if (day := _day_of(dose, made.happened)) is not None), default=None
    )
    begins, _ends, after = reach_of(row)
    if begins is Begins.STOP:
        first = None
    ends = (
        planning.add_months(made.last, after)
        if first is not None and made.last is not None and after is not None
        else None
    )
    due: list[date] = []
    if row["every_months"] is not None and first is not None:
        last = min(until, ends) if ends is not None else until
        for months in _months(row["every_months"], row.get("extra_months") or ()):
            check = planning.add_months(first, months)
            if check > last:
                break
            due.append(check)
        if (
            ends is not None
            and ends <= until
            and planning.last_check(check, due[-1] if due else None, ends) == ends
        ):
            due.append(ends)
    return {
        "item": row["item"],
        "every": row["every"],
        "due": due,
        "until": ends,
        "until_words": row["until"],
        "source": row["source"],
        "status": row["status"],
    }


__all__ = ["OUTCOMES", "CannotPlan", "Happened", "Preview", "answer", "before_which", "preview"]
