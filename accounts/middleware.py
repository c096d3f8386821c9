"""Idle and absolute limits of a sign-in. What was typed when it ended is kept as a draft."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.http.multipartparser import MultiPartParserError
from django.http.request import UnreadablePostError
from django.middleware.csrf import CsrfViewMiddleware
from django.shortcuts import resolve_url
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import idle_limit
from portal.lib.errors import for_programs, problem_answer

GetResponse = Callable[[HttpRequest], HttpResponseBase]

# The article editor asks every few seconds who else is there; that is no act of a person.
POLLED = ("/cms/editing-sessions/",)

# Called with (user, request) when a signed-out form arrives; returns True when its text is kept.
keepers: list[Callable[[User, HttpRequest], bool]] = []


class SessionLimitsMiddleware:
    """Ends a session after 15 (staff) or 30 (patients) minutes without an act, and 12 hours after sign-in.

    The session row outlives the sign-in, so the form that arrives a minute too late still says whose it
    is: its text becomes that person's draft, then they are asked to sign in again and land on it.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if getattr(request, "api_token", None) is not None or not request.user.is_authenticated:
            return self.get_response(request)  # a token has an end of its own
        now = int(timezone.now().timestamp())
        seen, since = request.session.get("seen_at"), request.session.get("signed_in_at")
        if (
            not isinstance(seen, int)
            or not isinstance(since, int)
            or now - seen >= idle_limit(request)
            or now - since >= settings.SESSION_ABSOLUTE_SECONDS
        ):
            return self.end(request)
        # Written every 20 seconds at most: requests beside each other would overwrite the session's other values.
        polling = request.headers.get("X-Poll") or request.path_info.startswith(POLLED)
        if now - seen >= 20 and not polling:
            request.session["seen_at"] = now
        return self.get_response(request)

    def end(self, request: HttpRequest) -> HttpResponseBase:
        user = request.user
        assert isinstance(user, User)
        kept = request.method == "POST" and self.keep(user, request)
        logout(request)
        if for_programs(request):
            return problem_answer(401, _("You were signed out."))
        if kept:
            messages.info(
                request, _("You were signed out because nothing happened for a while. Your writing is saved.")
            )
        else:
            messages.info(request, _("You were signed out because nothing happened for a while."))
        back = request.get_full_path()
        if request.method == "POST":
            back = (request.POST.get("draft_resume") if kept else "") or request.path
        if not url_has_allowed_host_and_scheme(back, allowed_hosts=None):
            back = "/"
        return HttpResponseRedirect(f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': back})}")

    def keep(self, user: User, request: HttpRequest) -> bool:
        """Keep the text of a form of ours that came too late; False for what cannot be read or came from another site."""
        try:
            # The check that every form passes; it runs later in the chain, and this request ends here.
            if CsrfViewMiddleware(_nothing).process_view(request, _nothing, (), {}) is not None:
                return False
            return any(keep(user, request) for keep in keepers)
        except (SuspiciousOperation, MultiPartParserError, UnreadablePostError, ValueError):
            return False


def _nothing(request: HttpRequest) -> HttpResponse:
    return HttpResponse()
