"""Dose windows against an independent oracle: days counted by hand from the data file, not by the planner."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from treatment.courses import planning
from treatment.courses.planning import Anchor, DoseWindow, Move, Phase, Stands
from treatment.protocols.facts import Facts
from treatment.protocols.loading import DATA

MONDAY = date(2026, 1, 5)
YEAR = timedelta(days=365)


@pytest.fixture(scope="module")
def facts() -> dict[str, Facts]:
    data = json.loads(DATA.read_text(encoding="utf-8"))
    return {content["id"]: Facts(content) for content in data["therapies"]}


def days_of(facts: Facts, path: str = "standard", **more: Any) -> list[int]:
    """Target days from the first dose."""
    made = planning.plan(facts.paths[path].phases, first_on=MONDAY, until=MONDAY + YEAR, **more)
    return [(dose.window.target - MONDAY).days for dose in made]


# --- What the labels say, written out here once more ---------------------------------------------------------------


def test_ocrelizumab_is_two_weeks_then_26_weeks_from_the_first_half(facts: dict[str, Facts]) -> None:
    assert days_of(facts["ocrelizumab_iv"]) == [0, 14, 182, 364]
    made = planning.plan(
        facts["ocrelizumab_iv"].paths["standard"].phases, first_on=MONDAY, until=MONDAY + YEAR
    )
    third = made[2]
    assert third.window == DoseWindow(
        MONDAY + timedelta(days=168), MONDAY + timedelta(days=182), MONDAY + timedelta(days=184)
    )
    assert third.not_before == MONDAY + timedelta(days=14 + 152)


def test_ublituximab_is_two_weeks_then_24_weeks_from_the_first(facts: dict[str, Facts]) -> None:
    assert days_of(facts["ublituximab"]) == [0, 14, 168, 336]


def test_natalizumab_is_every_four_weeks_without_a_known_minimum(facts: dict[str, Facts]) -> None:
    days = days_of(facts["natalizumab"])
    assert days == [28 * number for number in range(14)]
    made = planning.plan(facts["natalizumab"].paths["standard"].phases, first_on=MONDAY, until=MONDAY + YEAR)
    assert {dose.not_before for dose in made} == {None}
    assert [dose.slot.phase.key.split(".")[-1][:14] for dose in made][11:13] == [
        "infusions_1_12",
        "infusion_13_on",
    ]


def test_alemtuzumab_plans_five_days_and_three_a_year_after_the_last_of_them(facts: dict[str, Facts]) -> None:
    """2026-01-05 to 01-09; twelve calendar months after the last one is 2027-01-09. The courses after that are a prescriber's choice."""
    made = planning.plan(facts["alemtuzumab"].paths["standard"].phases, first_on=MONDAY, until=MONDAY)
    days = [date(2026, 1, number) for number in range(5, 10)] + [
        date(2027, 1, number) for number in (9, 10, 11)
    ]
    assert [dose.window for dose in made] == [DoseWindow(day, day, None) for day in days]
    assert [dose.not_before for dose in made[5:]] == [date(2027, 1, 9), None, None]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (date(2023, 2, 24), date(2024, 2, 28)),  # before a leap day: the same day of the month, 365 days on
        (date(2023, 2, 25), date(2024, 3, 1)),  # across one: 366 days on
        (date(2024, 2, 25), date(2025, 2, 28)),  # from the leap day to the end of the shorter month
    ],
)
def test_the_second_course_keeps_months_and_the_shortest_interval(
    facts: dict[str, Facts], first: date, second: date
) -> None:
    made = planning.plan(facts["alemtuzumab"].paths["standard"].phases, first_on=first, until=first)
    assert made[5].window.target == second
    assert made[5].not_before is not None
    assert made[5].not_before <= second


def test_only_the_data_lay_out_a_phase_by_months(facts: dict[str, Facts]) -> None:
    """Without months, by a prescriber's choice, or counted otherwise, planning stops as before; a minimum that is longer is kept."""
    course = facts["alemtuzumab"].paths["standard"].phases
    for more in ({"interval_months": None}, {"prescriber_choice": True}, {"anchor": Anchor.PREVIOUS}):
        assert len(planning.plan((course[0], replace(course[1], **more)), first_on=MONDAY, until=MONDAY)) == 5
    late = MONDAY + timedelta(days=404)
    longer = planning.plan(
        (course[0], replace(course[1], min_interval_days=400)), first_on=MONDAY, until=MONDAY
    )
    assert longer[5].window == DoseWindow(late, late, None)
    by_months = {
        (code, phase.key)
        for code, one in facts.items()
        for phase in one.phases.values()
        if phase.months_after_phase is not None
    }
    assert by_months == {("alemtuzumab", "alemtuzumab.phase.course_2_3_days")}


