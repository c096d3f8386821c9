"""One day of the clinic as the team sees it: each lane with its visits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Q

from accounts.models import User
from clinic.models import Site
from clinic.services import state_of, teams_of
from patients.services import record_many, warm_keys
from portal.lib.time import today_in
from scheduling.finding import day_window
from scheduling.models import Appointment, Claim, Resource, Service
from scheduling.offers import clock_words

FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2199, 12, 30)


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the site's calendar: lanes with rows, and whether the clinic is open at all."""

    on: date
    today: date
    zone: str
    lanes: list[dict[str, Any]]
    count: int
    is_open: bool


def site_of(user: User, now: datetime) -> Site:
    """The site where a team member works. Callers have asked `is_clinician`."""
    return teams_of(user)[0].site


def day_of(user: User, on: date | None, now: datetime) -> Day:
    """The visits of one day by lane, the person's own lane first; each patient shown gets an entry on the trail.

    Places taken by patients of other teams are shown as taken, without a name.
    """
    site = site_of(user, now)
    zone = site.time_zone
    today = today_in(now, zone)
    shown = on if on is not None and FIRST_DAY <= on <= LAST_DAY else today
    start, end = day_window(shown, zone)
    sees_patients = Q(kind=Resource.Kind.CLINICIAN) | Q(services__kind=Service.Kind.VISIT)
    lanes = list(Resource.objects.filter(sees_patients, site=site, active=True).distinct())
    claims = list(
        Claim.objects.live().touching(start, end).filter(resource_id__in=[lane.pk for lane in lanes])
    )
    visits = list(
        Appointment.objects.for_user(user)
        .filter(state__in=["booked", "requested"], pk__in={claim.appointment_id for claim in claims})
        .select_related("patient", "service", "resource", "nurse")
        .order_by("during")
    )
    warm_keys({visit.patient_id for visit in visits})
    record_many(user, {visit.patient_id: visit.patient for visit in visits}.values(), "schedule.view")
    seen = {visit.pk for visit in visits}
    taken = [claim for claim in claims if claim.appointment_id not in seen]
    lanes.sort(key=lambda lane: (lane.user_id != user.pk, lane.label))
    rows = []
    for lane in lanes:
        mine = [_visit_row(visit, zone) for visit in visits if lane.pk in visit.lane_ids]
        mine += [
            {"at": claim.during.lower, "clock": clock_words(claim.during.lower, zone), "visit": None}
            for claim in taken
            if claim.resource_id == lane.pk
        ]
        rows.append({"lane": lane, "rows": sorted(mine, key=lambda row: row["at"])})
    opened = bool(state_of(site).intervals(shown))
    return Day(shown, today, zone, rows, len(visits), opened)


def _visit_row(visit: Appointment, zone: str) -> dict[str, Any]:
    return {
        "at": visit.starts_at,
        "clock": clock_words(visit.starts_at, zone),
        "ends": clock_words(visit.ends_at, zone),
        "visit": visit,
        "by_phone": visit.service.place == Service.Place.PHONE,
    }
