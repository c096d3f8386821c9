"""The whole resolver as a list: every address that can be asked for, with its name and its parts."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

PREFIXES = {
    "cms/": "Wagtail's editor: a policy and a test of its own",
    "admin/": "Django's set-up pages for administrators",
}
OURS_BELOW = ("education-",)


@dataclass(frozen=True, slots=True)
class Address:
    """`name` is "app:name" as `reverse` takes it; without a name it is the pattern in angle brackets."""

    name: str
    pattern: str
    kwargs: tuple[str, ...]
    view: Any

    @property
    def prefix(self) -> str:
        """The prefix row that covers it, or "". Pages of ours below a prefix have a name of their own and are covered by no prefix."""
        if self.name.startswith(OURS_BELOW):
            return ""
        return next((prefix for prefix in PREFIXES if self.pattern.startswith(prefix)), "")


def addresses() -> tuple[Address, ...]:
    """Everything the resolver answers, in its order. Walked once a resolver: the table of who may what asks thousands of times."""
    return _addresses(get_resolver())


def ours() -> Mapping[str, Address]:
    """Addresses outside the prefixes, by name. Two patterns of one name are one row and must ask for the same parts."""
    return _ours(get_resolver())


@functools.cache
def _addresses(resolver: URLResolver) -> tuple[Address, ...]:
    return tuple(_walk(resolver.url_patterns, "", "", ()))


@functools.cache
def _ours(resolver: URLResolver) -> Mapping[str, Address]:
    found: dict[str, Address] = {}
    for address in _addresses(resolver):
        if not address.prefix:
            found.setdefault(address.name, address)
    return MappingProxyType(found)


def _walk(patterns: Any, path: str, space: str, parts: tuple[str, ...]) -> Iterator[Address]:
    for entry in patterns:
        route = path + str(entry.pattern).lstrip("^")
        names = (*parts, *entry.pattern.regex.groupindex)
        if isinstance(entry, URLResolver):
            inner = f"{space}{entry.namespace}:" if entry.namespace else space
            yield from _walk(entry.url_patterns, route, inner, names)
        elif isinstance(entry, URLPattern):
            name = f"{space}{entry.name}" if entry.name else f"<{route}>"
            yield Address(name, route, names, entry.callback)
