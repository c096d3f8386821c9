"""What every page knows: who is here, where they can go, how the clinic is reached."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from clinic.services import SiteState, default_site, is_clinician, state_of
from patients.services import own_patient
from portal.lib import actor
from portal.lib.time import now as present
from portal.lib.time_words import clock, day

SITE_SECONDS = 15.0
_cached: tuple[float, SiteState | None] = (0.0, None)


def site_state() -> SiteState | None:
    """The site and its hours, read at most every 15 seconds by a process: every page shows them."""
    global _cached
    read_at, state = _cached
    if state is None or time.monotonic() - read_at > SITE_SECONDS:
        site = default_site()
        state = state_of(site) if site is not None else None
        _cached = (time.monotonic(), state)
    return state


def forget_site() -> None:
    """Read the site again at the next page; for tests and after a change of the settings."""
    global _cached
    _cached = (0.0, None)


@dataclass(frozen=True, slots=True)
class NavItem:
    label: str
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class SiteLine:
    """The phone line of every page."""

    phone: str
    call_now: str  # the number that somebody answers at this moment
    after_hours_phone: str
    after_hours_text: str
    emergency_phone: str
    emergency_text: str
    is_open: bool
    words: str


def site_line(state: SiteState) -> SiteLine:
    """Phones and open/closed words, at this moment, in the site's zone."""
    now, site = present(), state.site
    opened = state.is_open(now)
    if opened:
        closes = state.closes_at(now)
        words = _("Open now, until %(time)s") % {"time": clock(closes, site.time_zone)}
    else:
        opens = state.next_opening(now)
        words = (
            _("Closed now. Open again %(day)s at %(time)s")
            % {"day": day(opens, site.time_zone), "time": clock(opens, site.time_zone)}
            if opens
            else _("Closed now")
        )
    return SiteLine(
        phone=site.day_phone,
        call_now=site.day_phone if opened else site.after_hours_phone,
        after_hours_phone=site.after_hours_phone,
        after_hours_text=site.after_hours_text,
        emergency_phone=site.emergency_phone,
        emergency_text=site.emergency_text,
        is_open=opened,
        words=words,
    )


def last_known_site() -> dict[str, Any]:
    """Name and phone line as they were last read, for the page of a server error.

    The database is asked only when this process has not read them yet, and may refuse.
    """
    state = _cached[1]
    if state is None:
        try:
            state = site_state()
        except Exception:  # noqa: BLE001 - whatever is broken, the page must come
            state = None
    return {"clinic_name": state.site.name, "site_line": site_line(state)} if state is not None else {}


def persona_of(user: Any) -> str:
    """How the portal looks for a person: patient, staff, carer, editor, admin, or "" for nobody."""
    if not isinstance(user, User) or not user.is_active or not actor.in_unit():
        return ""  # outside a unit of work (an early error page) nobody's record can be read
    if own_patient(user) is not None:
        return "patient"
    if is_clinician(user):
        return "staff"
    if user.is_superuser:
        return "admin"
    if user.has_perm("wagtailadmin.access_admin"):
        return "editor"
    return "carer"


PLACES: dict[str, list[tuple[Any, str]]] = {
    "patient": [
        ("Today", "portal:today"),
        ("Journal", "journal:home"),
        ("Appointments", "scheduling:list"),
        ("Messages", "messaging:list"),
        ("Learn", "education:home"),
    ],
    "carer": [("Today", "portal:today"), ("Learn", "education:home")],
    "staff": [
        ("Today", "portal:today"),
        ("Work list", "messaging:work-list"),
        ("Patients", "portal:staff-patients"),
        ("Schedule", "scheduling:day"),
        ("Learn", "education:home"),
    ],
    "editor": [("Today", "portal:today"), ("Articles", "education-desk"), ("Learn", "education:home")],
    "admin": [("Today", "portal:today"), ("Set-up", "admin:index"), ("Learn", "education:home")],
    "": [],
}


def _labels() -> None:  # pragma: no cover - only read by makemessages
    for _label in (_("Today"), _("Journal"), _("Appointments"), _("Messages"), _("Learn"), _("Work list")):
        pass
    for _label in (_("Patients"), _("Schedule"), _("Articles"), _("Set-up")):
        pass


def nav_of(persona: str, path: str) -> list[NavItem]:
    items = []
    for label, name in PLACES[persona]:
        url = reverse(name)
        current = path == url or (url != "/" and path.startswith(url))
        items.append(NavItem(_(label), url, current))
    return items


def page(request: HttpRequest) -> dict[str, Any]:
    """The context of templates/base.html."""
    state = site_state()
    persona = persona_of(getattr(request, "user", None))
    context: dict[str, Any] = {
        "clinic_name": state.site.name if state else "",
        "site": state.site if state else None,
        "site_line": site_line(state) if state else None,
        "persona": persona,
        "nav": nav_of(persona, request.path),
        "demo": settings.DEMO,
    }
    if settings.DEMO and not persona:
        from portal.demo.people import PASSWORD, PEOPLE

        context["demo_people"] = PEOPLE
        context["demo_password"] = PASSWORD
    return context
