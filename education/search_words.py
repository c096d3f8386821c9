"""Words for searching: folding, splitting, and how close two words are. Pure: no Django, no database.

The index of words (`search_models`) finds what is like an asked word with PostgreSQL's trigrams (pg_trgm); the measure here
says which of them were meant.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

MOST_WORDS: Final = 8
LONGEST_QUERY: Final = 200

#: How close a word must be to stand in for an asked word that stands nowhere: the part of its trigrams (`closeness`).
CLOSE_TO_MEAN: Final = 0.55

#: How close a word must be to count as the same word in another form, as "vaccines" for "vaccine". 6 of 9 trigrams, not 5.
SAME_WORD: Final = 0.65

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_SPECIAL = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "’": "'"}
)

#: Words that say nothing about what is looked for.
_EMPTY: Final = frozenset(
    [
        "a",
        "about",
        "after",
        "all",
        "also",
        "am",
        "an",
        "and",
        "any",
        "are",
        "as",
        "at",
        "be",
        "been",
        "before",
        "but",
        "by",
        "can",
        "could",
        "did",
        "do",
        "does",
        "for",
        "from",
        "get",
        "had",
        "has",
        "have",
        "how",
        "i",
        "if",
        "in",
        "into",
        "is",
        "it",
        "its",
        "just",
        "like",
        "make",
        "me",
        "more",
        "my",
        "need",
        "no",
        "not",
        "of",
        "on",
        "one",
        "or",
        "our",
        "out",
        "should",
        "so",
        "some",
        "than",
        "that",
        "the",
        "their",
        "them",
        "then",
        "there",
        "these",
        "they",
        "this",
        "to",
        "too",
        "up",
        "us",
        "very",
        "was",
        "we",
        "were",
        "what",
        "when",
        "where",
        "which",
        "who",
        "why",
        "will",
        "with",
        "would",
        "you",
        "your",
    ]
)


def fold(text: str) -> str:
    """Lower case without accents, so that "José" and "jose" are one word."""
    text = unicodedata.normalize("NFKD", text.casefold().translate(_SPECIAL))
    return "".join(letter for letter in text if not unicodedata.combining(letter))


def words_of(text: str) -> list[str]:
    """The folded words of a text, in order, each once."""
    return list(dict.fromkeys(_WORD.findall(fold(text))))


def asked_words(query: str) -> list[str]:
    """The words of a query worth looking for: at most 8, empty words left out unless there is nothing else."""
    found = [word[:40] for word in words_of(query[:LONGEST_QUERY])]
    full = [word for word in found if word not in _EMPTY and len(word) > 1]
    return (full or found)[:MOST_WORDS]


@lru_cache(maxsize=50_000)
def trigrams(word: str) -> frozenset[str]:
    """The trigrams of one word as PostgreSQL's pg_trgm makes them: two blanks before it, one after."""
    padded = f"  {word} "
    return frozenset(padded[start : start + 3] for start in range(len(padded) - 2))


def closeness(asked: str, word: str) -> float:
    """The part of the asked word's trigrams that the other word has: 1.0 for the word itself, 0.0 for a stranger."""
    wanted = trigrams(asked)
    return len(wanted & trigrams(word)) / len(wanted)


def meant(asked: Iterable[str], words: Iterable[str]) -> dict[str, str]:
    """For each asked word that is not among `words`: the closest of them, when close enough."""
    known = set(words)
    found: dict[str, str] = {}
    for ask in asked:
        if ask in known:
            continue
        best = max(
            known, key=lambda word: (closeness(ask, word), -abs(len(word) - len(ask)), word), default=""
        )
        if best and closeness(ask, best) >= CLOSE_TO_MEAN:
            found[ask] = best
    return found


@lru_cache(maxsize=100_000)
def same_word(wanted: str, word: str) -> bool:
    """Whether a word is the wanted one or a form of it."""
    return closeness(wanted, word) >= SAME_WORD


def has_one(wanted: Iterable[str], words: Iterable[str]) -> bool:
    """Whether one of the wanted words, or a form of it, is among the words."""
    words = list(words)
    return any(same_word(want, word) for want in wanted for word in words)


def split_marked(text: str, wanted: Iterable[str]) -> list[tuple[str, bool]]:
    """The text in pieces, each with whether it is a wanted word or a form of it. Joined they are the text again."""
    wanted = list(wanted)
    pieces: list[tuple[str, bool]] = []
    end = 0
    for match in _WORD.finditer(text):
        word = fold(match.group())
        if any(same_word(want, word) for want in wanted):
            if match.start() > end:
                pieces.append((text[end : match.start()], False))
            pieces.append((match.group(), True))
            end = match.end()
    if end < len(text):
        pieces.append((text[end:], False))
    return pieces
