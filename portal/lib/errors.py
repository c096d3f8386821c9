"""Error answers: what happened, what to do next, and the phone. Used where no view runs."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

API = "/api/v1/"
PROBLEM = "application/problem+json"
IDEMPOTENCY_KEY = "Idempotency-Key"
TITLES = {
    400: "The request could not be read.",
    403: "You can look at this, but you cannot change it.",
    404: "There is no such address.",
    405: "This address does not take this method.",
    413: "This is too much at once.",
}


def for_programs(request: HttpRequest) -> bool:
    """True for addresses where programs ask: they get problem documents, not pages."""
    return request.path_info.startswith((API, "/api/schema/"))


def problem_answer(status: int, title: str, **members: object) -> JsonResponse:
    """A problem document (RFC 9457) where no API view runs."""
    return JsonResponse(
        {"type": "about:blank", "title": title, "status": status, **members},
        status=status,
        content_type=PROBLEM,
    )


def error_page(request: HttpRequest, status: int) -> HttpResponse:
    """The page of one status (templates/<status>.html) in the portal's own design; programs get a problem document."""
    if for_programs(request):
        return problem_answer(status, TITLES.get(status, "This did not work."))
    return render(request, f"{status}.html", status=status)
