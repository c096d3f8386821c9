"""Keeps the index of the search in step with the articles. Called whenever an article's text is saved."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db import transaction

from education.search_models import SearchOccurrence, SearchWord
from education.search_words import words_of

if TYPE_CHECKING:
    from education.models import Article

LONGEST_WORD = 80


@transaction.atomic
def index_articles(articles: Iterable[Article]) -> None:
    """Write the words of these articles anew. Three statements and one for each thousand new words, whatever the number."""
    found = {
        article.pk: (_short(words_of(article.search_text)), frozenset(_short(words_of(article.title))))
        for article in articles
    }
    words = sorted({word for body, title in found.values() for word in (*body, *title)})
    SearchWord.objects.bulk_create(
        [SearchWord(word=word) for word in words], ignore_conflicts=True, batch_size=1_000
    )
    ids = dict(SearchWord.objects.filter(word__in=words).values_list("word", "pk"))
    SearchOccurrence.objects.filter(article_id__in=found).delete()
    SearchOccurrence.objects.bulk_create(
        [
            SearchOccurrence(word_id=ids[word], article_id=pk, in_title=word in title)
            for pk, (body, title) in found.items()
            for word in {*body, *title}
        ],
        batch_size=5_000,
    )


def _short(words: Iterable[str]) -> list[str]:
    return [word[:LONGEST_WORD] for word in words]
