"""Pages of visits. One view serves the patient, a carer and the team: the address says for whom."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from clinic.services import is_clinician
from patients.drafting import drafted
from patients.models import Patient
from patients.requests import once_of
from patients.services import DifferentContent, capacity_of, get_patient_or_404, record_view
from portal.lib.contributions import booked_from, visit_papers
from portal.lib.forms import status_of
from portal.lib.ids import parse_uuid
from portal.lib.problems import DomainError
from portal.lib.time import now as present
from portal.lib.time import today_in
from scheduling import offers, services
from scheduling.calendar_file import calendar_bytes
from scheduling.day import day_of
from scheduling.forms import CancelForm, CheckForm, SuitsForm, TimeForm, WhatForm
from scheduling.late import told_of
from scheduling.models import Appointment, Resource, Service
from scheduling.pages import Pages, slot_of, slot_text
from scheduling.services import TimeRefused, visit_or_404

GET_POST = ["GET", "HEAD", "POST"]
EARLIER_ON_A_PAGE = 20


class Asked:
    """Who asks for whose visits, and what every page of them needs."""

    def __init__(self, request: HttpRequest, patient_id: UUID | None) -> None:
        assert isinstance(request.user, User)
        self.request, self.user, self.now = request, request.user, present()
        self.patient: Patient = get_patient_or_404(request, patient_id, area="appointments")
        self.capacity = capacity_of(self.user, self.patient)
        self.pages = Pages(patient_id, parse_uuid(request.GET.get("conversation")))
        self.zone: str = self.patient.site.time_zone

    @property
    def is_staff(self) -> bool:
        return self.capacity in services.STAFF

    @property
    def books_here(self) -> bool:
        return self.is_staff or self.patient.site.books_directly

    def context(self, **more: Any) -> dict[str, Any]:
        """What the templates share; `for_name` is the patient's name when somebody else reads the page."""
        return {
            "layout": "base_staff.html" if self.is_staff else "base.html",
            "patient": self.patient,
            "place": self.patient.site,
            "zone": self.zone,
            "for_name": "" if self.capacity == "self" else self.patient.name,
            "is_staff": self.is_staff,
            "pages": self.pages,
            "infusion_url": self.pages.to("infusion"),
            "now": self.now,
            **more,
        }

    def page(self, template: str, *, status: int = 200, **more: Any) -> HttpResponse:
        return render(self.request, f"scheduling/{template}.html", self.context(**more), status=status)

    def visit(self, appointment_id: UUID) -> Appointment:
        """The visit of the address, noted on the trail. Raises Http404."""
        visit = visit_or_404(self.user, self.patient, appointment_id)
        visit.patient = self.patient
        record_view(self.user, self.patient, "appointment.view", visit.pk)
        return visit

    def service(self) -> Service | None:
        """The visit type that was chosen on the first page, as the address carries it."""
        code = self.request.GET.get("visit", "")
        offered = Service.objects.offered_at(self.patient.site)
        return next((service for service in offered if service.code == code), None)

    def offer(self, service: Service, *, moving: UUID | None = None) -> offers.Offer:
        """What the page of times shows: three times, or days from `from` on."""
        first, last = services.booking_window(self.capacity, self.now)
        found = services.find_starts(
            site=self.patient.site,
            service=service,
            start=first,
            end=last,
            busy=services.busy_times(self.user, self.patient, self.now, moving=moving),
            moving=moving,
        )
        suiting = offers.apart(offers.suiting(found, self.suits(), self.zone), service.minutes)
        asked = day_asked(self.request.GET.get("from"))
        if asked is None:
            return offers.three_offer(suiting, self.zone)
        return offers.days_offer(suiting, self.zone, asked)

    def suits(self) -> str:
        asked = self.request.GET.get("suits", "")
        return asked if asked in dict(offers.SUITS) else offers.ANY

    def alternatives(self, refused: TimeRefused) -> list[dict[str, Any]]:
        """The nearest times after a refusal, with the words for a button."""
        return [
            {
                "slot": slot_text(start.at, start.resource_id),
                "words": offers.alternative_words(start, self.zone),
                "who": start.label,
            }
            for start in refused.alternatives
        ]


