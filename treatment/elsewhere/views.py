"""The team's pages about what was given elsewhere, weight and height, and the import of many people at once."""

from __future__ import annotations

from hashlib import sha256
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from clinic.models import Site
from clinic.services import is_clinician, teams_of
from patients.drafting import drafted
from patients.requests import once_of
from patients.services import record_view
from portal.lib.forms import status_of
from portal.lib.problems import DomainError
from portal.lib.time import now as present
from treatment.elsewhere import counters, importing, services, shown
from treatment.elsewhere.forms import ConfirmForm, ElsewhereForm, ImportForm, MeasureForm
from treatment.models import GivenElsewhere
from treatment.pages import Asked
from treatment.protocols.catalog import newest_protocols
from treatment.views.team import finish

GET_POST = ["GET", "HEAD", "POST"]


@require_safe
def home(request: HttpRequest, patient_id: UUID) -> HttpResponse:
    """What was given elsewhere, weight and height."""
    asked = Asked(request, patient_id, staff_only=True)
    record_view(asked.user, asked.patient, "treatment.view")
    return asked.page(
        "elsewhere",
        up=asked.url("home"),
        rows=shown.before_rows(asked),
        measures=shown.measure_rows(asked),
        add=asked.url("elsewhere-add"),
        measure=asked.url("measure"),
        formula=counters.BODY_SURFACE,
    )


def _therapies(site: Site) -> list[tuple[str, str]]:
    """Every therapy of the data that is ordered here or could have been given elsewhere."""
    return [(row.facts.code, row.facts.name) for row in newest_protocols(site) if row.facts.paths]


@require_http_methods(GET_POST)
def add(request: HttpRequest, patient_id: UUID) -> HttpResponse:
    """Write down what was given elsewhere, and confirm it at once when the papers are there."""
    asked = Asked(request, patient_id, staff_only=True)
    record_view(asked.user, asked.patient, "treatment.view")
    page = drafted(
        request,
        ElsewhereForm,
        kind="treatment-elsewhere",
        patient=asked.patient,
        therapies=_therapies(asked.patient.site),
    )
    back = asked.url("elsewhere")

    def act(data: dict[str, Any]) -> None:
        form: Any = page.form
        services.note_elsewhere(
            by=asked.user, patient=asked.patient, therapy=data["therapy"], told=form.told(), confirmed=data["confirmed"],
            id=page.id, now=asked.now,
        )  # fmt: skip

    context = asked.context(up=back)
    return finish(asked, page, "treatment/elsewhere_add.html", context, act, _("It is written down."), back)


@require_http_methods(GET_POST)
def confirm(request: HttpRequest, patient_id: UUID, elsewhere_id: UUID) -> HttpResponse:
    """A nurse checks the numbers against the papers, puts them right and confirms them."""
    asked = Asked(request, patient_id, staff_only=True)
    row = services.elsewhere_or_404(asked.user, asked.patient, elsewhere_id)
    record_view(asked.user, asked.patient, "treatment.view", row.pk)
    told = services.told_by(row)
    initial = {name: getattr(told, name) for name in ConfirmForm.base_fields if hasattr(told, name)}
    page = drafted(
        request, ConfirmForm, kind="treatment-elsewhere-confirm", patient=asked.patient, target=row.pk,
        initial=initial,
    )  # fmt: skip
    back = asked.url("elsewhere")

    def act(data: dict[str, Any]) -> None:
        form: Any = page.form
        services.confirm_elsewhere(
            by=asked.user, patient=asked.patient, elsewhere_id=row.pk, told=form.told(), id=page.id, now=asked.now
        )  # fmt: skip

    _therapy, facts = services.facts_of_therapy(row.therapy.code, asked.patient.site)
    context = asked.context(
        up=back, row=row, name=facts.name, standing=not row.is_confirmed and not row.withdrawn_at
    )
    return finish(
        asked,
        page,
        "treatment/elsewhere_confirm.html",
        context,
        act,
        _("Confirmed. It counts from now on."),
        back,
    )


@require_POST
def withdraw(request: HttpRequest, patient_id: UUID, elsewhere_id: UUID) -> HttpResponse:
    """Take a wrong note off."""
    asked = Asked(request, patient_id, staff_only=True)
    row = services.elsewhere_or_404(asked.user, asked.patient, elsewhere_id)
    try:
        services.withdraw_elsewhere(
            by=asked.user, patient=asked.patient, elsewhere_id=elsewhere_id, id=once_of(request), now=asked.now
        )  # fmt: skip
    except DomainError as error:
        if error.status == 403:
            raise
        messages.error(request, str(error.message))
    else:
        messages.success(request, _("Taken off. It does not count any more."))
        if row.is_confirmed and all(services.told_by(row).jcv):
            messages.info(
                request,
                _(
                    "Its JC virus test stays with the results. Take it back there if it is not this patient's."
                ),
            )
    return redirect(asked.url("elsewhere"))


