"""Handing work over, and the call list."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clinic.cover import there_today
from messaging import services
from messaging.models import CallTask, Thread, WorkItem
from messaging.views.shared import STAFF, enter, signed_in
from messaging.views.work import at_work, came_from, work_url
from messaging.work import calls, filtering, routing, teams
from messaging.work.forms import HandOverForm
from patients.drafting import drafted
from patients.requests import once_of
from patients.services import record_many, record_view, warm_keys
from portal.lib.ids import parse_uuid, uuid7
from portal.lib.problems import DomainError, NotAllowed
from portal.lib.time import now as present
from portal.lib.time import today_in

PAGE_SIZE = 50


@require_http_methods(["GET", "HEAD", "POST"])
def hand_over(request: HttpRequest, patient_id: UUID, thread_id: UUID) -> HttpResponse:
    """Hand the work to a colleague, another lane or another team, with the reason; a page of its own."""
    chosen = came_from(request)
    if went_on(request, patient_id, thread_id):
        return handed_to_team(request, chosen)
    place, thread = at_work(request, patient_id, thread_id)
    if not place.may_act:
        raise NotAllowed
    up = work_url(patient_id, thread_id, chosen)
    items = WorkItem.objects.for_user(place.user, place.patient).filter(thread=thread)
    item = items.waiting().select_related("owner").first()
    colleagues = there_today(thread.team_id, today_in(present(), place.zone))
    page = drafted(
        request,
        HandOverForm,
        kind="handover",
        patient=place.patient,
        target=thread.pk,
        colleagues=[user for user in colleagues if user.pk != place.user.pk],
        lane=item.lane if item is not None else "",
        teams=teams.other_teams(place.patient, thread),
    )
    record_view(place.user, place.patient, "thread.view", thread.pk)
    context = {"place": place, "patient": place.patient, "thread": thread, "item": item, "up": up}
    if page.later:
        return page.finish_later("messaging/hand_over.html", context)
    form: Any = page.form
    if form.is_valid():
        target = form.target()
        hand: Any = teams.hand_to_team if "team_id" in target else routing.hand_over
        try:
            hand(
                by=place.user,
                patient=place.patient,
                thread_id=thread_id,
                id=page.id,
                reason=form.cleaned_data["reason"],
                now=present(),
                **target,
            )
        except DomainError as error:
            page.refuse(error)
        else:
            page.done()
            if "team_id" in target:
                return handed_to_team(request, chosen)
            messages.success(request, _("Handed over."))
            return redirect(work_url(patient_id, thread_id, chosen, did=True))
    return page.render("messaging/hand_over.html", context)


def went_on(request: HttpRequest, patient_id: UUID, thread_id: UUID) -> bool:
    """True for a press that comes again after it gave the conversation to another team."""
    act_id = parse_uuid(request.POST.get("draft"))
    if request.method != "POST" or act_id is None:
        return False
    place = enter(request, patient_id, *STAFF)
    thread = Thread.objects.for_user(place.user, place.patient).filter(pk=thread_id).first()
    return thread is not None and teams.went_on(place.user, thread, act_id)


def handed_to_team(request: HttpRequest, chosen: filtering.Filters) -> HttpResponse:
    """Back to the list: the conversation is another team's now."""
    messages.success(
        request, _("Handed over. The other team is told by mail, and the conversation is theirs now.")
    )
    return redirect(chosen.url)


@require_safe
def call_list(request: HttpRequest) -> HttpResponse:
    """Whom somebody has to call: who, phone, since when, about what. Never a text."""
    user = signed_in(request)
    if not services.works_here(user):
        raise Http404
    page = Paginator(calls.to_call(user), PAGE_SIZE).get_page(request.GET.get("page"))
    shown: list[CallTask] = list(page)
    warm_keys(task.patient_id for task in shown)
    record_many(user, {task.patient_id: task.patient for task in shown}.values(), "calls.view")
    rows = [
        {
            "task": task,
            "why": calls.why(task),
            "once": (uuid7(), uuid7()),
            "name": task.patient.name,
            "phone": task.patient.phone,
            "note": task.patient.contact_note,
            "topic": task.thread.get_topic_display() if task.thread else "",
            "url": reverse("messaging:work-thread", args=[task.patient_id, task.thread_id])
            if task.thread_id
            else reverse("portal:summary", args=[task.patient_id]),
            "act": reverse("messaging:called", args=[task.patient_id, task.pk]),
        }
        for task in shown
    ]
    return render(request, "messaging/calls.html", {"page": page, "rows": rows})


@require_POST
def called(request: HttpRequest, patient_id: UUID, call_id: UUID) -> HttpResponse:
    """ "Called, reached" or "called, not reached"."""
    place = enter(request, patient_id, *STAFF)
    result = request.POST.get("result", "")
    if result not in calls.RESULTS:
        raise BadRequest
    tasks = CallTask.objects.for_user(place.user, place.patient)
    tasks = tasks.of_own_teams(place.user) if place.may_act else tasks
    if not tasks.filter(pk=call_id).exists():
        raise Http404
    try:
        calls.called(
            by=place.user,
            patient=place.patient,
            call_id=call_id,
            id=once_of(request),
            result=result,
            now=present(),
        )
    except services.AlreadyDone:
        messages.success(request, _("A colleague has done this call already."))
    else:
        reached = result == calls.Kind.REACHED
        messages.success(
            request, _("Reached. Off the list.") if reached else _("Not reached. It stays on the list.")
        )
    return redirect("messaging:calls")
