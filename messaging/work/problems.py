"""What messaging adds to "What first?": urgent and late messages, and people who have to be called."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from clinic.services import state_of, team_ids
from messaging.models import OpenItem, WorkItem
from messaging.topics import Lane, Topic
from messaging.work import calls
from patients.models import Patient
from portal.lib.actor import unit_store
from portal.lib.first import SOON, TODAY, URGENT, Problem
from portal.lib.time import today_in
from portal.lib.time_words import day as day_words

MOST = 100  # of each kind; the work list has the rest
NEAR = timedelta(days=3)  # as the lines of the dose itself (treatment.problems)


def urgent_and_late(user: User, now: datetime, patient: Patient | None = None) -> Iterator[Problem]:
    """Urgent messages, and those whose promise is over. A fever, or a red flag in a message about the
    infusion, is one problem with an infusion that is near. One statement."""
    items = WorkItem.objects.for_user(user, patient).of_own_teams(user).waiting()
    items = (
        items.filter(Q(lane=Lane.SAFETY) | Q(due_at__lt=now)).select_related("thread", "owner").with_gone()
    )
    for item in items.in_work_order()[:MOST]:
        late = item.due_at < now
        urgent = item.lane == Lane.SAFETY
        said = {"topic": item.thread.get_topic_display()}
        words = _("Urgent message: %(topic)s") if urgent else _("The answer is late: %(topic)s")
        if gone := urgent and item.newest_gone:
            words = _("Took back a message that may be urgent, please call: %(topic)s")
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
            state=f"{item.pk}:{item.thread.last_seq}:{late}:{item.lane}" + (":gone" if gone else ""),
            due=item.due_at,
            owner=item.owner.name if item.owner else _("Nobody yet"),
            taken=item.owner is not None,
        )


def to_be_called(user: User, now: datetime, patient: Patient | None = None) -> Iterator[Problem]:
    """People who have not read a message, or whom our mail does not reach; due as an answer is. One statement and the site's hours."""
    found = list(calls.to_call(user, patient).select_related("patient__site", "thread")[:MOST])
    if patient is None and len(found) < MOST:
        unit_store()["people to call", user.pk] = len(found)
    for task in found:
        site = task.patient.site
        due = state_of(site).end_of_working_day(task.created_at, site.reply_routine_days)
        named = f"thread:{task.thread_id}" if task.thread_id else f"call:{task.pk}"
        yield Problem(
            patient_id=task.patient_id,
            keys=(named,),
            rank=SOON,
            words=_("To call: %(reason)s") % {"reason": calls.why(task)},
            url=reverse("messaging:calls"),
            state=f"{task.pk}:{task.tries}",
            due=due,
            owner=_("Nobody yet"),
        )


def count_to_call(user: User) -> int:
    """How many people the person's teams have to call; without a statement where "What first?" has just read them."""
    known: int | None = unit_store().get(("people to call", user.pk))
    if known is None:
        known = calls.to_call(user).count()
    return known


def open_before_doses(user: User, now: datetime, patient: Patient | None = None) -> Iterator[Problem]:
    """What conversations brought up and is open before a dose that is near: one problem with that dose. One statement."""
    rows = OpenItem.objects.for_user(user, patient).filter(
        thread__team_id__in=team_ids(user),
        done_at=None,
        dose__state="planned",
        dose__target__lte=now.date() + NEAR,
    )
    by_dose: dict[UUID, list[OpenItem]] = {}
    for item in (
        rows.select_related("dose", "patient__site").defer("words").order_by("dose__target", "id")[:MOST]
    ):
        by_dose.setdefault(item.dose_id, []).append(item)
    for dose_id, items in by_dose.items():
        zone, dose, count = items[0].patient.site.time_zone, items[0].dose, len(items)
        if dose is None or dose.target > today_in(now, zone) + NEAR:
            continue
        words = ngettext(
            "Before the infusion of %(day)s: %(count)d thing to do from messages",
            "Before the infusion of %(day)s: %(count)d things to do from messages",
            count,
        )
        patients = all(item.owner == OpenItem.Owner.YOU for item in items)
        yield Problem(
            patient_id=items[0].patient_id,
            keys=(f"dose:{dose_id}", "infusion"),
            rank=TODAY,
            words=words % {"day": day_words(dose.target), "count": count},
            url=reverse("messaging:work-thread", args=[items[0].patient_id, items[0].thread_id]) + "#made",
            state=",".join(sorted(str(item.pk) for item in items)),
            due=datetime.combine(dose.target, time.min, ZoneInfo(zone)).astimezone(UTC),
            owner=_("The patient") if patients else _("The team"),
        )
