"""What staff bring into a conversation: calls and letters of a patient, and first words of the team's own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy

from accounts.models import User
from clinic.services import state_of, team_ids
from messaging.composing import reply_templates
from messaging.files.services import bind
from messaging.models import Message, Thread, WorkItem
from messaging.services import (
    AREA,
    NoTeam,
    _append,
    _locked_by_staff,
    _nothing_newer,
    _of_files,
    _open_item,
    _owe_an_answer,
    _stand_in,
)
from messaging.telling import notices
from messaging.topics import LANE_OF, PRIORITY_OF, Lane, Topic
from messaging.work.promises import due_at
from messaging.writing import triage
from patients.models import Patient
from patients.services import access_of, exactly_once, record_change, require, team_of
from portal.lib.ids import uuid7
from portal.lib.problems import DomainError

OUTSIDE = (Message.Capacity.PHONE, Message.Capacity.LETTER)
LONGEST_WAY = timedelta(days=60)  # how long ago a letter can have come
CLOCKS_DIFFER = timedelta(minutes=2)


class NotThen(DomainError):
    status = 422
    default_message = gettext_lazy("It can have come today or in the last 60 days, but not later than now.")


@transaction.atomic
def write_down(
    *,
    by: User,
    patient: Patient,
    id: UUID,
    text: str,
    how: str,
    came_at: datetime,
    now: datetime,
    topic: str = "",
    lane: str = "",
    thread_id: UUID | None = None,
    seen_seq: int = 0,
    signs: Iterable[str] = (),
    files: Sequence[UUID] = (),
) -> Message:
    """A call or a letter of the patient, written down by the team: a new conversation about `topic`, or more in `thread_id`.

    The same lanes, the same clock and the same red flags as for a message; the clock runs from when it came. `lane` empty
    means the topic's. `signs` are keys of red-flag questions that the patient answered with yes on the phone; they, and words
    in the text, put it into the safety lane whatever `lane` says. `files` are scans that were sent ahead. Once under `id`. Raises NotThen, NewerMessages, NoTeam, DifferentContent, NotAllowed, Thread.DoesNotExist.
    """
    require(by, patient, AREA, "team")
    if how not in OUTSIDE:
        raise ValueError(f"not a way in: {how!r}")
    if not now - LONGEST_WAY <= came_at <= now + CLOCKS_DIFFER:
        raise NotThen
    signs = sorted(set(signs))
    made: Message | None = None

    def make() -> UUID:
        if thread_id is None:
            thread = _begin(by, patient, topic, now)
        else:
            thread = _locked_by_staff(by, patient, thread_id)
            _nothing_newer(thread, by, seen_seq)
        nonlocal made
        made = message = _append(thread, by, how, text, id, now, came_at=came_at)
        verdict = triage.note(
            by=by, patient=patient, thread=thread, message=message, signs=signs, called="", now=now
        )
        bind(by=by, message=message, ids=files)
        urgent = verdict is not None and verdict.urgent
        _owe(thread, message, Lane.SAFETY if urgent else lane or LANE_OF[thread.topic], came_at, now)
        record_change(by, patient, "message.written-down", message.pk, by_phone=how == Message.Capacity.PHONE)
        return message.pk

    content: list[Any] = [str(thread_id or topic), how, came_at.isoformat(), lane, text, *_of_files(files)]
    if signs:
        content.append(signs)
    done = exactly_once(act="message.written-down", id=id, patient=patient, user=by, content=content, do=make)
    return made if made is not None else _sent(by, done.result)


@transaction.atomic
def write_first(*, by: User, patient: Patient, id: UUID, topic: str, text: str, now: datetime) -> Message:
    """A conversation that the team begins. Nobody owes an answer; what the patient writes back is work as always.

    Once under `id`, which becomes the message's. Raises BlankLeft, NoTeam, DifferentContent, NotAllowed.
    """
    require(by, patient, AREA, "team")
    made: Message | None = None

    def make() -> UUID:
        reply_templates.nothing_left_blank(patient.site, text)
        thread = _begin(by, patient, topic, now)
        nonlocal made
        made = message = _append(thread, by, Message.Capacity.TEAM, text, id, now)
        record_change(by, patient, "message.begun", message.pk)
        notices.tell_readers(patient=patient, thread=thread, now=now)
        return message.pk

    done = exactly_once(act="message.begin", id=id, patient=patient, user=by, content=[topic, text], do=make)
    return made if made is not None else _sent(by, done.result)


def _begin(by: User, patient: Patient, topic: str, now: datetime) -> Thread:
    """A new conversation of the patient's team, which the writer must be in."""
    if topic not in Topic.values:
        raise ValueError(f"unknown topic {topic!r}")
    team = team_of(patient)
    grant = access_of(by, patient)
    if grant is not None and grant.team is not None and (team is None or team.pk not in team_ids(by)):
        team = grant.team  # of several teams of a patient, the one the writer is in
    if team is None:
        raise NoTeam
    thread = Thread(patient=patient, team=team, topic=topic, last_at=now, started_by=by)
    thread.created_at = now
    thread.save(force_insert=True)
    return _locked_by_staff(by, patient, thread.pk)


def _owe(thread: Thread, message: Message, lane: str, came_at: datetime, now: datetime) -> None:
    """Work for the team, counted from when it came. Work that is open already only becomes more urgent, never less.

    As with a message, whoever has urgent work hears of anything that comes into it, also when that is calm in itself.
    """
    state = state_of(thread.patient.site)
    item = _open_item(thread)
    if item is not None:
        if lane != Lane.SAFETY and item.owner_id == message.author_id:
            _stand_in(item, message)
            return  # calm words that the owner heard on the phone: nobody has to tell them
        _owe_an_answer(thread, message, now, urgent=lane == Lane.SAFETY)
        if lane == Lane.SAFETY:
            item.refresh_from_db()
            triage.hurry(item, thread.patient, came_at)
        return
    due = due_at(state, Topic.SIDE_EFFECT if lane == Lane.SAFETY else Topic.OTHER, came_at)
    WorkItem(
        id=uuid7(),
        patient_id=thread.patient_id,
        thread=thread,
        team_id=thread.team_id,
        trigger=message,
        lane=lane,
        priority=PRIORITY_OF[lane],
        due_at=due,
        created_at=message.created_at,
    ).save(force_insert=True)


def _sent(by: User, message_id: UUID | None) -> Message:
    found: Message = Message.objects.for_user(by).select_related("thread", "author").get(pk=message_id)
    return found


__all__ = ["OUTSIDE", "NotThen", "write_down", "write_first"]
