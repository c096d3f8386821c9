"""Due days of long duties: a table written by hand from the clinical reference, and an oracle that walks the calendar day by day."""

from __future__ import annotations

import calendar
import json
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.lib.time import today_in
from treatment.ledger import known
from treatment.ledger.duties import Begins, Decision, Due, Ends, Run, State, Watch, due_of, reach_of, watch_of
from treatment.ledger.reading import Duty
from treatment.ledger.words import limit_lines
from treatment.protocols.facts import Facts
from treatment.protocols.loading import DATA

FAR = date(2026, 3, 3)
ROWS: dict[str, dict[str, Any]] = {
    row["key"]: row
    for therapy in json.loads(DATA.read_text(encoding="utf-8"))["therapies"]
    for row in therapy["monitoring"]
}
ALEMTUZUMAB = Run(tuple(date(2026, 3, day) for day in range(2, 7)), None)


def watch(fact: str) -> Watch:
    return watch_of(ROWS[fact], test=known.code_of_fact(fact), needs_choice=known.is_for_some(fact))


def due(
    fact: str, *runs: Run, last: date | None = None, today: date = FAR, decision: Decision | None = None, next_dose: date | None = None
) -> Due:  # fmt: skip
    return due_of(watch(fact), runs, last=last, decision=decision, next_dose=next_dose, today=today)


# --- What the reference says, written out here once more ----------------------------------------------------------------------

# fact -> months between, days of its own, counted from, until when. None: the data do not say.
BY_HAND: dict[str, tuple[int | None, tuple[int, ...], str, str | int]] = {
    "natalizumab.mon.clinical_pml_assessment": (6, (3, 6), "first", 6),
    "natalizumab.mon.rems_re_authorisation": (6, (), "first", "course"),
    "natalizumab.mon.anti_jcv_antibody_index": (6, (), "first", "course"),
    "natalizumab.mon.mri_brain_lower_pml_risk": (12, (), "first", "course"),
    "natalizumab.mon.mri_brain_higher_pml_risk_jcv_positive_and_18_mo": (3, (), "first", "course"),
    "natalizumab.mon.mri_brain_after_switching_off_natalizumab": (3, (), "stop", 12),
    "natalizumab.mon.liver_tests_and_blood_count": (None, (), "first", "course"),
    "natalizumab.mon.anti_natalizumab_antibodies": (None, (), "first", "infusion"),
    "ocrelizumab_iv.mon.serum_immunoglobulins": (None, (), "first", "open"),
    "ocrelizumab_iv.mon.liver_tests": (None, (), "first", "course"),
    "ocrelizumab_iv.mon.hepatitis_b_reactivation_watch": (None, (), "first", "open"),
    "ocrelizumab_iv.mon.mri_brain": (12, (), "first", "course"),
    "ocrelizumab_iv.mon.breast_cancer_screening": (None, (), "first", "open"),
    "alemtuzumab.mon.cbc_with_differential": (1, (), "first", 48),
    "alemtuzumab.mon.serum_creatinine": (1, (), "first", 48),
    "alemtuzumab.mon.urinalysis_with_urine_cell_counts": (1, (), "first", 48),
    "alemtuzumab.mon.thyroid_function_tsh": (3, (), "first", 48),
    "alemtuzumab.mon.alt_ast_bilirubin": (1, (), "first", 48),
    "alemtuzumab.mon.skin_exam": (12, (), "first", "open"),
    "alemtuzumab.mon.hpv_cervical_screening": (12, (), "first", "open"),
    "alemtuzumab.mon.cd4_count": (None, (), "first", "open"),
    "alemtuzumab.mon.vital_signs_during_infusion": (None, (), "first", "infusion"),
    "alemtuzumab.mon.platelet_count_during_course": (None, (), "first", "infusion"),
    "alemtuzumab.mon.monthly_symptom_self_check": (1, (), "first", 48),
    "mitoxantrone.mon.lvef": (3, (), "first", "course"),
    "mitoxantrone.mon.lvef_after_stopping": (12, (), "stop", "open"),
    "mitoxantrone.mon.cbc_with_platelets": (3, (), "first", "fades"),
    "mitoxantrone.mon.liver_tests": (3, (), "first", "course"),
    "mitoxantrone.mon.pregnancy_test": (3, (), "first", "course"),
    "mitoxantrone.mon.cumulative_dose": (3, (), "first", "course"),
    "rituximab.mon.cbc_with_differential": (6, (), "first", "fades"),
    "rituximab.mon.immunoglobulins": (6, (), "first", "open"),
    "rituximab.mon.hepatitis_b_watch_if_past_infection": (None, (), "first", 24),
    "rituximab.mon.mri_brain": (12, (), "first", "course"),
    "ublituximab.mon.serum_immunoglobulins": (None, (), "first", "open"),
    "ublituximab.mon.mri_brain": (12, (), "first", "course"),
}  # fmt: skip
# What is asked before each dose: there is none to wait for when the treatment has ended.
BEFORE_EACH_DOSE = {
    "mitoxantrone.mon.lvef", "mitoxantrone.mon.cbc_with_platelets", "mitoxantrone.mon.liver_tests",
    "mitoxantrone.mon.pregnancy_test", "mitoxantrone.mon.cumulative_dose",
}  # fmt: skip
ENDS = {"course": Ends.COURSE, "open": Ends.OPEN, "fades": Ends.FADES, "infusion": Ends.INFUSION}


