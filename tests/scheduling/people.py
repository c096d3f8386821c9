"""The clinic of the demo with its calendars and no visits; and people acting in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from patients.models import Patient
from portal.context import forget_site
from portal.demo import world as demo_world_module
from portal.demo.world import World
from portal.lib import actor
from portal.lib.ids import uuid7
from portal.lib.time import now as present
from scheduling import demo, services
from scheduling.finding import Start, find_starts
from scheduling.models import Appointment, Resource, Service


@dataclass
class Clinic:
    """The world, its lanes and visit types, and shorthands that act as somebody."""

    world: World
    nurse: Resource
    neurologist: Resource
    kinds: dict[str, Service]

    @property
    def maya(self) -> User:
        return self.world.users["patient"]

    @property
    def samuel(self) -> User:
        return self.world.users["other-patient"]

    @property
    def rosa(self) -> User:
        return self.world.users["nurse"]

    @property
    def patient(self) -> Patient:
        return self.world.patient

    def starts(self, kind: str = "nurse", *, days: int = 3, lasting: int = 14) -> list[Start]:
        """Free starts from `days` after today on."""
        first = self.world.at(days, 0)
        return find_starts(
            site=self.world.site, service=self.kinds[kind], start=first, end=first + timedelta(days=lasting)
        )

    def book(
        self,
        start: Start | datetime,
        *,
        kind: str = "nurse",
        by: User | None = None,
        patient: Patient | None = None,
        id: UUID | None = None,
        **more: Any,
    ) -> UUID:
        """Book as the patient (Maya unless said otherwise); gives the appointment's id."""
        who = by or self.maya
        at, lane = (start.at, start.resource_id) if isinstance(start, Start) else (start, None)
        more.setdefault("resource", lane)
        with actor.unit_of_work(actor.Actor(user_id=who.pk)):
            done = services.book(
                by=who,
                patient=patient or self.patient,
                service=self.kinds[kind],
                starts_at=at,
                id=id or uuid7(),
                now=more.pop("now", present()),
                **more,
            )
        assert done.result is not None
        return done.result

    def visit(self, appointment_id: UUID, user: User | None = None) -> Appointment:
        """A visit as the database has it, its sealed words read."""
        who = user or self.maya
        with actor.unit_of_work(actor.Actor(user_id=who.pk)):
            found = Appointment.objects.for_user(who).with_place().get(pk=appointment_id)
            _ = found.reason, found.answer, found.cancel_reason
        return found


def make_clinic(monkeypatch: pytest.MonkeyPatch) -> Clinic:
    """The synthetic clinic with calendars and without visits."""
    monkeypatch.setattr(demo_world_module, "demo_loaders", [])
    world = demo_world_module.load(present())
    with actor.unit_of_work(actor.system("test")):
        nurse, neurologist = demo._calendars(world)
        kinds = demo._visit_types(world, nurse, neurologist)
    return Clinic(world, nurse, neurologist, kinds)


def local_day(clinic: Clinic, at: datetime) -> str:
    """The site's calendar day of an instant, as addresses carry it."""
    return at.astimezone(ZoneInfo(clinic.world.site.time_zone)).date().isoformat()


def enter(user: User) -> Client:
    """A browser in which a person is signed in."""
    client = Client()
    client.force_login(user)
    return client


def statements_of(browser: Client, path: str) -> int:
    """How many statements a page takes; without the site's cached settings and the session's clock, which come by the second."""
    forget_site()
    with CaptureQueriesContext(connection) as captured:
        assert browser.get(path).status_code == 200
    return sum("session" not in query["sql"] and "SAVEPOINT" not in query["sql"] for query in captured)
