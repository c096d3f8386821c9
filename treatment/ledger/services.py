"""The acts of the ledger: entering a result, the second look, releasing it, seeing it, and a prescriber's word about a duty.

Nothing is changed and nothing is deleted: a wrong entry is corrected by another one. Nothing here says that a result is good or bad.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from patients.areas import TREATMENT
from patients.models import Patient
from patients.services import exactly_once, record_change, require
from portal.lib.contributions import tell_patient
from portal.lib.ids import uuid7
from portal.lib.problems import Conflict, DomainError, NotAllowed
from portal.lib.time import today_in
from treatment.courses.guards import TEXT_LENGTH, NotAPrescriber, is_prescriber
from treatment.ledger.known import Measure, Test
from treatment.ledger.models import MOST_MONTHS
from treatment.ledger.reading import duty_of, known_tests, ledger_of
from treatment.models import (
    DutyDecision,
    Result,
    ResultContent,
    ResultLook,
    ResultRelease,
    ResultSeen,
)

UNIT_LENGTH = 20
ASSAY_LENGTH = 80
NUMBER = re.compile(r"[<>]?\d{1,7}(\.\d{1,4})?", re.ASCII)
MARKS = ("", "in", "out")
EARLIEST = date(1980, 1, 1)


class NotPossible(DomainError):
    default_message = gettext_lazy("This result cannot be kept as it is.")
    status = 422


class UnitMissing(NotPossible):
    default_message = gettext_lazy("A number without its unit is not kept. Add the unit as the lab wrote it.")


class AssayMissing(NotPossible):
    default_message = gettext_lazy(
        "Write the name of the test as the lab wrote it. Numbers of different makers cannot be compared."
    )


class NothingFound(NotPossible):
    default_message = gettext_lazy("Enter a number with its unit, or say in words what was found.")


class NotTheSamePerson(NotAllowed):
    default_message = gettext_lazy("You entered this result. The second look is somebody else's.")


class NotLookedAt(Conflict):
    default_message = gettext_lazy(
        "Nobody else has looked at this result yet. It can be released after the second look."
    )


class Corrected(Conflict):
    default_message = gettext_lazy("This entry was corrected. Look at the newest one.")


class AlreadyReleased(Conflict):
    default_message = gettext_lazy("This result was released already, with another note.")


class AlreadyThere(Conflict):
    default_message = gettext_lazy("The same result of this day is in the ledger already.")


# --- What was found ---------------------------------------------------------------------------------------------------------


def checked_details(
    test: Test, *, values: Iterable[Mapping[str, str]], words: str, assay: str, mark: str
) -> dict[str, Any]:
    """The details of a result as they are kept. Raises NotPossible with what is missing: a unit, a name, anything at all."""
    measures = {measure.code: measure for measure in test.measures}
    kept: list[dict[str, Any]] = []
    for value in values:
        measure = measures.get(value["code"])
        if measure is None or value["code"] in {one["code"] for one in kept}:
            raise NotPossible(_("This test does not measure that, or it is named twice."))
        kept.append(
            {"code": measure.code, "number": _number(value["number"]), "unit": _unit(measure, value["unit"])}
        )
    if not kept and not words:
        raise NothingFound
    if len(words) > TEXT_LENGTH or len(assay) > ASSAY_LENGTH or mark not in MARKS:
        raise NotPossible(_("Make your text shorter."))
    if test.by_assay and not assay:
        raise AssayMissing
    return {"values": kept, "words": words, "assay": assay if test.by_assay else "", "mark_code": mark}


def _number(text: str) -> str:
    number = text.replace(" ", "")
    if not NUMBER.fullmatch(number):
        raise NotPossible(
            _("Enter the number with a point and no comma, like 1250 or 0.45. A < or > before it is fine.")
        )
    return number


def _unit(measure: Measure, text: str) -> str:
    unit = text.strip()
    if measure.unit:
        if unit != measure.unit:
            raise UnitMissing(
                _("The unit of %(name)s is %(unit)s.") % {"name": measure.name, "unit": measure.unit}
            )
        return unit
    if not unit:
        raise UnitMissing(
            _("A number without its unit is not kept. Add the unit of %(name)s as the lab wrote it.")
            % {"name": measure.name}
        )
    if len(unit) > UNIT_LENGTH or not re.search(r"[^\W\d_]|%", unit):
        raise UnitMissing(
            _("%(unit)s is no unit. Write the unit of %(name)s as the lab wrote it, like g/L.")
            % {"unit": unit[:UNIT_LENGTH], "name": measure.name}
        )
    return unit


# --- Entering and correcting -------------------------------------------------------------------------------------------------


@transaction.atomic
def enter_result(
    *, by: User, patient: Patient, id: UUID, test: str, taken_on: date, now: datetime, values: Iterable[Mapping[str, str]] = (),
    words: str = "", assay: str = "", mark: str = "", corrects: UUID | None = None, why: str = "",
) -> Result:  # fmt: skip
    """Enter what a test found, once under `id`; with `corrects`, in place of an entry that was wrong (then `why` says what).

    Raises NotPossible, AlreadyThere, Corrected, Http404 for a test that nobody knows here, DifferentContent, NotAllowed.
    """
    require(by, patient, TREATMENT, "team")
    listed = [dict(value) for value in values]

    def make() -> UUID:
        kind = known_tests(ledger_of(by, patient, now)).get(test)
        if kind is None:
            raise Http404
        details = checked_details(kind, values=listed, words=words, assay=assay, mark=mark)
        check_day(patient, taken_on, now)
        wrong = None
        if corrects is not None:
            wrong = _to_correct(by, patient, corrects, why)
            if wrong.test != test:
                raise NotPossible(
                    _("A correction is about the same test. Take this entry back and enter a new one.")
                )
            details["why"] = why
        else:
            _not_twice(by, patient, test, taken_on, details)
        return _keep(by, patient, id, test, taken_on, now, details, wrong)

    content = [test, taken_on.isoformat(), listed, words, assay, mark, str(corrects or ""), why]
    done = exactly_once(act="result.enter", id=id, patient=patient, user=by, content=content, do=make)
    return result_or_404(by, patient, done.result)


@transaction.atomic
def withdraw_result(
    *, by: User, patient: Patient, id: UUID, result_id: UUID, why: str, now: datetime
) -> Result:
    """Say that an entry is none of this patient's. It stays readable for the team, and counts for nothing. Raises as `enter_result`."""
    require(by, patient, TREATMENT, "team")

    def make() -> UUID:
        wrong = _to_correct(by, patient, result_id, why)
        details = {"values": [], "words": "", "assay": "", "mark_code": "", "why": why}
        return _keep(by, patient, id, wrong.test, wrong.taken_on, now, details, wrong, withdrawn=True)

    content = [str(result_id), why]
    done = exactly_once(act="result.withdraw", id=id, patient=patient, user=by, content=content, do=make)
    return result_or_404(by, patient, done.result)


