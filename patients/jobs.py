"""Jobs of patients: the daily signed root of the trail, and the end of old drafts."""

from __future__ import annotations

from procrastinate.contrib.django import app

from patients.drafts import sweep_drafts
from patients.roots import sign_root
from portal.lib import actor
from portal.lib.time import now


@app.periodic(cron="10 0 * * *")
@app.task(name="patients.sign_trail_root", queueing_lock="patients.sign_trail_root", pass_context=False)
def sign_trail_root(timestamp: int) -> None:
    """Every day at 00:10 UTC: the ends of all chains, signed, go to the file outside the database."""
    with actor.unit_of_work(actor.system("trail-root")):
        sign_root(now())


@app.periodic(cron="40 3 * * *")
@app.task(name="patients.sweep_drafts", queueing_lock="patients.sweep_drafts", pass_context=False)
def sweep_old_drafts(timestamp: int) -> None:
    """Every night: drafts that nobody touched for 30 days go."""
    with actor.unit_of_work(actor.system("draft-sweep")):
        sweep_drafts(now())
