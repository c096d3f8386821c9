"""Jobs of messaging: sending what was planned for several patients."""

from __future__ import annotations

from uuid import UUID

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from messaging import mailings
from portal.lib.time import now


@app.task(
    name="messaging.send_mailing",
    retry=RetryStrategy(max_attempts=8, exponential_wait=4),
    pass_context=False,
)
def send_mailing(mailing_id: str) -> None:
    """Send what still waits of one mailing. Stopped in the middle, it goes on where it was."""
    mailings.send(UUID(mailing_id), now())
