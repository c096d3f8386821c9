"""What readiness adds to "What first?": answers before a dose that nobody of the team has looked at, and near doses that stay stopped."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from patients.models import Patient
from portal.lib.first import TODAY, URGENT, Problem, up_to
from portal.lib.time_words import day as day_words
from treatment.models import Dose, DoseAnswer
from treatment.querysets import booked_on, counted_in

MOST = 100
NEAR = timedelta(days=3)  # that a stop holds is said when a dose of whatever treatment is as near as that


def answers_to_look_at(user: User, now: datetime, patient: Patient | None = None) -> Iterator[Problem]:
    """One statement. That there is a concern and for which day, never what it is; one problem with the dose that it is about."""
    rows: Any = DoseAnswer.objects.for_user(user, patient)
    rows = rows.select_related("dose").annotate(booked_on=booked_on("dose__"))
    last = now.date() + NEAR
    soon = Dose.objects.planned().with_times().filter(counted_in(None, last), course__ended_on__isnull=True)
    near = rows.stopping().filter(Exists(soon.filter(patient=OuterRef("patient"))), reviewed_at__isnull=False)
    found = rows.to_look_at().union(near, all=True)  # each part has an index of its own
    for row in up_to(found.order_by("answered_at", "id"), MOST):
        looked_at = row.reviewed_at is not None
        stops = row.level == DoseAnswer.Level.CALL_FIRST and not looked_at
        row.dose.booked_on = row.booked_on
        said = {"day": day_words(row.dose.counted_on)}
        if looked_at and not (row.dose.is_planned and row.dose.counted_on <= last):
            words = _(
                "An answer before the infusion of %(day)s still stops the next one, and nobody has lifted that"
            )
        elif looked_at:
            words = _("The infusion of %(day)s is stopped by an answer, and nobody has lifted that")
        elif stops:
            words = _("Before the infusion of %(day)s: an answer says call first")
        else:
            words = _("Before the infusion of %(day)s: something for the nurse to know")
        yield Problem(
            patient_id=row.patient_id,
            keys=(f"answer:{row.pk}", "infusion"),
            rank=URGENT if stops else TODAY,
            words=words % said,
            url=reverse("treatment:patient-answer", args=[row.patient_id, row.pk]),
            state=f"{row.pk}:{looked_at}",
            due=row.answered_at,
            owner=_("The team"),
        )
