"""The team's pages about one patient: courses, an order, what became of a dose, new dates, regular checks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from clinic.models import Site
from patients.drafting import DraftedPage, drafted
from patients.requests import once_of
from patients.services import record_view
from portal.lib.forms import Option, status_of
from portal.lib.ids import parse_uuid
from portal.lib.problems import DomainError
from treatment import checks, forms, shown, words
from treatment.chair.reading import record_of
from treatment.courses import ending, giving, guards, moving, ordering, proceeding, reading
from treatment.courses.blocked import blocks_of
from treatment.courses.eyes import Eyes
from treatment.courses.proceeding import Act, Code, Stop
from treatment.courses.watching import need_of
from treatment.dayof.contributed import rows_of
from treatment.elsewhere.shown import before_rows, counted_words
from treatment.models import Course, Dose
from treatment.outcomes.reading import drug_of, hold_of
from treatment.pages import Asked
from treatment.protocols.catalog import orderable_protocols
from treatment.selfcheck.views import newest

GET_POST = ["GET", "HEAD", "POST"]


@require_safe
def patient_home(request: HttpRequest, patient_id: UUID) -> HttpResponse:
    """A patient's courses, the next dose, allergies and medicines."""
    asked = Asked(request, patient_id, staff_only=True)
    record_view(asked.user, asked.patient, "treatment.view")
    courses, doses = (
        reading.courses_of(asked.user, asked.patient),
        reading.doses_of(asked.user, asked.patient),
    )
    coming = [
        next((dose for dose in doses if dose.course_id == course.pk and dose.is_planned), None)
        for course in courses
    ]
    against = blocks_of(asked.user, filter(None, coming), asked.patient)
    return asked.page(
        "patient_home",
        next=shown.next_up(asked, doses),
        courses=[
            {
                "course": course,
                "name": reading.name_of(course),
                "url": asked.url("course", course.pk),
                "path": reading.facts_for(course).paths[course.order.path].name,
                "against": [stop.words for stop in against.get(dose.pk, [])] if dose is not None else [],
            }
            for course, dose in zip(courses, coming, strict=True)
        ],
        order=asked.url("order") if asked.may_prescribe else "",
        lists=asked.url("lists"),
        elsewhere=asked.url("elsewhere"),
        ledger=asked.url("ledger"),
        journey=asked.url("journey"),
        self_checks=newest(asked),
        check_ins=rows_of(asked),
        infusion_day=asked.url("infusion-day"),
        after_care=asked.url("after-care"),
        card=asked.url("card"),
    )


@require_safe
def course(request: HttpRequest, patient_id: UUID, course_id: UUID) -> HttpResponse:
    """One course: its order, its doses as windows, what is open, proposed dates, regular checks, changes."""
    asked = Asked(request, patient_id, staff_only=True)
    found = reading.course_or_404(asked.user, asked.patient, course_id)
    record_view(asked.user, asked.patient, "treatment.view", found.pk)
    more = {**shown.course_context(asked, found), **_addresses(asked, found)}
    return asked.page("course", **more)


def _addresses(asked: Asked, course: Course) -> dict[str, Any]:
    may = asked.may_prescribe and course.is_running
    return {
        "up": asked.url("home"),
        "dates_url": asked.url("dates", course.pk) if may else "",
        "phase_url": asked.url("phase", course.pk) if may and not course.is_paused else "",
        "end_url": asked.url("end", course.pk) if may else "",
        "pause_url": asked.url("pause", course.pk) if may and not course.is_paused else "",
        "resume_url": asked.url("resume", course.pk) if may and course.is_paused else "",
        "elsewhere_url": asked.url("elsewhere"),
        "check_url": asked.url("check", course.pk),
        "therapy_code": course.order.protocol.therapy.code,
    }


