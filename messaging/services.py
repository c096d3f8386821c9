"""The door of `messaging`: sending, answering, claiming, closing. Every write is one transaction and one entry on the trail.

Order of locks, the same everywhere: the receipt of the act, the conversation's row, its work item. So two people never wait for
each other, and whoever comes second sees what the first one did.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Count, Max, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from clinic.cover import absence_of
from clinic.models import Team
from clinic.rota import Absence
from clinic.services import members_of, state_of, team_ids
from messaging.composing import article_links, reply_templates
from messaging.files.services import bind
from messaging.models import InternalNote, Message, MessageRetraction, Thread, ThreadViewer, WorkItem
from messaging.telling import notices
from messaging.topics import LANE_OF, PRIORITY_OF, Lane, Topic
from messaging.work import alarms
from messaging.work.events import Kind, remember
from messaging.work.promises import due_at
from messaging.writing import triage
from patients.models import Patient
from patients.services import (
    Done,
    exactly_once,
    patient_side,
    record_change,
    require,
    team_of,
    teams_looking_after,
)
from portal.lib.actor import reading_many
from portal.lib.ids import uuid7
from portal.lib.problems import Conflict, DomainError, NotAllowed
from portal.lib.time import now as present
from portal.lib.time import today_in
from portal.lib.time_words import day as said_day

LONGEST_MESSAGE = 5_000  # characters, after cleaning
LONGEST_ABOUT = 200
AREA = "messages"
PATIENT_SIDE = ("self", "carer")


class NoTeam(DomainError):
    default_message = gettext_lazy(
        "No team is linked to you yet. Please call the clinic. Your words are kept below."
    )


class NewerMessages(Conflict):
    """Somebody wrote in the meantime. `newer` are those messages, oldest first."""

    default_message = gettext_lazy(
        "There is something new in this conversation. Read it first, then send your text: it is kept below."
    )

    def __init__(self, newer: Iterable[Message]) -> None:
        super().__init__()
        self.newer = list(newer)


class TeamChanged(Conflict):
    """The conversation's team does not look after the patient any more. `team` is the one that does now."""

    default_message = gettext_lazy(
        "Your team has changed. Your text is kept below: one more press sends it to the new team."
    )

    def __init__(self, team: Team) -> None:
        super().__init__()
        self.team = team


class TakenByOther(Conflict):
    """A colleague works on it. `owner` is who."""

    def __init__(self, owner: User, at: datetime | None) -> None:
        super().__init__(_("%(name)s has this already. Nothing was changed.") % {"name": owner.name})
        self.owner, self.at = owner, at


class Away(Conflict):
    """The person entered an absence: nothing new is theirs until it is over."""

    def __init__(self, absence: Absence) -> None:
        words = _(
            "You are entered as away until %(day)s. %(name)s covers. End the absence first, then take this on."
        )
        super().__init__(words % {"day": said_day(absence.ends_on), "name": absence.cover.name})
        self.absence = absence


class AlreadyDone(Conflict):
    default_message = gettext_lazy("This is done already. Nothing was changed.")


# --- The patient's side --------------------------------------------------------------------------------------


