"""Pages about the next infusion: its window, asking for a time with one to three wishes, and what became of the request."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from patients.drafting import drafted
from patients.requests import once_of
from patients.services import DifferentContent, record_view
from portal.lib.forms import status_of
from portal.lib.problems import DomainError
from portal.lib.time import today_in
from portal.lib.time_words import day as day_words
from portal.lib.time_words import when as when_words
from scheduling import doses, infusions, offers, slots
from scheduling.doses import BookableDose
from scheduling.finding import Start, day_window
from scheduling.forms import TimeForm, WishForm
from scheduling.infusions import MOST_WISHES
from scheduling.models import Appointment
from scheduling.pages import time_of, time_text
from scheduling.services import TimeRefused
from scheduling.views import GET_POST, Asked, day_asked, detail_row

APART = 60  # minutes between the times that a page shows


class AskedInfusion(Asked):
    """Who asks for whose infusion: the dose that needs a time, and what is booked or asked for already."""

    def __init__(self, request: HttpRequest, patient_id: UUID | None) -> None:
        super().__init__(request, patient_id)
        self.dose: BookableDose | None = doses.next_dose(self.user, self.patient)
        self.booked, self.requested = (
            infusions.infusion_of(self.user, self.patient, self.dose.id) if self.dose else (None, None)
        )

    @property
    def directly(self) -> bool:
        """Booked with the press, without a question to the team."""
        return self.is_staff or bool(self.patient.site.books_infusions_directly)

    @property
    def can_ask(self) -> bool:
        """A time may be asked for on these pages."""
        return (
            self.dose is not None
            and self.dose.parts is not None
            and not self.dose.held
            and infusions.infusion_service(self.patient) is not None
            and (self.booked is None or infusions.may_follow(self.booked, self.capacity, self.zone, self.now))
        )

    @property
    def window(self) -> tuple[datetime, datetime]:
        assert self.dose is not None
        return infusions.window_of(self.capacity, self.dose, self.zone, self.now)

    def times(self) -> list[datetime]:
        assert self.dose is not None
        return infusions.infusion_starts(
            by=self.user,
            patient=self.patient,
            dose=self.dose,
            capacity=self.capacity,
            now=self.now,
            moving=[visit for visit in (self.booked, self.requested) if visit is not None],
        )

    def wishes(self) -> list[datetime]:
        """The times in the address, the dearest first; what is no time is left out."""
        found = [at for text in self.request.GET.getlist("at") if (at := time_of(text)) is not None]
        return list(dict.fromkeys(found))[:MOST_WISHES]

    def starts(self, times: list[datetime]) -> list[Start]:
        assert self.dose is not None
        length = timedelta(minutes=self.dose.minutes)
        shown = slots.spread(times, minutes=APART)
        return [Start(at, at + length, None, "") for at in shown]

    def offer(self, wished: list[datetime]) -> offers.Offer:  # type: ignore[override]
        """Three times near the planned day, or days with their times from `from` on; times already wished for are left out."""
        assert self.dose is not None
        times = [at for at in self.times() if at not in wished]
        starts = self.starts(times)
        asked = day_asked(self.request.GET.get("from"))
        if asked is not None:
            return offers.days_offer(starts, self.zone, asked)
        planned = day_window(self.dose.target, self.zone)[0] + timedelta(hours=9)
        return offers.three_offer(offers.near(starts, planned), self.zone)

    def known(self, wishes: list[datetime]) -> dict[str, list[str]]:
        return {"at": [time_text(at) for at in wishes]}


@require_safe
def infusion(request: HttpRequest, patient_id: UUID | None = None) -> HttpResponse:
    """The next infusion: when it may be, what is booked or asked for, and the way to a time."""
    asked = AskedInfusion(request, patient_id)
    record_view(asked.user, asked.patient, "appointments.view")
    dose = asked.dose
    last = None
    if dose is not None and asked.requested is None:
        ended = Appointment.objects.for_user(asked.user, asked.patient).with_place()
        last = ended.filter(dose_id=dose.id, state="declined").order_by("-changed_at").first()
        if last is not None and asked.booked is not None and asked.booked.changed_at > last.changed_at:
            last = None
    answer = infusions.answered_by(asked.patient, asked.requested.created_at) if asked.requested else None
    opens = asked.window[0] if dose else None
    over = asked.booked is not None and not asked.booked.is_upcoming(asked.now)
    return asked.page(
        "infusion",
        dose=dose,
        window=_window_words(dose) if dose else "",
        parts=_length_words(dose) if dose else "",
        booked=detail_row(asked, asked.booked) if asked.booked and not over else None,
        over=when_words(asked.booked.starts_at, asked.zone) if asked.booked and over else "",
        requested=detail_row(asked, asked.requested) if asked.requested else None,
        declined=detail_row(asked, last) if last else None,
        can_ask=asked.can_ask and asked.window[0] < asked.window[1],
        too_late=dose is not None
        and asked.can_ask
        and asked.window[0] >= asked.window[1]
        and not _ahead(asked),
        ahead=day_words(opens, asked.zone) if opens and asked.can_ask and _ahead(asked) else "",
        directly=asked.directly,
        when_url=asked.pages.to("infusion-when"),
        answer_by=when_words(answer, asked.zone) if answer else "",
    )


def _ahead(asked: AskedInfusion) -> bool:
    """The window begins later than calendars are kept."""
    assert asked.dose is not None
    first = day_window(asked.dose.earliest, asked.zone)[0]
    return first > asked.now + infusions.PATIENT_POLICY.horizon


def _window_words(dose: BookableDose) -> str:
    words = {"first": day_words(dose.earliest), "target": day_words(dose.target)}
    if dose.latest is None:
        return _("It can be from %(first)s on. The planned day is %(target)s.") % words
    return _("It can be from %(first)s to %(last)s. The planned day is %(target)s.") % {
        **words,
        "last": day_words(dose.latest),
    }


def _length_words(dose: BookableDose) -> str:
    """ "Plan about 4 hours and 30 minutes"."""
    hours, minutes = divmod(dose.minutes, 60)
    if not dose.minutes:
        return ""
    if not minutes:
        return _("Plan about %(hours)d hours in all.") % {"hours": hours}
    return _("Plan about %(hours)d hours and %(minutes)d minutes in all.") % {
        "hours": hours,
        "minutes": minutes,
    }


@require_http_methods(GET_POST)
def infusion_when(request: HttpRequest, patient_id: UUID | None = None) -> HttpResponse:
    """One time inside the window; the times wished for so far come along in the address."""
    asked = AskedInfusion(request, patient_id)
    record_view(asked.user, asked.patient, "appointments.view")
    if not asked.can_ask:
        return redirect(asked.pages.to("infusion"))
    assert asked.dose is not None
    wished = asked.wishes()[: MOST_WISHES - 1]
    offer = asked.offer(wished)
    question = _("Which time would be best?") if not wished else _("Which other time would be fine, too?")
    form = TimeForm(request.POST if request.method == "POST" else None, offer=offer, question=question)
    if form.is_valid():
        chosen = time_of(form.cleaned_data["slot"])
        assert chosen is not None
        return redirect(asked.pages.to("infusion-check", **asked.known([*wished, chosen])))
    known = asked.known(wished)
    today = today_in(asked.now, asked.zone)
    to = asked.pages.to
    return asked.page(
        "infusion_when",
        status=status_of(form),
        form=form,
        offer=offer,
        question=question,
        window=_window_words(asked.dose),
        parts=_length_words(asked.dose),
        wished=[offers.time_words(at, asked.zone) for at in wished],
        back=to("infusion-check", **known) if wished else to("infusion"),
        three_url=to("infusion-when", **known) if offer.by_day else "",
        more_url="" if offer.by_day else to("infusion-when", **known, **{"from": today}),
        earlier_url=to("infusion-when", **known, **{"from": offer.earlier}) if offer.earlier else "",
        later_url=to("infusion-when", **known, **{"from": offer.later}) if offer.later else "",
    )


@require_http_methods(GET_POST)
def infusion_check(request: HttpRequest, patient_id: UUID | None = None) -> HttpResponse:
    """The wishes on one screen, and the press that asks for them; on a direct site, and by the team, that books."""
    asked = AskedInfusion(request, patient_id)
    record_view(asked.user, asked.patient, "appointments.view")
    wishes = asked.wishes()
    page = drafted(request, WishForm, kind="infusion", patient=asked.patient, staff=asked.is_staff)
    if asked.dose is None or not wishes:
        return redirect(asked.pages.to("infusion"))
    context = asked.context(
        rows=_wish_rows(asked, wishes),
        directly=asked.directly,
        moves=asked.booked is not None,
        booked=offers.time_words(asked.booked.starts_at, asked.zone) if asked.booked else "",
        replaces=offers.time_words(asked.requested.starts_at, asked.zone) if asked.requested else "",
        back=asked.pages.to("infusion-when"),
        add_url=""
        if asked.directly or len(wishes) >= MOST_WISHES
        else asked.pages.to("infusion-when", **asked.known(wishes)),
        more_url=asked.pages.to("infusion-when", **{"from": today_in(asked.now, asked.zone)}),
    )
    template = "scheduling/infusion_check.html"
    if page.later:
        return page.finish_later(template, context)
    if request.method == "POST" and page.form.is_valid():
        try:
            done = infusions.ask(
                by=asked.user,
                patient=asked.patient,
                dose_id=asked.dose.id,
                wishes=wishes,
                reason=page.form.cleaned_data["reason"],
                id=page.id,
                now=asked.now,
                by_phone=page.form.cleaned_data.get("by_phone", False),
            )
        except TimeRefused as refused:
            page.keep()
            context["refused"] = refused.message
            context["alternatives"] = [
                {
                    "words": _("Take %(when)s") % {"when": offers.time_words(at, asked.zone)},
                    "url": asked.pages.to("infusion-check", **asked.known([at])),
                }
                for at in refused.times
            ]
            return page.render_again(template, context, status=refused.status)
        except DifferentContent as earlier:
            if earlier.result is None:
                raise
            messages.info(request, _("You have already sent this request."))
            return redirect(asked.pages.to("infusion-asked", earlier.result))
        except DomainError as error:
            page.refuse(error)
        else:
            page.done()
            assert done.result is not None
            return redirect(asked.pages.to("infusion-asked", done.result))
    return page.render(template, context)


def _wish_rows(asked: AskedInfusion, wishes: list[datetime]) -> list[tuple[str, str, str]]:
    names = (_("First wish"), _("Second wish"), _("Third wish"))
    if len(wishes) == 1:
        names = (_("Time"), "", "")
    rows = [
        (str(name), offers.time_words(at, asked.zone), "") for name, at in zip(names, wishes, strict=False)
    ]
    assert asked.dose is not None
    return [*rows, (_("How long"), _length_words(asked.dose), "")]


@require_safe
def asked_for(request: HttpRequest, appointment_id: UUID, patient_id: UUID | None = None) -> HttpResponse:
    """The result of asking. What was booked at once is shown as booked."""
    asked = Asked(request, patient_id)
    visit = asked.visit(appointment_id)
    if visit.is_booked:
        return redirect(asked.pages.to("changed" if visit.version else "booked", visit.pk))
    if not visit.is_requested:
        return redirect(asked.pages.to("detail", visit.pk))
    answer = infusions.answered_by(asked.patient, visit.created_at)
    return asked.page(
        "infusion_asked",
        row=detail_row(asked, visit),
        answer_by=when_words(answer, asked.zone) if answer else "",
        moves=visit.moves is not None,
    )


@require_http_methods(GET_POST)
def withdraw(request: HttpRequest, appointment_id: UUID, patient_id: UUID | None = None) -> HttpResponse:
    """Take a request back."""
    asked = Asked(request, patient_id)
    visit = asked.visit(appointment_id)
    if not visit.is_requested:
        return redirect(asked.pages.to("detail", visit.pk))
    if request.method == "POST":
        try:
            infusions.withdraw(
                by=asked.user,
                patient=asked.patient,
                appointment_id=visit.pk,
                id=once_of(request),
                now=asked.now,
            )
        except infusions.AnsweredAlready as error:
            messages.info(request, str(error.message))
        return redirect(asked.pages.to("detail", visit.pk))
    return asked.page("infusion_withdraw", row=detail_row(asked, visit))