def day_asked(text: str | None) -> date | None:
    """The day written in an address, or None."""
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None


# --- The list and one visit -------------------------------------------------------------------------------------


@require_safe
def visit_list(request: HttpRequest, patient_id: UUID | None = None) -> HttpResponse:
    """Upcoming visits by day, the next one first; past and canceled ones, the newest first."""
    asked = Asked(request, patient_id)
    record_view(asked.user, asked.patient, "appointments.view")
    visits = Appointment.objects.for_user(asked.user, asked.patient).with_place()
    upcoming = list(visits.upcoming(asked.now))
    waiting = [visit_row(asked, visit) for visit in visits.requested().order_by("during")]
    earlier = Paginator(visits.earlier(asked.now), EARLIER_ON_A_PAGE).get_page(request.GET.get("page"))
    days = [
        {"day": on, "visits": [visit_row(asked, visit) for visit in group]}
        for on, group in groupby(
            upcoming, key=lambda visit: offers.local_of(visit.starts_at, asked.zone).date()
        )
    ]
    return asked.page(
        "list",
        days=days,
        waiting=waiting,
        earlier=earlier,
        past=[visit_row(asked, visit) for visit in earlier],
    )


def visit_row(asked: Asked, visit: Appointment) -> dict[str, Any]:
    return {
        "visit": visit,
        "words": offers.time_words(visit.starts_at, asked.zone),
        "clock": offers.clock_words(visit.starts_at, asked.zone),
        "url": asked.pages.to("detail", visit.pk),
        "ics": asked.pages.to("ics", visit.pk),
        "by_phone": visit.service.place == Service.Place.PHONE,
    }


def detail_row(asked: Asked, visit: Appointment) -> dict[str, Any]:
    """One visit for a template: its words and the addresses of its pages."""
    return {
        **visit_row(asked, visit),
        "can_change": visit.can_change(asked.now),
        "is_past": visit.is_booked and visit.ends_at <= asked.now,
        "change": asked.pages.to("infusion-when")
        if visit.is_infusion
        else asked.pages.to("change", visit.pk),
        "cancel": asked.pages.to("cancel", visit.pk),
        "again": asked.pages.to("infusion")
        if visit.is_infusion
        else asked.pages.to("book-when", visit=visit.service.code),
        "wishes": [offers.time_words(at, asked.zone) for at in visit.wishes],
        "parts": part_words(visit),
        "withdraw": asked.pages.to("infusion-withdraw", visit.pk),
    }


def part_words(visit: Appointment) -> list[str]:
    """The parts of an infusion's time that take any, in their order."""
    names = (
        _("getting ready: %(minutes)d minutes"),
        _("infusion: %(minutes)d minutes"),
        _("watching how you feel: %(minutes)d minutes"),
        _("getting up and leaving: %(minutes)d minutes"),
    )
    parts = zip(names, visit.parts or (), strict=False)
    return [words % {"minutes": minutes} for words, minutes in parts if minutes]


@require_safe
def detail(request: HttpRequest, appointment_id: UUID, patient_id: UUID | None = None) -> HttpResponse:
    """One visit: when, where, with whom, how to get there, and how to change it."""
    asked = Asked(request, patient_id)
    visit = asked.visit(appointment_id)
    is_open = visit.is_booked and visit.ends_at > asked.now
    papers = [
        paper for entry in visit_papers for paper in entry(asked.user, asked.patient, visit.pk, is_open)
    ]
    expected = told_of(asked.user, visit, asked.now)
    return asked.page("detail", row=detail_row(asked, visit), papers=papers, expected=expected)


@require_safe
def booked(request: HttpRequest, appointment_id: UUID, patient_id: UUID | None = None) -> HttpResponse:
    """The result of booking."""
    asked = Asked(request, patient_id)
    return asked.page("booked", row=detail_row(asked, asked.visit(appointment_id)))


