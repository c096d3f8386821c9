"""A result that somebody was told of from elsewhere enters the ledger: once, marked, and with the second look that it has had."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from accounts.models import User
from patients.models import Patient
from patients.services import record_change
from portal.lib.ids import uuid7
from treatment.ledger.known import INDEX, TESTS
from treatment.ledger.services import NUMBER, check_day, checked_details
from treatment.models import Result, ResultContent, ResultLook

JCV = "jcv"


def bring_jcv(
    *, by: User, patient: Patient, id: UUID, assay: str, index: str, taken_on: date, written_by: User, written_at: datetime,
    now: datetime,
) -> bool:  # fmt: skip
    """Enter a JC virus test of a confirmed note, by whoever wrote it down; `by` confirms the note, which is the second look when it is
    somebody else. An index that is no number is kept in its words. False when the same result of that day was entered before, whatever
    became of it. Inside the transaction of the note. Raises NotPossible.
    """
    test = TESTS[JCV]
    number = index.replace(" ", "")
    told = [{"code": INDEX, "number": number, "unit": INDEX}] if NUMBER.fullmatch(number) else []
    details = checked_details(test, values=told, words="" if told else index, assay=assay, mark="")
    check_day(patient, taken_on, now)
    there = Result.objects.for_user(by, patient).filter(test=JCV, taken_on=taken_on).select_related("content")
    if any(_found(row.content.details) == _found(details) for row in there):
        return False
    row = Result(
        id=id, patient=patient, test=JCV, taken_on=taken_on, entered_by=written_by, entered_at=written_at
    )
    row.save(force_insert=True)
    content = ResultContent(id=uuid7(), patient=patient, result=row)
    content.details = {**details, "elsewhere": True}
    content.save(force_insert=True)
    record_change(by, patient, "result.entered", row.pk)
    if written_by.pk != by.pk:
        ResultLook(id=uuid7(), patient=patient, result=row, by=by, at=now).save(force_insert=True)
        record_change(by, patient, "result.checked", row.pk)
    return True


def _found(details: dict[str, Any]) -> tuple[Any, ...]:
    """What makes two entries the same: the numbers, the words and the name of the test."""
    values = sorted((value["code"], value["number"], value["unit"]) for value in details["values"])
    return values, details["words"].casefold(), " ".join(details["assay"].casefold().split())


__all__ = ["bring_jcv"]
