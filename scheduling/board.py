"""The infusion room as the team sees it: one day by chair, and the requests that wait for an answer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from clinic.services import state_of
from patients.services import record_many, warm_keys
from portal.lib.time import today_in
from portal.lib.time_words import day as day_words
from scheduling import offers
from scheduling.day import FIRST_DAY, LAST_DAY, site_of
from scheduling.finding import day_window, read_calendars, site_days
from scheduling.late import Late, late_on
from scheduling.masks import instant_of
from scheduling.models import Appointment, Resource, Service
from scheduling.offers import clock_words
from scheduling.pages import Pages, time_text
from treatment.services import name_of

ROW = timedelta(minutes=30)
LONGEST = timedelta(hours=16)


@dataclass(frozen=True, slots=True)
class Board:
    """A day of the infusion room. `rows` are the table (a time, then a cell for each chair), `chairs` the same as lists."""

    on: date
    today: date
    zone: str
    chairs: list[dict[str, Any]]
    rows: list[dict[str, Any]]
    nurses: list[dict[str, Any]]
    count: int
    is_open: bool
    late: list[Late]


def board_of(user: User, on: date | None, now: datetime) -> Board:
    """One day of chairs and nurses; each patient shown gets an entry on the trail.

    Without a day: today, or the next day on which the center is open. Patients of other teams are "taken", without a name.
    """
    site = site_of(user, now)
    zone, state = site.time_zone, state_of(site)
    today = today_in(now, zone)
    shown = on if on is not None and FIRST_DAY <= on <= LAST_DAY else _open_day(state, today)
    start, end = day_window(shown, zone)
    service = Service.objects.infusion_at(site)
    lanes = list(
        Resource.objects.filter(site=site, active=True, kind__in=["chair", "nurse"]).order_by(
            "kind", "position", "label"
        )
    )
    infusions = list(
        Appointment.objects.for_user(user)
        .filter(state__in=["booked", "requested"], dose__isnull=False)
        .on_lanes([lane.pk for lane in lanes], start, end)
        .select_related("patient__site", "service", "resource", "nurse", "dose__course__order")
        .order_by("during")
    )
    warm_keys({visit.patient_id for visit in infusions})
    record_many(user, {visit.patient_id: visit.patient for visit in infusions}.values(), "schedule.view")
    open_at: dict[Any, list[tuple[datetime, datetime]]] = {}
    taken: dict[Any, list[tuple[datetime, datetime]]] = {}
    if service is not None and lanes:
        own = [visit.pk for visit in infusions]
        read = read_calendars(site=site, service=service, lanes=lanes, start=start, end=end, moving=own)
        taken = {
            pk: [(instant_of(low), instant_of(high)) for low, high in spans]
            for pk, spans in read.taken.items()
        }
        untaken = replace(read, taken={lane.pk: [] for lane in lanes})
        open_at = {lane.resource.pk: lane.free for lane in untaken.spans()}
    chairs = [
        _lane(lane, [v for v in infusions if v.resource_id == lane.pk], taken.get(lane.pk, []), zone)
        for lane in lanes
        if lane.kind == Resource.Kind.CHAIR
    ]
    nurses = [
        _lane(lane, [v for v in infusions if v.nurse_id == lane.pk], taken.get(lane.pk, []), zone)
        for lane in lanes
        if lane.kind == Resource.Kind.NURSE
    ]
    days = site_days(state, start, end - ROW)
    return Board(
        shown,
        today,
        zone,
        chairs,
        _rows(days, chairs, open_at, zone),
        nurses,
        len(infusions),
        bool(state.intervals(shown)),
        late_on(user, lanes, infusions, shown, zone, now),
    )


def _open_day(state: Any, today: date) -> date:
    """Today, or the first of the next two weeks on which the center is open."""
    days = (today + timedelta(days=ahead) for ahead in range(14))
    return next((day for day in days if state.intervals(day)), today)


def _lane(
    lane: Resource, visits: list[Appointment], taken: list[tuple[datetime, datetime]], zone: str
) -> dict[str, Any]:
    """A chair or a nurse with what it holds that day, in the order of the clock."""
    held = [
        {
            "at": visit.starts_at,
            "ends_at": visit.ends_at,
            "clock": clock_words(visit.starts_at, zone),
            "ends": clock_words(visit.ends_at, zone),
            "visit": visit,
            "name": visit.patient.name,
            "what": what_words(visit),
            "state": "" if visit.is_booked else _("asked for, not confirmed"),
            "phases": _phases(visit, zone),
            "url": Pages(visit.patient_id).to("detail", visit.pk),
        }
        for visit in visits
    ]
    held += [
        {
            "at": low,
            "ends_at": high,
            "clock": clock_words(low, zone),
            "ends": clock_words(high, zone),
            "visit": None,
            "phases": [],
        }
        for low, high in taken
    ]
    return {"lane": lane, "rows": sorted(held, key=lambda row: row["at"])}


def _phases(visit: Appointment, zone: str) -> list[dict[str, Any]]:
    """The parts of an infusion with their clock times."""
    names = (_("Getting ready"), _("Infusion"), _("Observation"), _("Leaving"))
    at, found = visit.starts_at, []
    for name, minutes in zip(names, visit.parts or (), strict=False):
        until = at + timedelta(minutes=minutes)
        if minutes:
            found.append({"name": name, "at": at, "ends_at": until, "clock": clock_words(at, zone)})
        at = until
    return found


def _rows(
    days: list[tuple[datetime, datetime]],
    chairs: list[dict[str, Any]],
    open_at: dict[Any, list[tuple[datetime, datetime]]],
    zone: str,
) -> list[dict[str, Any]]:
    """Half hours from the first opening to the last closing (or around what is booked); each cell says its state in words."""
    held = [row for chair in chairs for row in chair["rows"]]
    bounds = [*days, *((row["at"], row["ends_at"]) for row in held)]
    if not bounds or not chairs:
        return []
    at, until = min(low for low, _high in bounds), max(high for _low, high in bounds)
    at -= timedelta(minutes=at.minute % 30, seconds=at.second, microseconds=at.microsecond)
    until = min(until, at + LONGEST)
    rows = []
    while at < until:
        cells = [_cell(chair, at, at + ROW, open_at.get(chair["lane"].pk, [])) for chair in chairs]
        rows.append({"at": at, "clock": clock_words(at, zone), "cells": cells})
        at += ROW
    return rows


def _cell(
    chair: dict[str, Any], low: datetime, high: datetime, spans: list[tuple[datetime, datetime]]
) -> dict[str, Any]:
    inside = [row for row in chair["rows"] if row["at"] < high and low < row["ends_at"]]
    if not inside:
        is_open = any(begin < high and low < end for begin, end in spans)
        return {"kind": "free" if is_open else "closed", "words": _("Free") if is_open else _("Closed")}
    row = next((one for one in inside if low <= one["at"]), inside[-1])
    first = low <= row["at"]
    if row["visit"] is None:
        return {"kind": "taken", "words": _("Taken"), "row": row, "first": first}
    now = [phase for phase in row["phases"] if phase["at"] < high and low < phase["ends_at"]]
    words = now[0]["name"] if now else _("Leaving")
    kind = "held" if row["state"] else "booked"
    return {"kind": kind, "words": words, "row": row, "first": first}


def what_words(visit: Appointment) -> str:
    """ "Ocrelizumab, dose 6", for those who may see the treatment."""
    if visit.dose is None:
        return ""
    name = name_of(visit.dose.course)
    return _("%(name)s, dose %(number)d") % {"name": name, "number": visit.dose.number}


# --- Requests ------------------------------------------------------------------------------------------------------------


def waiting_for(user: User, now: datetime) -> list[dict[str, Any]]:
    """Requests of patients whom `user` may see, the oldest first; each patient shown gets an entry on the trail."""
    found = list(
        Appointment.objects.for_user(user)
        .requested()
        .select_related(
            "patient__site", "service", "resource", "nurse", "moves", "booked_by", "dose__course__order"
        )
        .order_by("created_at")
    )
    warm_keys({visit.patient_id for visit in found})
    record_many(user, {visit.patient_id: visit.patient for visit in found}.values(), "requests.view")
    sites = {visit.patient.site_id: visit.patient.site for visit in found}
    states = {pk: state_of(site) for pk, site in sites.items()}
    return [_request_row(visit, states[visit.patient.site_id], now) for visit in found]


def _window(visit: Appointment) -> str:
    """The days in which the dose should be given."""
    dose = visit.dose
    if dose is None:
        return ""
    words = {"first": day_words(dose.earliest), "target": day_words(dose.target)}
    if dose.latest is None:
        return _("Window from %(first)s, planned %(target)s.") % words
    return _("Window %(first)s to %(last)s, planned %(target)s.") % {**words, "last": day_words(dose.latest)}


def _request_row(visit: Appointment, state: Any, now: datetime) -> dict[str, Any]:
    site, pages = visit.patient.site, Pages(visit.patient_id)
    due = state.end_of_working_day(visit.created_at, site.reply_routine_days)
    return {
        "visit": visit,
        "name": visit.patient.name,
        "what": what_words(visit),
        "window": _window(visit),
        "summary": reverse("portal:summary", args=[visit.patient_id]),
        "held": offers.time_words(visit.starts_at, site.time_zone),
        "wishes": [
            {"value": time_text(at), "words": offers.time_words(at, site.time_zone)}
            for at in visit.wishes
            if at > now
        ],
        "moves": offers.time_words(visit.moves.starts_at, site.time_zone) if visit.moves else "",
        "nurse": visit.nurse.label if visit.nurse else "",
        "due": due,
        "late": due is not None and due < now,
        "is_over": visit.starts_at <= now,
        "zone": site.time_zone,
        "confirm": pages.to("infusion-confirm", visit.pk),
        "answer": pages.to("infusion-answer", visit.pk),
        "decline": pages.to("infusion-decline", visit.pk),
    }