@transaction.atomic
def start_thread(
    *,
    by: User,
    patient: Patient,
    id: UUID,
    topic: str,
    text: str,
    now: datetime,
    about: str = "",
    hide_from_carers: bool = False,
    signs: Iterable[str] = (),
    called: str = "",
    files: Sequence[UUID] = (),
) -> Message:
    """A new conversation with its first message, sent exactly once under `id` (which is the message's id).

    By the patient, a carer, or by the team for a patient on the phone. `now` is aware. A retry gets the first message
    again. `signs` are keys of red-flag questions answered with yes, or "<topic>:none"; `called` says whether the clinic was
    called (`triage.CALLED`). Raises DifferentContent, NoTeam, NotAllowed.
    """
    capacity = require(by, patient, AREA, *PATIENT_SIDE, "team")
    if topic not in Topic.values:
        raise ValueError(f"unknown topic {topic!r}")
    hidden = hide_from_carers and capacity == "self"
    signs = sorted(set(signs))

    made: Message | None = None

    def make() -> UUID:
        team = team_of(patient)
        if team is None:
            raise NoTeam
        thread = Thread(
            patient=patient, team=team, topic=topic, last_at=now, started_by=by, hidden_from_carers=hidden
        )
        thread.about = about[:LONGEST_ABOUT] or None
        thread.created_at = now
        nonlocal made
        made = message = _append(thread, by, "phone" if capacity == "team" else capacity, text, id, now)
        verdict = triage.note(
            by=by, patient=patient, thread=thread, message=message, signs=signs, called=called, now=now
        )
        bind(by=by, message=message, ids=files)
        _owe_an_answer(thread, message, now, urgent=verdict is not None and verdict.urgent)
        record_change(by, patient, "message.sent", message.pk, by_phone=capacity == "team")
        return message.pk

    content: list[Any] = [topic, about, hidden, text, *_of_files(files)]
    if signs or called:
        content += [signs, called]
    done = exactly_once(
        act="message.start", id=id, patient=patient, user=by, content=content, do=make, makes=id
    )
    return made if made is not None else _result(by, done)


@transaction.atomic
def reply(
    *,
    by: User,
    patient: Patient,
    thread_id: UUID,
    id: UUID,
    text: str,
    seen_seq: int,
    now: datetime,
    to_team: UUID | None = None,
    files: Sequence[UUID] = (),
) -> Message:
    """A further message of the patient or a carer, written after reading up to `seen_seq`; exactly once under `id`.

    Opens a closed conversation again. When its team has ended, `to_team` names the new one that the writer has agreed to.
    Raises NewerMessages, TeamChanged, NoTeam, DifferentContent, NotAllowed, Thread.DoesNotExist.
    """
    capacity = require(by, patient, AREA, *PATIENT_SIDE)

    made: Message | None = None

    def make() -> UUID:
        thread = _locked(by, patient, thread_id)
        _nothing_newer(thread, by, seen_seq)
        _follow_the_team(thread, by, patient, to_team, now)
        nonlocal made
        made = message = _append(thread, by, capacity, text, id, now)
        verdict = triage.note(
            by=by, patient=patient, thread=thread, message=message, signs=(), called="", now=now
        )
        bind(by=by, message=message, ids=files)
        _owe_an_answer(thread, message, now, urgent=verdict is not None and verdict.urgent)
        record_change(by, patient, "message.sent", message.pk)
        return message.pk

    content = [str(thread_id), text, *_of_files(files)]
    done = exactly_once(
        act="message.reply", id=id, patient=patient, user=by, content=content, do=make, makes=id
    )
    return made if made is not None else _result(by, done)


@transaction.atomic
def close_thread(
    *, by: User, patient: Patient, thread_id: UUID, id: UUID, seen_seq: int, now: datetime
) -> Done:
    """The patient's side needs no answer any more, after reading up to `seen_seq`: the work goes off the list.

    Urgent work whose last words nobody of the team has opened, or could read because they were taken back, stays: the conversation is
    closed, and the team closes the work.
    Raises NewerMessages, NotAllowed, Thread.DoesNotExist.
    """
    require(by, patient, AREA, *PATIENT_SIDE)

    def make() -> UUID:
        thread = _locked(by, patient, thread_id)
        _nothing_newer(thread, by, seen_seq)
        thread.state = Thread.State.CLOSED
        thread.save(update_fields=["state"])
        item = _open_item(thread)
        if item is not None and (item.lane != Lane.SAFETY or _opened_by_team(thread, item, now)):
            _finish(item, item.owner, WorkItem.Outcome.WITHDRAWN, now)
            remember(item, Kind.CLOSED, by=by, now=now)
        record_change(by, patient, "thread.closed", thread.pk)
        return thread.pk

    return exactly_once(
        act="thread.close", id=id, patient=patient, user=by, content=[str(thread_id)], do=make
    )


