"""What the journal adds to "What first?": a fever that a patient noted and shared, beside an infusion that is near.

Nobody watches the journal, so it is never a line by itself: without an infusion in the next days nothing is looked for. What the
patient keeps private is not read, and what they no longer share is gone from the list.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from journal.models import SharedEntry
from journal.reading import SUMMARY_DAYS
from messaging.writing import redflags, triage
from patients.models import Patient
from portal.lib.first import URGENT, Problem, up_to
from treatment.services import patients_with_near_doses

MOST = 300  # entries, not lines: somebody who writes three times a day is still one line


def fever_noted(user: User, now: datetime, patient: Patient | None = None) -> Iterator[Problem]:
    """One problem for each patient with the infusion that is near, when an entry of the last 14 days, which their team sees anyway, names
    a fever. Which words those are, the signed red-flag rules say; without rules in use nothing is looked for. One statement, and
    one more for the rules where something was shared.
    """
    day = timedelta(days=1)
    rows: Any = SharedEntry.objects.for_user(user, patient).live()
    rows = rows.between(now.date() - SUMMARY_DAYS * day, now.date() + day)
    rows = rows.filter(patient_id__in=patients_with_near_doses(user, now, patient))
    shared: dict[UUID, list[SharedEntry]] = defaultdict(list)
    for row in up_to(rows.newest_first(), MOST):
        shared[row.patient_id].append(row)
    rules = triage.in_use() if shared else None
    if rules is None:
        return
    for patient_id, entries in shared.items():
        problem = Problem(
            patient_id=patient_id,
            keys=("journal", "infusion"),
            rank=URGENT,
            words=_("The shared journal names a fever"),
            url=reverse("journal:shared", args=[patient_id]),
            state="",
            owner=_("The team"),
        )
        yield replace(problem, opened=_read(problem, entries, rules.rules))


def _read(
    problem: Problem, entries: list[SharedEntry], rules: redflags.Ruleset
) -> Callable[[], Problem | None]:
    """As the other reds: what is due is a look, and since it was shared."""

    def opened() -> Problem | None:
        named = [row for row in entries if rules.named_in(redflags.FEVER, row.snapshot["note"] or "")]
        if not named:
            return None
        return replace(
            problem,
            state=",".join(sorted(str(row.pk) for row in named)),
            due=min(row.shared_at for row in named),
            opened=None,
        )

    return opened


__all__ = ["fever_noted"]
