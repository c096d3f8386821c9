"""What messaging adds to "What first?": urgent and late messages, and people who have to be called."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from clinic.services import state_of
from messaging.models import WorkItem
from messaging.topics import Lane, Topic
from messaging.work import calls
from patients.models import Patient
from portal.lib.first import SOON, TODAY, URGENT, Problem

MOST = 100  # of each kind; the work list has the rest


def urgent_and_late(user: User, now: datetime, patient: Patient | None = None) -> Iterator[Problem]:
    """Urgent messages, and those whose promise is over. A fever, or a red flag in a message about the
    infusion, is one problem with an infusion that is near. One statement."""
    items = WorkItem.objects.for_user(user, patient).of_own_teams(user).waiting()
    items = items.filter(Q(lane=Lane.SAFETY) | Q(due_at__lt=now)).select_related("thread", "owner")
    for item in items.in_work_order()[:MOST]:
        late = item.due_at < now
        urgent = item.lane == Lane.SAFETY
        said = {"topic": item.thread.get_topic_display()}
        words = _("Urgent message: %(topic)s") if urgent else _("The answer is late: %(topic)s")
        keys = (f"thread:{item.thread_id}",)
        before_infusion = item.thread.topic == Topic.INFECTION or (
            urgent and item.thread.topic == Topic.VISIT
        )
        yield Problem(
            patient_id=item.patient_id,
            keys=(*keys, "infusion") if before_infusion else keys,
            rank=URGENT if urgent else TODAY,
            words=words % said,
            url=reverse("messaging:work-thread", args=[item.patient_id, item.thread_id]),
            state=f"{item.pk}:{item.thread.last_seq}:{late}:{item.lane}",
            due=item.due_at,
            owner=item.owner.name if item.owner else _("Nobody yet"),
            taken=item.owner is not None,
        )


def to_be_called(user: User, now: datetime, patient: Patient | None = None) -> Iterator[Problem]:
    """People who have not read a message, or whom our mail does not reach; due as an answer is. One statement and the site's hours."""
    for task in calls.to_call(user, patient).select_related("patient__site", "thread")[:MOST]:
        site = task.patient.site
        due = state_of(site).end_of_working_day(task.created_at, site.reply_routine_days)
        named = f"thread:{task.thread_id}" if task.thread_id else f"call:{task.pk}"
        yield Problem(
            patient_id=task.patient_id,
            keys=(named,),
            rank=SOON,
            words=_("To call: %(reason)s") % {"reason": task.get_reason_display()},
            url=reverse("messaging:calls"),
            state=f"{task.pk}:{task.tries}",
            due=due,
            owner=_("Nobody yet"),
        )
