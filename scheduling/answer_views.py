"""The team's side of infusion times: who waits for an answer, the answer, and the day by chair."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from clinic.services import is_clinician
from patients.requests import once_of
from portal.lib.forms import status_of
from portal.lib.problems import DomainError
from portal.lib.time import now as present
from portal.lib.time import today_in
from scheduling import infusions, offers
from scheduling.board import Board, board_of, waiting_for
from scheduling.forms import DeclineForm, OtherTimeForm
from scheduling.infusion_views import AskedInfusion
from scheduling.late import Late, late_or_404, tell_late
from scheduling.models import Appointment
from scheduling.offers import clock_words
from scheduling.pages import time_of, time_text
from scheduling.services import TimeRefused
from scheduling.views import GET_POST, day_asked, detail_row


def _clinician(request: HttpRequest) -> User:
    user = request.user
    assert isinstance(user, User)
    if not is_clinician(user):
        raise Http404
    return user


@require_safe
def requests(request: HttpRequest) -> HttpResponse:
    """Infusion times that patients asked for, the oldest first."""
    user = _clinician(request)
    now = present()
    return render(request, "scheduling/requests.html", {"rows": waiting_for(user, now), "now": now})


@require_safe
def chairs(request: HttpRequest) -> HttpResponse:
    """One day by chair: a table of time and chairs, and the same as a list for small screens; printable."""
    user = _clinician(request)
    now = present()
    board = board_of(user, day_asked(request.GET.get("day")), now)
    one = timedelta(days=1)
    return render(
        request,
        "scheduling/chairs.html",
        {
            "board": board,
            "late": [late_row(row, board) for row in board.late],
            "earlier": board.on - one,
            "later": board.on + one,
            "now": now,
        },
    )


def late_row(row: Late, board: Board) -> dict[str, Any]:
    """An infusion that runs late in words, and who is hit."""
    labels = {lane["lane"].pk: lane["lane"].label for lane in (*board.chairs, *board.nurses)}
    return {
        "row": row,
        "title": (
            _("%(where)s is free in time again: %(name)s")
            if row.is_over
            else _("%(where)s runs late: %(name)s")
        )
        % {"where": row.visit.resource.label, "name": row.visit.patient.name},
        "where": row.visit.resource.label,
        "booked": clock_words(row.visit.ends_at, board.zone),
        "expected": clock_words(row.expected_end, board.zone),
        "hits": [
            {
                "hit": hit,
                "name": hit.taken.visit.patient.name if hit.taken.visit is not None else "",
                "phone": hit.taken.visit.patient.phone if hit.taken.visit is not None else "",
                "url": reverse(
                    "scheduling:patient-detail", args=[hit.taken.visit.patient_id, hit.taken.visit.pk]
                )
                if hit.taken.visit is not None
                else "",
                "where": ", ".join(labels[lane] for lane in hit.taken.lanes if lane in labels),
                "booked": clock_words(hit.taken.starts_at, board.zone),
                "expected": clock_words(hit.expected_at, board.zone),
                "told": clock_words(hit.told, board.zone) if hit.told is not None else "",
            }
            for hit in row.hits
        ],
    }


@require_POST
def running_late(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """One press: everybody whom this infusion hits is told the time that is expected now."""
    user = _clinician(request)
    now = present()
    late = late_or_404(board_of(user, None, now).late, appointment_id)
    try:
        told = tell_late(by=user, late=late, id=once_of(request), now=now)
    except DomainError as error:
        if error.status == 403:
            raise
        messages.error(request, str(error.message))
    else:
        messages.success(
            request,
            ngettext("%(count)d person was told.", "%(count)d people were told.", len(told))
            % {"count": len(told)},
        )
    return redirect("scheduling:chairs")


class Answering(AskedInfusion):
    """A request and the team member who answers it. Strangers, patients and carers get 404."""

    def __init__(self, request: HttpRequest, patient_id: UUID, appointment_id: UUID) -> None:
        super().__init__(request, patient_id)
        if not self.is_staff:
            raise Http404
        self.request_row: Appointment = self.visit(appointment_id)
        if not self.request_row.is_infusion:
            raise Http404

    def later(self) -> HttpResponse:
        """Answered or taken back in the meantime: what it is now."""
        messages.info(self.request, str(infusions.AnsweredAlready.default_message))
        return redirect(self.pages.to("detail", self.request_row.pk))


@require_POST
def confirm(request: HttpRequest, patient_id: UUID, appointment_id: UUID) -> HttpResponse:
    """Yes, to the held time or to another wish: one press."""
    asked = Answering(request, patient_id, appointment_id)
    at = time_of(request.POST.get("at"))
    try:
        done = infusions.confirm(
            by=asked.user,
            patient=asked.patient,
            appointment_id=appointment_id,
            at=at,
            id=once_of(request),
            now=asked.now,
        )
    except TimeRefused as refused:
        return _answer_page(asked, refused=refused)
    except infusions.AnsweredAlready:
        return asked.later()
    assert done.result is not None
    words = offers.time_words((at or asked.request_row.starts_at), asked.zone)
    messages.success(
        request,
        _("Booked for %(name)s: %(when)s. The patient gets an email.")
        % {"name": asked.patient.name, "when": words},
    )
    return redirect(reverse("scheduling:requests"))


@require_http_methods(GET_POST)
def answer(request: HttpRequest, patient_id: UUID, appointment_id: UUID) -> HttpResponse:
    """Another time than the one that was asked for, with words if they help."""
    asked = Answering(request, patient_id, appointment_id)
    if not asked.request_row.is_requested:
        return asked.later()
    return _answer_page(asked)


def _answer_page(asked: Answering, refused: TimeRefused | None = None) -> HttpResponse:
    request, visit = asked.request, asked.request_row
    offer = asked.offer([visit.starts_at])
    mine = request.method == "POST" and "words" in request.POST
    question = _("Which time instead?")
    form = OtherTimeForm(request.POST if mine else None, offer=offer, question=question)
    status = refused.status if refused else 200
    at = time_of(request.POST.get("slot")) if mine else None
    if at is not None and refused is None:
        try:
            infusions.confirm(
                by=asked.user,
                patient=asked.patient,
                appointment_id=visit.pk,
                at=at,
                words=request.POST.get("words", "").strip(),
                id=once_of(request),
                now=asked.now,
            )
        except TimeRefused as error:
            refused, status = error, error.status
        except infusions.AnsweredAlready:
            return asked.later()
        else:
            words = offers.time_words(at, asked.zone)
            said = {"name": asked.patient.name, "when": words}
            messages.success(request, _("Booked for %(name)s: %(when)s. The patient gets an email.") % said)
            return redirect(reverse("scheduling:requests"))
    to, today = asked.pages.to, today_in(asked.now, asked.zone)
    days: dict[str, Any] = {
        "three_url": to("infusion-answer", visit.pk) if offer.by_day else "",
        "more_url": "" if offer.by_day else to("infusion-answer", visit.pk, **{"from": today}),
        "earlier_url": to("infusion-answer", visit.pk, **{"from": offer.earlier}) if offer.earlier else "",
        "later_url": to("infusion-answer", visit.pk, **{"from": offer.later}) if offer.later else "",
    }
    return asked.page(
        "infusion_answer",
        status=status if refused else status_of(form),
        form=form,
        offer=offer,
        row=detail_row(asked, visit),
        refused=refused.message if refused else "",
        alternatives=[
            {"slot": time_text(one), "words": offers.time_words(one, asked.zone)}
            for one in (refused.times if refused else [])
        ],
        decline=to("infusion-decline", visit.pk),
        action=to("infusion-answer", visit.pk),
        **days,
    )


@require_http_methods(GET_POST)
def decline(request: HttpRequest, patient_id: UUID, appointment_id: UUID) -> HttpResponse:
    """No, with words that the patient reads."""
    asked = Answering(request, patient_id, appointment_id)
    if not asked.request_row.is_requested:
        return asked.later()
    form = DeclineForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            infusions.decline(
                by=asked.user,
                patient=asked.patient,
                appointment_id=appointment_id,
                words=form.cleaned_data["words"],
                id=once_of(request),
                now=asked.now,
            )
        except infusions.AnsweredAlready:
            return asked.later()
        else:
            said = {"name": asked.patient.name}
            messages.success(request, _("%(name)s gets an email and reads your words here.") % said)
            return redirect(reverse("scheduling:requests"))
    return asked.page(
        "infusion_decline",
        status=status_of(form),
        form=form,
        row=detail_row(asked, asked.request_row),
        answer=asked.pages.to("infusion-answer", appointment_id),
    )
