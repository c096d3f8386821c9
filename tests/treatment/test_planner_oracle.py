"""10,000 random courses over all therapies against an oracle that reads the raw data by itself and counts one day after the other.

The oracle shares no line with the planner: it knows the data file only, and finds each day by walking the calendar until every rule holds.
"""

from __future__ import annotations

import itertools
import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pytest

from treatment.courses import planning
from treatment.courses.planning import Stands
from treatment.protocols.facts import Facts
from treatment.protocols.loading import DATA

COURSES = 10_000
SEED = 20261123
ONE = timedelta(days=1)


def _calendar() -> Iterator[date]:
    """Every day of a century, one after the other."""
    day = date(2010, 1, 1)
    while day.year < 2110:
        yield day
        day += ONE


CALENDAR = list(_calendar())
PLACE = {day: place for place, day in enumerate(CALENDAR)}


def walk(day: date, steps: int) -> date:
    """So many days on, counted on the calendar."""
    return CALENDAR[PLACE[day] + steps]


def months_on(day: date, months: int) -> date:
    """So many calendar months on, walked day by day: the same day of that month, or its last one when it is shorter."""
    place = PLACE[day]
    while months:
        place += 1
        months -= CALENDAR[place].day == 1
    while CALENDAR[place].day < day.day and CALENDAR[place + 1].day != 1:
        place += 1
    return CALENDAR[place]


