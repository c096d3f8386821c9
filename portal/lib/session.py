"""How long a sign-in still lasts, for the page's own warning; `accounts.middleware` decides."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone


def seconds_left(request: HttpRequest) -> int:
    """Seconds from now until this sign-in ends if nothing more happens: the idle limit or the absolute one, the nearer."""
    session = request.session
    idle = settings.SESSION_IDLE_SECONDS_STAFF if session.get("staff_limits", True) else settings.SESSION_IDLE_SECONDS_PATIENT
    now = int(timezone.now().timestamp())
    seen, since = session.get("seen_at", now), session.get("signed_in_at", now)
    return max(0, min(seen + idle, since + settings.SESSION_ABSOLUTE_SECONDS) - now)
