"""The job that sends one text message; it is told the notice's id and nothing else."""

from __future__ import annotations

from uuid import UUID

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from messaging.models import SentNotice
from messaging.telling.sms import gateway, text
from portal.lib import actor
from portal.lib.time import now


@app.task(name="messaging.send_sms", queue="mail", retry=RetryStrategy(max_attempts=5, exponential_wait=4))
def send_sms(notice_id: str) -> None:
    """Send it. At least once: only a crash between the gateway's yes and our commit repeats it, with the same reference."""
    with actor.unit_of_work(actor.system("worker:sms")):
        notices = (
            SentNotice.objects.for_system()
            .select_for_update(of=("self",), no_key=True)
            .select_related("patient")
        )
        notice = notices.filter(pk=UUID(notice_id), channel=SentNotice.Channel.SMS, sent_at=None).first()
        way = gateway()
        if notice is None or way is None or not notice.patient.phone:
            return
        way.send(to=notice.patient.phone, text=text(), reference=str(notice.pk))
        notice.sent_at = now()
        notice.save(update_fields=["sent_at"])
