"""The overdue board: everybody whose checks are overdue, worst first, and results that wait. The same few statements however many patients there are.

Worst first: whoever has missed the most days of one check in a row, then whoever has waited the longest.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from accounts.models import User
from portal.lib import actor
from portal.lib.time import today_in
from treatment.ledger.duties import State
from treatment.ledger.keepers import not_ours
from treatment.ledger.models import Result
from treatment.ledger.reading import Kept, Line, lines_of, load

STORE = "treatment.ledger.board"


@dataclass(frozen=True, slots=True)
class Standing:
    """The lines of one patient that the clinic has to see to."""

    patient_id: UUID
    zone: str
    lines: tuple[Line, ...]

    def in_state(self, state: State) -> list[Line]:
        """Lines whose most pressing duty is in this state; a duty that waits for a decision counts beside others, too."""
        if state is State.UNDECIDED:
            return [line for line in self.lines if line.undecided]
        return [line for line in self.lines if line.state is state]

    @property
    def overdue(self) -> list[Line]:
        return self.in_state(State.OVERDUE)

    @property
    def first_due(self) -> date:
        return min((line.due for line in self.lines if line.due is not None), default=date.max)

    @property
    def missed(self) -> int:
        return max((line.missed for line in self.lines), default=0)

    def escalates(self, now: datetime) -> bool:
        """A lab is overdue for so many days that the data want somebody to act. Days are the site's."""
        today = today_in(now, self.zone)
        return any(line.escalates(today) for line in self.overdue)


def everybody(user: User, now: datetime) -> list[Standing]:
    """Where the duties of all whom the person sees stand; read once a unit of work. Five statements (six where somebody was given something elsewhere), to be asked inside `reading_many()`.

    Patients whose duties another team or another center has taken over are on its board, not on this one.
    """
    store = actor.unit_store()
    key = (STORE, user.pk)
    if key not in store:
        known = load(user)
        away = not_ours(user, known)
        store[key] = [
            _standing(patient_id, kept, now) for patient_id, kept in known.items() if patient_id not in away
        ]
    found: list[Standing] = store[key]
    return found


def _standing(patient_id: UUID, kept: Kept, now: datetime) -> Standing:
    return Standing(
        patient_id, kept.zone, tuple(line for line in lines_of(kept, now, whole=False) if line.is_ours)
    )


def worst_first(standings: list[Standing], state: State) -> list[Standing]:
    """Those with a line in this state, each with only these lines, worst first."""
    found = []
    for one in standings:
        lines = one.in_state(state)
        if lines:
            lines.sort(key=lambda line: (-line.missed, line.due or date.max, str(line.test.label)))
            found.append(Standing(one.patient_id, one.zone, tuple(lines)))
    return sorted(found, key=lambda one: (-one.missed, one.first_due, str(one.patient_id)))


def waiting_results(user: User) -> list[Result]:
    """Entries that wait for their second look or their release, the oldest first. One statement."""
    rows: Any = Result.objects.for_user(user).filter(correction__isnull=True, release__isnull=True)
    return list(
        rows.select_related("entered_by", "look", "release", "correction").order_by("entered_at", "id")
    )


__all__ = ["Standing", "everybody", "waiting_results", "worst_first"]
