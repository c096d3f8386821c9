"""Two people at one result at the same moment, with real transactions: one second look, never by who entered it, none past a correction.

Each race is shown first without its guard.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError

from portal.lib import actor
from portal.lib.ids import uuid7
from tests.patients.world import acts_of
from tests.treatment.conftest import Ward, make_ward
from tests.treatment.test_course_races import Task, after, at_once
from tests.treatment.test_ledger import IGG, enter
from treatment.ledger import services
from treatment.models import Result, ResultLook, ResultRelease


@pytest.fixture
def ward(fresh_db: None) -> Ward:
    return make_ward()


@pytest.fixture
def entered(ward: Ward) -> UUID:
    """Immunoglobulins, entered by the nurse; nobody has looked at them yet."""
    return enter(ward)


def without(monkeypatch: pytest.MonkeyPatch) -> None:
    """No row is held, and the second of two rows is an error."""
    many = ResultLook.objects.bulk_create
    monkeypatch.setattr(services, "hold", lambda by, patient: None)
    monkeypatch.setattr(ResultLook.objects, "bulk_create", lambda rows, **more: many(rows))


def looking(ward: Ward, by: Any, result_id: UUID) -> Task:
    return by, lambda: services.look_at(
        by=by, patient=ward.patient, result_id=result_id, id=uuid7(), now=ward.at(ward.today, 10)
    )


def correcting(ward: Ward, result_id: UUID) -> Task:
    by = ward.nurse
    return by, lambda: services.enter_result(
        by=by, patient=ward.patient, test="immunoglobulins", values=[{**IGG, "number": "9.1"}], corrects=result_id,
        why="A slip", taken_on=Result.objects.get(pk=result_id).taken_on, id=uuid7(), now=ward.at(ward.today, 10),
    )  # fmt: skip


def releasing(ward: Ward, result_id: UUID) -> Task:
    by = ward.pharmacist
    return by, lambda: services.release(
        by=by, patient=ward.patient, result_id=result_id, note="We talk about it.", id=uuid7(), now=ward.at(ward.today, 11)
    )  # fmt: skip


def rows(model: Any) -> list[Any]:
    with actor.unit_of_work(actor.system("tests")):
        return list(model.objects.for_system())


@pytest.mark.parametrize("guarded", [False, True])
def test_two_people_confirm_one_result_and_it_is_looked_at_once(
    ward: Ward, entered: UUID, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    if not guarded:
        without(monkeypatch)
    found = after(ward, looking(ward, ward.neurologist, entered), looking(ward, ward.pharmacist, entered))
    errors = [error for error in found if isinstance(error, Exception)]
    assert [type(error) for error in errors] == ([] if guarded else [IntegrityError])
    (look,) = rows(ResultLook)
    assert look.by_id == ward.neurologist.pk
    assert acts_of(ward.patient).count("result.checked team") == 1


def test_who_entered_it_never_confirms_it_whoever_else_does_so_at_that_moment(
    ward: Ward, entered: UUID
) -> None:
    found = at_once(
        looking(ward, ward.nurse, entered),
        looking(ward, ward.neurologist, entered),
        looking(ward, ward.nurse, entered),
        looking(ward, ward.pharmacist, entered),
    )
    assert [isinstance(one, services.NotTheSamePerson) for one in found] == [True, False, True, False]
    assert not any(isinstance(one, Exception) for one in (found[1], found[3]))
    (look,) = rows(ResultLook)
    assert look.by_id in (ward.neurologist.pk, ward.pharmacist.pk)
    assert acts_of(ward.patient).count("result.checked team") == 1


@pytest.mark.parametrize("guarded", [False, True])
def test_nobody_confirms_what_is_corrected_at_that_moment(
    ward: Ward, entered: UUID, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    if not guarded:
        without(monkeypatch)
    found = after(ward, correcting(ward, entered), looking(ward, ward.neurologist, entered))
    assert not isinstance(found[0], Exception)
    assert isinstance(found[1], services.Corrected) == guarded
    assert [row.result_id for row in rows(ResultLook)] == ([] if guarded else [entered])


@pytest.mark.parametrize("guarded", [False, True])
def test_nothing_is_released_that_is_corrected_at_that_moment(
    ward: Ward, entered: UUID, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    by, look = looking(ward, ward.neurologist, entered)
    with ward.acting(by):
        look()
    if not guarded:
        without(monkeypatch)
    found = after(ward, correcting(ward, entered), releasing(ward, entered))
    assert not isinstance(found[0], Exception)
    assert isinstance(found[1], services.Corrected) == guarded
    assert [row.result_id for row in rows(ResultRelease)] == ([] if guarded else [entered])
