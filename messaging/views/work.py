"""The team's pages: one work list for everybody in the team, and a conversation with its work."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from clinic.services import team_ids
from messaging import contributed, services
from messaging.composing import making, reply_templates
from messaging.files.page import FormFiles, still_seen
from messaging.forms import AnswerForm, NoteForm
from messaging.models import InternalNote, Message, Thread, ThreadViewer, WorkItem
from messaging.reading.helped import said_of
from messaging.topics import Lane
from messaging.views.live import thread_news_url, work_news_url
from messaging.views.shared import (
    STAFF,
    Place,
    asked_seq,
    bubbles,
    enter,
    fold,
    form_seq,
    posted_seq,
    read_before,
    refused_later,
    signed_in,
    unread,
)
from messaging.work import alarms, filtering, teams
from messaging.work.events import history_of, last_steps
from messaging.work.newest import NEWEST_LINE, Newest, newest_of
from messaging.writing import undo
from patients.attention import alerts_of
from patients.drafting import DraftedPage, drafted
from patients.requests import once_of
from patients.services import record_many, record_view, warm_keys
from portal.lib import contributions
from portal.lib.actor import reading_many
from portal.lib.ids import parse_uuid, uuid7
from portal.lib.problems import DomainError, NotAllowed
from portal.lib.time import now as present

PAGE_SIZE = 25
SHOWN_TEMPLATES = 6
SHOWN_OTHERS = 5


@require_safe
def work_list(request: HttpRequest) -> HttpResponse:
    """What waits, safety first and then by when it is due. Filters are links and can be combined."""
    user = signed_in(request)
    if not services.works_here(user):
        raise Http404
    now = present()
    chosen = filtering.chosen(request.GET, user)
    items = chosen.of(WorkItem.objects.for_user(user).of_own_teams(user).waiting(), user, now)
    with reading_many():
        found, happened = filtering.grouped(user, now)
        pages = Paginator(items.in_work_order(), PAGE_SIZE)
        pages.count = chosen.counts(found)  # counted with the filters: not once more
        page = pages.get_page(request.GET.get("page"))
        shown = list(WorkItem.objects.for_user(user).lines_of(page.object_list).in_work_order())
        steps, newest = last_steps(user, shown), newest_of(user, shown)
    warm_keys(item.patient_id for item in shown)
    record_many(user, {item.patient_id: item.patient for item in shown}.values(), "worklist.view")
    context = {
        "page": page,
        "rows": [
            {**row_of(item, user, now, chosen, newest.get(item.pk)), "why": steps.get(item.pk, "")}
            for item in shown
        ],
        "filters": filtering.links(chosen, found),
        "calls": found[filtering.TO_CALL],
        "now": now,
        "news_url": work_news_url(happened),
    }
    return render(request, "messaging/work_list.html", context)


def came_from(request: HttpRequest) -> filtering.Filters:
    """The list on which the person opened a conversation: it goes with the address, so that "next one" is the next one of it."""
    return filtering.of_code(request.GET.get("list", ""))


def in_list(url: str, chosen: filtering.Filters, *, did: bool = False) -> str:
    """An address with the list it was opened from; `did` after an act, when the page begins with the next one."""
    said = {name: value for name, value in {"list": chosen.code, "did": "1" if did else ""}.items() if value}
    return f"{url}?{urlencode(said)}" if said else url


def work_url(patient_id: UUID, thread_id: UUID, chosen: filtering.Filters, *, did: bool = False) -> str:
    return in_list(reverse("messaging:work-thread", args=[patient_id, thread_id]), chosen, did=did)


def next_of(
    user: User, thread_id: UUID, item: WorkItem | None, chosen: filtering.Filters
) -> dict[str, Any] | None:
    """The next one of the list: its address and its words. One statement."""
    found = services.next_item(user, after=thread_id, behind=item, only=chosen.rule(user, present()))
    if found is None:
        return None
    words = _("Next one: %(topic)s, %(name)s") % {
        "topic": found.thread.get_topic_display(),
        "name": found.patient.name,
    }
    return {"url": work_url(found.patient_id, found.thread_id, chosen), "words": words}


def row_of(
    item: WorkItem, user: User, now: Any, chosen: filtering.Filters, newest: Newest | None
) -> dict[str, Any]:
    """A line of the work list: the newest words first, and below them how it began, when that was another message."""
    args = [item.patient_id, item.thread_id]
    later = newest if newest is not None and newest.later else None
    return {
        "item": item,
        "once": uuid7(),
        "patient": item.patient.name,
        "topic": item.thread.get_topic_display(),
        "newest_line": contributed.first_line(later.message.body, NEWEST_LINE) if later else "",
        "newest_at": later.message.created_at if later else None,
        "first_line": contributed.work_line(item),
        "url": in_list(reverse("messaging:work-thread", args=args), chosen),
        "claim_url": in_list(reverse("messaging:claim", args=args), chosen) if item.owner_id is None else "",
        "mine": item.owner_id == user.pk,
        "late": item.due_at < now,
        "safety": item.lane == Lane.SAFETY,
    }


def at_work(request: HttpRequest, patient_id: UUID, thread_id: UUID) -> tuple[Place, Thread]:
    """The place and the conversation of a team member, or of somebody with emergency access, who may only read.

    404 for everybody else, other teams included.
    """
    place = enter(request, patient_id, *STAFF)
    threads = Thread.objects.for_user(place.user, place.patient)
    threads = threads.of_own_teams(place.user) if place.may_act else threads
    thread = threads.for_page(place.user).filter(pk=thread_id).first()
    if thread is None:
        raise Http404
    return place, thread


@require_safe
def work_thread(request: HttpRequest, patient_id: UUID, thread_id: UUID) -> HttpResponse:
    """The conversation, the patient beside it, and what can be done. Who has begun an answer finds it also when it is another team's by now."""
    try:
        place, thread = at_work(request, patient_id, thread_id)
    except Http404:
        gone = handed_on(request, patient_id, thread_id)
        if gone is None or not (page := answer_page(request, *gone)).state.version:
            raise
        return show_handed_on(request, *gone, page, status=200)
    return show_work(request, place, thread, answer_page(request, place, thread), status=200)


