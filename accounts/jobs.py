"""Jobs of accounts: handing mail to the mail server."""

from __future__ import annotations

import logging
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from accounts.models import ApiCount, OutgoingMail
from accounts.services import open_mail
from portal.lib import actor, contributions
from portal.lib.ids import parse_uuid

log = logging.getLogger("portal.mail")  # ids and kinds of errors only
MAX_TRIES = 8


@app.task(
    name="accounts.send_mail",
    queue="mail",
    retry=RetryStrategy(max_attempts=MAX_TRIES, exponential_wait=4),
    pass_context=True,
)
def send_mail(context: Any, mail_id: str) -> None:
    """Send one mail. At least once: only a crash between the server's yes and our commit repeats it.

    After eight tries it is set aside as failed, and what it said is emptied: its code or link is long void. Whom it told something is called.
    """
    try:
        _deliver(mail_id)
    except Exception:
        mails = OutgoingMail.objects.filter(pk=UUID(mail_id))
        mails.update(attempts=F("attempts") + 1)
        if context.job.attempts + 1 >= MAX_TRIES:
            _give_up(UUID(mail_id))
        raise


def _give_up(mail_id: UUID) -> None:
    """Set a mail aside, and hand its person and address to whoever asks for a call; both are one transaction, and a call that fails never keeps the mail's words."""
    with actor.unit_of_work(actor.system("worker:mail")):
        waiting = OutgoingMail.objects.select_for_update(no_key=True).filter(pk=mail_id)
        mail = waiting.filter(state=OutgoingMail.State.WAITING).first()
        if mail is None:
            return
        try:
            with transaction.atomic():
                content = open_mail(mail)
                if content is not None:
                    person = parse_uuid(content.get("user"))
                    for call in contributions.mail_given_up if person or content["to"] else ():
                        call(mail.kind, person, content["to"], timezone.now())
        except Exception as error:  # noqa: BLE001 - whatever it is: the mail is given up all the same
            log.error(
                "mail %s was given up, and nobody could be asked to call: %s", mail_id, type(error).__name__
            )
        mail.state, mail.payload = OutgoingMail.State.FAILED, None
        mail.save(update_fields=["state", "payload"])


def _deliver(mail_id: str) -> None:
    with transaction.atomic():
        mail = OutgoingMail.objects.select_for_update(no_key=True).filter(pk=UUID(mail_id)).first()
        if mail is None or mail.state == OutgoingMail.State.SENT:
            return
        content = open_mail(mail)
        if content is None:
            return
        mail.attempts += 1
        domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip("> ") or "localhost"
        message = EmailMessage(
            subject=content["subject"],
            body=content["body"],
            from_email=settings.DEFAULT_FROM_EMAIL,
            to=[content["to"]],
            headers={"Message-ID": f"<{mail.pk}@{domain}>", "Auto-Submitted": "auto-generated"},
        )
        if not settings.DEMO or settings.EMAIL_BACKEND.startswith("django."):
            message.send()
        mail.state, mail.sent_at = OutgoingMail.State.SENT, timezone.now()
        if not settings.DEMO:
            mail.payload = None
        mail.save(update_fields=["state", "sent_at", "attempts", "payload"])


@app.periodic(cron="* * * * * */20")
@app.task(name="accounts.retry_stalled", queueing_lock="accounts.retry_stalled", pass_context=True)
async def retry_stalled(context: Any, timestamp: int) -> None:
    """Every 20 seconds: jobs whose worker died in the middle (no heartbeat for 30 seconds) wait to be done again."""
    manager = context.app.job_manager
    for job in await manager.get_stalled_jobs():
        await manager.retry_job(job)


@app.periodic(cron="5 * * * *")
@app.task(name="accounts.sweep_counts", queueing_lock="accounts.sweep_counts")
def sweep_counts(timestamp: int) -> None:
    """Every hour: what the API counted before the last two minutes is of no use any more."""
    ApiCount.objects.filter(minute__lt=timestamp // 60 - 2).delete()
