"""Pages for a call or a letter, and for a conversation that the team begins."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from messaging.composing import outreach
from messaging.files.page import FormFiles
from messaging.forms import text_field
from messaging.models import Message
from messaging.services import NewerMessages
from messaging.topics import Lane, Topic
from messaging.views.shared import Place, bubbles, enter, form_seq, posted_seq, unread
from messaging.views.signs import alarm_of_form, signs_of
from messaging.views.work import at_work
from messaging.work.promises import Help, help_now
from messaging.writing import triage
from messaging.writing.redflags import Question
from messaging.writing.sign_fields import SignsField
from patients.drafting import DraftedForm, drafted
from patients.services import account_of, record_view
from portal.lib import forms
from portal.lib.problems import DomainError
from portal.lib.time import now as present
from portal.lib.time import today_in

CLOCK = re.compile(r"([01]?[0-9]|2[0-3])[:.]([0-5][0-9])")
HOW = [
    (Message.Capacity.PHONE.value, gettext_lazy("By phone")),
    (Message.Capacity.LETTER.value, gettext_lazy("By letter")),
]
AS_TOPIC = "topic"
LANES = [(AS_TOPIC, gettext_lazy("As usual for this topic")), *Lane.choices]


def topic_field() -> forms.ChoiceField:
    return forms.ChoiceField(
        label=gettext_lazy("What is it about?"),
        choices=Topic.choices,
        error_messages={"required": gettext_lazy("Choose what it is about.")},
    )


class WriteDownForm(DraftedForm):
    """How and when it came, what it is about, the red-flag questions of it, what was said, and how soon it is due."""

    how = forms.ChoiceField(
        label=gettext_lazy("How it came"),
        choices=HOW,
        layout="grid",
        error_messages={"required": gettext_lazy("Choose how it came.")},
    )
    day = forms.DateField(label=gettext_lazy("The day it came"))
    clock = forms.PlainTextField(
        label=gettext_lazy("The time, if you know it"),
        help_text=gettext_lazy("For example, 14:30. The team’s clock runs from then."),
        required=False,
        max_length=10,
    )
    topic = topic_field()
    signs = SignsField()
    text = text_field(
        gettext_lazy("What was said or written"),
        rows=8,
        empty=gettext_lazy("Write down what was said."),
        hint=gettext_lazy("The patient reads this text as written."),
    )
    lane = forms.ChoiceField(label=gettext_lazy("Lane"), choices=LANES, initial=AS_TOPIC)

    def __init__(
        self,
        *args: Any,
        zone: str,
        now: datetime,
        begun: str,
        help: Help,
        questions: dict[str, list[Question]],
        **kwargs: Any,
    ) -> None:
        """`begun` is the topic of a conversation that is there, or empty."""
        super().__init__(*args, **kwargs)
        self.zone, self.now = zone, now
        self.fields["day"].initial = today_in(now, zone)
        if begun:
            del self.fields["topic"]
            questions = {begun: questions.get(begun, [])}
        signs = self.fields["signs"]
        if any(questions.values()):
            signs.ask(questions, help, on_the_phone=True)  # type: ignore[attr-defined]
            signs.help_text = _("Ask the patient, and tick what fits. A yes puts this into the safety lane.")
        else:
            del self.fields["signs"]

    def clean_clock(self) -> time | None:
        """The time on the clinic's clock, or None."""
        typed = self.cleaned_data["clock"]
        if not typed:
            return None
        found = CLOCK.fullmatch(typed)
        if found is None:
            raise ValidationError(_("Enter the time like 14:30, or leave it empty."))
        return time(int(found[1]), int(found[2]))

    def came_at(self) -> datetime:
        """When it came: the day with its time; without a time now, or noon of an earlier day."""
        day: date = self.cleaned_data["day"]
        clock: time | None = self.cleaned_data["clock"]
        if clock is None and day == today_in(self.now, self.zone):
            return self.now
        return datetime.combine(day, clock or time(12), ZoneInfo(self.zone))


class FirstWordsForm(DraftedForm):
    """The first message of a conversation that the team begins."""

    topic = topic_field()
    text = text_field(gettext_lazy("Your message"), rows=8, empty=gettext_lazy("Write your message."))