SEEN = """
    INSERT INTO messaging_threadviewer AS mine
        (id, patient_id, thread_id, user_id, last_seen_seq, seen_at, created_at)
    VALUES (%s, %s, %s, %s, %s, %s, clock_timestamp())
    ON CONFLICT (thread_id, user_id) DO UPDATE
    SET last_seen_seq = greatest(mine.last_seen_seq, excluded.last_seen_seq), seen_at = excluded.seen_at
"""


def mark_seen(*, by: User, thread: Thread, seq: int, now: datetime) -> None:
    """Note that a person has read up to `seq`. Never goes back. One statement, whatever stood there before."""
    with connection.cursor() as cursor:
        cursor.execute(SEEN, [uuid7(), thread.patient_id, thread.pk, by.pk, seq, now])


# --- The team's side --------------------------------------------------------------------------------------------


@transaction.atomic
def claim(
    *, by: User, patient: Patient, thread_id: UUID, id: UUID, now: datetime, take_over: bool = False
) -> Done:
    """Take a conversation's work. The first one wins; with `take_over` it changes hands on purpose.

    Raises TakenByOther, AlreadyDone, Away, NotAllowed, Thread.DoesNotExist.
    """

    require(by, patient, AREA, "team")

    def make() -> UUID:
        item = _item_to_do(_locked_by_staff(by, patient, thread_id))
        if item.owner_id == by.pk:
            return item.pk
        away = absence_of(item.team_id, by.pk, today_in(now, patient.site.time_zone))
        if away is not None:
            raise Away(away)
        if item.owner is not None and not take_over:
            raise TakenByOther(item.owner, item.claimed_at)
        item.state, item.owner, item.claimed_at = WorkItem.State.CLAIMED, by, now
        item.alarm_at, item.round, item.told = None, item.round + 1, 0
        item.save(update_fields=["state", "owner", "claimed_at", "alarm_at", "round", "told"])
        remember(item, Kind.CLAIMED, by=by, now=now)
        record_change(by, patient, "work.claimed", thread_id)
        return item.pk

    content = [str(thread_id), take_over]
    return exactly_once(act="work.claim", id=id, patient=patient, user=by, content=content, do=make)


@transaction.atomic
def release(*, by: User, patient: Patient, thread_id: UUID, id: UUID) -> Done:
    """Hand one's work back to the team. Raises TakenByOther, AlreadyDone, NotAllowed, Thread.DoesNotExist."""

    require(by, patient, AREA, "team")

    def make() -> UUID:
        item = _mine_or_free(_locked_by_staff(by, patient, thread_id), by)
        if item.owner_id is None:
            return item.pk
        item.state, item.owner, item.claimed_at = WorkItem.State.OPEN, None, None
        item.save(update_fields=["state", "owner", "claimed_at"])
        remember(item, Kind.RELEASED, by=by, now=present())
        record_change(by, patient, "work.released", thread_id)
        return item.pk

    return exactly_once(
        act="work.release", id=id, patient=patient, user=by, content=[str(thread_id)], do=make
    )


@transaction.atomic
def answer(
    *, by: User, patient: Patient, thread_id: UUID, id: UUID, text: str, seen_seq: int, now: datetime,
    files: Sequence[UUID] = (),
) -> Message:  # fmt: skip
    """The team's answer, written after reading up to `seen_seq`; exactly once under `id`. The work is done with it,
    and the people on the patient's side are told by mail.

    Raises BlankLeft, NewerMessages, TakenByOther, DifferentContent, NotAllowed, Thread.DoesNotExist.
    """

    require(by, patient, AREA, "team")

    made: Message | None = None

    def make() -> UUID:
        thread = _locked_by_staff(by, patient, thread_id)
        _nothing_newer(thread, by, seen_seq)
        reply_templates.nothing_left_blank(patient.site, text)
        item = _open_item(thread)
        if item is not None:
            _not_taken(item, by)
            _finish(item, by, WorkItem.Outcome.ANSWERED, now)
            remember(item, Kind.ANSWERED, by=by, now=now)
        nonlocal made
        made = message = _append(thread, by, Message.Capacity.TEAM, text, id, now)
        bind(by=by, message=message, ids=files)
        record_change(by, patient, "message.answered", message.pk)
        article_links.note_articles(by=by, patient=patient, thread=thread, text=text, now=now)
        notices.tell_readers(patient=patient, thread=thread, now=now)
        return message.pk

    content = [str(thread_id), text, *_of_files(files)]
    done = exactly_once(
        act="message.answer", id=id, patient=patient, user=by, content=content, do=make, makes=id
    )
    return made if made is not None else _result(by, done)


