"""What the worker does for treatment. Each run is idempotent: what was done is not done again."""

from __future__ import annotations

from procrastinate.contrib.django import app

from portal.lib.time import now
from treatment.readiness import reminders


@app.periodic(cron="*/10 * * * *")
@app.task(name="treatment.remind", queueing_lock="treatment.remind", pass_context=False)
def remind(timestamp: int) -> None:
    """Every ten minutes: reminders that are due, and those that must not be sent any more."""
    reminders.run(now())
