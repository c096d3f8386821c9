"""What the team has looked at on "What first?": who, and what exactly stood there then."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import User
from patients.models import Patient
from patients.once import Done, exactly_once
from patients.seen import Acknowledgement
from patients.services import record_change, record_many, require, warm_keys
from portal.lib import contributions
from portal.lib.actor import reading_many
from portal.lib.first import Merged, Problem, merge, was_cut


def mark_of(states: Iterable[str]) -> str:
    """One mark for everything that is wrong in one problem, whatever order it was found in."""
    return hashlib.sha256("|".join(sorted(states)).encode()).hexdigest()


@transaction.atomic
def acknowledge(*, by: User, patient: Patient, id: UUID, key: str, mark: str, now: datetime) -> Done:
    """Say by name that one has seen a problem as it is now. Whoever comes second changes nothing.

    Raises NotAllowed. `now` is aware.
    """
    require(by, patient, "team", "team")

    def make() -> UUID | None:
        row = Acknowledgement(id=id, patient=patient, key=key, mark=mark, user=by, created_at=now)
        made = Acknowledgement.objects.bulk_create([row], ignore_conflicts=True)
        first = Acknowledgement.objects.filter(patient=patient, key=key, mark=mark, pk=made[0].pk).exists()
        if first:
            record_change(by, patient, "problem.seen", patient.pk)
        return patient.pk

    return exactly_once(act="problem.seen", id=id, patient=patient, user=by, content=[key, mark], do=make)


def acknowledged(user: User, patient_ids: Iterable[UUID]) -> dict[tuple[UUID, str, str], Acknowledgement]:
    """What has been acknowledged of these patients, by patient, key and mark: one statement."""
    rows = Acknowledgement.objects.for_user(user).filter(patient_id__in=list(patient_ids))
    return {(row.patient_id, row.key, row.mark): row for row in rows.select_related("user")}


def patients_by_id(user: User, ids: Iterable[UUID]) -> dict[UUID, Patient]:
    """These patients as far as the person may see them, with their sites and keys: two statements."""
    found = Patient.objects.for_user(user).filter(pk__in=list(ids)).select_related("site")
    patients = {patient.pk: patient for patient in found}
    warm_keys(patients)
    return patients


def problems_now(user: User, now: datetime, patient: Patient | None = None) -> list[Problem]:
    """What all sources say, with everybody or with one patient. What only sealed words can tell is opened here, with the keys of
    all patients read at once."""
    found: list[Problem] = [problem for add in contributions.problems for problem in add(user, now, patient)]
    warm_keys({problem.patient_id for problem in found})
    opened = [problem.opened() if problem.opened is not None else problem for problem in found]
    return [problem for problem in opened if problem is not None]


def alerts_of(user: User, patient: Patient, now: datetime, known: str = "") -> list[Problem]:
    """What is wrong with one patient right now, worst first; without what is `known` already: the key of what the person looks at."""
    found = merge(problems_now(user, now, patient))
    return [source for line in found for source in line.sources if known not in source.keys]


SHOWN = 30
KEY = re.compile(r"[a-z]{1,20}(:[0-9a-f-]{36})?")
MARK = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of "What first?", with whoever has seen it as it stands."""

    problem: Merged
    patient: Patient
    mark: str
    seen: Acknowledgement | None


@dataclass(frozen=True, slots=True)
class More:
    """How many lines are not shown. `at_least`: a source had more than it said, so there are more than these, too."""

    count: int
    at_least: bool


def what_first(user: User, now: datetime) -> tuple[list[Line], More]:
    """The lines for a person, worst first, what somebody has seen after the rest; and how many more there are.

    A constant number of statements. Each patient shown gets an entry on the trail.
    """
    with reading_many():
        found = merge(problems_now(user, now))
    seen = acknowledged(user, {line.patient_id for line in found})
    marked = [(line, mark_of(line.states)) for line in found]
    marked.sort(key=lambda pair: (pair[0].patient_id, pair[0].key, pair[1]) in seen)
    shown = marked[:SHOWN]
    patients = patients_by_id(user, {line.patient_id for line, _mark in shown})
    record_many(user, patients.values(), "first.view")
    lines = [
        Line(line, patients[line.patient_id], mark, seen.get((line.patient_id, line.key, mark)))
        for line, mark in shown
        if line.patient_id in patients
    ]
    return lines, More(len(marked) - len(shown), was_cut())
