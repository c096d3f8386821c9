"""The head of the staff's Today: one list for "what first?", and the button that says by name that one has seen it."""

from __future__ import annotations

import re
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
from patients.attention import acknowledge, acknowledged, mark_of, patients_by_id
from patients.requests import once_of
from patients.services import get_patient_or_404, record_many
from portal.lib import contributions
from portal.lib.contributions import Card
from portal.lib.first import URGENT, merge
from portal.lib.ids import uuid7
from portal.lib.time import now as present

SHOWN = 30
KEY = re.compile(r"[a-z]{1,20}(:[0-9a-f-]{36})?")
MARK = re.compile(r"[0-9a-f]{64}")


def first_card(user: User, now: datetime) -> Card:
    """One line a problem, worst first; what somebody has seen stands below, with the name. A constant number of statements."""
    lines = merge(problem for add in contributions.problems for problem in add(user, now))
    seen = acknowledged(user, {line.patient_id for line in lines})
    marked = [(line, mark_of(line.states)) for line in lines]
    marked.sort(key=lambda pair: (pair[0].patient_id, pair[0].key, pair[1]) in seen)
    shown = marked[:SHOWN]
    patients = patients_by_id(user, {line.patient_id for line, _mark in shown})
    record_many(user, patients.values(), "first.view")
    rows = [
        {
            "line": line,
            "patient": patients[line.patient_id],
            "name": patients[line.patient_id].name,
            "mark": mark,
            "once": uuid7(),
            "urgent": line.first.rank == URGENT,
            "late": line.due is not None and line.due < now,
            "seen": seen.get((line.patient_id, line.key, mark)),
        }
        for line, mark in shown
        if line.patient_id in patients
    ]
    return Card("portal/first.html", {"rows": rows, "more": len(marked) - len(shown)})


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
