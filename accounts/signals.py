"""Sign-in turns nobody into somebody in the middle of a request: the unit of work must learn it."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest

from accounts.models import User
from accounts.services import start_session_clock
from portal.lib import actor


@receiver(user_logged_in)
def become_somebody(*, request: HttpRequest | None, user: User, **kwargs: Any) -> None:
    if actor.in_unit():
        actor.switch(actor.Actor(user_id=user.pk))
    if request is not None and hasattr(request, "session"):
        start_session_clock(request, user)


@receiver(user_logged_out)
def become_nobody(*, request: HttpRequest | None = None, **kwargs: Any) -> None:
    if actor.in_unit():
        actor.switch(actor.NOBODY)
    if request is not None:
        request.signed_out = True  # type: ignore[attr-defined]  # the answer tells the browser to forget what it kept