def first_course(*given: int, planned: int = 0, second: date) -> list[Stands]:
    """The days of January 2026 on which the first course was given; 0 is a missed day. Then the second course as it stands."""
    doses = [
        Stands(number, "given", date(2026, 1, 4 + number), date(2026, 1, day))
        if day
        else Stands(number, "missed", date(2026, 1, 4 + number), None)
        for number, day in enumerate(given, start=1)
    ]
    doses += [
        Stands(number, "planned", date(2026, 1, 4 + number), None)
        for number in range(len(given) + 1, len(given) + planned + 1)
    ]
    return [*doses, *(Stands(6 + day, "planned", second + timedelta(days=day), None) for day in range(3))]


@pytest.mark.parametrize(
    ("given_on", "planned", "proposed"),
    [
        ((5, 6, 7, 8, 9), 0, None),  # as planned: nothing to say
        ((5, 6, 7, 8, 12), 0, date(2027, 1, 12)),  # the last one three days late
        ((5, 6, 7, 8, 0), 0, date(2027, 1, 8)),  # the last one missed: counted from the last that was given
        ((5, 6, 7), 2, None),  # in the middle of it
        ((8, 9, 10), 2, None),  # two wait on days that are over: a prescriber sets those first
    ],
)
def test_a_late_last_day_proposes_the_second_course_anew(
    facts: dict[str, Facts], given_on: tuple[int, ...], planned: int, proposed: date | None
) -> None:
    path = facts["alemtuzumab"].paths["standard"].phases
    doses = first_course(*given_on, planned=planned, second=date(2027, 1, 9))
    moves = planning.replan(path, doses, reset_from_given=None, today=date(2026, 1, 12))
    wanted = [proposed + timedelta(days=day) for day in range(3)] if proposed else []
    assert [(move.number, move.window.target) for move in moves] == list(zip((6, 7, 8), wanted, strict=False))
    assert planning.replan(path, doses, reset_from_given=None, today=date(2028, 1, 1)) == []


def test_a_day_that_a_prescriber_sets_for_the_second_course_is_kept(facts: dict[str, Facts]) -> None:
    second = days_of(facts["alemtuzumab"], known={6: MONDAY + timedelta(days=371)}, after=5)
    assert second == [371, 372, 373]
    made = planning.plan(
        facts["alemtuzumab"].paths["standard"].phases,
        first_on=MONDAY,
        known={number: MONDAY + timedelta(days=number - 1) for number in range(1, 6)}
        | {6: MONDAY + timedelta(days=371)},
        after=5,
        until=MONDAY + YEAR,
    )
    assert [dose.not_before for dose in made] == [MONDAY + timedelta(days=4 + 365), None, None]


def test_doses_given_elsewhere_are_counted_and_an_unknown_first_day_is_not_guessed(
    facts: dict[str, Facts],
) -> None:
    ocrelizumab = facts["ocrelizumab_iv"].paths["standard"].phases
    later = planning.plan(ocrelizumab, first_on=MONDAY, first_number=5, until=MONDAY + YEAR)
    assert [dose.slot.number for dose in later] == [5, 6, 7]
    assert [(dose.window.target - MONDAY).days for dose in later] == [0, 182, 364]
    second = planning.plan(ocrelizumab, first_on=MONDAY, first_number=2, until=MONDAY + YEAR)
    assert [dose.slot.number for dose in second] == [
        2
    ]  # the third counts from a first dose nobody has told us


@pytest.mark.parametrize(
    "code", ["natalizumab", "ocrelizumab_iv", "ublituximab", "rituximab", "mitoxantrone"]
)
def test_at_least_two_doses_stand_ahead(facts: dict[str, Facts], code: str) -> None:
    phases = next(iter(facts[code].paths.values())).phases
    made = planning.plan(phases, first_on=MONDAY, until=MONDAY)
    assert sum(dose.slot.phase.repeats for dose in made) == planning.LEAST_AHEAD