@require_http_methods(GET_POST)
def order(request: HttpRequest, patient_id: UUID) -> HttpResponse:
    """The order form: therapy and plan, first day, why; signing it makes the schedule."""
    asked = Asked(request, patient_id, staff_only=True)
    prescribes(asked)
    record_view(asked.user, asked.patient, "treatment.view")
    running = [row for row in reading.courses_of(asked.user, asked.patient) if row.is_running]
    page = drafted(
        request, forms.OrderForm, kind="treatment-order", patient=asked.patient, plans=plans(asked.patient.site),
        running=[(str(row.pk), reading.name_of(row)) for row in running],
    )  # fmt: skip
    context = asked.context(
        up=asked.url("home"), demo=settings.DEMO, before=before_rows(asked), elsewhere=asked.url("elsewhere"),
        last_doses=reading.last_given_of_all(asked.user, asked.patient),
    )  # fmt: skip
    template = "treatment/order.html"
    if page.later:
        return page.finish_later(template, context)
    if page.form.is_valid():
        data = page.form.cleaned_data
        protocol_id, path = data["plan"].split(":")
        try:
            made = ordering.sign_order(
                by=asked.user,
                patient=asked.patient,
                protocol_id=UUID(protocol_id),
                path=path,
                first_on=data["first_on"],
                given_before=data["given_before"] or 0,
                indication=data["indication"],
                replaces=parse_uuid(data.get("replaces", "")),
                id=page.id,
                now=asked.now,
            )
        except DomainError as error:
            page.refuse(error)
        else:
            page.done()
            messages.success(request, _("The order is signed and the doses are planned."))
            return redirect(asked.url("course", made.pk))
    return page.render(template, context)


def plans(site: Site) -> list[tuple[str, Option]]:
    """Every plan of the versions that can be ordered at a site; outside demo mode only versions that are signed off."""
    choices = []
    for row in orderable_protocols(site):
        for path in row.facts.paths.values():
            number = {"number": row.protocol.version}
            if row.in_demo:
                said = _("Version %(number)d, signed off for the demo only, not for clinical use.") % number
            elif row.signed_off:
                said = _("Version %(number)d, signed off.") % number
            else:
                said = _("Version %(number)d, NOT signed off: demo only.") % number
            hints = [said]
            if path.prescriber_choice:
                hints.append(_("Only by a prescriber's own choice."))
            choices.append(
                (f"{row.protocol.pk}:{path.key}", Option(f"{row.facts.name}: {path.name}", " ".join(hints)))
            )
    return choices


def prescribes(asked: Asked) -> None:
    """Yours to see but not to change: 403, asked after the thing itself was found."""
    if not asked.may_prescribe:
        raise guards.NotAPrescriber


class LookFirst(DomainError):
    """The day that was chosen has warnings that the page did not show yet."""

    status = 422
    default_message = gettext_lazy(
        "There is something to know about this day. Read it, then note the dose again."
    )


# --- What became of a dose --------------------------------------------------------------------------------------------


