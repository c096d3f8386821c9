"""Chart pages: the patient's own, a carer's without what is sensitive, the team's from shared copies alone."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.models import User
from journal import charting
from journal.chart_words import RANGE_WORDS
from journal.charts import SIGHTS, Sight, charts_by_cycle, charts_by_date
from patients.models import Patient
from patients.services import capacity_of, get_patient_or_404, record_view
from portal.lib.time import now as present
from portal.lib.time import today_in

CYCLE = "cycle"
STAFF = ("team", "break_glass")


def _shown(request: HttpRequest, patient: Patient, sight: Sight) -> dict[str, Any]:
    """The charts that the address asks for, and the links to the others."""
    user = request.user
    assert isinstance(user, User)
    today = today_in(present(), patient.site.time_zone)
    stretch = charting.RANGES.get(request.GET.get("range", ""), charting.FOUR_WEEKS)
    by_cycle = sight.treatment and request.GET.get("by") == CYCLE
    if by_cycle:
        charts = charts_by_cycle(user, patient, sight=sight, today=today)
    else:
        charts = charts_by_date(user, patient, sight=sight, stretch=stretch, today=today)
    links = [
        {"label": words, "query": f"range={code}", "here": not by_cycle and code == stretch.code}
        for code, words in RANGE_WORDS.items()
    ]
    return {
        "patient": patient,
        "charts": charts,
        "links": links,
        "by_cycle": by_cycle,
        "cycles": charts.cycles,
        "range_words": RANGE_WORDS[stretch.code],
        "last_days": charting.LAST_DAYS,
    }


@require_safe
def own(request: HttpRequest) -> HttpResponse:
    """The patient's own words as charts."""
    patient = get_patient_or_404(request)
    assert isinstance(request.user, User)
    record_view(request.user, patient, "journal.charts-view")
    context = _shown(request, patient, SIGHTS["self"])
    return render(request, "journal/charts.html", {**context, "back": reverse("journal:home")})


@require_safe
def carers(request: HttpRequest, patient_id: UUID) -> HttpResponse:
    """What the patient opened to a carer: nothing sensitive, nothing about treatment."""
    patient = get_patient_or_404(request, patient_id, area="journal")
    assert isinstance(request.user, User)
    if capacity_of(request.user, patient) != "carer":
        raise Http404
    record_view(request.user, patient, "journal.charts-view")
    context = _shown(request, patient, SIGHTS["carer"])
    back = reverse("journal:patient-home", args=[patient.pk])
    return render(request, "journal/patient_charts.html", {**context, "back": back})


@require_safe
def shared(request: HttpRequest, patient_id: UUID) -> HttpResponse:
    """What the patient shared, as charts for the team."""
    patient = get_patient_or_404(request, patient_id, area="shared_journal")
    assert isinstance(request.user, User)
    if capacity_of(request.user, patient) not in STAFF:
        raise Http404
    record_view(request.user, patient, "journal.shared-view")
    context = _shown(request, patient, SIGHTS["team"])
    back = reverse("journal:shared", args=[patient.pk])
    return render(request, "journal/shared_charts.html", {**context, "back": back})
