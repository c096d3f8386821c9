"""How a line and a dose stand, case by case: pure rules, no database."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from treatment.models import ChecklistItem
from treatment.protocols.facts import BeforeDose
from treatment.readiness.reminders import STEPS, step_for
from treatment.readiness.standing import ORDER, WORDS, Readiness, carried, standing_of

TARGET = date(2026, 12, 10)
NOON = datetime(2026, 12, 1, 17, tzinfo=UTC)


def days(count: int) -> timedelta:
    return timedelta(days=count)


def line(**more: Any) -> ChecklistItem:
    state = more.pop("state", "done" if "done_at" in more else "open")
    return ChecklistItem(fact="x.chk.y", owner="nurse", state=state, **more)


def said(**more: Any) -> BeforeDose:
    plain = {
        "fact": "x.chk.y",
        "owner": "nurse",
        "label": "Y",
        "when": "every",
        "valid_hours": None,
        "link": None,
    }
    return BeforeDose(**{**plain, **more})


def stands(item: ChecklistItem, about: BeforeDose, now: datetime = NOON, **more: Any) -> str:
    return standing_of(item, about, target=TARGET, now=now, today=now.date(), **more).code


def test_an_answer_about_infection_counts_for_24_hours_and_is_asked_in_the_last_day_only() -> None:
    about = said(valid_hours=24, at_chair=True)
    eve = datetime(2026, 12, 9, 13, tzinfo=UTC)
    assert stands(line(), about) == "later"
    assert stands(line(), about, eve) == "open"
    assert stands(line(done_at=eve), about, eve + timedelta(hours=24)) == "done"
    assert stands(line(done_at=eve), about, eve + timedelta(hours=24, seconds=1)) == "again"
    assert (
        stands(line(done_at=NOON), about, NOON + days(3)) == "later"
    )  # answered too early: asked when it is time
    assert stands(line(state="concern"), about, NOON) == "stopped"  # a concern counts whenever it is named


def test_for_a_test_only_a_person_can_set_a_day_and_a_vaccine_is_due_as_the_text_says() -> None:
    lab = standing_of(line(), said(kind="lab"), target=TARGET, now=NOON, today=NOON.date())
    assert (lab.code, lab.due) == ("open", None)
    drawn = line(due_on=date(2026, 12, 8), draw_by=date(2026, 12, 4))
    assert standing_of(drawn, said(kind="lab"), target=TARGET, now=NOON, today=NOON.date()).due == date(
        2026, 12, 8
    )
    assert stands(drawn, said(kind="lab"), NOON + days(8)) == "overdue"
    assert stands(drawn, said(kind="lab"), NOON + days(3)) == "open"  # the last day to draw it
    assert (
        stands(drawn, said(kind="lab"), NOON + days(4)) == "overdue"
    )  # not drawn, days before the result is due
    drawn.state = "waiting"
    assert stands(drawn, said(kind="lab"), NOON + days(4)) == "waiting"
    vaccine = standing_of(line(), said(due_days_before=28), target=TARGET, now=NOON, today=NOON.date())
    assert (vaccine.code, vaccine.due) == ("overdue", TARGET - days(28))
    assert standing_of(line(), said(), target=TARGET, now=NOON, today=NOON.date()).due == TARGET


@pytest.mark.parametrize(
    ("until", "code"),
    [(TARGET, "done"), (TARGET - days(1), "runs_out"), (None, "done")],
    ids=["day", "before", "open"],
)
def test_what_has_an_end_must_reach_the_day_of_the_dose(until: date | None, code: str) -> None:
    approved = line(done_at=NOON, valid_until=until)
    assert stands(approved, said(kind="paper")) == code
    other = [line(done_at=NOON, state="done", valid_until=until)]
    holds = carried(other).get("x.chk.y")
    assert stands(line(), said(kind="paper"), carried_until=holds) == ("done" if until == TARGET else "open")


def test_what_is_for_others_is_not_needed_and_nobody_asked_means_open() -> None:
    about = said(applies_to="could_become_pregnant")
    assert stands(line(), about, applies=False) == "not_needed"
    assert stands(line(), about, applies=True) == "open"
    assert stands(line(), about, applies=None) == "open"
    assert stands(line(), said(), applies=False) == "open"  # a line for everybody
    assert stands(line(done_at=NOON, state="not_needed"), said()) == "not_needed"


def test_begun_is_waiting_until_its_day_is_over() -> None:
    waiting = line(state="waiting", due_on=date(2026, 12, 5))
    assert stands(waiting, said(kind="lab")) == "waiting"
    assert stands(waiting, said(kind="lab"), NOON + days(5)) == "overdue"


def test_the_best_word_for_a_dose_is_ready_for_the_nurse_to_review() -> None:
    assert Readiness(("done", "not_needed")).words == "Ready for the nurse to review"
    assert Readiness(("done",), stopped=True).worst == "stopped"
    assert Readiness(("later", "done")).words == "Only the questions of the last 24 hours are left"
    assert Readiness(("waiting", "later")).words == "Waiting for others"
    assert Readiness(("overdue", "open", "later")).words == "2 lines are open"
    assert Readiness(("overdue", "open", "later")).counts
    assert not Readiness(("waiting", "later")).counts
    for code in ORDER:
        words = Readiness((code,)).words + str(WORDS[code][1])
        assert "safe" not in words.lower()
        assert (Readiness((code,)).worst == "ready") == WORDS[code][2]


def test_what_is_put_off_or_paused_is_never_ready_and_a_stop_comes_first() -> None:
    assert (Readiness(("done",), held="put_off").worst, Readiness(("done",), held="put_off").words) == (
        "put_off",
        "Put off",
    )
    assert Readiness(("open",), held="paused").words == "The treatment is paused"
    assert Readiness(("stopped",), held="put_off").worst == "stopped"
    assert Readiness(("done",), held="paused", stopped=True).worst == "stopped"


def test_what_was_answered_at_home_is_asked_again_at_the_chair() -> None:
    about = said(valid_hours=24, at_chair=True, link="questions")
    eve = datetime(2026, 12, 9, 22, tzinfo=UTC)
    answered = line(done_at=eve)
    assert stands(answered, about, eve) == "chair"
    answered.chair_at = eve + timedelta(hours=14)
    answered.done_at = answered.chair_at
    assert stands(answered, about, eve + timedelta(hours=15)) == "done"
    assert stands(answered, about, eve + timedelta(hours=39)) == "again"
    answered.done_at, answered.chair_at = eve, eve - timedelta(hours=30)
    assert stands(answered, about, eve) == "chair"  # that was too long ago
    older = said(valid_hours=24, link="questions")  # a version from before the chair was read
    assert stands(line(done_at=eve), older, eve) == "chair"
    assert stands(line(), about, eve, carried_until=TARGET + days(90)) == "open"  # never from an earlier dose
    assert Readiness(("chair", "done")).words == "Ready for the nurse to review, who asks again at the chair"
    assert (Readiness(("chair", "done")).worst, Readiness(("chair",)).waits_for_chair) == ("ready", True)


def test_steps_of_reminders() -> None:
    assert [step_for(left) for left in (20, 15, 14, 8, 7, 4, 3, 2, 1, 0, -1)] == [
        None, None, 14, 14, 7, 7, 3, 3, 1, None, None,
    ]  # fmt: skip
    assert STEPS == (14, 7, 3, 1)
