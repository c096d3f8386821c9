"""How long answers really took, beside the promise: "half of our answers came within 5 hours". Counted at night, never in a request."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from django.db.models import Aggregate, Count, DurationField, ExpressionWrapper, F
from django.utils.translation import ngettext

from clinic.models import Site
from clinic.services import remember_half_of_replies, sites
from messaging.models import Message, WorkItem

LOOKED_BACK = timedelta(days=90)
FEWEST = 20  # fewer answers say little, and could show how one conversation went
HOURS_SAID = 48  # longer than this is said in days


class Median(Aggregate):
    """The lower middle of the values: half of them are as long or shorter."""

    function = "PERCENTILE_DISC"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = DurationField()


def minutes_for(site: Site, now: datetime) -> int | None:
    """In how many real minutes, day and night, half of the answers of the last 90 days were given, from the message that the work began with;
    None with fewer than 20 answers. Calls and letters that the team wrote down itself do not count. Call it as the system."""
    answered = WorkItem.objects.for_system().filter(
        patient__site=site,
        outcome=WorkItem.Outcome.ANSWERED,
        done_at__gt=now - LOOKED_BACK,
        done_at__lte=now,
        trigger__capacity__in=[Message.Capacity.SELF, Message.Capacity.CARER],
    )
    took = ExpressionWrapper(F("done_at") - F("trigger__created_at"), output_field=DurationField())
    found = answered.annotate(took=took).aggregate(count=Count("id"), half=Median("took"))
    if found["count"] < FEWEST:
        return None
    half: timedelta = found["half"]
    return max(1, math.ceil(half / timedelta(minutes=1)))


def count_all(now: datetime) -> None:
    """Count for each site and keep it there. Call it as the system."""
    for site in sites():
        remember_half_of_replies(site.pk, minutes_for(site, now))


def words_for(site: Site) -> str:
    """What a patient reads of it beside the promise; "" when there is nothing to say."""
    minutes = site.half_of_replies_minutes
    if minutes is None:
        return ""
    hours = math.ceil(minutes / 60)
    if hours <= HOURS_SAID:
        return ngettext(
            "Half of our answers in the last 90 days came within %(count)d hour.",
            "Half of our answers in the last 90 days came within %(count)d hours.",
            hours,
        ) % {"count": hours}
    days = math.ceil(hours / 24)
    return ngettext(
        "Half of our answers in the last 90 days came within %(count)d day.",
        "Half of our answers in the last 90 days came within %(count)d days.",
        days,
    ) % {"count": days}


__all__ = ["count_all", "minutes_for", "words_for"]