@require_http_methods(GET_POST)
def given(request: HttpRequest, patient_id: UUID, dose_id: UUID) -> HttpResponse:
    """Note a dose as given: when, product and lot, reaction, a short note."""
    asked = Asked(request, patient_id, staff_only=True)
    dose = reading.dose_or_404(asked.user, asked.patient, dose_id)
    record_view(asked.user, asked.patient, "treatment.view", dose.pk)
    soonest = reading.soonest_for(asked.user, asked.patient, dose) if dose.is_planned else None
    early = soonest is not None and (asked.today < soonest or asked.may_prescribe)
    against = _against(asked, dose)
    drug = drug_of(asked.user, asked.patient, dose.pk)
    initial = {"given_on": asked.today, "extent": "whole", **drug.product, "expires_on": drug.expires_on}
    page = drafted(
        request, forms.GivenForm, kind="treatment-given", patient=asked.patient, target=dose.pk, early=early,
        latest=asked.today, initial=initial, counted=reading.facts_for(dose.course).has_lifetime_limit,
        stopped=any(stop.can_be_noted for stop in against),
    )  # fmt: skip

    # The day that was typed, when the form came with one: its warnings are shown before anything is noted for it.
    sent = request.method == "POST" and not page.later and page.form.is_valid()
    chosen = page.form.cleaned_data["given_on"] if sent else asked.today

    def act(data: dict[str, Any]) -> None:
        seen = request.POST.get("seen", "")
        if seen and seen != data["given_on"].isoformat():
            look = (
                reading.look_at(asked.user, asked.patient, dose, data["given_on"])
                if dose.is_planned
                else None
            )
            if look is not None and look.warnings:
                raise LookFirst
        wall = datetime.combine(data["given_on"], data["given_at"], ZoneInfo(asked.zone))
        giving.record_infusion(
            by=asked.user, patient=asked.patient, dose_id=dose.pk, id=page.id, given_at=wall.astimezone(UTC),
            now=asked.now, product=data["product"], lot=data["lot"], expires_on=data["expires_on"],
            line_site=data["line_site"], reaction=data["reaction"] == "yes", reaction_grade=grade_in(data["reaction_grade"]),
            note=data["note"], early_reason=data.get("early_reason", ""), although=data.get("although", ""), extent=data["extent"], how_much=data["how_much"],
            amount_mg=data.get("amount_mg"),
        )  # fmt: skip

    return _dose_page(asked, page, dose, "given", act, _("The dose is noted as given."), against, day=chosen)


def _against(asked: Asked, dose: Dose) -> list[Stop]:
    """What stands against giving a planned dose today, but for the interval, which the page says on its own."""
    if not dose.is_planned:
        return []
    found = proceeding.stops(Eyes(asked.user, asked.patient), dose, Act.GIVE, on=asked.today)
    return [stop for stop in found if stop.code is not Code.TOO_EARLY]


def grade_in(said: str) -> int | None:
    """The grade that was chosen; None when none was, or when it is not graded yet."""
    return int(said) if said and said != forms.NOT_GRADED else None


@require_http_methods(GET_POST)
def missed(request: HttpRequest, patient_id: UUID, dose_id: UUID) -> HttpResponse:
    """Note that a dose was not given, and why."""
    asked = Asked(request, patient_id, staff_only=True)
    dose = reading.dose_or_404(asked.user, asked.patient, dose_id)
    record_view(asked.user, asked.patient, "treatment.view", dose.pk)
    page = drafted(request, forms.ReasonForm, kind="treatment-missed", patient=asked.patient, target=dose.pk)

    def act(data: dict[str, Any]) -> None:
        giving.mark_missed(
            by=asked.user,
            patient=asked.patient,
            dose_id=dose.pk,
            reason=data["reason"],
            id=page.id,
            now=asked.now,
        )

    return _dose_page(asked, page, dose, "missed", act, _("The dose is noted as missed."))


@require_http_methods(GET_POST)
def dose_date(request: HttpRequest, patient_id: UUID, dose_id: UUID) -> HttpResponse:
    """A prescriber sets another day for one planned dose; the first of fixed days takes the others along."""
    asked = Asked(request, patient_id, staff_only=True)
    dose = reading.dose_or_404(asked.user, asked.patient, dose_id)
    prescribes(asked)
    doses = reading.doses_of(asked.user, asked.patient, dose.course)
    record_view(asked.user, asked.patient, "treatment.view", dose.pk)
    page = drafted(
        request, forms.DateForm, kind="treatment-date", patient=asked.patient, target=dose.pk,
        initial={"day": dose.target},
    )  # fmt: skip

    def act(data: dict[str, Any]) -> None:
        targets = moving.with_days_along(dose.course, doses, dose, data["day"])
        moving.confirm_moves(
            by=asked.user, patient=asked.patient, course_id=dose.course_id, targets=targets,
            reason=data["reason"], id=page.id, now=asked.now,
        )  # fmt: skip

    along = len(moving.days_along(doses, dose))
    return _dose_page(asked, page, dose, "dose_date", act, _("The new day is set."), along=along)


