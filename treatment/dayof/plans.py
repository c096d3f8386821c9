"""What the patient plans: a trip, a vaccine, a wish for a child, surgery. Private; it marks what meets its days and raises a question.

It never advises: what a plan means for the treatment is the team's word.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from patients.areas import OWN
from patients.models import Patient
from patients.questions import add_question
from patients.services import exactly_once, record_change, require
from portal.lib.ids import uuid7
from portal.lib.problems import Conflict, DomainError
from portal.lib.time import today_in
from portal.lib.time_words import day as day_words
from portal.lib.time_words import when as when_words
from treatment import checks
from treatment.courses import reading
from treatment.dayof.day import times_of
from treatment.models import LifePlan

NOTE_LENGTH = 500
MOST_PLANS = 50
MOST_AHEAD = timedelta(days=3660)
LONGEST = timedelta(days=731)
Kind = LifePlan.Kind


class PlanChanged(Conflict):
    default_message = gettext_lazy(
        "This plan was changed somewhere else. Your words are kept here. Look at the newest version, then save again."
    )


class PlanDaysWrong(DomainError):
    status = 422
    default_message = gettext_lazy("The last day is before the first day. Check both days.")


class PlanTooFar(DomainError):
    status = 422
    default_message = gettext_lazy("Choose days within ten years, and not more than two years long.")


class TooManyPlans(DomainError):
    default_message = gettext_lazy(
        "Your list of plans is full. Take one off that is over, then add this one."
    )


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan as it is read: its row and its opened words. Without a first day nothing can be compared."""

    id: UUID
    version: int
    kind: str
    note: str
    starts_on: date | None
    ends_on: date | None
    written_at: datetime
    asked_at: datetime | None

    @property
    def kind_words(self) -> str:
        return str(Kind(self.kind).label)

    @property
    def last_on(self) -> date | None:
        return self.ends_on or self.starts_on

    @property
    def days(self) -> str:
        """The days in words."""
        if self.starts_on is None:
            return _("No days yet")
        if self.ends_on is None or self.ends_on == self.starts_on:
            return day_words(self.starts_on)
        return _("%(first)s to %(last)s") % {
            "first": day_words(self.starts_on),
            "last": day_words(self.ends_on),
        }


def _read(row: LifePlan) -> Plan:
    words = row.words
    return Plan(
        row.pk, row.version, words["kind_code"], words["note"], _day(words["starts_on"]), _day(words["ends_on"]),
        row.written_at, row.asked_at,
    )  # fmt: skip


def _day(said: str) -> date | None:
    return date.fromisoformat(said) if said else None


def plans_of(user: User, patient: Patient) -> list[Plan]:
    """The plans that stand: by their first day, those without one last. One statement."""
    found = [_read(row) for row in LifePlan.objects.for_user(user, patient).standing()]
    return sorted(found, key=lambda plan: (plan.starts_on is None, plan.starts_on or date.max, plan.id))


def plan_or_404(user: User, patient: Patient, plan_id: UUID) -> Plan:
    row = LifePlan.objects.for_user(user, patient).standing().filter(pk=plan_id).first()
    if row is None:
        raise Http404
    return _read(row)


# --- Writing ----------------------------------------------------------------------------------------------------------


@transaction.atomic
def save_plan(
    *,
    by: User,
    patient: Patient,
    id: UUID,
    kind: str,
    note: str,
    starts_on: date | None,
    ends_on: date | None,
    now: datetime,
    plan_id: UUID | None = None,
    version: int = 0,
) -> Plan:
    """Write a plan down, or other words for `plan_id` from the `version` that was read. Once for each `id`.

    Raises PlanDaysWrong, PlanTooFar, TooManyPlans, PlanChanged, DifferentContent, NotAllowed, Http404.
    """
    require(by, patient, OWN, "self")
    _check(starts_on, ends_on, today_in(now, patient.site.time_zone))
    words = {
        "kind_code": Kind(kind).value,
        "note": note.strip(),
        "starts_on": starts_on.isoformat() if starts_on else "",
        "ends_on": ends_on.isoformat() if ends_on else "",
    }

    def make() -> UUID:
        if plan_id is not None:
            row = _locked(by, patient, plan_id)
            if row.version != version:
                raise PlanChanged
            row.version, row.words, row.written_at = row.version + 1, words, now
            row.save(update_fields=["version", "words", "written_at"])
            record_change(by, patient, "plan.changed", row.pk)
            return row.pk
        if LifePlan.objects.for_user(by, patient).standing().count() >= MOST_PLANS:
            raise TooManyPlans
        row = LifePlan(id=id, patient=patient, written_at=now, created_at=now)
        row.words = words
        row.save(force_insert=True)
        record_change(by, patient, "plan.written", row.pk)
        return row.pk

    content = [str(plan_id), version, *words.values()]
    done = exactly_once(act="plan.save", id=id, patient=patient, user=by, content=content, do=make)
    assert done.result is not None
    return plan_or_404(by, patient, done.result)


def _check(starts_on: date | None, ends_on: date | None, today: date) -> None:
    if ends_on is not None and (starts_on is None or ends_on < starts_on):
        raise PlanDaysWrong
    if starts_on is None:
        return
    last = ends_on or starts_on
    if abs(starts_on - today) > MOST_AHEAD or abs(last - today) > MOST_AHEAD or last - starts_on > LONGEST:
        raise PlanTooFar