@require_safe
def changed(request: HttpRequest, appointment_id: UUID, patient_id: UUID | None = None) -> HttpResponse:
    """The result of a change."""
    asked = Asked(request, patient_id)
    return asked.page("changed", row=detail_row(asked, asked.visit(appointment_id)))


@require_safe
def cancelled(request: HttpRequest, appointment_id: UUID, patient_id: UUID | None = None) -> HttpResponse:
    """The result of canceling, with the way back."""
    asked = Asked(request, patient_id)
    visit = asked.visit(appointment_id)
    if visit.state != Appointment.State.CANCELLED:
        return redirect(asked.pages.to("detail", visit.pk))
    return asked.page("cancelled", row=detail_row(asked, visit))


@require_safe
def calendar_file(request: HttpRequest, appointment_id: UUID, patient_id: UUID | None = None) -> HttpResponse:
    """The visit for the person's own calendar; a canceled one takes itself out of it."""
    asked = Asked(request, patient_id)
    visit = asked.visit(appointment_id)
    body = calendar_bytes(visit, url=asked.pages.to("detail", visit.pk), now=asked.now)
    return HttpResponse(
        body,
        content_type="text/calendar; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="clinic-appointment.ics"'},
    )


# --- Booking: what for, when it suits, which time, check ------------------------------------------------------------


@require_http_methods(GET_POST)
def book_what(request: HttpRequest, patient_id: UUID | None = None) -> HttpResponse:
    """First question: what the visit is for."""
    asked = Asked(request, patient_id)
    record_view(asked.user, asked.patient, "appointments.view")
    offered = Service.objects.offered_at(asked.patient.site)
    initial = {"visit": request.GET.get("visit", "")}
    form = WhatForm(request.POST if request.method == "POST" else None, services=offered, initial=initial)
    if asked.books_here and form.is_valid():
        return redirect(asked.pages.to("book-suits", visit=form.cleaned_data["visit"]))
    return asked.page("book_what", status=status_of(form), form=form, closed=not asked.books_here)


@require_http_methods(GET_POST)
def book_suits(request: HttpRequest, patient_id: UUID | None = None) -> HttpResponse:
    """Second question: which part of the day suits."""
    asked = Asked(request, patient_id)
    record_view(asked.user, asked.patient, "appointments.view")
    service = asked.service()
    if service is None or not asked.books_here:
        return redirect(asked.pages.book)
    form = SuitsForm(request.POST if request.method == "POST" else None, initial={"suits": asked.suits()})
    if form.is_valid():
        return redirect(asked.pages.to("book-when", visit=service.code, suits=form.cleaned_data["suits"]))
    return asked.page(
        "book_suits", status=status_of(form), form=form, back=asked.pages.to("book", visit=service.code)
    )


@require_http_methods(GET_POST)
def book_when(request: HttpRequest, patient_id: UUID | None = None) -> HttpResponse:
    """Third question: one of the next three times, or of more days."""
    asked = Asked(request, patient_id)
    record_view(asked.user, asked.patient, "appointments.view")
    service = asked.service()
    if service is None or not asked.books_here:
        return redirect(asked.pages.book)
    offer = asked.offer(service)
    form = TimeForm(request.POST if request.method == "POST" else None, offer=offer)
    known = {"visit": service.code, "suits": asked.suits()}
    if form.is_valid():
        return redirect(asked.pages.to("book-check", at=form.cleaned_data["slot"], **known))
    return asked.page(
        "book_when",
        status=status_of(form),
        form=form,
        offer=offer,
        service=service,
        suits_words=str(dict(offers.SUITS)[asked.suits()]),
        back=asked.pages.to("book-suits", **known),
        **_day_links(asked, offer, lambda **days: asked.pages.to("book-when", **known, **days)),
    )


def _day_links(asked: Asked, offer: offers.Offer, to: Any) -> dict[str, str]:
    """The links from three times to more days, and between the pages of days."""
    return {
        "three_url": to() if offer.by_day else "",
        "more_url": "" if offer.by_day else to(**{"from": today_in(asked.now, asked.zone)}),
        "earlier_url": to(**{"from": offer.earlier}) if offer.earlier else "",
        "later_url": to(**{"from": offer.later}) if offer.later else "",
    }


