"""Middleware shared by every page: headers, policy, bad input, and the unit of work."""

from __future__ import annotations

from collections.abc import Callable

from csp.middleware import CSPMiddleware
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.http.multipartparser import MultiPartParserError
from django.http.request import UnreadablePostError
from django.shortcuts import render

from portal.lib import actor
from portal.lib.problems import DomainError

GetResponse = Callable[[HttpRequest], HttpResponseBase]
LOOSER_POLICY = ("/cms/", "/admin/")
PERMISSIONS = (
    "accelerometer=(), browsing-topics=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), "
    "interest-cohort=(), magnetometer=(), microphone=(), midi=(), payment=(), usb=(), "
    "publickey-credentials-get=(self), publickey-credentials-create=(self)"
)


class HeadersMiddleware:
    """Headers of every answer, errors and static files included; pages of signed-in people are not stored."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "same-origin")
        response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("X-Frame-Options", "DENY")
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        response.headers.setdefault(
            "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'"
        )
        if "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = "no-store, private"
        if getattr(request, "signed_out", False):
            response.headers["Clear-Site-Data"] = '"cache", "storage"'
        return response


class PortalCSPMiddleware(CSPMiddleware):
    """The strict policy everywhere; `/cms/` and `/admin/` have a looser one of their own."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if request.path_info.startswith(LOOSER_POLICY):
            response.headers["Content-Security-Policy"] = (
                "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
                "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; frame-src 'self'; "
                "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
            )
            response.headers["X-Frame-Options"] = (
                "SAMEORIGIN"  # the editor's preview is a frame of its own page
            )
            return response
        return super().process_response(request, response)


class BadInputMiddleware:
    """Reads the posted form once, early, so that what cannot be read is a clear 4xx and never a 500."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        from portal.lib.errors import error_page, for_programs

        if "\x00" in request.path_info or "\x00" in request.META.get("QUERY_STRING", ""):
            return error_page(request, 400)
        if request.method == "POST" and request.content_type in {
            "application/x-www-form-urlencoded",
            "multipart/form-data",
        }:
            try:
                _ = request.POST
            except (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent):
                return error_page(request, 413)
            except (MultiPartParserError, UnreadablePostError, UnicodeDecodeError, ValueError):
                return error_page(request, 400)
        response = self.get_response(request)
        if isinstance(response, HttpResponseNotAllowed) and not for_programs(request):
            # Django's own answer has no words.
            page = error_page(request, 405)
            page.headers["Allow"] = response.headers["Allow"]
            return page
        return response


class UnitOfWorkMiddleware:
    """The innermost one: one transaction around the view *and* the rendering, as the person who asks.

    Django turns a view's exception into a response before any middleware sees it, so `process_exception`
    leaves a mark, and the mark rolls the unit back. A response of 500 and above rolls back too.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        user = getattr(request, "user", None)
        who = actor.NOBODY
        if user is not None and user.is_authenticated:
            who = actor.Actor(user_id=user.pk, via=getattr(request, "acts_via", ""))
        response: HttpResponseBase | None = None
        request.unit_failed = False  # type: ignore[attr-defined]
        try:
            with actor.unit_of_work(who):
                response = self.get_response(request)
                if request.unit_failed or response.status_code >= 500:  # type: ignore[attr-defined]
                    raise actor.Refused
        except actor.Refused:
            pass
        assert response is not None
        actor.write_refusals(who, getattr(request, "refusals", []))
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        request.unit_failed = True  # type: ignore[attr-defined]
        if isinstance(exception, DomainError):
            # A rule said no to a button that has no form of its own to say it on.
            return render(
                request, "errors/refused.html", {"message": exception.message}, status=exception.status
            )
        return None