def _locked(by: User, patient: Patient, plan_id: UUID) -> LifePlan:
    rows: Any = LifePlan.objects.for_user(by, patient)
    row = rows.filter(pk=plan_id, ended_at__isnull=True).select_for_update(of=("self",), no_key=True).first()
    if row is None:
        raise Http404
    found: LifePlan = row
    return found


@transaction.atomic
def end_plan(*, by: User, patient: Patient, plan_id: UUID, id: UUID, now: datetime) -> None:
    """Take a plan off the list, once. Raises NotAllowed, Http404."""
    require(by, patient, OWN, "self")

    def make() -> UUID:
        row = _locked(by, patient, plan_id)
        row.ended_at = now
        row.save(update_fields=["ended_at"])
        record_change(by, patient, "plan.ended", row.pk)
        return row.pk

    exactly_once(act="plan.end", id=id, patient=patient, user=by, content=[str(plan_id)], do=make)


@transaction.atomic
def put_on_questions(*, by: User, patient: Patient, plan_id: UUID, id: UUID, now: datetime) -> Plan:
    """Put the question about a plan on the patient's own list, where it stays theirs until they show it. Once for each `id`.

    Raises NotAllowed, Http404, TooManyQuestions.
    """
    require(by, patient, OWN, "self")

    def make() -> UUID:
        plan = plan_or_404(by, patient, plan_id)
        text = question_text(by, patient, plan, now)
        added = add_question(patient=patient, by=by, id=uuid7(), text=text)
        note_asked(by=by, patient=patient, plan_id=plan_id, now=now)
        assert added.result is not None
        return added.result

    exactly_once(act="plan.question", id=id, patient=patient, user=by, content=[str(plan_id)], do=make)
    return plan_or_404(by, patient, plan_id)


@transaction.atomic
def note_asked(*, by: User, patient: Patient, plan_id: UUID, now: datetime) -> None:
    """The plan became a question."""
    row = _locked(by, patient, plan_id)
    row.asked_at = now
    row.save(update_fields=["asked_at"])
    record_change(by, patient, "plan.asked", row.pk)


# --- What meets a plan ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Meets:
    """Something of the treatment that lies in the days of a plan. It says so and nothing more."""

    kind: str  # booked, window or check
    words: str
    first_on: date
    last_on: date


@dataclass(frozen=True, slots=True)
class Around:
    """What of the treatment has days, read once for all plans."""

    items: list[Meets]


def around(user: User, patient: Patient, now: datetime) -> Around:
    """Windows of planned doses, booked times and regular checks with a due day, in order."""
    zone = patient.site.time_zone
    today = today_in(now, zone)
    doses = reading.doses_of(user, patient)
    done = checks.done_days(user, patient)
    items = []
    for time in times_of(user, patient, now):
        day = today_in(time.starts_at, zone)
        said = {"when": when_words(time.starts_at, zone)}
        words = (
            _("Booked: your infusion on %(when)s") if time.booked else _("Asked for: an infusion on %(when)s")
        )
        items.append(Meets("booked", words % said, day, day))
    items += [
        _window(dose)
        for dose in doses
        if dose.is_planned
        and dose.course.is_running
        and not dose.course.is_paused
        and (dose.latest or dose.target) >= today
    ]
    for course in {dose.course_id: dose.course for dose in doses}.values():
        for check in checks.regular_checks(user, patient, course, doses, done):
            if check.due is not None and (check.until is None or check.due <= check.until):
                words = _("Regular check: %(check)s, due by %(day)s") % {
                    "check": check.label,
                    "day": day_words(check.due),
                }
                items.append(Meets("check", words, check.due, check.due))
    return Around(sorted(items, key=lambda item: (item.first_on, item.kind)))


def _window(dose: Any) -> Meets:
    """The days in which a dose is planned; without a latest day, the planned day is the last that is known."""
    last = dose.latest or dose.target
    name = reading.name_of(dose.course)
    if dose.earliest == last:
        words = _("Planned: dose %(number)d of %(name)s, on %(day)s") % {
            "number": dose.number,
            "name": name,
            "day": day_words(last),
        }
    else:
        words = _("Planned: dose %(number)d of %(name)s, between %(first)s and %(last)s") % {
            "number": dose.number,
            "name": name,
            "first": day_words(dose.earliest),
            "last": day_words(last),
        }
    return Meets("window", words, dose.earliest, last)


def meeting(plan: Plan, around: Around) -> list[Meets]:
    """What lies in the days of a plan. Nothing without a first day."""
    if plan.starts_on is None or plan.last_on is None:
        return []
    first, last = plan.starts_on, plan.last_on
    return [item for item in around.items if item.first_on <= last and item.last_on >= first]


def question_text(user: User, patient: Patient, plan: Plan, now: datetime) -> str:
    """The words that a question or a message begins with: the plan, what meets it, and an open question. No advice."""
    lines = [_("My plan: %(kind)s. %(days)s.") % {"kind": plan.kind_words, "days": plan.days}]
    if plan.note:
        lines.append(plan.note)
    lines += [item.words + "." for item in meeting(plan, around(user, patient, now))]
    lines.append(_("What does this mean for my treatment?"))
    return "\n".join(lines)
