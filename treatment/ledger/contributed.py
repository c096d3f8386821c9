"""What the ledger gives to pages of the portal: new results under "Needs you", overdue checks for "What first?", the way to the board."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from clinic.services import is_clinician
from patients.models import Patient
from patients.services import can
from portal.lib.actor import reading_many
from portal.lib.contributions import Card
from portal.lib.first import SOON, TODAY, Problem, up_to
from portal.lib.time_words import day as day_words
from treatment.ledger import board
from treatment.ledger.duties import State
from treatment.ledger.models import Result
from treatment.ledger.reading import lines_of, load

MOST = 100


def new_results(request: HttpRequest, patient: Patient, now: datetime) -> list[dict[str, Any]]:
    """Today, "Needs you": results with a note that the patient has not seen. One statement."""
    user = request.user
    assert isinstance(user, User)
    rows = Result.objects.for_user(user, patient).filter(correction__isnull=True, release__isnull=False)
    count = rows.exclude(seen__user=user).count()
    if not count:
        return []
    label = ngettext(
        "Your team released %(count)d new result", "Your team released %(count)d new results", count
    )
    return [{"label": label % {"count": count}, "url": reverse("treatment:ledger")}]


def problems(user: User, now: datetime, patient: Patient | None = None) -> Iterator[Problem]:
    """One problem for each patient with overdue checks: for today when a whole interval was missed, or a lab for so many days as the data name, else soon. As few statements for all as for one."""
    if patient is None:
        standings = board.everybody(user, now)
    else:
        if not can(user, patient, "treatment"):
            return
        kept = load(user, patient)[patient.pk]
        lines = tuple(line for line in lines_of(kept, now, whole=False) if line.is_ours)
        standings = [board.Standing(patient.pk, kept.zone, lines)]
    for one in up_to(board.worst_first(standings, State.OVERDUE), MOST):
        urgent = one.escalates(now)
        labels = [str(line.test.label) for line in one.lines]
        words = ngettext(
            "%(count)d regular check is overdue, since %(day)s: %(checks)s",
            "%(count)d regular checks are overdue, the first since %(day)s: %(checks)s",
            len(labels),
        ) % {"count": len(labels), "day": day_words(one.first_due), "checks": ", ".join(labels)}
        yield Problem(
            patient_id=one.patient_id,
            keys=("checks",),
            rank=TODAY if one.missed > 1 or urgent else SOON,
            words=words,
            url=reverse("treatment:patient-ledger", args=[one.patient_id]),
            state=f"{one.missed}{'!' if urgent else ''}:{','.join(sorted(line.test.code for line in one.lines))}",
            due=_end_of(one),
            owner=_("The team"),
        )


def _end_of(one: board.Standing) -> datetime:
    """The last minute of the first due day, on the site's clock."""
    return datetime.combine(one.first_due, time(23, 59), ZoneInfo(one.zone)).astimezone(UTC)


def overdue_card(request: HttpRequest, now: datetime) -> Card | None:
    """The team's Today: how many patients have overdue checks, how many results wait, and the board. What was read for "What first?" is not read again."""
    user = request.user
    if not isinstance(user, User) or not is_clinician(user):
        return None
    with reading_many():
        overdue = len(board.worst_first(board.everybody(user, now), State.OVERDUE))
        waiting = len(board.waiting_results(user))
    context = {"overdue": overdue, "waiting": waiting, "url": reverse("treatment:overdue")}
    return Card("treatment/cards/overdue.html", context)


__all__ = ["new_results", "overdue_card", "problems"]
