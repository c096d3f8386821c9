"""Bold, lists and links: all the markup an article's text may hold. Pure; everything else stays plain text.

Written by hand because the full language brings raw HTML, images and a parser to keep up with, and because a text
that was escaped first and then given three known tags cannot carry anything else.
"""

import re
from html import escape
from typing import Final

_BOLD = re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*")
_LINK = re.compile(r"\[([^\[\]\n]{1,200})\]\(([^()\s]{1,500})\)")
_ITEM = re.compile(r"^\s*[-*]\s+(.*)$")

#: Where a link may lead: another page of the portal, a web page over TLS, a phone number.
_LINK_START: Final = ("https://", "/", "tel:")


def link_allowed(address: str) -> bool:
    """Whether an address may be linked. `//host` would leave the portal without saying so."""
    return address.startswith(_LINK_START) and not address.startswith(("//", "/\\"))


def inline(text: str) -> str:
    """One line or paragraph as HTML: escaped, then `**bold**` and `[words](address)`."""

    def link(match: re.Match[str]) -> str:
        words, address = match.group(1), match.group(2)
        # The address was escaped with the rest; what is tested is what the browser will follow.
        plain = address.replace("&amp;", "&")
        return f'<a href="{address}">{words}</a>' if link_allowed(plain) else match.group(0)

    html = escape(text.strip())
    html = _LINK.sub(link, html)
    return _BOLD.sub(r"<strong>\1</strong>", html)


def to_html(text: str) -> str:
    """A text of paragraphs and lists as HTML. A blank line ends a paragraph; rows that start with `- ` make a list."""
    parts: list[str] = []
    paragraph: list[str] = []
    items: list[str] = []

    def close() -> None:
        if paragraph:
            parts.append(f"<p>{'<br>'.join(inline(line) for line in paragraph)}</p>")
            paragraph.clear()
        if items:
            parts.append("<ul>" + "".join(f"<li>{inline(item)}</li>" for item in items) + "</ul>")
            items.clear()

    for line in text.replace("\r\n", "\n").split("\n"):
        item = _ITEM.match(line)
        if not line.strip():
            close()
        elif item:
            if paragraph:
                close()
            items.append(item.group(1))
        else:
            if items:
                close()
            paragraph.append(line)
    close()
    return "\n".join(parts)


def to_plain(text: str) -> str:
    """The words without the marks, one line per line: for grades, search and print counts."""
    text = _LINK.sub(r"\1", text)
    text = _BOLD.sub(r"\1", text)
    return "\n".join(
        _ITEM.sub(r"\1", line).strip() for line in text.replace("\r\n", "\n").split("\n")
    ).strip()


def lines_of(text: str) -> list[str]:
    """The filled lines of a one-per-line field, trimmed."""
    return [line.strip() for line in text.replace("\r\n", "\n").split("\n") if line.strip()]
