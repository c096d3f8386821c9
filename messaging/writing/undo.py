"""Taking a message back: for ten minutes, or until somebody of the team has opened it. One of the two wins, never both.

A message's row is never changed. A `MessageRetraction` beside it makes every page show that it was taken back instead of its text, and the
text is the writer's draft again. Whoever opens a fresh message for the team holds the conversation's row first (`open_for_team`), and
so does taking back: the second one sees what the first one did.

Work in the safety lane stays on the list, without the text: what was urgent a moment ago is not over because the words are gone, and a
slip of the finger must not end it. Somebody of the team calls.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q
from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext_lazy

from accounts.models import User
from messaging import services
from messaging.models import (
    Attachment,
    Message,
    MessageRetraction,
    Thread,
    ThreadViewer,
    TriageAnswers,
    WorkItem,
)
from messaging.topics import Lane
from messaging.writing.begun import address_of_new, below
from patients.drafts import Fields, open_draft, save_draft
from patients.models import Patient
from patients.services import capacity_of, exactly_once, patient_side_ids, record_change, require
from portal.lib.ids import uuid7
from portal.lib.problems import Conflict

WINDOW = timedelta(minutes=10)


class TooLateToTakeBack(Conflict):
    default_message = gettext_lazy(
        "This message cannot be taken back any more: ten minutes are over, or your team has opened it. "
        "Write a second message to put something right."
    )


def taken_back(message: Message) -> bool:
    """Whether a message that was read with `in_order()` was taken back."""
    return message.taken_back is not None


def is_open_to_undo(user: User, patient: Patient, message: Message, now: datetime) -> bool:
    """Whether this person can take back the newest message that stands, at `now`. One statement, none for others' messages."""
    if message.author_id != user.pk or message.capacity not in services.PATIENT_SIDE:
        return False
    return now - message.created_at <= WINDOW and not _opened(patient, message)


@transaction.atomic
def take_back(
    *, by: User, patient: Patient, thread_id: UUID, message_id: UUID, id: UUID, now: datetime
) -> Message:
    """Take back a message that was just sent; its words become a draft, and its work goes off the list unless it is urgent. Twice is once.

    Raises TooLateToTakeBack, NotAllowed, Http404.
    """
    capacity = require(by, patient, services.AREA, *services.PATIENT_SIDE)

    def make() -> UUID:
        thread = _held(by, patient, thread_id)
        sent = Message.objects.for_user(by, patient).filter(thread=thread, pk=message_id)
        message: Message | None = sent.first()
        if message is None or message.author_id != by.pk:
            raise Http404
        if _taken(message):
            return message.pk
        if not _is_newest(message) or not is_open_to_undo(by, patient, message, now):
            raise TooLateToTakeBack
        row = MessageRetraction(
            id=uuid7(),
            patient_id=patient.pk,
            message=message,
            by=by,
            capacity=capacity,
            at=now,
            kind="undone",
        )
        row.created_at = now
        row.save(force_insert=True)
        _withdraw_work(message, now)
        _as_draft(by, patient, capacity, thread, message)
        record_change(by, patient, "message.taken-back", message.pk)
        return message.pk

    exactly_once(act="message.take-back", id=id, patient=patient, user=by, content=[str(message_id)], do=make)
    found: Message = Message.objects.for_user(by, patient).in_order().get(pk=message_id)
    return found


def still_owed(message: Message) -> bool:
    """After it was taken back: whether the team still has urgent work in its conversation, and may call."""
    return bool(WorkItem.objects.filter(thread_id=message.thread_id, lane=Lane.SAFETY).waiting().exists())


HOLD = "SELECT last_seq FROM messaging_thread WHERE id = %s FOR SHARE"


def open_for_team(*, by: User, thread: Thread, seen: int, now: datetime) -> None:
    """Before the team reads a conversation in which something could still be taken back: wait for that, then note the opening.

    `seen`: up to which message this person had read. Nothing is asked of the database when nothing is fresh or new. The caller shows
    messages up to `thread.last_seq` and no later one: what comes in meanwhile was not opened by it.
    """
    if now - thread.last_at > WINDOW or seen >= thread.last_seq:
        return
    with connection.cursor() as cursor:
        cursor.execute(HOLD, [thread.pk])
        if (row := cursor.fetchone()) is not None:
            thread.last_seq = row[0]
    services.mark_seen(by=by, thread=thread, seq=thread.last_seq, now=now)