@require_http_methods(GET_POST)
def book_check(request: HttpRequest, patient_id: UUID | None = None) -> HttpResponse:
    """Last page: everything on one screen, an optional reason, and the button that books."""
    asked = Asked(request, patient_id)
    record_view(asked.user, asked.patient, "appointments.view")
    service, slot = asked.service(), slot_of(request.GET.get("at"))
    if service is None or not asked.books_here:
        return redirect(asked.pages.book)
    known = {"visit": service.code, "suits": asked.suits()}
    if slot is None:
        return redirect(asked.pages.to("book-when", **known))
    starts_at, resource_id = slot
    page = drafted(request, CheckForm, kind="booking", patient=asked.patient, staff=asked.is_staff)
    lane = Resource.objects.offering(service).filter(pk=resource_id).first()
    context = asked.context(
        service=service,
        rows=_check_rows(asked, service, starts_at, lane, known),
        back=asked.pages.to("book-when", **known),
        more_url=asked.pages.to("book-when", **known, **{"from": today_in(asked.now, asked.zone)}),
    )
    template = "scheduling/book_check.html"
    if page.later:
        return page.finish_later(template, context)
    if request.method == "POST" and page.form.is_valid():
        try:
            done = services.book(
                by=asked.user,
                patient=asked.patient,
                service=service,
                starts_at=starts_at,
                resource=resource_id,
                reason=page.form.cleaned_data["reason"],
                id=page.id,
                now=asked.now,
                by_phone=page.form.cleaned_data.get("by_phone", False),
            )
        except TimeRefused as refused:
            return _refused(asked, page, refused, template, context, known)
        except DifferentContent as earlier:
            if earlier.result is None:
                raise
            messages.info(request, _("You have already booked this visit. To book another one, start again."))
            return redirect(asked.pages.to("booked", earlier.result))
        except DomainError as error:
            page.refuse(error)
        else:
            page.done()
            assert done.result is not None
            if asked.pages.conversation is not None and done.first:
                words = f"{service.name}, {offers.time_words(starts_at, asked.zone)}"
                for note in booked_from:
                    note(asked.user, asked.patient, asked.pages.conversation, done.result, words, asked.now)
            return redirect(asked.pages.to("booked", done.result))
    return page.render(template, context)


def _refused(
    asked: Asked,
    page: Any,
    refused: TimeRefused,
    template: str,
    context: dict[str, Any],
    known: dict[str, str],
) -> HttpResponse:
    """The time is gone: the answers stay, the nearest times are buttons that book them. 409."""
    page.keep()
    context["refused"] = refused.message
    context["alternatives"] = [
        {**row, "url": asked.pages.to("book-check", at=row["slot"], **known)}
        for row in asked.alternatives(refused)
    ]
    return page.render_again(template, context, status=refused.status)  # type: ignore[no-any-return]


def _check_rows(
    asked: Asked, service: Service, starts_at: datetime, lane: Resource | None, known: dict[str, str]
) -> list[tuple[str, str, str]]:
    """The answers so far, each with a link to change it."""
    words = offers.time_words(starts_at, asked.zone)
    return [
        (_("Visit"), _("%(name)s, about %(count)d minutes") % {"name": service.name, "count": service.minutes},
         asked.pages.to("book", visit=service.code)),
        (_("When"), words, asked.pages.to("book-when", **known)),
        (_("With"), lane.label if lane else _("The team"), ""),
        (_("Where"), place_words(service, asked.patient), ""),
    ]  # fmt: skip


def place_words(service: Service, patient: Patient) -> str:
    """Where a visit is, in words."""
    if service.place == Service.Place.PHONE:
        return _("By phone: we call you")
    return f"{patient.site.name}, {patient.site.address}"


# --- Changing and canceling ------------------------------------------------------------------------------------------


