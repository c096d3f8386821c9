"""What the synthetic clinic's team composes with: templates in use, one that waits for its review."""

from __future__ import annotations

from typing import Any

from messaging.composing import making, outreach, reply_templates, retractions
from messaging.topics import Topic
from portal.lib import actor
from portal.lib.ids import uuid7

TEMPLATES = (
    (
        "A time for a call",
        "Thank you for your message. We would like to talk it over with you. We call you on [day] at [time]. "
        "If you get worse before then, please call us.",
    ),
    (
        "Prescription is ready",
        "Your prescription for [medicine] is ready. You can pick it up from [day] on, or tell us the pharmacy "
        "that we should send it to.",
    ),
    (
        "Result is here, nothing to do",
        "Your result of [day] is here and [name] has looked at it. There is nothing you need to do now. "
        "We talk about it at your next visit.",
    ),
    (
        "What to bring to the infusion",
        "Please bring a warm layer, something to drink, something to read, and your list of medicines. "
        "Plan to be with us until about [time].",
    ),
    (
        "Form or letter is on its way",
        "We have your form. [name] fills it in, and it is ready on [day]. We write to you here when it is done.",
    ),
)
WAITING = (
    "Vaccination before the infusion",
    "Thank you for asking before you get the vaccination against [illness]. We look at the best time for it "
    "and write to you here by [day].",
)


def templates(world: Any) -> None:
    """Written by the nurse, reviewed by the neurologist; the last one waits."""
    rosa, hana = world.users["nurse"], world.users["neurologist"]
    for title, body in (*TEMPLATES, WAITING):
        made = reply_templates.write(
            by=rosa, id=uuid7(), title=title, body=body, team_only=False, now=world.at(-40, 10, 0)
        )
        if title != WAITING[0]:
            reply_templates.approve(by=hana, template_id=made.pk, now=world.at(-38, 9, 0))


def closed_entrance(story: Any) -> None:
    """Begun by the team, with the wrong week in it: taken back and corrected. Read; a question and something to do came of it."""
    at, rosa, maya, patient = story.world.at, story.rosa, story.maya, story.of_maya
    more = {"by": rosa, "patient": patient}
    with actor.unit_of_work(actor.Actor(user_id=rosa.pk)):
        first = outreach.write_first(
            id=uuid7(),
            topic=Topic.VISIT,
            text="The main entrance is closed next month. Please use the side door when you come.",
            now=at(-12, 9, 0),
            **more,
        )
    with actor.unit_of_work(actor.Actor(user_id=rosa.pk)):
        retractions.correct(
            thread_id=first.thread_id,
            message_id=first.pk,
            id=uuid7(),
            text="The main entrance is closed next week only. Please use the side door when you come.",
            reason="Wrong month",
            seen_seq=1,
            now=at(-12, 9, 20),
            **more,
        )
    story.look(maya, first.thread_id, at(-12, 18, 0))
    with actor.unit_of_work(actor.Actor(user_id=rosa.pk)):
        words = "Do I need help on the way from the side door to the ward?"
        making.offer_question(thread_id=first.thread_id, id=uuid7(), words=words, now=at(-11, 9, 0), **more)
        making.make_open_item(
            thread_id=first.thread_id, id=uuid7(), words="Tell the front desk if you need a wheelchair", owner="you",
            now=at(-11, 9, 5), **more,
        )  # fmt: skip
    with actor.unit_of_work(actor.Actor(user_id=rosa.pk)):
        outreach.write_down(
            id=uuid7(), topic=Topic.LETTER, how="letter", came_at=at(-2, 12, 0), now=at(-1, 9, 40),
            text="Samuel sent the form of his insurance. Please fill in page two and send it back.",
            by=rosa, patient=story.of_samuel,
        )  # fmt: skip
