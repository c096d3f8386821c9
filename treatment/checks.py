"""What is open before a dose and whose turn it is, and the regular checks that go on between doses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import UUIDField, Value
from django.http import Http404
from django.utils.translation import gettext as _

from accounts.models import User
from patients.areas import TREATMENT
from patients.models import Patient
from patients.services import exactly_once, record_change, require
from portal.lib.contributions import before_dose
from portal.lib.problems import DomainError, NotAllowed
from portal.lib.time import today_in
from treatment.courses import planning, reading
from treatment.ledger.known import code_of_fact
from treatment.models import CheckDone, ChecklistItem, Course, Dose, DoseAnswer, Result
from treatment.protocols.facts import RegularCheck
from treatment.readiness import items


@dataclass(frozen=True, slots=True)
class OpenItem:
    """A line of "still open before it": who has it, where it is done. `id` only for lines that can be ticked here."""

    label: str
    who: str
    done: bool
    owner: str = "team"
    url: str = ""
    id: UUID | None = None
    fact: str = ""
    asked_again: bool = False
    kind: str = ""
    word: str = ""
    due: date | None = None


@dataclass(frozen=True, slots=True)
class CheckState:
    """A regular check: when it was last done and is next due. `due` None: the data give no interval, or its time is over."""

    fact: str
    label: str
    owner: str
    last_done: date | None
    due: date | None
    until: date | None
    every_months: int | None

    def is_overdue(self, today: date) -> bool:
        return self.due is not None and self.due < today


def owner_words(owner: str) -> str:
    """Whose turn it is, as the patient reads it."""
    return str(ChecklistItem.Owner(owner).label)


def checklist_of(user: User, patient: Patient, dose: Dose, now: datetime) -> list[OpenItem]:
    """The items of one dose. An answer that expires counts only while it is fresh."""
    return [
        OpenItem(
            label=line.said.label,
            who=owner_words(line.item.owner),
            owner=line.item.owner,
            done=line.standing.settled,
            id=line.item.pk,
            fact=line.item.fact,
            asked_again=line.said.valid_hours is not None,
            kind=line.standing.kind,
            word=line.standing.word,
            due=line.standing.due,
        )
        for line in items.lines_for(user, patient, dose, now)
    ]


def before(
    user: User,
    patient: Patient,
    dose: Dose,
    now: datetime,
    doses: Iterable[Dose] | None = None,
    done: DoneDays | None = None,
) -> list[OpenItem]:
    """Everything before a dose: what stops it, what other apps know (a booked time), the dose's items, and checks that are overdue.

    `doses` and `done` spare statements where the patient's doses and done checks were read already.
    """
    lines = stop_lines(user, patient, dose)
    lines += [
        OpenItem(
            label=row["label"], who=row["who"], done=row["done"], url=row.get("url") or "", owner="other"
        )
        for entry in before_dose
        for row in entry(user, patient, dose, now)
    ]
    lines += checklist_of(user, patient, dose, now)
    lines += [
        OpenItem(
            label=check.label, who=owner_words(check.owner), done=False, owner=check.owner, fact=check.fact,
            kind="caution", word=_("Overdue"), due=check.due,
        )
        for check in overdue_before(user, patient, dose, now, doses, done)
    ]  # fmt: skip
    return lines


def stop_lines(user: User, patient: Patient, dose: Dose) -> list[OpenItem]:
    """One line that says that an answer stops the dose, and none without one. One statement."""
    if not DoseAnswer.objects.for_user(user, patient).that_stop(dose).exists():
        return []
    return [
        OpenItem(
            label=_("An answer to the questions stops this dose"), who=owner_words("team"), done=False,
            kind="urgent", word=_("Stopped: call first"),
        )
    ]  # fmt: skip


@transaction.atomic
def settle_item(
    *, by: User, patient: Patient, item_id: UUID, done: bool, id: UUID, now: datetime
) -> ChecklistItem:
    """Tick an item, or open it again. Patients tick only what is theirs. Raises NotAllowed, LineIsStopped, DomainError, DifferentContent."""
    capacity = require(by, patient, TREATMENT, "self", "team", "break_glass")

    def make() -> UUID:
        locked = items.locked(by, patient, item_id, capacity)
        if capacity == "self" and locked.owner != ChecklistItem.Owner.YOU:
            raise NotAllowed
        if capacity == "self" and done and items.said_of(locked).link == "questions":
            raise items.AnswerTheQuestions
        state = ChecklistItem.State.DONE if done else ChecklistItem.State.OPEN
        items.put(locked, state, by=by, capacity=capacity, now=now)
        record_change(by, patient, "treatment.item-done" if done else "treatment.item-open", locked.pk)
        return locked.pk

    content = [str(item_id), done]
    exactly_once(act="treatment.item", id=id, patient=patient, user=by, content=content, do=make)
    return items.item_or_404(by, patient, item_id)


# --- Regular checks ---------------------------------------------------------------------------------------------------


# (course, name of the check), or (None, the test that it asks for), and the newest day on which it was done
DoneDays = Mapping[tuple[UUID | None, str], date]


def done_days(user: User, patient: Patient) -> DoneDays:
    """When each regular check of the patient's courses was last done: noted as done, or with a result. One statement."""
    done: dict[tuple[UUID | None, str], date] = {}
    rows: Any = CheckDone.objects.for_user(user, patient).values_list("course_id", "fact", "done_on")
    no_course = Value(None, output_field=UUIDField())
    results: Any = Result.objects.for_user(user, patient).standing().annotate(no_course=no_course)
    for course_id, fact, day in rows.union(results.values_list("no_course", "test", "taken_on"), all=True):
        done[course_id, fact] = max(day, done.get((course_id, fact), day))
    return done