@pytest.mark.parametrize("fact", BY_HAND)
def test_a_fact_is_read_as_a_person_reads_it(fact: str) -> None:
    every, extra, begins, ends = BY_HAND[fact]
    found = watch(fact)
    assert (found.every_months, found.extra_months) == (every, extra)
    assert found.begins is (Begins.STOP if begins == "stop" else Begins.FIRST_DOSE)
    assert (found.ends, found.end_months) == (
        (Ends.AFTER, ends) if isinstance(ends, int) else (ENDS[ends], None)
    )


def test_every_fact_of_the_data_asks_for_a_test_that_has_plain_words() -> None:
    for fact, row in ROWS.items():
        if watch(fact).ends is not Ends.INFUSION:
            assert known.code_of_fact(fact) in known.TESTS, fact
        assert row["source"], fact


def test_words_that_nobody_knows_never_end_a_duty() -> None:
    row = {"item": "A new test", "until": "when the committee says so", "every": "now and then"}
    assert reach_of(row) == (Begins.FIRST_DOSE, Ends.OPEN, None)


def test_a_suggestion_is_no_interval() -> None:
    found = due("ocrelizumab_iv.mon.serum_immunoglobulins", Run((date(2024, 1, 1),), None))
    assert ROWS["ocrelizumab_iv.mon.serum_immunoglobulins"]["suggested_every_months"] == 6
    assert (found.state, found.due) == (State.ASK, None)


# --- Alemtuzumab: 48 months after the last dose, restarted by a new course -----------------------------------------------------


@pytest.mark.parametrize(
    ("fact", "first", "second"),
    [
        ("alemtuzumab.mon.cbc_with_differential", date(2026, 4, 2), date(2026, 5, 10)),
        ("alemtuzumab.mon.serum_creatinine", date(2026, 4, 2), date(2026, 5, 10)),
        ("alemtuzumab.mon.urinalysis_with_urine_cell_counts", date(2026, 4, 2), date(2026, 5, 10)),
        ("alemtuzumab.mon.thyroid_function_tsh", date(2026, 6, 2), date(2026, 7, 10)),
    ],
)
def test_alemtuzumab_runs_to_48_months_after_the_last_dose(fact: str, first: date, second: date) -> None:
    found = due(fact, ALEMTUZUMAB)
    assert (found.due, found.until) == (first, date(2030, 3, 6))
    assert due(fact, ALEMTUZUMAB, last=date(2026, 4, 10)).due == second
    again = Run((date(2027, 3, 8), date(2027, 3, 9), date(2027, 3, 10)), None)
    assert due(fact, ALEMTUZUMAB, again, last=date(2027, 3, 1)).until == date(2031, 3, 10)


