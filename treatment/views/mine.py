"""Ticking what is to do before a dose. The page around it is the journey (`treatment/journey/`)."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from patients.requests import once_of
from portal.lib.problems import DomainError
from treatment import checks
from treatment.pages import Asked
from treatment.readiness.items import item_or_404


@require_POST
def settle(request: HttpRequest, item_id: UUID, patient_id: UUID | None = None) -> HttpResponse:
    """Tick something that is to do before a dose, or open it again."""
    asked = Asked(request, patient_id)
    item = item_or_404(asked.user, asked.patient, item_id)
    done = request.POST.get("done") == "1"
    try:
        checks.settle_item(
            by=asked.user,
            patient=asked.patient,
            item_id=item_id,
            done=done,
            id=once_of(request),
            now=asked.now,
        )
    except DomainError as error:
        if error.status == 403:
            raise
        messages.error(request, str(error.message))
    else:
        messages.success(request, _("Ticked as done.") if done else _("Opened again."))
    if asked.is_staff:
        return redirect(asked.url("course", item.dose.course_id))
    return redirect(asked.url("home"))
