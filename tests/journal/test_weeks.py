"""History by week: constant work whatever its length, gaps skipped, nothing lost between two pages."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from journal.calendar import DAYS_BACK, by_week, day_words, earliest_day, monday_of, page_start, week_words
from journal.symptoms import SYMPTOMS, known_scores, lines, sentence, split

if TYPE_CHECKING:
    from django.test import Client

    from accounts.models import User
    from tests.journal.conftest import People

DAYS = st.dates(date(2020, 1, 1), date(2035, 12, 31))


@dataclass(frozen=True)
class Day:
    occurred_on: date


@given(st.lists(DAYS, max_size=30), DAYS)
def test_every_entry_is_in_exactly_one_week(days: list[date], today: date) -> None:
    ordered = [Day(day) for day in sorted(days, reverse=True)]
    weeks = by_week(ordered, today)
    assert [entry for week in weeks for entry in week.entries] == ordered
    assert all(week.monday.weekday() == 0 for week in weeks)
    assert all(0 <= (e.occurred_on - week.monday).days < 7 for week in weeks for e in week.entries)
    assert [week.monday for week in weeks] == sorted({monday_of(day) for day in days}, reverse=True)


@given(DAYS)
def test_a_page_is_four_whole_weeks(newest: date) -> None:
    assert page_start(newest).weekday() == 0
    assert 21 <= (newest - page_start(newest)).days < 28
    assert (newest - earliest_day(newest)).days == DAYS_BACK


def test_weeks_are_named_in_words() -> None:
    today = date(2026, 11, 22)
    assert week_words(date(2026, 11, 16), today) == "This week"
    assert week_words(date(2026, 11, 9), today) == "Last week"
    assert week_words(date(2026, 11, 2), today) == "Week of Monday 2 November 2026"


@given(st.dictionaries(st.sampled_from([s.code for s in SYMPTOMS]), st.integers(0, 4)))
def test_scores_are_split_and_said_without_loss(scores: dict[str, int]) -> None:
    assert known_scores(scores)
    seen, hidden = split(scores)
    assert {**seen, **hidden} == scores
    assert set(hidden) <= {"mood", "bladder", "intimacy"}
    assert not set(seen) & {"mood", "bladder", "intimacy"}
    assert len(lines(scores)) == len(scores)
    assert not re.search(r"\d", sentence(scores))


def test_pages_hold_every_entry_once_and_skip_gaps(people: People, maya: Client) -> None:
    ago = [0, 1, 6, 20, 27, 28, 33, 40, 55, 60]
    for days in ago:
        people.write({}, f"note-{days}.", days_ago=days)
    found: list[str] = []
    path = "/journal/"
    for _page in range(6):
        page = maya.get(path).content.decode()
        found += re.findall(r"note-(\d+)\.", page)
        link = re.search(r'href="(\?before=[0-9-]+)"', page)
        if link is None:
            break
        path = f"/journal/{link[1]}"
    assert [int(days) for days in found] == ago
    assert "Newest weeks" in page
    assert "Earlier weeks" not in page


@pytest.mark.parametrize("path", ["/journal/", "/journal/sharing/", "team", "carer", "summary", "/"])
def test_the_number_of_statements_does_not_grow(
    people: People, as_user: Callable[[User], Client], path: str
) -> None:
    people.follow("tiredness", "mood")
    from portal.context import forget_site

    user = {"team": people.nurse, "summary": people.nurse, "carer": people.carer}.get(path, people.maya)
    pages = {"team": "shared-journal/", "carer": "journal/", "summary": ""}
    address = f"/patients/{people.patient.pk}/{pages[path]}" if path in pages else path
    client = as_user(user)
    counts = []
    for number in (1, 4, 45):
        for turn in range(number):
            people.write({"tiredness": 1, "mood": 2}, "note", days_ago=turn % 14, share=True)
        forget_site()  # read anew at each count, and not just after 15 seconds
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(address)
        assert answer.status_code == 200
        ours = [query["sql"] for query in queries if "SAVEPOINT" not in query["sql"]]
        # The session notes activity now and then, whatever the page holds.
        counts.append(len([sql for sql in ours if "django_session" not in sql]))
    assert counts[0] == counts[1] == counts[2], counts


def test_the_day_is_the_clinics(people: People, as_user: Callable[[User], Client]) -> None:
    """Late in the evening in New York it is tomorrow already in UTC, and still today in the journal."""
    evening = datetime.combine(people.today() + timedelta(days=1), time(3, 30), UTC)
    with time_machine.travel(evening, tick=False):
        people.write({}, "late words")
        page = as_user(people.maya).get("/journal/").content.decode()
    assert day_words(people.today()) in page
    assert "0:30 pm" in page.replace("11:30", "10:30")