def answer_page(request: HttpRequest, place: Place, thread: Thread) -> DraftedPage:
    resume = work_url(place.patient.pk, thread.pk, came_from(request))
    return drafted(request, AnswerForm, kind="answer", patient=place.patient, target=thread.pk, resume=resume)


def show_work(
    request: HttpRequest,
    place: Place,
    thread: Any,
    page: DraftedPage,
    *,
    status: int,
    files: FormFiles | None = None,
) -> HttpResponse:
    """The work page as it is now. Looking at it counts as reading it.

    After any press on an older page, sent or not, it says that there is something new, and that has to be read first.
    """
    user, patient, now = place.user, place.patient, present()
    if request.method == "POST":
        _place, thread = at_work(request, patient.pk, thread.pk)
    read_to = thread.last_seq
    record_view(user, patient, "thread.view", thread.pk)
    items = WorkItem.objects.for_user(user, patient).filter(thread=thread).select_related("owner")
    item = items.order_by("-id").first()
    if request.method != "HEAD":
        if alarms.unheard_by(item, user):
            alarms.heard(by=user, thread=thread, now=now)
        undo.open_for_team(by=user, thread=thread, seen=thread.seen, now=now)
    if newer := [message for message in unread(request, place, thread) if message.seq <= thread.last_seq]:
        page.hold_back(services.NewerMessages(newer))
        status = 409
    every = Message.objects.for_user(user, patient).filter(thread=thread, seq__lte=thread.last_seq)
    said = list(every.in_order())
    older, newest = fold(
        bubbles(
            said,
            place,
            read_before(request, thread),
            said_of(user, patient, thread),
            with_files=thread.has_files or thread.last_seq != read_to,
        ),
        asked_seq(request),
    )
    if request.method != "HEAD":
        services.mark_seen(by=user, thread=thread, seq=thread.last_seq, now=now)
    waiting = item is not None and item.state != WorkItem.State.DONE
    last_words = next((message for message in reversed(said) if not message.from_team), None)
    gone = last_words is not None and last_words.taken_back is not None
    chosen, did = came_from(request), request.GET.get("did") == "1"
    readers = ThreadViewer.objects.for_user(user, patient).filter(
        thread=thread, last_seen_seq=thread.last_seq
    )
    panels = [panel for add in contributions.summary_panels if (panel := add(request, patient, now))]
    context = {
        "place": place,
        "files": files or FormFiles(request, place, page),
        "patient": patient,
        "may_act": place.may_act,
        "born": date.fromisoformat(patient.date_of_birth),
        "thread": thread,
        "form_seen": form_seq(request, thread),
        "older": older,
        "newest": newest,
        "others": others_of(place, thread),
        "made": making.made_of(user, patient, thread) if thread.has_made else [],
        "notes": list(InternalNote.objects.for_user(user, patient).filter(thread=thread).in_order()),
        "history": history_of(user, patient, thread.pk),
        "item": item,
        "waiting": waiting,
        "late": waiting and item is not None and item.due_at < now,
        "call": last_words if gone and waiting and item is not None and item.lane == Lane.SAFETY else None,
        "mine": waiting and item is not None and item.owner_id == user.pk,
        "taken": waiting and item is not None and item.owner_id not in (None, user.pk),
        "readers": [
            row.user for row in readers.exclude(user=user).select_related("user").order_by("seen_at")
        ],
        "alerts": alerts_of(user, patient, now, known=f"thread:{thread.pk}"),
        "panels": [panel for panel in panels if panel.template != contributed.PANEL],
        "up": chosen.url,
        "did": did,
        "next": next_of(user, thread.pk, item, chosen) if did or not waiting else None,
        "templates": shown_templates(user) if place.may_act else None,
        "urls": {
            name: in_list(reverse(f"messaging:{name}", args=[patient.pk, thread.pk]), chosen)
            for name in (
                "work-thread",
                "claim",
                "release",
                "answer",
                "note",
                "finish",
                "hand-over",
                "call-more",
                "make",
            )
        }
        | {
            "summary": reverse("portal:summary", args=[patient.pk]),
            "copy": place.url("paper", thread.pk),
            "search": place.url("search"),
            "news": thread_news_url(place, thread, item),
        },
    }
    context["urls"] = {name.replace("-", "_"): url for name, url in context["urls"].items()}
    return page.render_again("messaging/work_thread.html", context, status=status)


