"""What was answered beside a message, as both sides read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from messaging.models import Message
from messaging.models.writing import TriageAnswers
from messaging.writing import redflags, triage


@dataclass(frozen=True, slots=True)
class Signs:
    """Lines in words; `level` as in `TriageAnswers.Level`."""

    level: str
    yes: list[str]
    no: list[str]
    words: list[str]
    called: str
    version: int
    signed: bool

    @property
    def urgent(self) -> bool:
        return self.level != TriageAnswers.Level.NONE


def called_words(code: str) -> str:
    """The answer to "Have you called?"."""
    known = {"yes": _("Yes, called"), "no": _("No, not called"), "wait": _("It can wait")}
    return known.get(code, "")


def signs_of(message: Message) -> Signs | None:
    """The answers of a message that was read with `in_order()`; None when nothing was asked or answered."""
    row: Any = getattr(message, "triage", None)
    if row is None:
        return None
    said = row.answers
    return Signs(
        row.level,
        [answer["text"] for answer in said["answers"] if answer["said_code"] == "yes"],
        [answer["text"] for answer in said["answers"] if answer["said_code"] == "no"],
        list(said["words"]),
        called_words(said["called_code"]),
        row.ruleset_version,
        row.ruleset_signed,
    )


def alarm_of(message: Message | None) -> dict[str, Any]:
    """For the top of a page: what fired beside a message that was sent; nothing when nothing did."""
    signs = signs_of(message) if message is not None else None
    if signs is None or not signs.urgent:
        return {}
    return {"level": signs.level, "lines": signs.yes + signs.words}


def alarm_of_form(form: Any, topic: str = "") -> dict[str, Any]:
    """The same for what is ticked and typed in a form that is not sent yet; `topic` where the form does not ask for it."""
    found = triage.in_use() if form.is_bound else None
    if found is None:
        return {}
    ticked = set(form.data.getlist("signs"))
    asked = form.fields["signs"].asked if ticked and "signs" in form.fields else []
    topic = topic or form.data.get("topic", "")
    fired = [one for one in asked if one.key in ticked and one.key.startswith(f"{topic}:")]
    words = found.rules.found_in(form.data.get("text", ""))
    level = redflags.highest([one.level for one in fired] + [level for _word, level in words])
    if level == redflags.NO_FLAG:
        return {}
    return {"level": level, "lines": [one.text for one in fired] + [word for word, _level in words]}
