"""What the settings name for every API view: who asks, what a token may do, and how a body is read.

A module of its own, because DRF reads it while its own views are being made.
"""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.utils.translation import gettext as _
from rest_framework import exceptions, parsers
from rest_framework.authentication import BaseAuthentication
from rest_framework.authentication import SessionAuthentication as BaseSessionAuthentication
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

ANY_TOKEN = "*"  # noqa: S105 - the noun of an address that every working token may read


class TokenAuthentication(BaseAuthentication):
    """The person whose token `accounts.door` has read; the token itself is `request.auth`."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        token = getattr(request._request, "api_token", None)
        return (token.user, token) if token is not None else None

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class SessionAuthentication(BaseSessionAuthentication):
    """The signed-in session, CSRF checked; says 401 (not 403) to nobody, so that a page can offer to sign in."""

    def authenticate_header(self, request: Request) -> str:
        return "Session"


class TokenScope(BasePermission):
    """A token does only what its scopes say: read or write, noun by noun. A signed-in person is not limited by it."""

    def has_permission(self, request: Request, view: Any) -> bool:
        token = getattr(request._request, "api_token", None)
        noun = getattr(view, "noun", "")
        reading = request.method in SAFE_METHODS
        open_to_all = (request.method or "").lower() in getattr(view, "any_token", ())
        if token is None or open_to_all or (noun == ANY_TOKEN and reading):
            return True
        scope = f"{noun}:{'read' if reading else 'write'}"
        if scope not in token.scopes:
            raise exceptions.PermissionDenied(
                _("This token lacks the scope %(scope)s. Ask for one that has it.") % {"scope": scope}
            )
        return True


class AlwaysJSON(BaseContentNegotiation):
    """JSON whatever was asked for: there is nothing else to choose."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        media_type = (request.content_type or "").split(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == media_type), None)

    def select_renderer(self, request: Request, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type


class StrictJSONParser(parsers.JSONParser):
    """JSON objects only; what Python's parser cannot take is a 400, never a 500."""

    longest = 0  # bytes; 0 is what the settings say for every body

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        length = (parser_context or {})["request"].META.get("CONTENT_LENGTH") or "0"
        if not length.isdigit() or int(length) > (self.longest or settings.DATA_UPLOAD_MAX_MEMORY_SIZE):
            raise RequestDataTooBig  # unread: Django's own limit does not cover a stream
        try:
            data = super().parse(stream, media_type, parser_context)
            # Half of a pair of signs, even in a name, cannot be answered.
            json.dumps(data, ensure_ascii=False).encode()
        except (RecursionError, UnicodeError, ValueError) as error:
            raise exceptions.ParseError("The request could not be read.") from error
        if not isinstance(data, dict):
            raise exceptions.ParseError("A JSON object is needed here.")
        return data
