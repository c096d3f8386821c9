"""What every API view shares: session sign-in with CSRF, strict JSON in, problem+json out (RFC 9457)."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404
from rest_framework import exceptions, parsers, status
from rest_framework.authentication import SessionAuthentication as BaseSessionAuthentication
from rest_framework.request import Request
from rest_framework.response import Response

from portal.lib.problems import DomainError


class SessionAuthentication(BaseSessionAuthentication):
    """The signed-in session, CSRF checked; says 401 (not 403) to nobody, so that a page can offer to sign in."""

    def authenticate_header(self, request: Request) -> str:
        return "Session"


class StrictJSONParser(parsers.JSONParser):
    """JSON objects only; what Python's parser cannot take is a 400, never a 500."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        length = (parser_context or {})["request"].META.get("CONTENT_LENGTH") or "0"
        if not length.isdigit() or int(length) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise RequestDataTooBig  # unread: Django's own limit does not cover a stream
        try:
            data = super().parse(stream, media_type, parser_context)
            json.dumps(
                data, ensure_ascii=False
            ).encode()  # half of a pair of signs, even in a name, cannot be answered
        except (RecursionError, UnicodeError) as error:
            raise exceptions.ParseError("The request could not be read.") from error
        if not isinstance(data, dict):
            raise exceptions.ParseError("A JSON object is needed here.")
        return data


def problem(status_code: int, title: str, **members: Any) -> Response:
    """A problem document."""
    response = Response(
        {"type": "about:blank", "title": title, "status": status_code, **members}, status=status_code
    )
    response.content_type = "application/problem+json"
    return response


def problem_response(exc: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: every refusal is a problem document, and its unit of work is rolled back."""
    request = context["request"]._request
    if isinstance(exc, DomainError):
        request.unit_failed = True
        return problem(exc.status, str(exc.message))
    if isinstance(exc, Http404):
        exc = exceptions.NotFound()
    elif isinstance(exc, PermissionDenied):
        exc = exceptions.PermissionDenied()
    elif isinstance(exc, RequestDataTooBig):
        request.unit_failed = True
        return problem(status.HTTP_413_REQUEST_ENTITY_TOO_LARGE, "This is too much at once.")
    if not isinstance(exc, exceptions.APIException):
        return None
    request.unit_failed = True
    headers = {}
    if getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = exc.auth_header  # type: ignore[attr-defined]
    if getattr(exc, "wait", None):
        headers["Retry-After"] = str(int(exc.wait))  # type: ignore[attr-defined]
    members: dict[str, Any] = {}
    if isinstance(exc, exceptions.ValidationError):
        members["errors"] = json.loads(json.dumps(exc.detail, default=str))
        title = "Some answers need another look."
    else:
        title = str(exc.detail)
    response = problem(exc.status_code, title, **members)
    for name, value in headers.items():
        response.headers[name] = value
    return response
