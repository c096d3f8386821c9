"""Finding words in one patient's messages: everything is fetched, unsealed and looked through, because texts have no index.

Across patients there is no such search: the work list filters by what stands beside a text, never by the text.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import prefetch_related_objects

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


@dataclass(frozen=True, slots=True)
class Found:
    """What was looked for (its words, folded) and the messages that have all of them, newest first."""

    words: tuple[str, ...]
    hits: list[Message] = field(default_factory=list)
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
    """Messages of one patient with all the words, as far as this person may read them. Six statements, however many there are.

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
    with reading_many():  # many rows, if of one patient
        known = {thread.pk: thread for thread in threads}
        newest = (
            Message.objects.for_user(user, patient)
            .standing()
            .filter(thread_id__in=known)
            .order_by("-created_at", "-id")[: LOOKED_THROUGH + 1]
        )
        messages = list(newest)
    hits = []
    for message in messages[:LOOKED_THROUGH]:
        text = fold(message.body)
        if all(word in text for word in words):
            message.thread = known[message.thread_id]
            hits.append(message)
    prefetch_related_objects(
        hits, "author"
    )  # a person for each of 2,000 rows would cost more than the search
    return Found(words, hits, len(messages) > LOOKED_THROUGH)


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