@transaction.atomic
def add_note(*, by: User, patient: Patient, thread_id: UUID, id: UUID, text: str, now: datetime) -> Done:
    """A note for the team only; exactly once under `id`. Raises DifferentContent, NotAllowed, Thread.DoesNotExist."""

    require(by, patient, AREA, "team")

    def make() -> UUID:
        thread = _locked_by_staff(by, patient, thread_id)
        note = InternalNote(id=id, patient=patient, thread=thread, author=by)
        note.created_at = now
        note.body = text
        note.save(force_insert=True)
        record_change(by, patient, "note.added", note.pk)
        return note.pk

    return exactly_once(
        act="note.add", id=id, patient=patient, user=by, content=[str(thread_id), text], do=make
    )


@transaction.atomic
def finish(
    *, by: User, patient: Patient, thread_id: UUID, id: UUID, outcome: str, seen_seq: int, now: datetime
) -> Done:
    """Take work off the list without an answer: "no reply needed", or done in another way (`arranged`).

    Raises NewerMessages, TakenByOther, AlreadyDone, NotAllowed, Thread.DoesNotExist.
    """
    if outcome not in (WorkItem.Outcome.NO_REPLY, WorkItem.Outcome.ARRANGED):
        raise ValueError(f"not a way to finish: {outcome!r}")

    require(by, patient, AREA, "team")

    def make() -> UUID:
        thread = _locked_by_staff(by, patient, thread_id)
        _nothing_newer(thread, by, seen_seq)
        item = _mine_or_free(thread, by)
        _finish(item, by, outcome, now)
        remember(item, Kind.CLOSED, by=by, now=now)
        record_change(by, patient, "work.finished", thread_id)
        return item.pk

    content = [str(thread_id), outcome]
    return exactly_once(act="work.finish", id=id, patient=patient, user=by, content=content, do=make)


# --- Reads that have a name ---------------------------------------------------------------------------------------


def works_here(user: User) -> bool:
    """True for people in a team: they have a work list."""
    return bool(team_ids(user))


def lane_counts(user: User) -> dict[str, int]:
    """How many conversations wait in each lane of the person's teams: one statement."""
    rows = (
        WorkItem.objects.for_user(user)
        .of_own_teams(user)
        .waiting()
        .values("lane")
        .annotate(count=Count("id"))
    )
    found = {row["lane"]: row["count"] for row in rows.order_by()}
    return {lane: found.get(lane, 0) for lane in Lane.values}


def next_item(
    user: User, *, after: UUID | None = None, behind: WorkItem | None = None, only: Q | None = None
) -> WorkItem | None:
    """What the person could do next; not the conversation `after`. Of what `only` lets through: the list the person came from.

    Urgent work first; then what stands on the list after `behind`, so that who puts something back or hands it over goes on
    and not round; then from the top. One statement.
    """
    items = WorkItem.objects.for_user(user).of_own_teams(user).waiting().free_for(user)
    if after is not None:
        items = items.exclude(thread_id=after)
    if only is not None:
        items = items.filter(only)
    with reading_many():
        next_one = items.in_work_order_from(behind)[:1]
        first: WorkItem | None = WorkItem.objects.for_user(user).lines_of(next_one).first()
    return first


