"""Who acts: one value per request or job, told to PostgreSQL at every outermost BEGIN.

Row-level security reads `app.user_id` and `app.system`. Both are transaction-local; outside a
transaction, or without an actor, no patient's row is visible. `app.via` opens nothing: the trail writes it
down beside the person, so that everybody can see what was done through a program's token.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections, transaction


@dataclass(frozen=True, slots=True)
class Actor:
    """A signed-in person (`user_id`) or a named system purpose (`system`, such as "worker:mail").

    `via` says through what a person acts when it is not a page: "token:" and the token's id.
    """

    user_id: UUID | None = None
    system: str = ""
    via: str = ""

    def settings(self) -> tuple[str, str, str]:
        return (str(self.user_id) if self.user_id else "", self.system, self.via)


NOBODY = Actor()

_current: ContextVar[Actor] = ContextVar("actor", default=NOBODY)
_pending: ContextVar[list[tuple[Actor, Any]] | None] = ContextVar("pending_trail", default=None)
_store: ContextVar[dict[Any, Any] | None] = ContextVar("unit_store", default=None)

SET_ACTOR = "SELECT set_config('app.user_id', %s, true), set_config('app.system', %s, true), set_config('app.via', %s, true)"

_write_trail: Callable[[list[tuple[Actor, Any]]], None] | None = None


def set_trail_writer(writer: Callable[[list[tuple[Actor, Any]]], None]) -> None:
    """Called once by the app that owns the trail."""
    global _write_trail
    _write_trail = writer


_write_refusals: Callable[[Actor, list[Any]], None] | None = None


def set_refusal_writer(writer: Callable[[Actor, list[Any]], None]) -> None:
    """Called once by the app that owns the trail: writes what was refused, in a transaction of its own."""
    global _write_refusals
    _write_refusals = writer


def write_refusals(who: Actor, refusals: list[Any]) -> None:
    """Put refused tries on the trail after the refused unit was rolled back."""
    if refusals and _write_refusals is not None:
        _write_refusals(who, refusals)


def current() -> Actor:
    return _current.get()


def system(purpose: str) -> Actor:
    """A named system actor; the purpose ends up on the trail."""
    if not purpose:
        raise ValueError("a system actor needs a purpose")
    return Actor(system=purpose)


def tell_database() -> None:
    """Set the current actor in the open transaction."""
    connection = connections[DEFAULT_DB_ALIAS]
    with connection.cursor() as cursor:
        cursor.execute(SET_ACTOR, _current.get().settings())


def switch(actor: Actor) -> None:
    """Change the actor of the running unit of work: at sign-in, when nobody becomes somebody."""
    _current.set(actor)
    if connections[DEFAULT_DB_ALIAS].in_atomic_block:
        tell_database()


def put_on_trail(event: Any) -> None:
    """An event to append before commit, as the current actor; the same event twice in one unit is one.

    Raises outside a unit of work: what cannot be put on the trail is not done.
    """
    pending = _pending.get()
    if pending is None:
        raise RuntimeError("patient data was touched outside a unit of work: no trail, no page")
    if (_current.get(), event) not in pending:
        pending.append((_current.get(), event))


_MANY = "reading many"  # the key under which a unit of work remembers it


def unit_store() -> dict[Any, Any]:
    """A dictionary that lives as long as the running unit of work (for keys that were unwrapped once)."""
    store = _store.get()
    return store if store is not None else {}


def in_unit() -> bool:
    return _pending.get() is not None


@contextmanager
def reading_many() -> Iterator[None]:
    """Statements inside walk over the rows of many patients: row-level security lists who may be seen, once a statement.

    It opens nothing, it only answers the same question in another way; wrong elsewhere because the list costs more than a few rows.
    Inside another one of the same unit of work it changes nothing.
    """
    store = unit_store()
    if store.get(_MANY):
        yield
        return
    _set_many("on")
    store[_MANY] = True
    try:
        yield
    finally:
        store[_MANY] = False
        if not connections[DEFAULT_DB_ALIAS].needs_rollback:
            _set_many("")


def _set_many(value: str) -> None:
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute("SELECT set_config('app.many', %s, true)", [value])


class Refused(Exception):
    """Raised by the request middleware to roll back a unit whose response is already made."""


@contextmanager
def unit_of_work(actor: Actor) -> Iterator[None]:
    """One transaction as `actor`; the trail is appended as its last statement.

    Nests: inside a running transaction it is a savepoint with its own actor, and the outer actor is
    told to the database again at its end. What it puts on the trail is appended with what the outer unit
    puts there, at the end of the outer one: the ends of the chains are locked once, in one order, for a moment.
    On an exception nothing stays, trail events included.
    """
    outer, outer_pending = _current.get(), _pending.get()
    if outer.via and not actor.via and actor.user_id == outer.user_id:
        actor = replace(actor, via=outer.via)
    actor_token = _current.set(actor)
    pending_token = _pending.set([])
    store_token = _store.set({})
    nested = connections[DEFAULT_DB_ALIAS].in_atomic_block
    try:
        with transaction.atomic():
            if nested:
                tell_database()
            yield
            if outer_pending is None:
                flush_trail()
        if outer_pending is not None:
            outer_pending.extend(each for each in _pending.get() or () if each not in outer_pending)
    finally:
        _store.reset(store_token)
        _pending.reset(pending_token)
        _current.reset(actor_token)
        if nested and not connections[DEFAULT_DB_ALIAS].needs_rollback:
            _current.set(outer)
            tell_database()


def flush_trail() -> None:
    """Append the pending events now, each as who did it."""
    pending = _pending.get()
    if not pending:
        return
    if _write_trail is None:
        raise RuntimeError("no trail writer is registered")
    events, pending[:] = list(pending), []
    _write_trail(events)


@contextmanager
def acting_as(who: Actor) -> Iterator[None]:
    """Inside an open transaction: the database takes `who` for the actor until the end of the block."""
    before = _current.get()
    if who == before:
        yield
        return
    switch(who)
    yield
    switch(before)
