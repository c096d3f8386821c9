"""The page on which the team takes back an answer and writes the correction."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from messaging.composing import retractions
from messaging.files.page import FormFiles
from messaging.forms import text_field
from messaging.models import Message
from messaging.services import NewerMessages
from messaging.views.shared import bubbles, form_seq, posted_seq, unread
from messaging.views.work import at_work
from patients.drafting import DraftedForm, drafted
from patients.services import record_view
from portal.lib import forms
from portal.lib.problems import DomainError, NotAllowed
from portal.lib.time import now as present


class CorrectionForm(DraftedForm):
    """Why the answer is taken back, for the team alone, and the answer as it should be."""

    reason = forms.PlainTextField(
        label=gettext_lazy("Why it is taken back"),
        help_text=gettext_lazy("Only the team reads this."),
        max_length=retractions.LONGEST_REASON,
        initial=gettext_lazy("Sent in error"),
        error_messages={"required": gettext_lazy("Say why it is taken back.")},
    )
    text = text_field(
        gettext_lazy("The correct answer"), rows=8, empty=gettext_lazy("Write the correct answer.")
    )


@require_http_methods(["GET", "HEAD", "POST"])
def correct(request: HttpRequest, patient_id: UUID, thread_id: UUID, message_id: UUID) -> HttpResponse:
    """Take an answer back and send the correction in one act. The patient no longer sees the old text."""
    place, thread = at_work(request, patient_id, thread_id)
    shown = Message.objects.for_user(place.user, place.patient).filter(thread=thread)
    wrong = shown.in_order().filter(pk=message_id, capacity="team").first()
    if wrong is None:
        raise Http404
    if request.method == "POST" and not place.may_act:
        raise NotAllowed
    up = reverse("messaging:work-thread", args=[patient_id, thread_id])
    page = drafted(
        request,
        CorrectionForm,
        kind="correction",
        patient=place.patient,
        target=wrong.pk,
        initial={"text": "" if wrong.taken_back else wrong.body},
    )
    record_view(place.user, place.patient, "thread.view", thread.pk)
    files = FormFiles(request, place, page)
    newer = unread(request, place, thread)
    context: dict[str, Any] = {
        "files": files,
        "place": place,
        "patient": place.patient,
        "thread": thread,
        "form_seen": form_seq(request, thread),
        "up": up,
        "shown": [replace(bubbles([wrong], place, wrong.seq)[0], correct_url="")],
        "gone": wrong.taken_back is not None,
        "newer": bubbles(newer, place, 0) if newer else [],
    }
    if files.stops:
        return files.back(first=bool(newer)) or page.render_again(
            "messaging/correct.html", context, status=files.status
        )
    if page.later:
        return page.finish_later("messaging/correct.html", context)
    if page.form.is_valid():
        try:
            retractions.correct(
                by=place.user,
                patient=place.patient,
                thread_id=thread_id,
                message_id=message_id,
                id=page.id,
                text=page.form.cleaned_data["text"],
                reason=page.form.cleaned_data["reason"],
                seen_seq=posted_seq(request),
                files=files.ids,
                now=present(),
            )
        except NewerMessages as error:
            page.refuse(error)
            context["newer"] = bubbles(error.newer, place, 0)
        except DomainError as error:
            page.refuse(error)
        else:
            page.done()
            messages.success(request, _("Taken back. The correction is sent."))
            return redirect(up)
    return page.render("messaging/correct.html", context)