# --- Pieces -----------------------------------------------------------------------------------------------------------


def _locked(by: User, patient: Patient, thread_id: UUID) -> Thread:
    found: Thread = (
        Thread.objects.for_user(by, patient).select_for_update(of=("self",), no_key=True).get(pk=thread_id)
    )
    found.patient = patient
    return found


def _locked_by_staff(by: User, patient: Patient, thread_id: UUID) -> Thread:
    thread = _locked(by, patient, thread_id)
    if thread.team_id not in team_ids(by):
        raise NotAllowed
    return thread


def _append(
    thread: Thread,
    by: User,
    capacity: str,
    text: str,
    id: UUID,
    now: datetime,
    *,
    came_at: datetime | None = None,
) -> Message:
    """The next message of a locked conversation, or of one that is made with it; whoever writes has read everything before it."""
    thread.last_seq += 1
    thread.last_at = max(now, thread.last_at)
    thread.state = Thread.State.OPEN
    if thread._state.adding:
        thread.save(force_insert=True)
    else:
        thread.save(update_fields=["last_seq", "last_at", "state"])
    message = Message(id=id, patient_id=thread.patient_id, thread=thread, seq=thread.last_seq, author=by)
    message.capacity = capacity
    message.came_at = came_at
    message.created_at = now
    message.body = text
    message.save(force_insert=True)
    mark_seen(by=by, thread=thread, seq=message.seq, now=now)
    return message


def _owe_an_answer(thread: Thread, message: Message, now: datetime, *, urgent: bool = False) -> None:
    """Work for the team, unless it has work for this conversation already: then the older promise stands, or an earlier one."""
    item = _open_item(thread) if message.seq > 1 else None
    if item is not None:
        was_urgent = item.lane == Lane.SAFETY
        if urgent:
            triage.hurry(item, thread.patient, now)
        if item.lane == Lane.SAFETY:
            _stand_in(item, message)
            # Whatever stands in it: who writes more beside something urgent is read in time.
            alarms.sound(item, thread.patient, was_urgent=was_urgent, now=now)
        return
    lane = Lane.SAFETY if urgent else LANE_OF[thread.topic]
    state = state_of(thread.patient.site)
    due = due_at(state, thread.topic, now)
    if urgent:
        due = min(due, due_at(state, Topic.SIDE_EFFECT, now))
    WorkItem(
        id=uuid7(),
        patient_id=thread.patient_id,
        thread=thread,
        team_id=thread.team_id,
        trigger=message,
        lane=lane,
        priority=PRIORITY_OF[lane],
        due_at=due,
        created_at=now,
    ).save(force_insert=True)


def _stand_in(item: WorkItem, message: Message) -> None:
    """Urgent work whose message was taken back is about the next one, so that the list can say what it is about."""
    if MessageRetraction.objects.filter(message_id=item.trigger_id).exists():
        item.trigger = message
        item.save(update_fields=["trigger"])


def _open_item(thread: Thread) -> WorkItem | None:
    found: WorkItem | None = (
        WorkItem.objects.filter(thread=thread)
        .waiting()
        .select_for_update(of=("self",), no_key=True)
        .select_related("owner")
        .first()
    )
    return found


def _item_to_do(thread: Thread) -> WorkItem:
    item = _open_item(thread)
    if item is None:
        raise AlreadyDone
    return item


def _mine_or_free(thread: Thread, by: User) -> WorkItem:
    item = _item_to_do(thread)
    _not_taken(item, by)
    return item


def _not_taken(item: WorkItem, by: User) -> None:
    if item.owner is not None and item.owner_id != by.pk:
        raise TakenByOther(item.owner, item.claimed_at)