def _dose_page(
    asked: Asked,
    page: DraftedPage,
    dose: Dose,
    template: str,
    act: Callable[[dict[str, Any]], None],
    said: str,
    against: list[Stop] | None = None,
    along: int = 0,
    day: date | None = None,
) -> HttpResponse:
    """A form about one dose: kept, refused with its words, or done. `day`: the one that is looked at, today without it."""
    back = asked.url("course", dose.course_id)
    day = day or asked.today
    context = asked.context(
        up=back,
        dose=dose,
        along=along,
        name=reading.name_of(dose.course),
        check=reading.look_at(asked.user, asked.patient, dose, day) if dose.is_planned else None,
        check_day=day.isoformat(),
        check_title=_("Too early today") if day == asked.today else _("Too early on this day"),
        against=[stop for stop in against or [] if stop.code not in (Code.PUT_OFF, Code.REACTION)],
        window=words.window_words(dose.window),
        need=words.minutes_words(need_of(Eyes(asked.user, asked.patient), dose)),
        unsigned=dose.course.order.demo_only,
        waiting=hold_of(asked.user, asked.patient, dose.pk),
        counted=counted_words(asked, dose) if template == "given" else "",
        chair_url=asked.url("chair", dose.pk)
        if template == "given" and record_of(asked.user, asked.patient, dose.pk).rows
        else "",
    )
    return finish(asked, page, f"treatment/{template}.html", context, act, said, back)


def finish(
    asked: Asked, page: DraftedPage, template: str, context: dict[str, Any], act: Callable[[dict[str, Any]], None],
    said: str, back: str,
) -> HttpResponse:  # fmt: skip
    if page.later:
        return page.finish_later(template, context)
    if page.form.is_valid():
        try:
            act(page.form.cleaned_data)
        except DomainError as error:
            if error.status == 403:
                raise
            page.refuse(error)
        else:
            page.done()
            messages.success(asked.request, said)
            return redirect(back)
    return page.render(template, context)


# --- New dates, next phase, end ------------------------------------------------------------------------------------------


@require_http_methods(GET_POST)
def dates(request: HttpRequest, patient_id: UUID, course_id: UUID) -> HttpResponse:
    """What the protocol's rule proposes; a prescriber confirms exactly what the page showed, or leaves it."""
    asked = Asked(request, patient_id, staff_only=True)
    found = reading.course_or_404(asked.user, asked.patient, course_id)
    prescribes(asked)
    record_view(asked.user, asked.patient, "treatment.view", found.pk)
    moves = moving.proposed_moves(asked.user, asked.patient, found, asked.now)
    shown_now = " ".join(f"{dose.pk}={move.window.target.isoformat()}" for dose, move in moves)
    page = drafted(
        request, forms.MovesForm, kind="treatment-dates", patient=asked.patient, target=found.pk,
        initial={"shown": shown_now},
    )  # fmt: skip
    back = asked.url("course", found.pk)

    def act(data: dict[str, Any]) -> None:
        moving.confirm_moves(
            by=asked.user, patient=asked.patient, course_id=found.pk, targets=targets_in(data["shown"]),
            reason=data["reason"], id=page.id, now=asked.now,
        )  # fmt: skip

    context = asked.context(
        up=back,
        course=found,
        name=reading.name_of(found),
        proposed=[{"dose": dose, "window": words.window_words(move.window)} for dose, move in moves],
        missed_rule=reading.facts_for(found).content["missed_dose"],
        unsigned=found.order.demo_only,
    )
    return finish(asked, page, "treatment/dates.html", context, act, _("The new dates are confirmed."), back)


