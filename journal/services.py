"""The door of `journal`: writing, changing, taking back, sharing. The patient alone writes here."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.http import Http404
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from journal import reports
from journal.calendar import DAYS_BACK, earliest_day
from journal.models import EntryRevision, JournalEntry, SensitivePart, SharedEntry, ShareGrant, Tracker
from journal.symptoms import BY_CODE, MOST_FOLLOWED, Scores, in_order, known_scores, split
from patients.models import Patient
from patients.services import exactly_once, record_change, require
from portal.lib.problems import Conflict, DomainError
from portal.lib.time import today_in

UNDO_MINUTES = 10
NOTE_LENGTH = 2000


class NothingWritten(DomainError):
    default_message = _("Choose a word for one symptom, or write a note.")
    status = 422


class DayOutOfReach(DomainError):
    default_message = _("You can write for today and up to %(days)d days back.") % {"days": DAYS_BACK}
    status = 422


class UnknownScore(DomainError):
    default_message = _("Choose one of the five words for each symptom.")
    status = 422


class NoteTooLong(DomainError):
    default_message = _("Make your note shorter: at most %(most)d characters.") % {"most": NOTE_LENGTH}
    status = 422


class TooManySymptoms(DomainError):
    default_message = _("Choose at most %(most)d symptoms.") % {"most": MOST_FOLLOWED}
    status = 422


class ChangedElsewhere(Conflict):
    default_message = _(
        "This entry was changed in another tab or on another device. Your words are kept here. "
        "Look at the newest version, then save again if you want yours."
    )


class TooLateToUndo(DomainError):
    default_message = _(
        "Undo works for %(minutes)d minutes after saving. You can still change the entry, or stop sharing it."
    ) % {"minutes": UNDO_MINUTES}


class WasTakenBack(DomainError):
    default_message = _("You took this entry back. You can write a new one.")


@dataclass(frozen=True, slots=True)
class Words:
    """What a person puts into an entry: scores 0 to 4 by symptom code, a note, the day it is about."""

    occurred_on: date
    scores: Scores
    note: str = ""

    def content(self) -> list[Any]:
        """A form that is the same for the same words."""
        return [self.occurred_on.isoformat(), sorted(self.scores.items()), self.note]


def check_words(words: Words, *, patient: Patient, now: datetime) -> None:
    """Raises NothingWritten, UnknownScore, NoteTooLong, DayOutOfReach. `now` is aware; days are the site's."""
    if not words.scores and not words.note:
        raise NothingWritten
    if not known_scores(words.scores):
        raise UnknownScore
    if len(words.note) > NOTE_LENGTH:
        raise NoteTooLong
    today = today_in(now, patient.site.time_zone)
    if not earliest_day(today) <= words.occurred_on <= today:
        raise DayOutOfReach


# --- Which symptoms ------------------------------------------------------------------------------------------


@transaction.atomic
def choose_symptoms(*, by: User, patient: Patient, codes: Collection[str], now: datetime) -> Tracker:
    """Follow these symptoms from now on; none is a choice too. Raises TooManySymptoms, UnknownScore, NotAllowed."""
    require(by, patient, "journal", "self")
    chosen = [symptom.code for symptom in in_order(codes)]
    if len(chosen) > MOST_FOLLOWED:
        raise TooManySymptoms
    if set(codes) - set(BY_CODE):
        raise UnknownScore
    tracker = _locked_tracker(by, patient)
    if tracker is None:
        try:
            with transaction.atomic():
                tracker = Tracker(patient=patient, codes=chosen, updated_at=now)
                tracker.save(force_insert=True)
        except IntegrityError:  # another tab was first: change what it made
            tracker = _locked_tracker(by, patient)
            assert tracker is not None
    if tracker.codes != chosen:
        tracker.codes, tracker.updated_at = chosen, now
        tracker.save(update_fields=["codes", "updated_at"])
    record_change(by, patient, "journal.symptoms", tracker.pk)
    return tracker


