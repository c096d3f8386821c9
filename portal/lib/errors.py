"""Error pages: what happened, what to do next, and the phone. Used where no view runs."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def error_page(request: HttpRequest, status: int) -> HttpResponse:
    """The page of one status (templates/<status>.html) in the portal's own design."""
    return render(request, f"{status}.html", status=status)
