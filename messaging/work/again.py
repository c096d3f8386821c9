"""Urgent words that were taken back and sent again as a new conversation: the team sees that the two belong together.

Neither work ends by it: what was taken back can have been about something else, so a person looks at both and closes the first.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import F, OuterRef, Subquery

from accounts.models import User
from messaging.models import MessageRetraction, WorkItem
from messaging.topics import Lane


def wrote_again(user: User, items: Iterable[WorkItem]) -> dict[UUID, WorkItem]:
    """By urgent work whose newest words were taken back (items with `newest_gone`): the newest urgent work that the same person began
    for the same patient after that, and whose words stand. Only open work of this person's teams, with its conversation.

    One statement, none when nothing urgent was taken back.
    """
    gone: list[Any] = [item for item in items if item.lane == Lane.SAFETY and item.newest_gone]  # type: ignore[attr-defined]
    if not gone:
        return {}
    taken_back = MessageRetraction.objects.filter(
        message__thread=OuterRef("thread"), message__seq=OuterRef("thread__last_seq")
    )
    rows = WorkItem.objects.for_user(user).of_own_teams(user).waiting()
    rows = rows.filter(lane=Lane.SAFETY, patient_id__in={item.patient_id for item in gone})
    rows = rows.annotate(writer=F("trigger__author_id"), taken_at=Subquery(taken_back.values("at")[:1]))
    urgent: list[Any] = list(rows.select_related("thread").order_by("created_at", "id"))
    by_id = {row.pk: row for row in urgent}
    return {
        item.pk: row
        for item in gone
        for row in urgent
        if row.taken_at is None and item.pk in by_id and _follows(row, by_id[item.pk])
    }


def _follows(row: Any, gone: Any) -> bool:
    """Whether work was begun by the same person for the same patient after the words of the other one were taken back."""
    same = (row.patient_id, row.writer) == (gone.patient_id, gone.writer)
    return same and gone.taken_at is not None and row.created_at > gone.taken_at


__all__ = ["wrote_again"]
