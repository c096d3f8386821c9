"""Jobs of the library: telling the reviewers which articles are due."""

from __future__ import annotations

from procrastinate.contrib.django import app

from education import notices, services
from portal.lib import actor
from portal.lib.time import now


@app.periodic(cron="20 6 * * *")
@app.task(name="education.remind_reviewers", queueing_lock="education.remind_reviewers", pass_context=False)
def remind_reviewers(timestamp: int) -> None:
    """Every day at 06:20 UTC: articles whose review is due today or in 30 days, in one mail to each reviewer."""
    with actor.unit_of_work(actor.system("review-reminder")):
        notices.tell_due(services.review_due(now().date()))
