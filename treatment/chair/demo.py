"""Chair records of the synthetic clinic: Maya's and Samuel's last doses are closed ones, and one infusion is running today."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from patients.models import Patient
from patients.services import patients_of
from portal.lib import actor
from portal.lib.ids import uuid7
from treatment.chair import services
from treatment.chair.checks import checks_of
from treatment.chair.reading import observation_minutes
from treatment.courses import reading
from treatment.readiness import answers

if TYPE_CHECKING:
    from portal.demo.world import World

TODAY = "Omar Sayed"


def in_the_chair(
    world: World, patient: Patient, dose_id: UUID, began: datetime, *, lot: str, signs: tuple[str, ...] = ()
) -> None:
    """A whole record of one dose from `began` on, closed; with a mild reaction when there are signs."""
    hand = Chair(world, patient, dose_id, began - timedelta(minutes=30))
    hand.ask()
    hand.note("premedication", what="Antihistamine", amount="by mouth")
    hand.note("vitals", 5, pulse=74, systolic=118, diastolic=76, temperature="98.2", unit="F", oxygen=98)
    hand.check(25)
    hand.note("started", ml_h="40")
    if signs:
        hand.note("stopped", 40, words="Itching on both arms")
        hand.note("reaction", 1, signs=signs, grade=2, done="A break, then slower")
        hand.note("went_on", 14)
        hand.note("rate", 1, ml_h="30")
    hand.note("vitals", 30, pulse=78, systolic=121, diastolic=79)
    hand.note("ended", 60)
    with hand.acting():
        dose = reading.dose_or_404(hand.nurse, patient, dose_id)
        minutes = observation_minutes(hand.nurse, patient, dose)
    if minutes:
        hand.note("observing", 1)
        hand.note("observed", minutes)
    with hand.acting():
        services.close(
            by=hand.nurse, patient=patient, dose_id=dose_id, extent="whole", lot=lot, line_site="Left forearm",
            note="Itching on the arms. Slower, then it went." if signs else "", id=uuid7(), now=hand.now + timedelta(minutes=5),
        )  # fmt: skip


class Chair:
    """The nurse, writing in one record; `now` goes on with each line."""

    def __init__(self, world: World, patient: Patient, dose_id: UUID, now: datetime) -> None:
        self.nurse, self.patient, self.dose_id, self.now = world.users["nurse"], patient, dose_id, now

    def acting(self) -> Any:
        return actor.unit_of_work(actor.Actor(user_id=self.nurse.pk))

    def ask(self) -> None:
        """The questions before the dose, asked at the chair: nothing worries."""
        with self.acting():
            dose = reading.dose_or_404(self.nurse, self.patient, self.dose_id)
            asked = answers.questions_for(self.nurse, self.patient, dose)
            said = {one.fact: "no" if one.concern_if == "yes" else "yes" for one in asked}
            answers.answer(
                by=self.nurse, patient=self.patient, dose_id=self.dose_id, said=said, place="chair", id=uuid7(), now=self.now
            )  # fmt: skip

    def check(self, after: int) -> None:
        """What the version has the nurse look at in the chair, just before the start: nothing worries."""
        self.now += timedelta(minutes=after)
        with self.acting():
            wanted = checks_of(reading.dose_or_404(self.nurse, self.patient, self.dose_id))
        if wanted:
            self.note(
                "checks", answers={one.fact: "no" if one.concern_if == "yes" else "yes" for one in wanted}
            )

    def note(self, kind: str, after: int = 0, **said: Any) -> None:
        self.now += timedelta(minutes=after)
        with self.acting():
            services.add_row(
                by=self.nurse, patient=self.patient, dose_id=self.dose_id, kind=kind, said=said, id=uuid7(), now=self.now
            )  # fmt: skip


def load(world: World) -> None:
    """After the infusions of the day are booked: one of them has been running for 50 minutes."""
    nurse = world.users["nurse"]
    with actor.unit_of_work(actor.Actor(user_id=nurse.pk)):
        patient = next((one for one in patients_of(nurse) if one.name == TODAY), None)
        dose = reading.next_dose(nurse, patient) if patient is not None else None
    if patient is None or dose is None:
        return
    hand = Chair(world, patient, dose.pk, world.now - timedelta(minutes=70))
    hand.ask()
    hand.note("vitals", 5, pulse=71, systolic=124, diastolic=80, temperature="97.9", unit="F", oxygen=99)
    hand.check(15)
    hand.note("started", ml_h="100")
    hand.note("vitals", 15, pulse=73, systolic=122, diastolic=78)


__all__ = ["in_the_chair", "load"]