def _locked_tracker(by: User, patient: Patient) -> Tracker | None:
    return Tracker.objects.for_user(by, patient).select_for_update(no_key=True).first()


# --- Entries -------------------------------------------------------------------------------------------------


@transaction.atomic
def write_entry(
    *, by: User, patient: Patient, id: UUID, words: Words, share: bool | None = None, now: datetime
) -> JournalEntry:
    """A new entry with the client-made `id`; a retry gets the first one.

    `share` True shows it to the team, False keeps it private, None does what the standing choice says.
    Raises the errors of `check_words`, DifferentContent, NotAllowed.
    """
    require(by, patient, "journal", "self")
    check_words(words, patient=patient, now=now)

    def do() -> UUID:
        entry = JournalEntry(
            id=id,
            patient=patient,
            occurred_on=words.occurred_on,
            recorded_at=now,
            backfilled=words.occurred_on < today_in(now, patient.site.time_zone),
        )
        entry.scores, sensitive = split(words.scores)
        entry.note = words.note
        entry.save(force_insert=True)
        if sensitive:
            SensitivePart(patient=patient, entry=entry, scores=sensitive).save(force_insert=True)
        _keep_revision(entry, words, EntryRevision.Kind.WRITTEN, now)
        record_change(by, patient, "journal.written", entry.pk)
        standing = standing_grant(by, patient)
        if share or (share is None and standing is not None):
            _share(by, entry, words, now, standing)
        return entry.pk

    content = [*words.content(), share]
    done = exactly_once(act="journal.write", id=id, patient=patient, user=by, content=content, do=do)
    return JournalEntry.objects.for_user(by, patient).get(pk=done.result or id)


@transaction.atomic
def change_entry(
    *,
    by: User,
    patient: Patient,
    entry_id: UUID,
    id: UUID,
    version: int,
    words: Words,
    share: bool,
    now: datetime,
) -> JournalEntry:
    """Other words for an entry, written against its `version`; what stood there before is kept.

    A shared copy is replaced by one of the new version when `share`, and withdrawn otherwise.
    Raises ChangedElsewhere, WasTakenBack, DifferentContent, Http404, NotAllowed and the errors of `check_words`.
    """
    require(by, patient, "journal", "self")
    check_words(words, patient=patient, now=now)

    def do() -> UUID:
        entry = _locked_entry(by, patient, entry_id)
        if entry.version != version:
            raise ChangedElsewhere
        if words != words_of(by, entry):
            entry.occurred_on = words.occurred_on
            entry.backfilled = words.occurred_on < today_in(entry.recorded_at, patient.site.time_zone)
            entry.scores, sensitive = split(words.scores)
            entry.note = words.note
            entry.version += 1
            entry.changed_at = now
            entry.save(update_fields=["occurred_on", "backfilled", "scores", "note", "version", "changed_at"])
            _put_sensitive(by, entry, sensitive)
            _keep_revision(entry, words, EntryRevision.Kind.CHANGED, now)
            record_change(by, patient, "journal.changed", entry.pk)
        live = SharedEntry.objects.for_user(by, patient).live().filter(entry=entry).first()
        if live is not None and (not share or live.version != entry.version):
            _withdraw(by, entry, now, quiet=share)
            live = None
        if share and live is None:
            _share(by, entry, words, now, None)
        return entry.pk

    content = [str(entry_id), version, *words.content(), share]
    exactly_once(act="journal.change", id=id, patient=patient, user=by, content=content, do=do)
    return JournalEntry.objects.for_user(by, patient).get(pk=entry_id)


