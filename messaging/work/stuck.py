"""What the clockwork fails at run after run: counted in the shared cache, and said to administrators without a word about health.

The log has each failure. Here is only what did not go away by itself: the step, the id of the work item, the kind of the error. The cache is a
table of the same database; what is forgotten with it is counted anew, within minutes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.utils.translation import gettext as _

from clinic.models import Site
from portal.lib.time_words import when

KEY = "messaging.clockwork.failing"
SHOWN_FROM = 5  # runs in a row: what one minute breaks, the next ones mend
STANDS_FOR = timedelta(minutes=10)  # what nobody counts any more is not shown: the worker was stopped
MOST = 20  # lines for one page

_failed: ContextVar[dict[str, str] | None] = ContextVar("clockwork_failed", default=None)


@contextmanager
def counting(now: datetime) -> Iterator[None]:
    """Around one run: what is reported inside is one more failure in a row, and what is not begins anew."""
    failed: dict[str, str] = {}
    mark = _failed.set(failed)
    try:
        yield
    finally:
        _failed.reset(mark)
        _count(failed, now)


def report(step: str, error: Exception, item: Any = "") -> None:
    """One failure of the running run: the step, and the id of the work item when it was one."""
    failed = _failed.get()
    if failed is not None:
        failed[f"{step} {item}".strip()] = type(error).__name__


def _count(failed: Mapping[str, str], now: datetime) -> None:
    before: dict[str, dict[str, Any]] = cache.get(KEY) or {}
    if not failed and not before:
        return
    counted = {}
    for name, error in failed.items():
        earlier = before.get(name, {"times": 0, "since": now})
        counted[name] = {"times": earlier["times"] + 1, "since": earlier["since"], "error": error}
    cache.set(KEY, counted, STANDS_FOR.total_seconds())


def stuck() -> dict[str, dict[str, Any]]:
    """What failed at least `SHOWN_FROM` runs in a row, by step and item: `times`, `since` (aware) and the kind of `error`."""
    found: dict[str, dict[str, Any]] = cache.get(KEY) or {}
    return {name: row for name, row in found.items() if row["times"] >= SHOWN_FROM}


def said_to_administrators(now: datetime) -> list[str]:
    """The same in sentences."""
    site = Site.objects.first()
    words = _(
        "The worker has failed %(times)d times in a row at “%(name)s” (%(error)s), first on %(since)s. It tries again every minute. "
        "Until it works, tell the team by phone: people may not be told about urgent messages. Look at the log of the worker."
    )
    zone = site.time_zone if site is not None else "UTC"
    found = sorted(stuck().items(), key=lambda pair: pair[1]["since"])
    return [words % {"name": name, **row, "since": when(row["since"], zone)} for name, row in found[:MOST]]


__all__ = ["SHOWN_FROM", "counting", "report", "said_to_administrators", "stuck"]
