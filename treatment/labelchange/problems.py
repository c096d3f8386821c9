"""What a label change adds to "What first?": courses that run on a version that was withdrawn, until a prescriber moves or ends them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from patients.models import Patient
from portal.lib.first import TODAY, Problem, up_to
from treatment.models import Course, Withdrawal

MOST = 100


def on_withdrawn(user: User, now: datetime, patient: Patient | None = None) -> Iterator[Problem]:
    """Running courses on a withdrawn version. One statement where nothing is withdrawn, else two."""
    over = {(one.site_id, one.protocol_id): one.change_id for one in Withdrawal.objects.all()}
    if not over:
        return
    gone = {protocol_id for _site, protocol_id in over}
    there = Q(moved_to__in=gone) | Q(moved_to__isnull=True, order__protocol__in=gone)
    courses: Any = Course.objects.for_user(user, patient).running().filter(there)
    found = courses.annotate(site=F("patient__site_id")).select_related("order").order_by("starts_on", "id")
    for course in up_to(found, MOST):
        change_id = over.get((course.site, course.protocol_id))
        if change_id is None:
            continue
        yield Problem(
            patient_id=course.patient_id,
            keys=(f"withdrawn:{course.pk}",),
            rank=TODAY,
            words=_("The treatment runs on a version that was withdrawn"),
            url=reverse("treatment:label-change", args=[change_id]),
            state=str(course.protocol_id),
            owner=_("A neurologist"),
        )
