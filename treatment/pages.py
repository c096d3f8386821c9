"""Who asks about whose treatment, and the addresses of its pages. One view serves the patient and the team."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from accounts.models import User
from patients.areas import TREATMENT
from patients.models import Patient
from patients.services import capacity_of, get_patient_or_404
from portal.lib.time import now as present
from portal.lib.time import today_in
from treatment.courses.guards import STAFF, is_prescriber


class Asked:
    """One request about one patient. Raises Http404 for everybody who may not see the treatment, carers included."""

    def __init__(
        self,
        request: HttpRequest,
        patient_id: UUID | None,
        *,
        staff_only: bool = False,
        patient: Patient | None = None,
    ) -> None:
        """`patient`: who has been found already, by somebody who may see the treatment."""
        assert isinstance(request.user, User)
        self.request, self.user, self.now = request, request.user, present()
        self.patient = patient or get_patient_or_404(request, patient_id, area=TREATMENT)
        self.capacity = capacity_of(self.user, self.patient)
        self.is_staff = self.capacity in STAFF
        if (patient_id is not None) != self.is_staff or (staff_only and not self.is_staff):
            raise Http404
        self.zone: str = self.patient.site.time_zone
        self.today = today_in(self.now, self.zone)
        self.prefix = [patient_id] if patient_id is not None else []

    @property
    def may_prescribe(self) -> bool:
        return self.is_staff and is_prescriber(self.user)

    def url(self, name: str, *args: Any) -> str:
        """The address of a page: the patient's own, or the one under the patient's id."""
        full = f"treatment:patient-{name}" if self.prefix else f"treatment:{name}"
        return reverse(full, args=[*self.prefix, *args])

    def context(self, **more: Any) -> dict[str, Any]:
        """What the templates share."""
        return {
            "layout": "base_staff.html" if self.is_staff else "base.html",
            "patient": self.patient,
            "place": self.patient.site,
            "zone": self.zone,
            "is_staff": self.is_staff,
            "for_name": self.patient.name if self.is_staff else "",
            "may_prescribe": self.may_prescribe,
            "now": self.now,
            "today": self.today,
            **more,
        }

    def page(self, template: str, *, status: int = 200, **more: Any) -> HttpResponse:
        return render(self.request, f"treatment/{template}.html", self.context(**more), status=status)
