"""Allergies and medicines on the profile: the patient and the team add, change and end entries; nothing is deleted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.http import Http404
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.services import names_of
from patients.areas import TREATMENT
from patients.models import Patient
from patients.services import exactly_once, record_change, require
from portal.lib.ids import uuid7
from portal.lib.problems import Conflict, DomainError
from treatment.models import Allergy, ListEntry, Medicine

WRITERS = ("self", "team", "break_glass")
WHAT_LENGTH = 200
MORE_LENGTH = 500


class NothingNamed(DomainError):
    default_message = gettext_lazy("Write what it is.")
    status = 422


class EntryTooLong(DomainError):
    default_message = gettext_lazy("Make your text shorter.")
    status = 422


class EntryChanged(Conflict):
    default_message = gettext_lazy(
        "This entry was changed somewhere else. Your words are kept here. Look at the newest version, then save again."
    )


class AllergiesThere(DomainError):
    default_message = gettext_lazy("There are allergies in the list. End them first if they are not true.")


@dataclass(frozen=True, slots=True)
class Line:
    """An entry as it stands: newest version, who wrote it, when."""

    entry: UUID
    version: int
    what: str
    more: str
    ended: bool
    written_by: str
    by_patient: bool
    written_at: datetime
    none_known: bool = False


def _line(row: Any, names: dict[UUID, dict[str, Any]]) -> Line:
    text = row.text
    return Line(
        entry=row.entry,
        version=row.version,
        what=text["what"],
        more=text.get("reaction") or text.get("how") or "",
        ended=row.ended,
        written_by=str(names.get(row.written_by_id, {}).get("name", "")),
        by_patient=row.by_patient,
        written_at=row.written_at,
        none_known=getattr(row, "kind", "") == Allergy.Kind.NONE_KNOWN,
    )


def _lines(
    rows: Iterable[ListEntry],
    *,
    all_versions: bool = False,
    names: dict[UUID, dict[str, Any]] | None = None,
) -> list[Line]:
    """Entries in the order of their first version; only the newest version of each unless all are asked for.

    `names` of the writers, when they are known already.
    """
    found = list(rows)
    if names is None:
        names = names_of({row.written_by_id for row in found})
    if all_versions:
        return [_line(row, names) for row in found]
    newest: dict[UUID, ListEntry] = {}
    for row in sorted(found, key=lambda row: (row.written_at, row.version)):
        newest[row.entry] = row
    return [_line(row, names) for row in newest.values()]


def allergies_of(user: User, patient: Patient, *, ended: bool = False) -> list[Line]:
    """The allergies that stand, or those that were ended. "No known allergies" is a line with `none_known`."""
    rows = Allergy.objects.for_user(user, patient).order_by("written_at", "version")
    return [line for line in _lines(rows) if line.ended == ended]


def medicines_of(user: User, patient: Patient, *, ended: bool = False) -> list[Line]:
    """The medicines that stand, or those that were ended."""
    rows = Medicine.objects.for_user(user, patient).order_by("written_at", "version")
    return [line for line in _lines(rows) if line.ended == ended]


def both_of(user: User, patient: Patient) -> tuple[list[Line], list[Line]]:
    """The allergies and the medicines that stand: three statements for both."""
    allergies = list(Allergy.objects.for_user(user, patient).order_by("written_at", "version"))
    medicines = list(Medicine.objects.for_user(user, patient).order_by("written_at", "version"))
    names = names_of({row.written_by_id for row in (*allergies, *medicines)})

    def standing(rows: Iterable[ListEntry]) -> list[Line]:
        return [line for line in _lines(rows, names=names) if not line.ended]

    return standing(allergies), standing(medicines)


def versions_of(user: User, patient: Patient, model: Any, entry: UUID) -> list[Line]:
    """Every version of an entry, oldest first. Raises Http404."""
    rows = model.objects.for_user(user, patient).filter(entry=entry).order_by("version")
    lines = _lines(rows, all_versions=True)
    if not lines:
        raise Http404
    return lines


def _text(what: str, more: str) -> tuple[str, str]:
    what, more = what.strip(), more.strip()
    if not what:
        raise NothingNamed
    if len(what) > WHAT_LENGTH or len(more) > MORE_LENGTH:
        raise EntryTooLong
    return what, more


def _write(
    model: Any, *, by: User, capacity: str, patient: Patient, entry: UUID, version: int, text: dict[str, str],
    now: datetime, ended: bool = False, **more: Any,
) -> UUID:  # fmt: skip
    row = model(
        id=uuid7(), patient=patient, entry=entry, version=version, ended=ended, written_by=by,
        capacity=capacity, written_at=now, created_at=now, **more,
    )  # fmt: skip
    row.text = text
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:  # somebody else wrote this version first
        raise EntryChanged from None
    return entry


def _newest(model: Any, user: User, patient: Patient, entry: UUID) -> Any:
    row = model.objects.for_user(user, patient).filter(entry=entry).order_by("-version").first()
    if row is None:
        raise Http404
    return row


@transaction.atomic
def save_allergy(
    *, by: User, patient: Patient, id: UUID, what: str, reaction: str = "", entry: UUID | None = None, version: int = 0,
    now: datetime,
) -> UUID:  # fmt: skip
    """Add an allergy, or change `entry` from the `version` that was read. An answer "none known" ends. Returns the entry's id.

    Raises NothingNamed, EntryTooLong, EntryChanged, DifferentContent, NotAllowed.
    """
    capacity = require(by, patient, TREATMENT, *WRITERS)
    what, reaction = _text(what, reaction)
    text = {"what": what, "reaction": reaction}

    def make() -> UUID:
        if entry is None:
            for line in allergies_of(by, patient):
                if line.none_known:
                    _end(
                        Allergy,
                        by=by,
                        capacity=capacity,
                        patient=patient,
                        entry=line.entry,
                        version=line.version,
                        now=now,
                    )
            made = _write(
                Allergy, by=by, capacity=capacity, patient=patient, entry=id, version=1, text=text, now=now
            )
            record_change(by, patient, "allergy.written", made)
            return made
        row = _standing(Allergy, by, patient, entry, version)
        if row.kind == Allergy.Kind.NONE_KNOWN:
            raise Http404
        _write(
            Allergy,
            by=by,
            capacity=capacity,
            patient=patient,
            entry=entry,
            version=version + 1,
            text=text,
            now=now,
        )
        record_change(by, patient, "allergy.changed", entry)
        return entry

    content = [str(entry), version, what, reaction]
    done = exactly_once(act="allergy.save", id=id, patient=patient, user=by, content=content, do=make)
    assert done.result is not None
    return done.result


@transaction.atomic
def say_no_known_allergies(*, by: User, patient: Patient, id: UUID, now: datetime) -> UUID:
    """The explicit answer "No known allergies". Raises AllergiesThere when allergies stand in the list."""
    capacity = require(by, patient, TREATMENT, *WRITERS)

    def make() -> UUID:
        standing = allergies_of(by, patient)
        if any(not line.none_known for line in standing):
            raise AllergiesThere
        if standing:
            return standing[0].entry
        text = {"what": "", "reaction": ""}
        made = _write(
            Allergy, by=by, capacity=capacity, patient=patient, entry=id, version=1, text=text, now=now,
            kind=Allergy.Kind.NONE_KNOWN,
        )  # fmt: skip
        record_change(by, patient, "allergy.none-known", made)
        return made

    done = exactly_once(act="allergy.none", id=id, patient=patient, user=by, content=[], do=make)
    assert done.result is not None
    return done.result


@transaction.atomic
def save_medicine(
    *, by: User, patient: Patient, id: UUID, what: str, how: str = "", entry: UUID | None = None, version: int = 0,
    now: datetime,
) -> UUID:  # fmt: skip
    """Add a medicine, or change `entry` from the `version` that was read. Returns the entry's id.

    Raises NothingNamed, EntryTooLong, EntryChanged, DifferentContent, NotAllowed.
    """
    capacity = require(by, patient, TREATMENT, *WRITERS)
    what, how = _text(what, how)
    text = {"what": what, "how": how}

    def make() -> UUID:
        if entry is None:
            made = _write(
                Medicine, by=by, capacity=capacity, patient=patient, entry=id, version=1, text=text, now=now
            )
            record_change(by, patient, "medicine.written", made)
            return made
        _standing(Medicine, by, patient, entry, version)
        _write(
            Medicine,
            by=by,
            capacity=capacity,
            patient=patient,
            entry=entry,
            version=version + 1,
            text=text,
            now=now,
        )
        record_change(by, patient, "medicine.changed", entry)
        return entry

    content = [str(entry), version, what, how]
    done = exactly_once(act="medicine.save", id=id, patient=patient, user=by, content=content, do=make)
    assert done.result is not None
    return done.result


def _standing(model: Any, by: User, patient: Patient, entry: UUID, version: int) -> Any:
    """The entry's newest version, when it is the one that was read and has not ended."""
    row = _newest(model, by, patient, entry)
    if row.version != version or row.ended:
        raise EntryChanged
    return row


