"""Loads the synthetic clinic through the services that people use, once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import holidays
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password

from accounts.models import User
from clinic.models import Holiday, OpeningHours, Site, Team, TeamMember
from patients.models import Patient
from patients.services import enroll_patient, grant_carer
from portal.demo.people import PASSWORD, PEOPLE
from portal.lib import actor
from portal.lib.contributions import demo_loaders


@dataclass(frozen=True, slots=True)
class World:
    """What the apps' demo loaders build on. `now` is the instant at which the demo is loaded (UTC)."""

    now: datetime
    site: Site
    team: Team
    other_team: Team
    users: dict[str, User]
    patient: Patient
    other_patient: Patient

    def today(self) -> date:
        return self.now.astimezone(ZoneInfo(self.site.time_zone)).date()

    def at(self, days: int, hour: int, minute: int = 0) -> datetime:
        """An instant `days` from today at a wall-clock time of the site, in UTC."""
        wall = datetime.combine(
            self.today() + timedelta(days=days), time(hour, minute), ZoneInfo(self.site.time_zone)
        )
        return wall.astimezone(UTC)


def is_loaded() -> bool:
    return Site.objects.exists()


def load(now: datetime) -> World:
    """Make the clinic and everything the apps contribute, in one transaction."""
    with actor.unit_of_work(actor.system("demo")):
        site = _site(now)
        team = Team.objects.create(site=site, name="MS infusion team")
        other_team = Team.objects.create(site=site, name="Rehab team")
        users = _users()
        start = now.date() - timedelta(days=400)
        for key, where, role in (
            ("nurse", team, "nurse"),
            ("neurologist", team, "neurologist"),
            ("pharmacist", team, "pharmacist"),
            ("elsewhere", other_team, "coordinator"),
        ):
            TeamMember.objects.create(team=where, user=users[key], role=role, starts_on=start)
        patient = enroll_patient(
            site=site,
            name="Maya Lindqvist",
            date_of_birth=date(1987, 4, 19),
            by=users["nurse"],
            user=users["patient"],
            team=team,
            phone="555-0142",
        )
        other = enroll_patient(
            site=site,
            name="Samuel Okafor",
            date_of_birth=date(1979, 9, 2),
            by=users["nurse"],
            user=users["other-patient"],
            team=team,
            phone="555-0177",
        )
    with actor.unit_of_work(actor.Actor(user_id=users["patient"].pk)):
        grant_carer(
            patient=patient,
            by=users["patient"],
            carer=users["carer"],
            relation="my husband",
            scopes=["appointments", "messages"],
            ends_at=now + timedelta(days=300),
        )
    world = World(now, site, team, other_team, users, patient, other)
    for loader in demo_loaders:
        loader(world)
    return world


def _users() -> dict[str, User]:
    hashed = make_password(PASSWORD)
    users = {}
    for person in PEOPLE:
        admin = person.key == "admin"
        user = User(
            email=person.email,
            name=person.name,
            job_title=person.job_title,
            is_staff=admin,
            is_superuser=admin,
        )
        user.password = hashed
        user.save()
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
        users[person.key] = user
    return users


def _site(now: datetime) -> Site:
    site = Site.objects.create(
        name="Riverside MS Center",
        address="12 Riverside Walk, Springfield",
        time_zone="America/New_York",
        emergency_phone="911",
        emergency_text=(
            "Call 911 now if you have trouble breathing, swelling of your face, lips, tongue or throat, chest pain, "
            "sudden weakness on one side, sudden trouble speaking, the worst headache of your life, a seizure, "
            "or thoughts of ending your life."
        ),
        day_phone="555-0100",
        after_hours_phone="555-0199",
        after_hours_text="The nurse line answers all night.",
        nurse_phone="555-0143",
        parking="Garage B, Elm Street, level 2. The first hour is free. Blue spaces are beside the door.",
        how_to_find="Go in at the main door, take the elevator to floor 3, and follow the blue line to the infusion room.",
        reply_urgent_minutes=60,
        reply_routine_days=2,
    )
    for weekday in range(5):
        OpeningHours.objects.create(site=site, weekday=weekday, opens=time(8), closes=time(12))
        OpeningHours.objects.create(site=site, weekday=weekday, opens=time(12, 30), closes=time(17))
    for day, name in sorted(holidays.country_holidays("US", years=[now.year, now.year + 1]).items()):
        Holiday.objects.create(site=site, date=day, name=name[:80])
    return site
