"""The team's patients, and the one-screen summary of one of them."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.models import User
from clinic.services import is_clinician
from patients.services import capacity_of, get_patient_or_404, patients_of, record_many, record_view
from portal.lib import contributions
from portal.lib.text import clean_line
from portal.lib.time import now as present

PAGE_SIZE = 50
STAFF = ("team", "break_glass")


@require_safe
def patient_list(request: HttpRequest) -> HttpResponse:
    """The patients of the person's teams by name; `q` narrows by part of a name. Names are unsealed and scanned."""
    user = request.user
    assert isinstance(user, User)
    if not is_clinician(user):
        raise Http404
    wanted = clean_line(request.GET.get("q", ""))[:80]
    found = [
        patient for patient in patients_of(user, kinds=STAFF) if wanted.casefold() in patient.name.casefold()
    ]
    found.sort(key=lambda patient: patient.name.casefold())
    shown = found[:PAGE_SIZE]
    record_many(user, shown, "patient.listed")
    context = {"patients": shown, "wanted": wanted, "more": len(found) - len(shown)}
    return render(request, "portal/patient_list.html", context)


@require_safe
def summary(request: HttpRequest, patient_id: UUID) -> HttpResponse:
    """One screen about one patient for the team, composed from what the apps contribute; printable."""
    user = request.user
    assert isinstance(user, User)
    patient = get_patient_or_404(request, patient_id)
    if capacity_of(user, patient) not in STAFF:
        raise Http404
    now = present()
    record_view(user, patient, "summary.view")
    panels = [
        panel for contribute in contributions.summary_panels if (panel := contribute(request, patient, now))
    ]
    return render(request, "portal/summary.html", {"patient": patient, "panels": panels, "now": now})