@require_POST
def answer(request: HttpRequest, patient_id: UUID, thread_id: UUID) -> HttpResponse:
    """Send the answer. What came in meanwhile is shown first, with the text kept; so is it when the conversation is another team's by now."""
    try:
        place, thread = at_work(request, patient_id, thread_id)
    except Http404:
        if (gone := handed_on(request, patient_id, thread_id)) is None:
            raise
        return not_sent(request, *gone)
    if "template" in request.POST:
        return start_from_template(request, place, thread)
    page = answer_page(request, place, thread)
    status = 422
    files = FormFiles(request, place, page)
    if files.stops:
        back = files.back(first=bool(unread(request, place, thread)))
        return back or show_work(request, place, thread, page, status=files.status, files=files)
    if page.later:
        page.keep()
        if page.conflict is None and page.unkept is None:
            return page.finish_later("messaging/work_thread.html")
        return show_work(request, place, thread, page, status=refused_later(page), files=files)
    if page.form.is_valid():
        try:
            services.answer(
                by=place.user,
                patient=place.patient,
                thread_id=thread_id,
                id=page.id,
                text=page.form.cleaned_data["text"],
                seen_seq=posted_seq(request),
                files=files.ids,
                now=present(),
            )
        except DomainError as error:
            if isinstance(error, NotAllowed) and (gone := handed_on(request, patient_id, thread_id)):
                return not_sent(request, *gone)  # it went while this was being sent
            page.refuse(error)
            status = error.status
        else:
            page.done()
            messages.success(request, _("Answer sent."))
            return redirect(work_url(patient_id, thread_id, came_from(request), did=True))
    page.keep()
    return show_work(request, place, thread, page, status=status, files=files)


