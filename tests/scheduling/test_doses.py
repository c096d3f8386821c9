"""What scheduling reads of treatment, with a real order; and the line that it adds to what is open before an infusion."""

from __future__ import annotations

from datetime import timedelta

from portal.lib import actor
from portal.lib.ids import uuid7
from portal.lib.time import now as present
from scheduling import contributed, demo, doses, infusions
from tests.scheduling.people import Clinic
from treatment.models import Protocol
from treatment.protocols.loading import load_protocols
from treatment.services import next_dose, sign_order


def test_the_next_dose_for_the_patient_and_a_carer_and_its_line(clinic: Clinic) -> None:
    load_protocols()
    first_on = clinic.world.today() + timedelta(days=12)
    neurologist, carer = clinic.world.users["neurologist"], clinic.world.users["carer"]
    with actor.unit_of_work(actor.system("test")):
        demo._infusion_lanes(clinic.world)
    with actor.unit_of_work(actor.Actor(user_id=neurologist.pk)):
        sign_order(
            by=neurologist, patient=clinic.patient, protocol_id=Protocol.objects.get(therapy__code="ocrelizumab_iv").pk,
            path="standard", first_on=first_on, indication="Relapsing MS", id=uuid7(), now=present(), in_demo=True,
        )  # fmt: skip
    with actor.unit_of_work(actor.Actor(user_id=carer.pk)):
        for_carer = doses.next_dose(carer, clinic.patient)
        assert next_dose(carer, clinic.patient) is None  # no row of treatment is open to a carer
    with actor.unit_of_work(actor.Actor(user_id=clinic.maya.pk)):
        dose = doses.next_dose(clinic.maya, clinic.patient)
        assert dose is not None
        assert dose == for_carer
        assert dose.earliest <= first_on
        assert dose.parts is not None
        assert dose.minutes % 15 == 0
        assert sum(dose.parts) <= dose.minutes < sum(dose.parts) + 15
        row = next_dose(clinic.maya, clinic.patient)

        def line() -> tuple[str, bool]:
            (only,) = contributed.before_dose(clinic.maya, clinic.patient, row, present())
            assert only["url"] == "/appointments/infusion/"
            return only["label"], only["done"]

        assert line() == ("No time is booked yet", False)
        times = infusions.infusion_starts(
            by=clinic.maya, patient=clinic.patient, dose=dose, capacity="self", now=present()
        )
        asked = infusions.ask(
            by=clinic.maya,
            patient=clinic.patient,
            dose_id=dose.id,
            wishes=times[:1],
            id=uuid7(),
            now=present(),
        ).result
        assert asked is not None
        label, done = line()
        assert label.startswith("Asked for ")
        assert label.endswith(", waiting for the center")
        assert not done
    with actor.unit_of_work(actor.Actor(user_id=clinic.rosa.pk)):
        infusions.confirm(
            by=clinic.rosa, patient=clinic.patient, appointment_id=asked, id=uuid7(), now=present()
        )
    with actor.unit_of_work(actor.Actor(user_id=clinic.maya.pk)):
        label, done = line()
        assert label.startswith("Booked for ")
        assert done
