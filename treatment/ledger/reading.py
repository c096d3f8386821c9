"""Where the duties of patients stand: the same few statements for one patient and for all of them, then arithmetic.

Days are the site's calendar days. A check counts as done with its result (`Result`), with the word that it was done (`CheckDone`), or, for
the patient's own monthly check, with a self-check.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Max, Min, Q
from django.db.models.functions import Coalesce

from accounts.models import User
from patients.models import Patient
from portal.lib.time import today_in
from treatment.ledger.duties import Decision, Due, Run, State, Watch, due_of, watch_of
from treatment.ledger.known import LAB, TESTS, YOU, Test, code_of_fact, is_for_some, named_test
from treatment.models import CheckDone, Course, DutyDecision, GivenElsewhere, Protocol, Result, SelfCheck
from treatment.protocols.facts import Facts, facts_of

RANK = {state: number for number, state in enumerate(State)}


@dataclass(frozen=True, slots=True)
class Duty:
    """A duty of one patient: where it stands, the fact behind it, and what a prescriber decided last."""

    due: Due
    row: Mapping[str, Any]  # the fact with its words, source and status
    therapy: str
    facts: Facts
    decided: Decision | None

    @property
    def state(self) -> State:
        return self.due.state

    @property
    def asks_again(self) -> bool:
        """What a prescriber said does not hold any more, or not all of it: a newer dose has started the duty again."""
        return self.decided is not None and self.decided != self.due.said and self.state.is_alive


@dataclass(frozen=True, slots=True)
class Line:
    """One test of one patient: the duties that ask for it and the day on which it was last done. Without duties: a test that was done all the same."""

    test: Test
    duties: tuple[Duty, ...]
    last_done: date | None

    @property
    def alive(self) -> list[Duty]:
        return [duty for duty in self.duties if duty.state.is_alive]

    @property
    def counting(self) -> list[Duty]:
        """Those that go on now; where there is none, those that may begin."""
        waiting = (State.NOT_YET, State.UNDECIDED)
        return [duty for duty in self.alive if duty.state not in waiting] or self.alive

    @property
    def undecided(self) -> list[Duty]:
        """A prescriber has to say something: for the first time, or again."""
        return [duty for duty in self.duties if duty.state is State.UNDECIDED or duty.asks_again]

    @property
    def state(self) -> State | None:
        """The most pressing state of its duties."""
        return min((duty.state for duty in self.duties), key=lambda state: RANK[state], default=None)

    @property
    def due(self) -> date | None:
        return min((duty.due.due for duty in self.duties if duty.due.due is not None), default=None)

    @property
    def until(self) -> date | None:
        """The last day of all its duties; None when one of them has none."""
        ends = [duty.due.until for duty in self.counting]
        return max((end for end in ends if end is not None), default=None) if None not in ends else None

    @property
    def moves(self) -> bool:
        """A planned dose will move its last day."""
        return any(duty.due.moves for duty in self.counting)

    @property
    def missed(self) -> int:
        return max((duty.due.missed for duty in self.duties), default=0)

    def escalates(self, today: date) -> bool:
        """A lab is overdue for as many days as the data of its therapy name for that, or longer."""
        if self.test.owner != LAB:
            return False
        for duty in self.duties:
            days, due = duty.facts.lab_escalates_after, duty.due.due
            if (
                duty.state is State.OVERDUE
                and days is not None
                and due is not None
                and (today - due).days >= days
            ):
                return True
        return False

    @property
    def is_overdue(self) -> bool:
        return self.state is State.OVERDUE

    @property
    def is_ours(self) -> bool:
        """The clinic sees to it, not the patient."""
        return self.test.owner != YOU


@dataclass(slots=True)
class Treated:
    """A therapy that a patient has had: the newest version of its facts, its courses as they went, and the next planned dose."""

    protocol_id: UUID
    runs: list[Run] = field(default_factory=list)
    next_dose: date | None = None


@dataclass(slots=True)
class Kept:
    """What is known of one patient, from which the duties follow."""

    zone: str
    therapies: dict[str, Treated] = field(default_factory=dict)
    last: dict[str, date] = field(default_factory=dict)  # test -> the newest day on which it was done
    decisions: dict[str, Decision] = field(default_factory=dict)


@lru_cache(maxsize=128)
def watches_of(protocol_id: UUID) -> tuple[tuple[Watch, Mapping[str, Any]], ...]:
    """The monitoring facts of a version, read once a process: versions never change."""
    return tuple(
        (watch_of(row, test=code_of_fact(row["key"]), needs_choice=is_for_some(row["key"])), row)
        for row in facts_of(protocol_id).content["monitoring"]
    )


# --- Reading ---------------------------------------------------------------------------------------------------------------


Rows = Callable[[Any], Any]


def load(user: User, patient: Patient | None = None) -> dict[UUID, Kept]:
    """What is known of one patient, or of all whom the person sees and who have had a dose, here or elsewhere.

    Four statements, five for one, and one more where somebody was given something elsewhere.
    """
    return _load(lambda model: model.objects.for_user(user, patient), patient)


def load_all(patient: Patient) -> Kept:
    """The same of one patient, for a system actor."""
    return _load(lambda model: model.objects.for_system().of(patient), patient)[patient.pk]


def _load(rows_of: Rows, patient: Patient | None) -> dict[UUID, Kept]:
    found: dict[UUID, Kept] = {}
    waiting = _courses(rows_of(Course), found)
    _given_elsewhere(rows_of(GivenElsewhere), found, waiting)
    if patient is not None:
        found.setdefault(patient.pk, Kept(patient.site.time_zone))
    results = (
        rows_of(Result).standing().order_by().values_list("patient_id", "test").annotate(Max("taken_on"))
    )
    checks = rows_of(CheckDone).order_by().values_list("patient_id", "fact").annotate(Max("done_on"))
    for patient_id, name, day in results.union(checks, all=True):
        _was_done(found.get(patient_id), code_of_fact(name), day)
    rows = rows_of(DutyDecision).order_by("at", "id")
    for patient_id, fact, at, applies, months in rows.values_list(
        "patient_id", "fact", "at", "applies", "every_months"
    ):
        if patient_id in found:
            kept = found[patient_id]
            kept.decisions[fact] = Decision(today_in(at, kept.zone), applies, months)
    if patient is not None:
        asked = rows_of(SelfCheck).aggregate(at=Max("answered_at"))["at"]
        if asked is not None:
            _was_done(found[patient.pk], "self_check", today_in(asked, patient.site.time_zone))
    return found


Waiting = dict[tuple[UUID, str], tuple[UUID, date | None]]


def _courses(courses: Any, found: dict[UUID, Kept]) -> Waiting:
    """The courses with a dose. Returns those that go on without one yet, by patient and therapy: the version, and the next planned dose."""
    waiting: Waiting = {}
    rows = courses.order_by("starts_on", "id").annotate(
        days=ArrayAgg("doses__given_on", filter=Q(doses__given_on__isnull=False)),
        coming=Min("doses__target", filter=Q(doses__state="planned")),
        version=Coalesce("moved_to_id", "order__protocol_id"),
    )
    wanted = ("patient_id", "patient__site__time_zone", "version", "ended_on", "days", "coming")
    for patient_id, zone, protocol_id, ended_on, days, coming in rows.values_list(*wanted):
        if not days:
            if ended_on is None:
                waiting[patient_id, facts_of(protocol_id).code] = (protocol_id, coming)
            continue
        kept = found.setdefault(patient_id, Kept(zone))
        treated = kept.therapies.setdefault(facts_of(protocol_id).code, Treated(protocol_id))
        treated.protocol_id = protocol_id
        treated.runs.append(Run(tuple(sorted(days)), ended_on))
        if ended_on is None:
            treated.next_dose = coming
    return waiting


def _given_elsewhere(rows: Any, found: dict[UUID, Kept], waiting: Waiting) -> None:
    """Doses given elsewhere, once somebody has confirmed them: they start and restart duties as doses here do.

    They count as ended with their last day, unless an order here goes on with the same therapy and has had no dose yet.
    """
    wanted = (
        "patient_id", "patient__site_id", "patient__site__time_zone", "therapy_id", "therapy__code", "first_on", "last_on",
        "confirmed_at",
    )  # fmt: skip
    confirmed = rows.filter(
        withdrawn_at__isnull=True, confirmed_at__isnull=False, last_on__isnull=False
    ).exclude(doses_given=0)
    told = list(confirmed.order_by("id").values_list(*wanted))
    if not told:
        return
    versions: dict[tuple[UUID, Any], UUID] = {}  # the newest of the file and of each site
    known: dict[UUID, list[tuple[Any, UUID]]] = defaultdict(list)
    every = Protocol.objects.filter(therapy_id__in={row[3] for row in told}).order_by("version")
    for therapy_id, site_id, version in every.values_list("therapy_id", "site_id", "pk"):
        known[therapy_id].append((site_id, version))
    for patient_id, site_id, zone, therapy_id, code, first_on, last_on, confirmed_at in told:
        kept = found.setdefault(patient_id, Kept(zone))
        going_on = waiting.get((patient_id, code))
        treated = kept.therapies.get(code)
        if treated is None:
            if (therapy_id, site_id) not in versions:
                at_site = [version for site, version in known[therapy_id] if site in (None, site_id)]
                versions[therapy_id, site_id] = at_site[-1]
            protocol_id = going_on[0] if going_on is not None else versions[therapy_id, site_id]
            treated = kept.therapies.setdefault(code, Treated(protocol_id))
        if going_on is not None and treated.next_dose is None:
            treated.next_dose = going_on[1]
        given = tuple(sorted({day for day in (first_on, last_on) if day is not None}))
        ended_on = None if going_on is not None else last_on
        treated.runs.append(Run(given, ended_on, known_on=today_in(confirmed_at, zone)))
        treated.runs.sort(key=lambda run: run.given[0])


def _was_done(kept: Kept | None, test: str, day: date) -> None:
    if kept is not None:
        kept.last[test] = max(day, kept.last.get(test, day))


def lines_of(kept: Kept, now: datetime, *, whole: bool = True) -> list[Line]:
    """Every test of a patient, the most pressing first; without `whole` only those that can have a day or wait for a word, in any order."""
    today = today_in(now, kept.zone)
    duties: dict[str, list[Duty]] = defaultdict(list)
    for treated in kept.therapies.values():
        facts = facts_of(treated.protocol_id)
        for watch, row in watches_of(treated.protocol_id):
            decision = kept.decisions.get(watch.fact)
            if not (whole or watch.every_months or watch.needs_choice or decision is not None):
                continue
            due = due_of(
                watch, treated.runs, last=kept.last.get(watch.test), decision=decision, next_dose=treated.next_dose, today=today
            )  # fmt: skip
            duties[watch.test].append(Duty(due, row, facts.name, facts, decision))
    codes = [*duties, *(code for code in kept.last if whole and code not in duties)]
    lines = [
        Line(named_test(code, _item(duties[code])), tuple(duties[code]), kept.last.get(code))
        for code in codes
    ]
    return sorted(lines, key=_pressing) if whole else lines


def _item(duties: Iterable[Duty]) -> str:
    return next((str(duty.row["item"]) for duty in duties), "")


def _pressing(line: Line) -> tuple[int, date, str]:
    return (
        RANK[line.state] if line.state is not None else len(RANK),
        line.due or date.max,
        str(line.test.label),
    )


def ledger_of(user: User, patient: Patient, now: datetime) -> list[Line]:
    """The tests of one patient."""
    return lines_of(load(user, patient)[patient.pk], now)


def duty_of(lines: Iterable[Line], fact: str) -> Duty | None:
    return next((duty for line in lines for duty in line.duties if duty.due.watch.fact == fact), None)


def decisions_of(user: User, patient: Patient) -> dict[str, DutyDecision]:
    """The newest word of a prescriber about each fact, with the name."""
    rows: Any = DutyDecision.objects.for_user(user, patient).select_related("by").order_by("at", "id")
    return {row.fact: row for row in rows}


def known_tests(lines: Iterable[Line]) -> dict[str, Test]:
    """The tests of which a result can be entered: all that are listed, and those that only this patient's protocols name."""
    found = {line.test.code: line.test for line in lines} | TESTS
    return {code: test for code, test in found.items() if test.owner != YOU}


__all__ = [
    "Duty",
    "Kept",
    "Line",
    "decisions_of",
    "duty_of",
    "known_tests",
    "ledger_of",
    "lines_of",
    "load",
    "load_all",
    "watches_of",
]
