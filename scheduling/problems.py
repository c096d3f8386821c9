"""What scheduling adds to "What first?": infusion times that somebody asked for and nobody answered in time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from clinic.services import state_of
from patients.models import Patient
from portal.lib.first import SOON, TODAY, Problem
from scheduling.models import Appointment

MOST = 100


def waiting_requests(user: User, now: datetime, patient: Patient | None = None) -> Iterator[Problem]:
    """Requests for infusion times, those that wait longest first; late by the site's promise. One statement and the site's hours."""
    found = Appointment.objects.for_user(user, patient).requested().select_related("patient__site")
    for visit in found.order_by("created_at")[:MOST]:
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
