"""Days and times in words, as pages, mails and messages say them: "Thursday 3 December 2026 at 9:00 am"."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import dates, timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _


def _zone(zone: Any) -> dt.tzinfo | None:
    return ZoneInfo(zone) if isinstance(zone, str) and zone else zone or None


def _local(value: dt.date | dt.datetime, zone: Any = None) -> dt.date | dt.datetime:
    """An aware moment in that zone (the active one without); dates and naive wall-clock times as they are."""
    if isinstance(value, dt.datetime) and timezone.is_aware(value):
        return timezone.localtime(value, _zone(zone))
    return value


@lru_cache(maxsize=16)
def _names(language: str | None) -> tuple[tuple[str, ...], tuple[str, ...], str, str, str]:
    """Weekdays from Monday, months from January, the halves of a day and the sentence of a moment, looked up once for a language:
    a long page says two hundred moments."""
    weekdays = tuple(str(dates.WEEKDAYS[number]) for number in range(7))
    months = tuple(str(dates.MONTHS[number]) for number in range(1, 13))
    return weekdays, months, _("am"), _("pm"), _("%(day)s at %(clock)s")


def day(value: dt.date | dt.datetime | None, zone: Any = None) -> str:
    """ "Thursday 3 December 2026", in the zone given (`{{ start|day:site.time_zone }}`) or the active one."""
    if value is None:
        return ""
    local = _local(value, zone)
    weekdays, months, *_rest = _names(get_language())
    return f"{weekdays[local.weekday()]} {local.day} {months[local.month - 1]} {local.year}"


def clock(value: dt.datetime | dt.time | None, zone: Any = None) -> str:
    """ "9:00 am", in the zone given or the active one."""
    if value is None:
        return ""
    local = value if isinstance(value, dt.time) else _local(value, zone)
    assert isinstance(local, dt.datetime | dt.time)  # a date has no clock
    _weekdays, _months, before_noon, after_noon, _moment = _names(get_language())
    half = before_noon if local.hour < 12 else after_noon
    return f"{(local.hour + 11) % 12 + 1}:{local.minute:02d} {half}"


def when(value: dt.datetime | None, zone: Any = None) -> str:
    """ "Thursday 3 December 2026 at 9:00 am", in the zone given or the active one."""
    if value is None:
        return ""
    return _names(get_language())[-1] % {"day": day(value, zone), "clock": clock(value, zone)}


def ago(value: dt.date | dt.datetime | None, zone: Any = None) -> str:
    """ "today", "tomorrow", "in 10 days", "3 weeks ago": calendar days in the zone given. Only ever beside a date."""
    if value is None:
        return ""
    local = _local(value, zone)
    there = local.date() if isinstance(local, dt.datetime) else local
    here = timezone.localdate(timezone=_zone(zone))
    days = (there - here).days
    if days in (-1, 0, 1):
        return {-1: _("yesterday"), 0: _("today"), 1: _("tomorrow")}[days]
    far = abs(days)
    if far < 21:
        span = ngettext("%(count)d day", "%(count)d days", far) % {"count": far}
    elif far < 63:
        span = ngettext("%(count)d week", "%(count)d weeks", far // 7) % {"count": far // 7}
    elif far < 730:
        span = ngettext("%(count)d month", "%(count)d months", far // 30) % {"count": far // 30}
    else:
        span = ngettext("%(count)d year", "%(count)d years", far // 365) % {"count": far // 365}
    return (_("in %(span)s") if days > 0 else _("%(span)s ago")) % {"span": span}


def waiting(value: dt.datetime | None) -> str:
    """How long since a moment, for a work list: "20 minutes", "4 hours", "1 day 4 hours"."""
    if value is None:
        return ""
    minutes = max(0, int((timezone.now() - value).total_seconds() // 60))
    days, hours = minutes // 1440, minutes % 1440 // 60
    words = []
    if days:
        words.append(ngettext("%(count)d day", "%(count)d days", days) % {"count": days})
    if hours and days < 7:
        words.append(ngettext("%(count)d hour", "%(count)d hours", hours) % {"count": hours})
    if not words:
        words.append(ngettext("%(count)d minute", "%(count)d minutes", minutes) % {"count": minutes})
    return " ".join(words)
