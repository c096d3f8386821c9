"""Days and weeks of the journal. Pure: dates in, dates and words out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Protocol, TypeVar

from django.utils import dates
from django.utils.translation import gettext as _

DAYS_BACK = 60
WEEKS_ON_A_PAGE = 4


class Dated(Protocol):
    @property
    def occurred_on(self) -> date: ...


D = TypeVar("D", bound=Dated)


def earliest_day(today: date) -> date:
    """The first day an entry may still be written for."""
    return today - timedelta(days=DAYS_BACK)


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def page_start(newest: date) -> date:
    """The Monday with which a page begins whose newest entry is of the day `newest`."""
    return monday_of(newest) - timedelta(weeks=WEEKS_ON_A_PAGE - 1)


def day_words(day: date) -> str:
    """ "Thursday 3 December 2026"."""
    return f"{dates.WEEKDAYS[day.weekday()]} {day.day} {dates.MONTHS[day.month]} {day.year}"


def week_words(monday: date, today: date) -> str:
    """ "This week", "Last week" or "Week of Monday 9 November 2026"."""
    back = (monday_of(today) - monday).days // 7
    if back == 0:
        return _("This week")
    if back == 1:
        return _("Last week")
    return _("Week of %(day)s") % {"day": day_words(monday)}


@dataclass(slots=True)
class Week:
    """A week that has entries; weeks without any are not shown at all."""

    monday: date
    words: str
    entries: list[Any] = field(default_factory=list)


def by_week(entries: Iterable[D], today: date) -> list[Week]:
    """Entries, newest first, in their weeks (Monday to Sunday), newest week first."""
    weeks: list[Week] = []
    for entry in entries:
        monday = monday_of(entry.occurred_on)
        if not weeks or weeks[-1].monday != monday:
            weeks.append(Week(monday, week_words(monday, today)))
        weeks[-1].entries.append(entry)
    return weeks
