"""The door of the API: who a token speaks for, and how often anybody may ask.

It stands before the unit of work. What is counted there stays counted when the request is refused and rolled back.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.throttling import AnonRateThrottle

from accounts.tokens import note_use, token_for
from portal.lib.errors import for_programs, problem_answer
from portal.lib.time import now as present

GetResponse = Callable[[HttpRequest], HttpResponseBase]
BEARER = re.compile(r"bearer +(\S+) *", re.IGNORECASE)
MINUTE = 60

COUNT = """
    INSERT INTO accounts_apicount AS known (key, minute, count, before)
    SELECT key, %s, 1, 0 FROM unnest(%s::text[]) AS asked(key) ORDER BY key
    ON CONFLICT (key) DO UPDATE SET
        before = CASE known.minute WHEN excluded.minute THEN known.before
                                   WHEN excluded.minute - 1 THEN known.count ELSE 0 END,
        count = CASE known.minute WHEN excluded.minute THEN known.count + 1 ELSE 1 END,
        minute = excluded.minute
    RETURNING key, count, before
"""


class ApiDoorMiddleware:
    """Turns a token into its person for the API alone, and answers 429 to whoever asks too often.

    A wrong token is 401 and never falls back to a session beside it. Pages do not know tokens.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not for_programs(request):
            return self.get_response(request)
        said = request.META.get("HTTP_AUTHORIZATION", "")
        if not said:
            return self._counted(request)
        now = present()
        bearer = BEARER.fullmatch(said)
        token = token_for(bearer[1], now) if bearer is not None else None
        if token is None:
            return too_often([("address", address_of(request))]) or _wrong_token()
        request.user = token.user
        request.api_token = token  # type: ignore[attr-defined]
        request.acts_via = f"token:{token.pk}"  # type: ignore[attr-defined]
        note_use(token, now)
        return self._counted(request)

    def _counted(self, request: HttpRequest) -> HttpResponseBase:
        token = getattr(request, "api_token", None)
        if token is not None:
            who = [("token", str(token.pk)), ("user", str(token.user_id))]
        elif request.user.is_authenticated:
            who = [("user", str(request.user.pk))]
        else:
            who = [("address", address_of(request))]
        return too_often(who) or self.get_response(request)


def address_of(request: HttpRequest) -> str:
    """The network address that asks, as the last proxy of ours saw it: what a client writes into X-Forwarded-For is not believed."""
    return AnonRateThrottle().get_ident(Request(request))[:60]


def too_often(who: list[tuple[str, str]]) -> HttpResponseBase | None:
    """Count a request for each (kind, id); a 429 answer when one of them asked more often than `settings.API_LIMITS` says.

    The limit is for any 60 seconds: the minute before counts for the part of it that lies within them.
    """
    seconds = time.time()
    minute, passed = int(seconds // MINUTE), seconds % MINUTE
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [minute, [f"{kind}:{name}" for kind, name in who]])
        for key, count, before in cursor.fetchall():
            limit = settings.API_LIMITS[key.partition(":")[0]]
            if count + before * (1 - passed / MINUTE) > limit:
                answer = problem_answer(429, _("This is too often. Wait a little, then go on."))
                answer.headers["Retry-After"] = str(int(MINUTE - passed) + 1)
                return answer
    return None


def _wrong_token() -> HttpResponseBase:
    answer = problem_answer(
        401, _("This token does not work. It may be mistyped, ended or revoked. Ask for a new one.")
    )
    answer.headers["WWW-Authenticate"] = 'Bearer error="invalid_token"'
    return answer
