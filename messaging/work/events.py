"""The history of work: one row a step, never changed, in the transaction of the step itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import User
from clinic.models import Team
from messaging.models import WorkItem, WorkItemEvent
from messaging.topics import Lane
from messaging.work.again import wrote_again
from patients.models import Patient

Kind = WorkItemEvent.Kind


def remember(
    item: WorkItem,
    kind: str,
    *,
    by: User | None,
    now: datetime,
    other: User | None = None,
    lane: str = "",
    step: int = 0,
    reason: str = "",
    team: Team | None = None,
    outside: bool = False,
) -> WorkItemEvent:
    """Write down what happened to a work item. `by` None is the portal itself, on its clock. `team`: where it was handed to, under
    the name that the team has now. `outside`: the people in `reason` are administrators, because nobody of the team could be told."""
    event = WorkItemEvent(patient_id=item.patient_id, thread_id=item.thread_id, item=item, kind=kind, user=by)
    event.other, event.lane, event.step, event.created_at = other, lane, step, now
    event.round = item.round
    event.reason = {"to_team": team.name, "why": reason} if team is not None else reason or None
    if outside:
        event.reason = {"outside": True, "why": reason}
    event.save(force_insert=True)
    return event


# Handed to another team: neither a person nor a lane. Its minutes are not begun anew, because nothing is owed any later for it.
TO_TEAM = Q(kind=Kind.HANDED_OVER, other__isnull=True, lane="")


def reason_of(event: WorkItemEvent) -> str:
    """Why, in the words of who did it; empty where nobody had to say so."""
    said = event.reason
    return said["why"] if isinstance(said, dict) else said or ""


def history_of(user: User, patient: Patient, thread_id: Any) -> list[dict[str, Any]]:
    """The history of a conversation's work for the team, oldest first: when, words, reason. One statement."""
    rows = WorkItemEvent.objects.for_user(user, patient).filter(thread_id=thread_id).in_order()
    return [{"at": row.created_at, "words": words_of(row), "reason": reason_of(row)} for row in rows]


TOLD = (Kind.HANDED_OVER, Kind.RETURNED, Kind.COVERED, Kind.ALARM, Kind.ESCALATED)


def last_steps(user: User, items: list[WorkItem]) -> dict[Any, str]:
    """Why items stand where they stand on the list, in words, where their last step was not simply taking one on: one statement. And of
    urgent words that were taken back, that the person wrote again elsewhere: one more, only where there are such.
    """
    rows = (
        WorkItemEvent.objects.for_user(user)
        .filter(item__in=[item.pk for item in items])
        .order_by("item_id", "-id")
        .distinct("item_id")
        .select_related("user", "other")
        .defer("reason")
    )
    found = {row.item_id: short_words(row) for row in rows if row.kind in TOLD}
    for item_id, newer in wrote_again(user, items).items():
        said = _("Wrote again in a new conversation: %(topic)s") % {"topic": newer.thread.get_topic_display()}
        found[item_id] = f"{found[item_id]}. {said}" if item_id in found else said
    return found


def short_words(event: WorkItemEvent) -> str:
    """The same without what is sealed: the list says that something happened, the conversation says what."""
    if event.kind == Kind.ESCALATED:
        return _("Nobody took this on in time")
    if event.kind == Kind.HANDED_OVER and event.other_id is None and not event.lane:
        return _("This came from another team")
    return words_of(event)


def words_of(event: WorkItemEvent) -> str:
    """A step in words, with the names of the people in it."""
    names = {
        "name": event.user.name if event.user else "",
        "other": event.other.name if event.other else "",
        "lane": Lane(event.lane).label if event.lane else "",
        "team": "",
    }
    if event.kind == Kind.HANDED_OVER and event.other_id is None and not event.lane:
        names["team"] = event.reason["to_team"]
    return _template(event) % names


def _template(event: WorkItemEvent) -> str:
    if event.kind == Kind.HANDED_OVER:
        if event.other_id is not None:
            return _("%(name)s handed this to %(other)s")
        if event.lane:
            return _("%(name)s moved this to the lane “%(lane)s”")
        if event.reason["why"]:
            return _("%(name)s handed this to the team “%(team)s”")
        return _("The patient’s team changed: the message of %(name)s brought this to the team “%(team)s”")
    if event.kind == Kind.COVERED:
        if event.other_id is not None:
            return _("%(name)s is away: %(other)s covers and has this now")
        return _("%(name)s is away and nobody covers: back to the team")
    if event.kind == Kind.ESCALATED:
        if isinstance(event.reason, dict):
            return _(
                "Nobody had taken this on, and nobody is in the team who could be told. Told by mail, to put somebody into it:"
            )
        if event.reason:
            return _("Nobody had taken this on. Told by mail:")
        return _("Nobody had taken this on, and nobody could be told")
    return {
        Kind.CLAIMED: _("%(name)s took this on"),
        Kind.RELEASED: _("%(name)s put this back"),
        Kind.RETURNED: _("Back to the team: %(name)s had it, and nothing was done for too long"),
        Kind.ALARM: _("An urgent message came in: %(name)s has this and has not opened it yet"),
        Kind.HEARD: _("%(name)s opened the urgent message"),
        Kind.ANSWERED: _("%(name)s answered"),
        Kind.CLOSED: _("%(name)s closed this without an answer"),
        Kind.REACHED: _("%(name)s called and reached the patient"),
        Kind.NOT_REACHED: _("%(name)s called and reached nobody"),
    }[WorkItemEvent.Kind(event.kind)]