def _opened_by_team(thread: Thread, item: WorkItem, now: datetime) -> bool:
    """Somebody of the team has read the last words of the patient's side; who reads for the patient does not count, and what was taken back nobody reads."""
    theirs = Message.objects.filter(thread=thread).exclude(capacity=Message.Capacity.TEAM)
    last = theirs.aggregate(last=Max("seq"))["last"] or thread.last_seq
    if MessageRetraction.objects.filter(message__thread=thread, message__seq=last).exists():
        return False
    members = set(members_of(item.team_id, now.date()).values_list("user_id", flat=True))
    team = members.difference(patient_side(thread.patient, AREA))
    viewers = ThreadViewer.objects.filter(thread=thread, last_seen_seq__gte=last, user_id__in=team)
    return bool(viewers.exists())


def _finish(item: WorkItem, owner: User | None, outcome: str, now: datetime) -> None:
    item.state, item.owner, item.outcome, item.done_at = WorkItem.State.DONE, owner, outcome, now
    item.save(update_fields=["state", "owner", "outcome", "done_at"])


def _nothing_newer(thread: Thread, by: User, seen_seq: int) -> None:
    """Call with the conversation locked: then its number is that of the newest message, and often says enough."""
    if thread.last_seq <= seen_seq:
        return
    newer = list(Message.objects.filter(thread=thread).newer_than(seen_seq, by).in_order())
    if newer:
        raise NewerMessages(newer)


def _of_files(files: Iterable[UUID]) -> list[list[str]]:
    """What files add to the content of an act: nothing when there are none."""
    ids = sorted({str(file) for file in files})
    return [ids] if ids else []


def _result(by: User, done: Done) -> Message:
    found: Message = Message.objects.for_user(by).select_related("thread").get(pk=done.result)
    return found


def who_answers(patient: Patient, thread: Thread) -> tuple[Team | None, Team | None]:
    """The conversation's team, while it looks after the patient; and otherwise the team to write to instead. One statement."""
    teams = teams_looking_after(patient)
    own = next((team for team in teams if team.pk == thread.team_id), None)
    return own, None if own is not None else next(iter(teams), None)


def _follow_the_team(thread: Thread, by: User, patient: Patient, to_team: UUID | None, now: datetime) -> None:
    """A conversation never dead-ends: with the writer's word it goes to the new team, with the work that is open in it."""
    teams = teams_looking_after(patient)
    if any(team.pk == thread.team_id for team in teams):
        return
    if not teams:
        raise NoTeam
    if to_team != teams[0].pk:
        raise TeamChanged(teams[0])
    item = _open_item(thread)
    _move(thread, item, teams[0])
    if item is not None:
        remember(item, Kind.HANDED_OVER, by=by, now=now, team=teams[0])
    record_change(by, patient, "thread.moved", thread.pk)


def _move(thread: Thread, item: WorkItem | None, team: Team) -> None:
    """Give a locked conversation and its locked work to another team; nobody there has taken it on yet.

    What was promised stands, and so does an alarm. Whom the old team told says nothing about the new one: the steps begin anew, but
    not the minutes, so that nobody is heard later for it.
    """
    thread.team = team
    thread.save(update_fields=["team"])
    if item is None:
        return
    item.team, item.state, item.owner, item.claimed_at = team, WorkItem.State.OPEN, None, None
    item.round, item.told = item.round + 1, 0
    item.save(update_fields=["team", "state", "owner", "claimed_at", "round", "told"])


def message_sent_before(by: User, patient: Patient, message_id: UUID | None) -> Message | None:
    """The message that an id was used for before, when the person may see it."""
    if message_id is None:
        return None
    found: Any = Message.objects.for_user(by, patient).select_related("thread").filter(pk=message_id).first()
    return found  # type: ignore[no-any-return]


__all__ = [
    "LONGEST_MESSAGE",
    "AlreadyDone",
    "Away",
    "NewerMessages",
    "NoTeam",
    "TakenByOther",
    "TeamChanged",
    "add_note",
    "answer",
    "claim",
    "close_thread",
    "finish",
    "lane_counts",
    "mark_seen",
    "message_sent_before",
    "next_item",
    "release",
    "reply",
    "start_thread",
    "who_answers",
    "works_here",
]