def check_day(patient: Patient, taken_on: date, now: datetime) -> None:
    """Raises NotPossible for a day on which no test can have been done."""
    if not EARLIEST <= taken_on <= today_in(now, patient.site.time_zone):
        raise NotPossible(_("Enter the day on which the test was done. It cannot be in the future."))


def _to_correct(by: User, patient: Patient, result_id: UUID, why: str) -> Result:
    if not why.strip() or len(why) > TEXT_LENGTH:
        raise NotPossible(_("Write in a few words what was wrong."))
    wrong = result_or_404(by, patient, result_id)
    if hasattr(wrong, "correction") or wrong.withdrawn:
        raise Corrected
    return wrong


def _not_twice(by: User, patient: Patient, test: str, taken_on: date, details: dict[str, Any]) -> None:
    same_day = Result.objects.for_user(by, patient).standing().filter(test=test, taken_on=taken_on)
    for row in same_day.select_related("content"):
        if _found(row.content.details) == _found(details):
            raise AlreadyThere


def _found(details: dict[str, Any]) -> dict[str, Any]:
    """What was found, whoever brought it."""
    return {name: part for name, part in details.items() if name not in ("why", "elsewhere")}


def _keep(
    by: User, patient: Patient, id: UUID, test: str, taken_on: date, now: datetime, details: dict[str, Any], wrong: Result | None,
    *, withdrawn: bool = False,
) -> UUID:  # fmt: skip
    row = Result(
        id=id, patient=patient, test=test, taken_on=taken_on, entered_by=by, entered_at=now, corrects=wrong, withdrawn=withdrawn
    )  # fmt: skip
    Result.objects.bulk_create([row], ignore_conflicts=wrong is not None)
    if wrong is not None and not Result.objects.for_user(by, patient).filter(pk=id).exists():
        raise Corrected  # a colleague was quicker
    content = ResultContent(id=uuid7(), patient=patient, result=row)
    content.details = details
    content.save(force_insert=True)
    record_change(
        by,
        patient,
        "result.withdrawn" if withdrawn else "result.corrected" if wrong is not None else "result.entered",
        id,
    )
    return id


def result_or_404(user: User, patient: Patient, result_id: UUID | None) -> Result:
    """A result with its people; for the patient without what was found, unless it was released."""
    rows: Any = Result.objects.for_user(user, patient).with_people()
    found = rows.filter(pk=result_id).first()
    if found is None:
        raise Http404
    row: Result = found
    return row


# --- Second look and release --------------------------------------------------------------------------------------------------


