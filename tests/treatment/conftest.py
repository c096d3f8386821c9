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
