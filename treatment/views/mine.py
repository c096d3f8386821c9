"""The patient's own page: the next dose, what is open before it, what to bring, whom to call."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from patients.requests import once_of
from patients.services import record_view
from portal.lib.problems import DomainError
from treatment import checks, shown
from treatment.courses import reading
from treatment.elsewhere.shown import before_rows
from treatment.pages import Asked
from treatment.readiness.items import item_or_404


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """My treatment: day of the cycle, next dose in words, what is open and who has it, earlier doses."""
    asked = Asked(request, None)
    record_view(asked.user, asked.patient, "treatment.view")
    courses = reading.courses_of(asked.user, asked.patient)
    running = [course for course in courses if course.is_running]
    journey = shown.journey_of(asked)
    return asked.page(
        "home",
        next=shown.next_up(asked, journey.doses, journey.done),
        fever=shown.fever_address(),
        courses=[
            {
                "course": course,
                "facts": reading.facts_for(course),
                "checks": shown.check_rows(asked, course, journey),
                "earlier": shown.earlier_doses(asked, course, journey),
            }
            for course in courses
        ],
        unsigned=any(course.order.demo_only for course in running),
        before=before_rows(asked),
        lists=asked.url("lists"),
        self_check=asked.url("self-check"),
        ledger=asked.url("ledger"),
    )


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