def _end(
    model: Any,
    *,
    by: User,
    capacity: str,
    patient: Patient,
    entry: UUID,
    version: int,
    now: datetime,
) -> UUID:
    row = _standing(model, by, patient, entry, version)
    more = {"kind": row.kind} if model is Allergy else {}
    return _write(
        model, by=by, capacity=capacity, patient=patient, entry=entry, version=version + 1, text=row.text, now=now,
        ended=True, **more,
    )  # fmt: skip


@transaction.atomic
def end_entry(
    *, by: User, patient: Patient, kind: str, entry: UUID, version: int, id: UUID, now: datetime
) -> UUID:
    """End an entry of kind "allergy" or "medicine": it leaves the list, its history stays. Raises EntryChanged, NotAllowed."""
    capacity = require(by, patient, TREATMENT, *WRITERS)
    model: Any = Allergy if kind == "allergy" else Medicine

    def make() -> UUID:
        _end(model, by=by, capacity=capacity, patient=patient, entry=entry, version=version, now=now)
        record_change(by, patient, "allergy.ended" if kind == "allergy" else "medicine.ended", entry)
        return entry

    done = exactly_once(
        act=f"{kind}.end", id=id, patient=patient, user=by, content=[str(entry), version], do=make
    )
    assert done.result is not None
    return done.result
