"""Pages on which something is made out of a conversation, and the buttons that settle it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from messaging.composing import article_links, making, reply_templates
from messaging.models import OpenItem
from messaging.views.shared import Place, enter
from messaging.views.work import at_work
from patients.drafts import open_draft, save_draft
from patients.questions import TooManyQuestions
from patients.requests import once_of
from patients.services import record_view
from portal.lib import forms
from portal.lib.contributions import article_at, article_search
from portal.lib.problems import DomainError
from portal.lib.text import clean_line
from portal.lib.time import now as present

MOST_FOUND = 5


class QuestionForm(forms.Form):
    """A question that the patient can put on their own list."""

    words = forms.PlainTextField(
        label=gettext_lazy("Question for the patient’s list"),
        help_text=gettext_lazy("In the patient’s words. The patient decides whether to put it on the list."),
        max_length=making.LONGEST_WORDS,
        error_messages={"required": gettext_lazy("Write the question.")},
    )


class ItemForm(forms.Form):
    """Something to do before the next infusion."""

    words = forms.PlainTextField(
        label=gettext_lazy("What has to be done before the infusion"),
        help_text=gettext_lazy("The patient reads this. It stands with what is open before the next dose."),
        max_length=making.LONGEST_WORDS,
        error_messages={"required": gettext_lazy("Write what has to be done.")},
    )
    owner = forms.ChoiceField(
        label=gettext_lazy("Whose turn it is"),
        choices=[("you", gettext_lazy("The patient’s")), ("team", gettext_lazy("The team’s"))],
        initial=OpenItem.Owner.TEAM.value,
        layout="grid",
        error_messages={"required": gettext_lazy("Choose whose turn it is.")},
    )


def at_making(request: HttpRequest, patient_id: UUID, thread_id: UUID) -> tuple[Place, Any]:
    """The place and the conversation, for the team alone. 404 for everybody else."""
    place, thread = at_work(request, patient_id, thread_id)
    if not place.may_act:
        raise Http404
    return place, thread


@require_http_methods(["GET", "HEAD", "POST"])
def make(request: HttpRequest, patient_id: UUID, thread_id: UUID) -> HttpResponse:
    """Make something out of the conversation."""
    place, thread = at_making(request, patient_id, thread_id)
    record_view(place.user, place.patient, "thread.view", thread.pk)
    up = reverse("messaging:work-thread", args=[patient_id, thread_id])
    posted = request.POST if request.method == "POST" else None
    question = QuestionForm(posted if "question-words" in request.POST else None, prefix="question")
    item = ItemForm(posted if "item-words" in request.POST else None, prefix="item")
    if question.is_valid() or item.is_valid():
        act: dict[str, Any] = {
            "by": place.user,
            "patient": place.patient,
            "thread_id": thread_id,
            "id": once_of(request),
            "now": present(),
        }
        form = question if question.is_valid() else item
        try:
            if form is question:
                making.offer_question(**act, words=form.cleaned_data["words"])
                messages.success(request, _("Suggested. The patient sees it in the conversation."))
            else:
                making.make_open_item(**act, **form.cleaned_data)
                messages.success(request, _("Added to what is open before the infusion."))
            return redirect(f"{up}#made")
        except DomainError as error:
            form.add_error(None, str(error.message))
    asked = clean_line(request.GET.get("q", ""))[:200]
    context = {
        "place": place,
        "patient": place.patient,
        "thread": thread,
        "up": up,
        "question": question,
        "item": item,
        "book_url": f"{reverse('scheduling:patient-book', args=[patient_id])}?{urlencode({'conversation': thread_id})}",
        "asked": asked,
        "found": [row for entry in article_search for row in entry(asked)][:MOST_FOUND] if asked else [],
        "article_url": reverse("messaging:article", args=[patient_id, thread_id]),
    }
    return render(request, "messaging/make.html", context, status=200 if posted is None else 422)


@require_POST
def article(request: HttpRequest, patient_id: UUID, thread_id: UUID) -> HttpResponse:
    """Put an article's title and address into the answer that is being written. It is sent with the answer."""
    place, thread = at_making(request, patient_id, thread_id)
    path = request.POST.get("path", "")
    title = next((said for entry in article_at if (said := entry(path))), "")
    if not title:
        raise Http404
    record_view(place.user, place.patient, "thread.view", thread.pk)
    up = reverse("messaging:work-thread", args=[patient_id, thread_id])
    state = open_draft(user=place.user, patient=place.patient, kind="answer", target=thread.pk, resume=up)
    typed = " ".join(state.fields.get("text", []))
    text = reply_templates.below(typed, article_links.as_text(title, path))
    try:
        save_draft(
            user=place.user,
            patient=place.patient,
            capacity=place.capacity,
            state=state,
            fields={**state.fields, "text": [text]},
        )
    except DomainError as error:
        messages.error(request, str(error.message))
        return redirect(up)
    messages.success(request, _("The article is in your answer. It is sent with it."))
    return redirect(f"{up}#id_text")


@require_POST
def settle(request: HttpRequest, made_id: UUID, patient_id: UUID | None = None) -> HttpResponse:
    """Yes or no to a suggested question; done or not yet for something to do."""
    place = enter(request, patient_id, "self", "team")
    row = making.made_or_404(place.user, place.patient, made_id)
    url = (
        reverse("messaging:work-thread", args=[place.patient.pk, row.thread_id])
        if place.staff
        else place.url("thread", row.thread_id)
    )
    try:
        making.settle(
            by=place.user,
            patient=place.patient,
            made_id=made_id,
            yes=request.POST.get("yes") == "1",
            id=once_of(request),
            now=present(),
        )
    except (making.DecidedBefore, TooManyQuestions) as error:
        messages.info(request, str(error.message))
    else:
        messages.success(request, _("Saved."))
    return redirect(f"{url}#made")
