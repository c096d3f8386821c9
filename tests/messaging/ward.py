"""A clinic of this folder's own: two patients, a carer, two nurses' worth of team, a clinician elsewhere; no messages yet."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.utils import timezone

from accounts.models import User
from messaging import services
from messaging.models import Message, Thread
from patients.models import Patient
from portal.demo import world as demo
from portal.lib import actor
from portal.lib.ids import uuid7

# Wednesday 18 November 2026, 10:00 in New York: the clinic is open.
OPEN = datetime(2026, 11, 18, 15, 0, tzinfo=UTC)
# Saturday 21 November 2026, 22:00 in New York: closed until Monday 8:00.
CLOSED = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Ward:
    """The people, and shortcuts for what they do through the services."""

    world: demo.World

    @property
    def maya(self) -> User:
        return self.world.users["patient"]

    @property
    def jonas(self) -> User:
        return self.world.users["carer"]

    @property
    def samuel(self) -> User:
        return self.world.users["other-patient"]

    @property
    def rosa(self) -> User:
        return self.world.users["nurse"]

    @property
    def hana(self) -> User:
        return self.world.users["neurologist"]

    @property
    def peter(self) -> User:
        return self.world.users["elsewhere"]

    @property
    def of_maya(self) -> Patient:
        return self.world.patient

    @property
    def of_samuel(self) -> Patient:
        return self.world.other_patient

    @contextmanager
    def acting(self, user: User) -> Iterator[None]:
        """As this person, in one transaction."""
        with actor.unit_of_work(actor.Actor(user_id=user.pk)):
            yield

    @contextmanager
    def system(self) -> Iterator[None]:
        with actor.unit_of_work(actor.system("test")):
            yield

    def start(self, by: User | None = None, patient: Patient | None = None, **more: Any) -> UUID:
        """A new conversation; returns its id."""
        by, patient = by or self.maya, patient or self.of_maya
        given = {"topic": "feeling", "text": "I am tired.", "id": uuid7(), "now": timezone.now(), **more}
        with self.acting(by):
            thread_id: UUID = services.start_thread(by=by, patient=patient, **given).thread_id
        return thread_id

    def reply(self, thread_id: UUID, text: str = "One more thing.", by: User | None = None) -> Message:
        by = by or self.maya
        with self.acting(by):
            return services.reply(
                by=by,
                patient=self.of_maya,
                thread_id=thread_id,
                id=uuid7(),
                text=text,
                seen_seq=99,
                now=timezone.now(),
            )

    def answer(
        self,
        thread_id: UUID,
        text: str = "Rest, and call if it gets worse.",
        *,
        by: User | None = None,
        patient: Patient | None = None,
        now: datetime | None = None,
    ) -> Message:
        by = by or self.rosa
        with self.acting(by):
            return services.answer(
                by=by,
                patient=patient or self.of_maya,
                thread_id=thread_id,
                id=uuid7(),
                text=text,
                seen_seq=99,
                now=now or timezone.now(),
            )

    def claim(self, thread_id: UUID, by: User | None = None) -> None:
        by = by or self.rosa
        with self.acting(by):
            services.claim(by=by, patient=self.of_maya, thread_id=thread_id, id=uuid7(), now=timezone.now())

    def note(self, thread_id: UUID, text: str = "Ask the doctor first.", by: User | None = None) -> None:
        by = by or self.rosa
        with self.acting(by):
            services.add_note(
                by=by, patient=self.of_maya, thread_id=thread_id, id=uuid7(), text=text, now=timezone.now()
            )

    def thread(self, thread_id: UUID) -> Thread:
        with self.system():
            found: Thread = Thread.objects.for_system().get(pk=thread_id)
        return found

    def texts(self, thread_id: UUID) -> list[str]:
        """The messages of a conversation, oldest first."""
        with self.system():
            return [
                row.body for row in Message.objects.for_system().filter(thread_id=thread_id).order_by("seq")
            ]

    def count(self, model: Any, **where: Any) -> int:
        with self.system():
            found: int = model.objects.for_system().filter(**where).count()
        return found


def hidden(html: str, name: str) -> str:
    """The value of a hidden input of a page."""
    found = re.search(rf'name="{name}" value="([^"]*)"', html)
    assert found is not None, f"no hidden input {name}"
    return found.group(1)
