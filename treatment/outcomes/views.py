"""The team's pages about a dose that waits, about its drug, and about pausing a treatment."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from patients.drafting import drafted
from patients.requests import once_of
from patients.services import record_view
from portal.lib.forms import status_of
from portal.lib.problems import DomainError
from treatment import forms, words
from treatment.courses import giving, later_reactions, pausing, reactions, reading
from treatment.outcomes import services
from treatment.outcomes.forms import DrugForm, LaterReactionForm, PostponeForm, ResumeForm
from treatment.outcomes.reading import drug_of, hold_of
from treatment.pages import Asked
from treatment.views.team import finish, grade_in, prescribes

GET_POST = ["GET", "HEAD", "POST"]


@require_http_methods(GET_POST)
def postpone(request: HttpRequest, patient_id: UUID, dose_id: UUID) -> HttpResponse:
    """Say why the next dose waits, who has it in hand and when somebody looks again."""
    asked = Asked(request, patient_id, staff_only=True)
    dose = reading.dose_or_404(asked.user, asked.patient, dose_id)
    record_view(asked.user, asked.patient, "treatment.view", dose.pk)
    waiting = hold_of(asked.user, asked.patient, dose.pk)
    page = drafted(request, PostponeForm, kind="treatment-postpone", patient=asked.patient, target=dose.pk)
    page.form.fields["recheck_on"].earliest = asked.today  # type: ignore[attr-defined]
    back = asked.url("course", dose.course_id)

    def act(data: dict[str, Any]) -> None:
        services.postpone(
            by=asked.user, patient=asked.patient, dose_id=dose.pk, reason=data["reason"], owner=data["owner"],
            recheck_on=data["recheck_on"], note=data["note"], id=page.id, now=asked.now,
        )  # fmt: skip

    context = asked.context(
        up=back, dose=dose, name=reading.name_of(dose.course), waiting=waiting, unsigned=dose.course.order.demo_only,
        rule=reading.facts_for(dose.course).reset_from_given,
    )  # fmt: skip
    return finish(asked, page, "treatment/postpone.html", context, act, _("The dose is put off."), back)


@require_POST
def go_ahead(request: HttpRequest, patient_id: UUID, dose_id: UUID) -> HttpResponse:
    """The dose waits no more."""
    asked = Asked(request, patient_id, staff_only=True)
    dose = reading.dose_or_404(asked.user, asked.patient, dose_id)
    try:
        services.go_ahead(
            by=asked.user, patient=asked.patient, dose_id=dose.pk, id=once_of(request), now=asked.now
        )
    except DomainError as error:
        if error.status == 403:
            raise
        messages.error(request, str(error.message))
    else:
        messages.success(request, _("The dose can go ahead."))
    return redirect(asked.url("course", dose.course_id))


@require_http_methods(GET_POST)
def review(request: HttpRequest, patient_id: UUID, dose_id: UUID) -> HttpResponse:
    """A prescriber has looked at the reaction that holds a dose, and lets it go ahead with the reason."""
    asked = Asked(request, patient_id, staff_only=True)
    dose = reading.dose_or_404(asked.user, asked.patient, dose_id)
    prescribes(asked)
    record_view(asked.user, asked.patient, "treatment.view", dose.pk)
    page = drafted(request, forms.ReviewForm, kind="treatment-review", patient=asked.patient, target=dose.pk)
    back = asked.url("course", dose.course_id)

    def act(data: dict[str, Any]) -> None:
        services.go_ahead(
            by=asked.user,
            patient=asked.patient,
            dose_id=dose.pk,
            reason=data["reason"],
            id=page.id,
            now=asked.now,
        )

    substance = reading.facts_for(dose.course).substance
    context = asked.context(
        up=back, dose=dose, name=reading.name_of(dose.course), unsigned=dose.course.order.demo_only,
        waiting=hold_of(asked.user, asked.patient, dose.pk),
        reacted=reactions.unreviewed(asked.user, asked.patient, substance),
    )  # fmt: skip
    return finish(asked, page, "treatment/review_hold.html", context, act, _("The dose can go ahead."), back)


@require_http_methods(GET_POST)
def later_reaction(request: HttpRequest, patient_id: UUID, dose_id: UUID) -> HttpResponse:
    """Note a reaction that showed after the dose was noted as given; what was noted before stays beside it."""
    asked = Asked(request, patient_id, staff_only=True)
    dose = reading.dose_or_404(asked.user, asked.patient, dose_id)
    record_view(asked.user, asked.patient, "treatment.view", dose.pk)
    page = drafted(
        request, LaterReactionForm, kind="late-reaction", patient=asked.patient, target=dose.pk, given_on=dose.given_on,
        today=asked.today,
    )  # fmt: skip
    back = asked.url("course", dose.course_id)

    def act(data: dict[str, Any]) -> None:
        later_reactions.note_later_reaction(
            by=asked.user, patient=asked.patient, dose_id=dose.pk, grade=grade_in(data["grade"]), since=data["since"],
            words=data["words"], id=page.id, now=asked.now,
        )  # fmt: skip

    context = asked.context(
        up=back, dose=dose, name=reading.name_of(dose.course), unsigned=dose.course.order.demo_only,
        later=later_reactions.of_dose(asked.user, asked.patient, dose.pk),
    )  # fmt: skip
    return finish(
        asked, page, "treatment/later_reaction.html", context, act, _("The reaction is noted."), back
    )


@require_http_methods(GET_POST)
def drug(request: HttpRequest, patient_id: UUID, dose_id: UUID) -> HttpResponse:
    """Where the drug of a dose is: ordered, released, mixed, taken back."""
    asked = Asked(request, patient_id, staff_only=True)
    dose = reading.dose_or_404(asked.user, asked.patient, dose_id)
    record_view(asked.user, asked.patient, "treatment.view", dose.pk)
    found = drug_of(asked.user, asked.patient, dose.pk)
    form = DrugForm(
        request.POST if request.method == "POST" else None,
        following=found.following,
        initial={
            "product": found.product["product"],
            "lot": found.product["lot"],
            "expires_on": found.expires_on,
        },
    )
    if form.is_valid():
        data = form.cleaned_data
        try:
            services.note_drug_step(
                by=asked.user, patient=asked.patient, dose_id=dose.pk, kind=data["kind"], product=data["product"],
                lot=data["lot"], expires_on=data["expires_on"], note=data["note"], id=once_of(request), now=asked.now,
            )  # fmt: skip
        except DomainError as error:
            if error.status == 403:
                raise
            form.add_error(None, str(error.message))
        else:
            messages.success(request, _("Noted."))
            return redirect(asked.url("drug", dose.pk))
    return asked.page(
        "drug", status=status_of(form), form=form, up=asked.url("course", dose.course_id), dose=dose, drug=found,
        name=reading.name_of(dose.course), unsigned=dose.course.order.demo_only,
        steps=[{"step": step, "expires": step.details.get("expires_on", "")} for step in found.steps],
    )  # fmt: skip


# --- Pause and go on ----------------------------------------------------------------------------------------------


@require_http_methods(GET_POST)
def pause(request: HttpRequest, patient_id: UUID, course_id: UUID) -> HttpResponse:
    """A prescriber pauses a treatment, with the reason."""
    asked = Asked(request, patient_id, staff_only=True)
    found = reading.course_or_404(asked.user, asked.patient, course_id)
    prescribes(asked)
    record_view(asked.user, asked.patient, "treatment.view", found.pk)
    page = drafted(request, forms.ReasonForm, kind="treatment-pause", patient=asked.patient, target=found.pk)
    back = asked.url("course", found.pk)

    def act(data: dict[str, Any]) -> None:
        pausing.pause_course(
            by=asked.user, patient=asked.patient, course_id=found.pk, reason=data["reason"], id=page.id, now=asked.now
        )  # fmt: skip

    context = asked.context(
        up=back, course=found, name=reading.name_of(found), unsigned=found.order.demo_only
    )
    return finish(asked, page, "treatment/pause.html", context, act, _("The treatment is paused."), back)


@require_http_methods(GET_POST)
def resume(request: HttpRequest, patient_id: UUID, course_id: UUID) -> HttpResponse:
    """A prescriber goes on with a paused treatment and sets the day of its next dose."""
    asked = Asked(request, patient_id, staff_only=True)
    found = reading.course_or_404(asked.user, asked.patient, course_id)
    prescribes(asked)
    record_view(asked.user, asked.patient, "treatment.view", found.pk)
    page = drafted(request, ResumeForm, kind="treatment-resume", patient=asked.patient, target=found.pk)
    back = asked.url("course", found.pk)
    following = giving.next_planned(asked.user, asked.patient, found.pk)

    def act(data: dict[str, Any]) -> None:
        pausing.resume_course(
            by=asked.user, patient=asked.patient, course_id=found.pk, first_on=data["first_on"], reason=data["reason"],
            id=page.id, now=asked.now,
        )  # fmt: skip

    context = asked.context(
        up=back, course=found, name=reading.name_of(found), dose=following, unsigned=found.order.demo_only,
        window=words.window_words(following.window) if following is not None else "",
    )  # fmt: skip
    return finish(asked, page, "treatment/resume.html", context, act, _("The treatment goes on."), back)
