"""The synthetic clinic's conversations, each in another state, written by the people themselves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from accounts.models import User
from clinic import cover
from messaging import demo_composed as composed
from messaging import services
from messaging.demo_files import employers_form, what_to_bring
from messaging.files.services import take_in
from messaging.models import Message, Thread
from messaging.reading.helped import say_helped
from messaging.topics import Topic
from messaging.work import calls
from patients.models import Patient
from portal.lib import actor
from portal.lib.ids import uuid7


def load(world: Any) -> None:
    """Conversations of Maya Lindqvist and Samuel Okafor: answered, read, claimed, waiting, late, safety, hidden."""
    _Story(world).tell()


class _Story:
    def __init__(self, world: Any) -> None:
        self.world = world
        self.maya, self.samuel = world.users["patient"], world.users["other-patient"]
        self.jonas, self.rosa, self.hana = (
            world.users["carer"],
            world.users["nurse"],
            world.users["neurologist"],
        )
        self.of_maya: Patient = world.patient
        self.of_samuel: Patient = world.other_patient

    def tell(self) -> None:
        composed.templates(self.world)
        self.bring_to_the_infusion()
        self.blood_test()
        self.parking()
        self.letter_for_work()
        self.tired_after_infusion()
        composed.closed_entrance(self)
        self.samuel_side_effect()
        self.samuel_date()
        self.rota()

    # --- Maya ---

    def bring_to_the_infusion(self) -> None:
        """Answered and read."""
        at = self.world.at
        text = "What should I bring to my next infusion? Last time I was cold and had nothing to read."
        thread = self.start(self.maya, self.of_maya, Topic.VISIT, text, at(-9, 9, 12))
        self.claim(self.rosa, self.of_maya, thread, at(-9, 10, 2))
        self.answer(
            self.rosa,
            self.of_maya,
            thread,
            "Hello Maya, bring a warm layer, something to drink, something to read or listen to, and your list of "
            "medicines. We have blankets too. Plan to be with us for most of the morning.",
            at(-9, 10, 31),
            picture="What to bring.png",
        )
        self.look(self.maya, thread, at(-9, 18, 5))
        self.helped(self.maya, self.of_maya, thread, "yes", at(-9, 18, 6))

    def blood_test(self) -> None:
        """Answered, not read yet: it needs the patient."""
        at = self.world.at
        text = "I had my blood taken on Monday. Is there anything I need to know before the next infusion?"
        thread = self.start(self.maya, self.of_maya, Topic.RESULT, text, at(-4, 16, 40))
        self.claim(self.rosa, self.of_maya, thread, at(-3, 9, 5))
        self.note(
            self.rosa,
            self.of_maya,
            thread,
            "Result is in. Asked Dr. Sato to look before I answer.",
            at(-3, 9, 15),
        )
        self.answer(
            self.hana,
            self.of_maya,
            thread,
            "Your result is here and I have looked at it. There is nothing you need to do now. We talk about it at "
            "your next visit. If you get a fever or feel unwell before then, please call us.",
            at(-2, 11, 20),
            take_over=True,
        )

    def parking(self) -> None:
        """Written by the carer in her name; no reply was needed."""
        at = self.world.at
        text = "We found the new parking place, thank you. I will drive Maya next time as well."
        thread = self.start(self.jonas, self.of_maya, Topic.OTHER, text, at(-6, 14, 3))
        self.finish(self.rosa, self.of_maya, thread, "no_reply", at(-6, 15, 0))

    def letter_for_work(self) -> None:
        """Hidden from carers, waiting in the office lane."""
        at = self.world.at
        text = (
            "I need a letter for my employer that says I cannot work on infusion days. Who writes it? "
            "Here is the form from my office."
        )
        with actor.unit_of_work(actor.Actor(user_id=self.maya.pk)):
            form = take_in(
                by=self.maya, patient=self.of_maya, id=uuid7(), name="Form from my office.pdf", data=employers_form(),
                now=at(-1, 12, 14),
            ).pk  # fmt: skip
        self.start(self.maya, self.of_maya, Topic.LETTER, text, at(-1, 12, 15), hide=True, files=[form])

    def tired_after_infusion(self) -> None:
        """Claimed by the nurse, with two messages and a note."""
        at = self.world.at
        first = "Since the last infusion I am more tired in the afternoons. Is that to be expected?"
        thread = self.start(self.maya, self.of_maya, Topic.FEELING, first, at(-1, 9, 30))
        self.claim(self.rosa, self.of_maya, thread, at(-1, 10, 0))
        self.reply(
            self.maya,
            self.of_maya,
            thread,
            "I forgot to say: I had a fever last night. It is gone now.",
            at(-1, 13, 45),
        )
        self.note(
            self.rosa,
            self.of_maya,
            thread,
            "Call her today if she has not heard from us by 3 pm.",
            at(-1, 14, 0),
        )

    # --- Samuel ---

    def samuel_side_effect(self) -> None:
        """The safety lane: first on the list whatever else waits."""
        text = "There is an itchy rash on my arm near the place of the drip. It came yesterday evening."
        self.start(
            self.samuel,
            self.of_samuel,
            Topic.SIDE_EFFECT,
            text,
            self.world.now - timedelta(minutes=35),
            signs=["side_effect:rash"],
        )

    def samuel_date(self) -> None:
        """Late: the promise is over."""
        text = "Can my infusion in the new year be on a Friday? My daughter drives me, and she is free then."
        self.start(self.samuel, self.of_samuel, Topic.VISIT, text, self.world.at(-6, 11, 10))

    # --- the team ---

    def rota(self) -> None:
        """Two nights on call to come, and a week away with who covers."""
        team, at = self.world.team, self.world.at
        for person, day in ((self.rosa, 1), (self.hana, 2)):
            cover.put_on_call(
                by=self.hana,
                team=team,
                user=person,
                starts_at=at(day, 17),
                ends_at=at(day + 1, 8),
                id=uuid7(),
            )
        away = self.world.today() + timedelta(days=20)
        cover.enter_absence(
            by=self.hana,
            team=team,
            user=self.hana,
            cover=self.rosa,
            starts_on=away,
            ends_on=away + timedelta(days=6),
            id=uuid7(),
        )
        with actor.unit_of_work(actor.system("demo")):
            calls.ask_to_call(self.of_samuel, self.samuel, "bounced", at(-1, 8, 30))

    # --- what people do ---

    def start(
        self,
        by: User,
        patient: Patient,
        topic: str,
        text: str,
        at: datetime,
        *,
        hide: bool = False,
        signs: Sequence[str] = (),
        files: Sequence[UUID] = (),
    ) -> UUID:
        with actor.unit_of_work(actor.Actor(user_id=by.pk)):
            sent = services.start_thread(
                by=by,
                patient=patient,
                id=uuid7(),
                topic=topic,
                text=text,
                now=at,
                hide_from_carers=hide,
                signs=signs,
                files=files,
            )
        thread_id: UUID = sent.thread_id
        return thread_id

    def reply(self, by: User, patient: Patient, thread: UUID, text: str, at: datetime) -> Message:
        with actor.unit_of_work(actor.Actor(user_id=by.pk)):
            return services.reply(
                by=by, patient=patient, thread_id=thread, id=uuid7(), text=text, seen_seq=99, now=at
            )

    def claim(
        self, by: User, patient: Patient, thread: UUID, at: datetime, *, take_over: bool = False
    ) -> None:
        with actor.unit_of_work(actor.Actor(user_id=by.pk)):
            services.claim(by=by, patient=patient, thread_id=thread, id=uuid7(), now=at, take_over=take_over)
        self.look(by, thread, at)

    def answer(
        self,
        by: User,
        patient: Patient,
        thread: UUID,
        text: str,
        at: datetime,
        *,
        take_over: bool = False,
        picture: str = "",
    ) -> None:
        if take_over:
            self.claim(by, patient, thread, at - timedelta(minutes=10), take_over=True)
        with actor.unit_of_work(actor.Actor(user_id=by.pk)):
            files = []
            if picture:
                files = [
                    take_in(by=by, patient=patient, id=uuid7(), name=picture, data=what_to_bring(), now=at).pk
                ]
            services.answer(
                by=by,
                patient=patient,
                thread_id=thread,
                id=uuid7(),
                text=text,
                seen_seq=99,
                now=at,
                files=files,
            )

    def note(self, by: User, patient: Patient, thread: UUID, text: str, at: datetime) -> None:
        with actor.unit_of_work(actor.Actor(user_id=by.pk)):
            services.add_note(by=by, patient=patient, thread_id=thread, id=uuid7(), text=text, now=at)

    def finish(self, by: User, patient: Patient, thread: UUID, outcome: str, at: datetime) -> None:
        with actor.unit_of_work(actor.Actor(user_id=by.pk)):
            services.finish(
                by=by, patient=patient, thread_id=thread, id=uuid7(), outcome=outcome, seen_seq=99, now=at
            )

    def helped(self, by: User, patient: Patient, thread: UUID, value: str, at: datetime) -> None:
        with actor.unit_of_work(actor.Actor(user_id=by.pk)):
            newest = Message.objects.for_user(by, patient).filter(thread_id=thread).latest("seq")
            say_helped(by=by, patient=patient, message_id=newest.pk, value=value, id=uuid7(), now=at)

    def look(self, by: User, thread: UUID, at: datetime) -> None:
        with actor.unit_of_work(actor.Actor(user_id=by.pk)):
            found = Thread.objects.for_user(by).get(pk=thread)
            services.mark_seen(by=by, thread=found, seq=found.last_seq, now=at)
