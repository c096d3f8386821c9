"""How long a sign-in still lasts, for the page's own warning; `accounts.middleware` decides."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone


def idle_seconds(request: HttpRequest) -> int:
    """Seconds without an act after which this sign-in ends."""
    staff = request.session.get("staff_limits", True)
    return int(settings.SESSION_IDLE_SECONDS_STAFF if staff else settings.SESSION_IDLE_SECONDS_PATIENT)


def most_seconds(request: HttpRequest) -> int:
    """Seconds from now until this sign-in ends whatever happens."""
    now = int(timezone.now().timestamp())
    return max(0, int(request.session.get("signed_in_at", now)) + settings.SESSION_ABSOLUTE_SECONDS - now)


def seconds_left(request: HttpRequest) -> int:
    """Seconds from now until this sign-in ends if nothing more happens: the idle limit or the absolute one, the nearer."""
    now = int(timezone.now().timestamp())
    idle = int(request.session.get("seen_at", now)) + idle_seconds(request) - now
    return max(0, min(idle, most_seconds(request)))
