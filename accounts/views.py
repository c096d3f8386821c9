"""Pages of one's own account: overview, display settings, and staying signed in."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.display import DisplayForm
from accounts.models import User
from accounts.services import save_display
from accounts.tokens import programs_of, revoke_token
from portal.lib import display
from portal.lib.forms import status_of
from portal.lib.session import seconds_left

YEAR_SECONDS = 365 * 24 * 60 * 60
MORNING = dt.time(4)


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """What belongs to one's account, as a list of pages."""
    return render(request, "account/home.html", {"second_factors": settings.SECOND_FACTORS})


@require_GET
def programs(request: HttpRequest) -> HttpResponse:
    """Programs that may act as this person, with what they may do and when they last did."""
    assert isinstance(request.user, User)
    found = programs_of(request.user, timezone.now())
    context = {
        "working": [program for program in found if program.works],
        "ended": [program for program in found if not program.works],
    }
    return render(request, "account/programs.html", context)


@require_POST
def program_end(request: HttpRequest, token_id: UUID) -> HttpResponse:
    """End a program's access at once."""
    assert isinstance(request.user, User)
    token = revoke_token(by=request.user, token_id=token_id, now=timezone.now())
    messages.success(request, _("Done. %(name)s can do nothing as you any more.") % {"name": token.label})
    return redirect("accounts:programs")


@login_not_required
@require_http_methods(["GET", "POST"])
def display_settings(request: HttpRequest) -> HttpResponse:
    """Theme, text size, contrast, font and pace; kept in the profile when signed in, and in this browser's cookie."""
    look = display.from_profile_or_cookie(request)
    initial = {
        "text_size": str(look.text_size),
        "theme": look.theme,
        "contrast": look.contrast,
        "font": look.font,
        "pace": look.pace,
    }
    form = DisplayForm(request.POST if request.method == "POST" else None, initial=initial)
    if not form.is_valid():
        return render(request, "account/display.html", {"form": form}, status=status_of(form))
    chosen = form.look()
    if isinstance(request.user, User):
        save_display(user=request.user, look=chosen)
    messages.success(request, _("Your display settings are saved."))
    response = redirect("accounts:display")
    _set_cookie(response, request, display.COOKIE, chosen.cookie, YEAR_SECONDS)
    response.delete_cookie(display.EASIER_COOKIE)
    return response


@login_not_required
@require_POST
def easier_to_read(request: HttpRequest) -> HttpResponse:
    """ "Easier to read today": larger text and more contrast until the next morning; a second press turns it off."""
    response = HttpResponseRedirect(_way_back(request))
    if request.COOKIES.get(display.EASIER_COOKIE) == "1":
        response.delete_cookie(display.EASIER_COOKIE)
    else:
        _set_cookie(response, request, display.EASIER_COOKIE, "1", _seconds_to_morning(timezone.localtime()))
    return response


@require_POST
def session_extend(request: HttpRequest) -> JsonResponse:
    """ "Stay signed in": an act like any other; answers with the seconds that are left."""
    request.session["seen_at"] = int(timezone.now().timestamp())
    return JsonResponse({"seconds": seconds_left(request)})


def _way_back(request: HttpRequest) -> str:
    """The page of ours that the form names, or the front page."""
    wanted = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(wanted, allowed_hosts=None, require_https=request.is_secure())
    return wanted if safe and "\x00" not in wanted and wanted.isprintable() else "/"


def _seconds_to_morning(now: dt.datetime) -> int:
    """Seconds from a local moment to the next 4:00 in its zone, 4 hours at least."""
    morning = dt.datetime.combine(now.date() + dt.timedelta(days=1), MORNING, tzinfo=now.tzinfo)
    return max(4 * 60 * 60, int((morning - now).total_seconds()))


def _set_cookie(response: HttpResponse, request: HttpRequest, name: str, value: str, seconds: int) -> None:
    response.set_cookie(
        name, value, max_age=seconds, secure=request.is_secure(), httponly=True, samesite="Lax"
    )
