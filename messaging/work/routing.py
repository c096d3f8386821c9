"""Work that a person hands over: to a colleague or to another lane, with a reason.

Locks as everywhere: the receipt of the act, the conversation's row, its work item.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy

from accounts.models import User
from clinic.cover import there_today
from clinic.services import state_of
from messaging.models import WorkItem
from messaging.services import AREA, _locked_by_staff, _mine_or_free
from messaging.topics import LANE_OF, PRIORITY_OF, Lane, Topic
from messaging.work.alarms import give_urgent, tell_owner
from messaging.work.events import Kind, remember
from messaging.work.promises import due_at
from patients.models import Patient
from patients.services import Done, exactly_once, record_change, require
from portal.lib.problems import DomainError
from portal.lib.time import today_in

LONGEST_REASON = 500


class NoSuchColleague(DomainError):
    default_message = gettext_lazy("This person is not in the team today, or away. Choose somebody else.")
    status = 422


class NoReason(DomainError):
    status = 422
    default_message = gettext_lazy("Say in a few words why you hand this over.")


@transaction.atomic
def hand_over(
    *,
    by: User,
    patient: Patient,
    thread_id: UUID,
    id: UUID,
    reason: str,
    now: datetime,
    to: UUID | None = None,
    lane: str = "",
) -> Done:
    """Hand one's work, or work that nobody has, to a colleague (`to`) or to another lane; the reason is for the team only.

    The older promise to the patient stands; only the safety lane can bring it forward.
    Raises NoReason, NoSuchColleague, TakenByOther, AlreadyDone, NotAllowed, Thread.DoesNotExist.
    """
    if (to is None) == (lane == "") or (lane and lane not in Lane.values):
        raise ValueError("hand over to a colleague or to a lane, one of them")
    if not reason.strip():
        raise NoReason
    require(by, patient, AREA, "team")

    def make() -> UUID:
        item = _mine_or_free(_locked_by_staff(by, patient, thread_id), by)
        if to is not None:
            there = there_today(item.team_id, today_in(now, patient.site.time_zone))
            colleague = next((user for user in there if user.pk == to and user.pk != by.pk), None)
            if colleague is None:
                raise NoSuchColleague
            give(item, colleague, now)
            if item.lane == Lane.SAFETY:
                tell_owner(item, patient, now)
            remember(item, Kind.HANDED_OVER, by=by, now=now, other=colleague, reason=reason)
        else:
            _move_to_lane(item, lane, patient, now)
            remember(item, Kind.HANDED_OVER, by=by, now=now, lane=lane, reason=reason)
        record_change(by, patient, "work.handed_over", thread_id)
        return item.pk

    content = [str(thread_id), str(to or ""), lane, reason]
    return exactly_once(act="work.hand_over", id=id, patient=patient, user=by, content=content, do=make)


def give(item: WorkItem, owner: User | None, now: datetime) -> None:
    """Put a locked item into somebody's hands, or back into nobody's."""
    item.state = WorkItem.State.CLAIMED if owner is not None else WorkItem.State.OPEN
    item.owner, item.claimed_at = owner, now if owner is not None else None
    if owner is not None:
        give_urgent(item, now)
    item.save(update_fields=["state", "owner", "claimed_at", "alarm_at", "round", "told"])


def _move_to_lane(item: WorkItem, lane: str, patient: Patient, now: datetime) -> None:
    item.lane, item.priority = lane, PRIORITY_OF[lane]
    if lane == Lane.SAFETY:
        urgent = next(topic for topic in Topic.values if LANE_OF[topic] == Lane.SAFETY)
        item.due_at = min(item.due_at, due_at(state_of(patient.site), urgent, now))
        item.round, item.told = (
            item.round + 1,
            0,
        )  # urgent from now on: the steps of telling people begin anew
    item.state, item.owner, item.claimed_at, item.alarm_at = WorkItem.State.OPEN, None, None, None
    fields = ["lane", "priority", "due_at", "state", "owner", "claimed_at", "alarm_at", "round", "told"]
    item.save(update_fields=fields)
