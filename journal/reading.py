"""Entries as pages show them: in words, with a constant number of statements whatever their number."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from accounts.models import User
from journal.calendar import Week, by_week, day_words, page_start
from journal.models import EntryRevision, JournalEntry, SensitivePart, SharedEntry, Tracker
from journal.symptoms import Scores, Symptom, in_order, lines, sentence
from patients.models import Patient

SUMMARY_DAYS = 14


@dataclass(frozen=True, slots=True)
class Shown:
    """One entry, or one shared copy of it, in words."""

    id: UUID
    occurred_on: date
    recorded_at: datetime
    backfilled: bool
    version: int
    scores: Scores
    note: str
    shared: bool = False
    taken_back_at: datetime | None = None
    shared_at: datetime | None = None

    @property
    def day(self) -> str:
        return day_words(self.occurred_on)

    @property
    def lines(self) -> list[tuple[str, str]]:
        return lines(self.scores)

    @property
    def sentence(self) -> str:
        return sentence(self.scores)

    def with_scores(self, scores: Scores) -> Shown:
        return replace(self, scores=scores)


@dataclass(frozen=True, slots=True)
class Page:
    """Up to four weeks of entries. `older` is the day before which the next page begins, None at the end."""

    weeks: list[Week] = field(default_factory=list)
    older: date | None = None
    newest: bool = True


def followed(user: User, patient: Patient) -> list[Symptom] | None:
    """The symptoms the patient chose, in order; None before the first choice."""
    tracker = Tracker.objects.for_user(user, patient).first()
    return None if tracker is None else in_order(tracker.codes)


def shown(user: User, patient: Patient, entries: Iterable[JournalEntry]) -> list[Shown]:
    """Entries with what this person may read of them: two statements for any number of entries."""
    rows = list(entries)
    ids = [entry.pk for entry in rows]
    parts = {
        part.entry_id: part.scores
        for part in SensitivePart.objects.for_user(user, patient).filter(entry__in=ids)
    }
    copies = SharedEntry.objects.for_user(user, patient).live().filter(entry__in=ids)
    shared = dict(copies.values_list("entry_id", "shared_at"))
    return [
        Shown(
            id=entry.pk,
            occurred_on=entry.occurred_on,
            recorded_at=entry.recorded_at,
            backfilled=entry.backfilled,
            version=entry.version,
            scores={**entry.scores, **parts.get(entry.pk, {})},
            note=entry.note,
            shared=entry.pk in shared,
            taken_back_at=entry.taken_back_at,
            shared_at=shared.get(entry.pk),
        )
        for entry in rows
    ]


def journal_page(user: User, patient: Patient, *, before: date | None, today: date) -> Page:
    """Four weeks of the journal, newest first, beginning with the newest entry before the day `before`.

    Long gaps are skipped, not shown. What only holds things this person may not read is left out.
    """
    entries = JournalEntry.objects.for_user(user, patient).standing()
    top = entries.filter(occurred_on__lt=before) if before else entries
    newest = top.newest_first().values_list("occurred_on", flat=True).first()
    if newest is None:
        return Page(newest=before is None)
    start = page_start(newest)
    found = shown(user, patient, entries.between(start, newest).newest_first())
    readable = [entry for entry in found if entry.scores or entry.note]
    more = entries.filter(occurred_on__lt=start).exists()
    return Page(by_week(readable, today), start if more else None, before is None)


def shared_page(user: User, patient: Patient, *, before: date | None, today: date) -> Page:
    """Four weeks of what the team sees, in the same shape."""
    copies = SharedEntry.objects.for_user(user, patient).live()
    top = copies.filter(occurred_on__lt=before) if before else copies
    newest = top.newest_first().values_list("occurred_on", flat=True).first()
    if newest is None:
        return Page(newest=before is None)
    start = page_start(newest)
    found = [shown_copy(copy) for copy in copies.between(start, newest).newest_first()]
    more = copies.filter(occurred_on__lt=start).exists()
    return Page(by_week(found, today), start if more else None, before is None)


def shown_copy(copy: SharedEntry) -> Shown:
    return Shown(
        id=copy.entry_id,
        occurred_on=copy.occurred_on,
        recorded_at=copy.recorded_at,
        backfilled=copy.backfilled,
        version=copy.version,
        scores=copy.snapshot["scores"],
        note=copy.snapshot["note"],
        shared=True,
        shared_at=copy.shared_at,
    )


def shared_lately(user: User, patient: Patient, *, today: date) -> list[Shown]:
    """What was shared about the last 14 days, today included, newest first."""
    first = today - timedelta(days=SUMMARY_DAYS - 1)
    copies = SharedEntry.objects.for_user(user, patient).live().between(first, today).newest_first()
    return [shown_copy(copy) for copy in copies]


def entries_of_day(user: User, patient: Patient, day: date) -> list[Shown]:
    """The entries about one day, newest first."""
    return entries_of_days(user, patient, day, day)


def entries_of_days(user: User, patient: Patient, first: date, last: date) -> list[Shown]:
    """The entries about some days, the last one included, newest first."""
    entries = JournalEntry.objects.for_user(user, patient).standing().between(first, last).newest_first()
    return shown(user, patient, entries)


@dataclass(frozen=True, slots=True)
class Change:
    """One version in the history of an entry."""

    kind: str
    at: datetime
    day: str
    lines: list[tuple[str, str]]
    note: str


def history_of(user: User, entry: JournalEntry) -> list[Change]:
    """Every version of an entry, newest first."""
    revisions = EntryRevision.objects.for_user(user).filter(entry=entry).order_by("-version")
    return [
        Change(
            kind=revision.kind,
            at=revision.at,
            day=day_words(date.fromisoformat(revision.content["occurred_on"])),
            lines=lines(revision.content["scores"]),
            note=revision.content["note"],
        )
        for revision in revisions
    ]
