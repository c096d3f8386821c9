"""What messaging adds to "What first?": urgent and late messages, and people who have to be called."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from clinic.services import state_of, team_ids
from messaging.models import OpenItem, TriageAnswers, WorkItem
from messaging.topics import Lane, Topic
from messaging.work import calls
from messaging.work.again import wrote_again
from messaging.writing import redflags
from patients.models import Patient
from portal.lib.actor import unit_store
from portal.lib.first import SOON, TODAY, URGENT, Problem, up_to
from portal.lib.time import today_in
from portal.lib.time_words import day as day_words
from treatment.services import booked_on, counted_in

MOST = 100  # of each kind; the work list has the rest
NEAR = timedelta(days=3)  # as the lines of the dose itself (treatment.problems)


def urgent_and_late(user: User, now: datetime, patient: Patient | None = None) -> Iterator[Problem]:
    """Urgent messages, and those whose promise is over. A fever, whatever the message is about, or a red flag in a message about
    the infusion, is one problem with an infusion that is near. Words that were taken back are one problem with those that the same person
    sent instead. Two statements, and one more where urgent words were taken back.
    """
    rows = WorkItem.objects.for_user(user, patient).of_own_teams(user).waiting()
    rows = rows.filter(Q(lane=Lane.SAFETY) | Q(due_at__lt=now)).select_related("thread", "owner").with_gone()
    items: list[Any] = up_to(rows.in_work_order(), MOST)  # with `newest_gone`
    signs = _signs_beside(user, items, patient)
    # Beside a conversation each of the two is named by itself: the other one is what the person there does not look at.
    newer = wrote_again(user, items) if patient is None else {}
    for item in items:
        late = item.due_at < now
        urgent = item.lane == Lane.SAFETY
        said = {"topic": item.thread.get_topic_display()}
        words = _("Urgent message: %(topic)s") if urgent else _("The answer is late: %(topic)s")
        if gone := urgent and item.newest_gone:
            words = _("Took back a message that may be urgent, please call: %(topic)s")
        keys: tuple[str, ...] = (f"thread:{item.thread_id}",)
        if item.pk in newer:
            keys = (*keys, f"thread:{newer[item.pk].thread_id}")
        before_infusion = item.thread.topic == Topic.INFECTION or (
            urgent and item.thread.topic == Topic.VISIT
        )
        problem = Problem(
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
        found = signs.get(item.thread_id, [])
        yield (
            problem if before_infusion or not found else replace(problem, opened=_with_fever(problem, found))
        )


def _signs_beside(
    user: User, items: Iterable[WorkItem], patient: Patient | None
) -> dict[UUID, list[TriageAnswers]]:
    """What was found beside the messages that this urgent work is about, still sealed, by conversation: one statement."""
    since = {item.thread_id: item.created_at for item in items if item.lane == Lane.SAFETY}
    rows = TriageAnswers.objects.for_user(user, patient).filter(
        thread_id__in=list(since), message__retraction__isnull=True
    )
    found: dict[UUID, list[TriageAnswers]] = defaultdict(list)
    for row in rows.exclude(level=TriageAnswers.Level.NONE):
        if row.created_at >= since[row.thread_id]:
            found[row.thread_id].append(row)
    return found


def _with_fever(problem: Problem, signs: list[TriageAnswers]) -> Callable[[], Problem]:
    def opened() -> Problem:
        if any(redflags.newest().tells(redflags.FEVER, row.answers) for row in signs):
            return replace(problem, keys=(*problem.keys, "infusion"), opened=None)
        return problem

    return opened


def to_be_called(user: User, now: datetime, patient: Patient | None = None) -> Iterator[Problem]:
    """People who have not read a message, or whom our mail does not reach; due as an answer is. One statement and the site's hours."""
    found = up_to(calls.to_call(user, patient).select_related("patient__site", "thread"), MOST)
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
    rows: Any = OpenItem.objects.for_user(user, patient).filter(
        thread__team_id__in=team_ids(user),
        done_at=None,
        dose__state="planned",
    )
    rows = rows.annotate(booked_on=booked_on("dose__")).filter(counted_in(None, now.date() + NEAR, "dose__"))
    rows = rows.select_related("dose", "patient__site").defer("words").order_by("dose__target", "id")
    by_dose: dict[UUID, list[Any]] = {}
    for item in up_to(rows, MOST):
        by_dose.setdefault(item.dose_id, []).append(item)
    for dose_id, items in by_dose.items():
        zone, dose, count = items[0].patient.site.time_zone, items[0].dose, len(items)
        if dose is None:
            continue
        dose.booked_on = items[0].booked_on
        day = dose.counted_on
        if day > today_in(now, zone) + NEAR:
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
            words=words % {"day": day_words(day), "count": count},
            url=reverse("messaging:work-thread", args=[items[0].patient_id, items[0].thread_id]) + "#made",
            state=",".join(sorted(str(item.pk) for item in items)),
            due=datetime.combine(day, time.min, ZoneInfo(zone)).astimezone(UTC),
            owner=_("The patient") if patients else _("The team"),
        )
