"""Urgent words that come into work somebody has: the owner is told at once, and when they do not open it in time it is the team's again.

`WorkItem.alarm_at` is when such a message came that the owner has not opened yet; `WorkItem.round` counts the rounds of telling people,
so that the steps to the person on call begin anew. Only the first alarm that nobody has opened starts the minutes: one who writes
three times in a row is not heard later for it.
"""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import queue_mail
from clinic.cover import there_today
from messaging.models import Thread, WorkItem
from messaging.topics import Lane
from messaging.work.events import Kind, remember
from patients.models import Patient
from patients.services import record_change
from portal.lib.time import today_in

MAIL_KIND = "work-notice"
STEPS = 3  # 1: who is on call; 2: the leads as well; 3: the whole team. After that it stands on Today.


def sound(item: WorkItem, patient: Patient, *, was_urgent: bool, now: datetime) -> None:
    """A further message came into urgent work. Call with the item locked, in the transaction of the message."""
    if item.owner is None:
        if not was_urgent or item.told >= STEPS:
            _begin(item, now)
        return  # otherwise the minutes run already, and they are not begun again
    if item.alarm_at is not None:
        return
    _begin(item, now)
    remember(item, Kind.ALARM, by=item.owner, now=now)
    tell_owner(item, patient, now)


def give_urgent(item: WorkItem, now: datetime) -> None:
    """Urgent work was put into somebody's hands by somebody else: they have to open it in time as well. The caller saves."""
    item.round, item.told = item.round + 1, 0
    if item.lane == Lane.SAFETY:
        item.alarm_at = item.alarm_at or now


def heard(*, by: User, thread: Thread, now: datetime) -> None:
    """The owner opens the conversation: the alarm is heard, with their name. Call before the messages are read.

    The conversation is held first, so that a message which comes in meanwhile is either read now or an alarm of its own.
    """
    held = Thread.objects.for_user(by).select_for_update(of=("self",), no_key=True).get(pk=thread.pk)
    thread.last_seq, thread.last_at = held.last_seq, held.last_at
    items = WorkItem.objects.filter(thread=thread, owner=by, alarm_at__isnull=False).waiting()
    item = items.select_for_update(of=("self",), no_key=True).select_related("patient").first()
    if item is None:
        return
    item.alarm_at = None
    item.save(update_fields=["alarm_at"])
    remember(item, Kind.HEARD, by=by, now=now)
    record_change(by, item.patient, "work.heard", thread.pk)


def unheard_by(item: WorkItem | None, user: User) -> bool:
    """True when this person has the work and an urgent message in it that they have not opened."""
    return (
        item is not None
        and item.state == item.State.CLAIMED
        and item.owner_id == user.pk
        and item.alarm_at is not None
    )


def tell_owner(item: WorkItem, patient: Patient, now: datetime) -> bool:
    """A mail to the owner when they are there today; who is away gets none, and their cover has it within a minute."""
    there = there_today(item.team_id, today_in(now, patient.site.time_zone))
    owner = next((person for person in there if person.pk == item.owner_id), None)
    if owner is None:
        return False
    queue_mail(to=owner.email, subject=subject(), body=body(), kind=MAIL_KIND)
    return True


def subject() -> str:
    return _("Something new waits for you in the portal")


def body() -> str:
    """Fixed words: no name, no topic, nothing about health, and a link to the sign-in page only."""
    return _(
        "Hello,\n\n"
        "something urgent came in for work that is yours.\n\n"
        "Please sign in and open it now: %(url)s\n\n"
        "If you do not open it in time, your team is told.\n\n"
        "This mail was sent by a machine. Please do not reply to it.\n"
    ) % {"url": settings.PUBLIC_URL + reverse("account_login")}


def _begin(item: WorkItem, now: datetime) -> None:
    item.alarm_at, item.round, item.told = now, item.round + 1, 0
    item.save(update_fields=["alarm_at", "round", "told"])


__all__ = ["MAIL_KIND", "STEPS", "give_urgent", "heard", "sound", "tell_owner", "unheard_by"]
