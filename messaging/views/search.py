"""Search in one patient's messages, for the patient, carers with the scope, and the team."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from messaging.models import Message
from messaging.reading import search as searching
from messaging.topics import Topic
from messaging.views.shared import SIDE, STAFF, Place, author_words, enter, to_message
from messaging.writing import undo
from patients.services import record_view
from portal.lib.text import clean_line
from portal.lib.time import now as present

PAGE_SIZE = 20


@require_safe
def search(request: HttpRequest, patient_id: UUID | None = None) -> HttpResponse:
    """The form, and what was found for `q` in `topic`, newest first."""
    place = enter(request, patient_id, *SIDE, *STAFF)
    query = clean_line(request.GET.get("q", ""))[: searching.MOST_LETTERS]
    topic = request.GET.get("topic", "")
    topic = topic if topic in Topic.values else ""
    found = searching.find(place.user, place.patient, query, topic=topic)
    page = Paginator(found.hits, PAGE_SIZE).get_page(request.GET.get("page"))
    record_view(place.user, place.patient, "messages.search" if found.words else "threads.list")
    hits = list(page)
    if place.staff:
        hits = undo.found_by_team(by=place.user, messages=hits, now=present())
    context = {
        "place": place,
        "query": query,
        "topics": [(value, label, value == topic) for value, label in Topic.choices],
        "topic": topic,
        "asked": bool(found.words),
        "cut": found.cut,
        "looked_through": searching.LOOKED_THROUGH,
        "page": page,
        "rows": [row_of(message, found.words, place) for message in hits],
        "url": place.url("search"),
        "up": place.url("list"),
        "all_topics": f"{place.url('search')}?{urlencode({'q': query})}",
    }
    return render(request, "messaging/search.html", context)


def row_of(message: Message, words: tuple[str, ...], place: Place) -> dict[str, Any]:
    """A line of what was found; it leads to the message in its conversation."""
    return {
        "url": to_message(place, message),
        "topic": message.thread.get_topic_display(),
        "who": author_words(message, place),
        "at": message.created_at,
        "parts": searching.excerpt(message.body, words),
    }
