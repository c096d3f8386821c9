"""The six articles as data: whole, easy to read, with a source for every number, and without words we do not use."""

from __future__ import annotations

import re
from typing import Any

import pytest

from education.demo import articles, topics
from education.limited_markdown import to_plain
from education.readability import HIGHEST_GRADE, read

ARTICLES = articles()
SLUGS = [data["slug"] for data in ARTICLES]

#: Blame, fear, promises, and words of the clinic nobody says at home.
BANNED = (
    "safe to infuse",
    "safe for you",
    "guarantee",
    "do not worry",
    "don't worry",
    "compliance",
    "compliant",
    "adherence",
    "non-adherent",
    "suffer",
    "victim",
    "you failed",
    "you must",
    "should have",
    "wearing off",
    "diagnose",
    "contraindicat",
    "administer",
    "adverse",
    "we monitor you",
    "we watch your",
    "centre",
    "counselling",
)
ONES = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
COUNTED = re.compile(r"\d+(?:[.,]\d+)*")


def pieces(data: dict[str, Any]) -> list[str]:
    """All words of an article as readers meet them."""
    found = [data["title"], *data["summary"], *data["emergency_if"], *data["call_if"]]
    for block in data["body"]:
        value = block["value"]
        if isinstance(value, str):
            found.append(to_plain(value))
            continue
        for name, text in value.items():
            if name != "kind":
                found.append(to_plain(text.replace("|", "\n")))
    return found


@pytest.fixture(params=ARTICLES, ids=SLUGS)
def data(request: pytest.FixtureRequest) -> dict[str, Any]:
    """One article."""
    return dict(request.param)


def test_there_are_six_and_each_has_its_own_address_place_and_shelf() -> None:
    assert len(ARTICLES) == 6
    assert len(set(SLUGS)) == 6
    assert [data["position"] for data in ARTICLES] == [1, 2, 3, 4, 5, 6]
    assert {data["topic"] for data in ARTICLES} == {topic["slug"] for topic in topics()}


def test_both_formulas_stay_at_grade_8_or_below(data: dict[str, Any]) -> None:
    reading = read(pieces(data))
    assert reading.sentences >= 30, "SMOG means little below 30 sentences"
    assert reading.flesch_kincaid <= HIGHEST_GRADE
    assert reading.smog <= HIGHEST_GRADE


def test_no_sentence_is_long(data: dict[str, Any]) -> None:
    from education.readability import sentences_of, words_of

    long = [s for piece in pieces(data) for s in sentences_of(piece) if len(words_of(s)) > 25]
    assert long == []


def test_every_part_is_there(data: dict[str, Any]) -> None:
    assert 1 <= len(data["summary"]) <= 3
    assert 3 <= len(data["emergency_if"]) <= 6
    assert 3 <= len(data["call_if"]) <= 6
    assert data["body"][0]["type"] == "heading"
    assert len(data["sources"]) >= 3
    for source in data["sources"]:
        assert source["title"]
        assert source["where"]
        assert source["status"] in {"full", "excerpt", "general"}


def test_every_number_has_a_source(data: dict[str, Any]) -> None:
    known = {source["code"] for source in data["sources"]}
    sourced = " ".join(data["facts"]).replace("\n", " ")
    for says, codes in data["facts"].items():
        assert any(says.lower() in piece.replace("\n", " ").lower() for piece in pieces(data)), says
        assert codes
        for code in codes:
            assert code in known or code.startswith("clinical"), (says, code)
    numbers = {number for piece in pieces(data) for number in COUNTED.findall(piece)}
    assert numbers <= set(COUNTED.findall(sourced))


def test_no_banned_words(data: dict[str, Any]) -> None:
    text = "\n".join(pieces(data)).lower()
    assert [word for word in BANNED if word in text] == []


def test_no_dose_to_act_on(data: dict[str, Any]) -> None:
    text = "\n".join(pieces(data)).lower()
    assert not re.search(r"\d\s*(mg|ml|milligram|tablet)", text)


def test_every_article_leads_to_a_person(data: dict[str, Any]) -> None:
    text = "\n".join(pieces(data)).lower()
    assert "call" in text or "ask us" in text
    assert "your center may do it differently" in text or data["position"] in {2, 3, 5, 6}


@pytest.mark.django_db
def test_the_loader_puts_them_through_the_same_review(settings: Any, unit: None) -> None:
    from types import SimpleNamespace

    from accounts.models import OutgoingMail, User
    from education import demo, services

    settings.DEMO = True
    users = {key: User.objects.create(email=f"{key}@example.com", name=key) for key in ("editor", "reviewer")}
    demo.load(SimpleNamespace(users=users))
    demo.load(SimpleNamespace(users=users))
    found = list(services.published_articles())
    assert [article.slug for article in found] == SLUGS
    assert {article.review for article in found} == {"synthetic"}
    assert {article.author for article in found} == {users["editor"]}
    assert {article.reviewed_by for article in found} == {users["reviewer"]}
    assert all(article.reading_grade <= HIGHEST_GRADE for article in found)
    assert all(article.adopted_by == users["reviewer"] for article in found)
    assert not OutgoingMail.objects.filter(kind="article_review").exists()
