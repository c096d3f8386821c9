""" "What first?": what the apps say is wrong, put together so that one problem is one line however many sources it has."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from portal.lib.actor import unit_store

URGENT, TODAY, SOON = 0, 1, 2
_NEVER = datetime.max.replace(tzinfo=UTC)
_CUT = "a source of what first was cut"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with one patient, as one app sees it.

    Problems of a patient that share a key are one problem. `state` says how it stands: when it changes, the problem is new again
    although somebody had seen it. `alone` False: worth saying only beside something else (an infusion in two days, beside a fever).
    `opened` is for what only sealed words can tell: it is asked when the keys of all patients of the list are at hand, and what it
    gives stands instead; None: nothing is wrong.
    """

    patient_id: UUID
    keys: tuple[str, ...]
    rank: int
    words: str
    url: str
    state: str
    due: datetime | None = None  # aware
    owner: str = ""
    taken: bool = False  # a person has it; otherwise `owner` says whose turn it is, or that nobody has it yet
    alone: bool = True
    opened: Callable[[], Problem | None] | None = None

    @property
    def order(self) -> tuple[int, datetime, str]:
        return (self.rank, self.due or _NEVER, self.words)


@dataclass(frozen=True, slots=True)
class Merged:
    """One line of the list: the worst of its sources first; its clock is the one that runs out first."""

    sources: tuple[Problem, ...]

    @property
    def first(self) -> Problem:
        return self.sources[0]

    @property
    def patient_id(self) -> UUID:
        return self.first.patient_id

    @property
    def key(self) -> str:
        """The name under which it is acknowledged: the same whichever source comes first tomorrow."""
        return min(key for source in self.sources for key in source.keys)

    @property
    def states(self) -> list[str]:
        return [f"{source.keys[0]}={source.state}" for source in self.sources]

    @property
    def due(self) -> datetime | None:
        return min((source.due for source in self.sources if source.due is not None), default=None)

    @property
    def owner(self) -> str:
        """Who has it: a person where one of the sources has one, otherwise what the worst source says."""
        said = [source.owner for source in self.sources if source.owner and source.taken]
        said += [source.owner for source in self.sources if source.owner]
        return said[0] if said else ""


def up_to(rows: Any, most: int) -> list[Any]:
    """The first rows of a list, so that a long list does not make the page slow. That there are more is kept: see `was_cut`."""
    found = list(rows[: most + 1])
    if len(found) > most:
        unit_store()[_CUT] = True
    return found[:most]


def was_cut() -> bool:
    """True when a source of this unit of work knew of more than it said: then a count of the lines is "at least"."""
    return bool(unit_store().get(_CUT))


def merge(problems: Iterable[Problem]) -> list[Merged]:
    """Put together what belongs together, worst first, then what is due first."""
    groups: list[tuple[set[tuple[UUID, str]], list[Problem]]] = []
    for problem in problems:
        names = {(problem.patient_id, key) for key in problem.keys}
        mine: list[Problem] = [problem]
        rest = []
        for known, found in groups:
            if known & names:
                names |= known
                mine = [*found, *mine]
            else:
                rest.append((known, found))
        groups = [*rest, (names, mine)]
    merged = [
        Merged(tuple(sorted(found, key=lambda problem: problem.order)))
        for _names, found in groups
        if any(problem.alone for problem in found)
    ]
    return sorted(
        merged, key=lambda line: (line.first.rank, line.due or _NEVER, str(line.patient_id), line.key)
    )
