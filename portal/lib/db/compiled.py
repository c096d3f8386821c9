"""A queryset whose SQL is built once for the process and then run with other values.

Building the SQL of a statement with a dozen of conditions and joins costs Django more than PostgreSQL needs to answer it. For the few
statements that stand behind nearly every page it is done once: `Compiled(build)` calls `build` with placeholders for its keyword
arguments, keeps the SQL, and later only fills the values in. The rows come out of the same code of Django as ever.

Values are UUIDs, instants (aware) and dates; each must appear in the SQL as it was given, so a condition may not change it first.
What the queryset looks like may not hang on the values.
"""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import QuerySet

FAR_DAY = dt.date(4000, 1, 1)
FAR = dt.datetime(4000, 1, 1, tzinfo=dt.UTC)


def _placeholder(value: Any, number: int) -> Any:
    """A value of the same type that nothing else in a statement is equal to."""
    if isinstance(value, UUID):
        return uuid4()
    if isinstance(value, dt.datetime):
        return FAR + dt.timedelta(microseconds=number + 1)
    if isinstance(value, dt.date):
        return FAR_DAY + dt.timedelta(days=number + 1)
    raise TypeError(f"a compiled statement takes no {type(value).__name__}")


class Compiled:
    """`Compiled(build)(user_id=…, now=…)` is `list(build(user_id=…, now=…))`, with the SQL built only once."""

    def __init__(self, build: Callable[..., QuerySet[Any]]) -> None:
        self._build = build
        self._known: tuple[Any, str, list[Any], dict[int, str], Any] | None = None

    def __call__(self, **values: Any) -> list[Any]:
        if self._known is None:
            self._known = self._compile(values)
        compiler, sql, parameters, places, iterable = self._known
        filled = list(parameters)
        for at, name in places.items():
            filled[at] = values[name]
        mine = copy.copy(compiler)
        mine.connection = connections[DEFAULT_DB_ALIAS]  # connections belong to their threads
        mine.as_sql = lambda *_args, **_more: (sql, tuple(filled))
        query = SimpleNamespace(get_compiler=lambda using: mine)
        return list(iterable(SimpleNamespace(db=DEFAULT_DB_ALIAS, query=query, _known_related_objects={})))

    def _compile(self, values: dict[str, Any]) -> tuple[Any, str, list[Any], dict[int, str], Any]:
        placeholders = {
            name: _placeholder(value, number) for number, (name, value) in enumerate(values.items())
        }
        queryset = self._build(**placeholders)
        compiler = queryset.query.get_compiler(using=DEFAULT_DB_ALIAS)
        sql, parameters = compiler.as_sql()
        names = {value: name for name, value in placeholders.items()}
        places = {
            at: names[value]
            for at, value in enumerate(parameters)
            if isinstance(value, UUID | dt.date) and value in names
        }
        if set(places.values()) != set(values):
            raise TypeError(
                f"not every value is a plain condition: {sorted(set(values) - set(places.values()))}"
            )
        return compiler, sql, list(parameters), places, queryset._iterable_class
