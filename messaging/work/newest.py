"""What a row of the work list says first: the newest words of the patient's side that nobody has answered yet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from accounts.models import User
from messaging.models import Message, WorkItem

NEWEST_LINE = (
    160  # characters: a second message is short, and its end says what is wrong as often as its beginning
)


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest message of the patient's side, and whether it is another one than the one that made the work."""

    message: Message
    later: bool


def newest_of(user: User, items: Iterable[WorkItem]) -> dict[UUID, Newest]:
    """By work item (of `for_list`), of those whose conversation went on after the message that made the work; without what was taken back.
    One statement for all of them, none when nothing was added; the texts stay sealed until they are read.

    Reading a line of it is not opening the conversation (`writing.undo`), and an answer ends the work: so whatever the patient's
    side wrote since the work began is unanswered.
    """
    shown = [item for item in items if item.thread.last_seq > item.trigger.seq]
    if not shown:
        return {}
    threads = [item.thread_id for item in shown]
    theirs: Any = Message.objects.for_user(user).standing().exclude(capacity=Message.Capacity.TEAM)
    # One pass over these conversations: asked for each message anew, a long conversation made the list of everybody slow.
    rows = theirs.filter(thread__in=threads).order_by("thread_id", "-seq").distinct("thread_id")
    found = {row.thread_id: row for row in rows}
    return {
        item.pk: Newest(message, message.seq > item.trigger.seq)
        for item in shown
        if (message := found.get(item.thread_id)) is not None and message.seq >= item.trigger.seq
    }


__all__ = ["NEWEST_LINE", "Newest", "newest_of"]