@transaction.atomic
def take_back(*, by: User, patient: Patient, entry_id: UUID, id: UUID, now: datetime) -> JournalEntry:
    """Undo within ten minutes of writing: the entry leaves the journal and the team's view, its history stays.

    Raises TooLateToUndo, Http404, NotAllowed. Taking back twice is taking back once.
    """
    require(by, patient, "journal", "self")

    def do() -> UUID:
        entry = _locked_entry(by, patient, entry_id, taken_back=True)
        if entry.taken_back_at is None:
            if not can_undo(entry, now):
                raise TooLateToUndo
            entry.taken_back_at = now
            entry.version += 1
            entry.save(update_fields=["taken_back_at", "version"])
            _keep_revision(entry, words_of(by, entry), EntryRevision.Kind.TAKEN_BACK, now)
            _withdraw(by, entry, now, quiet=True)
            record_change(by, patient, "journal.taken-back", entry.pk)
        return entry.pk

    exactly_once(act="journal.undo", id=id, patient=patient, user=by, content=[str(entry_id)], do=do)
    return JournalEntry.objects.for_user(by, patient).get(pk=entry_id)


def can_undo(entry: JournalEntry, now: datetime) -> bool:
    """True for ten minutes after an entry was written, until it was taken back."""
    return entry.taken_back_at is None and now - entry.recorded_at <= timedelta(minutes=UNDO_MINUTES)


def words_of(user: User, entry: JournalEntry) -> Words:
    """What stands in an entry now, as far as this person may read it."""
    part = SensitivePart.objects.for_user(user).filter(entry=entry).first()
    scores = {**entry.scores, **(part.scores if part is not None else {})}
    return Words(entry.occurred_on, scores, entry.note)


def _locked_entry(by: User, patient: Patient, entry_id: UUID, *, taken_back: bool = False) -> JournalEntry:
    """The entry, locked until the transaction ends. Raises Http404, WasTakenBack."""
    entry = (
        JournalEntry.objects.for_user(by, patient).select_for_update(no_key=True).filter(pk=entry_id).first()
    )
    if entry is None:
        raise Http404
    if entry.taken_back_at is not None and not taken_back:
        raise WasTakenBack
    entry.patient = patient
    return entry


def _put_sensitive(by: User, entry: JournalEntry, scores: Scores) -> None:
    part = SensitivePart.objects.for_user(by).filter(entry=entry).first()
    if part is None:
        if scores:
            SensitivePart(patient_id=entry.patient_id, entry=entry, scores=scores).save(force_insert=True)
    elif part.scores != scores:
        part.scores = scores
        part.save(update_fields=["scores"])


def _keep_revision(entry: JournalEntry, words: Words, kind: str, now: datetime) -> None:
    revision = EntryRevision(
        patient_id=entry.patient_id, entry=entry, version=entry.version, kind=kind, at=now
    )
    revision.content = {
        "occurred_on": words.occurred_on.isoformat(),
        "scores": words.scores,
        "note": words.note,
    }
    revision.save(force_insert=True)


# --- Sharing -------------------------------------------------------------------------------------------------


def standing_grant(user: User, patient: Patient) -> ShareGrant | None:
    """The patient's choice to show every new entry to the team, while it holds."""
    return ShareGrant.objects.for_user(user, patient).live().filter(kind="new_entries").first()


@transaction.atomic
def share_entry(*, by: User, patient: Patient, entry_id: UUID, id: UUID, now: datetime) -> JournalEntry:
    """Copy an entry as it stands now into what the team sees. Raises WasTakenBack, Http404, NotAllowed."""
    require(by, patient, "journal", "self")

    def do() -> UUID:
        entry = _locked_entry(by, patient, entry_id)
        if not SharedEntry.objects.for_user(by, patient).live().filter(entry=entry).exists():
            _share(by, entry, words_of(by, entry), now, None)
        return entry.pk

    exactly_once(act="journal.share", id=id, patient=patient, user=by, content=[str(entry_id)], do=do)
    return JournalEntry.objects.for_user(by, patient).get(pk=entry_id)


@transaction.atomic
def unshare_entry(*, by: User, patient: Patient, entry_id: UUID, id: UUID, now: datetime) -> JournalEntry:
    """Withdraw an entry: the team's next view is without it. Raises Http404, NotAllowed."""
    require(by, patient, "journal", "self")

    def do() -> UUID:
        entry = _locked_entry(by, patient, entry_id, taken_back=True)
        _withdraw(by, entry, now)
        return entry.pk

    exactly_once(act="journal.unshare", id=id, patient=patient, user=by, content=[str(entry_id)], do=do)
    return JournalEntry.objects.for_user(by, patient).get(pk=entry_id)


