"""People of treatment's tests: two patients, a neurologist, a nurse, a pharmacist, a carer and a clinician elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from portal.lib import actor
from portal.lib.ids import uuid7
from portal.lib.time import now as present
from portal.lib.time import today_in

if TYPE_CHECKING:
    from accounts.models import User
    from patients.models import Patient
    from tests.patients.world import Clinic
    from treatment.models import Course, Dose, Protocol

ZONE = "America/New_York"


@dataclass
class Ward:
    """A small clinic with the therapies loaded; `today` is the site's day."""

    clinic: Clinic
    maya: User
    nurse: User
    neurologist: User
    pharmacist: User
    elsewhere: User
    carer: User
    patient: Patient
    other: Patient
    today: date = field(default_factory=lambda: today_in(present(), ZONE))

    def acting(self, user: User) -> AbstractContextManager[None]:
        return actor.unit_of_work(actor.Actor(user_id=user.pk))

    def at(self, day: date, hour: int = 10) -> datetime:
        return datetime.combine(day, time(hour), ZoneInfo(ZONE)).astimezone(UTC)

    def protocol(self, code: str) -> Protocol:
        from treatment.models import Protocol

        return Protocol.objects.filter(therapy__code=code).order_by("-version")[0]

    def order(self, code: str, first_on: date, **more: Any) -> Course:
        """Signed by the neurologist on the first day, whenever that was."""
        from treatment import services

        more = {"path": "standard", "id": uuid7(), "in_demo": True, "now": self.at(first_on, 7), **more}
        by = more.pop("by", self.neurologist)
        with self.acting(by):
            return services.sign_order(
                by=by, patient=self.patient, protocol_id=self.protocol(code).pk, first_on=first_on,
                indication=more.pop("indication", "Relapsing MS"), **more,
            )  # fmt: skip

    def doses(self, course: Course) -> list[Dose]:
        from treatment import services

        with self.acting(self.nurse):
            return services.doses_of(self.nurse, self.patient, course)

    def planned(self, course: Course) -> Dose:
        return next(dose for dose in self.doses(course) if dose.is_planned)

    def book(self, dose: Dose, day: date | None, hour: int = 10) -> None:
        """A chair time for a dose on a day, instead of the one it had; None: it is only taken away."""
        book_chair(dose, self.at(day, hour) if day is not None else None, by=self.nurse)

    def ask_there(self, dose: Dose, now: datetime) -> None:
        """The nurse asks the questions before a dose at the chair and goes through the checks there, and nothing worries."""
        self.check_there(dose, now)
        from treatment.readiness import answers

        with self.acting(self.nurse):
            asked = answers.questions_for(self.nurse, self.patient, dose)
            said = {one.fact: "no" if one.concern_if == "yes" else "yes" for one in asked}
            answers.answer(
                by=self.nurse, patient=self.patient, dose_id=dose.pk, said=said, place="chair", id=uuid7(), now=now
            )  # fmt: skip

    def check_there(self, dose: Dose, now: datetime, **said: str) -> None:
        """The nurse goes through the version's checks in the chair, and nothing worries but what is `said`, by the end of the fact."""
        from treatment.chair import checks, services

        with self.acting(self.nurse):
            wanted = checks.checks_of(dose)
            if wanted:
                answers = {one.fact: "no" if one.concern_if == "yes" else "yes" for one in wanted}
                answers |= {fact: said[end] for fact in answers for end in said if fact.endswith(f".{end}")}
                services.add_row(
                    by=self.nurse, patient=self.patient, dose_id=dose.pk, kind="checks", said={"answers": answers},
                    id=uuid7(), now=now,
                )  # fmt: skip

    def give(
        self, course: Course, day: date, *, by: User | None = None, id: UUID | None = None, **more: Any
    ) -> Dose:
        from treatment import services

        by = by or self.nurse
        dose_id = more.pop("dose_id", None) or self.planned(course).pk
        with self.acting(by):
            return services.record_infusion(
                by=by, patient=self.patient, dose_id=dose_id, id=id or uuid7(), given_at=self.at(day),
                now=self.at(day, 16), **more,
            )  # fmt: skip


def book_chair(dose: Dose, starts: datetime | None, *, by: User) -> None:
    """Two hours of a chair and a nurse for a dose, instead of those it had; None: they are only taken away."""
    from patients.models import Patient
    from scheduling.models import Appointment, Resource, Service

    with actor.unit_of_work(actor.system("tests")):
        had = Appointment.objects.for_system().filter(dose_id=dose.pk, state="booked")
        had.update(state="cancelled", cancelled_at=present())
        if starts is None:
            return
        site = Patient.objects.for_system().select_related("site").get(pk=dose.patient_id).site
        service, _new = Service.objects.get_or_create(
            site=site, kind="infusion", code="infusion", defaults={"name": "Infusion", "minutes": 120}
        )
        chair, nurse = (
            Resource.objects.get_or_create(site=site, kind=kind, label=kind)[0] for kind in ("chair", "nurse")
        )
        Appointment.objects.create(
            patient_id=dose.patient_id, service=service, resource=chair, nurse=nurse, dose_id=dose.pk,
            parts=[15, 60, 30, 15], during=DateTimeTZRange(starts, starts + timedelta(hours=2), "[)"),
            booked_by=by, capacity="team",
        )  # fmt: skip


@contextmanager
def before_the_rule() -> Iterator[None]:
    """What is ordered and given here is as it was before the portal planned a phase by the months of the data."""
    from treatment.courses.planning import Phase

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Phase, "months_after_phase", property(lambda _phase: None))
        yield


@pytest.fixture
def ward(db: None) -> Ward:
    """Maya and Samuel with their team, and the therapies of the data file."""
    return make_ward()


def make_ward() -> Ward:
    """The same, for tests with a database of their own."""
    from clinic.models import TeamMember
    from tests.patients.world import make_clinic, person
    from treatment.services import load_protocols

    clinic = make_clinic()
    load_protocols()
    people = {name: person(name) for name in ("hana", "farid")}
    for name, role in (("hana", "neurologist"), ("farid", "pharmacist")):
        TeamMember.objects.create(
            team=clinic.team,
            user=people[name],
            role=role,
            starts_on=date.today() - timedelta(days=900),  # noqa: DTZ011
        )
    return Ward(
        clinic, clinic["maya"], clinic["rosa"], people["hana"], people["farid"], clinic["peter"], clinic["jonas"],
        clinic.maya, clinic.samuel,
    )  # fmt: skip