def open_one_for_team(*, by: User, message: Message, now: datetime) -> None:
    """The same before the team opens a file of one message, without its conversation."""
    if now - message.created_at > WINDOW:
        return
    with connection.cursor() as cursor:
        cursor.execute(HOLD, [message.thread_id])
    services.mark_seen(by=by, thread=message.thread, seq=message.seq, now=now)


def found_by_team(*, by: User, messages: Sequence[Message], now: datetime) -> list[Message]:
    """The same for what the team's search found: the fresh ones are opened by it, and what was taken back meanwhile is left out."""
    fresh = [message for message in messages if now - message.created_at <= WINDOW]
    if not fresh:
        return list(messages)
    newest = {message.thread_id: message for message in sorted(fresh, key=lambda message: message.seq)}
    for _thread, message in sorted(newest.items()):
        open_one_for_team(by=by, message=message, now=now)
    rows = MessageRetraction.objects.for_user(by).filter(message__in=[message.pk for message in fresh])
    gone = set(rows.values_list("message_id", flat=True))
    return [message for message in messages if message.pk not in gone]


# --- Pieces -------------------------------------------------------------------------------------------------------


def _held(by: User, patient: Patient, thread_id: UUID) -> Thread:
    try:
        return services._locked(by, patient, thread_id)
    except Thread.DoesNotExist:
        raise Http404 from None


def _taken(message: Message) -> bool:
    return MessageRetraction.objects.filter(message_id=message.pk).exists()


def _is_newest(message: Message) -> bool:
    """Nothing that stands came after it."""
    return not Message.objects.filter(thread_id=message.thread_id, seq__gt=message.seq).standing().exists()


def _opened(patient: Patient, message: Message) -> bool:
    """Somebody who does not read for the patient has opened it, works on it already, or was told to come and look."""
    ours = Q(user_id__in=patient_side_ids(patient, services.AREA)) | Q(user_id=message.author_id)
    looked = ThreadViewer.objects.filter(thread_id=message.thread_id, last_seen_seq__gte=message.seq)
    claimed = WorkItem.objects.filter(Q(owner__isnull=False) | Q(told__gt=0), trigger_id=message.pk)
    by_others = looked.exclude(ours).values("pk")
    return bool(by_others.union(claimed.values("pk"), all=True)[:1])


def _withdraw_work(message: Message, now: datetime) -> None:
    """Work that this message made; urgent work and work that was there before it stay, as urgent as they are and with their clock."""
    made = WorkItem.objects.filter(trigger_id=message.pk).exclude(lane=Lane.SAFETY)
    for item in made.waiting().select_for_update(of=("self",), no_key=True):
        services._finish(item, item.owner, WorkItem.Outcome.WITHDRAWN, now)


def _as_draft(by: User, patient: Patient, capacity: str, thread: Thread, message: Message) -> None:
    """The words and the files wait where they were written; below what is begun there already, so that neither is lost."""
    first = message.seq == 1
    kind, target = ("message", None) if first else ("reply", thread.pk)
    fields: Fields = {"text": [message.body]}
    if first:
        triage = TriageAnswers.objects.filter(message_id=message.pk).first()
        said = triage.answers if triage is not None else {"answers": [], "called_code": ""}
        fields |= {
            "topic": [thread.topic],
            "about": [thread.about or ""],
            "signs": [row["code"] for row in said["answers"] if row["said_code"] == "yes"],
        }
        if thread.hidden_from_carers:
            fields["hide"] = ["on"]
    state = open_draft(
        user=by, patient=patient, kind=kind, target=target, resume=resume_of(patient, by, thread, first)
    )
    fields = below(state, fields)
    save_draft(user=by, patient=patient, capacity=capacity, state=state, fields=fields)
    Attachment.objects.for_user(by, patient).filter(message=message).update(message=None, draft=state.id)


def resume_of(patient: Patient, by: User, thread: Thread, first: bool) -> str:
    """Where the words are written on: a new message, or the conversation."""
    if first:
        return address_of_new(by, patient)
    own = capacity_of(by, patient) == "self"
    prefix, args = ("", []) if own else ("patient-", [patient.pk])
    return reverse(f"messaging:{prefix}thread", args=[*args, thread.pk])


__all__ = [
    "TooLateToTakeBack",
    "found_by_team",
    "is_open_to_undo",
    "open_for_team",
    "open_one_for_team",
    "resume_of",
    "still_owed",
    "take_back",
    "taken_back",
]
