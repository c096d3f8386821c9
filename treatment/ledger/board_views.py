"""The overdue board for the panel: worst first, a page at a time, to be printed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts.models import User
from clinic.services import is_clinician
from patients.models import Patient
from patients.services import record_many, warm_keys
from portal.lib.actor import reading_many
from portal.lib.time import now as present
from treatment.ledger import board, words
from treatment.ledger.duties import State
from treatment.ledger.known import named_test
from treatment.ledger.models import Result
from treatment.ledger.shown import stage_of

PAGE = 50
OVERDUE, SOON, UNDECIDED, WAITING = "overdue", "soon", "undecided", "waiting"
PARTS: dict[str, Any] = {
    OVERDUE: _("Overdue"),
    SOON: _("Due in 14 days"),
    WAITING: _("Results that wait"),
    UNDECIDED: _("Not decided"),
}
STATES = {OVERDUE: State.OVERDUE, SOON: State.SOON, UNDECIDED: State.UNDECIDED}


def known_patients(user: User, ids: list[UUID]) -> dict[UUID, Patient]:
    """These patients with their sites and keys, each put on the trail as seen on this list: two statements."""
    found = Patient.objects.for_user(user).filter(pk__in=ids).select_related("site")
    patients = {patient.pk: patient for patient in found}
    warm_keys(patients)
    record_many(user, patients.values(), "overdue.view")
    return patients


@require_safe
def overdue(request: HttpRequest) -> HttpResponse:
    """Everybody whose checks are overdue; or what is due soon, results that wait, and duties about which nobody has decided."""
    user = request.user
    if not isinstance(user, User) or not is_clinician(user):
        raise Http404
    now = present()
    part = request.GET.get("show", OVERDUE)
    part = part if part in PARTS else OVERDUE
    with reading_many():
        everybody = board.everybody(user, now)
        waiting = board.waiting_results(user)
    listed: list[Any] = waiting if part == WAITING else board.worst_first(everybody, STATES[part])
    counts = {name: len(board.worst_first(everybody, state)) for name, state in STATES.items()}
    counts[WAITING] = len(waiting)
    page = Paginator(listed, PAGE).get_page(request.GET.get("page"))
    on_page = list(page)
    patients = known_patients(user, [one.patient_id for one in on_page])
    rows = [
        _waiting_row(one, patients[one.patient_id])
        if part == WAITING
        else _row(one, patients[one.patient_id])
        for one in on_page
        if one.patient_id in patients
    ]
    return render(
        request,
        "treatment/overdue.html",
        {
            "rows": rows,
            "part": part,
            "title": PARTS[part],
            "parts": [
                {"code": code, "label": label, "count": counts[code], "here": code == part}
                for code, label in PARTS.items()
            ],
            "page": page,
            "now": now,
        },
    )


def _row(one: board.Standing, patient: Patient) -> dict[str, Any]:
    return {
        "name": patient.name,
        "url": reverse("treatment:patient-ledger", args=[patient.pk]),
        "lines": [
            {
                "label": line.test.label,
                "due": line.due,
                "last": line.last_done,
                "missed": words.missed_words(line.missed) if line.missed > 1 else "",
                "undecided": "; ".join(str(duty.row["item"]) for duty in line.undecided),
                "therapies": ", ".join(dict.fromkeys(duty.therapy for duty in line.alive)),
            }
            for line in one.lines
        ],
    }


def _waiting_row(row: Result, patient: Patient) -> dict[str, Any]:
    kind, word = stage_of(row)
    return {
        "name": patient.name,
        "url": reverse("treatment:patient-result", args=[patient.pk, row.pk]),
        "label": named_test(row.test).label,
        "taken_on": row.taken_on,
        "entered": row.entered_at,
        "by": row.entered_by.name,
        "zone": patient.site.time_zone,
        "kind": kind,
        "word": word,
    }
