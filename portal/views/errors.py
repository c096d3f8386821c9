"""Error pages of the whole site, in our own design; the last one needs nothing but a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse

from portal.lib.errors import error_page

_SERVER_ERROR = Path(settings.BASE_DIR) / "templates" / "500.html"


def _answer(request: HttpRequest, status: int, title: str) -> HttpResponse:
    if request.path_info.startswith("/api/"):
        return JsonResponse(
            {"type": "about:blank", "title": title, "status": status},
            status=status,
            content_type="application/problem+json",
        )
    try:
        return error_page(request, status)
    except Exception:  # noqa: BLE001 - an error page must never be the reason for another error
        return HttpResponse(_SERVER_ERROR.read_text(), status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, 400, "The request could not be read.")


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, 403, "You can look at this, but you cannot change it.")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, 404, "There is no such page.")


def server_error(request: HttpRequest) -> HttpResponse:
    return _answer(request, 500, "Something went wrong on our side.")


def csrf_failure(request: HttpRequest, reason: str = "", **kwargs: Any) -> HttpResponse:
    """A form from an old page: usually somebody signed in again in another tab."""
    if request.path_info.startswith("/api/"):
        return _answer(request, 403, "This page is out of date.")
    from django.shortcuts import render

    return render(request, "403_csrf.html", status=403)
