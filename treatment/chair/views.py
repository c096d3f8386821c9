"""The chair record on one screen, and the patient's page about that day. Everything works without JavaScript."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID, uuid5

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from patients.drafting import drafted
from patients.requests import once_of
from patients.services import record_view
from portal.lib.problems import DomainError
from portal.lib.time import today_in
from treatment.chair import flow, services, shown
from treatment.chair.checks import checks_of
from treatment.chair.flow import State, WatchState
from treatment.chair.forms import CloseForm, CorrectionForm, RowForm, initial_of
from treatment.chair.reading import Record, day_of, observation_minutes, record_of, row_or_404
from treatment.courses import later_reactions, reading
from treatment.courses.eyes import Eyes
from treatment.courses.proceeding import Code
from treatment.courses.reactions import HOLDS_FROM
from treatment.courses.watching import watching_of
from treatment.lists import allergies_of
from treatment.models import ChairRow, Dose
from treatment.outcomes.reading import drug_of
from treatment.pages import Asked
from treatment.readiness.dose import standing_of_dose
from treatment.views.team import finish

GET_POST = ["GET", "HEAD", "POST"]
Kind = ChairRow.Kind
NOTED = (*shown.PRESSES, *shown.ASKED)


@require_http_methods(GET_POST)
def record(request: HttpRequest, patient_id: UUID, dose_id: UUID) -> HttpResponse:
    """The record of a dose: where it stands, the next presses, the lines. `?note=` opens the form of one kind of line."""
    asked = Asked(request, patient_id, staff_only=True)
    dose = reading.dose_or_404(asked.user, asked.patient, dose_id)
    record_view(asked.user, asked.patient, "treatment.view", dose.pk)
    found = record_of(asked.user, asked.patient, dose.pk)
    context = _context(asked, dose, found)
    kind = request.GET.get("note", "")
    checks = checks_of(dose) if kind == Kind.CHECKS else []
    if kind not in NOTED or not context["is_open"] or (kind == Kind.CHECKS and not checks):
        if request.method == "POST":
            raise Http404
        return asked.page("chair/record", **context)
    page = drafted(
        request, RowForm, kind="chair-row", patient=asked.patient, target=uuid5(dose.pk, kind), row_kind=kind,
        checks=checks, zone=asked.zone, now=asked.now, began=_began(asked, found), stopped=kind == Kind.STARTED and bool(context["against"]),
    )  # fmt: skip

    def act(_data: dict[str, Any]) -> None:
        form: Any = page.form
        services.add_row(
            by=asked.user, patient=asked.patient, dose_id=dose.pk, kind=kind, said=form.said, at=form.at,
            noted_later=form.cleaned_data["later"], id=page.id, now=asked.now,
        )  # fmt: skip

    context["noting"] = Kind(kind).label
    if kind == Kind.CHECKS:
        context["check_url"] = ""  # its form stands below
    return finish(
        asked,
        page,
        "treatment/chair/record.html",
        asked.context(**context),
        act,
        _("Noted."),
        context["here"],
    )


def _began(asked: Asked, found: Record) -> date | None:
    first = min((row.at for row in found.standing), default=None)
    return today_in(first, asked.zone) if first is not None else None


def _context(asked: Asked, dose: Dose, found: Record) -> dict[str, Any]:
    """Everything of the screen but the form."""
    stand = found.stand
    watched = watching_of(Eyes(asked.user, asked.patient), dose)
    minutes = watched.minutes
    watch = flow.watch(stand, minutes, asked.now)
    is_open = dose.is_planned and dose.course.is_running and not found.is_closed
    here = asked.url("chair", dose.pk)
    before = is_open and stand.state is State.WAITING
    against = services.against(asked.user, asked.patient, dose, asked.now) if before else []

    unchecked = any(stop.code is Code.NOT_CHECKED for stop in against)
    check_url = f"{here}?note={Kind.CHECKS}" if unchecked else ""
    list_stands = standing_of_dose(asked.user, asked.patient, dose, asked.now) if before else None

    def can_correct(row: ChairRow) -> bool:
        return is_open or (found.is_closed and row.kind in services.STILL_CORRECTED)

    return {
        "up": asked.url("course", dose.course_id),
        "dose": dose,
        "name": reading.name_of(dose.course),
        "unsigned": dose.course.order.demo_only,
        "here": here,
        "is_open": is_open,
        "stand": stand,
        "says": shown.state_words(stand, asked.now, asked.zone),
        "watch": watch,
        "watch_words": shown.watch_words(watch, asked.zone) if watch.state is not WatchState.NONE else "",
        "minutes": minutes,
        "longer": watched.longer and not found.is_closed,
        "against": against,
        "to_know": reading.look_at(asked.user, asked.patient, dose, asked.today).warnings if before else [],
        "readiness": list_stands.readiness if list_stands is not None else None,
        "ask_url": f"{asked.url('questions', dose.pk)}?at=chair"
        if any(stop.code is Code.NOT_ASKED for stop in against)
        else "",
        "check_url": check_url,
        "allergies": _allergies(asked) if before else "",
        "list_url": asked.url("ready", dose.pk),
        "presses": [
            press
            for press in (shown.presses(stand) if is_open else [])
            if not (against and press["kind"] == Kind.STARTED)
            and not (watch.state in (WatchState.RUNNING, WatchState.SOON) and press["kind"] == Kind.OBSERVED)
        ],
        "early_end": watch.state in (WatchState.RUNNING, WatchState.SOON),
        "press_url": asked.url("chair-press", dose.pk),
        "asks": [
            {"words": Kind(kind).label, "url": f"{here}?note={kind}"}
            for kind in shown.asked_kinds(stand)
            if kind != Kind.CHECKS or (checks_of(dose) and not check_url)  # one button for one thing
        ]
        if is_open
        else [],
        "others": [
            {"words": Kind(press["kind"]).label, "url": f"{here}?note={press['kind']}"}
            for press in shown.presses(stand)
        ]
        if is_open
        else [],
        "close_url": asked.url("chair-close", dose.pk)
        if is_open and stand.state in (State.ENDED, State.OBSERVED)
        else "",
        "rows": [
            {**row, "url": asked.url("chair-correct", dose.pk, row["row"].pk) if row["can_correct"] else ""}
            for row in shown.rows(found, can_correct=can_correct)
        ],
        "later": [] if dose.is_planned else later_reactions.of_dose(asked.user, asked.patient, dose.pk),
        "later_url": asked.url("later-reaction", dose.pk) if dose.given_on is not None else "",
        "news_url": f"{asked.url('chair-news', dose.pk)}?seen={_version(found, watch)}" if is_open else "",
    }


def _allergies(asked: Asked) -> str:
    """The allergies in one line; that nobody has asked is said as well."""
    lines = allergies_of(asked.user, asked.patient)
    named = [
        f"{line.what} ({line.more})" if line.more else line.what for line in lines if not line.none_known
    ]
    if named:
        return "; ".join(named)
    return _("No known allergies") if lines else _("Not written down: ask")


def _version(found: Record, watch: flow.Watch) -> str:
    """What a page shows, in short: how many lines, and how the observation stands."""
    return f"{len(found.rows)}-{watch.state}"


@require_safe
def news(request: HttpRequest, patient_id: UUID, dose_id: UUID) -> HttpResponse:
    """What an open page asks: did somebody write a line, is the observation nearly over, is it over?"""
    asked = Asked(request, patient_id, staff_only=True)
    dose = reading.dose_or_404(asked.user, asked.patient, dose_id)
    found = record_of(asked.user, asked.patient, dose.pk)
    watch = flow.watch(found.stand, observation_minutes(asked.user, asked.patient, dose), asked.now)
    version = _version(found, watch)
    if request.headers.get("If-None-Match") == f'"{version}"':
        return HttpResponseNotModified()
    seen = request.GET.get("seen", "")
    words = ""
    if seen != version:
        words = _("There is a new line in this record. Show it.")
        if seen.partition("-")[0] == str(len(found.rows)):
            words = (
                _("The time of observation is over. Show it.")
                if watch.state is WatchState.OVER
                else _("The observation is over in 10 minutes or less. Show it.")
            )
    answer = JsonResponse({"words": words, "url": asked.url("chair", dose.pk) if words else ""})
    answer["ETag"] = f'"{version}"'
    return answer


@require_POST
def press(request: HttpRequest, patient_id: UUID, dose_id: UUID) -> HttpResponse:
    """One press: this happens now."""
    asked = Asked(request, patient_id, staff_only=True)
    dose = reading.dose_or_404(asked.user, asked.patient, dose_id)
    kind = request.POST.get("kind", "")
    if kind not in shown.PRESSES:
        raise Http404
    try:
        services.add_row(
            by=asked.user, patient=asked.patient, dose_id=dose.pk, kind=kind, said={}, id=once_of(request), now=asked.now
        )  # fmt: skip
    except DomainError as error:
        if error.status == 403:
            raise
        messages.error(request, str(error.message))
    else:
        messages.success(request, _("Noted: %(what)s.") % {"what": Kind(kind).label})
    return redirect(asked.url("chair", dose.pk))


@require_http_methods(GET_POST)
def correct(request: HttpRequest, patient_id: UUID, dose_id: UUID, row_id: UUID) -> HttpResponse:
    """Correct one line: the old one stays, the new one names it."""
    asked = Asked(request, patient_id, staff_only=True)
    dose = reading.dose_or_404(asked.user, asked.patient, dose_id)
    row = row_or_404(asked.user, asked.patient, dose.pk, row_id)
    if row.kind in (Kind.CLOSED, Kind.TAKEN_BACK):
        raise Http404
    record_view(asked.user, asked.patient, "treatment.view", dose.pk)
    found = record_of(asked.user, asked.patient, dose.pk)
    checks = checks_of(dose) if row.kind == Kind.CHECKS else []
    page = drafted(
        request, CorrectionForm, kind="chair-correct", patient=asked.patient, target=row.pk, row_kind=row.kind, checks=checks,
        zone=asked.zone, now=asked.now, began=_began(asked, found), initial=initial_of(row.details, checks),
    )  # fmt: skip

    def act(data: dict[str, Any]) -> None:
        form: Any = page.form
        services.correct_row(
            by=asked.user, patient=asked.patient, dose_id=dose.pk, row_id=row.pk, said=form.said, at=form.at,
            why=data["why"], take_back=data["take_back"], id=page.id, now=asked.now,
        )  # fmt: skip

    here = asked.url("chair", dose.pk)
    context = asked.context(
        up=here, dose=dose, row=row, name=reading.name_of(dose.course), unsigned=dose.course.order.demo_only,
        words=shown.row_words(row), corrected=found.correction_of(row.pk) is not None,
    )  # fmt: skip
    return finish(
        asked, page, "treatment/chair/correct.html", context, act, _("The line is corrected."), here
    )


@require_http_methods(GET_POST)
def close(request: HttpRequest, patient_id: UUID, dose_id: UUID) -> HttpResponse:
    """Close the record: how much was given, the product, a note for the patient. The dose's outcome is noted with it."""
    asked = Asked(request, patient_id, staff_only=True)
    dose = reading.dose_or_404(asked.user, asked.patient, dose_id)
    found = record_of(asked.user, asked.patient, dose.pk)
    if found.is_closed:
        return redirect(asked.url("chair", dose.pk))
    record_view(asked.user, asked.patient, "treatment.view", dose.pk)
    stand, drug = found.stand, drug_of(asked.user, asked.patient, dose.pk)
    started = stand.started_at or asked.now
    stops = services.against(asked.user, asked.patient, dose, started) if dose.is_planned else []
    counted = reading.facts_for(dose.course).has_lifetime_limit
    why = any(stop.can_be_noted for stop in stops) or (
        counted and asked.may_prescribe
    )  # it may be over the limit
    page = drafted(
        request, CloseForm, kind="chair-close", patient=asked.patient, target=dose.pk, early=False, latest=asked.today,
        counted=counted, stopped=why,
        watched=stand.observed_at is not None or not observation_minutes(asked.user, asked.patient, dose),
        initial={"extent": "whole", **drug.product, "expires_on": drug.expires_on, "although": _although(found)},
    )  # fmt: skip

    def act(data: dict[str, Any]) -> None:
        services.close(
            by=asked.user, patient=asked.patient, dose_id=dose.pk, extent=data["extent"], how_much=data["how_much"],
            amount_mg=data.get("amount_mg"), product=data["product"], lot=data["lot"], expires_on=data["expires_on"],
            line_site=data["line_site"], note=data["note"], although=data.get("although", ""),
            unwatched=data.get("unwatched", ""), id=page.id, now=asked.now,
        )  # fmt: skip

    here = asked.url("chair", dose.pk)
    reactions = found.of_kind(Kind.REACTION)
    context = asked.context(
        up=here, dose=dose, name=reading.name_of(dose.course), unsigned=dose.course.order.demo_only, stand=stand,
        says=shown.state_words(stand, asked.now, asked.zone), against=[stop for stop in stops if stop.code is not Code.NOT_OPEN],
        to_know=reading.look_at(asked.user, asked.patient, dose, today_in(started, asked.zone)).warnings if dose.is_planned else [],
        ended=stand.state in (State.ENDED, State.OBSERVED), reactions=reactions, grade=services.worst_grade(found),
        holds=bool(reactions) and (services.worst_grade(found) or HOLDS_FROM) >= HOLDS_FROM,
    )  # fmt: skip
    return finish(
        asked, page, "treatment/chair/close.html", context, act, _("The record is closed and the dose is noted."), here
    )  # fmt: skip


def _although(found: Record) -> str:
    return next((row.details["although"] for row in found.of_kind(Kind.STARTED)), "")


@require_safe
def mine(request: HttpRequest, dose_id: UUID) -> HttpResponse:
    """The patient's page: what happened that day, once the record is closed."""
    asked = Asked(request, None)
    found = day_of(asked.user, asked.patient, dose_id)
    if found is None:
        raise Http404
    record_view(asked.user, asked.patient, "treatment.view", dose_id)
    dose = reading.dose_or_404(asked.user, asked.patient, dose_id)
    return asked.page(
        "chair/mine", dose=dose, name=reading.name_of(dose.course), lines=shown.day_lines(found, asked.zone),
        home=asked.url("home"),
    )  # fmt: skip


__all__ = ["close", "correct", "mine", "news", "press", "record"]
