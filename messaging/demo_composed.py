"""What the synthetic clinic's team composes with: templates in use, one that waits for its review."""

from __future__ import annotations

from typing import Any

from messaging import reply_templates
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
