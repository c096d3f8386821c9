"""Filters that turn an article's texts into HTML."""

from __future__ import annotations

from django import template
from django.utils.safestring import SafeString, mark_safe

from education import limited_markdown

register = template.Library()


@register.filter
def limited_markdown_block(text: str) -> SafeString:
    """A text with bold, lists and links as paragraphs and lists. Everything else is escaped."""
    return mark_safe(limited_markdown.to_html(text or ""))  # noqa: S308 - escaped in limited_markdown, tested


@register.filter
def limited_markdown_line(text: str) -> SafeString:
    """One line with bold and links."""
    return mark_safe(limited_markdown.inline(text or ""))  # noqa: S308 - escaped in limited_markdown, tested


@register.filter
def lines(text: str) -> list[str]:
    """The filled lines of a one-per-line field."""
    return limited_markdown.lines_of(text or "")
