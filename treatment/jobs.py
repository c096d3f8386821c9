"""What the worker does for treatment. Each run is idempotent: what was done is not done again."""

from __future__ import annotations

from procrastinate.contrib.django import app

from portal.lib.time import now
from treatment.dayof import checkins
from treatment.readiness import reminders


@app.periodic(cron="*/10 * * * *")
@app.task(name="treatment.remind", queueing_lock="treatment.remind", pass_context=False)
def remind(timestamp: int) -> None:
    """Every ten minutes: reminders that are due, and those that must not be sent any more."""
    reminders.run(now())


@app.periodic(cron="*/10 * * * *")
@app.task(name="treatment.check_in", queueing_lock="treatment.check_in", pass_context=False)
def check_in(timestamp: int) -> None:
    """Every ten minutes: check-ins that are due after doses that were given."""
    checkins.run(now())
