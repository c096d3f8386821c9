"""What the day of a dose gives to pages of the portal: an open check-in under "Needs you", the carer's way to the day's page."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from patients.models import Patient
from patients.services import can
from treatment.dayof import checkins
from treatment.models import CheckIn
from treatment.pages import Asked

SHOWN_FOR = timedelta(days=14)  # after that the line leaves Today; the page still takes an answer
ON_PAGE = 20


def open_check_in(user: User, patient: Patient, now: datetime) -> CheckIn | None:
    """The newest check-in when it is not answered: whoever answers it has answered for the steps before. One statement."""
    newest = CheckIn.objects.for_user(user, patient).newest_first().first()
    if newest is None or newest.answer_id is not None or newest.asked_at < now - SHOWN_FOR:
        return None
    return newest


def needs_you(request: HttpRequest, patient: Patient, now: datetime) -> list[dict[str, Any]]:
    """Today, "Needs you": a check-in that waits."""
    user = request.user
    assert isinstance(user, User)
    row = open_check_in(user, patient, now)
    if row is None:
        return []
    label = _("Check-in: is anything new after your dose?")
    return [{"label": label, "url": reverse("treatment:check-in", args=[row.pk])}]


def carer_links(user: User, patient: Patient) -> list[dict[str, Any]]:
    """For a carer who keeps the appointments: when, where, what to bring."""
    if not can(user, patient, "appointments"):
        return []
    label = _("The day of the infusion of %(name)s") % {"name": patient.name}
    return [{"label": label, "url": reverse("treatment:patient-infusion-day", args=[patient.pk])}]


def rows_of(asked: Asked) -> list[dict[str, Any]]:
    """The last check-ins for the team's page, with where the answers stand."""
    rows = checkins.check_ins_of(asked.user, asked.patient)[:ON_PAGE]
    return [
        {
            "row": row,
            "step": checkins.step_words(row.step),
            "url": asked.url("self-check-done", row.answer_id) if row.answer_id is not None else "",
        }
        for row in rows
    ]
