"""A small clinic made by the services, for tests that need nothing of the other apps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from django.test import Client

from accounts.models import User
from clinic.models import Site, Team, TeamMember
from patients.models import Patient
from patients.services import enroll_patient, grant_carer
from portal.lib import actor

PASSWORD = "quiet-lake-with-seven-boats"
ZONE = "America/New_York"  # the day of the site is a day behind UTC for part of each evening


@dataclass
class Clinic:
    site: Site
    team: Team
    other_team: Team
    maya: Patient
    samuel: Patient
    users: dict[str, User] = field(default_factory=dict)

    def __getitem__(self, name: str) -> User:
        return self.users[name]


def person(name: str, **more: object) -> User:
    """Somebody with an account: `name`@example.com."""
    return User.objects.create_user(f"{name}@example.com", PASSWORD, name=name.title(), **more)


def make_clinic() -> Clinic:
    """Maya and her team, her husband as carer, another patient of the same team, people who may see nothing."""
    site = Site.objects.create(
        name="Riverside", address="12 Walk", time_zone=ZONE, emergency_phone="911",
        emergency_text="Call 911.", day_phone="555-0100", after_hours_phone="555-0199",
        after_hours_text="The nurse line.", reply_urgent_minutes=60, reply_routine_days=2,
    )  # fmt: skip
    team = Team.objects.create(site=site, name="MS infusion team")
    other_team = Team.objects.create(site=site, name="Rehab team")
    names = ("maya", "samuel", "jonas", "rosa", "peter", "former", "future", "stranger")
    users = {name: person(name) for name in names}
    today = datetime.now(UTC).date()
    for name, where, starts, ends in (
        ("rosa", team, -100, None),
        ("peter", other_team, -100, None),
        ("former", team, -100, -1),
        ("future", team, 1, None),
    ):
        TeamMember.objects.create(
            team=where,
            user=users[name],
            role="nurse",
            starts_on=today + timedelta(days=starts),
            ends_on=today + timedelta(days=ends) if ends else None,
        )
    with actor.unit_of_work(actor.system("tests")):
        maya, samuel = (
            enroll_patient(
                site=site, name=name, date_of_birth=date(1987, 4, 19), by=users["rosa"], user=users[who], team=team, phone="555-0142"
            )
            for who, name in (("maya", "Maya Lindqvist"), ("samuel", "Samuel Okafor"))
        )  # fmt: skip
    clinic = Clinic(site, team, other_team, maya, samuel, users)
    with acting(users["maya"]):
        grant_carer(
            patient=maya,
            by=users["maya"],
            carer=users["jonas"],
            relation="my husband",
            scopes=["appointments", "messages"],
            ends_at=datetime.now(UTC) + timedelta(days=30),
        )
    return clinic


@contextmanager
def acting(user: User) -> Iterator[None]:
    """A unit of work as this person."""
    with actor.unit_of_work(actor.Actor(user_id=user.pk)):
        yield


@contextmanager
def acting_system(purpose: str = "tests") -> Iterator[None]:
    """A unit of work as a system actor."""
    with actor.unit_of_work(actor.system(purpose)):
        yield


def signed_in(user: User, **options: object) -> Client:
    """A browser of this person, signed in."""
    client = Client(**options)
    client.force_login(user)
    return client


def acts_of(patient: Patient) -> list[str]:
    """The acts on a patient's trail, oldest first, with the capacity of each."""
    from patients.models import AuditEvent

    with acting_system():
        events = AuditEvent.objects.for_system().of(patient).order_by("seq")
        return [f"{event.act} {event.capacity}" for event in events]
