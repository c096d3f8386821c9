"""Finding words in one patient's messages: everything is fetched, unsealed and looked through, because texts have no index.

Across patients there is no such search: the work list filters by what stands beside a text, never by the text.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, overload
from uuid import UUID

from accounts.models import User
from clinic.services import team_ids
from messaging.models import Message, Thread
from patients.models import Patient
from patients.services import capacity_of
from portal.lib.actor import reading_many

MOST_LETTERS = 100
MOST_WORDS = 8
LOOKED_THROUGH = 5_000  # messages; who has more is told that only the newest were looked through
BEFORE, AFTER = 60, 160  # letters of a text that are shown around the first word

Parts = list[tuple[str, bool]]


class Hits(Sequence[Message]):
    """The messages that were found, newest first. Only those that are asked for are made into rows: a page shows 20 of 2,000."""

    def __init__(self, messages: Any, ids: list[UUID], threads: dict[UUID, Thread]) -> None:
        self._messages, self._ids, self._threads = messages, ids, threads

    def __len__(self) -> int:
        return len(self._ids)

    def __iter__(self) -> Iterator[Message]:
        return iter(self[:])

    @overload
    def __getitem__(self, place: int) -> Message: ...
    @overload
    def __getitem__(self, place: slice) -> list[Message]: ...
    def __getitem__(self, place: int | slice) -> Message | list[Message]:
        """One message, or a list of them, with its conversation and its author at hand: one statement."""
        if isinstance(place, int):
            return self[place:][0] if place < 0 else self[place : place + 1][0]
        wanted = self._ids[place]
        if not wanted:
            return []
        rows = {row.pk: row for row in self._messages.filter(pk__in=wanted).select_related("author")}
        messages = [rows[pk] for pk in wanted if pk in rows]
        for message in messages:
            message.thread = self._threads[message.thread_id]
        return messages


@dataclass(frozen=True, slots=True)
class Found:
    """What was looked for (its words, folded) and the messages that have all of them, newest first."""

    words: tuple[str, ...]
    hits: Sequence[Message] = field(default_factory=list)
    cut: bool = False  # there are more messages than are looked through


def fold(text: str) -> str:
    """A text as it is compared: without capitals and accents."""
    if text.isascii():
        return text.lower()
    bare = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in bare if not unicodedata.combining(letter))


def words_of(query: str) -> tuple[str, ...]:
    """The words to look for, each once, in their order."""
    return tuple(dict.fromkeys(fold(query[:MOST_LETTERS]).split()))[:MOST_WORDS]


def find(user: User, patient: Patient, query: str, *, topic: str = "") -> Found:
    """Messages of one patient with all the words, as far as this person may read them. As many statements however many there are.

    A word is found inside longer ones as well. Team members find in their own teams' conversations. Notes of the team and what was taken back are not searched.
    """
    words = words_of(query)
    if not words:
        return Found(words)
    threads: Any = Thread.objects.for_user(user, patient)
    if capacity_of(user, patient) == "team":
        threads = threads.filter(team_id__in=team_ids(user))
    if topic:
        threads = threads.filter(topic=topic)
    body: Any = Message._meta.get_field("body")
    readable = Message.objects.for_user(user, patient)
    with reading_many():  # many rows, if of one patient
        known = {thread.pk: thread for thread in threads}
        sealed = list(
            readable.standing()
            .filter(thread_id__in=known)
            .order_by("-created_at", "-id")
            .values_list("pk", "patient_id", "body")[: LOOKED_THROUGH + 1]
        )
    ids = []
    for pk, patient_id, text in sealed[:LOOKED_THROUGH]:
        folded = fold(body.open_column(pk, patient_id, text))
        if all(word in folded for word in words):
            ids.append(pk)
    return Found(words, Hits(readable, ids, known), len(sealed) > LOOKED_THROUGH)


def excerpt(text: str, words: Iterable[str]) -> Parts:
    """A piece of the text around the first word found, cut into (piece, is a word that was looked for)."""
    line = " ".join(text.split())
    folded, places = _folded_with_places(line)
    spans = _spans(folded, words)
    first = places[spans[0][0]] if spans else 0
    start = max(0, first - BEFORE)
    if start:
        start = line.find(" ", start, first) + 1 or start
    end = min(len(line), first + AFTER)
    parts: Parts = [("… ", False)] if start else []
    at = start
    for begin, stop in ((places[begin], places[stop - 1] + 1) for begin, stop in spans):
        if begin >= end:
            break
        if begin > at:
            parts.append((line[at:begin], False))
        parts.append((line[begin:stop], True))
        at = stop
    if at < end:
        parts.append((line[at:end], False))
    if end < len(line):
        parts.append((" …", False))
    return parts


def _folded_with_places(text: str) -> tuple[str, list[int]]:
    """The folded text, and for each of its letters the place in the text that it came from."""
    letters: list[str] = []
    places: list[int] = []
    for place, letter in enumerate(text):
        folded = fold(letter)
        letters.append(folded)
        places.extend([place] * len(folded))
    return "".join(letters), places


def _spans(folded: str, words: Iterable[str]) -> list[tuple[int, int]]:
    """Where the words stand, in order, overlapping ones joined."""
    found = []
    for word in words:
        at = folded.find(word)
        while at >= 0:
            found.append((at, at + len(word)))
            at = folded.find(word, at + len(word))
    joined: list[tuple[int, int]] = []
    for begin, stop in sorted(found):
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(stop, joined[-1][1]))
        else:
            joined.append((begin, stop))
    return joined
