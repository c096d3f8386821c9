"""What the worker does for messaging: planned mailings, and what goes by the clock. Each run is idempotent: what was done is not done again."""

from __future__ import annotations

from uuid import UUID

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from messaging.composing import mailings
from messaging.files.jobs import check_files_again, sweep_old_files
from messaging.telling import notices
from messaging.telling.sms_jobs import send_sms
from messaging.work import calls, clockwork, usual
from portal.lib import actor
from portal.lib.time import now

__all__ = [
    "check_files_again",
    "every_hour",
    "every_minute",
    "every_night",
    "send_mailing",
    "send_sms",
    "sweep_old_files",
]


@app.task(
    name="messaging.send_mailing",
    retry=RetryStrategy(max_attempts=8, exponential_wait=4),
    pass_context=False,
)
def send_mailing(mailing_id: str) -> None:
    """Send what still waits of one mailing. Stopped in the middle, it goes on where it was."""
    mailings.send(UUID(mailing_id), now())


@app.periodic(cron="* * * * *")
@app.task(name="messaging.clockwork", queueing_lock="messaging.clockwork", pass_context=False)
def every_minute(timestamp: int) -> None:
    """Every minute: urgent work nobody took on, work of people who are away, work whose owner is silent."""
    clockwork.run(now())


@app.periodic(cron="15 * * * *")
@app.task(name="messaging.call_list", queueing_lock="messaging.call_list", pass_context=False)
def every_hour(timestamp: int) -> None:
    """Every hour: messages that nobody has read for days and mail that was given up become calls; calls about what was read after all go."""
    with actor.unit_of_work(actor.system("call-list")):
        calls.read_after_all(now())
        calls.unread_too_long(now())
        notices.call_about_failed(now())


@app.periodic(cron="40 2 * * *")
@app.task(name="messaging.usual", queueing_lock="messaging.usual", pass_context=False)
def every_night(timestamp: int) -> None:
    """Every night: how long half of the answers of the last 90 days took, at each site."""
    with actor.unit_of_work(actor.system("usual-replies")):
        usual.count_all(now())