def targets_in(text: str) -> dict[UUID, date]:
    """Dose ids and days as the page carried them; what cannot be read is left out."""
    found = {}
    for part in text.split():
        name, _equals, day = part.partition("=")
        dose_id = parse_uuid(name)
        try:
            target = date.fromisoformat(day)
        except ValueError:
            continue
        if dose_id is not None:
            found[dose_id] = target
    return found


@require_http_methods(GET_POST)
def phase(request: HttpRequest, patient_id: UUID, course_id: UUID) -> HttpResponse:
    """A prescriber sets the first day of a phase that is not planned."""
    asked = Asked(request, patient_id, staff_only=True)
    found = reading.course_or_404(asked.user, asked.patient, course_id)
    prescribes(asked)
    record_view(asked.user, asked.patient, "treatment.view", found.pk)
    slot = moving.open_phase(found, reading.doses_of(asked.user, asked.patient, found))
    if slot is None or not found.is_running:
        raise Http404
    page = drafted(request, forms.DateForm, kind="treatment-phase", patient=asked.patient, target=found.pk)
    page.form.fields["day"].label = _("First day")
    back = asked.url("course", found.pk)

    def act(data: dict[str, Any]) -> None:
        moving.plan_next_phase(
            by=asked.user, patient=asked.patient, course_id=found.pk, first_on=data["day"], reason=data["reason"],
            id=page.id, now=asked.now,
        )  # fmt: skip

    context = asked.context(
        up=back, course=found, name=reading.name_of(found), slot=slot, unsigned=found.order.demo_only
    )
    return finish(asked, page, "treatment/phase.html", context, act, _("The next doses are planned."), back)


@require_http_methods(GET_POST)
def end(request: HttpRequest, patient_id: UUID, course_id: UUID) -> HttpResponse:
    """A prescriber ends a treatment, with the reason."""
    asked = Asked(request, patient_id, staff_only=True)
    found = reading.course_or_404(asked.user, asked.patient, course_id)
    prescribes(asked)
    record_view(asked.user, asked.patient, "treatment.view", found.pk)
    page = drafted(request, forms.ReasonForm, kind="treatment-end", patient=asked.patient, target=found.pk)
    back = asked.url("course", found.pk)

    def act(data: dict[str, Any]) -> None:
        ending.end_course(
            by=asked.user,
            patient=asked.patient,
            course_id=found.pk,
            reason=data["reason"],
            id=page.id,
            now=asked.now,
        )

    context = asked.context(
        up=back, course=found, name=reading.name_of(found), unsigned=found.order.demo_only
    )
    return finish(asked, page, "treatment/end.html", context, act, _("The treatment is ended."), back)


@require_http_methods(GET_POST)
def check(request: HttpRequest, patient_id: UUID, course_id: UUID) -> HttpResponse:
    """Note that a regular check was done."""
    asked = Asked(request, patient_id, staff_only=True)
    found = reading.course_or_404(asked.user, asked.patient, course_id)
    record_view(asked.user, asked.patient, "treatment.view", found.pk)
    choices = [(one.fact, one.label) for one in reading.facts_for(found).checks]
    initial = {"fact": request.GET.get("fact", ""), "done_on": asked.today}
    form = forms.CheckForm(
        request.POST if request.method == "POST" else None,
        checks=choices,
        latest=asked.today,
        initial=initial,
    )
    if form.is_valid():
        try:
            checks.note_check(
                by=asked.user, patient=asked.patient, course_id=found.pk, fact=form.cleaned_data["fact"],
                done_on=form.cleaned_data["done_on"], id=once_of(request), now=asked.now,
            )  # fmt: skip
        except DomainError as error:
            if error.status == 403:
                raise
            form.add_error(None, str(error.message))
        else:
            messages.success(request, _("The check is noted."))
            return redirect(asked.url("course", found.pk))
    return asked.page(
        "check",
        status=status_of(form),
        form=form,
        up=asked.url("course", found.pk),
        name=reading.name_of(found),
        rows=shown.check_rows(asked, found, shown.journey_of(asked, found)),
    )
