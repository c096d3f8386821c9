"""What an open page asks every 20 seconds: is there something new? An unchanged state is 304; nothing is written, nothing is marked as read."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Subquery
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from messaging import services
from messaging.models import Message, Thread, WorkItem
from messaging.views.shared import SIDE, STAFF, Place, enter, signed_in
from messaging.work.moved import News, news
from portal.lib.actor import reading_many


def thread_news_url(place: Place, thread: Thread, item: WorkItem | None = None) -> str:
    """The address that the page of a conversation asks: what came after what the page shows. For the team also who has its work."""
    name = "work-news" if place.staff else "news"
    args = [thread.pk] if place.patient_id is None else [place.patient.pk, thread.pk]
    if place.patient_id is not None and not place.staff:
        name = "patient-news"
    work = f"&work={_hands(item.state, item.owner_id)}" if place.staff and item is not None else ""
    return f"{reverse(f'messaging:{name}', args=args)}?since={thread.last_seq}{work}"


def _hands(state: str, owner_id: Any) -> str:
    """In whose hands work is, as one word."""
    return f"{state}.{owner_id or ''}"


@require_safe
def thread(request: HttpRequest, thread_id: UUID, patient_id: UUID | None = None) -> HttpResponse:
    """How many messages of others came after `since`; for the team also that a colleague took the work on or finished it. The version
    of a conversation is its last number, and for the team in whose hands it is."""
    place = enter(request, patient_id, *SIDE, *STAFF)
    threads: Any = Thread.objects.for_user(place.user, place.patient)
    threads = threads.of_own_teams(place.user) if place.may_act else threads
    item = WorkItem.objects.filter(thread=OuterRef("pk")).order_by("-id")
    work = (Subquery(item.values(name)[:1]) for name in ("state", "owner_id", "owner__name"))
    found = threads.filter(pk=thread_id).values_list("last_seq", *work).first()
    if found is None:
        raise Http404
    last, state, owner_id, owner = found
    hands = _hands(state, owner_id) if place.staff and state else ""
    version = f"{last}.{hands}"
    if _known(request, version):
        return HttpResponseNotModified()
    since = _number(request.GET.get("since", ""))
    newer = Message.objects.for_user(place.user, place.patient).filter(thread_id=thread_id)
    seqs = sorted(newer.newer_than(since, place.user).values_list("seq", flat=True))
    name, args = ("work-thread", [place.patient.pk, thread_id]) if place.staff else ("thread", [thread_id])
    if place.patient_id is not None and not place.staff:
        name, args = "patient-thread", [place.patient.pk, thread_id]
    url = f"{reverse(f'messaging:{name}', args=args)}?show={seqs[0]}#m{seqs[0]}" if seqs else ""
    changed = ""
    if hands and owner_id != place.user.pk and request.GET.get("work", hands) != hands:
        taken = state == WorkItem.State.CLAIMED
        changed = (
            _("%(name)s has taken this on. Show it.") % {"name": owner}
            if taken
            else _("A colleague has changed the work here. Show it.")
        )
    return _news(len(seqs), url, version, otherwise=changed)


def work_news_url(page: News) -> str:
    """The address that the work list asks. `known` and `stands`: what had happened from its mark on and was on the page already."""
    return f"{reverse('messaging:work-list-news')}?mark={page.mark}&known={page.new}&stands={page.stands}"


@require_safe
def work_list(request: HttpRequest) -> HttpResponse:
    """How much new work the person's teams got since the page was made, or else that a colleague has changed what stands there:
    took something on, answered, closed it, gave it another lane or another team."""
    user = signed_in(request)
    if not services.works_here(user):
        raise Http404
    asked = request.GET.get("mark", "")
    mark = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 19 else None
    changed = _("The list has changed. Show it as it is now.")
    if mark is None:
        # A page from before there were these marks is told to load anew; who asks for nothing is told nothing.
        return _news(0, "", "before" if asked else "none", otherwise=changed if asked else "")
    with reading_many():
        now = news(user, mark)
    if (
        mark > now.mark
    ):  # the page is of another cluster, before a restore: nothing can be said of what happened since
        return _news(0, "", "before", otherwise=changed)
    version = f"{now.new}.{now.stands}"
    if _known(request, version):
        return HttpResponseNotModified()
    same = request.GET.get("stands", "") == str(now.stands)
    new = max(0, now.new - _number(request.GET.get("known", "")))
    return _news(new, "", version, otherwise="" if same else changed)


def _number(value: str) -> int:
    return int(value) if value.isascii() and value.isdigit() and len(value) < 9 else 0


def _known(request: HttpRequest, version: str) -> bool:
    return request.headers.get("If-None-Match") == f'"{version}"'


def _news(count: int, url: str, version: str, otherwise: str = "") -> HttpResponse:
    """The words of the bar, `otherwise` (none) without new messages. An empty `url` is the page itself."""
    words = ngettext("%(count)s new message. Show it.", "%(count)s new messages. Show them.", count) % {
        "count": count
    }
    answer = JsonResponse({"count": count, "words": words if count else otherwise, "url": url})
    answer["ETag"] = f'"{version}"'
    return answer