@require_POST
def booking(request: HttpRequest, patient_id: UUID, elsewhere_id: UUID) -> HttpResponse:
    """Somebody has booked here what was booked elsewhere, or sets it aside."""
    asked = Asked(request, patient_id, staff_only=True)
    services.elsewhere_or_404(asked.user, asked.patient, elsewhere_id)
    how = request.POST.get("how", "")
    if how not in (GivenElsewhere.Booking.ENTERED, GivenElsewhere.Booking.ASIDE):
        messages.error(request, _("Nothing was changed. Press one of the two buttons."))
        return redirect(asked.url("elsewhere"))
    entered = how == GivenElsewhere.Booking.ENTERED
    try:
        services.settle_booking(
            by=asked.user, patient=asked.patient, elsewhere_id=elsewhere_id, how=how, id=once_of(request), now=asked.now
        )  # fmt: skip
    except DomainError as error:
        if error.status == 403:
            raise
        messages.error(request, str(error.message))
    else:
        messages.success(
            request,
            _("Noted: it is booked here.") if entered else _("Set aside. Nobody is asked about it any more."),
        )
    return redirect(asked.url("elsewhere"))


@require_http_methods(GET_POST)
def measure(request: HttpRequest, patient_id: UUID) -> HttpResponse:
    """Weight and height."""
    asked = Asked(request, patient_id, staff_only=True)
    record_view(asked.user, asked.patient, "treatment.view")
    form = MeasureForm(
        request.POST if request.method == "POST" else None, latest=asked.today, initial={"measured_on": asked.today}
    )  # fmt: skip
    if form.is_valid():
        try:
            services.note_measure(
                by=asked.user, patient=asked.patient, id=once_of(request), now=asked.now, **form.cleaned_data
            )
        except DomainError as error:
            if error.status == 403:
                raise
            form.add_error(None, str(error.message))
        else:
            messages.success(request, _("Weight and height are noted."))
            return redirect(asked.url("elsewhere"))
    return asked.page(
        "measure", status=status_of(form), form=form, up=asked.url("elsewhere"), formula=counters.BODY_SURFACE
    )


# --- Many at once -------------------------------------------------------------------------------------------------


@require_http_methods(GET_POST)
def bring_in(request: HttpRequest) -> HttpResponse:
    """First a dry run that shows every row; the second button keeps exactly the rows that were shown."""
    user = request.user
    if not isinstance(user, User) or not is_clinician(user):
        raise Http404
    form = ImportForm(request.POST if request.method == "POST" else None)
    lines: list[importing.Line] = []
    done = False
    text = ""
    if form.is_valid():
        try:
            text = _uploaded(request) or form.cleaned_data["rows"]
            if not text.strip():
                raise importing.FileUnusable(_("Choose a file or paste the rows."))
            if "keep" in request.POST and request.POST.get("shown") == _mark(text):
                lines = importing.bring_in(by=user, text=text, id=once_of(request), now=present())
                done = True
            else:
                lines = importing.dry_run(user, text, present())
        except DomainError as error:
            if error.status == 403:
                raise
            form.add_error(None, str(error.message))
        else:
            if not done:
                form = ImportForm({"rows": text})
    if done:
        kept = sum(line.state in (importing.NEW, importing.KNOWN) for line in lines)
        said = ngettext("%(count)d row was imported.", "%(count)d rows were imported.", kept) % {
            "count": kept
        }
        messages.success(request, f"{said} {_('A nurse confirms each of them on the page of the patient.')}")
    wrong = sum(line.state == importing.WRONG for line in lines)
    context = {
        "form": form,
        "rows": [_shown(line, done) for line in lines],
        "done": done,
        "columns": importing.COLUMNS,
        "team": next(iter(teams_of(user)), None),
        "wrong": wrong,
        "ready": bool(lines) and not wrong and not done,
        "mark": _mark(text),
    }
    return render(request, "treatment/import.html", context, status=status_of(form))


def _uploaded(request: HttpRequest) -> str:
    """The text of a file that came along. Raises FileUnusable."""
    upload = request.FILES.get("file")
    if upload is None:
        return ""
    if (upload.size or 0) > importing.MOST_CHARACTERS:
        raise importing.FileUnusable(_("This file is too long. Import at most 200 rows at once."))
    try:
        text: str = upload.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise importing.FileUnusable from None
    return text


def _mark(text: str) -> str:
    """A mark of the rows that were shown: other rows are checked anew before they are kept."""
    return sha256("\n".join(text.split()).encode()).hexdigest()


def _shown(line: importing.Line, done: bool) -> dict[str, Any]:
    words = {
        importing.NEW: ("info", _("New patient: will be added to your team")),
        importing.KNOWN: ("info", _("Patient of your team: will be written down")),
        importing.THERE: ("todo", _("There already: nothing is changed")),
        importing.WRONG: ("urgent", _("Wrong")),
    }
    if done and line.state in (importing.NEW, importing.KNOWN):
        return {"line": line, "kind": "done", "word": _("Imported, not confirmed")}
    kind, word = words[line.state]
    return {"line": line, "kind": kind, "word": word}
