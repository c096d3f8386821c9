"""Taking back a message that was just sent."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from messaging.models import Message
from messaging.topics import Lane
from messaging.views.shared import SIDE, Place, enter, waits
from messaging.work.promises import help_now
from messaging.writing import undo
from messaging.writing.undo import taken_back
from patients.requests import once_of
from patients.services import record_view
from portal.lib.problems import DomainError
from portal.lib.time import now as present


@require_POST
def take_back(
    request: HttpRequest, thread_id: UUID, message_id: UUID, patient_id: UUID | None = None
) -> HttpResponse:
    """Undo: the words are a draft again, and the page leads to where they are."""
    place = enter(request, patient_id, *SIDE)
    try:
        message = undo.take_back(
            by=place.user,
            patient=place.patient,
            thread_id=thread_id,
            message_id=message_id,
            id=once_of(request),
            now=present(),
        )
    except DomainError as error:
        record_view(place.user, place.patient, "thread.view", thread_id)
        context = {"problem": error.message, "url": place.url("thread", thread_id), "place": place}
        return render(request, "messaging/take_back_refused.html", context, status=error.status)
    said = [_("Taken back. Your words are below; nothing is sent until you press Send.")]
    if undo.still_owed(message):
        phone = help_now(place.patient.site, present()).phone
        said.append(
            _(
                "It may be urgent, so your team still sees that you wrote and took it back. They cannot read it, and may call you. "
                "If it cannot wait, call %(phone)s."
            )
            % {"phone": phone}
        )
    messages.success(request, " ".join(said))
    return redirect(where_to_write(place, message))


def where_to_write(place: Place, message: Message) -> str:
    """The page with the draft."""
    if message.seq == 1:
        return place.url("new")
    return place.url("thread", message.thread_id) + "#write"


def offer(place: Place, thread: Any, messages: Iterable[Message], now: datetime) -> dict[str, Any]:
    """For a page of a conversation (from `with_state`) with these messages, oldest first: the one that can be taken back now, until when, where
    to, and whether its work stays with the team (`stays`); or nothing."""
    standing = [message for message in messages if not taken_back(message)]
    if not standing or not undo.is_open_to_undo(place.user, place.patient, standing[-1], now):
        return {}
    newest = standing[-1]
    return {
        "id": newest.pk,
        "until": newest.created_at + undo.WINDOW,
        "url": place.url("take-back", newest.thread_id, newest.pk),
        "stays": waits(thread) and thread.item_lane == Lane.SAFETY,
    }
