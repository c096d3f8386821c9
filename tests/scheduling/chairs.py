"""The clinic with chairs, nurses who give infusions, and doses that need a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from accounts.models import User
from patients.models import Patient
from portal.lib import actor
from portal.lib.ids import uuid7
from portal.lib.time import now as present
from scheduling import demo, doses, infusions
from scheduling.doses import BookableDose
from scheduling.models import Appointment, Claim, Resource, Service
from tests.scheduling.people import Clinic, make_clinic
from treatment.models import Course, Dose, Order, Protocol
from treatment.protocols.loading import load_protocols

PARTS = (45, 150, 60, 10)


@dataclass
class Ward(Clinic):
    """The clinic, its infusion service, and a dose for each patient who was given one."""

    infusion: Service = None  # type: ignore[assignment]
    planned: dict[UUID, BookableDose] = field(default_factory=dict)

    @property
    def lanes(self) -> dict[str, list[Resource]]:
        return {
            kind: list(Resource.objects.filter(kind=kind).order_by("position")) for kind in ("chair", "nurse")
        }

    def dose(
        self,
        patient: Patient | None = None,
        *,
        first: int = 3,
        target: int = 10,
        last: int | None = 17,
        parts: tuple[int, int, int, int] | None = PARTS,
    ) -> BookableDose:
        """Plan a dose for a patient with its window in days from today."""
        today = self.world.today()
        who = patient or self.patient
        made = BookableDose(
            self._row(who, today + timedelta(days=first)),
            3,
            today + timedelta(days=first),
            today + timedelta(days=target),
            None if last is None else today + timedelta(days=last),
            parts,
        )
        self.planned[who.pk] = made
        return made

    def _row(self, patient: Patient, first_on: date) -> UUID:
        """A dose in the tables, for the foreign key; its window is what the test says."""
        protocol = Protocol.objects.get(therapy__code="ocrelizumab_iv")
        with actor.unit_of_work(actor.system("test")):
            course = Course.objects.for_system().of(patient).first()
            if course is None:
                order = Order(
                    patient=patient, protocol=protocol, path="standard", first_on=first_on,
                    signed_by=self.world.users["neurologist"], signed_at=present(), demo_only=True,
                )  # fmt: skip
                order.indication = "Relapsing MS"
                order.save(force_insert=True)
                course = Course.objects.create(patient=patient, order=order, starts_on=first_on)
            number = Dose.objects.for_system().of(patient).count() + 1
            dose = Dose.objects.create(
                patient=patient,
                course=course,
                number=number,
                phase_key="x",
                earliest=first_on,
                target=first_on,
            )
        return dose.pk

    def times(
        self, dose: BookableDose, *, by: User | None = None, patient: Patient | None = None
    ) -> list[datetime]:
        """Times that may be asked for, as the patient sees them."""
        who = by or self.maya
        with actor.unit_of_work(actor.Actor(user_id=who.pk)):
            capacity = "team" if who == self.rosa else "self"
            return infusions.infusion_starts(
                by=who, patient=patient or self.patient, dose=dose, capacity=capacity, now=present()
            )

    def ask(
        self,
        dose: BookableDose,
        *wishes: datetime,
        by: User | None = None,
        patient: Patient | None = None,
        **more: Any,
    ) -> UUID:
        who = by or self.maya
        with actor.unit_of_work(actor.Actor(user_id=who.pk)):
            done = infusions.ask(
                by=who,
                patient=patient or self.patient,
                dose_id=dose.id,
                wishes=wishes,
                id=more.pop("id", None) or uuid7(),
                now=more.pop("now", present()),
                **more,
            )
        assert done.result is not None
        return done.result

    def act(self, act: Any, appointment_id: UUID, *, by: User | None = None, **more: Any) -> UUID:
        """Confirm, decline (as Rosa) or withdraw (as Maya)."""
        who = by or (self.maya if act is infusions.withdraw else self.rosa)
        with actor.unit_of_work(actor.Actor(user_id=who.pk)):
            done = act(
                by=who,
                patient=more.pop("patient", self.patient),
                appointment_id=appointment_id,
                id=more.pop("id", None) or uuid7(),
                now=more.pop("now", present()),
                **more,
            )
        assert done.result is not None
        return done.result

    def claims(self, appointment_id: UUID) -> list[tuple[str, datetime, datetime]]:
        """The live claims of an appointment: kind of lane, from, until."""
        live = Claim.objects.live().filter(appointment_id=appointment_id).select_related("resource")
        return sorted((one.resource.kind, one.during.lower, one.during.upper) for one in live)


def make_ward(monkeypatch: pytest.MonkeyPatch) -> Ward:
    """The synthetic clinic with chairs and nurses, and doses as the tests plan them."""
    clinic = make_clinic(monkeypatch)
    with actor.unit_of_work(actor.system("test")):
        infusion = demo._infusion_lanes(clinic.world)
        load_protocols()
    ward = Ward(clinic.world, clinic.nurse, clinic.neurologist, clinic.kinds, infusion)

    monkeypatch.setattr(doses, "next_dose", lambda user, patient: ward.planned.get(patient.pk))
    return ward


def whole(ward: Ward) -> list[Appointment]:
    """Every infusion that holds a place has one chair and one nurse for its whole time; gives them all."""
    with actor.unit_of_work(actor.system("test")):
        holding = list(
            Appointment.objects.for_system().filter(state__in=["booked", "requested"], dose__isnull=False)
        )
        for visit in holding:
            ends = [("chair", visit.starts_at, visit.ends_at), ("nurse", visit.starts_at, visit.ends_at)]
            assert ward.claims(visit.pk) == ends, visit.pk
        ids = {visit.pk for visit in holding}
        others = Appointment.objects.for_system().filter(dose__isnull=True).values_list("pk", flat=True)
        stray = Claim.objects.live().exclude(appointment_id__in=[*ids, *others])
        assert not stray.exists()
    return holding


__all__ = ["PARTS", "Ward", "date", "make_ward", "whole"]
