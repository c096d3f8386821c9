"""The patient's and the carer's pages: list, new message, sent, one conversation."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from messaging import services
from messaging.composing import making
from messaging.files.page import AROUND, FormFiles
from messaging.forms import NewMessageForm, ReplyForm
from messaging.models import AnswerHelped, Message, Thread
from messaging.telling.bounces import reached_by_mail
from messaging.telling.notices import mail_reaches
from messaging.topics import LANE_OF, Lane, Topic
from messaging.views.composing import add_words, offered
from messaging.views.live import thread_news_url
from messaging.views.outreach import written_down
from messaging.views.shared import (
    SIDE,
    STAFF,
    Place,
    asked_seq,
    bubbles,
    due_of,
    enter,
    fold,
    form_seq,
    posted_seq,
    promised,
    read_before,
    refused_later,
    state_words,
    to_message,
    unread,
    waits,
)
from messaging.views.signs import alarm_of, alarm_of_form
from messaging.views.undoing import offer
from messaging.work.promises import help_now
from messaging.writing import triage
from patients import stepping
from patients.drafting import LATER, DraftedPage, drafted
from patients.requests import once_of
from patients.services import DifferentContent, nobody_reads, patient_side, record_view
from portal.lib.display import look_of
from portal.lib.ids import parse_uuid
from portal.lib.problems import DomainError
from portal.lib.text import clean_line
from portal.lib.time import now as present

PAGE_SIZE = 25


@require_safe
def thread_list(request: HttpRequest, patient_id: UUID | None = None) -> HttpResponse:
    """All conversations, newest first. The team sees a patient's under the patient's id."""
    place = enter(request, patient_id, *SIDE, *STAFF)
    threads = Thread.objects.for_user(place.user, place.patient)
    threads = threads.of_own_teams(place.user) if place.may_act else threads
    page = Paginator(threads.with_state(place.user).with_files().newest_first(), PAGE_SIZE).get_page(
        request.GET.get("page")
    )
    record_view(place.user, place.patient, "threads.list")
    context = {
        "place": place,
        "page": page,
        "rows": [row_of(thread, place) for thread in page],
        "new_url": new_url(place),
        "search_url": place.url("search"),
        "comes_back": not place.staff and not reached_by_mail(place.patient, place.user, present()),
        "now": present(),
    }
    return render(request, "messaging/list.html", context)


def new_url(place: Place) -> str:
    """Where a conversation begins: for the team with a call or a letter; emergency access begins none."""
    if place.staff:
        return reverse("messaging:call", args=[place.patient.pk]) if place.may_act else ""
    return place.url("new")


def row_of(thread: Any, place: Place) -> dict[str, Any]:
    """A line of the list. Title: topic and who wrote last; the date stands in the link as well."""
    kind, words = state_words(thread)
    if place.staff:
        url = reverse("messaging:work-thread", args=[place.patient.pk, thread.pk])
    else:
        url = place.url("thread", thread.pk)
    return {
        "thread": thread,
        "url": url,
        "from": "" if thread.last_author_id == place.user.pk else thread.last_author,
        "unread": thread.last_seq > thread.seen,
        "kind": kind,
        "words": words,
        "due": due_of(thread),
        "left": not place.staff and promised(thread) and not thread.team_stands,
    }


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, patient_id: UUID | None = None) -> HttpResponse:
    """A new message. Urgent help and the opening hours stand first; the text is kept as a draft."""
    place = enter(request, patient_id, *SIDE, "team")
    adds = add_words(request, place)
    help_panel = help_now(place.patient.site, present())

    def may_hide() -> bool:
        return place.for_self and "carer" in patient_side(place.patient, "messages").values()

    page = drafted(
        request,
        NewMessageForm,
        kind="message",
        patient=place.patient,
        resume=place.url("new"),
        one_by_one=not place.staff,
        intro="messaging/parts/help.html",
        initial=prefilled(request),
        help=help_panel,
        may_hide=may_hide,
        by_phone=place.staff,
        questions=lambda: triage.questions_for(place.user, place.patient),
        low_energy=not place.staff and look_of(request).low_energy,
    )
    if place.staff and request.method != "POST" and not page.state.version:
        # The team has one door for calls and letters; only words that were begun here before are still finished here.
        record_view(place.user, place.patient, "threads.list")
        return written_down(request, place, None, {"up": place.url("list")})
    if adds:
        page.keep()
        if page.conflict is None and page.unkept is None:
            return redirect(stepping.address(page.state.resume, stepping.WHOLE) + "#id_text")
    keep_about(page, prefilled(request))
    files = FormFiles(request, place, page)
    context = {
        "files": files,
        "place": place,
        "help": help_panel,
        "about": page.form["about"].value() or "",
        "up": place.url("list"),
        "alarm": SimpleLazyObject(lambda: alarm_of_form(page.form)),  # read when the page is drawn
        "nobody_reads": SimpleLazyObject(lambda: not place.staff and nobody_reads(place.patient)),
        "questions_off": triage.are_off(),
        **offered(place),
    }
    if adds:
        return page.render_again("messaging/new.html", context, status=refused_later(page))
    if files.stops:
        return files.back() or page.render_again("messaging/new.html", context, status=files.status)
    if page.later:
        return page.finish_later("messaging/new.html", context)
    if page.form.is_valid():
        data = page.form.cleaned_data
        try:
            message = services.start_thread(
                by=place.user,
                patient=place.patient,
                id=page.id,
                topic=data["topic"],
                text=data["text"],
                about=data["about"],
                hide_from_carers=data.get("hide", False),
                signs=data.get("signs", ()),
                called=data.get("called", ""),
                files=files.ids,
                now=present(),
            )
        except DifferentContent as sent_before:
            earlier = services.message_sent_before(place.user, place.patient, sent_before.result)
            if earlier is not None and not place.staff:
                return offer_follow_up(request, place, earlier.thread, sent_before, files)
            page.refuse(sent_before)
        except DomainError as error:
            page.refuse(error)
        else:
            page.done()
            if place.staff:
                messages.success(request, _("Written down. It is on the work list."))
                return redirect("messaging:work-thread", place.patient.pk, message.thread_id)
            return redirect(place.url("sent", message.thread_id))
    return page.render("messaging/new.html", context)


def prefilled(request: HttpRequest) -> dict[str, str]:
    """Topic and "about" that a link to this page brought along; nothing that is not on the list."""
    topic = request.GET.get("topic", "")
    about = clean_line(request.GET.get("about", ""))[: services.LONGEST_ABOUT]
    return {"topic": topic if topic in Topic.values else "", "about": about}


def keep_about(page: DraftedPage, brought: dict[str, str]) -> None:
    """A restored draft takes what the link brought where it has nothing yet, and keeps its own words."""
    if page.form.restored and page.sent_from is None:
        for name, value in brought.items():
            if value and not page.form.data.get(name):
                page.form.data[name] = value  # type: ignore[index]


def offer_follow_up(
    request: HttpRequest, place: Place, thread: Thread, sent_before: DifferentContent, files: FormFiles
) -> HttpResponse:
    """The first version of a new message was delivered: the other words become a reply that waits for one more press."""
    page = reply_page(request, place, thread.pk)
    page.refuse(sent_before)
    page.keep()
    files.page = page
    return show_thread(request, place, thread.pk, page, status=409, files=files)


@require_safe
def sent(request: HttpRequest, thread_id: UUID, patient_id: UUID | None = None) -> HttpResponse:
    """The result of sending, as a page of its own: who reads it, until when, and whom to call instead."""
    place = enter(request, patient_id, *SIDE)
    thread = found_thread(place, thread_id)
    if thread.last_taken_back:
        return redirect(place.url("thread", thread.pk))
    record_view(place.user, place.patient, "thread.view", thread.pk)
    newest = Message.objects.for_user(place.user, place.patient).filter(thread=thread).in_order().last()
    now, owed = present(), waits(thread) and thread.team_stands and thread.somebody_reads
    due = thread.item_due if owed else None
    context = {
        "place": place,
        "alarm": alarm_of(newest),
        "take_back": offer(place, thread, [newest] if newest is not None else [], now),
        "thread": thread,
        "url": place.url("thread", thread.pk),
        "list_url": place.url("list"),
        "help": help_now(place.patient.site, present()),
        "due": due,
        "late": due is not None and due < now,
        "nobody_reads": not thread.somebody_reads,
        "safety": LANE_OF[thread.topic] == Lane.SAFETY,
        "mailed": mail_reaches(place.patient, place.user, now),
    }
    return render(request, "messaging/sent.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def thread(request: HttpRequest, thread_id: UUID, patient_id: UUID | None = None) -> HttpResponse:
    """One conversation, newest last, with the form to write more."""
    place = enter(request, patient_id, *SIDE)
    found = None if only_sends(request) else found_thread(place, thread_id)
    page = reply_page(request, place, thread_id)
    files = FormFiles(request, place, page)
    if found is not None and files.stops:
        back = files.back(first=bool(unread(request, place, found)))
        return back or show_thread(request, place, thread_id, page, status=files.status, files=files)
    if page.later:
        page.keep()
        if page.conflict is None and page.unkept is None:
            return page.finish_later("messaging/thread.html")
        return show_thread(request, place, thread_id, page, status=refused_later(page), files=files)
    if page.form.is_valid():
        try:
            services.reply(
                by=place.user,
                patient=place.patient,
                thread_id=thread_id,
                id=page.id,
                text=page.form.cleaned_data["text"],
                seen_seq=posted_seq(request),
                files=files.ids,
                now=present(),
                to_team=parse_uuid(request.POST.get("to_team")),
            )
        except Thread.DoesNotExist:
            raise Http404 from None
        except DomainError as error:
            page.refuse(error)
            page.keep()
            return show_thread(request, place, thread_id, page, status=error.status, files=files)
        page.done()
        return redirect(place.url("sent", thread_id))
    if found is not None and request.method != "POST":
        return show_found(request, place, found, page, status=200, files=files)
    found = found or found_thread(place, thread_id)
    page.keep()
    return show_thread(request, place, thread_id, page, status=422, files=files)


def only_sends(request: HttpRequest) -> bool:
    """A press of "Send" with words alone: the service asks for the conversation itself, and locks it. Everything else asks first."""
    return request.method == "POST" and not request.FILES and not {*AROUND, LATER} & set(request.POST)


def reply_page(request: HttpRequest, place: Place, thread_id: UUID) -> DraftedPage:
    return drafted(
        request,
        ReplyForm,
        kind="reply",
        patient=place.patient,
        target=thread_id,
        resume=place.url("thread", thread_id),
    )


def found_thread(place: Place, thread_id: UUID) -> Any:
    """The conversation as this person may see it now, with its state. 404 otherwise."""
    threads = Thread.objects.for_user(place.user, place.patient).for_page(place.user)
    found = threads.filter(pk=thread_id).first()
    if found is None:
        raise Http404
    return found


def show_thread(
    request: HttpRequest,
    place: Place,
    thread_id: UUID,
    page: DraftedPage,
    *,
    status: int,
    files: FormFiles | None = None,
) -> HttpResponse:
    """The conversation's page as it is now: after a refused act it is read again."""
    return show_found(request, place, found_thread(place, thread_id), page, status=status, files=files)