@transaction.atomic
def look_at(*, by: User, patient: Patient, result_id: UUID, id: UUID, now: datetime) -> Result:
    """Somebody other than who entered it has compared it with the report. Whoever comes second changes nothing.

    Raises NotTheSamePerson, Corrected, NotAllowed, Http404.
    """
    require(by, patient, TREATMENT, "team")

    def make() -> UUID:
        row = result_or_404(by, patient, result_id)
        if row.entered_by_id == by.pk:
            raise NotTheSamePerson
        if hasattr(row, "correction"):
            raise Corrected
        look = ResultLook(id=uuid7(), patient=patient, result=row, by=by, at=now)
        ResultLook.objects.bulk_create([look], ignore_conflicts=True)
        if ResultLook.objects.for_user(by, patient).filter(pk=look.pk).exists():
            record_change(by, patient, "result.checked", row.pk)
        return row.pk

    exactly_once(act="result.look", id=id, patient=patient, user=by, content=[str(result_id)], do=make)
    return result_or_404(by, patient, result_id)


@transaction.atomic
def release(
    *, by: User, patient: Patient, result_id: UUID, note: str, id: UUID, now: datetime, tell: bool = True
) -> Result:
    """Open a checked result to the patient, with a note in plain words; the patient is told that there is something to read.

    Raises NotLookedAt, Corrected, AlreadyReleased, NotPossible without a note, NotAllowed, Http404.
    """
    require(by, patient, TREATMENT, "team")

    def make() -> UUID:
        row = result_or_404(by, patient, result_id)
        if not note.strip() or len(note) > TEXT_LENGTH:
            raise NotPossible(
                _("Write a few plain words for the patient: what this result means for the plan.")
            )
        if hasattr(row, "correction"):
            raise Corrected
        if not hasattr(row, "look"):
            raise NotLookedAt
        content = ResultContent.objects.for_user(by, patient).get(result=row)
        made = ResultRelease(id=uuid7(), patient=patient, result=row, by=by, at=now)
        made.details = {name: part for name, part in content.details.items() if name != "why"}
        made.note = note
        ResultRelease.objects.bulk_create([made], ignore_conflicts=True)
        if not ResultRelease.objects.for_user(by, patient).filter(pk=made.pk).exists():
            raise AlreadyReleased
        record_change(by, patient, "result.released", row.pk)
        for say in tell_patient if tell else ():
            say(patient, now)
        return row.pk

    content = [str(result_id), note]
    exactly_once(act="result.release", id=id, patient=patient, user=by, content=content, do=make)
    return result_or_404(by, patient, result_id)


@transaction.atomic
def note_seen(*, by: User, patient: Patient, results: Iterable[Result], now: datetime) -> None:
    """The patient has these released results before them. Only the first time counts; one statement more when there is something new."""
    require(by, patient, TREATMENT, "self")
    new = [
        row
        for row in results
        if hasattr(row, "release") and not any(seen.user_id == by.pk for seen in row.seen.all())
    ]
    rows = [ResultSeen(id=uuid7(), patient=patient, result=row, user=by, at=now) for row in new]
    ResultSeen.objects.bulk_create(rows, ignore_conflicts=True)
    for row in new:
        record_change(by, patient, "result.seen", row.pk)


# --- A prescriber's word -----------------------------------------------------------------------------------------------------------


@transaction.atomic
def decide(
    *, by: User, patient: Patient, fact: str, applies: bool, every_months: int | None, reason: str, id: UUID, now: datetime
) -> DutyDecision:  # fmt: skip
    """A prescriber says whether a duty applies, and how often. A longer interval than the data give, or none, is theirs to answer for.

    Raises NotAPrescriber, NotPossible, Http404 for a fact that is none of this patient's, DifferentContent.
    """
    require(by, patient, TREATMENT, "team")
    if not is_prescriber(by):
        raise NotAPrescriber

    def make() -> UUID:
        if duty_of(ledger_of(by, patient, now), fact) is None:
            raise Http404
        if not reason.strip() or len(reason) > TEXT_LENGTH:
            raise NotPossible(_("Write the reason in a few words."))
        if every_months is not None and not (applies and 1 <= every_months <= MOST_MONTHS):
            raise NotPossible(_("Enter the months as a whole number from 1 to 60."))
        row = DutyDecision(
            id=id, patient=patient, fact=fact, applies=applies, every_months=every_months, by=by, at=now
        )
        row.reason = reason
        row.save(force_insert=True)
        record_change(by, patient, "duty.decided", row.pk)
        return row.pk

    content = [fact, applies, every_months, reason]
    done = exactly_once(act="duty.decide", id=id, patient=patient, user=by, content=content, do=make)
    rows: Any = DutyDecision.objects.for_user(by, patient)
    found: DutyDecision = rows.get(pk=done.result)
    return found


__all__ = [
    "EARLIEST",
    "MOST_MONTHS",
    "AlreadyReleased",
    "AlreadyThere",
    "AssayMissing",
    "Corrected",
    "NotLookedAt",
    "NotPossible",
    "NotTheSamePerson",
    "NothingFound",
    "UnitMissing",
    "check_day",
    "checked_details",
    "decide",
    "enter_result",
    "look_at",
    "note_seen",
    "release",
    "result_or_404",
    "withdraw_result",
]  # fmt: skip
