"""The synthetic clinic's ledgers, made by the services: results at every stage, a correction, a decision.

Maya's antibodies over two years, one of them corrected; Samuel's JC virus with the tests of two makers; Tomas, years after alemtuzumab, whose blood
count waits for its second look while his kidney test is overdue. The numbers are made up and mean nothing.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from patients.models import Patient
from portal.lib.ids import uuid7
from treatment.courses.planning import add_months
from treatment.demo import Hand, acting
from treatment.ledger import services

if TYPE_CHECKING:
    from portal.demo.world import World


class Desk(Hand):
    """The nurse enters, the neurologist looks and releases."""

    def enter(self, test: str, day: date, *values: tuple[str, str, str], **more: Any) -> UUID:
        with acting(self.nurse):
            made = services.enter_result(
                by=self.nurse, patient=self.patient, id=uuid7(), test=test, taken_on=day, now=self.at(day + timedelta(days=1), 11),
                values=[{"code": code, "number": number, "unit": unit} for code, number, unit in values], **more,
            )  # fmt: skip
        return made.pk

    def look(self, result_id: UUID, day: date) -> UUID:
        with acting(self.neurologist):
            services.look_at(
                by=self.neurologist, patient=self.patient, result_id=result_id, id=uuid7(), now=self.at(day + timedelta(days=1), 15)
            )  # fmt: skip
        return result_id

    def release(self, result_id: UUID, day: date, note: str) -> UUID:
        self.look(result_id, day)
        with acting(self.neurologist):
            services.release(
                by=self.neurologist, patient=self.patient, result_id=result_id, note=note, id=uuid7(),
                now=self.at(day + timedelta(days=1), 16), tell=False,
            )  # fmt: skip
        return result_id


def load(world: World) -> None:
    """The ledgers of the patients who have a treatment."""
    _maya(world)
    _samuel(world)
    _tomas(world)


def _patients(world: World) -> dict[str, Patient]:
    with acting(world.users["nurse"]):
        found = Patient.objects.for_user(world.users["nurse"]).select_related("site")
        return {patient.name: patient for patient in found}


def _maya(world: World) -> None:
    """Antibodies every half year with a note each; one number was typed wrong and corrected. A scan, and a decision of the neurologist."""
    desk, today = Desk(world, world.patient), world.today()
    for months, igg, igm in ((-22, "9.8", "0.9"), (-16, "9.1", "0.6"), (-10, "8.7", "0.5")):
        day = add_months(today, months)
        made = desk.enter("immunoglobulins", day, ("igg", igg, "g/L"), ("igm", igm, "g/L"), mark="in")
        desk.release(made, day, "Your antibodies were measured. The plan stays as it is.")
    day = add_months(today, -4)
    wrong = desk.enter("immunoglobulins", day, ("igg", "83", "g/L"), ("igm", "0.5", "g/L"), mark="in")
    right = desk.enter(
        "immunoglobulins", day, ("igg", "8.3", "g/L"), ("igm", "0.5", "g/L"), mark="in", corrects=wrong,
        why="The point of IgG was missing.",
    )  # fmt: skip
    desk.release(
        right,
        day,
        "Your antibodies are a little lower than in spring. We measure them again before the next infusion.",
    )
    day = today - timedelta(days=200)
    scan = desk.enter("mri", day, words="No new spots compared with the scan of last year.")
    desk.release(scan, day, "Your scan shows nothing new. The next one is in about a year.")
    with acting(world.users["patient"]):
        rows = [services.result_or_404(world.users["patient"], world.patient, scan)]
        services.note_seen(
            by=world.users["patient"], patient=world.patient, results=rows, now=world.at(-190, 19)
        )
    with acting(desk.neurologist):
        services.decide(
            by=desk.neurologist, patient=world.patient, fact="ocrelizumab_iv.mon.serum_immunoglobulins", applies=True,
            every_months=6, reason="We measure antibodies before each infusion.", id=uuid7(), now=world.at(-150, 10),
        )  # fmt: skip


def _samuel(world: World) -> None:
    """JC virus: two numbers of one maker's test, then one of another's, which stands in a chart of its own."""
    desk, today = Desk(world, world.other_patient), world.today()
    for months, index, assay in (
        (-14, "0.21", "Stratify JCV"),
        (-8, "0.26", "Stratify JCV"),
        (-2, "0.9", "Labcorp JCV"),
    ):
        day = add_months(today, months)
        made = desk.enter("jcv", day, ("index", index, "index"), words="Negative", assay=assay)
        desk.release(
            made, day, "The test found no sign of the virus. The number tells your team when to look again."
        )
    day = add_months(today, -7)
    scan = desk.enter("mri", day, words="No new spots.")
    desk.release(scan, day, "Your scan shows nothing new.")
    desk.look(
        desk.enter("liver", today - timedelta(days=9), ("alt", "31", "U/L"), ("ast", "28", "U/L"), mark="in"),
        today - timedelta(days=9),
    )


def _tomas(world: World) -> None:
    """Three months of tests after alemtuzumab; the last blood count, marked by the lab, waits for its second look."""
    patient = _patients(world)["Tomas Rivera"]
    desk, today = Desk(world, patient), world.today()
    for months, platelets, lymphocytes in ((-5, "212", "0.6"), (-4, "205", "0.7"), (-3, "198", "0.7")):
        day = add_months(today, months)
        made = desk.enter(
            "blood_count", day, ("platelets", platelets, "10^9/L"), ("lymphocytes", lymphocytes, "10^9/L")
        )
        desk.release(made, day, "Your monthly blood count is in. Go on with the monthly tests.")
    desk.enter("blood_count", today - timedelta(days=45), ("platelets", "141", "10^9/L"), mark="out")


__all__ = ["load"]
