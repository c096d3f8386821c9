"""Pages on which staff write the same words to several patients: choose, check, send, see how far it is."""

from __future__ import annotations

from datetime import date
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from clinic.services import teams_of
from messaging.composing import mailings
from messaging.forms import text_field
from messaging.topics import Topic
from messaging.views.outreach import topic_field
from messaging.views.reply_templates import staff_only
from patients.requests import once_of
from portal.lib import forms
from portal.lib.forms import status_of
from portal.lib.problems import DomainError
from portal.lib.time import now as present
from portal.lib.time import today_in

SHOWN_BY_NAME = 300
EARLIEST, LATEST = date(2020, 1, 1), date(2099, 12, 31)


class MailingForm(forms.Form):
    """Who gets it, what it is about, and the words."""

    groups = forms.MultipleChoiceField(label=gettext_lazy("Groups"), required=False)
    patients = forms.MultipleChoiceField(label=gettext_lazy("Patients by name"), required=False)
    topic = topic_field()
    text = text_field(
        gettext_lazy("Your message"),
        rows=8,
        empty=gettext_lazy("Write your message."),
        hint=gettext_lazy(
            "Everybody gets the same words. Name nobody, and nothing that is about one person only."
        ),
    )

    def __init__(self, *args: Any, choice: mailings.Choice, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.choice = choice
        groups = [(group.code, f"{group.label} ({len(group.patient_ids)})") for group in choice.groups]
        people = [(str(id), patient.name) for id, patient in choice.patients.items()][:SHOWN_BY_NAME]
        for name, options in (("groups", groups), ("patients", people)):
            self.fields[name].choices = options  # type: ignore[attr-defined]
            if not options:
                del self.fields[name]
        if len(choice.patients) > SHOWN_BY_NAME:
            self.fields["patients"].help_text = _(
                "Only the first %(most)d by name stand here. Use groups for the others."
            ) % {"most": SHOWN_BY_NAME}

    def chosen(self) -> list[Any]:
        """The patients, each once, by name."""
        data = self.cleaned_data
        return self.choice.chosen(data.get("groups", []), data.get("patients", []))

    def clean(self) -> dict[str, Any]:
        """Somebody has to be chosen."""
        data = super().clean() or {}
        if not self.choice.chosen(data.get("groups", []), data.get("patients", [])):
            self.add_error(None, str(mailings.NobodyChosen.default_message))
        return data


def day_of(text: str, today: date) -> date:
    """The day of an address, or today."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return today
    return day if EARLIEST <= day <= LATEST else today


@require_http_methods(["GET", "HEAD", "POST"])
def mailing_new(request: HttpRequest) -> HttpResponse:
    """Choose patients and write; then the page to check; then it is sent. Nothing is stored before."""
    user, now = staff_only(request), present()
    today = today_in(now, zone_of(user))
    asked = request.POST.get("day", "") if request.method == "POST" else request.GET.get("day", "")
    day = day_of(asked, today)
    choice = mailings.choice_of(user, day, now)
    form = MailingForm(request.POST if request.method == "POST" else None, choice=choice)
    context: dict[str, Any] = {"form": form, "day": day, "recent": mailings.mailings_of(user)}
    if not form.is_valid() or "change" in request.POST:
        status = 200 if "change" in request.POST else status_of(form)
        return render(request, "messaging/mailing_new.html", context, status=status)
    chosen = form.chosen()
    data = form.cleaned_data
    context |= {
        "chosen": chosen,
        "text": data["text"],
        "topic": Topic(data["topic"]).label,
    }
    context["who"] = digest_of(chosen)
    if request.POST.get("go") != "send":
        return render(request, "messaging/mailing_check.html", context)
    if request.POST.get("who") != context["who"]:
        # Somebody came into a group or left it since the page was read.
        form.add_error(None, _("The list has changed since you read it. Check it again."))
        return render(request, "messaging/mailing_check.html", context, status=409)
    try:
        mailing = mailings.plan(
            by=user, id=once_of(request), patients=chosen, topic=data["topic"], text=data["text"], now=now
        )
    except DomainError as error:
        form.add_error(None, str(error.message))
        return render(request, "messaging/mailing_new.html", context, status=error.status)
    return redirect("messaging:mailing", mailing.pk)


def digest_of(patients: list[Any]) -> str:
    """Stands for who was on the page that was read."""
    return sha256(",".join(sorted(str(patient.pk) for patient in patients)).encode()).hexdigest()[:16]


def zone_of(user: Any) -> str:
    """The wall clock of the person's center."""
    zone: str = teams_of(user)[0].site.time_zone
    return zone


@require_safe
def mailing(request: HttpRequest, mailing_id: UUID) -> HttpResponse:
    """How far it is: sent, waiting, and who got nothing."""
    user = staff_only(request)
    progress = mailings.progress_of(user, mailing_id)
    rows = [
        {
            "letter": letter,
            "url": reverse("messaging:work-thread", args=[letter.patient_id, letter.thread_id])
            if letter.thread_id
            else "",
        }
        for letter in progress.letters
    ]
    context = {"progress": progress, "rows": rows}
    return render(request, "messaging/mailing.html", context)
