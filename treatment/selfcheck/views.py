"""The patient's self-check and what comes of it; the team's look at it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from patients.drafting import drafted
from patients.requests import once_of
from patients.services import record_view
from portal.lib.contributions import begin_message
from portal.lib.problems import DomainError
from treatment.models import SelfCheck
from treatment.pages import Asked
from treatment.selfcheck import services
from treatment.selfcheck.forms import SelfCheckForm

SHOWN = 20


@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest) -> HttpResponse:
    """The questions of all therapies that the patient was given."""
    asked = Asked(request, None)
    record_view(asked.user, asked.patient, "treatment.view")
    versions = services.versions_to_ask(asked.user, asked.patient)
    if not versions:
        return asked.page("selfcheck_nothing", up=asked.url("home"))
    page = drafted(
        request, SelfCheckForm, kind="self-check", patient=asked.patient,
        signs=[one.sign for one in services.asked_of(versions)],
    )  # fmt: skip
    context = asked.context(
        up=asked.url("home"),
        therapy=", ".join(dict.fromkeys(version.facts.name for version in versions)),
        unsigned=any(version.unsigned for version in versions),
        has_rems=any(version.facts.content["rems"] for version in versions),
    )
    if page.later:
        return page.finish_later("treatment/selfcheck.html", context)
    if page.form.is_valid():
        try:
            said = page.form.cleaned_data
            made = services.answer(
                by=asked.user,
                patient=asked.patient,
                id=page.id,
                new=[*said["emergency"], *said["call_now"]],
                none=said["none"],
                now=asked.now,
            )
        except DomainError as error:
            if error.status == 403:
                raise
            page.refuse(error)
        else:
            page.done()
            return redirect(asked.url("self-check-done", made.pk))
    return page.render("treatment/selfcheck.html", context)


@require_safe
def done(request: HttpRequest, check_id: UUID, patient_id: UUID | None = None) -> HttpResponse:
    """What was answered. For the patient: whom to call first, then the message. For the team: who has looked at it."""
    asked = Asked(request, patient_id)
    row = services.check_or_404(asked.user, asked.patient, check_id)
    record_view(asked.user, asked.patient, "treatment.view", row.pk)
    waits = asked.capacity == "team" and row.reviewed_at is None
    may = waits and services.may_review(asked.user, row)
    return asked.page(
        "selfcheck_done",
        row=row,
        new=row.answers["new"],
        write=asked.url("self-check-write", row.pk) if not asked.is_staff and begin_message.all() else "",
        review=asked.url("self-check-review", row.pk) if may else "",
        not_mine=waits and not may,
        up=asked.url("home"),
    )  # fmt: skip


@require_POST
def write(request: HttpRequest, check_id: UUID) -> HttpResponse:
    """A message to the team that begins with what was ticked. It waits as a draft until the patient sends it."""
    asked = Asked(request, None)
    row = services.check_or_404(asked.user, asked.patient, check_id)
    record_view(asked.user, asked.patient, "treatment.view", row.pk)
    begin = begin_message.all()[0]
    return redirect(begin(asked.user, asked.patient, "side_effect", services.message_text(row)))


@require_POST
def review(request: HttpRequest, patient_id: UUID, check_id: UUID) -> HttpResponse:
    """Somebody of the team has looked at it."""
    asked = Asked(request, patient_id, staff_only=True)
    services.check_or_404(asked.user, asked.patient, check_id)  # not there comes before may not
    services.review(
        by=asked.user, patient=asked.patient, check_id=check_id, id=once_of(request), now=asked.now
    )
    messages.success(request, _("Noted that you have looked at it."))
    return redirect(asked.url("self-check-done", check_id))


def newest(asked: Asked) -> list[dict[str, Any]]:
    """The last self-checks with their pages; answers to check-ins after a dose stand with the check-ins."""
    checks = SelfCheck.objects.for_user(asked.user, asked.patient).filter(check_in__isnull=True)
    rows = checks.newest_first()[:SHOWN]
    return [{"row": row, "url": asked.url("self-check-done", row.pk)} for row in rows]
