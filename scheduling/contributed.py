"""What scheduling adds to Today, to the patient summary and to the synthetic clinic."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import DateField, DateTimeField, F, Func
from django.db.models.functions import Cast
from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts.models import User
from clinic.services import is_clinician
from patients.models import Patient
from patients.services import can, capacity_of
from portal.lib.contributions import Card, DoseTime, PatientGroup, VisitChoice
from portal.lib.time_words import day as day_words
from scheduling import infusions
from scheduling.board import waiting_for
from scheduling.day import day_of, site_of
from scheduling.finding import day_window
from scheduling.models import Appointment, Resource, Service
from scheduling.offers import time_words
from scheduling.pages import Pages

ON_SUMMARY = 5


def next_visit_card(request: HttpRequest, patient: Patient, now: datetime) -> Card:
    """Today: the next visit, or how to get one."""
    assert isinstance(request.user, User)
    pages = Pages()
    visit = Appointment.objects.for_user(request.user, patient).with_place().upcoming(now).first()
    context: dict[str, Any] = {
        "visit": visit,
        "book": pages.book,
        "list": pages.list,
        "zone": patient.site.time_zone,
    }
    if visit is not None:
        context |= {
            "words": time_words(visit.starts_at, patient.site.time_zone),
            "url": pages.to("detail", visit.pk),
            "ics": pages.to("ics", visit.pk),
            "by_phone": visit.service.place == Service.Place.PHONE,
            "place": patient.site,
        }
    return Card("scheduling/cards/next_visit.html", context)


def visits_panel(request: HttpRequest, patient: Patient, now: datetime) -> Card:
    """The staff's summary of a patient: the last visit and those to come."""
    assert isinstance(request.user, User)
    visits = Appointment.objects.for_user(request.user, patient).with_place()
    zone, pages = patient.site.time_zone, Pages(patient.pk)

    def row(visit: Appointment) -> dict[str, Any]:
        return {
            "visit": visit,
            "words": time_words(visit.starts_at, zone),
            "url": pages.to("detail", visit.pk),
        }

    last = visits.booked().filter(during__endswith__lte=now).order_by("-during").first()
    return Card(
        "scheduling/cards/visits.html",
        {
            "upcoming": [row(visit) for visit in visits.upcoming(now)[:ON_SUMMARY]],
            "last": row(last) if last else None,
            "list": pages.list,
            "book": pages.book,
        },
    )


def visit_choices(user: User, patient: Patient, now: datetime) -> list[VisitChoice]:
    """The visits to come that something can be prepared for, the next one first."""
    visits = Appointment.objects.for_user(user, patient).with_place().upcoming(now)
    zone = patient.site.time_zone
    return [
        VisitChoice(visit.pk, f"{visit.service.name}, {time_words(visit.starts_at, zone)}")
        for visit in visits[:ON_SUMMARY]
    ]


def patient_groups(user: User, day: date, now: datetime) -> list[PatientGroup]:
    """Whoever has a visit or an infusion on a day."""
    site = site_of(user, now)
    start, end = day_window(day, site.time_zone)
    lanes = Resource.objects.filter(site=site).values_list("pk", flat=True)
    visits = Appointment.objects.for_user(user).filter(state__in=["booked", "requested"])
    visits = visits.on_lanes(lanes, start, end)
    ids = frozenset(visits.order_by().values_list("patient_id", flat=True))
    label = _("Visits on %(day)s") % {"day": day_words(day)}
    return [PatientGroup(f"visits:{day.isoformat()}", label, ids)]


def todays_visits(request: HttpRequest, now: datetime) -> Card | None:
    """The staff's Today: who comes today."""
    user = request.user
    if not isinstance(user, User) or not is_clinician(user):
        return None
    return Card("scheduling/cards/todays_visits.html", {"shown": day_of(user, None, now)})


def waiting_requests(request: HttpRequest, now: datetime) -> Card | None:
    """The staff's Today: infusion times that wait for an answer, the oldest first."""
    user = request.user
    if not isinstance(user, User) or not is_clinician(user):
        return None
    return Card("scheduling/cards/requests.html", {"rows": waiting_for(user, now)})


def before_dose(user: User, patient: Patient, dose: Any, now: datetime) -> list[dict[str, Any]]:
    """A line of "still open before the infusion": whether it has a time."""
    booked, requested = infusions.infusion_of(user, patient, dose.pk)
    own = capacity_of(user, patient) == "self"
    zone = patient.site.time_zone
    if booked is not None:
        label, who = _("Booked for %(when)s") % {"when": time_words(booked.starts_at, zone)}, _("Done")
    elif requested is not None:
        said = {"when": time_words(requested.starts_at, zone)}
        label, who = (
            _("Asked for %(when)s, waiting for the center") % said,
            _("Your team") if own else _("The team"),
        )
    else:
        label, who = _("No time is booked yet"), _("You") if own else _("The patient")
    url = Pages(None if own else patient.pk).to("infusion")
    return [{"label": label, "who": who, "url": url, "done": booked is not None}]


def dose_times(user: User, patient: Patient, now: datetime) -> list[DoseTime]:
    """Times for doses that are booked, or asked for and not answered yet, the next one first."""
    visits = Appointment.objects.for_user(user, patient).filter(
        dose__isnull=False, state__in=["booked", "requested"], during__endswith__gt=now
    )
    pages = Pages(None if capacity_of(user, patient) == "self" else patient.pk)
    return [
        DoseTime(visit.dose_id, visit.starts_at, visit.state == "booked", pages.to("infusion"))
        for visit in visits.order_by("during")
        if visit.dose_id is not None
    ]


def booked_days() -> Any:
    """The days of booked infusions by their dose, on the clock of the chair's site, and when they begin. Treatment puts it into its own statements, one dose at
    a time; who may see an appointment is decided there by row-level security."""
    clock = Func(
        F("resource__site__time_zone"),
        F("during__startswith"),
        function="timezone",
        output_field=DateTimeField(),
    )
    booked = Appointment.objects.booked().filter(dose__isnull=False)
    return booked.annotate(day=Cast(clock, DateField()), starts=F("during__startswith"))


def booked_doses(user: User, dose_ids: list[UUID]) -> set[UUID]:
    """Which of these doses have a booked time. One statement."""
    rows = Appointment.objects.for_user(user).filter(dose_id__in=dose_ids, state=Appointment.State.BOOKED)
    return {pk for pk in rows.values_list("dose_id", flat=True) if pk is not None}


def carer_links(user: User, patient: Patient) -> list[dict[str, Any]]:
    """What a carer with this scope may open."""
    if not can(user, patient, "appointments"):
        return []
    pages = Pages(patient.pk)
    return [
        {"label": _("Appointments of %(name)s") % {"name": patient.name}, "url": pages.list},
        {"label": _("Book an appointment for %(name)s") % {"name": patient.name}, "url": pages.book},
        {"label": _("Next infusion of %(name)s") % {"name": patient.name}, "url": pages.to("infusion")},
    ]
