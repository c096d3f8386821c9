"""Jobs of files: old uploads go, and what could not be checked is checked again."""

from __future__ import annotations

from procrastinate.contrib.django import app

from messaging.files.services import check_again, sweep_files
from portal.lib import actor
from portal.lib.time import now


@app.periodic(cron="20 * * * *")
@app.task(name="messaging.sweep_files", queueing_lock="messaging.sweep_files", pass_context=False)
def sweep_old_files(timestamp: int) -> None:
    """Every hour: files that were never sent."""
    with actor.unit_of_work(actor.system("file-sweep")):
        sweep_files(now())


@app.periodic(cron="*/5 * * * *")
@app.task(name="messaging.check_files", queueing_lock="messaging.check_files", pass_context=False)
def check_files_again(timestamp: int) -> None:
    """Every five minutes: files that the virus check has not seen yet."""
    check_again()
