""" "Did this help?": what the patient's side says about an answer, beside the answer and counted by month without names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Count, Q
from django.db.models.functions import TruncMonth
from django.utils.translation import gettext as _

from accounts.models import User
from clinic.services import team_ids
from messaging.models import AnswerHelped, Message, Thread
from patients.models import Patient
from patients.services import Done, exactly_once, record_change, require
from portal.lib.ids import uuid7

MONTHS = 12


@transaction.atomic
def say_helped(*, by: User, patient: Patient, message_id: UUID, value: str, id: UUID, now: datetime) -> Done:
    """Keep one word about an answer; saying another one later replaces it. It makes no work and alerts nobody.

    Raises NotAllowed, Message.DoesNotExist (also for what is no answer of the team), DifferentContent.
    """
    require(by, patient, "messages", "self", "carer")
    if value not in AnswerHelped.Value.values:
        raise ValueError(f"not a choice: {value!r}")

    def do() -> UUID:
        message: Message = Message.objects.for_user(by, patient).get(
            pk=message_id, capacity=Message.Capacity.TEAM
        )
        row = AnswerHelped(
            id=uuid7(), patient=patient, thread_id=message.thread_id, message=message, user=by, value=value,
            said_at=now,
        )  # fmt: skip
        AnswerHelped.objects.bulk_create(
            [row],
            update_conflicts=True,
            unique_fields=["message", "user"],
            update_fields=["value", "said_at"],
        )
        record_change(by, patient, "answer.helped", message.pk)
        return message.pk

    content = [str(message_id), value]
    return exactly_once(act="answer.helped", id=id, patient=patient, user=by, content=content, do=do)


def said_of(user: User, patient: Patient, thread: Thread) -> dict[UUID, list[AnswerHelped]]:
    """What was said about each answer of a conversation, by message; one statement."""
    found: dict[UUID, list[AnswerHelped]] = {}
    rows = AnswerHelped.objects.for_user(user, patient).filter(thread=thread).select_related("user")
    for row in rows.order_by("said_at", "id"):
        found.setdefault(row.message_id, []).append(row)
    return found


def words_for_team(rows: list[AnswerHelped]) -> tuple[str, ...]:
    """What stands beside an answer on the team's page."""
    return tuple(
        _("Did it help? %(name)s: %(word)s") % {"name": row.user.name, "word": row.get_value_display()}
        for row in rows
    )


@dataclass(frozen=True, slots=True)
class Month:
    """How often each word was said about the answers of one month."""

    month: date
    yes: int
    partly: int
    no: int

    @property
    def total(self) -> int:
        return self.yes + self.partly + self.no


def by_month(user: User, zone: str) -> list[Month]:
    """The last months with answers of the person's own teams that somebody said a word about, newest first; no names. One statement."""
    rows: Any = AnswerHelped.objects.for_user(user).filter(thread__team_id__in=team_ids(user))
    counted = (
        rows.annotate(month=TruncMonth("message__created_at", tzinfo=ZoneInfo(zone)))
        .values("month")
        .annotate(**{value: Count("id", filter=Q(value=value)) for value in AnswerHelped.Value.values})
        .order_by("-month")[:MONTHS]
    )
    return [Month(row["month"].date(), row["yes"], row["partly"], row["no"]) for row in counted]
