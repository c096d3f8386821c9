"""What the library gives to pages of the portal: a card on Today, the review queue, the demo articles."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from django.urls import Resolver404, resolve, reverse
from django.utils.translation import gettext as _

from portal.lib.contributions import Card


def article_card(request: HttpRequest, patient: Any, now: dt.datetime) -> Card | None:
    """One article to read, for the end of Today. One statement; nothing when the library is empty."""
    from education import services

    article = services.article_for(now)
    return Card("education/cards/article.html", {"article": article}) if article else None


def review_card(request: HttpRequest, now: dt.datetime) -> Card | None:
    """The texts that wait for this person's review; nothing for people who do not review."""
    from education import services

    waiting = services.waiting_for(request.user)  # type: ignore[arg-type]
    rows = [{"title": state.revision.object_str, "article_id": state.revision.object_id} for state in waiting]
    return Card("education/cards/reviews.html", {"reviews": rows}) if rows else None


def article_search(words: str) -> list[dict[str, str]]:
    """Articles that people can read, for these words."""
    from education import services

    hits = services.search(words).hits
    return [
        {"title": hit.article.title, "url": reverse("education:article", args=[hit.article.slug])}
        for hit in hits
    ]


def articles_naming(user: Any, names: list[str]) -> list[dict[str, str]]:
    """The published articles in which one of the names stands. One statement."""
    from education.models import Article
    from education.search_words import fold

    found = Q(pk__in=[])
    for name in names:
        found |= Q(search_text__contains=fold(name))
    articles = Article.objects.filter(found, live=True).order_by("topic__position", "position")
    return [
        {
            "kind": str(_("Article")),
            "title": str(article.title),
            "url": reverse("education:article", args=[article.slug]),
        }
        for article in articles
    ]


def article_at(path: str) -> str:
    """The title of the readable article at an address, or "" when there is none."""
    from education import services

    try:
        found = resolve(path)
    except Resolver404:
        return ""
    if found.view_name != "education:article":
        return ""
    article = services.article_by_slug(found.kwargs["slug"])
    return str(article.title) if article is not None else ""


def load_library(world: Any) -> None:
    """Load the demo articles."""
    from education import demo

    demo.load(world)