@require_http_methods(["GET", "HEAD", "POST"])
def call_new(request: HttpRequest, patient_id: UUID) -> HttpResponse:
    """A call or a letter that begins a conversation."""
    place = enter(request, patient_id, "team")
    record_view(place.user, place.patient, "threads.list")
    return written_down(request, place, None, {"up": place.url("list")})


@require_http_methods(["GET", "HEAD", "POST"])
def call_more(request: HttpRequest, patient_id: UUID, thread_id: UUID) -> HttpResponse:
    """A call or a letter about a conversation that is there."""
    place, thread = at_work(request, patient_id, thread_id)
    if not place.may_act:
        raise Http404
    record_view(place.user, place.patient, "thread.view", thread.pk)
    up = reverse("messaging:work-thread", args=[patient_id, thread_id])
    context = {"up": up, "thread": thread, "form_seen": form_seq(request, thread)}
    return written_down(request, place, thread, context)


def written_down(request: HttpRequest, place: Place, thread: Any, context: dict[str, Any]) -> HttpResponse:
    now = present()
    help_panel = help_now(place.patient.site, now)
    asked = request.GET.get("topic", "")
    page = drafted(
        request,
        WriteDownForm,
        kind="call",
        patient=place.patient,
        target=thread.pk if thread is not None else None,
        resume=reverse("messaging:call", args=[place.patient.pk]) if thread is None else "",
        zone=place.zone,
        now=now,
        begun=thread.topic if thread is not None else "",
        help=help_panel,
        questions=triage.questions_for(place.user, place.patient),
        initial={"topic": asked if asked in Topic.values else ""},
    )
    files = FormFiles(request, place, page)
    newer = unread(request, place, thread) if thread is not None else []
    context |= {
        "place": place,
        "patient": place.patient,
        "newer": bubbles(newer, place, 0) if newer else [],
        "files": files,
        "help": help_panel,
        "questions_off": triage.are_off(),
        "alarm": alarm_of_form(page.form, topic=thread.topic if thread is not None else ""),
    }
    if files.stops:
        template = "messaging/write_down.html"
        return files.back(first=bool(newer)) or page.render_again(template, context, status=files.status)
    if page.later:
        return page.finish_later("messaging/write_down.html", context)
    if page.form.is_valid():
        data = page.form.cleaned_data
        assert isinstance(page.form, WriteDownForm)
        try:
            message = outreach.write_down(
                by=place.user,
                patient=place.patient,
                id=page.id,
                text=data["text"],
                how=data["how"],
                came_at=page.form.came_at(),
                now=now,
                topic=data.get("topic", ""),
                lane="" if data["lane"] == AS_TOPIC else data["lane"],
                thread_id=thread.pk if thread is not None else None,
                seen_seq=posted_seq(request),
                signs=data.get("signs", ()),
                files=files.ids,
            )
        except NewerMessages as error:
            page.refuse(error)
            context["newer"] = bubbles(error.newer, place, 0)
        except DomainError as error:
            page.refuse(error)
        else:
            page.done()
            signs = signs_of(message)
            if signs is not None and signs.urgent:
                messages.success(
                    request, _("Written down as urgent. It is in the safety lane of the work list.")
                )
            else:
                messages.success(request, _("Written down. It is on the work list."))
            return redirect("messaging:work-thread", place.patient.pk, message.thread_id)
    return page.render("messaging/write_down.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def write_first(request: HttpRequest, patient_id: UUID) -> HttpResponse:
    """The team begins a conversation with one patient."""
    place = enter(request, patient_id, "team")
    record_view(place.user, place.patient, "threads.list")
    page = drafted(request, FirstWordsForm, kind="first-words", patient=place.patient)
    context = {
        "place": place,
        "patient": place.patient,
        "up": place.url("list"),
        "no_account": account_of(place.patient) is None,
    }
    if page.later:
        return page.finish_later("messaging/write_first.html", context)
    if page.form.is_valid():
        data = page.form.cleaned_data
        try:
            message = outreach.write_first(
                by=place.user,
                patient=place.patient,
                id=page.id,
                topic=data["topic"],
                text=data["text"],
                now=present(),
            )
        except DomainError as error:
            page.refuse(error)
        else:
            page.done()
            messages.success(request, _("Sent. The patient can write back."))
            return redirect("messaging:work-thread", patient_id, message.thread_id)
    return page.render("messaging/write_first.html", context)


__all__ = ["call_more", "call_new", "write_first"]
