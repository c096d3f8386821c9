"""The question after an answer, and the team's count."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from clinic.services import teams_of
from messaging import services
from messaging.models import AnswerHelped, Message
from messaging.reading import helped
from messaging.views.shared import SIDE, enter, signed_in
from patients.requests import once_of
from portal.lib.ids import parse_uuid
from portal.lib.time import now as present


@require_POST
def say(request: HttpRequest, thread_id: UUID, patient_id: UUID | None = None) -> HttpResponse:
    """One word about an answer. Whoever is not helped finds the form to write more right there."""
    place = enter(request, patient_id, *SIDE)
    message_id, value = parse_uuid(request.POST.get("message")), request.POST.get("value", "")
    if message_id is None or value not in AnswerHelped.Value.values:
        raise BadRequest
    answers = Message.objects.for_user(place.user, place.patient).filter(thread_id=thread_id)
    answer = answers.filter(pk=message_id, capacity=Message.Capacity.TEAM).first()
    if answer is None:
        raise Http404
    helped.say_helped(
        by=place.user,
        patient=place.patient,
        message_id=message_id,
        value=value,
        id=once_of(request),
        now=present(),
    )
    if value == AnswerHelped.Value.YES:
        messages.success(request, _("Thank you. Your team can see it."))
        return redirect(f"{place.url('thread', thread_id)}#m{answer.seq}")
    messages.success(request, _("Thank you. What is still missing? You can write it to your team here."))
    return redirect(f"{place.url('thread', thread_id)}#write")


@require_safe
def counts(request: HttpRequest) -> HttpResponse:
    """How often answers helped, month by month."""
    user = signed_in(request)
    if not services.works_here(user):
        raise Http404
    zone = teams_of(user)[0].site.time_zone
    return render(request, "messaging/helped_counts.html", {"months": helped.by_month(user, zone)})
