"""When a long duty is next due: plain dates from a protocol's monitoring facts, no database, no Django.

A fact says how often (`every_months`, `extra_months`) and until when. Where it has no figure for the end, its own words are read
(`reach_of`); words that nobody knows never end a duty. None means "not known": then no day is claimed, and people decide.

Days run from what was done: a check that was late moves the next one, it does not pile up. A new dose lets the clock of what goes on after the
last dose start again, wherever it was given. A duty that ends has its last check at its end, and one that was due before the end stays until it is done.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any

from treatment.courses.planning import EARLY, add_months, cycles, last_check

SOON = EARLY
"""A duty counts as due so long before its day; what is done then is done for that day."""


class Begins(StrEnum):
    """What the first due day is counted from."""

    FIRST_DOSE = "first_dose"
    STOP = "stop"  # the day on which the treatment ended


class Ends(StrEnum):
    """How long a duty lasts."""

    COURSE = "course"  # as long as the treatment runs
    AFTER = "after"  # so many months after the last dose, or after the stop
    FADES = "fades"  # it goes on after the treatment, but the data give no interval for that
    OPEN = "open"  # no end is known: it goes on until a prescriber says that it does not apply any more
    INFUSION = "infusion"  # it belongs to an infusion or to a few days around it, not to the ledger


class State(StrEnum):
    OVERDUE = "overdue"
    SOON = "soon"
    LATER = "later"
    ASK = "ask"  # the data give no interval: ask the team
    UNDECIDED = "undecided"  # it applies to some people only, and nobody has said yet
    NOT_YET = "not_yet"  # it begins when the treatment ends
    NOT_APPLYING = "not_applying"  # a prescriber said so
    OVER = "over"
    INFUSION = "infusion"

    @property
    def is_alive(self) -> bool:
        """Somebody has to see to it, now or later."""
        return self in (State.OVERDUE, State.SOON, State.LATER, State.ASK, State.UNDECIDED, State.NOT_YET)


@dataclass(frozen=True, slots=True)
class Watch:
    """A monitoring fact as it is read: which test, how often, from when and until when. The fact itself keeps words, source and status."""

    fact: str
    test: str
    every_months: int | None
    extra_months: tuple[int, ...]
    begins: Begins
    ends: Ends
    end_months: int | None
    each_dose: bool
    needs_choice: bool


@dataclass(frozen=True, slots=True)
class Run:
    """One course as it really went: the days of doses given, in order, and the day on which it ended.

    Of a course that was given elsewhere the first and the last day are known at most; `known_on` is the day on which somebody here confirmed them.
    """

    given: tuple[date, ...]
    ended_on: date | None
    known_on: date | None = None

    @property
    def begins_here(self) -> date:
        """From when on the center knows of it: its first dose, or the day on which it heard of doses given elsewhere."""
        return self.known_on or self.given[0]


@dataclass(frozen=True, slots=True)
class Decision:
    """What a prescriber said about a duty on a day: whether it applies, and an interval of their own."""

    on: date
    applies: bool
    every_months: int | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """Where a duty stands. `missed`: how many of its days have passed since it was last done. `moves`: a planned dose will move `until`."""

    watch: Watch
    state: State
    due: date | None = None
    until: date | None = None
    every_months: int | None = None
    missed: int = 0
    moves: bool = False
    said: Decision | None = None  # a prescriber's word as it holds now


# --- Reading a fact ----------------------------------------------------------------------------------------------------

_MONTHS_AFTER = re.compile(r"(\d{1,3}) months after (?:the )?(?:last dose|switch)")
_NO_END = ("no stop date", "lifelong", "recovery", "per specialist")
_AT_INFUSION = ("each infusion", "each course", "course ends", "once", "2 weeks after", "-")
_WITH_COURSE = ("treatment stops", "then yearly after stopping", "never exceed limit")


def reach_of(row: Mapping[str, Any]) -> tuple[Begins, Ends, int | None]:
    """From when and until when a fact holds: its figure where it has one, else its own words. Unknown words never end it."""
    item, until = str(row["item"]).casefold(), str(row.get("until") or "").casefold().strip()
    begins = Begins.STOP if re.search(r"after (?:switching off|stopping)", item) else Begins.FIRST_DOSE
    months = row.get("until_months_after_last_dose")
    if months is not None:
        return begins, Ends.AFTER, int(months)
    if any(words in until for words in _NO_END):
        return begins, Ends.OPEN, None
    if (found := _MONTHS_AFTER.search(until)) is not None:
        return begins, Ends.AFTER, int(found[1])
    if until in _AT_INFUSION:
        return begins, Ends.INFUSION, None
    if until.startswith("treatment stops") and re.search(r"\b(?:then|and after)\b", until):
        return begins, Ends.FADES, None
    if until.startswith(_WITH_COURSE):
        return begins, Ends.COURSE, None
    return begins, Ends.OPEN, None


def watch_of(row: Mapping[str, Any], *, test: str, needs_choice: bool) -> Watch:
    """A row of a protocol's monitoring facts, read. `suggested_every_months` is nobody's figure and is left out."""
    begins, ends, months = reach_of(row)
    every = str(row.get("every") or "").casefold()
    return Watch(
        fact=row["key"],
        test=test,
        every_months=row["every_months"],
        extra_months=tuple(sorted(row.get("extra_months") or ())),
        begins=begins,
        ends=ends,
        end_months=months,
        each_dose=every.startswith(("before every dose", "before each", "every dose")),
        needs_choice=needs_choice,
    )


# --- When ----------------------------------------------------------------------------------------------------------------


def due_of(
    watch: Watch, runs: Sequence[Run], *, last: date | None, decision: Decision | None, next_dose: date | None, today: date
) -> Due:  # fmt: skip
    """Where a duty stands on a day of the site's calendar, and what of a prescriber's word holds.

    `runs` are the courses of the therapy in which at least one dose was given, oldest first; `last` is the newest day on which the test was done.
    """
    assert runs
    assert all(run.given for run in runs)
    given = sorted(day for run in runs for day in run.given)
    said = _still_said(watch, runs, given, decision)
    return replace(_due(watch, runs, given, last, said, next_dose, today), said=said)


def _due(
    watch: Watch, runs: Sequence[Run], given: Sequence[date], last: date | None, decision: Decision | None, next_dose: date | None,
    today: date,
) -> Due:  # fmt: skip
    stopped = _stopped(runs)
    if decision is not None and not decision.applies:
        return Due(watch, State.NOT_APPLYING)
    if watch.ends is Ends.INFUSION:
        return Due(watch, State.INFUSION)
    own = decision.every_months if decision is not None else None
    every = own or watch.every_months
    if every is None and watch.each_dose:
        return Due(watch, State.INFUSION)
    if watch.needs_choice and decision is None:
        return Due(watch, State.OVER if watch.ends is Ends.COURSE and stopped else State.UNDECIDED)
    if watch.begins is Begins.STOP and stopped is None:
        return Due(watch, State.NOT_YET, every_months=every)
    if stopped is not None and watch.begins is not Begins.STOP and watch.ends in (Ends.COURSE, Ends.FADES):
        if (owed := _owed_at_stop(watch, runs, every, last, stopped)) is not None and every is not None:
            missed = _missed(owed, every, stopped, today)
            return Due(watch, _state(owed, today), owed, stopped, every, missed)
        if watch.ends is Ends.COURSE:
            return Due(watch, State.OVER, until=stopped, every_months=every)
        every = own
    since, until = _stretch(watch, runs, given, stopped)
    moves = until is not None and next_dose is not None and stopped is None
    last_day = None if moves else until  # a dose is to come, and with it a later end
    if every is None:
        state = State.OVER if last_day is not None and today > last_day else State.ASK
        return Due(watch, state, until=until, moves=moves)
    due = _next(watch, every, since, last)
    if watch.each_dose and next_dose is not None and stopped is None and (last is None or last <= given[-1]):
        due = min(due, next_dose)
    if (heard := _heard_on(runs, since)) is not None:
        if last_day is not None and heard > last_day:  # it was over before anybody here knew of it
            return Due(watch, State.OVER, until=until, every_months=every)
        due = max(due, heard)
    day = last_check(due, last, last_day) if last_day is not None else due
    if day is None:
        return Due(watch, State.OVER, until=until, every_months=every)
    return Due(watch, _state(day, today), day, until, every, _missed(day, every, last_day, today), moves)


def _state(due: date, today: date) -> State:
    return State.OVERDUE if due < today else State.SOON if due <= today + SOON else State.LATER


def _stopped(runs: Sequence[Run]) -> date | None:
    """The day on which the treatment ended; None while one of its courses goes on."""
    ends = [run.ended_on for run in runs if run.ended_on is not None]
    return max(ends) if len(ends) == len(runs) else None


def _still_said(
    watch: Watch, runs: Sequence[Run], given: Sequence[date], decision: Decision | None
) -> Decision | None:
    """A prescriber's word as it holds now: what takes a duty away or makes it rarer ends with the course it was said about.

    A duty that every dose restarts is asked about again after each dose; days in a row are one.
    """
    if decision is None:
        return None
    restarts = [run.begins_here for run in runs]
    if watch.ends is Ends.AFTER and watch.begins is not Begins.STOP:
        restarts.append(cycles(given)[-1].starts)
    if max(restarts) <= decision.on:
        return decision
    if not decision.applies:
        return None
    rarer = watch.every_months is not None and (decision.every_months or 0) > watch.every_months
    return replace(decision, every_months=None) if rarer else decision


def _owed_at_stop(
    watch: Watch, runs: Sequence[Run], every: int | None, last: date | None, stopped: date
) -> date | None:
    """The day of a check that was due before the treatment ended and was not done: it stays until it is done, or a prescriber says no.

    What is asked before each dose ends with the doses. What another center owed is not counted here.
    """
    run = runs[-1]
    if every is None or watch.each_dose or run.known_on is not None:
        return None
    due = _next(watch, every, run.given[0], last)
    return due if due <= stopped else None


def _heard_on(runs: Sequence[Run], since: date) -> date | None:
    """For a duty that began elsewhere: the day from which this center can owe it. None where it began here."""
    here = [run.given[0] for run in runs if run.known_on is None]
    heard = [run.known_on for run in runs if run.known_on is not None and since in (*run.given, run.ended_on)]
    return min([*heard, *here]) if heard and since not in here else None


def _stretch(
    watch: Watch, runs: Sequence[Run], given: Sequence[date], stopped: date | None
) -> tuple[date, date | None]:
    """The day from which the duty counts now, and its last day (None: no end is known, or none yet)."""
    months = watch.end_months
    if watch.begins is Begins.STOP:
        assert stopped is not None
        return stopped, add_months(stopped, months) if months is not None else None
    if watch.ends is Ends.AFTER:
        assert months is not None
        since = given[0]
        # What was given between the first and the last day elsewhere is not known: that is no gap.
        unknown = {run.given for run in runs if run.known_on is not None}
        for before, day in itertools.pairwise(given):
            if (before, day) not in unknown and day > add_months(
                before, months
            ):  # it was over in between, and began anew
                since = day
        return since, add_months(given[-1], months)
    if watch.ends is Ends.COURSE:
        return runs[-1].given[0], stopped
    if watch.ends is Ends.FADES and stopped is not None:
        return stopped, None
    return (runs[-1].given[0] if watch.ends is Ends.FADES else given[0]), None


def _next(watch: Watch, every: int, since: date, last: date | None) -> date:
    """From the day on which it was last done, if that still counted when the duty began; else from its beginning.

    The earliest day wins where the fact names days of its own beside the interval ("at 3 and 6 months, then every 6").
    """
    extra = [add_months(since, months) for months in watch.extra_months]
    if last is None or add_months(last, every) < since:
        return min([add_months(since, every), *extra])
    return min([add_months(last, every), *(day for day in extra if day > last)])


def _missed(due: date, every: int, until: date | None, today: date) -> int:
    """How many days of the duty lie before today: the due day and those that would have followed it."""
    count = 0
    while (day := add_months(due, every * count)) < today and (until is None or day <= until):
        count += 1
    return count


__all__ = [
    "SOON",
    "Begins",
    "Decision",
    "Due",
    "Ends",
    "Run",
    "State",
    "Watch",
    "due_of",
    "reach_of",
    "watch_of",
]