def test_the_last_months_of_alemtuzumab_are_counted_to_the_day() -> None:
    fact = "alemtuzumab.mon.cbc_with_differential"
    assert due(fact, ALEMTUZUMAB, last=date(2030, 2, 6), today=date(2030, 2, 7)).due == date(2030, 3, 6)
    # A month later it would be over: the last test is on the last day, unless one was done in the two weeks before.
    at_the_end = due(fact, ALEMTUZUMAB, last=date(2030, 2, 7), today=date(2030, 2, 8))
    assert (at_the_end.state, at_the_end.due) == (State.LATER, date(2030, 3, 6))
    late = due(fact, ALEMTUZUMAB, last=date(2030, 2, 19), today=date(2031, 5, 1))
    assert (late.state, late.due, late.missed) == (State.OVERDUE, date(2030, 3, 6), 1)
    for done in (date(2030, 2, 20), date(2030, 3, 6), date(2031, 5, 1)):
        over = due(fact, ALEMTUZUMAB, last=done, today=date(2031, 5, 2))
        assert (over.state, over.due, over.until) == (State.OVER, None, date(2030, 3, 6))
    # The last one was not done: it stays overdue however long ago it was.
    today = due(fact, ALEMTUZUMAB, last=date(2029, 12, 5), today=date(2030, 1, 5))
    assert (today.state, today.due, today.missed) == (State.SOON, date(2030, 1, 5), 0)
    forgotten = due(fact, ALEMTUZUMAB, last=date(2030, 1, 20), today=date(2031, 1, 1))
    assert (forgotten.state, forgotten.due, forgotten.missed) == (State.OVERDUE, date(2030, 2, 20), 1)


def test_a_course_after_the_48_months_begins_anew() -> None:
    fact, later = "alemtuzumab.mon.cbc_with_differential", Run((date(2032, 5, 3),), None)
    found = due(fact, ALEMTUZUMAB, later, last=date(2030, 3, 1), today=date(2032, 5, 4))
    assert (found.due, found.until, found.state) == (date(2032, 6, 3), date(2036, 5, 3), State.LATER)
    on_the_last_day = Run((date(2030, 3, 6),), None)  # it was never over, so what was not done is still owed
    assert due(fact, ALEMTUZUMAB, on_the_last_day, today=date(2030, 3, 7)).due == date(2026, 4, 2)


def test_alemtuzumab_duties_live_on_after_the_course_has_ended() -> None:
    ended = Run(ALEMTUZUMAB.given, date(2026, 9, 1))
    found = due("alemtuzumab.mon.thyroid_function_tsh", ended, last=date(2029, 12, 1), today=date(2030, 1, 1))
    assert (found.due, found.state) == (date(2030, 3, 1), State.LATER)
    skin = due("alemtuzumab.mon.skin_exam", ended, last=date(2034, 1, 1), today=date(2034, 1, 2))
    assert (skin.due, skin.until) == (date(2035, 1, 1), None)


# --- Natalizumab, mitoxantrone, and what ends with a course -----------------------------------------------------------------------


def test_pml_is_looked_for_at_3_and_6_months_then_every_6() -> None:
    fact, run = "natalizumab.mon.clinical_pml_assessment", Run((date(2026, 1, 5), date(2026, 2, 2)), None)
    assert due(fact, run).due == date(2026, 4, 5)
    assert due(fact, run, last=date(2026, 4, 5)).due == date(2026, 7, 5)
    assert due(fact, run, last=date(2026, 4, 7)).due == date(2026, 7, 5)
    assert due(fact, run, last=date(2026, 7, 1)).due == date(
        2026, 7, 5
    )  # a few days early: the day itself still counts
    # While a dose is to come, the end is not; without one, it is 6 months after the last.
    going_on = due(fact, run, last=date(2026, 7, 6), next_dose=date(2026, 7, 20))
    assert (going_on.due, going_on.until, going_on.moves) == (date(2027, 1, 6), date(2026, 8, 2), True)
    # "And 6 months after the last dose": that look is the last one.
    assert due(fact, run, last=date(2026, 7, 6)).due == date(2026, 8, 2)
    assert due(fact, run, last=date(2026, 7, 20)).state is State.OVER
    stopped = Run((date(2026, 1, 5), date(2026, 11, 30)), date(2026, 12, 20))
    assert due(fact, stopped, last=date(2026, 9, 1)).until == date(2027, 5, 30)


