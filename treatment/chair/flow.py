"""The order in which things happen in a chair, as plain arithmetic over lines: no database, no clock of its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext_lazy

from portal.lib.problems import DomainError
from treatment.models import ChairRow

Kind = ChairRow.Kind
SOON = timedelta(minutes=10)


class OutOfOrder(DomainError):
    status = 422
    default_message = gettext_lazy(
        "This does not fit what is in the record at that time. Look at the lines, then note it again."
    )


class State(StrEnum):
    """Where the record stands."""

    WAITING = "waiting"
    RUNNING = "running"
    STOPPED = "stopped"
    ENDED = "ended"
    OBSERVING = "observing"
    OBSERVED = "observed"
    CLOSED = "closed"


ANY_TIME = (Kind.VITALS, Kind.PREMEDICATION, Kind.REACTION)
FOLLOWS: dict[State, dict[str, State]] = {
    State.WAITING: {Kind.CHECKS: State.WAITING, Kind.STARTED: State.RUNNING},
    State.RUNNING: {Kind.STOPPED: State.STOPPED, Kind.RATE: State.RUNNING, Kind.ENDED: State.ENDED},
    State.STOPPED: {Kind.WENT_ON: State.RUNNING, Kind.RATE: State.STOPPED, Kind.ENDED: State.ENDED},
    State.ENDED: {Kind.OBSERVING: State.OBSERVING, Kind.CLOSED: State.CLOSED},
    State.OBSERVING: {Kind.OBSERVED: State.OBSERVED},
    State.OBSERVED: {Kind.CLOSED: State.CLOSED},
    State.CLOSED: {},
}


@dataclass(frozen=True, slots=True)
class Line:
    """A line as the arithmetic reads it."""

    kind: str
    at: datetime
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stand:
    """What the lines say up to now. `breaks`: from when to when the infusion stood still; the last may have no end yet."""

    state: State = State.WAITING
    started_at: datetime | None = None
    ended_at: datetime | None = None
    observing_at: datetime | None = None
    observed_at: datetime | None = None
    closed_at: datetime | None = None
    rate: str = ""  # mL/h, as it was typed
    breaks: tuple[tuple[datetime, datetime | None], ...] = ()

    def stood_still(self, now: datetime) -> timedelta:
        """How long the infusion stood still, up to `now`."""
        return sum(((until or now) - since for since, until in self.breaks), timedelta())


def replay(lines: Iterable[Line]) -> Stand:
    """The stand after lines in the order of the clock. Raises OutOfOrder at the first that cannot follow."""
    stand = Stand()
    for line in lines:
        stand = _after(stand, line)
    return stand


def _after(stand: Stand, line: Line) -> Stand:
    if line.kind in ANY_TIME:
        if stand.state is State.CLOSED:
            raise OutOfOrder
        return stand
    following = FOLLOWS[stand.state].get(line.kind)
    if following is None:
        raise OutOfOrder
    stand = replace(stand, state=following)
    if line.kind == Kind.CHECKS:
        return stand
    if line.kind == Kind.STARTED:
        return replace(stand, started_at=line.at, rate=line.details.get("ml_h", ""))
    if line.kind == Kind.STOPPED:
        return replace(stand, breaks=(*stand.breaks, (line.at, None)))
    if line.kind == Kind.RATE:
        return replace(stand, rate=line.details.get("ml_h", ""))
    if line.kind == Kind.OBSERVING:
        return replace(stand, observing_at=line.at)
    if line.kind == Kind.OBSERVED:
        return replace(stand, observed_at=line.at)
    if line.kind == Kind.CLOSED:
        return replace(stand, closed_at=line.at)
    if stand.breaks and stand.breaks[-1][1] is None:  # it went on, or ended while it stood still
        stand = replace(stand, breaks=(*stand.breaks[:-1], (stand.breaks[-1][0], line.at)))
    return replace(stand, ended_at=line.at) if line.kind == Kind.ENDED else stand


# --- The time of observation ---------------------------------------------------------------------------------------


class WatchState(StrEnum):
    """How the time of observation stands."""

    NONE = "none"  # it has not begun, or has ended
    ASK = "ask"  # the version does not say how long
    RUNNING = "running"
    SOON = "soon"  # ten minutes or less are left
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Watch:
    """The time of observation at a moment. `minutes`: as the version states them, None when it does not."""

    state: WatchState
    minutes: int | None
    due: datetime | None = None
    left: int = 0  # minutes, rounded up


def watch(stand: Stand, minutes: int | None, now: datetime) -> Watch:
    """Where the observation stands at `now`; nothing is guessed where the version states no minutes."""
    if stand.state is not State.OBSERVING or stand.observing_at is None:
        return Watch(WatchState.NONE, minutes)
    if minutes is None:
        return Watch(WatchState.ASK, None)
    due = stand.observing_at + timedelta(minutes=minutes)
    if now >= due:
        return Watch(WatchState.OVER, minutes, due)
    state = WatchState.SOON if due - now <= SOON else WatchState.RUNNING
    return Watch(state, minutes, due, -int(-(due - now).total_seconds() // 60))


def too_early(stand: Stand, minutes: int | None, at: datetime) -> bool:
    """Whether the observation would end before the minutes of the version are over."""
    if minutes is None or stand.observing_at is None:
        return False
    return at < stand.observing_at + timedelta(minutes=minutes)