def show_found(
    request: HttpRequest,
    place: Place,
    found: Any,
    page: DraftedPage,
    *,
    status: int,
    files: FormFiles | None = None,
) -> HttpResponse:
    """The page of a conversation that was read a moment ago. Looking at it counts as reading it.

    After any press on an older page, sent or not, it says that there is something new, and that has to be read first.
    """
    if newer := [message for message in unread(request, place, found) if message.seq <= found.last_seq]:
        page.hold_back(services.NewerMessages(newer))
        status = 409
    every = Message.objects.for_user(place.user, place.patient).filter(thread=found, seq__lte=found.last_seq)
    said = list(every.in_order())  # what came since it was read is news, not shown by halves
    shown = bubbles(said, place, read_before(request, found), with_files=found.has_files)
    older, newest = fold(shown, asked_seq(request))
    record_view(place.user, place.patient, "thread.view", found.pk)
    if request.method != "HEAD" and found.seen < found.last_seq:
        services.mark_seen(by=place.user, thread=found, seq=found.last_seq, now=present())
    kind, words = state_words(found)
    stands = found.team_stands
    team, new_team = (found.team, None) if stands else services.who_answers(place.patient, found)
    owed, due = promised(found), due_of(found)
    context = {
        "place": place,
        "files": files or FormFiles(request, place, page),
        "thread": found,
        "team": team,
        "form_seen": form_seq(request, found),
        "older": older,
        "newest": newest,
        "made": making.made_of(place.user, place.patient, found) if found.has_made else [],
        "kind": kind,
        "words": words,
        "owed": owed,
        "due": due,
        "late": due is not None and due < present(),
        "left": owed and not stands,
        "nobody_reads": not found.somebody_reads and new_team is None,
        "url": place.url("thread", found.pk),
        "up": place.url("list"),
        "close_url": place.url("close", found.pk),
        "take_back": offer(place, found, said, present()),
        "new_team": new_team,
        "news_url": thread_news_url(place, found),
        "copy_url": place.url("paper", found.pk),
        "help": help_now(place.patient.site, present()),
        "questions_off": triage.are_off(),
    }
    context |= helped_question(place, found, said)
    return page.render_again("messaging/thread.html", context, status=status)


