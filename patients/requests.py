"""What pages and API views of every app read from a request: the id of an act, and whose record it is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest

from accounts.models import User
from patients.areas import PROFILE
from patients.models import Patient
from patients.services import capacity_of, get_patient_or_404
from portal.lib.api import ApiView
from portal.lib.ids import parse_uuid

STAFF = ("team", "break_glass")


def once_of(request: HttpRequest) -> UUID:
    """The client-made id of a button's act (hidden field `once`). Raises BadRequest: a 400 page."""
    once = parse_uuid(request.POST.get("once"))
    if once is None:
        raise BadRequest
    return once


@dataclass(frozen=True, slots=True)
class About:
    """Who asks the API, about whose record, in what capacity."""

    user: User
    patient: Patient
    capacity: str

    @property
    def act(self) -> dict[str, Any]:
        """The first two arguments of every writing service."""
        return {"by": self.user, "patient": self.patient}

    @property
    def is_staff(self) -> bool:
        """True for the care team and for emergency access."""
        return self.capacity in STAFF

    @property
    def zone(self) -> str:
        """The wall clock of the patient's center."""
        zone: str = self.patient.site.time_zone
        return zone


def about(view: ApiView, area: str = PROFILE, *capacities: str) -> About:
    """The record that `?patient=` names, one's own without it.

    404 for strangers, for a carer whose access does not reach `area`, and for people in none of the `capacities`.
    """
    patient = get_patient_or_404(view.plain_request, view.asked.get("patient"), area)
    user = view.person
    capacity = capacity_of(user, patient)
    if capacities and capacity not in capacities:
        raise Http404
    return About(user, patient, capacity)
