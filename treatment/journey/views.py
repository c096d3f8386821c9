"""The journey, the plan and the history. One view serves the patient and the team: both read the same page."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from patients.services import record_view
from treatment.elsewhere.shown import before_rows
from treatment.journey import history, shown
from treatment.journey.reading import journey_of
from treatment.pages import Asked
from treatment.shown import fever_address


@require_safe
def home(request: HttpRequest, patient_id: UUID | None = None) -> HttpResponse:
    """Where the patient is, the last dose and the next, what stands before it and who has it, what is watched, and the one next thing."""
    asked = Asked(request, patient_id)
    record_view(asked.user, asked.patient, "treatment.view")
    journey = journey_of(asked.user, asked.patient, asked.now)
    return asked.page("journey/home", **shown.page_context(asked, journey), fever_url=fever_address())


@require_safe
def plan(request: HttpRequest, patient_id: UUID | None = None) -> HttpResponse:
    """The planned doses as windows, with what really happened."""
    asked = Asked(request, patient_id)
    record_view(asked.user, asked.patient, "treatment.view")
    return asked.page("journey/plan", **history.plan_context(asked))


@require_safe
def past(request: HttpRequest, patient_id: UUID | None = None) -> HttpResponse:
    """All treatments with what became of their doses, pauses, switches and ends."""
    asked = Asked(request, patient_id)
    record_view(asked.user, asked.patient, "treatment.view")
    return asked.page("journey/history", **history.history_context(asked, before_rows(asked)))
