"""What readiness adds to "What first?": answers before a dose that nobody of the team has looked at."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from patients.models import Patient
from portal.lib.first import TODAY, URGENT, Problem
from portal.lib.time_words import day as day_words
from treatment.models import DoseAnswer

MOST = 100


def answers_to_look_at(user: User, now: datetime, patient: Patient | None = None) -> Iterator[Problem]:
    """One statement. That there is a concern and for which day, never what it is; one problem with the dose that it is about."""
    rows: Any = DoseAnswer.objects.for_user(user, patient).to_look_at().select_related("dose")
    for row in rows.order_by("answered_at", "id")[:MOST]:
        stops = row.level == DoseAnswer.Level.CALL_FIRST
        said = {"day": day_words(row.dose.target)}
        words = (
            _("Before the infusion of %(day)s: an answer says call first")
            if stops
            else _("Before the infusion of %(day)s: something for the nurse to know")
        )
        yield Problem(
            patient_id=row.patient_id,
            keys=(f"answer:{row.pk}", "infusion"),
            rank=URGENT if stops else TODAY,
            words=words % said,
            url=reverse("treatment:patient-answer", args=[row.patient_id, row.pk]),
            state=str(row.pk),
            due=row.answered_at,
            owner=_("The team"),
        )
