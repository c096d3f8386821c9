"""The pages people read: what they show, who gets them, and what bad input does to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client
from django.urls import reverse

if TYPE_CHECKING:
    from accounts.models import User
    from education.models import Article

PAGES = [
    ("education:home", []),
    ("education:topic", ["basics"]),
    ("education:search", []),
    ("education:article", ["fever"]),
]


@pytest.fixture(autouse=True)
def _unit(unit: None) -> None:
    """Services run in a unit of work."""


@pytest.mark.parametrize(("name", "args"), PAGES)
def test_pages_open_for_signed_in_people_only(
    name: str,
    args: list[str],
    published: Callable[..., Article],
    reader: User,
    signed_in: Callable[[User], Client],
) -> None:
    published()
    url = reverse(name, args=args)
    answer = signed_in(reader).get(url)
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    stranger = Client().get(url)
    assert stranger.status_code == 302
    assert stranger["Location"].startswith(reverse("account_login"))


@pytest.mark.parametrize(("name", "args"), PAGES)
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_pages_only_read(
    name: str, args: list[str], method: str, reader: User, signed_in: Callable[[User], Client]
) -> None:
    assert getattr(signed_in(reader), method)(reverse(name, args=args)).status_code == 405


def test_the_reading_page_has_every_part(
    published: Callable[..., Article], reader: User, signed_in: Callable[[User], Client]
) -> None:
    published()
    page = signed_in(reader).get(reverse("education:article", args=["fever"])).content.decode()
    for part in (
        "Fever and your infusion",
        "In 20 seconds",
        "Call us when you have a fever.",
        "You have trouble breathing.",
        "<strong>Call us</strong> first.",
        "<print-button>",
        '<read-aloud for="article">',
        "Written by",
        "Reviewed by",
        "Last review",
        "Next review by",
        "Version",
        "Sources",
        "Seen in an excerpt.",
    ):
        assert part in page, part
    assert "Demo content" not in page
    assert "Changed on" not in page


def test_a_corrected_article_says_when_it_was_changed(
    published: Callable[..., Article],
    editor: User,
    reviewer: User,
    reader: User,
    signed_in: Callable[[User], Client],
) -> None:
    from education import services

    article = published()
    services.write_draft(article=article, by=editor, summary="Call us first.")
    services.submit_for_review(article=article, by=editor)
    services.approve(article=article, by=reviewer)
    page = signed_in(reader).get(reverse("education:article", args=["fever"])).content.decode()
    assert "Changed on" in page
    assert "Call us first." in page


def test_what_nobody_checked_says_so(
    published: Callable[..., Article],
    draft: Callable[..., Article],
    reader: User,
    signed_in: Callable[[User], Client],
    settings: Any,
) -> None:
    settings.DEMO = True
    published()
    raw = draft(slug="raw")
    raw.live = True
    raw.save()
    client = signed_in(reader)
    synthetic = client.get(reverse("education:article", args=["fever"])).content.decode()
    assert "synthetic review, not for clinical use" in synthetic
    unreviewed = client.get(reverse("education:article", args=["raw"])).content.decode()
    assert "Not reviewed yet: demo content" in unreviewed
    settings.DEMO = False
    assert client.get(reverse("education:article", args=["raw"])).status_code == 404


def test_drafts_and_unknown_addresses_are_404(
    draft: Callable[..., Article], reader: User, signed_in: Callable[[User], Client]
) -> None:
    draft()
    client = signed_in(reader)
    assert client.get(reverse("education:article", args=["fever"])).status_code == 404
    assert client.get(reverse("education:article", args=["nothing-here"])).status_code == 404
    assert client.get(reverse("education:topic", args=["nothing-here"])).status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        "",
        " ",
        "\x00",
        "fe\x00ver",
        "\u202efever",
        "%",
        "_",
        "'; drop table",
        "x" * 100_000,
        "💊" * 50,
        "\ud800",
        "а́б",
    ],
)
def test_whatever_is_asked_the_answer_is_a_page(
    query: str, published: Callable[..., Article], reader: User, signed_in: Callable[[User], Client]
) -> None:
    from urllib.parse import quote

    published()
    url = reverse("education:search") + "?q=" + quote(query.encode("utf-8", "surrogatepass"))
    answer = signed_in(reader).get(url)
    assert answer.status_code in {200, 400}
    assert b"<h1" in answer.content
    assert b"Traceback" not in answer.content


def test_a_search_for_markup_shows_it_as_text(reader: User, signed_in: Callable[[User], Client]) -> None:
    answer = signed_in(reader).get(reverse("education:search"), {"q": "<script>alert(1)</script>"})
    assert b"<script>alert" not in answer.content


@pytest.mark.parametrize("many", [1, 5])
def test_the_number_of_statements_does_not_grow_with_articles(
    many: int,
    published: Callable[..., Article],
    reader: User,
    signed_in: Callable[[User], Client],
    django_assert_max_num_queries: Any,
) -> None:
    for number in range(many):
        published(slug=f"fever-{number}", title=f"Fever {number}")
    client = signed_in(reader)
    client.get(reverse("education:home"))
    frame = _statements(client, reverse("accounts:display"))
    limits = {
        reverse("education:home"): 1,
        reverse("education:topic", args=["basics"]): 3,
        reverse("education:article", args=["fever-0"]): 3,
        reverse("education:search") + "?q=feever": 4,
    }
    for url, most in limits.items():
        spent = _statements(client, url)
        assert spent - frame <= most, (url, spent, frame)


def _statements(client: Client, url: str) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return len([query for query in captured if "SAVEPOINT" not in query["sql"]])


def test_today_gets_one_article_and_the_reviewer_gets_the_queue(
    published: Callable[..., Article], draft: Callable[..., Article], editor: User, reviewer: User, rf: Any
) -> None:
    from django.utils import timezone

    from education import contributed, services

    request = rf.get("/")
    assert contributed.article_card(request, None, timezone.now()) is None
    published()
    card = contributed.article_card(request, None, timezone.now())
    assert card is not None
    assert card.context["article"].slug == "fever"
    waiting = draft(slug="waiting")
    services.submit_for_review(article=waiting, by=editor)
    request.user = reviewer
    queue = contributed.review_card(request, timezone.now())
    assert queue is not None
    assert [row["article_id"] for row in queue.context["reviews"]] == [str(waiting.pk)]
    request.user = editor
    assert contributed.review_card(request, timezone.now()) is None


def test_a_large_library_comes_in_pages(
    published: Callable[..., Article],
    reader: User,
    signed_in: Callable[[User], Client],
    django_assert_num_queries: Any,
) -> None:
    """The front page shows the first of each topic and how many there are; the topic's own page has them all, in parts."""
    from education import services
    from education.models import Article as Model

    first = published()
    copies = []
    for number in range(60):
        copy = Model.objects.get(pk=first.pk)
        copy.pk, copy.slug, copy.title, copy.position = (
            None,
            f"copy-{number}",
            f"Copy {number:02}",
            500 + number,
        )
        copy._state.adding = True
        copy.id = type(first)().id
        copies.append(copy)
    Model.objects.bulk_create(copies)
    with django_assert_num_queries(1):
        (shelf,) = [shelf for shelf in services.shelves() if shelf.topic.pk == first.topic_id]
        assert (len(shelf.articles), shelf.count) == (services.ON_A_SHELF, 61)
        assert [article.title for article in shelf.articles]
    client = signed_in(reader)
    assert "All 61 articles" in client.get(reverse("education:home")).content.decode()
    titles: list[str] = []
    address = reverse("education:topic", args=[first.topic.slug])
    for part in ("1", "2"):
        page = client.get(address, {"page": part}).content.decode()
        titles += page.split('class="row__title"')[1:]
    assert len(titles) == 61
    assert client.get(address, {"page": "junk"}).status_code == 200
    with django_assert_num_queries(3):
        found = services.topic_with_articles(first.topic.slug)
        assert found is not None
        assert len(list(found[1])) == services.ON_A_PAGE
