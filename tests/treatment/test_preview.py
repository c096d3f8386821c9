"""The preview of a plan against days that were worked out by hand from the labels, and against a calendar that counts one day after the other."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from treatment.courses import preview as previews
from treatment.courses.preview import CannotPlan, Happened, answer, preview
from treatment.protocols.facts import Facts
from treatment.protocols.loading import DATA

TODAY = date(2030, 1, 1)
FIRST = date(2026, 3, 2)
UNTIL = date(2028, 3, 2)


@pytest.fixture(scope="module")
def facts() -> dict[str, Facts]:
    data = json.loads(DATA.read_text(encoding="utf-8"))
    return {content["id"]: Facts(content) for content in data["therapies"]}


def made_of(facts: Facts, *happened: tuple[int, date, str], **more: Any) -> dict[str, Any]:
    given_ = {"first_on": FIRST, "until": UNTIL, "today": TODAY, **more}
    found = preview(facts, happened=[Happened(*row) for row in happened], **given_)
    return answer(facts, found, version=1, approved=False, until=given_["until"])


def targets(content: dict[str, Any]) -> list[str]:
    return [dose["target"].isoformat() for dose in content["doses"]]


def codes(content: dict[str, Any]) -> set[tuple[str, int | None]]:
    return {(row["code"], row["number"]) for row in content["warnings"]}


# Worked out with a paper calendar. Source of the rule beside each; the data file has the sources themselves.
BY_HAND = [
    # Two half doses 14 days apart, then 182 days from the first half and from each dose after it.
    ("ocrelizumab_iv", ["2026-03-02", "2026-03-16", "2026-08-31", "2027-03-01", "2027-08-30", "2028-02-28"]),
    # Day 1, day 15, 24 weeks after the first, then every 24 weeks.
    ("ublituximab", ["2026-03-02", "2026-03-16", "2026-08-17", "2027-02-01", "2027-07-19", "2028-01-03"]),
    # Five days in a row; three days from twelve months after the last of them.
    (
        "alemtuzumab",
        [
            "2026-03-02",
            "2026-03-03",
            "2026-03-04",
            "2026-03-05",
            "2026-03-06",
            "2027-03-06",
            "2027-03-07",
            "2027-03-08",
        ],
    ),
    # Three days for a relapse.
    ("ivmp", ["2026-03-02", "2026-03-03", "2026-03-04"]),
]


@pytest.mark.parametrize(("code", "days"), BY_HAND)
def test_days_by_hand(facts: dict[str, Facts], code: str, days: list[str]) -> None:
    assert targets(made_of(facts[code])) == days


def test_natalizumab_is_every_four_weeks_to_the_last_day_that_was_asked_for(facts: dict[str, Facts]) -> None:
    content = made_of(facts["natalizumab"])
    assert len(content["doses"]) == 27  # 26 times 28 days are 728; the last day is 731 days on
    assert targets(content)[-1] == "2028-02-28"
    assert ("no_minimum_known", None) in codes(content)
    assert content["doses"][0]["latest"] is None


def test_a_late_dose_moves_the_later_ones_where_the_label_says_so(facts: dict[str, Facts]) -> None:
    """Dose 3 given four weeks late: the next one is 182 days after it."""
    content = made_of(
        facts["ocrelizumab_iv"],
        (1, FIRST, "given"), (2, date(2026, 3, 16), "given"), (3, date(2026, 9, 28), "given"),
    )  # fmt: skip
    assert targets(content)[3:] == ["2027-03-29", "2027-09-27"]
    assert ("after_window", 3) in codes(content)  # the window of 168 to 184 days ended on September 2


def test_a_missed_dose_is_made_up_as_soon_as_possible_and_counts_anew(facts: dict[str, Facts]) -> None:
    """Dose 3 missed on the day: dose 4 takes its place at once, and the next is 182 days later."""
    content = made_of(
        facts["ocrelizumab_iv"],
        (1, FIRST, "given"), (2, date(2026, 3, 16), "given"), (3, date(2026, 8, 31), "missed"),
    )  # fmt: skip
    assert targets(content)[3:5] == ["2026-08-31", "2027-03-01"]
    assert content["doses"][2]["outcome"] == "missed"


def test_a_gap_below_the_minimum_is_said(facts: dict[str, Facts]) -> None:
    """152 days after the second half dose is August 15; one was given on August 14."""
    happened = [(1, FIRST, "given"), (2, date(2026, 3, 16), "given")]
    early = made_of(facts["ocrelizumab_iv"], *happened, (3, date(2026, 8, 14), "given"))
    fine = made_of(facts["ocrelizumab_iv"], *happened, (3, date(2026, 8, 15), "given"))
    assert ("below_minimum_gap", 3) in codes(early)
    assert ("below_minimum_gap", 3) not in codes(fine)


def test_without_a_rule_nothing_moves_and_it_is_said(facts: dict[str, Facts]) -> None:
    content = made_of(facts["alemtuzumab"], (1, FIRST - timedelta(days=1), "given"))
    assert targets(content) == BY_HAND[2][1]
    assert {("no_rule", 1), ("prescriber_sets_day", 9), ("not_approved", None)} <= codes(content)
    assert "moved_for_distance" not in {code for code, _number in codes(content)}


def test_never_two_doses_on_a_day_after_a_late_one(facts: dict[str, Facts]) -> None:
    """The first of five days came two days late: the others follow it, and a prescriber is named for each."""
    content = made_of(facts["alemtuzumab"], (1, FIRST + timedelta(days=2), "given"))
    assert targets(content)[:5] == ["2026-03-02", "2026-03-05", "2026-03-06", "2026-03-07", "2026-03-08"]
    assert targets(content)[5:] == [
        "2027-03-08",
        "2027-03-09",
        "2027-03-10",
    ]  # 365 days after the last of them
    assert {("moved_for_distance", number) for number in range(2, 6)} <= codes(content)


def test_the_minimum_holds_from_the_real_last_dose_also_without_a_rule(facts: dict[str, Facts]) -> None:
    """Dose 2 of mitoxantrone 60 days late, on July 31: 84 days later is October 23, and 91 days apart from then on."""
    content = made_of(facts["mitoxantrone"], (1, FIRST, "given"), (2, date(2026, 7, 31), "given"))
    assert targets(content)[2:] == ["2026-10-23", "2027-01-22", "2027-04-23", "2027-07-23"]
    assert content["doses"][2]["not_before"] == content["doses"][2]["earliest"] == date(2026, 10, 23)
    assert {("moved_for_distance", 3), ("no_rule", 2)} <= codes(content)
    in_time = made_of(facts["mitoxantrone"], (1, FIRST, "given"), (2, date(2026, 6, 8), "given"))
    assert targets(in_time)[2] == "2026-08-31"  # exactly 84 days: it can stay


@pytest.mark.parametrize(
    ("most", "doses", "total"), [(None, 6, "84 of 72"), (Decimal(140), 11, "144 of 140")]
)
def test_planning_stops_at_the_limit_for_a_lifetime(
    facts: dict[str, Facts], most: Decimal | None, doses: int, total: str
) -> None:
    """12 mg/m2 each: 6 doses below the EU limit, which is the lowest of the data, and 11 below the US one."""
    content = made_of(facts["mitoxantrone"], until=date(2034, 1, 1), most_mg_m2=most)
    assert len(content["doses"]) == doses
    assert {("over_lifetime_limit", doses + 1), ("lifetime_limit", None)} <= codes(content)
    assert any(total in row["text"] for row in content["warnings"])
    missed = made_of(facts["mitoxantrone"], (1, FIRST, "missed"), until=date(2034, 1, 1), most_mg_m2=most)
    assert len(missed["doses"]) == doses + 1  # what was missed does not count


def test_doses_over_the_limit_that_were_given_all_the_same_are_shown_and_said(
    facts: dict[str, Facts],
) -> None:
    on = [(number, FIRST + timedelta(days=91 * (number - 1)), "given") for number in range(1, 8)]
    content = made_of(facts["mitoxantrone"], *on, until=date(2034, 1, 1))
    assert [dose["outcome"] for dose in content["doses"]] == ["given"] * 7
    assert ("over_lifetime_limit", 7) in codes(content)


def test_a_day_that_a_prescriber_set_goes_on_from_there(facts: dict[str, Facts]) -> None:
    days = [FIRST + timedelta(days=number) for number in range(5)] + [date(2027, 3, 8)]
    content = made_of(
        facts["alemtuzumab"], *[(number, day, "given") for number, day in enumerate(days, start=1)]
    )
    assert targets(content)[5:] == [
        "2027-03-06",
        "2027-03-09",
        "2027-03-10",
    ]  # planned; given on the 8th; the days after it
    assert ("moved_for_distance", 7) in codes(content)


def test_the_second_course_is_counted_from_the_day_on_which_the_first_one_really_ended(
    facts: dict[str, Facts],
) -> None:
    days = [FIRST + timedelta(days=number) for number in range(4)] + [date(2026, 3, 20)]
    content = made_of(
        facts["alemtuzumab"], *[(number, day, "given") for number, day in enumerate(days, start=1)]
    )
    assert targets(content)[5:] == ["2027-03-20", "2027-03-21", "2027-03-22"]
    sixth = content["doses"][5]
    assert (sixth["earliest"], sixth["latest"], sixth["not_before"]) == (
        date(2027, 3, 20),
        None,
        date(2027, 3, 20),
    )
    assert ("no_rule", 5) not in codes(content)
    assert (sixth["status"], sixth["source"]) == ("sourced", ["S3", "S7"])


def test_courses_after_the_second_are_a_prescribers_choice(facts: dict[str, Facts]) -> None:
    content = made_of(facts["alemtuzumab"], until=date(2035, 1, 1))
    assert len(content["doses"]) == 8
    assert ("prescriber_sets_day", 9) in codes(content)
    short = made_of(facts["alemtuzumab"], until=date(2026, 12, 31))
    assert len(short["doses"]) == 5
    assert not {number for code, number in codes(short) if code == "prescriber_sets_day"}


def test_a_dose_in_part_counts_and_a_prescriber_is_named(facts: dict[str, Facts]) -> None:
    content = made_of(facts["natalizumab"], (1, FIRST, "partly_given"))
    assert content["doses"][0]["outcome"] == "partly_given"
    assert ("partly_given", 1) in codes(content)


def test_screening_questions_and_checks_carry_source_and_status(facts: dict[str, Facts]) -> None:
    for one in facts.values():
        if not one.paths:
            continue
        content = made_of(one)
        lines = [*content["doses"], *content["screening"], *content["checklist"], *content["monitoring"]]
        assert lines
        assert all(line["source"] and line["status"] for line in lines)


def test_every_screening_line_says_before_which_dose(facts: dict[str, Facts]) -> None:
    """Each line of the data is read, and those of every dose are due by the next one that has not come."""
    said = {row["when"] for one in facts.values() for row in one.content["screening"]}
    unread = {when for when in said if previews.before_which(when) is None}
    assert unread == set()
    content = made_of(facts["ocrelizumab_iv"], (1, FIRST, "given"))
    due = {row["item"]: row["due_by"] for row in content["screening"]}
    # Vaccines four weeks before March 2, everything else on the day of its dose.
    assert set(due.values()) == {FIRST, date(2026, 3, 16), date(2026, 2, 2)}
    assert due["Vaccines: live at least 4 weeks, non-live at least 2 weeks before start"] == date(2026, 2, 2)
    rows = {row["item"]: row["due_by"] for row in made_of(facts["natalizumab"])["screening"]}
    # Six weeks before March 2: 28 days back to February 2, 14 more to January 19.
    assert rows["Vaccines reviewed (4-6 weeks before start where needed)"] == date(2026, 1, 19)
    assert rows["REMS enrolment complete"] == FIRST


def test_what_is_before_each_course_is_not_before_each_of_its_days(facts: dict[str, Facts]) -> None:
    def due(*happened: tuple[int, date, str]) -> dict[str, date | None]:
        return {row["item"]: row["due_by"] for row in made_of(facts["alemtuzumab"], *happened)["screening"]}

    assert previews.before_which("before each course") == previews.EVERY_COURSE
    assert previews.before_which("before each course and each infusion") == previews.EVERY_DOSE
    assert previews.before_which("EU: before each course/infusion (from memory)") == previews.EVERY_DOSE
    assert due()["Pregnancy test"] == FIRST
    begun = due((1, FIRST, "given"))
    assert begun["Pregnancy test"] == date(2027, 3, 6)  # before the next course
    assert begun["Active infection check"] == FIRST + timedelta(days=1)
    days = [(number, FIRST + timedelta(days=number - 1), "given") for number in range(1, 6)]
    assert due(*days, (6, date(2027, 3, 8), "missed"))["Pregnancy test"] is None


def test_checks_after_stopping_have_no_days_while_nobody_knows_the_stop(facts: dict[str, Facts]) -> None:
    rows = {row["item"]: row["due"] for row in made_of(facts["mitoxantrone"])["monitoring"]}
    assert rows["LVEF after stopping"] == []
    assert rows["LVEF"]


def test_alemtuzumabs_checks_go_on_for_48_months_after_the_last_dose(facts: dict[str, Facts]) -> None:
    content = made_of(facts["alemtuzumab"], until=date(2034, 1, 1))
    blood, thyroid = (
        next(row for row in content["monitoring"] if row["item"].startswith(name))
        for name in ("CBC", "Thyroid")
    )
    assert blood["until"] == thyroid["until"] == date(2031, 3, 8)
    assert [day.isoformat() for day in (blood["due"][0], blood["due"][-1])] == ["2026-04-02", "2031-03-02"]
    assert len(blood["due"]) == 60
    assert [day.isoformat() for day in thyroid["due"][:2]] == ["2026-06-02", "2026-09-02"]
    assert len(thyroid["due"]) == 20


def check(content: dict[str, Any], name: str) -> tuple[list[str], date | None]:
    row = next(row for row in content["monitoring"] if row["item"] == name)
    return [day.isoformat() for day in row["due"]], row["until"]


def test_months_that_a_fact_names_beside_its_interval_are_there_and_its_end_is_said(
    facts: dict[str, Facts],
) -> None:
    """PML: "at 3 and 6 months after first infusion, then every 6 months", until 6 months after the last dose: February 28, 2028 here."""
    due, ends = check(made_of(facts["natalizumab"]), "Clinical PML assessment")
    assert due == ["2026-06-02", "2026-09-02", "2027-03-02", "2027-09-02", "2028-03-02"]
    assert ends == date(2028, 8, 28)


def test_the_end_of_a_check_counts_from_the_whole_plan_not_from_what_was_asked_for(
    facts: dict[str, Facts],
) -> None:
    """Asked for 2026 only: the second course ends on March 8, 2027, and 48 months later is March 8, 2031."""
    due, ends = check(made_of(facts["alemtuzumab"], until=date(2026, 12, 31)), "CBC with differential")
    assert ends == date(2031, 3, 8)
    assert due[-1] == "2026-12-02"


def test_a_sign_off_for_the_demo_is_never_an_approval(facts: dict[str, Facts]) -> None:
    found = preview(facts["ivmp"], first_on=FIRST, until=UNTIL, today=TODAY)
    content = answer(facts["ivmp"], found, version=1, approved=False, demo=True, until=UNTIL)
    assert content["approved"] is False
    assert "for the demo only" in content["warnings"][0]["text"]


def test_today_can_have_been_missed_and_tomorrow_cannot(facts: dict[str, Facts]) -> None:
    for outcome in ("given", "missed"):
        made_of(facts["natalizumab"], (1, FIRST, outcome), today=FIRST)
        with pytest.raises(CannotPlan) as refused:
            made_of(facts["natalizumab"], (1, FIRST, outcome), today=FIRST - timedelta(days=1))
        assert "in the future" in str(refused.value.message)


REFUSED = [
    ({"until": FIRST - timedelta(days=1)}, []),
    ({"until": FIRST + timedelta(days=3_661)}, []),
    ({}, [(1, FIRST, "given"), (1, FIRST, "given")]),
    ({}, [(1, FIRST, "given"), (2, FIRST - timedelta(days=1), "given")]),
    ({"today": FIRST - timedelta(days=1)}, [(1, FIRST, "given")]),
    ({"path_key": "no-such-path"}, []),
]


@pytest.mark.parametrize(("more", "happened"), REFUSED)
def test_what_cannot_be_is_refused_with_words(facts: dict[str, Facts], more: Any, happened: Any) -> None:
    with pytest.raises(CannotPlan) as refused:
        made_of(facts["natalizumab"], *happened, **more)
    assert str(refused.value.message).endswith(".")


def test_a_dose_that_no_path_has_and_a_therapy_without_a_plan_are_refused(facts: dict[str, Facts]) -> None:
    for code, happened in (
        ("ivmp", [(9, FIRST, "given")]),
        ("alemtuzumab", [(10, FIRST, "given")]),
        ("ivig", []),
    ):
        with pytest.raises(CannotPlan):
            made_of(facts[code], *happened)


# --- Any course -----------------------------------------------------------------------------------------------------

EVERY = {"natalizumab": 28, "ocrelizumab_iv": 182, "ublituximab": 168}


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(sorted(EVERY)),
    st.dates(date(2020, 1, 1), date(2060, 1, 1)),
    st.integers(0, 3_660),
    st.lists(st.integers(-20, 90), max_size=8),
)
def test_the_next_dose_is_always_the_interval_after_the_last_one(
    facts: dict[str, Facts], code: str, first: date, span: int, drift: list[int]
) -> None:
    """A calendar that counts one day after the other from whatever was given; the preview has to agree on every later day."""
    starts = {"natalizumab": [0], "ocrelizumab_iv": [0, 14], "ublituximab": [0, 14]}[code]
    on = [first + timedelta(days=day) for day in starts]
    for late in drift:  # repeating doses, each so many days off what the interval says
        count_from = on[0] if len(on) == len(starts) else on[-1]
        on.append(max(count_from + timedelta(days=EVERY[code] + late), on[-1]))
    until = max(first + timedelta(days=span), first)
    found = preview(
        facts[code], first_on=first, until=until, today=date(2200, 1, 1),
        happened=[Happened(number, day, "given") for number, day in enumerate(on, start=1)],
    )  # fmt: skip
    by_number = {dose.slot.number: dose.window.target for dose in found.doses}
    day, number = (on[0] if len(on) == len(starts) else on[-1]), len(on)
    while True:
        steps = 0
        while steps < EVERY[code]:
            day, steps = day + timedelta(days=1), steps + 1
        number += 1
        if day > until:
            break
        assert by_number.pop(number) == day
    assert all(left <= len(on) for left in by_number)


RAW: dict[str, dict[str, Any]] = {
    one["id"]: one
    for one in json.loads(DATA.read_text(encoding="utf-8"))["therapies"]
    if one["portal"]["paths"]
}


@settings(max_examples=600, deadline=None)
@given(
    st.sampled_from(
        sorted((code, path["key"]) for code, one in RAW.items() for path in one["portal"]["paths"])
    ),
    st.dates(date(2020, 1, 1), date(2040, 1, 1)),
    st.integers(0, 3_000),
    st.lists(
        st.tuples(st.integers(0, 200), st.sampled_from(["given", "given", "partly_given", "missed"])),
        max_size=9,
    ),
)
def test_no_preview_goes_below_a_minimum_or_over_a_limit(
    facts: dict[str, Facts], plan: tuple[str, str], first: date, span: int, lived: list[tuple[int, str]]
) -> None:
    """Whatever happened: read from the raw data, dose by dose, on a calendar. Shares no line with the planner."""
    code, key = plan
    path = next(one for one in RAW[code]["portal"]["paths"] if one["key"] == key)
    phases = {phase["name"]: phase for phase in RAW[code]["regimen"] if phase["key"] in path["phases"]}
    day, happened = first - timedelta(days=1), []
    for number, (later, outcome) in enumerate(lived, start=1):
        day += timedelta(days=1 + later)
        happened.append((number, day, outcome))
    try:
        content = made_of(
            facts[code],
            *happened,
            first_on=first,
            until=first + timedelta(days=span),
            path_key=key,
            today=date(2060, 1, 1),
        )
    except CannotPlan:
        return
    last: date | None = None
    total, before = 0.0, ""
    limits = [row["mg_per_m2"] for row in RAW[code]["lifetime_cumulative_max"]]
    for dose in content["doses"]:
        phase = phases[dose["phase"]]
        if dose["outcome"] == "missed":
            before = dose["phase"]
            continue
        row = bool(phase["day_offsets"]) and len(phase["day_offsets"]) > 1 and before == dose["phase"]
        total += 12.0 if limits else 0.0  # mitoxantrone alone has a limit: 12 mg/m2 a dose
        if dose["outcome"] is None:
            if last is not None:
                assert dose["earliest"] > last or dose["target"] > last
                if phase["min_interval_days"] is not None and not row:
                    soonest = last
                    for _one in range(phase["min_interval_days"]):
                        soonest += timedelta(days=1)
                    assert soonest <= dose["earliest"] <= dose["target"]
            assert dose["latest"] is None or dose["target"] <= dose["latest"]
            assert not limits or total <= min(limits)
        last, before = dose["on"] or dose["target"], dose["phase"]
