"""What messaging gives to pages of the portal: answers to read, a panel, a card, links, the demo's conversations."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from clinic.cover import on_call_now
from clinic.services import team_ids
from messaging.composing import mailings, reply_templates
from messaging.models import Message, Thread, WorkItem
from messaging.services import lane_counts, works_here
from messaging.topics import Lane, Topic
from messaging.work.problems import count_to_call
from messaging.writing import triage
from patients.models import Patient
from patients.services import can, capacity_of
from portal.lib.actor import reading_many
from portal.lib.contributions import Card

PANEL = "messaging/cards/summary.html"
LAST = 3


def answers_to_read(request: HttpRequest, patient: Patient, now: datetime) -> list[dict[str, Any]]:
    """ "Needs you": conversations with something this person has not read. One statement."""
    user = request.user
    if not isinstance(user, User):
        return []
    answered, wrote = _("Read the answer from %(name)s: %(topic)s"), _("Read what %(name)s wrote: %(topic)s")
    threads: Any = Thread.objects.for_user(user, patient).unread_by(user).newest_first()[:5]
    return [
        {
            "label": (answered if thread.last_capacity == "team" else wrote)
            % {"name": thread.last_author, "topic": thread.get_topic_display()},
            "url": reverse("messaging:thread", args=[thread.pk]),
        }
        for thread in threads
    ]


def summary_panel(request: HttpRequest, patient: Patient, now: datetime) -> Card | None:
    """The last messages to the person's own team, for the one-screen summary; emergency access sees all and writes none."""
    user = request.user
    if not isinstance(user, User) or not can(user, patient, "messages"):
        return None
    acts = capacity_of(user, patient) == "team"
    messages = Message.objects.for_user(user, patient).standing().select_related("author", "thread")
    if acts:
        messages = messages.filter(thread__team_id__in=team_ids(user))
    rows = [
        {
            "message": message,
            "topic": message.thread.get_topic_display(),
            "url": reverse("messaging:work-thread", args=[patient.pk, message.thread_id]),
            "first_line": first_line(message.body),
        }
        for message in messages.order_by("-created_at", "-id")[:LAST]
    ]
    context = {
        "rows": rows,
        "zone": patient.site.time_zone,
        "all": reverse("messaging:patient-list", args=[patient.pk]),
        "by_phone": reverse("messaging:call", args=[patient.pk]) if acts else "",
        "write": reverse("messaging:write-first", args=[patient.pk]) if acts else "",
    }
    return Card(PANEL, context)


def work_card(request: HttpRequest, now: datetime) -> Card | None:
    """How much waits in each lane of the person's teams, who has to be called, whether somebody is on call, and whether red-flag questions are
    asked. Five statements."""
    user = request.user
    if not isinstance(user, User) or not works_here(user):
        return None
    with reading_many():
        counts, to_be_called = lane_counts(user), count_to_call(user)
    base = reverse("messaging:work-list")
    lanes = [
        {"label": Lane(lane).label, "count": count, "url": f"{base}?lane={lane}"}
        for lane, count in counts.items()
    ]
    teams = team_ids(user)
    context = {
        "lanes": lanes,
        "total": sum(counts.values()),
        "url": f"{base}?all=1",
        "nobody_on_call": len(on_call_now(teams, now)) < len(teams),
        "calls": to_be_called,
        "questions_off": triage.are_off(),
    }
    return Card("messaging/cards/work.html", context)


def carer_links(user: User, patient: Patient) -> list[dict[str, Any]]:
    """What a carer may open: only with the scope for messages."""
    if not can(user, patient, "messages"):
        return []
    named = {"name": patient.name}
    return [
        {
            "label": _("Messages of %(name)s") % named,
            "url": reverse("messaging:patient-list", args=[patient.pk]),
        },
        {
            "label": _("Write to the team for %(name)s") % named,
            "url": reverse("messaging:patient-new", args=[patient.pk]),
        },
    ]


def ready_message(topic: str, about: str) -> str:
    """The address of a new message of the patient's own with its topic chosen, for links on other apps' pages."""
    return f"{reverse('messaging:new')}?{urlencode({'topic': topic, 'about': about})}"


def first_line(text: str, most: int = 90) -> str:
    """The beginning of a message, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1].rsplit(" ", 1)[0] + "…"


def work_line(item: WorkItem, most: int = 90) -> str:
    """The line of work from `for_list`: how its message begins, or that urgent words were taken back and somebody calls."""
    gone: bool = item.newest_gone  # type: ignore[attr-defined]
    if item.trigger.taken_back is not None or (gone and item.lane == Lane.SAFETY):
        return _("Wrote something that may be urgent and took it back. Please call.")
    return first_line(item.trigger.body, most)


def load_demo(world: Any) -> None:
    """Conversations in different states, sent through the services at different times."""
    from messaging import demo

    demo.load(world)


def templates_naming(user: User, names: list[str]) -> list[dict[str, str]]:
    """The templates of answers, those in use and those that wait for review, in which one of the names stands. One statement."""
    found = Q(pk__in=[])
    for name in names:
        found |= Q(body__icontains=name) | Q(title__icontains=name)
    templates = reply_templates.open_to(user).filter(found, state__in=["in_use", "waiting"])
    return [
        {
            "kind": str(_("Template of an answer")),
            "title": template.title,
            "url": reverse("messaging:template", args=[template.pk]),
        }
        for template in templates.order_by("title")
    ]


def tell_patients(by: User, patients: list[Patient], text: str, id: UUID, now: datetime) -> tuple[str, int]:
    """The same words to each of the patients, in a conversation of its own: the page that says how far it is, and how many there are."""
    mailing = mailings.plan(by=by, id=id, patients=patients, topic=Topic.MEDICINE, text=text, now=now)
    return reverse("messaging:mailing", args=[mailing.pk]), len(patients)