def handed_on(request: HttpRequest, patient_id: UUID, thread_id: UUID) -> tuple[Place, Thread] | None:
    """The place and the conversation of somebody who had opened it and whose teams it has left. None for everybody else, emergency access included."""
    place = enter(request, patient_id, *STAFF)
    if not place.may_act:
        return None
    opened = ThreadViewer.objects.for_user(place.user, place.patient).filter(
        thread=thread_id, user=place.user
    )
    threads = Thread.objects.for_user(place.user, place.patient).exclude(team_id__in=team_ids(place.user))
    thread = threads.filter(pk=thread_id).select_related("team").first() if opened.exists() else None
    return (place, thread) if thread is not None else None


def not_sent(request: HttpRequest, place: Place, thread: Thread) -> HttpResponse:
    """An answer to a conversation that is another team's by now: kept, and shown to be copied. One that was sent before that was sent."""
    page = answer_page(request, place, thread)
    if teams.went_on(place.user, thread, page.id):
        messages.success(request, _("Answer sent."))
        return redirect(came_from(request).url)
    page.keep()
    return show_handed_on(request, place, thread, page, status=409)


def show_handed_on(
    request: HttpRequest, place: Place, thread: Thread, page: DraftedPage, *, status: int
) -> HttpResponse:
    """What happened, the person's own words and nothing of the conversation."""
    record_view(place.user, place.patient, "thread.view", thread.pk)
    context = {
        "patient": place.patient,
        "team": thread.team,
        "text": page.form["text"].value() or "",
        "draft": page.state if page.state.version else None,
        "unkept": page.unkept or page.conflict,
        "up": came_from(request).url,
    }
    return render(request, "messaging/work_handed_on.html", context, status=status)


def others_of(place: Place, thread: Thread) -> list[dict[str, Any]]:
    """What else waits for an answer about this patient, safety first: one problem often stands in two conversations."""
    items = WorkItem.objects.for_user(place.user, place.patient).waiting().exclude(thread=thread)
    items = items.of_own_teams(place.user) if place.may_act else items
    return [
        {"item": item, "url": reverse("messaging:work-thread", args=[item.patient_id, item.thread_id])}
        for item in items.select_related("thread").in_work_order()[:SHOWN_OTHERS]
    ]


def shown_templates(user: User) -> dict[str, Any]:
    """The templates to start an answer from: the first few at once, the others behind one press."""
    found = reply_templates.in_use(user)
    return {"first": found[:SHOWN_TEMPLATES], "more": found[SHOWN_TEMPLATES:]}


def start_from_template(request: HttpRequest, place: Place, thread: Thread) -> HttpResponse:
    """Put a template below what is typed, keep it as the draft, and show the page with it: nothing is sent."""
    if not place.may_act:
        raise NotAllowed
    template = reply_templates.template_or_404(place.user, parse_uuid(request.POST["template"]))
    if template.state != reply_templates.State.IN_USE:
        raise Http404
    typed = request.POST.copy()
    typed["text"] = reply_templates.filled_in(typed.get("text", ""), template)
    del typed["template"]
    request.POST = typed  # type: ignore[assignment]
    page = answer_page(request, place, thread)
    page.form.restored = True  # chosen, not sent: nothing is checked yet
    page.keep()
    if page.conflict is None and page.unkept is None and not unread(request, place, thread):
        url = work_url(place.patient.pk, thread.pk, came_from(request))
        return redirect(still_seen(request, url) + "#id_text")
    page.form.restored = page.unkept is None
    return show_work(request, place, thread, page, status=refused_later(page))


