"""The pages people read: topics, one topic, search, one article."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from education import services
from portal.lib.display import look_of
from portal.lib.text import clean_line


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """All topics with their articles."""
    return render(
        request,
        "education/home.html",
        {"shelves": services.shelves(shorter_first=look_of(request).low_energy)},
    )


@require_safe
def topic(request: HttpRequest, slug: str) -> HttpResponse:
    """One topic. 404 when there is none."""
    found = services.topic_with_articles(slug, shorter_first=look_of(request).low_energy)
    if found is None:
        raise Http404
    return render(request, "education/topic.html", {"topic": found[0], "articles": found[1]})


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Search by words, spelled right or nearly right. Whatever is asked, the answer is a page."""
    query = clean_line(request.GET.get("q", "")[:10_000])
    return render(request, "education/search.html", {"found": services.search(query), "query": query[:200]})


@require_safe
def article(request: HttpRequest, slug: str) -> HttpResponse:
    """The reading page; in low-energy mode the short version first. 404 for articles that may not be shown here."""
    found = services.article_by_slug(slug)
    if found is None:
        raise Http404
    short = look_of(request).low_energy and request.GET.get("part") != "all"
    context = {"article": found, "today": timezone.now().date(), "short": short}
    return render(request, "education/article.html", context)
