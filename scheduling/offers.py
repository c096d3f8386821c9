"""What a page shows of the free times: the next three, or days with their times. Words are made here, for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.lib.forms import Option
from portal.lib.time_words import ago, clock, day
from scheduling import slots
from scheduling.finding import Start
from scheduling.pages import slot_text

NEXT = 3
DAYS_ON_A_PAGE = 5
NOON = 12
ANY = "any"
SUITS: Sequence[tuple[str, Any]] = (
    (ANY, gettext_lazy("Any time of day")),
    ("mornings", gettext_lazy("Mornings, before 12:00")),
    ("afternoons", gettext_lazy("Afternoons, from 12:00")),
)


@dataclass(frozen=True, slots=True)
class Offer:
    """Choices for the form, and the days that the links for earlier and later times lead to."""

    choices: list[Any] = field(default_factory=list)
    earlier: date | None = None
    later: date | None = None
    by_day: bool = False


def local_of(at: datetime, zone: str) -> datetime:
    return at.astimezone(ZoneInfo(zone))


def suiting(starts: Iterable[Start], suits: str, zone: str) -> list[Start]:
    """The starts in the part of the day that suits."""
    if suits == "mornings":
        return [start for start in starts if local_of(start.at, zone).hour < NOON]
    if suits == "afternoons":
        return [start for start in starts if local_of(start.at, zone).hour >= NOON]
    return list(starts)


def apart(starts: Sequence[Start], minutes: int) -> list[Start]:
    """The starts that are worth showing: one length apart on each lane."""
    shown: list[Start] = []
    for _lane, group in groupby(
        sorted(starts, key=lambda s: (str(s.resource_id), s.at)), key=lambda s: s.resource_id
    ):
        lane = {start.at: start for start in group}
        shown += [lane[at] for at in slots.spread(lane, minutes=minutes)]
    return sorted(shown, key=lambda start: start.at)


def next_three(starts: Sequence[Start], zone: str) -> list[Start]:
    """Three soon times that differ: the first of each half day, filled up with the soonest others."""
    halves: dict[tuple[date, bool], Start] = {}
    for start in starts:
        local = local_of(start.at, zone)
        halves.setdefault((local.date(), local.hour < NOON), start)
    chosen = list(halves.values())[:NEXT]
    chosen += [start for start in starts if start not in chosen][: NEXT - len(chosen)]
    return sorted(chosen, key=lambda start: start.at)


def near(starts: Iterable[Start], wanted: datetime, count: int = 12) -> list[Start]:
    """The starts next to an instant, earlier or later, in the order of the clock."""
    ranked = sorted(starts, key=lambda start: (abs(start.at - wanted), start.at))
    return sorted(ranked[:count], key=lambda start: start.at)


def three_offer(starts: Sequence[Start], zone: str) -> Offer:
    """The next three suitable times as full sentences."""
    chosen = next_three(starts, zone)
    choices = [
        (
            slot_text(start.at, start.resource_id),
            Option(
                time_words(start.at, zone),
                _("%(relative)s, with %(who)s")
                % {"relative": ago(start.at, zone).capitalize(), "who": start.label}
                if start.label
                else ago(start.at, zone).capitalize(),
            ),
        )
        for start in chosen
    ]
    return Offer(choices)


def days_offer(starts: Sequence[Start], zone: str, first: date) -> Offer:
    """Five days that have times, from `first` on: the day as a heading, its times below."""
    by_day = {
        on: list(group) for on, group in groupby(starts, key=lambda start: local_of(start.at, zone).date())
    }
    coming = [on for on in sorted(by_day) if on >= first]
    before = [on for on in sorted(by_day) if on < first]
    several = len({start.label for start in starts}) > 1
    choices = [
        (
            day(on),
            [
                (
                    slot_text(start.at, start.resource_id),
                    Option(clock_words(start.at, zone), start.label if several else ""),
                )
                for start in by_day[on]
            ],
        )
        for on in coming[:DAYS_ON_A_PAGE]
    ]
    later = coming[DAYS_ON_A_PAGE] if len(coming) > DAYS_ON_A_PAGE else None
    earlier = before[-DAYS_ON_A_PAGE:][0] if before else None
    return Offer(choices, earlier=earlier, later=later, by_day=True)


def clock_words(at: datetime, zone: str) -> str:
    """ "1:30 am"; in the hour that comes twice when clocks go back, which of the two."""
    local = local_of(at, zone)
    if local.replace(fold=0).utcoffset() == local.replace(fold=1).utcoffset():
        return clock(at, zone)
    if local.fold == 0:
        return _("%(clock)s, before the clocks go back") % {"clock": clock(at, zone)}
    return _("%(clock)s, after the clocks go back") % {"clock": clock(at, zone)}


def time_words(at: datetime, zone: str) -> str:
    """ "Thursday 3 December 2026 at 9:00 am"."""
    return _("%(day)s at %(clock)s") % {"day": day(at, zone), "clock": clock_words(at, zone)}


def alternative_words(start: Start, zone: str) -> str:
    """A button that books another time: "Book Thursday 3 December 2026 at 9:30 am"."""
    return _("Take %(when)s") % {"when": time_words(start.at, zone)}
