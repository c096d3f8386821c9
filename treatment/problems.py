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
from portal.lib.first import SOON, TODAY, URGENT, Problem, up_to
from portal.lib.time import today_in
from portal.lib.time_words import day as day_words
from treatment.courses import reading
from treatment.courses.blocked import blocks_of, why
from treatment.courses.planning import Anchor
from treatment.courses.proceeding import Code
from treatment.models import Course, Dose, GivenElsewhere, Protocol, SelfCheck
from treatment.querysets import counted_in
from treatment.readiness.items import open_counts
from treatment.readiness.reminders import STEPS

ONE_DAY, NEAR = timedelta(days=1), timedelta(days=3)
FIRST_STEP = timedelta(days=max(STEPS))
MOST = 100
PLAN_BEFORE = timedelta(days=30)
"""So long before a phase may begin somebody has to plan it: a step of the portal, not of a label."""
PREVIOUS_PHASE = str(Anchor.PREVIOUS_PHASE)


def new_signs(user: User, now: datetime, patient: Patient | None = None) -> Iterator[Problem]:
    """Self-checks in which something was new, until somebody of the team has looked at them. One problem with a near infusion."""
    found: Any = SelfCheck.objects.for_user(user, patient).to_look_at().select_related("check_in")
    for row in up_to(found.order_by("answered_at", "id"), MOST):
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


def _near(user: User, now: datetime, patient: Patient | None) -> Any:
    rows: Any = Dose.objects.for_user(user, patient).planned().with_times()
    running = rows.filter(course__ended_on__isnull=True, course__paused_on__isnull=True)
    return running.filter(counted_in(None, now.date() + NEAR + ONE_DAY))


def patients_with_near_doses(user: User, now: datetime, patient: Patient | None = None) -> Any:
    """Subquery of the patients with an infusion that is as near as on "What first?", of those whose treatment the person sees."""
    return _near(user, now, patient).values("patient_id")


def near_doses(user: User, now: datetime, patient: Patient | None = None) -> Iterator[Problem]:
    """Doses of the next days, and those whose days are over: open lines are a problem, and without one the dose is said beside a fever.

    All of them, so that what "What first?" counts is true: a limit would leave out either what is nearest or what waits longest. Three
    statements; the lines are read only for what is still to come.
    """
    found = _near(user, now, patient).with_course().select_related("patient__site")
    near = [dose for dose in found if dose.counted_on <= reading.today_of(dose.patient, now) + NEAR]
    counts = open_counts(user, [dose for dose in near if not _is_over(dose, now)], now)
    for dose in near:
        day, over, still_open = dose.counted_on, _is_over(dose, now), counts.get(dose.pk, 0)
        said = {"day": day_words(day)}
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
            state=f"{day}:{still_open}:{over}",
            due=_day_begins(_last_day(dose, now) + ONE_DAY if over else day, dose),
            owner=_("The team"),
            alone=bool(still_open) or over,
        )


def _last_day(dose: Dose, now: datetime) -> date:
    """The last day on which the dose is still to come: that of its booked time, else the end of its window."""
    return dose.booked_on or dose.latest or dose.target


def _is_over(dose: Dose, now: datetime) -> bool:
    return _last_day(dose, now) < reading.today_of(dose.patient, now)


def cannot_go_on(user: User, now: datetime, patient: Patient | None = None) -> Iterator[Problem]:
    """Coming doses that wait for a number that nobody has confirmed, or that the limit for a lifetime leaves no room for, from the day of
    their first reminder; withdrawn versions have a line of their own (`labelchange.problems`).

    One statement where there is none, else those of `blocked.blocks_of` besides.
    """
    open_numbers = GivenElsewhere.objects.standing().filter(patient=OuterRef("patient"), confirmed_at=None)
    limited = Protocol.objects.exclude(content__lifetime_cumulative_max=[]).values("pk")
    on_limited = Q(course__moved_to__in=limited) | Q(
        course__moved_to__isnull=True, course__order__protocol__in=limited
    )
    found: Any = Dose.objects.for_user(user, patient).with_course().planned()
    found = found.filter(course__ended_on__isnull=True, course__paused_on__isnull=True)
    found = found.filter(counted_in(None, now.date() + FIRST_STEP + ONE_DAY)).select_related("patient__site")
    found = found.filter(Q(Exists(open_numbers)) | on_limited).order_by("course", "-number")
    coming = list({dose.course_id: dose for dose in found}.values())  # the next one of each treatment
    against = blocks_of(user, coming, patient)
    for dose in coming:
        day, today = dose.counted_on, reading.today_of(dose.patient, now)
        stops = [stop for stop in against.get(dose.pk, []) if stop.code != Code.WITHDRAWN]
        if not stops or day > today + FIRST_STEP:
            continue
        yield Problem(
            patient_id=dose.patient_id,
            keys=(f"dose:{dose.pk}", "infusion"),
            rank=TODAY if day <= today + NEAR else SOON,
            words=_("The infusion of %(day)s cannot go on: %(why)s")
            % {"day": day_words(day), "why": why(stops)},
            url=reverse("treatment:patient-course", args=[dose.patient_id, dose.course_id]),
            state=f"{day}:{','.join(stop.code for stop in stops)}",
            due=_day_begins(day, dose),
            owner=_("The team"),
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
    for course in up_to(courses.order_by("starts_on", "id"), MOST):
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
