"""Error pages of the whole site, in our own design; the last one needs nothing but a file."""

from __future__ import annotations

import logging
import sys
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from portal.context import last_known_site
from portal.lib.errors import error_page, for_programs, problem_answer

logger = logging.getLogger("portal")
RETRY_SECONDS = 10
LAST_RESORT = (
    "<!doctype html><html lang=en><meta charset=utf-8><title>Something went wrong on our side</title>"
    "<h1>Something went wrong on our side</h1><p>Go back and try again in a minute. If it stays like this, call the clinic. "
    "The number is in your letters. In an emergency, call your local emergency number.</p><p><a href=/>Front page</a></p>"
)


def _without_anything(status: int = 500) -> HttpResponse:
    """The page of an error of ours: no request, no database, no context processors; the phone as it was last read."""
    try:
        return HttpResponse(render_to_string(f"{status}.html", last_known_site()), status=status)
    except Exception:
        logger.exception("the page of a server error could not be drawn")
        return HttpResponse(LAST_RESORT, status=status)


def _answer(request: HttpRequest, status: int, title: str) -> HttpResponse:
    if for_programs(request):
        return problem_answer(status, title)
    try:
        return error_page(request, status)
    except Exception:
        logger.exception("an error page could not be drawn")
        return _without_anything()


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, 400, "The request could not be read.")


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, 403, "You can look at this, but you cannot change it.")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, 404, "There is no such address.")


def server_error(request: HttpRequest) -> HttpResponse:
    """500; 503 while the database does not answer, which passes."""
    away = isinstance(sys.exc_info()[1], (OperationalError, InterfaceError))
    status = 503 if away else 500
    if for_programs(request):
        response = _answer(request, status, "Something went wrong on our side.")
    else:
        response = _without_anything(status)
    if away:
        response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response


def csrf_failure(request: HttpRequest, reason: str = "", **kwargs: Any) -> HttpResponse:
    """A form from an old page: usually somebody signed in again in another tab."""
    if for_programs(request):
        return _answer(request, 403, "This page is out of date.")
    from django.shortcuts import render

    return render(request, "403_csrf.html", status=403)
