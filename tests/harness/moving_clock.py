"""`portal.wsgi` with a clock that a test can move; for tests only.

The file that TEST_CLOCK_FILE names holds how many seconds the portal's clock is ahead of the real one. It is read at each request, so a year of
a treatment passes in a minute. What is moved is the clock that Django and the portal ask; the database, mails and the worker keep the real one.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.utils import timezone

from portal.lib import time as portal_time

_file = Path(os.environ["TEST_CLOCK_FILE"])
_ahead = timedelta()


def _now() -> datetime:
    return datetime.now(UTC) + _ahead


# Before anything else of the portal is imported: other modules take these by name.
portal_time.now = _now
timezone.now = _now

from portal.wsgi import application as _portal  # noqa: E402


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """One request at the moved time."""
    global _ahead
    _ahead = timedelta(seconds=float(_file.read_text(encoding="ascii") or 0))
    return _portal(environ, start_response)
