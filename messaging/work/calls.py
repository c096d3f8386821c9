"""The call list: people who have not read a message, or whom our mail does not reach, are called."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Value
from django.utils.translation import gettext as _

from accounts.models import User
from clinic.services import everyone_in_teams, team_ids
from messaging.models import CallTask, Message, Thread, ThreadViewer, WorkItemEvent
from messaging.services import AlreadyDone
from messaging.work.querysets import read_since
from patients.models import Patient
from patients.services import Done, exactly_once, record_change, require, team_of
from portal.lib.problems import NotAllowed

Reason = CallTask.Reason
Kind = WorkItemEvent.Kind
RESULTS = (Kind.REACHED, Kind.NOT_REACHED)
MOST_AT_ONCE = 500  # messages a run of the job looks at


@transaction.atomic
def ask_to_call(patient: Patient, user: User | None, reason: str, now: datetime) -> CallTask | None:
    """Put a person on the call list, once however often it is asked; None when the patient has no team.

    `user` is the account that could not be reached (None: the patient has none). Call inside a unit of work of the team
    or of a named system actor. `now` is aware.
    """
    if reason not in Reason.values:
        raise ValueError(f"not a reason to call: {reason!r}")
    team = team_of(patient)
    if team is None:
        return None
    task = CallTask(patient=patient, team=team, user=user, reason=reason, since=now, created_at=now)
    CallTask.objects.bulk_create([task], ignore_conflicts=True)
    found: CallTask = CallTask.objects.of(patient).get(
        user=user, reason=reason, done_at__isnull=True, thread__isnull=True
    )
    if found.pk == task.pk:
        record_change(None, patient, "call.asked", found.pk)
    return found


def unread_too_long(now: datetime) -> int:
    """Put the messages on the list that nobody on the patient's side has read for the site's number of days.

    The days are those of the oldest unread one: each further message would otherwise put the call off. For the job: call as a system actor. Idempotent: a message makes at most one call, ever. Returns how many are new.
    """
    read = ThreadViewer.objects.filter(
        thread_id=OuterRef("thread_id"), last_seen_seq__gte=OuterRef("seq")
    ).exclude(user_id__in=everyone_in_teams())
    known = CallTask.objects.filter(thread_id=OuterRef("thread_id"), seq__gte=OuterRef("seq"))
    open_one = CallTask.objects.filter(thread_id=OuterRef("thread_id"), done_at__isnull=True)
    days: Any = Value(timedelta(days=1)) * F("patient__site__unread_call_days")
    rows = (
        Message.objects.for_system()
        .filter(capacity=Message.Capacity.TEAM, created_at__lte=now - days)
        .filter(~Exists(read), ~Exists(known), ~Exists(open_one))
        .select_related("thread", "patient")
        .order_by("thread_id", "seq")
        .distinct("thread_id")
    )
    return sum(_call_about(message, now) for message in rows[:MOST_AT_ONCE])


def _call_about(message: Message, now: datetime) -> bool:
    """One call about everything in the conversation that is unread today, since its oldest `message`."""
    thread: Thread = message.thread
    task = CallTask(
        patient_id=message.patient_id,
        team_id=thread.team_id,
        thread=thread,
        seq=thread.last_seq,
        reason=Reason.UNREAD,
        since=message.created_at,
        created_at=now,
    )
    CallTask.objects.bulk_create([task], ignore_conflicts=True)
    if not CallTask.objects.filter(pk=task.pk).exists():
        return False
    record_change(None, message.patient, "call.asked", task.pk)
    return True


@transaction.atomic
def read_after_all(now: datetime) -> int:
    """Take calls off the list whose message was read meanwhile. For the job, as a system actor. Returns how many went."""
    open_ones = CallTask.objects.for_system().filter(read_since(), done_at__isnull=True)
    locked = open_ones.select_related("patient").select_for_update(of=("self",), no_key=True)
    read = list(locked.order_by("patient_id", "id")[:MOST_AT_ONCE])
    CallTask.objects.for_system().filter(pk__in=[task.pk for task in read]).update(done_at=now)
    for task in read:
        record_change(None, task.patient, "call.read", task.pk)
    return len(read)


def why(task: CallTask) -> str:
    """Why somebody has to be called, in words; a notice that was given up may have been a text message as well."""
    if task.reason == Reason.FAILED:
        return _("Our mail or text message could not be sent")
    words: str = task.get_reason_display()
    return words


def to_call(user: User, patient: Patient | None = None) -> Any:
    """Whom the person's teams have to call, in order; patients and topics come along. Of one patient when there is one."""
    return CallTask.objects.for_user(user, patient).of_own_teams(user).to_do().for_list()


@transaction.atomic
def called(*, by: User, patient: Patient, call_id: UUID, id: UUID, result: str, now: datetime) -> Done:
    """Somebody called: `reached` takes it off the list, `not_reached` keeps it, behind those nobody has tried.

    Raises AlreadyDone, NotAllowed, CallTask.DoesNotExist.
    """
    if result not in RESULTS:
        raise ValueError(f"not a result of a call: {result!r}")
    require(by, patient, "team", "team")

    def make() -> UUID:
        task: CallTask = (
            CallTask.objects.for_user(by, patient)
            .select_for_update(of=("self",), no_key=True)
            .get(pk=call_id)
        )
        if task.team_id not in team_ids(by):
            raise NotAllowed
        if task.done_at is not None:
            raise AlreadyDone
        task.tries, task.tried_at = F("tries") + 1, now
        task.done_at = now if result == Kind.REACHED else None
        task.save(update_fields=["tries", "tried_at", "done_at"])
        event = WorkItemEvent(patient=patient, thread_id=task.thread_id, call=task, kind=result, user=by)
        event.created_at = now
        event.save(force_insert=True)
        reached = result == Kind.REACHED
        record_change(by, patient, "call.reached" if reached else "call.not_reached", task.pk)
        return task.pk

    return exactly_once(
        act="call.result", id=id, patient=patient, user=by, content=[str(call_id), result], do=make
    )


__all__ = ["ask_to_call", "called", "read_after_all", "to_call", "unread_too_long", "why"]
