"""Search forgives spelling, marks what it found, and says what to do when it finds nothing."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from education.search_words import (
    LONGEST_QUERY,
    MOST_WORDS,
    asked_words,
    closeness,
    fold,
    meant,
    split_marked,
)

if TYPE_CHECKING:
    from django.test import Client

    from accounts.models import User


@pytest.fixture
def library(settings: Any, unit: None) -> None:
    """The demo library."""
    from accounts.models import User
    from education import demo

    settings.DEMO = True
    users = {key: User.objects.create(email=f"{key}@example.com", name=key) for key in ("editor", "reviewer")}
    demo.load(SimpleNamespace(users=users))


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("infusion day", "the-day-of-your-infusion"),
        ("infuson dya", "the-day-of-your-infusion"),
        ("vacine", "what-is-weighed-before"),
        ("VACCINES", "what-is-weighed-before"),
        ("vaxines", "what-is-weighed-before"),
        ("counceling", "looking-after-yourself"),
        ("counselling", "looking-after-yourself"),
        ("pregnent", "what-is-weighed-before"),
        ("relaps", "monitoring-and-change"),
        ("nataluzimab", "what-infusion-treatment-is"),
        ("what is PML?", "monitoring-and-change"),
        ("sterroids", "what-infusion-treatment-is"),
        ("missed a dose", "monitoring-and-change"),
        ("poor sleep at night", "looking-after-yourself"),
    ],
)
def test_words_are_found_also_misspelled(query: str, first: str, library: None) -> None:
    from education import services

    found = services.search(query)
    assert first in [hit.article.slug for hit in found.hits][:3], [hit.article.slug for hit in found.hits]


def test_what_was_looked_for_is_marked_and_named(library: None) -> None:
    from education import services

    found = services.search("vacine")
    assert found.corrected[0].startswith("vaccine")
    marked = [text for text, is_word in found.hits[0].excerpt if is_word]
    assert marked
    assert all(text.lower().startswith("vaccine") for text in marked)


@pytest.mark.parametrize("query", ["zebra", "xqzt", "%%%", "12345678"])
def test_nothing_found_gives_next_steps(
    query: str, library: None, reader: User, signed_in: Callable[[User], Client]
) -> None:
    page = signed_in(reader).get(reverse("education:search"), {"q": query}).content.decode()
    assert "Nothing found for" in page
    assert "look through all articles" in page
    assert reverse("portal:help") in page


def test_results_show_marks_topic_and_link(
    library: None, reader: User, signed_in: Callable[[User], Client]
) -> None:
    page = signed_in(reader).get(reverse("education:search"), {"q": "vacine"}).content.decode()
    assert "We also looked for:" in page
    assert "<mark>" in page
    assert 'value="vacine"' in page


def test_drafts_and_unreviewed_texts_are_not_found(library: None, settings: Any) -> None:
    from education import services
    from education.models import Article

    settings.DEMO = False
    assert services.search("vaccine").hits
    Article.objects.update(adopted_at=None, adopted_by=None)
    assert services.search("vaccine").hits == []
    settings.DEMO = True
    Article.objects.update(live=False)
    assert services.search("vaccine").hits == []


def test_only_what_was_meant_is_kept(library: None) -> None:
    """Trigrams alone would also give every page with "medicine" for "vacine"."""
    from education import services

    found = services.search("vacine")
    assert {hit.article.slug for hit in found.hits} == {"what-is-weighed-before", "looking-after-yourself"}


def test_a_long_query_is_cut_and_says_so(library: None) -> None:
    from education import services

    found = services.search("vaccine " * 500)
    assert found.cut
    assert len(found.query) <= LONGEST_QUERY
    assert found.hits


def test_words_are_looked_up_in_their_index(library: None) -> None:
    from django.db import connection

    from education.search_models import SearchWord

    asked = SearchWord.objects.filter(word__trigram_similar="vaccine")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        assert "searchword_trigrams" in asked.explain()


def test_the_number_of_statements_does_not_grow_with_the_library(
    library: None, django_assert_num_queries: Any
) -> None:
    from education import services

    for query in ("vaccine", "fever infusion vaccine travel pregnancy"):
        with django_assert_num_queries(3):
            assert services.search(query).hits


def test_a_corrected_title_is_found_and_the_old_one_is_not(library: None) -> None:
    from education import services
    from education.models import Article

    article = Article.objects.filter(live=True).order_by("position").first()
    assert article is not None
    article.title = "Zeppelins over the river"
    article.save()
    assert [hit.article.pk for hit in services.search("zeppelins").hits] == [article.pk]
    article.title = "Something else"
    article.save()
    assert services.search("zeppelins").hits == []


# --- Pure ------------------------------------------------------------------------------------------------


def test_folding() -> None:
    assert fold("José ÇA Straße") == "jose ca strasse"


def test_empty_words_are_left_out_unless_there_is_nothing_else() -> None:
    assert asked_words("What is the fever?") == ["fever"]
    assert asked_words("what is it") == ["what", "is", "it"]
    assert asked_words("…?!") == []
    assert len(asked_words("w1 w2 w3 w4 w5 w6 w7 w8 w9 w10")) == MOST_WORDS


def test_closeness_by_hand() -> None:
    # "  f", " fe", "fev", "eve", "ver", "er " against the same: all 6; "fevr" has 5 trigrams, 3 of them in "fever".
    assert closeness("fever", "fever") == 1.0
    assert closeness("fevr", "fever") == 3 / 5
    assert closeness("fever", "sleep") == 0.0


def test_only_words_that_stand_nowhere_are_corrected() -> None:
    words = ["fever", "vaccine", "vaccines"]
    assert meant(["vacine", "fever", "zebra"], words) == {"vacine": "vaccine"}


@given(st.text(), st.text())
def test_marking_never_changes_a_text(query: str, text: str) -> None:
    assert "".join(piece for piece, _is_word in split_marked(text, asked_words(query))) == text


@given(st.text(max_size=400))
def test_any_query_gives_few_folded_words(query: str) -> None:
    words = asked_words(query)
    assert len(words) <= MOST_WORDS
    assert all(word and len(word) <= 40 for word in words)
