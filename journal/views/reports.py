"""The one-page report: write, read and approve, share with a visit, withdraw; as a page and as a PDF; for the patient and the team."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from journal import reports
from journal.models import Report, SharedReport
from journal.report_content import Content, unpacked
from journal.report_forms import ReportForm, ShareForm
from journal.report_paper import pdf_answer
from patients.drafting import drafted
from patients.models import Patient
from patients.questions import questions_of
from patients.requests import once_of
from patients.services import capacity_of, get_patient_or_404, record_view
from portal.lib import paper
from portal.lib.problems import DomainError
from portal.lib.time import now as present
from portal.lib.time import today_in

STAFF = ("team", "break_glass")


def _mine(request: HttpRequest) -> tuple[User, Patient, datetime, date]:
    """The person, their own record, this instant (UTC) and the day on the clinic's clock. Raises Http404."""
    assert isinstance(request.user, User)
    patient = get_patient_or_404(request)
    now = present()
    return request.user, patient, now, today_in(now, patient.site.time_zone)


# --- The patient's own pages ---------------------------------------------------------------------------------


@require_safe
def report_list(request: HttpRequest) -> HttpResponse:
    """The patient's reports, newest first."""
    user, patient, _now, _today = _mine(request)
    record_view(user, patient, "report.view")
    context = {"patient": patient, "reports": reports.reports_of(user, patient)}
    return render(request, "journal/reports.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def report_new(request: HttpRequest) -> HttpResponse:
    """A report from the beginning, with the patient's first open questions in it."""
    return _form_page(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
def report_change(request: HttpRequest, report_id: UUID) -> HttpResponse:
    """Other words: they become a new version, and what was shared stays as it is until the new one is shared."""
    user, patient, _now, _today = _mine(request)
    older = reports.report_or_404(user, patient, report_id)
    if older.state == Report.State.REPLACED:
        return redirect("journal:report", report_id)
    record_view(user, patient, "report.view", older.pk)
    return _form_page(request, older)


def _form_page(request: HttpRequest, older: Report | None) -> HttpResponse:
    user, patient, now, today = _mine(request)
    content = unpacked(older.content) if older is not None else None
    waiting = [one.text for one in questions_of(user, patient) if one.asked_at is None]
    page = drafted(
        request,
        ReportForm,
        kind="report",
        patient=patient,
        target=older.pk if older is not None else None,
        resume=request.path,
        one_by_one=True,
        symptoms=reports.symptoms_to_choose(user, patient, today),
        questions=waiting,
        content=content,
    )
    context = {
        "patient": patient,
        "older": older,
        "doses": reports.doses_to_show(user, patient, today),
        "action": request.path,
    }
    if page.later:
        return page.finish_later("journal/report_form.html", context)
    if page.form.is_valid():
        assert isinstance(page.form, ReportForm)
        try:
            made = reports.write_report(
                by=user,
                patient=patient,
                id=page.id,
                words=page.form.words(),
                replaces=older.pk if older is not None else None,
                now=now,
            )
        except DomainError as error:
            page.refuse(error)
        else:
            page.done()
            return redirect("journal:report", made.pk)
    return page.render("journal/report_form.html", context)


@require_safe
def report(request: HttpRequest, report_id: UUID) -> HttpResponse:
    """One version as the team would see it, with the next step: approve, share, or stop sharing."""
    return _report_page(request, report_id)


def _report_page(
    request: HttpRequest,
    report_id: UUID,
    *,
    form: ShareForm | None = None,
    problem: DomainError | None = None,
) -> HttpResponse:
    user, patient, now, _today = _mine(request)
    found = reports.report_or_404(user, patient, report_id)
    record_view(user, patient, "report.view", found.pk)
    content = unpacked(found.content)
    may_share = found.state in (Report.State.APPROVED, Report.State.WITHDRAWN)
    if may_share and form is None:
        visits = reports.choices(user, patient, now)
        form = ShareForm(visits=visits, initial={"visit": str(visits[0].id)} if visits else {})
    context = {
        "patient": patient,
        "report": content.shown(),
        "version": found,
        "missing": content.missing,
        "share": reports.share_of(user, patient, found),
        "form": form if may_share else None,
        "problem": problem,
    }
    status = problem.status if problem else 422 if form is not None and form.errors else 200
    return render(request, "journal/report.html", context, status=status)


def _act(
    request: HttpRequest, report_id: UUID, do: Callable[..., Report], **more: Any
) -> HttpResponse | None:
    """Run an act of one button; the page with the reason when it is refused, else None."""
    user, patient, now, _today = _mine(request)
    try:
        do(by=user, patient=patient, report_id=report_id, id=once_of(request), now=now, **more)
    except DomainError as error:
        return _report_page(request, report_id, problem=error)
    return None


@require_POST
def report_approve(request: HttpRequest, report_id: UUID) -> HttpResponse:
    """The patient says that this version is right."""
    return _act(request, report_id, reports.approve_report) or redirect("journal:report", report_id)


@require_POST
def report_share(request: HttpRequest, report_id: UUID) -> HttpResponse:
    """Share an approved version with a visit to come, or with the team without one."""
    user, patient, now, _today = _mine(request)
    reports.report_or_404(user, patient, report_id)
    form = ShareForm(request.POST, visits=reports.choices(user, patient, now))
    if not form.is_valid():
        return _report_page(request, report_id, form=form)
    refused = _act(request, report_id, reports.share_report, visit_id=form.visit_id())
    if refused is None:
        messages.success(request, _("Your team can see this report now. Sharing does not alert anyone."))
    return refused or redirect("journal:report", report_id)


@require_POST
def report_withdraw(request: HttpRequest, report_id: UUID) -> HttpResponse:
    """Stop showing a report to the team."""
    refused = _act(request, report_id, reports.withdraw_report)
    if refused is None:
        messages.success(
            request,
            _(
                "Your team no longer sees this report. If someone read it before, they may remember it "
                "or have written about it in your record."
            ),
        )
    return refused or redirect("journal:report", report_id)


@require_safe
def report_pdf(request: HttpRequest, report_id: UUID) -> HttpResponse:
    """The patient's version as a PDF."""
    user, patient, _now, _today = _mine(request)
    found = reports.report_or_404(user, patient, report_id)
    record_view(user, patient, "report.view", found.pk)
    back = reverse("journal:report", args=[report_id])
    share = reports.share_of(user, patient, found)
    visit = share.snapshot["visit"] if share is not None else ""
    return _pdf(request, patient, unpacked(found.content).shown(), found.written_at, visit, back)


# --- The team's pages ----------------------------------------------------------------------------------------


def _theirs(request: HttpRequest, patient_id: UUID, report_id: UUID) -> tuple[User, Patient, SharedReport]:
    """Staff, the patient and the shared copy. Raises Http404 for everybody else."""
    patient = get_patient_or_404(request, patient_id, area="shared_journal")
    assert isinstance(request.user, User)
    if capacity_of(request.user, patient) not in STAFF:
        raise Http404
    found = reports.shared_report_or_404(request.user, patient, report_id)
    record_view(request.user, patient, "report.shared-view", found.pk)
    return request.user, patient, found


@require_safe
def shared_report(request: HttpRequest, patient_id: UUID, report_id: UUID) -> HttpResponse:
    """What the patient shared, for the team."""
    user, patient, found = _theirs(request, patient_id, report_id)
    context = {
        "patient": patient,
        "report": unpacked(found.snapshot),
        "shared": found,
        "visit": found.snapshot["visit"],
        "visit_now": reports.visit_as_it_is(user, patient, found, present()),
    }
    return render(request, "journal/shared_report.html", context)


@require_safe
def shared_report_pdf(request: HttpRequest, patient_id: UUID, report_id: UUID) -> HttpResponse:
    """What the patient shared, as a PDF for the team."""
    _user, patient, found = _theirs(request, patient_id, report_id)
    back = reverse("journal:shared-report", args=[patient_id, report_id])
    return _pdf(request, patient, unpacked(found.snapshot), found.shared_at, found.snapshot["visit"], back)


def _pdf(
    request: HttpRequest, patient: Patient, content: Content, at: datetime, visit: str, back: str
) -> HttpResponse:
    """The PDF; or a page that says why there is none and leads back."""
    try:
        return pdf_answer(patient, content, at, visit)
    except paper.NoPaper as error:
        context = {"patient": patient, "back": back, "problem": error}
        return render(request, "journal/no_pdf.html", context, status=error.status)
