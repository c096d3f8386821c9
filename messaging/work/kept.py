"""What a team still owes a patient here: conversations that wait for it and calls that it has to make. Its access cannot end before they are done."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from messaging.models import CallTask, WorkItem
from messaging.topics import Topic
from patients.models import Patient


def owed_by(patient: Patient, team_id: UUID, now: datetime) -> list[dict[str, Any]]:
    """Open work of a team for a patient, claimed or not, the most urgent first, and its open calls. As a system actor; two statements.

    Without a team nobody would find it on a work list any more.
    """
    items: Any = WorkItem.objects.for_system().of(patient).filter(team_id=team_id).waiting().in_work_order()
    calls: Any = CallTask.objects.for_system().of(patient).filter(team_id=team_id, done_at__isnull=True)
    by_lane = _(
        "Answer it, or close it if it needs no answer. To get a colleague to do that, open it and hand it over."
    )
    found = [
        {
            "label": _("An open conversation, “%(topic)s”") % {"topic": Topic(item.thread.topic).label},
            "url": reverse("messaging:work-thread", args=[patient.pk, item.thread_id]),
            "how": by_lane,
        }
        for item in items.select_related("thread")
    ]
    if calls.exists():
        how = _("Make the call, and note it on the list of calls.")
        found.append({"label": _("A call to the patient"), "url": reverse("messaging:calls"), "how": how})
    return found


__all__ = ["owed_by"]
