"""The end of a team's access to a patient, on a page of its own."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.models import User
from patients.relations import StillKeeps, duties_of, end_team, own_teams
from patients.requests import once_of
from patients.services import capacity_of, get_patient_or_404, record_view
from portal.lib.problems import NotAllowed
from portal.lib.time import now as present


@require_http_methods(["GET", "HEAD", "POST"])
def end(request: HttpRequest, patient_id: UUID, team_id: UUID) -> HttpResponse:
    """What the team still keeps, or the button that ends its access."""
    patient = get_patient_or_404(request, patient_id)
    user = request.user
    assert isinstance(user, User)
    capacity = capacity_of(user, patient)
    if capacity not in ("team", "break_glass"):
        raise Http404
    if capacity != "team":
        raise NotAllowed
    team = next((team for team in own_teams(user, patient) if team.pk == team_id), None)
    if team is None:
        raise Http404
    record_view(user, patient, "access.view")
    now = present()
    kept = duties_of(user, patient, team_id, now)
    if request.method == "POST":
        try:
            end_team(by=user, patient=patient, team_id=team_id, id=once_of(request), now=now)
        except StillKeeps as error:
            kept = error.duties
        else:
            messages.success(request, _("The team's access has ended. The record stays with the patient."))
            return redirect("portal:staff-patients")
    context = {"patient": patient, "team": team, "kept": kept}
    refused = request.method == "POST"
    return render(request, "patients/team_end.html", context, status=409 if refused else 200)