@require_http_methods(GET_POST)
def change(request: HttpRequest, appointment_id: UUID, patient_id: UUID | None = None) -> HttpResponse:
    """Another time for the same visit. The present time is kept until the new one is held."""
    asked = Asked(request, patient_id)
    visit = asked.visit(appointment_id)
    if not visit.can_change(asked.now):
        return redirect(asked.pages.to("detail", visit.pk))
    if visit.is_infusion:
        return redirect(asked.pages.to("infusion-when"))
    offer = asked.offer(visit.service, moving=visit.pk)
    question = _("Which new time do you want?")
    form = TimeForm(request.POST if request.method == "POST" else None, offer=offer, question=question)
    context: dict[str, Any] = {"refused": "", "alternatives": []}
    slot = slot_of(request.POST.get("slot")) if request.method == "POST" else None
    status = 200
    if slot is not None:
        try:
            services.reschedule(
                by=asked.user,
                patient=asked.patient,
                appointment_id=visit.pk,
                starts_at=slot[0],
                resource=slot[1],
                version=version_of(request, visit),
                id=once_of(request),
                now=asked.now,
                by_phone="by_phone" in request.POST,
            )
            return redirect(asked.pages.to("changed", visit.pk))
        except TimeRefused as refused:
            form, status = TimeForm(offer=offer, question=question), refused.status
            context = {"refused": refused.message, "alternatives": asked.alternatives(refused)}
        except DifferentContent as earlier:
            if earlier.result is None:
                raise
            messages.info(
                request, _("This visit was already changed with that page. Here is its present time.")
            )
            return redirect(asked.pages.to("detail", visit.pk))
        except DomainError as error:
            form, status = TimeForm(offer=offer, question=question), error.status
            context = {"refused": error.message, "alternatives": []}
            visit = asked.visit(appointment_id)
    suits = {key: str(words) for key, words in offers.SUITS}
    to = asked.pages.to
    return asked.page(
        "change",
        status=max(status, status_of(form)),
        form=form,
        offer=offer,
        row=detail_row(asked, visit),
        filters=[
            {"url": to("change", visit.pk, suits=key), "words": words, "current": key == asked.suits()}
            for key, words in suits.items()
        ],
        **context,
        **_day_links(asked, offer, lambda **days: to("change", visit.pk, suits=asked.suits(), **days)),
    )


def version_of(request: HttpRequest, visit: Appointment) -> int:
    """The version of the visit that the person saw; an unreadable one is none."""
    text = request.POST.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else -1


@require_http_methods(GET_POST)
def cancel(request: HttpRequest, appointment_id: UUID, patient_id: UUID | None = None) -> HttpResponse:
    """Cancel one visit, with a reason if the person wants to give one."""
    asked = Asked(request, patient_id)
    visit = asked.visit(appointment_id)
    if visit.state == Appointment.State.CANCELLED:
        return redirect(asked.pages.to("cancelled", visit.pk))
    if not visit.can_change(asked.now):
        return redirect(asked.pages.to("detail", visit.pk))
    form = CancelForm(request.POST if request.method == "POST" else None, staff=asked.is_staff)
    if form.is_valid():
        try:
            services.cancel(
                by=asked.user,
                patient=asked.patient,
                appointment_id=visit.pk,
                reason=form.cleaned_data["reason"],
                id=once_of(request),
                now=asked.now,
                by_phone=form.cleaned_data.get("by_phone", False),
            )
            return redirect(asked.pages.to("cancelled", visit.pk))
        except DomainError as error:
            form.add_error(None, str(error.message))
    return asked.page("cancel", status=status_of(form), form=form, row=detail_row(asked, visit))


# --- The team's day -----------------------------------------------------------------------------------------------------


@require_safe
def day(request: HttpRequest) -> HttpResponse:
    """Who comes on one day, by clinician; printable."""
    user = request.user
    assert isinstance(user, User)
    if not is_clinician(user):
        raise Http404
    now = present()
    shown = day_of(user, day_asked(request.GET.get("day")), now)
    one = timedelta(days=1)
    return render(
        request,
        "scheduling/day.html",
        {"shown": shown, "earlier": shown.on - one, "later": shown.on + one, "now": now},
    )
