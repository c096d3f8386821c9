"""A conversation on paper and as a file, for everybody who may read it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from messaging.models import Message, Thread
from messaging.reading import copies
from messaging.views.shared import SIDE, STAFF, Place, enter
from messaging.writing import undo
from patients.services import record_view
from portal.lib.paper import NoPaper
from portal.lib.time import now as present


def thread_here(place: Place, thread_id: UUID) -> Thread:
    """The conversation, when this person may read it here: a team its own ones. Raises Http404."""
    threads = Thread.objects.for_user(place.user, place.patient)
    threads = threads.of_own_teams(place.user) if place.may_act else threads
    found: Thread | None = threads.filter(pk=thread_id).first()
    if found is None:
        raise Http404
    return found


def shown(place: Place, thread: Thread) -> dict[str, Any]:
    """What a copy of it holds. For the team, taking it is opening it: what they have cannot be taken back any more."""
    if place.staff:
        undo.open_for_team(by=place.user, thread=thread, seen=0, now=present())
    messages = Message.objects.for_user(place.user, place.patient).filter(
        thread=thread, seq__lte=thread.last_seq
    )
    messages = messages.in_order()
    return copies.context(place.patient, thread, messages, place.user, present())


@require_safe
def paper(request: HttpRequest, thread_id: UUID, patient_id: UUID | None = None) -> HttpResponse:
    """All messages, to be printed or kept as a file."""
    place = enter(request, patient_id, *SIDE, *STAFF)
    thread = thread_here(place, thread_id)
    record_view(place.user, place.patient, "thread.view", thread.pk)
    if place.staff:
        up = reverse("messaging:work-thread", args=[place.patient.pk, thread.pk])
    else:
        up = place.url("thread", thread.pk)
    context = {
        "place": place,
        "up": up,
        "file_url": place.url("copy-file", thread.pk),
        **shown(place, thread),
    }
    return render(request, "messaging/copy.html", context)


@require_safe
def file(request: HttpRequest, thread_id: UUID, patient_id: UUID | None = None) -> HttpResponse:
    """The copy as a file: `as` is pdf, text (also when nothing is said) or json."""
    place = enter(request, patient_id, *SIDE, *STAFF)
    make = copies.MAKERS.get(request.GET.get("as", "text"))
    if make is None:
        raise Http404
    thread = thread_here(place, thread_id)
    record_view(place.user, place.patient, "thread.copied", thread.pk)
    try:
        return make(shown(place, thread))
    except NoPaper as error:
        context = {"place": place, "back": place.url("paper", thread.pk), "problem": error}
        return render(request, "messaging/no_pdf.html", context, status=error.status)