def test_jcv_is_every_6_months_while_the_course_runs() -> None:
    fact, run = "natalizumab.mon.anti_jcv_antibody_index", Run((date(2025, 8, 31),), None)
    assert due(fact, run).due == date(2026, 2, 28)
    assert due(fact, run, last=date(2026, 2, 20)).due == date(2026, 8, 20)
    assert due(fact, Run(run.given, date(2026, 2, 27)), last=None).state is State.OVER


def test_what_was_due_before_the_treatment_ended_stays_until_it_is_done() -> None:
    fact, stopped = "natalizumab.mon.anti_jcv_antibody_index", Run((date(2025, 8, 31),), date(2026, 3, 1))
    owed = due(fact, stopped, today=date(2027, 1, 1))
    assert (owed.state, owed.due, owed.missed) == (State.OVERDUE, date(2026, 2, 28), 1)
    assert due(fact, stopped, last=date(2027, 1, 1), today=date(2027, 1, 2)).state is State.OVER
    no = Decision(date(2026, 12, 1), False)
    assert due(fact, stopped, decision=no, today=date(2027, 1, 1)).state is State.NOT_APPLYING
    faded = "rituximab.mon.cbc_with_differential"
    assert due(faded, stopped, today=date(2026, 5, 1)).due == date(2026, 2, 28)
    assert due(faded, stopped, last=date(2026, 2, 1), today=date(2026, 9, 1)).state is State.ASK


# --- Doses given elsewhere -------------------------------------------------------------------------------------------------------


def test_alemtuzumab_given_elsewhere_starts_the_monthly_and_the_thyroid_tests() -> None:
    """Confirmed here on May 4: from then on this center owes them, to 48 months after the last dose elsewhere."""
    known_on = date(2026, 5, 4)
    far = Run((date(2025, 1, 13), date(2026, 1, 14)), date(2026, 1, 14), known_on)
    for fact, every in (
        ("alemtuzumab.mon.cbc_with_differential", 1),
        ("alemtuzumab.mon.thyroid_function_tsh", 3),
    ):
        found = due(fact, far, today=known_on)
        assert (found.state, found.due, found.until) == (State.SOON, known_on, date(2030, 1, 14))
        assert due(fact, far, last=date(2026, 5, 6), today=known_on).due == months_on(date(2026, 5, 6), every)
        assert due(fact, far, today=date(2026, 5, 5)).state is State.OVERDUE
    late = due(fact, Run((date(2020, 1, 14),), date(2020, 1, 14), known_on), today=date(2026, 5, 5))
    assert late.state is State.OVER  # its 48 months were over before anybody here knew


def test_a_newer_dose_here_or_elsewhere_starts_the_48_months_again() -> None:
    fact, known_on = "alemtuzumab.mon.serum_creatinine", date(2027, 4, 1)
    far = Run((date(2027, 3, 8), date(2027, 3, 10)), date(2027, 3, 10), known_on)
    assert due(fact, ALEMTUZUMAB, far, last=date(2027, 3, 1), today=known_on).until == date(2031, 3, 10)
    older = Run((date(2024, 3, 8),), date(2024, 3, 8), date(2026, 1, 5))
    assert due(fact, older, ALEMTUZUMAB, last=date(2026, 3, 1), today=date(2026, 3, 9)).until == date(
        2030, 3, 6
    )
    # What this center owed before it heard of the doses elsewhere is not forgotten with them.
    assert due(fact, ALEMTUZUMAB, far, today=known_on).due == date(2026, 4, 2)


