"""`/api/v1/patients/…/teams/…/end/`: a team's access to a patient ends, when it keeps nothing for the patient any more."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from patients.relations import end_team, own_teams
from patients.requests import STAFF
from patients.services import capacity_of, get_patient_or_404
from portal.lib.api import ApiView, NothingWrite
from portal.lib.problems import NotAllowed
from portal.lib.time import now as present


class TeamEnd(ApiView):
    noun = "patients"

    @extend_schema(request=NothingWrite, responses={204: None})
    def post(self, request: Request, patient_id: UUID, team_id: UUID) -> Response:
        """For somebody of the team: end its access. Refused (409) while it keeps duties that nobody has taken over, or owes an answer or a call."""
        patient = get_patient_or_404(self.plain_request, patient_id)
        capacity = capacity_of(self.person, patient)
        if capacity not in STAFF:
            raise Http404
        if capacity != "team":
            raise NotAllowed
        if team_id not in {team.pk for team in own_teams(self.person, patient)}:
            raise Http404
        self.body(NothingWrite)
        end_team(by=self.person, patient=patient, team_id=team_id, id=self.once, now=present())
        return Response(status=204)