@require_http_methods(["GET", "HEAD", "POST"])
def note(request: HttpRequest, patient_id: UUID, thread_id: UUID) -> HttpResponse:
    """Write a note for the team: a page of its own, so that it is never taken for the answer."""
    place, thread = at_work(request, patient_id, thread_id)
    if request.method == "POST" and not place.may_act:
        raise NotAllowed
    up = work_url(patient_id, thread_id, came_from(request))
    page = drafted(request, NoteForm, kind="note", patient=place.patient, target=thread.pk)
    notes = list(InternalNote.objects.for_user(place.user, place.patient).filter(thread=thread).in_order())
    context = {"place": place, "patient": place.patient, "thread": thread, "up": up, "notes": notes}
    record_view(place.user, place.patient, "thread.view", thread.pk)
    if page.later:
        return page.finish_later("messaging/note.html", context)
    if page.form.is_valid():
        text = page.form.cleaned_data["text"]
        try:
            services.add_note(
                by=place.user,
                patient=place.patient,
                thread_id=thread_id,
                id=page.id,
                text=text,
                now=present(),
            )
        except DomainError as error:
            page.refuse(error)
        else:
            page.done()
            messages.success(request, _("Note saved for the team."))
            return redirect(up)
    return page.render("messaging/note.html", context)


@require_POST
def claim(request: HttpRequest, patient_id: UUID, thread_id: UUID) -> HttpResponse:
    """Take the work; two people at once: one has it, the other is told who."""

    def act(place: Place, once: UUID) -> None:
        services.claim(
            by=place.user,
            patient=place.patient,
            thread_id=thread_id,
            id=once,
            now=present(),
            take_over=request.POST.get("take_over") == "1",
        )
        messages.success(request, _("This is yours now."))

    return done_or_told(request, patient_id, thread_id, act)


@require_POST
def release(request: HttpRequest, patient_id: UUID, thread_id: UUID) -> HttpResponse:
    """Hand one's work back to the team."""

    def act(place: Place, once: UUID) -> None:
        services.release(by=place.user, patient=place.patient, thread_id=thread_id, id=once)
        messages.success(request, _("Handed back to the team."))

    return done_or_told(request, patient_id, thread_id, act)


@require_POST
def finish(request: HttpRequest, patient_id: UUID, thread_id: UUID) -> HttpResponse:
    """Take the work off the list without an answer."""
    outcome = request.POST.get("outcome", "")
    if outcome not in (WorkItem.Outcome.NO_REPLY, WorkItem.Outcome.ARRANGED):
        raise BadRequest

    def act(place: Place, once: UUID) -> None:
        services.finish(
            by=place.user,
            patient=place.patient,
            thread_id=thread_id,
            id=once,
            outcome=outcome,
            seen_seq=posted_seq(request),
            now=present(),
        )
        messages.success(request, _("Off the work list."))

    return done_or_told(request, patient_id, thread_id, act)


def done_or_told(
    request: HttpRequest, patient_id: UUID, thread_id: UUID, act: Callable[[Place, UUID], None]
) -> HttpResponse:
    """Do an act without a text, then back to the conversation; a refusal is a page that says why and what next."""
    place, thread = at_work(request, patient_id, thread_id)
    chosen = came_from(request)
    try:
        act(place, once_of(request))
    except DomainError as error:
        context = {
            "patient": place.patient,
            "thread": thread,
            "problem": error.message,
            "url": work_url(patient_id, thread_id, chosen),
            "up": chosen.url,
            "next": next_of(place.user, thread_id, None, chosen),
        }
        record_view(place.user, place.patient, "thread.view", thread.pk)
        return render(request, "messaging/work_refused.html", context, status=error.status)
    return redirect(work_url(patient_id, thread_id, chosen, did=True))
