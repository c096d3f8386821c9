"""How a line of the list stands, and how a dose stands: pure rules over what was read. Days are the site's calendar days."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from treatment.models import ChecklistItem
from treatment.protocols.facts import BeforeDose

State = ChecklistItem.State
ASKED_FROM = timedelta(days=1)  # the questions of the last day are open from the day before

# code -> (kind of the tag, word, whether nothing more is to do before the chair)
WORDS: dict[str, tuple[str, Any, bool]] = {
    "stopped": ("urgent", _("Stopped: call first"), False),
    "overdue": ("caution", _("Overdue"), False),
    "runs_out": ("caution", _("Runs out before the dose"), False),
    "again": ("caution", _("Ask again"), False),
    "open": ("todo", _("Still open"), False),
    "waiting": ("waiting", _("Begun, waiting"), False),
    "later": ("todo", _("Not yet"), False),
    "chair": ("todo", _("Answered. Asked again at the chair"), True),
    "done": ("done", _("Done"), True),
    "not_needed": ("done", _("Not needed"), True),
}
ORDER = list(WORDS)  # worst first
BLOCKS = ("stopped", "overdue", "runs_out", "again", "open", "waiting")
# code -> (kind of the tag, word): a dose that does not happen now, whatever its list says
HELD: dict[str, tuple[str, Any]] = {
    "put_off": ("caution", _("Put off")),
    "paused": ("stopped", _("The treatment is paused")),
}


# a dose that cannot go on as things stand, whatever its list says: the gate before every act stops it (`courses.blocked`)
BLOCKED = ("urgent", _("Cannot go on yet: the team has to settle something first"))


@dataclass(frozen=True, slots=True)
class Standing:
    """How a line stands. `due` is the last day for it, as the version or the team says; None: nobody has set one."""

    code: str
    due: date | None
    holds_until: date | None = None

    @property
    def kind(self) -> str:
        return WORDS[self.code][0]

    @property
    def word(self) -> str:
        return str(WORDS[self.code][1])

    @property
    def settled(self) -> bool:
        return WORDS[self.code][2]

    @property
    def blocks(self) -> bool:
        return self.code in BLOCKS


def due_day(item: ChecklistItem, said: BeforeDose, target: date) -> date | None:
    """What the team set, else what the version says, else the day of the dose; for tests only a person can set a day.

    `target` is the day on which the dose is counted. A time that was booked before the day that the team set brings that day with it.
    """
    if item.due_on is not None:
        return min(item.due_on, target)
    if said.due_days_before is not None:
        return target - timedelta(days=said.due_days_before)
    return None if said.kind in ("lab", "scan") else target


def standing_of(
    item: ChecklistItem,
    said: BeforeDose,
    *,
    target: date,
    now: datetime,
    today: date,
    applies: bool | None = None,
    carried_until: date | None = None,
) -> Standing:
    """How one line stands for a dose that is counted on `target`: the day of its booked time, else the planned one.

    `applies` says whether its group is this person's (None: nobody has said). `carried_until`: until when the same line of another dose
    of the course holds.
    """
    due = due_day(item, said, target)
    if item.state == State.CONCERN:
        return Standing("stopped", due)
    if item.state == State.NOT_NEEDED or (said.applies_to and applies is False):
        return Standing("not_needed", due)
    if item.done_at is not None:
        return _done(item, said, target, now, today, due)
    if carried_until is not None and carried_until >= target and said.valid_hours is None:
        return Standing("done", due, carried_until)
    if said.valid_hours is not None and today < target - ASKED_FROM:
        return Standing("later", due)
    if due is not None and due < today:
        return Standing("overdue", due)
    if item.state == State.OPEN and item.draw_by is not None and item.draw_by < today:
        return Standing("overdue", due or item.draw_by)  # not drawn in time; the result cannot be either
    return Standing("waiting" if item.state == State.WAITING else "open", due)


def _done(
    item: ChecklistItem, said: BeforeDose, target: date, now: datetime, today: date, due: date | None
) -> Standing:
    assert item.done_at is not None
    if said.valid_hours is not None and item.done_at < now - timedelta(hours=said.valid_hours):
        return Standing("again" if today >= target - ASKED_FROM else "later", due)
    if item.valid_until is not None and item.valid_until < target:
        return Standing("runs_out", due, item.valid_until)
    if is_asked_there(said) and not was_asked_there(item, said, now):
        return Standing("chair", due, item.valid_until)
    return Standing("done", due, item.valid_until)


def is_asked_there(said: BeforeDose) -> bool:
    """Whether the nurse asks again at the chair, whatever was answered before: every question whose answer expires."""
    return said.link == "questions" and (said.at_chair or said.valid_hours is not None)


def was_asked_there(item: ChecklistItem, said: BeforeDose, now: datetime) -> bool:
    """Whether the questions of its dose were asked at the chair, as long ago as an answer counts at most."""
    if item.chair_at is None:
        return False
    return said.valid_hours is None or item.chair_at >= now - timedelta(hours=said.valid_hours)


@dataclass(frozen=True, slots=True)
class Readiness:
    """How a dose stands: the worst of its lines, in a word. "Ready for the nurse to review" is the most that is ever said."""

    codes: tuple[str, ...]
    held: str = ""  # a code of HELD: put off, or the treatment is paused
    stopped: bool = False  # an answer whose stop nobody has lifted, or a self-check that nobody has seen
    blocked: bool = False  # a withdrawn version, numbers that nobody has confirmed, or a limit for a lifetime

    @property
    def worst(self) -> str:
        """A code of WORDS or of HELD, "blocked" or "ready". What stops it is said before all else; a dose that waits is never called ready."""
        found = set(self.codes)
        if self.stopped or "stopped" in found:
            return "stopped"
        if self.held:
            return self.held
        if self.blocked:
            return "blocked"
        return next((code for code in ORDER if code in found and not WORDS[code][2]), "ready")

    @property
    def open(self) -> int:
        return sum(not WORDS[code][2] for code in self.codes)

    @property
    def blocking(self) -> int:
        return sum(code in BLOCKS for code in self.codes)

    @property
    def kind(self) -> str:
        if self.worst in HELD:
            return HELD[self.worst][0]
        if self.worst == "blocked":
            return BLOCKED[0]
        return "done" if self.worst == "ready" else WORDS[self.worst][0]

    @property
    def waits_for_chair(self) -> bool:
        """Everything else may be settled: the questions are still asked again at the chair."""
        return "chair" in self.codes

    @property
    def counts(self) -> bool:
        """Whether `words` is a count. The page of the dose has a count of its own that also holds what waits or comes later."""
        return self.worst in BLOCKS and self.worst not in ("stopped", "waiting")

    @property
    def words(self) -> str:
        """One line for the top of the page and for the board."""
        if self.worst == "stopped":
            return str(_("Stopped: call before anybody travels"))
        if self.worst in HELD:
            return str(HELD[self.worst][1])
        if self.worst == "blocked":
            return str(BLOCKED[1])
        if self.worst == "ready" and self.waits_for_chair:
            return str(_("Ready for the nurse to review, who asks again at the chair"))
        if self.worst == "ready":
            return str(_("Ready for the nurse to review"))
        if self.worst == "later":
            return str(_("Only the questions of the last 24 hours are left"))
        if self.worst == "waiting":
            return str(_("Waiting for others"))
        count = self.blocking
        return ngettext("%(count)d line is open", "%(count)d lines are open", count) % {"count": count}


def carried(items: Iterable[ChecklistItem]) -> dict[str, date]:
    """Until when lines of a course hold, by fact: the newest end of those that are done and have one."""
    found: dict[str, date] = {}
    for item in items:
        if item.state == State.DONE and item.valid_until is not None:
            found[item.fact] = max(item.valid_until, found.get(item.fact, item.valid_until))
    return found