def test_chair_minutes_are_those_that_the_data_estimate(facts: dict[str, Facts]) -> None:
    known = 0
    for therapy in facts.values():
        for phase in therapy.content["regimen"]:
            need = therapy.need(phase["key"])
            if need is None:
                assert None in (
                    phase["infusion_minutes"],
                    phase["observation_minutes"],
                    phase["premedication_wait_minutes"],
                )
                continue
            assert need.chair_minutes == phase["chair_minutes_estimate"]
            assert need.observation_minutes >= phase["observation_minutes_min"]
            known += 1
    assert known >= 15


# --- Any protocol -----------------------------------------------------------------------------------------------------

intervals = st.integers(min_value=1, max_value=400)


@st.composite
def maintenance(draw: st.DrawFn) -> Phase:
    interval = draw(intervals)
    low = draw(st.integers(min_value=1, max_value=interval))
    high = draw(st.integers(min_value=interval, max_value=interval + 60))
    return Phase(
        "m", "m", draw(st.sampled_from([Anchor.PREVIOUS, Anchor.FIRST_THEN_PREVIOUS])), None, interval, True, None,
        draw(st.none() | st.integers(min_value=1, max_value=low)), draw(st.none() | st.just((low, high))),
    )  # fmt: skip


@st.composite
def protocols(draw: st.DrawFn) -> tuple[Phase, ...]:
    offsets = sorted({0, *draw(st.lists(st.integers(min_value=0, max_value=40), max_size=3))})
    start = [Phase(f"s{day}", "s", Anchor.FIRST, (day,)) for day in offsets]
    return (*start, draw(maintenance()))


def oracle(path: tuple[Phase, ...], first: date, how_many: int) -> list[date]:
    """Days counted the long way: a list that grows by one dose at a time."""
    days = [first + timedelta(days=phase.day_offsets[0]) for phase in path[:-1] if phase.day_offsets]
    last = path[-1]
    assert last.interval_days is not None
    while len(days) < how_many:
        from_first = last.anchor is Anchor.FIRST_THEN_PREVIOUS and len(days) == len(path) - 1
        day = (days[0] if from_first else days[-1]) + timedelta(days=last.interval_days)
        if last.min_interval_days is not None:
            day = max(day, days[-1] + timedelta(days=last.min_interval_days))
        days.append(day)
    return days


@given(path=protocols(), ahead=st.integers(min_value=0, max_value=800))
@settings(max_examples=300, deadline=None)
def test_any_plan_is_what_counting_by_hand_gives(path: tuple[Phase, ...], ahead: int) -> None:
    made = planning.plan(path, first_on=MONDAY, until=MONDAY + timedelta(days=ahead))
    targets = [dose.window.target for dose in made]
    assert targets == oracle(path, MONDAY, len(made))
    repeating = [dose for dose in made if dose.slot.phase.repeats]
    assert len(repeating) >= planning.LEAST_AHEAD
    assert all(
        dose.window.target <= MONDAY + timedelta(days=ahead) for dose in repeating[planning.LEAST_AHEAD :]
    )
    for dose in made:
        assert dose.window.earliest <= dose.window.target
        assert dose.window.latest is None or dose.window.target <= dose.window.latest
        assert dose.slot.phase.window is not None or dose.window == DoseWindow(
            dose.window.target, dose.window.target, None
        )
    for before, dose in itertools.pairwise(made):
        minimum = dose.slot.phase.min_interval_days
        expected = (
            before.window.target + timedelta(days=minimum) if minimum and dose.slot.phase.repeats else None
        )
        assert dose.not_before == expected


@given(
    path=protocols(),
    late=st.integers(min_value=0, max_value=90),
    given_doses=st.integers(min_value=1, max_value=6),
)
@settings(max_examples=300, deadline=None)
def test_a_late_dose_moves_nothing_by_itself_and_the_proposal_counts_from_the_day_it_was_given(
    path: tuple[Phase, ...], late: int, given_doses: int
) -> None:
    made = planning.plan(path, first_on=MONDAY, until=MONDAY + 3 * YEAR)[:8]
    given_doses = max(min(given_doses, len(made) - 1), len(path) - 1)
    stands = []
    for dose in made:
        target = dose.window.target
        on = target + timedelta(days=late if dose.slot.number == given_doses else 0)
        done = dose.slot.number <= given_doses
        stands.append(Stands(dose.slot.number, "given" if done else "planned", target, on if done else None))
    for none in (None, False):
        assert planning.replan(path, stands, reset_from_given=none, today=MONDAY) == []
    moves = planning.replan(path, stands, reset_from_given=True, today=MONDAY)
    if given_doses >= len(made):
        assert moves == []
        return
    # By hand: each planned dose is the interval after the day it counts from, and never before the minimum.
    last = path[-1]
    assert last.interval_days is not None
    begins = stands[0].given_on
    before = stands[given_doses - 1].given_on
    assert begins is not None
    assert before is not None
    expected: dict[int, date] = {}
    for dose in made[given_doses:]:
        from_first = last.anchor is Anchor.FIRST_THEN_PREVIOUS and dose.slot.index == 0
        day = (begins if from_first else before) + timedelta(days=last.interval_days)
        if last.min_interval_days is not None:
            day = max(day, before + timedelta(days=last.min_interval_days))
        if day <= before:  # the data would put two doses on one day: a prescriber decides
            expected = {}
            break
        if day != dose.window.target:
            expected[dose.slot.number] = day
        before = day
    assert {move.number: move.window.target for move in moves} == expected
    for move in moves:
        assert move.window.earliest <= move.window.target
        assert move.not_before is None or move.not_before <= move.window.earliest


