"""When somebody answers: promises in the clinic's own hours, and what to do until then."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from clinic.models import Site
from clinic.services import SiteState, state_of
from messaging.topics import LANE_OF, Lane, Topic
from messaging.work.usual import words_for

FALLBACK = timedelta(days=7)  # a clinic whose hours say "never": still a date, never an open end


def due_at(state: SiteState, topic: str, now: datetime) -> datetime:
    """Until when the team owes an answer to a message sent at `now` (aware); UTC.

    Safety: open minutes of the site's setting. Everything else: the end of the n-th working day after today.
    """
    if LANE_OF[topic] == Lane.SAFETY:
        promised = state.add_open_minutes(now, state.site.reply_urgent_minutes)
    else:
        promised = state.end_of_working_day(now, state.site.reply_routine_days)
    return promised or now + FALLBACK


@dataclass(frozen=True, slots=True)
class Help:
    """What stands above a new message: who reads it when, and whom to call instead. Times are aware, UTC."""

    site: Site
    is_open: bool
    closes_at: datetime | None
    opens_at: datetime | None
    answer_by: datetime
    urgent_answer_by: datetime

    @property
    def usual(self) -> str:
        """How long answers really took, in words; "" when there is nothing to say."""
        return words_for(self.site)

    @property
    def phone(self) -> str:
        """The number that is answered now."""
        return self.site.day_phone if self.is_open else self.site.after_hours_phone


def help_now(site: Site, now: datetime) -> Help:
    """The urgent-help and open-or-closed panel at an instant: one statement at most, once a unit of work."""
    state = state_of(site)
    is_open = state.is_open(now)
    return Help(
        site=site,
        is_open=is_open,
        closes_at=state.closes_at(now) if is_open else None,
        opens_at=None if is_open else state.next_opening(now),
        answer_by=due_at(state, Topic.OTHER, now),
        urgent_answer_by=due_at(state, Topic.SIDE_EFFECT, now),
    )
