"""What treatment gives to pages of the portal: the next dose on Today, a panel for the team, links on the profile."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from clinic.services import is_clinician
from patients.areas import TREATMENT
from patients.models import Patient
from patients.services import can
from portal.lib.contributions import Card, PatientGroup
from treatment import checks, lists, shown
from treatment.courses import reading
from treatment.journey.reading import journey_of
from treatment.journey.shown import today_context
from treatment.models import Course, Dose
from treatment.pages import Asked
from treatment.protocols.catalog import names_of, newest_protocols, waits_for
from treatment.protocols.signing import home_site


def today_card(request: HttpRequest, patient: Patient, now: datetime) -> Card | None:
    """Today: the next dose and what stands before it, from the same reading as the journey's page. Nothing before the first course."""
    asked = Asked(request, None)
    doses = reading.doses_of(asked.user, asked.patient)
    if not doses:
        return None
    journey = journey_of(asked.user, asked.patient, asked.now, doses=doses, watched=False)
    found = today_context(asked, journey)
    return (
        Card("treatment/cards/today.html", {"next": found})
        if found
        else _between(asked, doses, stopped=journey.step.code == "call")
    )


def _between(asked: Asked, doses: list[Dose], *, stopped: bool = False) -> Card:
    """Today without a planned dose: regular checks may go on for years, and the one that is due is said by name. `stopped`: in a pause, an
    answer still has to be talked about."""
    done = checks.done_days(asked.user, asked.patient)
    courses = {dose.course_id: dose.course for dose in doses}
    lasting = [
        check
        for course in courses.values()
        for check in checks.regular_checks(asked.user, asked.patient, course, doses, done)
        if check.until is None or asked.today <= check.until
    ]
    overdue = dict.fromkeys(check.label for check in lasting if check.is_overdue(asked.today))
    context = {
        "stopped": stopped,
        "overdue": "; ".join(overdue),
        "checks": bool(lasting),
        "paused": any(course.is_running and course.is_paused for course in courses.values()),
        "url": reverse("treatment:home"),
    }
    return Card("treatment/cards/between.html", context)


def summary_panel(request: HttpRequest, patient: Patient, now: datetime) -> Card | None:
    """The one-screen summary: the next dose, overdue checks, allergies and medicines with who wrote them."""
    user = request.user
    if not isinstance(user, User) or not can(user, patient, TREATMENT):
        return None
    asked = Asked(request, patient.pk, staff_only=True, patient=patient)
    course = reading.running_course(user, patient)
    doses, done = reading.doses_of(user, patient), checks.done_days(user, patient)
    overdue = checks.regular_checks(user, patient, course, doses, done) if course is not None else []
    allergies, medicines = lists.both_of(user, patient)
    context = {
        "next": shown.next_up(asked, doses, done),
        "last": max((dose.given_on for dose in doses if dose.given_on is not None), default=None),
        "running": reading.name_of(course) if course is not None else "",
        "unsigned": course is not None and course.order.demo_only,
        "overdue": ", ".join(check.label for check in overdue if check.is_overdue(asked.today)),
        "allergies": allergies,
        "medicines": medicines,
        "zone": asked.zone,
        "url": asked.url("home"),
        "lists": asked.url("lists"),
    }
    return Card("treatment/cards/summary.html", context)


def patient_groups(user: User, day: date, now: datetime) -> list[PatientGroup]:
    """The people on each therapy."""
    rows = Course.objects.for_user(user).running().order_by()
    found: dict[str, set[UUID]] = {}
    for code, patient_id in rows.values_list("order__protocol__therapy__code", "patient_id"):
        found.setdefault(code, set()).add(patient_id)
    if not found:
        return []
    names = names_of(found)
    return [
        PatientGroup(
            f"therapy:{code}", _("On %(therapy)s") % {"therapy": names.get(code, code)}, frozenset(ids)
        )
        for code, ids in sorted(found.items())
    ]


def therapies_card(request: HttpRequest, now: datetime) -> Card | None:
    """The team's Today: the therapies, and how many versions nobody has signed off."""
    user = request.user
    if not isinstance(user, User) or not is_clinician(user):
        return None
    rows = newest_protocols(home_site(user))
    unsigned = sum(not row.signed_off for row in rows)
    mine = sum(waits_for(user, row) for row in rows)
    context = {"all": len(rows), "unsigned": unsigned, "mine": mine, "url": reverse("treatment:therapies")}
    return Card("treatment/cards/therapies.html", context)


def profile_links(user: User, patient: Patient) -> list[dict[str, Any]]:
    """On the patient's own details: treatment, allergies and medicines."""
    return [
        {"label": _("My treatment"), "url": reverse("treatment:home")},
        {"label": _("Allergies and medicines"), "url": reverse("treatment:lists")},
    ]
