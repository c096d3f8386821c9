"""The head of the staff's Today: one list for "what first?", and the button that says by name that one has seen it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.models import User
from patients.areas import TEAM
from patients.attention import KEY, MARK, acknowledge, what_first
from patients.requests import once_of
from patients.services import get_patient_or_404
from portal.lib.contributions import Card
from portal.lib.first import URGENT
from portal.lib.ids import uuid7
from portal.lib.time import now as present


def first_card(user: User, now: datetime) -> Card:
    """One line a problem, worst first; what somebody has seen stands below, with the name."""
    lines, more = what_first(user, now)
    rows = [
        {
            "line": line.problem,
            "patient": line.patient,
            "name": line.patient.name,
            "mark": line.mark,
            "once": uuid7(),
            "urgent": line.problem.first.rank == URGENT,
            "late": line.problem.due is not None and line.problem.due < now,
            "seen": line.seen,
        }
        for line in lines
    ]
    return Card("portal/first.html", {"rows": rows, "more": more})


@require_POST
def problem_seen(request: HttpRequest, patient_id: UUID) -> HttpResponse:
    """ "I have seen this": by name, on the trail, once. Something new brings it back."""
    patient = get_patient_or_404(request, patient_id, area=TEAM)
    user: Any = request.user
    key, mark = request.POST.get("key", ""), request.POST.get("mark", "")
    if not KEY.fullmatch(key) or not MARK.fullmatch(mark):
        raise BadRequest
    acknowledge(by=user, patient=patient, id=once_of(request), key=key, mark=mark, now=present())
    messages.success(request, _("Noted that you have seen it."))
    return redirect("portal:today")