def helped_question(place: Place, found: Any, said: list[Message]) -> dict[str, Any]:
    """ "Did this answer help?", when the newest message is an answer; with what this person said before."""
    if not said or not said[-1].from_team:
        return {}
    before = AnswerHelped.objects.for_user(place.user, place.patient)
    return {
        "answer": said[-1],
        "said": before.filter(message=said[-1], user=place.user).first() if found.has_said else None,
        "helped_url": place.url("helped", found.pk),
    }


@require_POST
def close(request: HttpRequest, thread_id: UUID, patient_id: UUID | None = None) -> HttpResponse:
    """ "I don't need an answer any more." """
    place = enter(request, patient_id, *SIDE)
    found = found_thread(place, thread_id)
    try:
        services.close_thread(
            by=place.user,
            patient=place.patient,
            thread_id=found.pk,
            id=once_of(request),
            seen_seq=posted_seq(request),
            now=present(),
        )
    except services.NewerMessages as error:
        messages.warning(request, _("There is something new here. Read it first. Nothing was closed."))
        return redirect(to_message(place, error.newer[0]))
    if waits(found_thread(place, found.pk)):
        messages.success(
            request,
            _(
                "Closed. Your team still reads your last message, because it may be urgent. You can still write here."
            ),
        )
    else:
        messages.success(
            request, _("Closed. The team knows that you need no answer. You can still write here.")
        )
    return redirect(place.url("thread", found.pk))
