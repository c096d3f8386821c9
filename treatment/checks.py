"""What is open before a dose and whose turn it is, and the regular checks that go on between doses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction
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
from treatment.models import CheckDone, ChecklistItem, Course, Dose
from treatment.protocols.facts import RegularCheck, facts_of


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
    # A course that was moved to another version keeps the lines it was ordered with.
    ordered = facts_of(dose.course.order.protocol_id).labels
    labels = {**ordered, **reading.facts_for(dose.course).labels}
    lines = []
    for item in ChecklistItem.objects.for_user(user, patient).filter(dose=dose):
        said = labels.get(item.fact)
        if said is None:
            continue
        fresh = said.valid_hours is None or (
            item.done_at is not None and item.done_at >= now - timedelta(hours=said.valid_hours)
        )
        lines.append(
            OpenItem(
                label=said.label,
                who=owner_words(item.owner),
                owner=item.owner,
                done=item.done_at is not None and fresh,
                id=item.pk,
                fact=item.fact,
                asked_again=said.valid_hours is not None,
            )
        )
    return lines


def before(
    user: User,
    patient: Patient,
    dose: Dose,
    now: datetime,
    doses: Iterable[Dose] | None = None,
    done: DoneDays | None = None,
) -> list[OpenItem]:
    """Everything before a dose: what other apps know (a booked time), the dose's items, and checks that are overdue.

    `doses` and `done` spare statements where the patient's doses and done checks were read already.
    """
    lines = [
        OpenItem(
            label=row["label"], who=row["who"], done=row["done"], url=row.get("url") or "", owner="other"
        )
        for entry in before_dose
        for row in entry(user, patient, dose, now)
    ]
    lines += checklist_of(user, patient, dose, now)
    today = today_in(now, patient.site.time_zone)
    lines += [
        OpenItem(
            label=check.label, who=owner_words(check.owner), done=False, owner=check.owner, fact=check.fact
        )
        for check in regular_checks(user, patient, dose.course, doses, done)
        if check.is_overdue(today)
    ]
    return lines


def item_or_404(user: User, patient: Patient, item_id: UUID) -> ChecklistItem:
    found: ChecklistItem | None = (
        ChecklistItem.objects.for_user(user, patient).select_related("dose").filter(pk=item_id).first()
    )
    if found is None:
        raise Http404
    return found


@transaction.atomic
def settle_item(
    *, by: User, patient: Patient, item_id: UUID, done: bool, id: UUID, now: datetime
) -> ChecklistItem:
    """Tick an item, or open it again. Patients tick only what is theirs. Raises NotAllowed, DomainError, DifferentContent."""
    capacity = require(by, patient, TREATMENT, "self", "team", "break_glass")

    def make() -> UUID:
        item = item_or_404(by, patient, item_id)
        locked = (
            ChecklistItem.objects.for_user(by).select_for_update(of=("self",), no_key=True).get(pk=item.pk)
        )
        if capacity == "self" and locked.owner != ChecklistItem.Owner.YOU:
            raise NotAllowed
        if not item.dose.is_planned:
            raise DomainError(_("This dose is not planned any more, so nothing can be ticked for it."))
        locked.done_at, locked.done_by = (now, by) if done else (None, None)
        locked.save(update_fields=["done_at", "done_by"])
        record_change(by, patient, "treatment.item-done" if done else "treatment.item-open", locked.pk)
        return locked.pk

    content = [str(item_id), done]
    exactly_once(act="treatment.item", id=id, patient=patient, user=by, content=content, do=make)
    return item_or_404(by, patient, item_id)


# --- Regular checks ---------------------------------------------------------------------------------------------------


# (course, name of the check) and the newest day on which it was done
DoneDays = Mapping[tuple[UUID, str], date]


def done_days(user: User, patient: Patient) -> DoneDays:
    """When each regular check of the patient's courses was last done: one statement."""
    done: dict[tuple[UUID, str], date] = {}
    rows = CheckDone.objects.for_user(user, patient).values_list("course_id", "fact", "done_on")
    for course_id, fact, day in rows:
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


def _state(check: RegularCheck, first: date, last: date, done: DoneDays, course: Course) -> CheckState:
    months = check.until_months_after_last_dose
    # The clock of checks after the last dose starts again with every dose (a new course of alemtuzumab).
    until = planning.add_months(last, months) if months is not None else course.ended_on
    last_done = done.get((course.pk, check.fact))
    due = planning.next_due(every_months=check.every_months, since=first, last_done=last_done, until=until)
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