@transaction.atomic
def share_new_entries(*, by: User, patient: Patient, id: UUID, now: datetime) -> None:
    """From now on every new entry is shared unless the patient says otherwise. Raises NotAllowed."""
    require(by, patient, "journal", "self")

    def do() -> UUID | None:
        if standing_grant(by, patient) is None:
            grant = ShareGrant(patient=patient, kind="new_entries", granted_at=now)
            try:
                with transaction.atomic():
                    grant.save(force_insert=True)
            except IntegrityError:  # another tab was first, and wanted the same
                return None
            record_change(by, patient, "journal.sharing-on", grant.pk)
        return None

    exactly_once(act="journal.sharing-on", id=id, patient=patient, user=by, content=[], do=do)


@transaction.atomic
def keep_new_entries_private(*, by: User, patient: Patient, id: UUID, now: datetime) -> None:
    """New entries are private again; what was shared before stays shared. Raises NotAllowed."""
    require(by, patient, "journal", "self")

    def do() -> UUID | None:
        grants = ShareGrant.objects.for_user(by, patient).live().filter(kind="new_entries")
        for grant in grants.select_for_update(no_key=True):
            grant.revoked_at = now
            grant.save(update_fields=["revoked_at"])
            record_change(by, patient, "journal.sharing-off", grant.pk)
        return None

    exactly_once(act="journal.sharing-off", id=id, patient=patient, user=by, content=[], do=do)


@transaction.atomic
def stop_all_sharing(*, by: User, patient: Patient, id: UUID, now: datetime) -> int:
    """Withdraw everything, reports too, and keep new entries private; gives how many entries were withdrawn now."""
    require(by, patient, "journal", "self")
    withdrawn = 0

    def do() -> UUID | None:
        nonlocal withdrawn
        withdrawn = SharedEntry.objects.for_user(by, patient).live().update(withdrawn_at=now)
        ShareGrant.objects.for_user(by, patient).live().update(revoked_at=now)
        reports.withdraw_all(by, patient, now)
        record_change(by, patient, "journal.unshared-all")
        return None

    exactly_once(act="journal.unshare-all", id=id, patient=patient, user=by, content=[], do=do)
    return withdrawn


def _share(by: User, entry: JournalEntry, words: Words, now: datetime, standing: ShareGrant | None) -> None:
    """Copy `words` for the team, under the standing choice or one for this entry alone."""
    grant = standing
    if grant is None:
        mine = ShareGrant.objects.for_user(by).live().filter(entry=entry, kind="entry")
        grant = mine.first()
    if grant is None:
        grant = ShareGrant(patient_id=entry.patient_id, kind="entry", entry=entry, granted_at=now)
        grant.save(force_insert=True)
    shared = SharedEntry(
        patient_id=entry.patient_id,
        entry=entry,
        grant=grant,
        version=entry.version,
        occurred_on=words.occurred_on,
        recorded_at=entry.recorded_at,
        backfilled=entry.backfilled,
        shared_at=now,
    )
    shared.snapshot = {"scores": words.scores, "note": words.note}
    shared.save(force_insert=True)
    record_change(by, entry.patient, "journal.shared", entry.pk)


def _withdraw(by: User, entry: JournalEntry, now: datetime, *, quiet: bool = False) -> None:
    """The live copy goes, and with it the choice for this entry. `quiet`: another act is on the trail already."""
    gone = SharedEntry.objects.for_user(by).live().filter(entry=entry).update(withdrawn_at=now)
    ShareGrant.objects.for_user(by).live().filter(entry=entry, kind="entry").update(revoked_at=now)
    if gone and not quiet:
        record_change(by, entry.patient, "journal.unshared", entry.pk)