def test_mitoxantrone_given_elsewhere_is_followed_by_a_yearly_look_at_the_heart() -> None:
    after, known_on = "mitoxantrone.mon.lvef_after_stopping", date(2026, 5, 4)
    far = Run((date(2022, 2, 1), date(2024, 6, 3)), date(2024, 6, 3), known_on)
    assert due(after, far, today=known_on).due == known_on
    assert due(after, far, last=date(2026, 5, 20), today=known_on).due == date(2027, 5, 20)
    assert due("mitoxantrone.mon.lvef", far, today=known_on).state is State.OVER
    going_on = Run(far.given, None, known_on)  # an order here goes on with it
    assert due(after, going_on, today=known_on).state is State.NOT_YET
    assert due("mitoxantrone.mon.lvef", going_on, next_dose=date(2026, 5, 2), today=known_on).due == known_on


def test_years_between_the_first_and_the_last_dose_elsewhere_are_no_gap() -> None:
    fact, known_on = "natalizumab.mon.clinical_pml_assessment", date(2026, 5, 4)
    far = Run((date(2020, 1, 6), date(2026, 4, 20)), None, known_on)
    assert due(fact, far, today=known_on).due == known_on  # nobody here knows when it was last done


def test_a_test_before_the_start_counts_while_it_is_fresh() -> None:
    fact, run = "natalizumab.mon.anti_jcv_antibody_index", Run((date(2026, 6, 1),), None)
    assert due(fact, run, last=date(2026, 4, 15)).due == date(2026, 10, 15)
    assert due(fact, run, last=date(2025, 11, 1)).due == date(
        2026, 12, 1
    )  # too old: it counts from the start


def test_mri_after_natalizumab_begins_with_the_stop_and_ends_a_year_later() -> None:
    fact, run = "natalizumab.mon.mri_brain_after_switching_off_natalizumab", Run((date(2026, 1, 5),), None)
    assert due(fact, run).state is State.NOT_YET
    stopped = Run(run.given, date(2026, 3, 31))
    assert (due(fact, stopped).due, due(fact, stopped).until) == (date(2026, 6, 30), date(2027, 3, 31))
    assert due(fact, stopped, last=date(2027, 1, 15), today=date(2027, 1, 16)).due == date(2027, 3, 31)
    assert due(fact, stopped, last=date(2027, 3, 20), today=date(2027, 3, 21)).state is State.OVER


def test_the_heart_is_looked_at_before_every_dose_and_yearly_after_stopping() -> None:
    lvef, after = "mitoxantrone.mon.lvef", "mitoxantrone.mon.lvef_after_stopping"
    run = Run((date(2026, 1, 12), date(2026, 4, 13)), None)
    assert due(lvef, run, last=date(2026, 4, 10), next_dose=date(2026, 7, 13)).due == date(2026, 7, 10)
    assert due(lvef, run, last=date(2026, 4, 10), next_dose=date(2026, 7, 6)).due == date(
        2026, 7, 6
    )  # earlier than planned
    done = due(lvef, run, last=date(2026, 7, 1), next_dose=date(2026, 7, 6))
    assert done.due == date(2026, 10, 1)  # done for the next dose
    assert due(after, run).state is State.NOT_YET
    stopped = Run(run.given, date(2026, 6, 30))
    assert due(lvef, stopped).state is State.OVER
    assert due(after, stopped, last=date(2026, 4, 10)).due == date(2027, 4, 10)
    assert due(after, stopped, last=date(2031, 7, 1), today=date(2031, 8, 1)).due == date(2032, 7, 1)


def test_after_mitoxantrone_the_blood_count_goes_on_without_a_known_interval() -> None:
    fact, run = "mitoxantrone.mon.cbc_with_platelets", Run((date(2026, 1, 12),), None)
    assert due(fact, run).due == date(2026, 4, 12)
    stopped = due(fact, Run(run.given, date(2026, 6, 30)))
    assert (stopped.state, stopped.due) == (State.ASK, None)


