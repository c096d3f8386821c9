"""Pages that everyone may read: help and phone numbers, accessibility statement, privacy."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from clinic.services import SiteState
from portal.context import site_state
from portal.lib.time import now, today_in
from portal.lib.time_words import clock

HOLIDAYS_AHEAD_DAYS = 60


def opening_hours(state: SiteState) -> list[tuple[str, str]]:
    """Days in words with their times; neighboring days with the same times are one line, in the site's wall clock."""
    times = [
        _(" and ").join(
            _("%(opens)s to %(closes)s") % {"opens": clock(opens), "closes": clock(closes)}
            for weekday, opens, closes in state.hours
            if weekday == number
        )
        for number in range(7)
    ]
    lines = []
    for said, numbers in groupby(range(7), key=lambda number: times[number]):
        days = list(numbers)
        name = str(WEEKDAYS[days[0]])
        if len(days) > 1:
            name = _("%(first)s to %(last)s") % {"first": name, "last": WEEKDAYS[days[-1]]}
        lines.append((name, said or _("Closed")))
    return lines


def _page(request: HttpRequest, template: str) -> HttpResponse:
    state = site_state()
    context: dict[str, Any] = {"hours": [], "holidays": [], "new_message_url": reverse("messaging:new")}
    if state is not None:
        today = today_in(now(), state.site.time_zone)
        soon = (day for day in sorted(state.holidays) if 0 <= (day - today).days <= HOLIDAYS_AHEAD_DAYS)
        context |= {"hours": opening_hours(state), "holidays": list(soon)}
    return render(request, template, context)


@login_not_required
@require_safe
def help(request: HttpRequest) -> HttpResponse:
    """Whom to call, when, and what to do in an emergency."""
    return _page(request, "portal/help.html")


@login_not_required
@require_safe
def accessibility(request: HttpRequest) -> HttpResponse:
    """What works, what is not proven yet, and whom to tell."""
    return _page(request, "portal/accessibility.html")


@login_not_required
@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """What is kept, who sees it, and what a person can do about it."""
    return _page(request, "portal/privacy.html")
