"""One conversation and its work as docs/messaging.md describes them: plain Python, no database, none of the portal's code.

The state machine does every step here and in the portal and compares. An act returns why it is refused, "" when it is done.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

PATIENTS_SIDE = ("maya", "jonas")
TEAM = ("rosa", "hana")
UNDO = timedelta(minutes=10)
BURST = timedelta(minutes=5)
STEPS = 3
NEWER, TAKEN, DONE, NOBODY, LATE, NOT_ONES_OWN = "newer", "taken", "done", "nobody", "late", "not one's own"
NO_ANSWER, CORRECTED = "no answer", "corrected before"


@dataclass
class Said:
    """A message that was sent."""

    id: UUID
    text: str
    who: str
    at: datetime
    gone: str = ""  # undone, corrected

    @property
    def ours(self) -> bool:
        return self.who in TEAM


@dataclass
class Work:
    """What the team owes. `quiet` is when it last changed hands or somebody was told."""

    trigger: int
    lane: str
    made: datetime
    due: datetime
    owner: str = ""
    outcome: str = ""  # empty while it waits
    alarm: datetime | None = None
    told: int = 0
    quiet: datetime | None = None

    def ring(self, at: datetime) -> None:
        self.alarm, self.told = at, 0


@dataclass
class Plain:
    """A conversation about a topic of `lane`; `escalate` after that long somebody is told. `routine` and `urgent` are promises made at an instant."""

    lane: str
    escalate_after: timedelta
    said: list[Said] = field(default_factory=list)
    works: list[Work] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)
    history: list[str] = field(default_factory=list)
    seen: dict[str, int] = field(default_factory=dict)
    looked: dict[str, datetime] = field(default_factory=dict)
    noticed: dict[str, datetime] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)
    closed: bool = False

    # --- What can be asked ---

    @property
    def last(self) -> int:
        return len(self.said)

    @property
    def work(self) -> Work | None:
        return next((one for one in self.works if not one.outcome), None)

    def unread(self, who: str) -> bool:
        return self.seen.get(who, 0) < self.last

    @property
    def words(self) -> str:
        """What the patient reads on the list."""
        work = self.work
        if work is not None and self.said[work.trigger - 1].gone:
            return "Taken back. Your team may call."
        if self.said[-1].gone and work is None:
            return "Taken back"
        if self.closed:
            return "Closed"
        if work is not None:
            return "With the team" if work.owner else "Sent"
        if self.said[-1].ours:
            return "Answered" if self.works else "From your team"
        return "Read by the team"

    # --- The patient's side ---

    def write(
        self, who: str, id: UUID, text: str, page: int, at: datetime, *, hurry: bool, routine: datetime, urgent: datetime
    ) -> str:  # fmt: skip
        if self._newer(who, page):
            return NEWER
        self._say(who, id, text, at)
        work = self.work
        if work is None:
            lane = "safety" if hurry else self.lane
            due = min(routine, urgent) if hurry else routine
            self.works.append(Work(self.last, lane, at, due))
            return ""
        was = work.lane
        if hurry:
            work.lane, work.due = "safety", min(work.due, urgent)
        if work.lane == "safety":
            if self.said[work.trigger - 1].gone:  # work whose words are gone is about the next ones
                work.trigger = self.last
            if work.owner and work.alarm is None:
                work.ring(at)
                self.history.append("alarm")
            elif not work.owner and (was != "safety" or work.told >= STEPS):
                work.ring(at)
        return ""

    def close(self, page: int) -> str:
        if self._newer("maya", page):
            return NEWER
        self.closed = True
        work = self.work
        if work is not None and (work.lane != "safety" or self._opened_by_team()):
            work.outcome = "withdrawn"
            self.history.append("closed")
        return ""

    def take_back(self, who: str, number: int, at: datetime) -> str:
        said = self.said[number - 1]
        if said.who != who:
            return NOT_ONES_OWN
        if said.gone:
            return ""
        newest = not any(not later.gone for later in self.said[number:])
        opened = any(self.seen.get(person, 0) >= number for person in TEAM)
        at_work = any(work.trigger == number and (work.owner or work.told) for work in self.works)
        if not newest or opened or at_work or at - said.at > UNDO:
            return LATE
        said.gone = "undone"
        work = self.work
        if work is not None and work.trigger == number and work.lane != "safety":
            work.outcome = "withdrawn"  # urgent work stays: what was urgent a moment ago is not over because the words are gone
        return ""

    # --- The team's side ---

    def look(self, who: str, at: datetime) -> None:
        """Somebody opens the conversation's page."""
        work = self.work
        if work is not None and work.owner == who and work.alarm is not None:
            work.alarm = None
            self.history.append("heard")
        if who in TEAM or self.unread(who):
            self.looked[who] = at
        self.seen[who] = self.last

    def claim(self, who: str, *, take_over: bool) -> str:
        work = self.work
        if work is None:
            return DONE
        if work.owner == who:
            return ""
        if work.owner and not take_over:
            return TAKEN
        work.owner, work.alarm, work.told = who, None, 0
        self.history.append("claimed")
        return ""

    def release(self, who: str, at: datetime) -> str:
        work = self.work
        if refused := self._not_theirs(work, who):
            return refused
        assert work is not None
        if work.owner:
            work.owner, work.quiet = "", at
            self.history.append("released")
        return ""

    def hand_to(self, who: str, to: str, at: datetime) -> str:
        work = self.work
        if refused := self._not_theirs(work, who):
            return refused
        assert work is not None
        if to not in TEAM or to == who:
            return NOBODY
        work.owner, work.told, work.quiet = to, 0, at
        if work.lane == "safety":
            work.alarm = work.alarm or at
        self.history.append("handed_over")
        return ""

    def hand_to_lane(self, who: str, lane: str, at: datetime, urgent: datetime) -> str:
        work = self.work
        if refused := self._not_theirs(work, who):
            return refused
        assert work is not None
        work.lane, work.owner, work.alarm, work.quiet = lane, "", None, at
        if lane == "safety":
            work.due, work.told = min(work.due, urgent), 0
        self.history.append("handed_over")
        return ""

    def answer(self, who: str, id: UUID, text: str, page: int, at: datetime) -> str:
        if self._newer(who, page):
            return NEWER
        work = self.work
        if work is not None:
            if work.owner not in ("", who):
                return TAKEN
            work.owner, work.outcome = who, "answered"
            self.history.append("answered")
        self._say(who, id, text, at)
        self._tell(at)
        return ""

    def correct(self, who: str, number: int, id: UUID, text: str, page: int, at: datetime) -> str:
        wrong = self.said[number - 1]
        if not wrong.ours:
            return NO_ANSWER
        if wrong.gone:
            return CORRECTED
        if self._newer(who, page):
            return NEWER
        wrong.gone = "corrected"
        self._say(who, id, text, at)
        self._tell(at)
        return ""

    def finish(self, who: str, outcome: str, page: int) -> str:
        if self._newer(who, page):
            return NEWER
        work = self.work
        if refused := self._not_theirs(work, who):
            return refused
        assert work is not None
        work.owner, work.outcome = who, outcome
        self.history.append("closed")
        return ""

    def note(self, who: str, text: str) -> None:
        self.notes.append((who, text))

    # --- The clock ---

    def tell_people(self, at: datetime) -> int:
        """What waits urgently and unheard for too long is told, one step; returns how many steps."""
        work = self.work
        if work is None or work.lane != "safety" or work.told >= STEPS or (work.owner and work.alarm is None):
            return 0
        since = max(each for each in (work.made, work.alarm, work.quiet) if each is not None)
        if at - since < self.escalate_after:
            return 0
        if work.owner:
            work.owner = ""
            self.history.append("returned")
        work.told, work.quiet = work.told + 1, at
        self.history.append("escalated")
        return 1

    # --- Pieces ---

    def _say(self, who: str, id: UUID, text: str, at: datetime) -> None:
        self.said.append(Said(id, text, who, at))
        self.closed = False
        self.seen[who], self.looked[who] = self.last, at

    def _newer(self, who: str, page: int) -> bool:
        """Somebody else has written after what the page shows; also when it was taken back since."""
        return any(said.who != who for said in self.said[page:])

    def _not_theirs(self, work: Work | None, who: str) -> str:
        if work is None:
            return DONE
        return TAKEN if work.owner not in ("", who) else ""

    def _opened_by_team(self) -> bool:
        """The last words of the patient's side; what was taken back, nobody can have read."""
        theirs = [number for number, said in enumerate(self.said, 1) if not said.ours] or [self.last]
        if self.said[theirs[-1] - 1].gone == "undone":
            return False
        return any(self.seen.get(person, 0) >= theirs[-1] for person in TEAM)

    def _tell(self, at: datetime) -> None:
        """One mail for a burst of answers, unless the person has looked since; to carers who have written here as well."""
        for who in PATIENTS_SIDE:
            if who != "maya" and not any(said.who == who for said in self.said):
                continue
            told, looked = self.noticed.get(who), self.looked.get(who)
            if told is not None and at - told < BURST and (looked is None or looked <= told):
                continue
            self.noticed[who] = at
            self.notices.append(who)
