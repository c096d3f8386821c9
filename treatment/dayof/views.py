"""Pages of the day of a dose and after: the day, check-ins, after-care, the wallet card."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from patients.areas import Scope
from patients.drafting import drafted
from patients.services import capacity_of, get_patient_or_404, record_view
from portal.lib import paper
from portal.lib.problems import DomainError
from portal.lib.time import now as present
from treatment.courses import reading
from treatment.dayof import aftercare, card, checkins, contributed, day
from treatment.ledger.words import until_words
from treatment.pages import Asked
from treatment.selfcheck import services as selfcheck
from treatment.selfcheck.forms import SelfCheckForm


@require_safe
def infusion_day(request: HttpRequest, patient_id: UUID | None = None) -> HttpResponse:
    """The day of the next dose. Carers who keep the appointments find it under the patient's id, without anything of the record."""
    if patient_id is not None:
        carer = _for_carer(request, patient_id)
        if carer is not None:
            return carer
    asked = Asked(request, patient_id)
    record_view(asked.user, asked.patient, "treatment.view")
    of = day.day_of(asked.user, asked.patient, asked.now)
    return asked.page(
        "infusion_day",
        of=of,
        ready=asked.url("ready", of.dose_id) if of is not None else "",
        bring=day.bring_list(own=True),
        up=asked.url("home"),
        after=asked.url("after-care"),
        card=asked.url("card"),
    )


def _for_carer(request: HttpRequest, patient_id: UUID) -> HttpResponse | None:
    """The carer's page; None for everybody else, who are asked about the treatment instead."""
    user = request.user
    assert isinstance(user, User)
    patient = get_patient_or_404(request, patient_id, area=Scope.APPOINTMENTS)
    if capacity_of(user, patient) != "carer":
        return None
    now = present()
    record_view(user, patient, "appointments.view")
    context = {
        "layout": "base.html",
        "patient": patient,
        "place": patient.site,
        "zone": patient.site.time_zone,
        "for_name": patient.name,
        "is_carer": True,
        "of": day.day_for_carer(user, patient, now),
        "bring": day.bring_list(own=False),
        "now": now,
    }
    return render(request, "treatment/infusion_day.html", context)


@require_safe
def after_care(request: HttpRequest, patient_id: UUID | None = None) -> HttpResponse:
    """What to watch for after a dose. The team reads the sources beside it."""
    asked = Asked(request, patient_id)
    record_view(asked.user, asked.patient, "treatment.view")
    care = aftercare.after_care(asked.user, asked.patient, asked.now)
    return asked.page(
        "after_care",
        care=care,
        checks=[{"label": line.test.label, "until": until_words(line)} for line in care.checks]
        if care
        else [],
        up=asked.url("home"),
        ledger=asked.url("ledger"),
        self_check="" if asked.is_staff else asked.url("self-check"),
        check_in=_open_address(asked),
    )


def _open_address(asked: Asked) -> str:
    """The check-in that waits for the patient, if one does."""
    if asked.is_staff:
        return ""
    row = contributed.open_check_in(asked.user, asked.patient, asked.now)
    return asked.url("check-in", row.pk) if row is not None else ""


# --- Check-ins --------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def check_in(request: HttpRequest, check_in_id: UUID) -> HttpResponse:
    """How it is after a dose: the red flags of the version, emergencies first. What was answered stands on the page of the self-check."""
    asked = Asked(request, None)
    row = checkins.check_in_or_404(asked.user, asked.patient, check_in_id)
    record_view(asked.user, asked.patient, "treatment.view", row.pk)
    if (
        row.answer_id is not None and request.method != "POST"
    ):  # other answers that are sent are refused below, and kept
        return redirect(asked.url("self-check-done", row.answer_id))
    facts = reading.facts_for(row.dose.course)
    page = drafted(
        request, SelfCheckForm, kind="check-in", patient=asked.patient, target=row.pk,
        signs=selfcheck.signs_of(facts),
    )  # fmt: skip
    context = asked.context(
        up=asked.url("home"),
        therapy=facts.name,
        unsigned=row.dose.course.order.demo_only,
        given_on=row.dose.given_on,
        step=checkins.step_words(row.step),
        after=asked.url("after-care"),
    )
    template = "treatment/check_in.html"
    if page.later:
        return page.finish_later(template, context)
    if page.form.is_valid():
        try:
            said = page.form.cleaned_data
            made = checkins.answer(
                by=asked.user,
                patient=asked.patient,
                check_in_id=check_in_id,
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
    return page.render(template, context)


# --- The wallet card --------------------------------------------------------------------------------------------------


@require_safe
def wallet_card(request: HttpRequest, patient_id: UUID | None = None) -> HttpResponse:
    """The card as a page that prints."""
    asked = Asked(request, patient_id)
    record_view(asked.user, asked.patient, "card.view")
    made = card.card_of(asked.user, asked.patient, asked.now)
    return asked.page(
        "card", card=made, up=asked.url("home"), pdf=asked.url("card-pdf"), lists=asked.url("lists")
    )


@require_safe
def wallet_card_pdf(request: HttpRequest, patient_id: UUID | None = None) -> HttpResponse:
    """The card as a PDF; or a page that says why there is none."""
    asked = Asked(request, patient_id)
    record_view(asked.user, asked.patient, "card.view")
    made = card.card_of(asked.user, asked.patient, asked.now)
    try:
        return card.pdf_answer(asked.patient, made)
    except paper.NoPaper as error:
        return asked.page("card_no_pdf", status=error.status, problem=error, up=asked.url("card"))
