"""What treatment adds to "What first?": doses that are near with something still open, doses whose days are over, and phases to plan."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Exists, Max, OuterRef, Q
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from patients.models import Patient
from portal.lib.first import SOON, TODAY, URGENT, Problem
from portal.lib.time import today_in
from portal.lib.time_words import day as day_words
from treatment.courses import reading
from treatment.courses.planning import Anchor
from treatment.models import Course, Dose, Protocol, SelfCheck
from treatment.readiness.items import open_counts

NEAR = timedelta(days=3)
MOST = 100
PLAN_BEFORE = timedelta(days=30)
"""So long before a phase may begin somebody has to plan it: a step of the portal, not of a label."""
PREVIOUS_PHASE = str(Anchor.PREVIOUS_PHASE)


def new_signs(user: User, now: datetime, patient: Patient | None = None) -> Iterator[Problem]:
    """Self-checks in which something was new, until somebody of the team has looked at them. One problem with a near infusion."""
    found: Any = SelfCheck.objects.for_user(user, patient).to_look_at().select_related("check_in")
    for row in found.order_by("answered_at", "id")[:MOST]:
        emergency = row.level == SelfCheck.Level.EMERGENCY
        yield Problem(
            patient_id=row.patient_id,
            keys=(f"selfcheck:{row.pk}", "infusion"),
            rank=URGENT,
            words=_new_words(after_dose=hasattr(row, "check_in"), emergency=emergency),
            url=reverse("treatment:patient-self-check-done", args=[row.patient_id, row.pk]),
            state=str(row.pk),
            due=row.answered_at,
            owner=_("The team"),
        )


def _new_words(*, after_dose: bool, emergency: bool) -> str:
    """That something is new, never what."""
    if after_dose:
        return (
            _("Check-in after a dose: something new, an emergency sign")
            if emergency
            else _("Check-in after a dose: something new")
        )
    return _("Self-check: something new, an emergency sign") if emergency else _("Self-check: something new")


def near_doses(user: User, now: datetime, patient: Patient | None = None) -> Iterator[Problem]:
    """Planned doses of the next days: open lines are a problem, and without one the dose is said beside a fever. Three statements."""
    doses = (
        Dose.objects.for_user(user, patient)
        .with_course()
        .filter(
            state=Dose.State.PLANNED,
            course__ended_on__isnull=True,
            course__paused_on__isnull=True,
            target__lte=now.date() + NEAR,
        )
        .select_related("patient__site")
        .order_by("target", "id")
    )
    near = list(doses[:MOST])
    counts = open_counts(user, near, now)
    for dose in near:
        still_open = counts[dose.pk]
        today = today_in(now, dose.patient.site.time_zone)
        if dose.target > today + NEAR:
            continue
        over = (dose.latest or dose.target) < today
        said = {"day": day_words(dose.target)}
        if over:
            words = _("The infusion was planned for %(day)s and is not noted as given") % said
        else:
            words = _("Infusion planned for %(day)s") % said
            if still_open:
                lines = ngettext("%(count)d line is open", "%(count)d lines are open", still_open)
                words = f"{words}: {lines % {'count': still_open}}"
        yield Problem(
            patient_id=dose.patient_id,
            keys=(f"dose:{dose.pk}", "infusion"),
            rank=TODAY,
            words=words,
            url=reverse("treatment:patient-home", args=[dose.patient_id]),
            state=f"{dose.target}:{still_open}:{over}",
            due=_day_begins((dose.latest or dose.target) + timedelta(days=1) if over else dose.target, dose),
            owner=_("The team"),
            alone=bool(still_open) or over,
        )


def phases_to_plan(user: User, now: datetime, patient: Patient | None = None) -> Iterator[Problem]:
    """Running courses whose next phase is due by the data and was never planned (they were ordered before the portal laid it out), from
    30 days before it may begin. One statement."""
    by_hand = Protocol.objects.filter(content__regimen__contains=[{"anchor_rule": PREVIOUS_PHASE}]).values(
        "pk"
    )
    planned = Dose.objects.filter(course=OuterRef("pk"), state=Dose.State.PLANNED)
    courses: Any = (
        Course.objects.for_user(user, patient)
        .running()
        .filter(Q(moved_to__in=by_hand) | Q(moved_to__isnull=True, order__protocol__in=by_hand))
        .filter(~Exists(planned), paused_on__isnull=True)
        .annotate(number=Max("doses__number"), last=Coalesce(Max("doses__given_on"), Max("doses__target")))
        .select_related("order", "patient__site")
    )
    for course in courses.order_by("starts_on", "id")[:MOST]:
        begins = reading.next_phase_from(course, course.number, course.last)
        today = today_in(now, course.patient.site.time_zone)
        if begins is None or today < begins - PLAN_BEFORE:
            continue
        yield Problem(
            patient_id=course.patient_id,
            keys=(f"phase:{course.pk}",),
            rank=TODAY if begins <= today else SOON,
            words=_("The next course of %(name)s is not planned yet") % {"name": reading.name_of(course)},
            url=reverse("treatment:patient-course", args=[course.patient_id, course.pk]),
            state=f"{course.number}:{begins <= today}",
            due=_day_begins(begins, course),
            owner=_("A neurologist"),
        )


def _day_begins(day: date, row: Dose | Course) -> datetime:
    """The first minute of a day on the clock of the patient's site: what is open is due before the day of the infusion."""
    return datetime.combine(day, time.min, ZoneInfo(row.patient.site.time_zone)).astimezone(UTC)
