"""The job that sends one text message; it is told the notice's id and nothing else."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from messaging.models import SentNotice
from messaging.telling import notices
from messaging.telling.sms import gateway, text
from portal.lib import actor
from portal.lib.time import now

MAX_TRIES = 5


@app.task(
    name="messaging.send_sms",
    queue="mail",
    retry=RetryStrategy(max_attempts=MAX_TRIES, exponential_wait=4),
    pass_context=True,
)
def send_sms(context: Any, notice_id: str) -> None:
    """Send it. At least once: only a crash between the gateway's yes and our commit repeats it, with the same reference.

    After five tries it is given up, and somebody calls.
    """
    try:
        _deliver(UUID(notice_id))
    except Exception:
        if context.job.attempts + 1 >= MAX_TRIES:
            with actor.unit_of_work(actor.system("worker:sms")):
                notice = _waiting(UUID(notice_id))
                if notice is not None:
                    notices.text_given_up(notice, now())
        raise


def _waiting(notice_id: UUID) -> SentNotice | None:
    """The text message, held, unless it was sent or given up."""
    rows = SentNotice.objects.for_system().select_for_update(of=("self",), no_key=True)
    rows = rows.filter(channel=SentNotice.Channel.SMS, sent_at=None, failed_at=None)
    found: SentNotice | None = rows.select_related("patient__site", "user").filter(pk=notice_id).first()
    return found


def _deliver(notice_id: UUID) -> None:
    with actor.unit_of_work(actor.system("worker:sms")):
        notice, way = _waiting(notice_id), gateway()
        if notice is None or way is None or not notice.patient.phone:
            return
        way.send(to=notice.patient.phone, text=text(), reference=str(notice.pk))
        notice.sent_at = now()
        notice.save(update_fields=["sent_at"])
