"""Bold, lists and links, and nothing else."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from education.limited_markdown import inline, link_allowed, to_html, to_plain

OURS = re.compile(r"</?(?:p|ul|li|strong|br|a)(?: href=\"(?:https://|/|tel:)[^\"<>\s]*\")?>")


def test_paragraphs_lists_bold_and_links() -> None:
    text = "Call **us** first.\nToday.\n\n- one\n- [two](https://example.com/a?b=1&c=2)\nAfter"
    assert to_html(text) == (
        "<p>Call <strong>us</strong> first.<br>Today.</p>\n"
        '<ul><li>one</li><li><a href="https://example.com/a?b=1&amp;c=2">two</a></li></ul>\n<p>After</p>'
    )


def test_the_words_without_marks() -> None:
    assert to_plain("- **Call** [us](/help/)\n\nnow") == "Call us\n\nnow"


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "//evil.example",
        "/\\evil.example",
        "data:text/html,x",
        "http://example.com",
        "mailto:a@b",
    ],
)
def test_other_addresses_stay_text(address: str) -> None:
    assert not link_allowed(address)
    assert "<a" not in inline(f"[words]({address})")


@pytest.mark.parametrize(
    "text",
    ["<script>alert(1)</script>", "<img src=x onerror=y>", '[a](/x"onclick="y)', "**<b>**", "[<i>](/x)"],
)
def test_markup_is_text(text: str) -> None:
    assert OURS.sub("", to_html(text)).count("<") == 0


@given(st.text(alphabet=st.sampled_from(list("*[]()<>\"'&-/ \nab:htps\\")), max_size=80))
def test_nothing_but_our_tags_comes_out(text: str) -> None:
    rest = OURS.sub("", to_html(text))
    assert "<" not in rest
    assert ">" not in rest