def test_what_is_for_some_people_waits_for_a_prescriber() -> None:
    fact, run = (
        "natalizumab.mon.mri_brain_higher_pml_risk_jcv_positive_and_18_mo",
        Run((date(2026, 1, 5),), None),
    )
    assert due(fact, run).state is State.UNDECIDED
    yes, no = Decision(date(2026, 1, 6), True), Decision(date(2026, 1, 6), False)
    assert due(fact, run, decision=yes).due == date(2026, 4, 5)
    assert due(fact, run, decision=Decision(date(2026, 1, 6), True, 4)).due == date(2026, 5, 5)
    assert due(fact, run, decision=no).state is State.NOT_APPLYING


def test_a_no_lasts_until_the_next_course_begins() -> None:
    fact, no = "rituximab.mon.immunoglobulins", Decision(date(2026, 5, 1), False)
    old, new = Run((date(2025, 1, 6),), date(2026, 4, 1)), Run((date(2027, 1, 4),), None)
    assert due(fact, old, decision=no).state is State.NOT_APPLYING
    again = due(fact, old, new, decision=no, last=date(2026, 12, 1), today=date(2027, 1, 5))
    assert again.due == date(2027, 6, 1)


def test_a_no_is_asked_again_when_a_dose_starts_the_clock_anew() -> None:
    """The second alemtuzumab course stands in the same order as the first: its first day ends the no, days in a row do not."""
    fact, second = "alemtuzumab.mon.thyroid_function_tsh", (date(2027, 3, 8), date(2027, 3, 9))
    run = Run((*ALEMTUZUMAB.given, *second), None)
    for said in (date(2026, 3, 6), date(2026, 9, 1), date(2027, 3, 7)):
        found = due(fact, run, decision=Decision(said, False), last=date(2027, 2, 1), today=date(2027, 4, 1))
        assert (found.due, found.until) == (date(2027, 5, 1), date(2031, 3, 9))
    no = Decision(date(2027, 3, 8), False)
    assert due(fact, run, decision=no, today=date(2027, 4, 1)).state is State.NOT_APPLYING
    watched = "rituximab.mon.hepatitis_b_watch_if_past_infection"
    doses, said_no = Run((date(2026, 1, 5), date(2026, 7, 6)), None), Decision(date(2026, 2, 1), False)
    assert due(watched, doses, decision=said_no).state is State.UNDECIDED


def test_a_no_ends_with_what_is_heard_of_doses_elsewhere() -> None:
    fact, no = "alemtuzumab.mon.skin_exam", Decision(date(2026, 9, 1), False)
    far = Run(
        (date(2026, 8, 3),), date(2026, 8, 3), date(2026, 10, 1)
    )  # given before the word, known after it
    assert due(fact, ALEMTUZUMAB, decision=no).state is State.NOT_APPLYING
    assert due(fact, ALEMTUZUMAB, far, decision=no, today=date(2026, 10, 2)).state is State.LATER


def test_a_longer_interval_of_the_prescribers_ends_with_a_new_dose_and_a_shorter_one_stays() -> None:
    fact, run = "alemtuzumab.mon.serum_creatinine", Run((*ALEMTUZUMAB.given, date(2027, 3, 8)), None)
    longer, last = Decision(date(2026, 9, 1), True, 3), date(2027, 3, 1)
    assert due(fact, ALEMTUZUMAB, decision=longer, last=last).due == date(2027, 6, 1)
    assert due(fact, run, decision=longer, last=last, today=date(2027, 3, 9)).due == date(2027, 4, 1)
    thyroid, shorter = "alemtuzumab.mon.thyroid_function_tsh", Decision(date(2026, 9, 1), True, 1)
    assert due(thyroid, run, decision=shorter, last=last, today=date(2027, 3, 9)).due == date(2027, 4, 1)


def test_an_interval_of_the_prescribers_own_where_the_data_leave_it_open() -> None:
    fact, run = "ocrelizumab_iv.mon.serum_immunoglobulins", Run((date(2026, 1, 5),), None)
    decided = due(fact, run, decision=Decision(date(2026, 1, 5), True, 6), last=date(2026, 8, 31))
    assert decided.due == date(2027, 2, 28)


