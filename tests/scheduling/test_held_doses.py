"""A dose that something stands against is not booked, and what was booked before stands on "What first?"."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from portal.lib import actor
from portal.lib.ids import uuid7
from portal.lib.time import now as present
from scheduling import infusions, problems, services
from scheduling.doses import BookableDose
from tests.scheduling.chairs import Ward
from treatment.models import Course, Dose, Postponement


def hold(ward: Ward, dose: BookableDose) -> BookableDose:
    ward.planned[ward.patient.pk] = replace(dose, held=True)
    return ward.planned[ward.patient.pk]


def test_no_time_is_asked_for_confirmed_or_moved_while_the_dose_is_held(ward: Ward) -> None:
    dose = ward.dose()
    times = ward.times(dose)
    asked = ward.ask(dose, times[3])
    hold(ward, dose)
    for who in (ward.maya, ward.rosa):
        with pytest.raises(services.BookingClosed):
            ward.ask(dose, times[5], by=who)
    with pytest.raises(services.BookingClosed):
        ward.act(infusions.confirm, asked)
    assert ward.visit(asked).state == "requested"  # it waits, nothing is lost


def said(ward: Ward) -> list[Any]:
    with actor.unit_of_work(actor.Actor(user_id=ward.rosa.pk)):
        return list(problems.booked_but_waiting(ward.rosa, present()))


def put_off(ward: Ward, dose: BookableDose, reason: str, days: int) -> None:
    with actor.unit_of_work(actor.system("test")):
        Postponement.objects.for_system().of(ward.patient).update(
            ended_at=present(), ended_by=ward.rosa, ended_how="again"
        )
        row = Postponement(
            patient=ward.patient, dose_id=dose.id, reason=reason, owner="nurse", made_by=ward.rosa, made_at=present(),
            recheck_on=ward.world.today() + timedelta(days=days), id=uuid7(),
        )  # fmt: skip
        row.note = ""
        row.save(force_insert=True)


def test_a_booked_time_whose_dose_does_not_go_ahead_stands_on_what_first(ward: Ward) -> None:
    dose = ward.dose()
    ward.ask(dose, ward.times(dose, by=ward.rosa)[0], by=ward.rosa)
    assert said(ward) == []
    put_off(ward, dose, "infection", 1)
    assert said(ward) == []  # somebody looks again before that day
    put_off(ward, dose, "infection", 60)
    assert len(said(ward)) == 1
    put_off(ward, dose, "reaction", 0)
    (one,) = said(ward)
    assert "its dose does not go ahead now" in one.words
    put_off(ward, dose, "wish", 0)
    assert said(ward) == []
    with actor.unit_of_work(actor.system("test")):
        Course.objects.for_system().filter(doses=dose.id).update(paused_on=ward.world.today())
    assert len(said(ward)) == 1
    with actor.unit_of_work(actor.system("test")):
        Course.objects.for_system().filter(doses=dose.id).update(paused_on=None)
        Dose.objects.for_system().filter(pk=dose.id).update(state="missed")
    assert len(said(ward)) == 1
