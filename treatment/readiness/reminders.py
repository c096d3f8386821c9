"""Reminders 14, 7, 3 and 1 days before a planned day: neutral mails, each step once, none for a dose that does not stand any more.

The row of a step is written in the same transaction as its mail, and the database holds that there is one row for a dose, a planned day
and a step: two workers at once send one mail. The mail's own id stays the same through every try, so a repeat after a crash is known as one.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import F
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import queue_mail, withdraw_mail
from patients.services import account_of, record_change
from portal.lib import actor
from portal.lib.time import today_in
from treatment.models import Dose, Reminder

STEPS = (14, 7, 3, 1)  # days before; the project's own, not from a label
FIRST_HOUR, LAST_HOUR = 8, 20  # of the site's day: nobody is woken up
AT_ONCE = 200
KIND = "list-reminder"
PURPOSE = "reminders"


def step_for(left: int) -> int | None:
    """The step that is due with `left` days to go; None on the day itself, after it and before the first step.

    A worker that stood still for a day sends the step it missed, never two at once.
    """
    due = [step for step in STEPS if left <= step]
    return min(due) if due and left > 0 else None


def run(now: datetime) -> int:
    """Cancel what was not sent yet for doses that do not stand any more, then send what is due; returns how many were handed to the mail."""
    cancel_stale(now)
    return send_due(now)


def send_due(now: datetime) -> int:
    """One transaction for each dose, its row held: what somebody does to the dose meanwhile comes before or after, never between."""
    with actor.unit_of_work(actor.system(PURPOSE)):
        due = [dose.pk for dose in _near(now) if _step_of(dose, now) is not None and not _was_done(dose, now)]
    count = 0
    for dose_id in due[:AT_ONCE]:
        with actor.unit_of_work(actor.system(PURPOSE)):
            count += _remind(dose_id, now)
    return count


def _near(now: datetime) -> list[Dose]:
    """Planned doses of running courses that some step may be due for, with the steps that were done: two statements."""
    reach = timedelta(days=max(STEPS) + 1)  # a day more: the site's day is not the one of UTC
    planned = Dose.objects.for_system().planned().filter(course__ended_on__isnull=True)
    near = planned.filter(target__gte=now.date() - timedelta(days=1), target__lte=now.date() + reach)
    return list(near.select_related("patient__site").prefetch_related("reminders").order_by("target", "id"))


def _step_of(dose: Dose, now: datetime) -> int | None:
    zone = dose.patient.site.time_zone
    if not FIRST_HOUR <= now.astimezone(ZoneInfo(zone)).hour < LAST_HOUR:
        return None
    return step_for((dose.target - today_in(now, zone)).days)


def _was_done(dose: Dose, now: datetime) -> bool:
    step = _step_of(dose, now)
    return any(row.target == dose.target and row.step == step for row in dose.reminders.all())


def _remind(dose_id: UUID, now: datetime) -> int:
    """The step of one dose, looked at again with its row held. 1 when a mail was queued."""
    held = Dose.objects.for_system().planned().filter(pk=dose_id, course__ended_on__isnull=True)
    dose = held.select_related("patient__site").select_for_update(of=("self",), no_key=True).first()
    step = _step_of(dose, now) if dose is not None else None
    if dose is None or step is None:
        return 0
    if dose.reminders.filter(target=dose.target, step=step).exists():
        return 0
    account = account_of(dose.patient)
    reminder = Reminder(
        patient=dose.patient, dose=dose, step=step, target=dose.target, queued_at=now, created_at=now,
        state=Reminder.State.NOBODY,
    )  # fmt: skip
    if account is not None and account.is_active:
        mail = queue_mail(to=account.email, subject=subject(), body=body(), kind=KIND)
        reminder.state, reminder.mail_id = Reminder.State.QUEUED, mail.pk
    reminder.save(force_insert=True)
    record_change(None, dose.patient, "treatment.reminded", dose.pk)
    return int(reminder.mail_id is not None)


def cancel_stale(now: datetime) -> int:
    """Take back mails that still wait for the mail server although their dose was given, canceled, missed or moved."""
    with actor.unit_of_work(actor.system(PURPOSE)):
        rows = Reminder.objects.for_system().filter(
            state=Reminder.State.QUEUED, queued_at__gt=now - timedelta(days=max(STEPS) + 1)
        )
        stands = rows.filter(dose__state=Dose.State.PLANNED, dose__course__ended_on__isnull=True)
        stale = rows.exclude(pk__in=stands.filter(dose__target=F("target")).values("pk"))
        found = list(stale.select_related("patient").select_for_update(of=("self",), no_key=True)[:AT_ONCE])
        taken = [row for row in found if row.mail_id is not None and withdraw_mail(row.mail_id)]
        for row in taken:
            row.state = Reminder.State.CANCELED
            row.save(update_fields=["state"])
            record_change(None, row.patient, "treatment.reminder-canceled", row.dose_id)
    return len(taken)


def unreachable(user: User, doses: Iterable[Dose]) -> set[tuple[UUID, date]]:
    """Doses with their days whose patient could not be written to, for the board: somebody calls."""
    rows = Reminder.objects.for_user(user).filter(state=Reminder.State.NOBODY)
    return set(rows.filter(dose__in=[dose.pk for dose in doses]).values_list("dose_id", "target"))


def subject() -> str:
    return _("Please look at your list in the portal")


def body() -> str:
    """The same words for everybody and every step: no name, no clinic, no day, nothing about health."""
    return _(
        "Hello,\n\n"
        "a visit is coming up, and your list in the portal shows what is still open. Please look at it.\n\n"
        "Sign in here: %(url)s\n\n"
        "If something has changed, do not wait: call. The phone numbers are on the sign-in page.\n\n"
        "This mail was sent by a machine. Please do not reply to it.\n"
    ) % {"url": settings.PUBLIC_URL + reverse("account_login")}
