"""Reminders 14, 7, 3 and 1 days before a dose: neutral mails, each step once, none for a dose that does not stand as planned.

The days are counted back from the booked time, and without one from the planned day (`Dose.counted_on`). When a time is booked, moved or
canceled, the steps go along: of what would have been due by then, the newest step alone goes out at once. A step that went out when it was
due for the new day as well does not go out again for it.

A dose that is put off, paused, or of a treatment that ended gets none; when it goes ahead or has a new day, the one step that is due then
goes out, and what was due meanwhile does not. Doses of one person share the mail of a day. Of a dose that an answer, a self-check or a line
stops the mail says only to call before the visit: what stops giving the dose, asked in the same words (`courses.proceeding`).

The row of a step is written in the same transaction as its mail, and the database holds that there is one row for a dose, a day
and a step: two workers at once send one mail. The mail's own id stays the same through every try, so a repeat after a crash is known as one.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import OutgoingMail, User
from accounts.services import queue_mail, withdraw_mail
from patients.services import account_of, record_change
from portal.lib import actor
from portal.lib.time import today_in
from treatment.courses.eyes import Eyes
from treatment.courses.proceeding import answer_stops
from treatment.models import Course, Dose, Reminder
from treatment.querysets import counted_in

STEPS = (14, 7, 3, 1)  # days before; the project's own, not from a label
FIRST_HOUR, LAST_HOUR = 8, 20  # of the site's day: nobody is woken up
AT_ONCE = 200
KIND = "list-reminder"
CALL_KIND = "call-reminder"  # of a dose that something said stops
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
    """Doses that stand as planned and that some step may be due for, with the steps that were done: two statements."""
    reach = timedelta(days=max(STEPS) + 1)  # a day more: the site's day is not the one of UTC
    planned = Dose.objects.for_system().planned().going_ahead().with_times()
    near = planned.filter(counted_in(now.date() - timedelta(days=1), now.date() + reach))
    return list(near.select_related("patient__site").prefetch_related("reminders").order_by("target", "id"))


def _step_of(dose: Dose, now: datetime) -> int | None:
    zone = dose.patient.site.time_zone
    if not FIRST_HOUR <= now.astimezone(ZoneInfo(zone)).hour < LAST_HOUR:
        return None
    return step_for((dose.counted_on - today_in(now, zone)).days)


def _was_done(dose: Dose, now: datetime) -> bool:
    """Whether the step that is due was done for this day, or was sent for another day of the dose when it was due for this one as well: a
    time that is booked near the planned day brings no second mail."""
    step, day, zone = _step_of(dose, now), dose.counted_on, dose.patient.site.time_zone
    if step is None:
        return False
    due_from = day - timedelta(days=step)
    return any(
        row.step == step
        and (
            (row.target == day and row.state != Reminder.State.CANCELED)
            or (row.state == Reminder.State.QUEUED and today_in(row.queued_at, zone) >= due_from)
        )
        for row in dose.reminders.all()
    )


def _remind(dose_id: UUID, now: datetime) -> int:
    """The step of one dose, looked at again with its course and its row held: whoever puts it off or pauses it comes before or after.

    1 when a mail was queued. A step that was taken back before it was sent is done after all when the dose goes ahead.
    """
    courses = Course.objects.for_system().select_for_update(of=("self",), no_key=True)
    courses.filter(doses=dose_id).first()
    held = Dose.objects.for_system().planned().going_ahead().with_times().filter(pk=dose_id)
    dose = held.select_related("patient__site").select_for_update(of=("self",), no_key=True).first()
    step = _step_of(dose, now) if dose is not None else None
    if dose is None or step is None or _was_done(dose, now):
        return 0
    day = dose.counted_on
    reminder = dose.reminders.filter(target=day, step=step).first()  # one that was taken back
    if reminder is None:
        reminder = Reminder(patient=dose.patient, dose=dose, step=step, target=day, created_at=now)
    reminder.queued_at = now
    queued = _write_to(dose, reminder, now)
    reminder.save()
    record_change(None, dose.patient, "treatment.reminded", dose.pk)
    return int(queued)


def _write_to(dose: Dose, reminder: Reminder, now: datetime) -> bool:
    """Queue the mail of a reminder, or let it share the one of today: doses on days in a row would send one each. True for a new mail."""
    account = account_of(dose.patient)
    if account is None or not account.is_active:
        reminder.state, reminder.mail_id = Reminder.State.NOBODY, None
        return False
    stopped = answer_stops(Eyes(account, dose.patient, system=True), dose)
    kind = CALL_KIND if stopped else KIND
    shared, is_new = _mail_of_today(dose, kind, now), False
    if shared is None:
        words = (call_subject(), call_body()) if stopped else (subject(), body())
        shared = queue_mail(to=account.email, subject=words[0], body=words[1], kind=kind, user=account).pk
        is_new = True
    reminder.state, reminder.mail_id = Reminder.State.QUEUED, shared
    return is_new


def _mail_of_today(dose: Dose, kind: str, now: datetime) -> UUID | None:
    """A mail of the same words that the person was written today, on the site's day, and that was not taken back."""
    zone = dose.patient.site.time_zone
    rows = Reminder.objects.for_system().filter(
        patient_id=dose.patient_id, state=Reminder.State.QUEUED, queued_at__gt=now - timedelta(days=1)
    )
    today = today_in(now, zone)
    ids = [row.mail_id for row in rows if today_in(row.queued_at, zone) == today]
    mails = OutgoingMail.objects.filter(pk__in=ids, kind=kind).exclude(state=OutgoingMail.State.FAILED)
    return mails.values_list("pk", flat=True).first()