def regular_checks(
    user: User,
    patient: Patient,
    course: Course,
    doses: Iterable[Dose] | None = None,
    done: DoneDays | None = None,
) -> list[CheckState]:
    """The course's regular checks. They begin with the first given dose and may go on long after the last one.

    `doses` and `done` spare statements where the patient's doses and done checks were read already.
    """
    if doses is None:
        doses = reading.doses_of(user, patient, course)
    given = [dose.given_on for dose in doses if dose.course_id == course.pk and dose.given_on is not None]
    if not given:
        return []
    if done is None:
        done = done_days(user, patient)
    return [_state(check, min(given), max(given), done, course) for check in reading.facts_for(course).checks]


def overdue_before(
    user: User,
    patient: Patient,
    dose: Dose,
    now: datetime,
    doses: Iterable[Dose] | None = None,
    done: DoneDays | None = None,
) -> list[CheckState]:
    """The regular checks of a dose's course that are overdue on the site's day."""
    today = today_in(now, patient.site.time_zone)
    found = regular_checks(user, patient, dose.course, doses, done)
    return [check for check in found if check.is_overdue(today)]


def _state(check: RegularCheck, first: date, last: date, done: DoneDays, course: Course) -> CheckState:
    months = check.until_months_after_last_dose
    # The clock of checks after the last dose starts again with every dose (a new course of alemtuzumab).
    until = planning.add_months(last, months) if months is not None else course.ended_on
    days = (done.get((course.pk, check.fact)), done.get((None, code_of_fact(check.fact))))
    last_done = max((day for day in days if day is not None), default=None)
    due = planning.next_due(
        every_months=check.every_months, since=first, last_done=last_done, until=until, end_is_a_day=months is not None
    )  # fmt: skip
    return CheckState(check.fact, check.label, check.owner, last_done, due, until, check.every_months)


@transaction.atomic
def note_check(
    *, by: User, patient: Patient, course_id: UUID, fact: str, done_on: date, id: UUID, now: datetime
) -> Course:
    """Note that a regular check was done on a day. Raises NotAllowed, DomainError for a future day or an unknown check."""
    require(by, patient, TREATMENT, "team", "break_glass")

    def make() -> UUID:
        course = reading.course_or_404(by, patient, course_id)
        if fact not in {check.fact for check in reading.facts_for(course).checks}:
            raise Http404
        today = today_in(now, patient.site.time_zone)
        if not course.starts_on - timedelta(days=366) <= done_on <= today:
            raise DomainError(_("Enter the day on which the check was done. It cannot be in the future."))
        CheckDone.objects.get_or_create(
            patient=patient,
            course=course,
            fact=fact,
            done_on=done_on,
            defaults={"recorded_by": by, "recorded_at": now},
        )
        record_change(by, patient, "treatment.check-done", course.pk)
        return course.pk

    content = [str(course_id), fact, done_on.isoformat()]
    exactly_once(act="treatment.check", id=id, patient=patient, user=by, content=content, do=make)
    return reading.course_or_404(by, patient, course_id)


def leads_to_lists(dose: Dose, fact: str) -> bool:
    """True when an item is done on the page of allergies and medicines."""
    said = reading.facts_for(dose.course).labels.get(fact)
    return said is not None and said.link == "lists"
