"""People of the journal's tests: a patient, her carer, a stranger, her nurse, a clinician elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from portal.lib import actor
from portal.lib.ids import uuid7
from portal.lib.time import now as present
from portal.lib.time import today_in

if TYPE_CHECKING:
    from django.test import Client

    from accounts.models import User
    from journal.models import JournalEntry
    from patients.models import Patient


@dataclass(frozen=True)
class People:
    """The small clinic of a test."""

    maya: User
    carer: User
    samuel: User
    nurse: User
    elsewhere: User
    patient: Patient
    other: Patient

    @contextmanager
    def acting(self, user: User) -> Iterator[None]:
        with actor.unit_of_work(actor.Actor(user_id=user.pk)):
            yield

    def today(self) -> date:
        return today_in(present(), "America/New_York")

    def follow(self, *codes: str) -> None:
        from journal import services

        with self.acting(self.maya):
            services.choose_symptoms(by=self.maya, patient=self.patient, codes=codes, now=present())

    def write(
        self,
        scores: dict[str, int] | None = None,
        note: str = "",
        *,
        days_ago: int = 0,
        share: bool | None = None,
        now: datetime | None = None,
        id: UUID | None = None,
    ) -> JournalEntry:
        from journal import services

        with self.acting(self.maya):
            return services.write_entry(
                by=self.maya,
                patient=self.patient,
                id=id or uuid7(),
                words=services.Words(self.today() - timedelta(days=days_ago), scores or {}, note),
                share=share,
                now=now or present(),
            )


@pytest.fixture
def people(db: None) -> People:
    """Maya with her team, her carer (journal only), Samuel as another patient, a clinician elsewhere."""
    from accounts.models import User
    from clinic.models import Site, Team, TeamMember
    from patients.services import enroll_patient, grant_carer
    from portal.context import forget_site

    def person(key: str) -> User:
        user = User(email=f"{key}@example.com", name=key.title())
        user.set_unusable_password()
        user.save()
        return user

    users = {key: person(key) for key in ("maya", "carer", "samuel", "nurse", "elsewhere")}
    with actor.unit_of_work(actor.system("tests")):
        site = Site.objects.create(
            name="Riverside",
            address="12 Riverside Walk",
            after_hours_text="The nurse line answers.",
            time_zone="America/New_York",
            emergency_phone="911",
            emergency_text="Call 911.",
            day_phone="555-0100",
            after_hours_phone="555-0199",
            reply_urgent_minutes=60,
            reply_routine_days=2,
        )
        teams = [Team.objects.create(site=site, name=name) for name in ("MS", "Rehab")]
        start = date(2020, 1, 1)
        TeamMember.objects.create(team=teams[0], user=users["nurse"], role="nurse", starts_on=start)
        TeamMember.objects.create(team=teams[1], user=users["elsewhere"], role="nurse", starts_on=start)
        made = [
            enroll_patient(
                site=site,
                name=name,
                date_of_birth=date(1987, 4, 19),
                by=None,
                user=users[key],
                team=teams[0],
            )
            for key, name in (("maya", "Maya Lindqvist"), ("samuel", "Samuel Okafor"))
        ]
    with actor.unit_of_work(actor.Actor(user_id=users["maya"].pk)):
        grant_carer(
            patient=made[0],
            by=users["maya"],
            carer=users["carer"],
            relation="husband",
            scopes=["journal"],
            ends_at=present() + timedelta(days=30),
        )
    forget_site()
    return People(**users, patient=made[0], other=made[1])


@pytest.fixture
def as_user(db: None) -> Callable[[User], Client]:
    """A test client signed in as a person; errors of the server are answers, not exceptions."""
    from django.test import Client

    def sign_in(user: User) -> Client:
        client = Client(raise_request_exception=False)
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def maya(people: People, as_user: Callable[[User], Client]) -> Client:
    """A client signed in as Maya."""
    return as_user(people.maya)


@pytest.fixture
def post_entry(people: People, maya: Client) -> Callable[..., Any]:
    """Post a quick entry as the page does: `post_entry(tiredness="3", note="…")`."""

    def post(*, id: UUID | None = None, path: str = "/journal/new/", **typed: Any) -> Any:
        data = {
            "draft": str(id or uuid7()),
            "draft_version": "0",
            "day": people.today().isoformat(),
            "share": "private",
        }
        for name, value in typed.items():
            known = name in {"note", "day", "share", "same", "more", "later", "draft", "draft_version"}
            data[name if known or name.startswith("other_day") else f"score_{name}"] = value
        return maya.post(path, data)

    return post