@dataclass
class Oracle:
    """One path of one therapy, straight from the file."""

    phases: list[dict[str, Any]]
    rule: bool
    slots: list[tuple[dict[str, Any], int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for phase in self.phases:
            many = phase["count"] or 400 if phase["repeats"] else len(phase["day_offsets"] or [0])
            self.slots += [(phase, index) for index in range(many)]

    def fixed(self, number: int) -> bool:
        phase, index = self.slots[number - 1]
        return bool(phase["day_offsets"]) and index < len(phase["day_offsets"])

    def in_a_row(self, number: int) -> bool:
        return self.fixed(number) and self.slots[number - 1][1] > 0

    def a_year_on(self, number: int) -> int | None:
        """The months after which a phase begins, read from the data: the words of its anchor say them, and its number has to agree."""
        phase, index = self.slots[number - 1]
        if index or phase["anchor_rule"] != "previous_phase" or phase["requires_prescriber_choice"]:
            return None
        said = re.match(r"(\d+) months after .*last dose", phase["anchor"])
        assert said is not None, phase["anchor"]
        assert int(said[1]) == phase["interval_months"]
        assert phase["interval_days"] is None
        return int(said[1])

    def natural(self, number: int, days: dict[int, date]) -> date | None:
        """The day that the data count to, or None when they do not say."""
        phase, index = self.slots[number - 1]
        months = self.a_year_on(number)
        if months is not None:
            before = [days[one] for one in range(1, number) if one in days]
            return months_on(before[-1], months) if before else None
        if self.fixed(number):
            offsets = phase["day_offsets"]
            if phase["anchor_rule"] == "first":
                return walk(days[1], offsets[index]) if 1 in days else None
            begin = number - index
            return walk(days[begin], offsets[index] - offsets[0]) if index and begin in days else None
        if phase["interval_days"] is None:
            return None
        from_first = index == 0 and phase["anchor_rule"] in ("first", "first_then_previous")
        anchor = days.get(1 if from_first else number - 1)
        return walk(anchor, phase["interval_days"]) if anchor is not None else None

    def allowed(self, number: int, day: date, last: date | None) -> bool:
        """Whether the minimum gap of the data lets a dose be on a day; counted on fingers."""
        minimum = self.slots[number - 1][0]["min_interval_days"]
        if minimum is None or last is None or self.in_a_row(number):
            return True
        return walk(last, minimum) <= day

    def first_allowed(
        self, number: int, day: date, last: date | None, never_before: date | None = None
    ) -> date:
        """The first day from `day` on on which nothing forbids the dose."""
        while not self.allowed(number, day, last) or (never_before is not None and day < never_before):
            day += ONE
        return day

    def plan(self, first_on: date, many: int) -> list[date]:
        days = {1: first_on}
        for number in range(2, min(many, len(self.slots)) + 1):
            day = self.natural(number, days)
            if day is None:
                break
            days[number] = self.first_allowed(number, day, days[number - 1])
        return [days[number] for number in sorted(days)]

    def proposal(self, doses: list[Stands], today: date, held: dict[int, date]) -> dict[int, date]:
        """The days that should be proposed, by number; only those that change."""
        if not self.rule:
            return self.later_begin(doses, today, held)
        days: dict[int, date] = {}
        wanted: dict[int, date] = {}
        last: date | None = None
        missed = False
        for dose in doses:
            if dose.state == "given":
                assert dose.given_on is not None
                days[dose.number] = last = dose.given_on
                missed = False
                continue
            if dose.state == "missed":
                missed = True
                continue
            natural = self.natural(dose.number, days) if days else None
            if missed and not self.slots[dose.number - 1][0]["repeats"]:
                return {}
            if missed:
                day = today if last is None else max(today, walk(last, 1))
                day = self.first_allowed(dose.number, day, last)
            elif natural is not None:
                day = self.first_allowed(dose.number, natural, last)
            else:
                day = dose.target
            missed = False
            wait = held.get(dose.number)
            if wait is not None and wait > day:
                day = self.first_allowed(dose.number, wait, last)
            if last is not None and day <= last:
                return {}
            days[dose.number] = last = day
            if day != dose.target:
                wanted[dose.number] = day
        return wanted

    def later_begin(self, doses: list[Stands], today: date, held: dict[int, date]) -> dict[int, date]:
        """Without a rule: only a phase of which nothing was given begins on another day, because it waits or because the data count it
        from the phase before. A day of the phase before that is over and still waits comes first: a person sets it."""
        planned = [dose for dose in doses if dose.state == "planned"]
        counted = [dose for dose in doses if dose.state != "missed"]
        for first in planned:
            if self.slots[first.number - 1][1] != 0:
                continue
            before = [dose for dose in counted if dose.number < first.number]
            days = {dose.number: dose.given_on or dose.target for dose in before}
            order = list(days.values())
            if any(later <= earlier for earlier, later in itertools.pairwise(order)):
                return {}
            wait = held.get(first.number) if first is planned[0] else None
            waits = wait is not None and wait > first.target
            natural = self.natural(first.number, days) if self.a_year_on(first.number) else None
            if natural is None and not waits:
                continue
            begin = natural if natural is not None else first.target
            if wait is not None and waits:
                begin = max(begin, wait)
            begin = self.first_allowed(first.number, begin, order[-1] if order else None)
            if begin != first.target and (waits or begin >= today):
                return self.laid_from(doses, first, begin)
        return {}

    def laid_from(self, doses: list[Stands], first: Stands, begin: date) -> dict[int, date]:
        """Every planned dose from `first` on, counted anew from the day on which that one begins; only those that change."""
        days = {dose.number: dose.given_on or dose.target for dose in doses if dose.number < first.number}
        wanted = {}
        last = max((dose.given_on for dose in doses if dose.given_on is not None), default=None)
        for dose in doses:
            if dose.state != "planned" or dose.number < first.number:
                continue
            day = begin if dose is first else self.natural(dose.number, days)
            if day is None or (last is not None and day <= last):
                return {}
            days[dose.number] = last = self.first_allowed(dose.number, day, last)
            if last != dose.target:
                wanted[dose.number] = last
        return wanted


@dataclass
class Case:
    """One therapy and path, for the planner and for the oracle."""

    code: str
    path: tuple[planning.Phase, ...]
    reset: bool | None
    oracle: Oracle


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    found = []
    for content in json.loads(DATA.read_text(encoding="utf-8"))["therapies"]:
        facts = Facts(content)
        raw = {phase["key"]: phase for phase in content["regimen"]}
        rule = content["portal"]["late_dose"]["rule"] == "from_given_dose"
        for path in content["portal"]["paths"]:
            oracle = Oracle([raw[key] for key in path["phases"]], rule)
            found.append(Case(content["id"], facts.paths[path["key"]].phases, facts.reset_from_given, oracle))
    return found


def lived(
    chance: random.Random, planned: list[planning.Planned]
) -> tuple[list[Stands], date, dict[int, date]]:
    """What became of a plan: some doses given early, late or in part, some missed, the next one perhaps put off."""
    doses: list[Stands] = []
    happened = chance.randint(0, len(planned))
    shift, last = 0, planned[0].window.target - ONE
    for number, one in enumerate(planned, start=1):
        target = one.window.target
        if number > happened:
            doses.append(Stands(one.slot.number, "planned", target, None))
            continue
        if chance.random() < 0.15:
            doses.append(Stands(one.slot.number, "missed", target, None))
            continue
        shift += chance.choice((0, 0, 0, 1, 3, 9, 27, 60, -2, -15))
        last = max(target + shift * ONE, last + ONE)
        doses.append(Stands(one.slot.number, "given", target, last))
    today = max(last, planned[max(0, happened - 1)].window.target) + chance.randint(0, 40) * ONE
    waiting = next((dose for dose in doses if dose.state == "planned"), None)
    held = {}
    if waiting is not None and chance.random() < 0.5:
        held[waiting.number] = today + chance.randint(0, 120) * ONE
    return doses, today, held


def violations(
    case: Case, doses: list[Stands], moves: dict[int, planning.Move], held: dict[int, date]
) -> list[str]:
    """Every rule that a proposal would break, dose by dose."""
    found = []
    last: date | None = None
    for dose in doses:
        if dose.state == "missed":
            continue
        move = moves.get(dose.number)
        if move is not None and dose.state != "planned":
            found.append(f"dose {dose.number} has happened and is moved")
        if move is not None:
            window, day = move.window, move.window.target
            if not window.earliest <= day or (window.latest is not None and day > window.latest):
                found.append(f"dose {dose.number}: the window does not hold its day")
            if move.not_before is not None and window.earliest < move.not_before:
                found.append(f"dose {dose.number}: the window begins before the minimum")
            if not case.oracle.allowed(dose.number, day, last):
                found.append(f"dose {dose.number} breaks the minimum gap")
            if last is not None and day <= last:
                found.append(f"dose {dose.number} is not after the one before")
            if dose.number in held and day < held[dose.number]:
                found.append(f"dose {dose.number} is put before the day to look again")
        last = (move.window.target if move is not None else None) or dose.given_on or dose.target
    return found


def test_10_000_random_courses_agree_and_break_no_rule(cases: list[Case]) -> None:
    chance = random.Random(SEED)
    proposals = moved = 0
    for run in range(COURSES):
        case = chance.choice(cases)
        first_on = date(2016, 1, 1) + chance.randint(0, 9_000) * ONE
        ahead = chance.choice((0, 90, 365, 800))
        planned = planning.plan(case.path, first_on=first_on, until=first_on + ahead * ONE, most=20)
        said = [one.window.target for one in planned]
        where = f"run {run}: {case.code} from {first_on}"
        expected = case.oracle.plan(first_on, max(20, len(said)))
        assert said == expected[: len(said)], where
        left_out = [day for day in expected[len(said) :] if day <= first_on + ahead * ONE]
        assert not left_out or len(said) == 20, where
        for one, before in zip(planned[1:], said, strict=False):
            assert case.oracle.allowed(one.slot.number, one.window.earliest, before), where
            assert one.window.earliest <= one.window.target, where
        doses, today, held = lived(chance, planned)
        moves = {
            move.number: move
            for move in planning.replan(case.path, doses, reset_from_given=case.reset, today=today, held=held)
        }
        wanted = case.oracle.proposal(doses, today, held)
        assert {number: move.window.target for number, move in moves.items()} == wanted, where
        assert violations(case, doses, moves, held) == [], where
        proposals += bool(moves)
        moved += len(moves)
    print(f"\n{COURSES} courses, {proposals} with a proposal, {moved} doses moved, 0 rules broken")  # noqa: T201
    assert proposals > COURSES // 4  # most courses ask for something: the comparison is not an empty one
    assert moved > COURSES


def test_the_oracle_is_not_the_planner(cases: list[Case]) -> None:
    """A planner that is wrong by one day is caught."""
    case = next(case for case in cases if case.code == "natalizumab")
    wrong = [
        planning.Phase(**{name: getattr(phase, name) for name in phase.__slots__} | {"interval_days": 29})
        for phase in case.path
    ]
    first_on = date(2026, 3, 2)
    said = [one.window.target for one in planning.plan(wrong, first_on=first_on, until=first_on + 365 * ONE)]
    assert said != case.oracle.plan(first_on, len(said))


def test_the_oracle_counts_months_as_people_do() -> None:
    """Days from a paper calendar."""
    for day, months, wanted in (
        (date(2026, 3, 6), 12, date(2027, 3, 6)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2023, 3, 1), 12, date(2024, 3, 1)),
        (date(2026, 8, 31), 6, date(2027, 2, 28)),
        (date(2026, 12, 15), 1, date(2027, 1, 15)),
    ):
        assert months_on(day, months) == wanted


def test_a_second_course_is_laid_out_and_counted_anew(cases: list[Case]) -> None:
    """2,000 first courses given late, in part or not at all, with and without a wait: the same three days as the oracle, and no rule broken."""
    case = next(case for case in cases if case.code == "alemtuzumab")
    chance = random.Random(SEED + 2)
    proposed = stayed = 0
    for run in range(2_000):
        first_on = date(2016, 1, 1) + chance.randint(0, 9_000) * ONE
        planned = planning.plan(case.path, first_on=first_on, until=first_on)
        assert [one.window.target for one in planned] == case.oracle.plan(first_on, 20)
        last, doses = first_on - ONE, []
        for one in planned:
            target = one.window.target
            if one.slot.number > 5:
                doses.append(Stands(one.slot.number, "planned", target, None))
            elif chance.random() < 0.1:
                doses.append(Stands(one.slot.number, "missed", target, None))
            else:
                last = max(target, last + ONE) + chance.choice((0, 0, 0, 1, 5, 30)) * ONE
                doses.append(Stands(one.slot.number, "given", target, last))
        today = last + chance.choice((0, 20, 300, 400)) * ONE
        held = {6: today + chance.randint(0, 200) * ONE} if chance.random() < 0.3 else {}
        moves = {
            move.number: move
            for move in planning.replan(case.path, doses, reset_from_given=None, today=today, held=held)
        }
        wanted = case.oracle.proposal(doses, today, held)
        assert {number: move.window.target for number, move in moves.items()} == wanted, f"run {run}"
        assert violations(case, doses, moves, held) == [] or not moves, f"run {run}"
        proposed += bool(moves)
        stayed += not moves
    assert proposed > 800
    assert stayed > 300


# --- Going on after a pause ---------------------------------------------------------------------------------------


def test_after_a_pause_every_dose_keeps_its_distance(cases: list[Case]) -> None:
    """From any day on which somebody goes on, the distances are those of the data, and no minimum is broken."""
    chance = random.Random(SEED + 1)
    laid_out = 0
    for _run in range(2_000):
        case = chance.choice(cases)
        first_on = date(2020, 1, 1) + chance.randint(0, 3_000) * ONE
        planned = planning.plan(case.path, first_on=first_on, until=first_on + 500 * ONE, most=12)
        given = chance.randint(0, len(planned) - 1)
        doses = [
            Stands(one.slot.number, "given", one.window.target, one.window.target)
            if number < given
            else Stands(one.slot.number, "planned", one.window.target, None)
            for number, one in enumerate(planned)
        ]
        last = doses[given - 1].given_on if given else None
        on = case.oracle.first_allowed(given + 1, doses[given].target + chance.randint(0, 300) * ONE, last)
        laid = planning.laid_again(case.path, doses, first=given + 1, on=on)
        if laid is None:
            continue
        laid_out += 1
        assert laid[0][1].target == on
        for (_before, window_before, _soonest), (number, window, _again) in itertools.pairwise(laid):
            assert window.target > window_before.target
            assert case.oracle.allowed(number, window.target, window_before.target)
            if case.oracle.in_a_row(number):
                phase, index = case.oracle.slots[number - 1]
                apart = phase["day_offsets"][index] - phase["day_offsets"][index - 1]
                assert window.target == walk(window_before.target, apart)
    assert laid_out > 1_500
