"""Time is aware and passed in; pages show the clinic's own zone."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


def now() -> datetime:
    """The present instant in UTC. Services take `now` as an argument; only the edge calls this."""
    return datetime.now(UTC)


def local(instant: datetime, zone: str) -> datetime:
    """The wall clock of an IANA zone at an instant. Raises ValueError for a naive datetime."""
    if instant.tzinfo is None:
        raise ValueError("a naive datetime has no place on a clock")
    return instant.astimezone(ZoneInfo(zone))


def today_in(instant: datetime, zone: str) -> date:
    """The calendar day of an IANA zone at an instant."""
    return local(instant, zone).date()
