"""What scheduling adds to "What first?": infusion times that somebody asked for and nobody answered in time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import F, FilteredRelation, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from clinic.services import state_of
from patients.models import Patient
from portal.lib.first import SOON, TODAY, Problem, up_to
from portal.lib.time import today_in
from portal.lib.time_words import day as day_words
from scheduling.models import Appointment

MOST = 100


def waiting_requests(user: User, now: datetime, patient: Patient | None = None) -> Iterator[Problem]:
    """Requests for infusion times, those that wait longest first; late by the site's promise. One statement and the site's hours."""
    found = Appointment.objects.for_user(user, patient).requested().select_related("patient__site")
    for visit in up_to(found.order_by("created_at"), MOST):
        site = visit.patient.site
        due = state_of(site).end_of_working_day(visit.created_at, site.reply_routine_days)
        late = due is not None and due < now
        yield Problem(
            patient_id=visit.patient_id,
            keys=(f"dose:{visit.dose_id or visit.pk}",),
            rank=TODAY if late else SOON,
            words=_("Asks for an infusion time"),
            url=reverse("scheduling:requests"),
            state=f"{visit.pk}:{late}",
            due=due,
            owner=_("The team"),
        )


def booked_but_waiting(user: User, now: datetime, patient: Patient | None = None) -> Iterator[Problem]:
    """Infusions that are booked although their dose does not go ahead: its treatment is paused or over, it was missed, or it waits for
    longer than that day or after a reaction. Nothing is canceled by itself; somebody calls. One statement."""
    rows: Any = Appointment.objects.for_user(user, patient).upcoming(now).filter(dose__isnull=False)
    waits = FilteredRelation("dose__postponements", condition=Q(dose__postponements__ended_at__isnull=True))
    found = rows.annotate(wait=waits).annotate(again=F("wait__recheck_on"), why=F("wait__reason"))
    stopped = (
        Q(dose__state__in=["missed", "cancelled"])
        | Q(dose__course__paused_on__isnull=False)
        | Q(dose__course__ended_on__isnull=False)
        | Q(again__isnull=False)
    )
    near = found.filter(stopped).exclude(dose__state="given").select_related("patient__site", "dose__course")
    for visit in up_to(near, MOST):
        day = today_in(visit.starts_at, visit.patient.site.time_zone)
        course = visit.dose.course
        runs = visit.dose.is_planned and course.is_running and not course.is_paused
        if runs and visit.why != "reaction" and visit.again <= day:
            continue  # somebody looks again by that day
        yield Problem(
            patient_id=visit.patient_id,
            keys=(f"dose:{visit.dose_id}", "infusion"),
            rank=TODAY,
            words=_("An infusion is booked for %(day)s, but its dose does not go ahead now")
            % {"day": day_words(day)},
            url=reverse("scheduling:patient-detail", args=[visit.patient_id, visit.pk]),
            state=f"{visit.pk}:{visit.version}:{visit.dose.state}:{visit.why}",
            due=visit.starts_at,
            owner=_("The team"),
        )
