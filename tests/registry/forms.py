"""The forms that stand on pages, as a browser without scripts would send them."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

from django.urls import resolve

TYPED = ("textarea", "text", "email", "tel", "search", "password", "number", "url")


@dataclass
class Field:
    """One name of a form: its kind, and the values that would be sent as the page came."""

    name: str
    kind: str
    values: list[str] = field(default_factory=list)
    choices: list[str] = field(default_factory=list)

    @property
    def typed(self) -> bool:
        return self.kind in TYPED


@dataclass
class Form:
    """A form with method POST. `person` saw it on `page`."""

    person: str
    page: str
    action: str
    fields: dict[str, Field] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)

    @property
    def view(self) -> str:
        """The name of the address that it posts to."""
        return resolve(urlsplit(self.action).path).view_name

    @property
    def key(self) -> tuple[str, frozenset[str]]:
        return self.view, frozenset(self.fields)

    def data(self) -> dict[str, list[str]]:
        """What is sent when nobody types anything."""
        return {
            name: list(one.values)
            for name, one in self.fields.items()
            if one.values and name != "csrfmiddlewaretoken"
        }


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[dict[str, str], dict[str, Field], list[tuple[str, str]]]] = []
        self.open: tuple[dict[str, str], dict[str, Field], list[tuple[str, str]]] | None = None
        self.area: Field | None = None
        self.select: Field | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.open = (given, {}, [])
            if given.get("method", "get").lower() == "post":
                self.forms.append(self.open)
            return
        name = given.get("name", "")
        if self.open is None or (not name and tag != "option"):
            return
        _given, fields, buttons = self.open
        if tag == "input":
            kind = given.get("type", "text").lower()
            if kind == "submit":
                buttons.append((name, given.get("value", "")))
                return
            one = fields.setdefault(name, Field(name, kind))
            if kind in ("radio", "checkbox"):
                one.choices.append(given.get("value", "on"))
                if "checked" in given:
                    one.values.append(given.get("value", "on"))
            else:
                one.values.append(given.get("value", ""))
        elif tag == "textarea":
            self.area = fields.setdefault(name, Field(name, "textarea", [""]))
        elif tag == "select":
            self.select = fields.setdefault(name, Field(name, "select"))
        elif tag == "option" and self.select is not None:
            self.select.choices.append(given.get("value", ""))
            if "selected" in given:
                self.select.values.append(given.get("value", ""))
        elif tag == "button" and given.get("type", "submit") == "submit":
            buttons.append((name, given.get("value", "")))

    def handle_data(self, data: str) -> None:
        if self.area is not None:
            self.area.values[0] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self.area = None
        elif tag == "select":
            self.select = None
        elif tag == "form":
            self.open = None


def forms_on(html: str, *, page: str, person: str) -> list[Form]:
    """The POST forms of a page."""
    reader = _Reader()
    reader.feed(html)
    found = []
    for given, fields, buttons in reader.forms:
        action = urljoin(page, given.get("action") or page)
        found.append(Form(person, page, action, fields, buttons))
    return found


def flat(data: dict[str, list[str]]) -> dict[str, Any]:
    """Data as Django's test client takes it."""
    return {name: values if len(values) != 1 else values[0] for name, values in data.items()}