# --- Month ends, and the day of the clock ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (date(2026, 1, 31), date(2026, 2, 28)), (date(2028, 1, 31), date(2028, 2, 29)), (date(2026, 2, 28), date(2026, 3, 28)),
        (date(2026, 8, 31), date(2026, 9, 30)), (date(2026, 10, 31), date(2026, 11, 30)), (date(2026, 12, 31), date(2027, 1, 31)),
        (date(2028, 2, 29), date(2028, 3, 29)), (date(2026, 3, 8), date(2026, 4, 8)), (date(2026, 10, 1), date(2026, 11, 1)),
    ],
)  # fmt: skip
def test_a_month_later_at_the_ends_of_months(last: date, expected: date) -> None:
    run = Run((date(2025, 12, 1),), None)
    assert due("alemtuzumab.mon.serum_creatinine", run, last=last, today=last).due == expected


def test_48_months_after_a_leap_day() -> None:
    run = Run(
        (date(2028, 2, 25), date(2028, 2, 26), date(2028, 2, 27), date(2028, 2, 28), date(2028, 2, 29)), None
    )
    assert due("alemtuzumab.mon.serum_creatinine", run, today=date(2028, 3, 1)).until == date(2032, 2, 29)


@pytest.mark.parametrize("day", [date(2026, 3, 8), date(2026, 11, 1), date(2026, 7, 1), date(2027, 3, 14)])
def test_a_duty_is_overdue_from_the_midnight_of_the_center_on(day: date) -> None:
    """Also on the days on which the clocks change, and although in UTC it is another day for hours."""
    zone = ZoneInfo("America/New_York")
    last = date(day.year if day.month > 1 else day.year - 1, day.month - 1, day.day)

    def state(wall: datetime) -> State:
        today = today_in(wall.astimezone(ZoneInfo("UTC")), "America/New_York")
        return due("alemtuzumab.mon.serum_creatinine", ALEMTUZUMAB, last=last, today=today).state

    assert state(datetime(day.year, day.month, day.day, 0, 0, tzinfo=zone)) is State.SOON
    assert state(datetime(day.year, day.month, day.day, 23, 59, tzinfo=zone)) is State.SOON
    following = day + timedelta(days=1)
    assert state(datetime(following.year, following.month, following.day, 0, 0, tzinfo=zone)) is State.OVERDUE


# --- The oracle -------------------------------------------------------------------------------------------------------------------


def months_on(day: date, count: int) -> date:
    """Month by month on the paper calendar, then the day, or the last one that the month has."""
    year, month = day.year, day.month
    for _one in range(count):
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def walked(fact: str, runs: list[Run], last: date | None, today: date) -> tuple[date | None, int]:
    """The next due day and how many have passed, by walking over every day since the first dose, with the hand-written table in hand."""
    every, extra, begins, ends = BY_HAND[fact]
    assert every is not None
    doses = {day for run in runs for day in run.given}
    stop = runs[-1].ended_on
    since: date | None = None
    end: date | None = None
    day, horizon = min(doses), max([*doses, today, stop or today]) + timedelta(days=1)
    while day <= horizon:
        if begins == "stop":
            if day == stop:
                since = day
                end = months_on(day, ends) if isinstance(ends, int) else None
        elif day in doses:
            if since is None or (isinstance(ends, int) and end is not None and day > end):
                since = day
            if ends in ("course", "fades") and any(run.given[0] == day for run in runs):
                since = day
            if isinstance(ends, int):
                end = months_on(day, ends)
        day += timedelta(days=1)
    ends_with_the_course = stop is not None and begins != "stop" and ends in ("course", "fades")
    if since is None or (ends_with_the_course and fact in BEFORE_EACH_DOSE):
        return None, 0
    counted = last is not None and months_on(last, every) >= since
    own = [months_on(since, count) for count in extra]
    if counted:
        assert last is not None
        due_day = min([months_on(last, every), *(one for one in own if one > last)])
    else:
        due_day = min([months_on(since, every), *own])
    if ends_with_the_course:
        assert stop is not None
        if due_day > stop:
            return None, 0
        end = stop
    if end is not None and due_day > end:
        if last is not None and (end - last).days <= 14:
            return None, 0
        due_day = end
    passed = 0
    while True:
        one = months_on(due_day, every * passed)
        if one >= today or (end is not None and one > end):
            return due_day, passed
        passed += 1


