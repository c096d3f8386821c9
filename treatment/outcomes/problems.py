"""What "What first?" says of doses that wait: somebody has to look at them again today."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from patients.models import Patient
from portal.lib.first import TODAY, Problem, up_to
from portal.lib.time import today_in
from treatment.models import Postponement

MOST = 100


def to_look_at(user: User, now: datetime, patient: Patient | None = None) -> Iterator[Problem]:
    """Doses that were put off, from the day on which somebody wanted to look again. One statement."""
    rows: Any = (
        Postponement.objects.for_user(user, patient)
        .open()
        .filter(recheck_on__lte=now.date() + timedelta(days=1))
        .select_related("patient__site", "dose")
        .order_by("recheck_on", "id")
    )
    for row in up_to(rows, MOST):
        if row.recheck_on > today_in(now, row.patient.site.time_zone):
            continue
        yield Problem(
            patient_id=row.patient_id,
            keys=(f"dose:{row.dose_id}", "infusion"),
            rank=TODAY,
            words=_("A dose waits, look again: %(why)s") % {"why": row.get_reason_display()},
            url=reverse("treatment:patient-course", args=[row.patient_id, row.dose.course_id]),
            state=f"{row.pk}",
            due=datetime.combine(
                row.recheck_on + timedelta(days=1), time.min, ZoneInfo(row.patient.site.time_zone)
            ).astimezone(UTC),  # by the end of the day on which somebody wanted to look again
            owner=_("The patient") if row.owner == "you" else row.get_owner_display(),
        )
