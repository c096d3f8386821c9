"""Rules of every template: no inline style or script, no forgotten translation, no stock markup."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR) / "templates"
PAGES = sorted(ROOT.rglob("*.html"))
TAG = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", re.DOTALL)
TRANSLATED = re.compile(
    r"\{%\s*blocktrans(?:late)?\b.*?%\}.*?\{%\s*endblocktrans(?:late)?\s*%\}|\{%\s*comment\s*%\}.*?\{%\s*endcomment\s*%\}",
    re.DOTALL,
)
ELEMENT = re.compile(r"<!--.*?-->|<(script|style)\b.*?</\1>|<[^>]*>", re.DOTALL | re.IGNORECASE)
WORD = re.compile(r"[A-Za-z]{2,}")


def named(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_nothing_is_inline(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert not re.search(r"\sstyle\s*=", text)
    assert "<style" not in text
    assert not re.search(r"\son[a-z]+\s*=\s*[\"']", text)
    assert "javascript:" not in text
    for opening, body in re.findall(r"<script\b([^>]*)>(.*?)</script>", text, re.DOTALL):
        assert "src=" in opening or "application/json" in opening, opening
        assert "src=" not in opening or not body.strip()


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_visible_word_is_translatable(page: Path) -> None:
    """What is left when tags, translated blocks and elements are taken away holds no words."""
    text = TRANSLATED.sub(" ", page.read_text(encoding="utf-8"))
    bare = TAG.sub("", text)
    for attribute in ("alt", "title", "aria-label", "placeholder"):
        for value in re.findall(rf'\b{attribute}="([^"]*)"', bare):
            assert not WORD.search(value), f"{attribute}={value!r}"
    text = re.sub(r"\{% block body_class %\}.*?\{% endblock %\}", " ", text)
    visible = ELEMENT.sub(" ", TAG.sub(" ", text))
    assert WORD.findall(visible) == []


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_forms_leave_checking_to_the_server(page: Path) -> None:
    for opening in re.findall(r"<form\b.*?>", TAG.sub("", page.read_text(encoding="utf-8")), re.DOTALL):
        assert "novalidate" in opening