def test_a_missed_dose_is_proposed_as_soon_as_the_minimum_allows() -> None:
    path = (Phase("m", "m", Anchor.PREVIOUS, None, 182, True, None, 152, (168, 184)),)
    day = {number: MONDAY + timedelta(days=182 * (number - 1)) for number in range(1, 5)}
    stands = [
        Stands(1, "given", day[1], day[1]),
        Stands(2, "missed", day[2], None),
        Stands(3, "planned", day[3], None),
        Stands(4, "planned", day[4], None),
    ]
    late = day[2] + timedelta(days=9)
    assert planning.replan(path, stands, reset_from_given=True, today=late) == [
        Move(3, DoseWindow(late, late, None), day[1] + timedelta(days=152)),
        Move(4, planning.around(path[0], late + timedelta(days=182)), late + timedelta(days=152)),
    ]
    early = day[1] + timedelta(days=10)
    moved = planning.replan(path, stands, reset_from_given=True, today=early)
    assert moved[0].window.target == day[1] + timedelta(days=152)


def test_a_missed_part_of_the_start_is_left_to_a_prescriber(facts: dict[str, Facts]) -> None:
    path = facts["ocrelizumab_iv"].paths["standard"].phases
    stands = [
        Stands(1, "missed", MONDAY, None),
        Stands(2, "planned", MONDAY + timedelta(days=14), None),
        Stands(3, "planned", MONDAY + timedelta(days=182), None),
    ]
    assert planning.replan(path, stands, reset_from_given=True, today=MONDAY) == []


# --- Cycles and months --------------------------------------------------------------------------------------------------


@given(gaps=st.lists(st.integers(min_value=0, max_value=60), min_size=1, max_size=12))
def test_every_day_lies_in_at_most_one_cycle_and_days_in_a_row_are_one_dose(gaps: list[int]) -> None:
    days = [MONDAY]
    for gap in gaps:
        days.append(days[-1] + timedelta(days=gap))
    found = planning.cycles(days)
    assert found[0].starts == MONDAY
    assert found[-1].ends is None
    for before, after in itertools.pairwise(found):
        assert before.ends == after.starts - timedelta(days=1)
        assert (after.starts - max(day for day in days if day < after.starts)).days > planning.CYCLE_GAP_DAYS
    for offset in range((days[-1] - MONDAY).days + 3):
        day = MONDAY + timedelta(days=offset)
        inside = [cycle.day(day) for cycle in found if cycle.day(day) is not None]
        assert len(inside) == 1
        assert inside[0] == (day - max(cycle.starts for cycle in found if cycle.starts <= day)).days + 1


def test_months_end_where_shorter_months_end() -> None:
    assert planning.add_months(date(2026, 1, 31), 1) == date(2026, 2, 28)
    assert planning.add_months(date(2027, 11, 30), 3) == date(2028, 2, 29)
    assert planning.add_months(date(2026, 12, 15), 48) == date(2030, 12, 15)


def test_a_check_ends_48_months_after_the_last_dose_and_without_an_interval_nothing_is_guessed() -> None:
    until = planning.add_months(MONDAY, 48)
    assert planning.next_due(every_months=1, since=MONDAY, last_done=date(2029, 12, 1), until=until) == date(
        2030, 1, 1
    )
    assert planning.next_due(every_months=1, since=MONDAY, last_done=date(2030, 1, 1), until=until) is None
    assert planning.next_due(every_months=None, since=MONDAY, last_done=None, until=None) is None