WITH_INTERVAL = [fact for fact, row in BY_HAND.items() if row[0] is not None and not known.is_for_some(fact)]
# Steps of the next dose, so that gaps of weeks, of a year and of more than 48 months all come.
GAPS = st.sampled_from([1, 1, 14, 28, 28, 91, 182, 366, 600, 1500])


@st.composite
def courses(draw: st.DrawFn) -> tuple[list[Run], date | None, date]:
    """One to three courses, one after the other, the newest one ended or not; when the test was last done; and today."""
    day = date(2020, 1, 1) + timedelta(days=draw(st.integers(0, 500)))
    runs = []
    count = draw(st.integers(1, 3))
    for number in range(count):
        given = [day]
        for gap in draw(st.lists(GAPS, max_size=4)):
            given.append(given[-1] + timedelta(days=gap))
        over = given[-1] + timedelta(days=draw(st.integers(0, 300)))
        ended = over if number < count - 1 or draw(st.booleans()) else None
        runs.append(Run(tuple(given), ended))
        day = over + timedelta(days=draw(st.integers(1, 2500)))
    today = runs[-1].given[-1] + timedelta(days=draw(st.integers(0, 2200)))
    if runs[-1].ended_on is not None:
        today = max(today, runs[-1].ended_on)
    span = (today - runs[0].given[0]).days + 400
    last = draw(st.none() | st.integers(0, span).map(lambda ago: today - timedelta(days=ago)))
    return runs, last, today


@settings(max_examples=600, deadline=None)
@given(courses(), st.sampled_from(WITH_INTERVAL))
def test_due_days_of_random_courses_are_those_of_the_calendar(
    course: tuple[list[Run], date | None, date], fact: str
) -> None:
    runs, last, today = course
    found = due(fact, *runs, last=last, today=today)
    assert (found.due, found.missed) == walked(fact, runs, last, today)
    if found.due is not None:
        expected = (
            State.OVERDUE
            if found.due < today
            else State.SOON
            if (found.due - today).days <= 14
            else State.LATER
        )
        assert found.state is expected


def test_the_oracle_is_not_blind() -> None:
    """It knows months of every length, a clock that begins anew, and days that have passed."""
    fact = "alemtuzumab.mon.serum_creatinine"
    assert walked(fact, [ALEMTUZUMAB], None, FAR) == (date(2026, 4, 2), 0)
    assert walked(fact, [ALEMTUZUMAB], None, date(2026, 6, 3)) == (date(2026, 4, 2), 3)
    assert walked(fact, [ALEMTUZUMAB], date(2026, 3, 31), FAR) == (date(2026, 4, 30), 0)
    anew = [ALEMTUZUMAB, Run((date(2033, 1, 31),), None)]
    assert walked(fact, anew, date(2030, 1, 1), date(2033, 2, 1)) == (date(2033, 2, 28), 0)


def test_the_lifetime_limits_stand_with_their_sources() -> None:
    """Both labels, in the words of the data; nothing is counted here."""
    content = next(
        one
        for one in json.loads(DATA.read_text(encoding="utf-8"))["therapies"]
        if one["id"] == "mitoxantrone"
    )
    fact = "mitoxantrone.mon.cumulative_dose"
    duty = Duty(due(fact, Run((date(2026, 1, 12),), None)), ROWS[fact], "Mitoxantrone", Facts(content), None)
    us, eu = limit_lines(duty)
    assert us.startswith("Limit in a lifetime, US label: 140 mg/m2 (")
    assert eu.startswith("Limit in a lifetime, EU label: 72 mg/m2 (")