def cancel_stale(now: datetime) -> int:
    """Take back mails that still wait for the mail server although their dose was given, canceled, missed, put off or paused, or is not
    on that day any more: it was moved, or a time was booked, moved or canceled.

    A mail that is shared with a dose that stands goes out.
    """
    with actor.unit_of_work(actor.system(PURPOSE)):
        waiting = OutgoingMail.objects.filter(state=OutgoingMail.State.WAITING, kind__in=(KIND, CALL_KIND))
        rows = Reminder.objects.for_system().filter(
            state=Reminder.State.QUEUED, queued_at__gt=now - timedelta(days=max(STEPS) + 1),
            mail_id__in=waiting.values("pk"),
        )  # fmt: skip
        known = list(rows.values_list("pk", "dose_id", "target", "mail_id").order_by("queued_at", "pk"))
        days = _days_of({dose_id for _pk, dose_id, _day, _mail in known})
        stale = [pk for pk, dose_id, day, _mail in known if days.get(dose_id) != day]
        found = list(
            rows.filter(pk__in=stale[:AT_ONCE])
            .select_related("patient")
            .select_for_update(of=("self",), no_key=True)
        )
        shared = {mail_id for _pk, dose_id, day, mail_id in known if days.get(dose_id) == day}
        back = {
            mail_id
            for mail_id in {row.mail_id for row in found} - shared
            if mail_id and withdraw_mail(mail_id)
        }
        taken = [row for row in found if row.mail_id in back]
        for row in taken:
            row.state = Reminder.State.CANCELED
            row.save(update_fields=["state"])
            record_change(None, row.patient, "treatment.reminder-canceled", row.dose_id)
    return len(taken)


def _days_of(dose_ids: set[UUID]) -> dict[UUID, date]:
    """The days on which these doses are counted, for those that stand: one statement."""
    standing = Dose.objects.for_system().planned().going_ahead().with_times().filter(pk__in=dose_ids)
    return {dose.pk: dose.counted_on for dose in standing}


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


def call_subject() -> str:
    return _("Please call before your next visit")


def call_body() -> str:
    """The same words for everybody: whom it reaches has read in the portal why."""
    return _(
        "Hello,\n\n"
        "please call your team before you travel to your next visit. The phone numbers are on the sign-in page.\n\n"
        "Sign in here to read more: %(url)s\n\n"
        "This mail was sent by a machine. Please do not reply to it.\n"
    ) % {"url": settings.PUBLIC_URL + reverse("account_login")}
