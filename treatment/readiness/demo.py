"""The list before the next dose of the synthetic patients: an approval that waits, a driver, days for a blood test, a question on the phone."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from accounts.models import User
from patients.models import Patient
from patients.services import patients_of
from portal.lib import actor
from portal.lib.ids import uuid7
from treatment.courses import reading
from treatment.models import Dose
from treatment.readiness import answers, items

if TYPE_CHECKING:
    from portal.demo.world import World


def load(world: World) -> None:
    """After the courses: they are there already."""
    today = world.today()
    maya = Hand(world, world.patient)
    maya.note("log.authorization", "waiting", "Sent to the insurer; they ask for the last scan", -3)
    maya.note("log.driver", "done", "Jonas drives me there and back", -1, by=world.users["patient"])
    samuel = Hand(world, world.other_patient)
    until = today + timedelta(days=70)
    samuel.note(
        "log.authorization", "done", "Approved, letter of the insurer in the file", -20, valid_until=until
    )
    due = samuel.dose.counted_on - timedelta(days=2)
    samuel.note(
        "chk.jcv_current",
        "open",
        "Ordered with the next blood test",
        -4,
        draw_by=today + timedelta(days=3),
        due_on=due,
    )
    samuel.note("log.supply", "waiting", "Ordered at the pharmacy", -2)
    with actor.unit_of_work(actor.Actor(user_id=world.users["nurse"].pk)):
        ines = next(one for one in patients_of(world.users["nurse"]) if one.name == "Ines Moreau")
    Hand(world, ines).ask_on_the_phone(agreed="She has a new eye drop for dry eyes. Hana knows it.")


class Hand:
    """Writes on the list before one patient's next dose."""

    def __init__(self, world: World, patient: Patient) -> None:
        self.world, self.patient, self.nurse = world, patient, world.users["nurse"]
        with self.acting(self.nurse):
            found = reading.next_dose(self.nurse, patient)
        assert found is not None
        self.dose: Dose = found

    def acting(self, user: User) -> Any:
        return actor.unit_of_work(actor.Actor(user_id=user.pk))

    def note(
        self, part: str, state: str, text: str, days: int, *, by: User | None = None, **more: date
    ) -> None:
        """What became of a line, some days ago."""
        by, now = by or self.nurse, self.world.at(days, 10)
        with self.acting(by):
            lines = items.lines_for(by, self.patient, self.dose, now)
            item = next(line.item for line in lines if line.item.fact.endswith(f".{part}"))
            items.note_item(
                by=by,
                patient=self.patient,
                item_id=item.pk,
                state=state,
                text=text,
                id=uuid7(),
                now=now,
                **more,
            )

    def ask_on_the_phone(self, *, agreed: str) -> None:
        """The nurse asks: one new medicine and no other concern; she has talked about it at once."""
        now = self.world.at(-1, 15)
        with self.acting(self.nurse):
            asked = answers.questions_for(self.nurse, self.patient, self.dose)
            no_concern = {"yes": "no", "no": "yes"}
            said = {
                one.fact: "yes" if one.fact.endswith("new_meds") else no_concern[one.concern_if]
                for one in asked
            }
            row = answers.answer(
                by=self.nurse, patient=self.patient, dose_id=self.dose.pk, said=said, place="phone", id=uuid7(), now=now
            )  # fmt: skip
            answers.review(
                by=self.nurse, patient=self.patient, answer_id=row.pk, agreed=agreed, lift=False, id=uuid7(), now=now
            )  # fmt: skip


__all__ = ["load"]
