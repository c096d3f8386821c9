"""The synthetic patients after their doses, and what they plan: check-ins with and without something new, a trip, a vaccine."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from accounts.models import User
from patients.models import Patient
from portal.lib import actor
from portal.lib.ids import uuid7
from treatment.courses import reading
from treatment.dayof import checkins, plans
from treatment.models import CheckIn, Dose, SelfCheck
from treatment.selfcheck import services as selfcheck

if TYPE_CHECKING:
    from portal.demo.world import World


def load(world: World) -> None:
    """After the courses: the last doses are noted as given."""
    maya, samuel, nurse = world.users["patient"], world.users["other-patient"], world.users["nurse"]
    dose = _last(maya, world.patient)
    _answered(maya, world.patient, _asked(world.patient, dose, 1), new=[])
    itching = [
        sign.key
        for sign in selfcheck.signs_of(reading.facts_for(dose.course))
        if "in the 24 hours after an infusion" in sign.text
    ]
    told = _answered(maya, world.patient, _asked(world.patient, dose, 24), new=itching)
    with actor.unit_of_work(actor.Actor(user_id=nurse.pk)):
        at = told.answered_at + timedelta(minutes=40)
        selfcheck.review(by=nurse, patient=world.patient, check_id=told.pk, id=uuid7(), now=at)
    other = _last(samuel, world.other_patient)
    _answered(samuel, world.other_patient, _asked(world.other_patient, other, 1), new=[])
    _asked(world.other_patient, other, 24)  # nobody answered
    with actor.unit_of_work(actor.Actor(user_id=maya.pk)):
        more: dict[str, Any] = {"by": maya, "patient": world.patient, "now": world.at(-2, 18)}
        first = world.today() + timedelta(days=15)
        plans.save_plan(
            id=uuid7(), kind="travel", note="To my sister at the sea", starts_on=first,
            ends_on=first + timedelta(days=12), **more,
        )  # fmt: skip
        plans.save_plan(
            id=uuid7(), kind="vaccine", note="The yearly flu shot", starts_on=None, ends_on=None, **more
        )


def _last(user: User, patient: Patient) -> Dose:
    """The newest dose that was given."""
    with actor.unit_of_work(actor.Actor(user_id=user.pk)):
        given = [dose for dose in reading.doses_of(user, patient) if dose.given_at is not None]
    return max(given, key=lambda dose: dose.given_at or dose.created_at)


def _asked(patient: Patient, dose: Dose, step: int) -> CheckIn:
    """As the worker asked it back then; its mail has long been sent."""
    assert dose.given_at is not None
    at = dose.given_at + timedelta(hours=step)
    with actor.unit_of_work(actor.system("demo")):
        return CheckIn.objects.create(
            patient=patient, dose=dose, step=step, state=CheckIn.State.QUEUED, mail_id=uuid7(), asked_at=at, created_at=at
        )  # fmt: skip


def _answered(user: User, patient: Patient, row: CheckIn, *, new: list[str]) -> SelfCheck:
    with actor.unit_of_work(actor.Actor(user_id=user.pk)):
        return checkins.answer(
            by=user, patient=patient, check_in_id=row.pk, id=uuid7(), new=new, none=not new,
            now=row.asked_at + timedelta(minutes=20),
        )  # fmt: skip
