"""Lines of the list before a dose: what becomes of them, and the evidence. Patients write on their own lines only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from patients.areas import TREATMENT
from patients.models import Patient
from patients.services import exactly_once, record_change, require
from portal.lib.problems import DomainError, NotAllowed
from portal.lib.time import today_in
from treatment.courses import planning, reading
from treatment.models import Applies, ChecklistItem, Dose, ItemNote
from treatment.protocols.facts import BeforeDose, facts_of
from treatment.readiness.standing import Standing, carried, is_asked_there, standing_of

State = ChecklistItem.State
SETTLED = (State.DONE, State.NOT_NEEDED)
MOST_BACK = timedelta(days=3660)
MOST_AHEAD = timedelta(days=3660)
TEXT_LENGTH = 500


class AnswerTheQuestions(DomainError):
    status = 422
    default_message = gettext_lazy("Answer the questions for this line. A tick alone is not enough.")


class DayDoesNotFit(DomainError):
    status = 422
    default_message = gettext_lazy("One of the days does not fit. Check them and try again.")


class LineIsStopped(DomainError):
    """Said to the patient; the team reads where the stop is lifted."""

    status = 422
    default_message = gettext_lazy(
        "This line is stopped, and only your team can open it again. Nothing was changed. Please call them."
    )
    for_team = gettext_lazy(
        "An answer stops this line. Lift the stop on the page of that answer, with the reason."
    )


class DoseIsOver(DomainError):
    default_message = gettext_lazy("This dose is not planned any more, so nothing can be ticked for it.")


# --- Reading ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """A line of one dose with how it stands."""

    item: ChecklistItem
    said: BeforeDose
    standing: Standing
    carried: bool

    @property
    def ask_at_chair(self) -> bool:
        """The nurse still has to ask this at the chair, also when it was answered before."""
        return is_asked_there(self.said) and self.standing.code not in ("done", "not_needed")


def item_or_404(user: User, patient: Patient, item_id: UUID) -> ChecklistItem:
    found: ChecklistItem | None = (
        ChecklistItem.objects.for_user(user, patient)
        .select_related("dose__course__order", "done_by")
        .filter(pk=item_id)
        .first()
    )
    if found is None:
        raise Http404
    return found


def said_of(item: ChecklistItem) -> BeforeDose:
    """What the version of the item's course says about it. Raises Http404 when a later version does not have it any more."""
    said = reading.facts_for(item.dose.course).labels.get(item.fact)
    if said is None:
        raise Http404
    return said


def asked_in_questions(dose: Dose, fact: str) -> bool:
    """True when a line is settled by the answers to the questions, and a tick alone is not enough."""
    said = reading.facts_for(dose.course).labels.get(fact)
    return said is not None and said.link == "questions"


def applies_to(user: User, patient: Patient) -> dict[str, bool]:
    """Whether each group is this person's, as it was said last: one statement."""
    rows = Applies.objects.for_user(user, patient).order_by("said_at", "id")
    return dict(rows.values_list("group", "applies"))


def lines_of(
    dose: Dose, items: list[ChecklistItem], groups: dict[str, bool], now: datetime, today: date
) -> list[Line]:
    """The lines of a dose from the items of its whole course: other doses' lines can hold for this one.

    A course that was moved to another version keeps the lines it was ordered with; what neither version names is left out.
    """
    day = dose.counted_on
    labels = {**facts_of(dose.course.order.protocol_id).labels, **reading.facts_for(dose.course).labels}
    others = carried(item for item in items if item.dose_id != dose.pk)
    lines = []
    for item in items:
        said, until = labels.get(item.fact), others.get(item.fact)
        if item.dose_id != dose.pk or said is None:
            continue
        standing = standing_of(
            item, said, target=day, now=now, today=today,
            applies=groups.get(said.applies_to or ""), carried_until=until,
        )  # fmt: skip
        holds = item.done_at is None and standing.code == "done"
        lines.append(Line(item, said, standing, holds))
    return lines


def lines_for(user: User, patient: Patient, dose: Dose, now: datetime) -> list[Line]:
    """The same, read for one dose: two statements."""
    rows = ChecklistItem.objects.for_user(user, patient).needed_for([dose]).select_related("done_by")
    today = today_in(now, patient.site.time_zone)
    return lines_of(dose, list(rows), applies_to(user, patient), now, today)


def by_course(user: User, doses: Iterable[Dose]) -> dict[UUID, list[ChecklistItem]]:
    """The items that `lines_of` needs for these doses, by course: one statement."""
    found: dict[UUID, list[ChecklistItem]] = defaultdict(list)
    for item in ChecklistItem.objects.for_user(user).needed_for(doses).select_related("dose"):
        found[item.dose.course_id].append(item)
    return found


def groups_of(user: User, patient_ids: Iterable[UUID]) -> dict[UUID, dict[str, bool]]:
    """Whether each group is each person's, as it was said last: one statement."""
    found: dict[UUID, dict[str, bool]] = defaultdict(dict)
    rows = Applies.objects.for_user(user).filter(patient_id__in=list(patient_ids)).order_by("said_at", "id")
    for patient_id, group, applies in rows.values_list("patient_id", "group", "applies"):
        found[patient_id][group] = applies
    return found


def open_counts(user: User, doses: list[Dose], now: datetime) -> dict[UUID, int]:
    """How many lines of each dose are not settled, questions of the last day included, and from the day of the dose on what was not asked at
    the chair: two statements for all of them."""
    lines, groups = by_course(user, doses), groups_of(user, {dose.patient_id for dose in doses})
    counts = {}
    for dose in doses:
        today = today_in(now, dose.patient.site.time_zone)
        found = lines_of(dose, lines[dose.course_id], groups[dose.patient_id], now, today)
        there = today >= dose.counted_on
        counts[dose.pk] = sum(not line.standing.settled or (there and line.ask_at_chair) for line in found)
    return counts


# --- Writing ----------------------------------------------------------------------------------------------------------


def put(
    item: ChecklistItem, state: str, *, by: User, capacity: str, now: datetime, day: date | None = None,
    valid_until: date | None = None, text: str = "", with_days: bool = False,
) -> None:  # fmt: skip
    """Say what became of a locked line and keep the evidence. Call inside the act, after the rights were asked."""
    item.state = state
    item.done_at, item.done_by = (now, by) if state in SETTLED else (None, None)
    item.valid_until = valid_until if state == State.DONE else None
    fields = ["state", "done_at", "done_by", "valid_until", *(["draw_by", "due_on"] if with_days else [])]
    item.save(update_fields=fields)
    note = ItemNote(
        patient_id=item.patient_id, item=item, state=state, noted_at=now, noted_by=by, capacity=capacity, day=day,
        valid_until=item.valid_until, created_at=now,
    )  # fmt: skip
    note.text = text
    note.save(force_insert=True)


def locked(by: User, patient: Patient, item_id: UUID, capacity: str) -> ChecklistItem:
    """The line, held until the transaction ends. Nobody writes over a stop: it is lifted with a reason, where the answer is.

    Raises Http404, DoseIsOver, LineIsStopped.
    """
    item = item_or_404(by, patient, item_id)
    if not item.dose.is_planned:
        raise DoseIsOver
    rows = ChecklistItem.objects.for_user(by).select_for_update(of=("self",), no_key=True)
    held: ChecklistItem = rows.select_related("dose__course__order").get(pk=item.pk)
    if held.state == State.CONCERN:
        raise LineIsStopped if capacity == "self" else LineIsStopped(LineIsStopped.for_team)
    return held


def say_applies(
    patient: Patient, group: str, applies: bool, *, by: User, now: datetime, known: dict[str, bool]
) -> None:
    """Note whether a group is this person's, when that is news."""
    if known.get(group) is not applies:
        Applies.objects.create(
            patient=patient, group=group, applies=applies, said_at=now, said_by=by, created_at=now
        )


@transaction.atomic
def note_item(
    *, by: User, patient: Patient, item_id: UUID, state: str, id: UUID, now: datetime, text: str = "",
    day: date | None = None, valid_until: date | None = None, draw_by: date | None = None, due_on: date | None = None,
) -> ChecklistItem:  # fmt: skip
    """What became of a line, with its evidence: the day it happened, until when it holds, words. The team also sets the days for it.

    `state` is open, waiting, done or not_needed. A patient writes on their own lines: done or open again, and "not needed" where a line is
    only for some people. Where the version says how many months something holds, that end is the latest. Raises NotAllowed, Http404,
    DoseIsOver, LineIsStopped, DayDoesNotFit, AnswerTheQuestions, DifferentContent.
    """
    capacity = require(by, patient, TREATMENT, "self", "team", "break_glass")
    text = text.strip()[:TEXT_LENGTH]
    today = today_in(now, patient.site.time_zone)

    def make() -> UUID:
        item = locked(by, patient, item_id, capacity)
        said = said_of(item)
        if capacity == "self":
            _own_only(item, said, state)
        elif state == State.NOT_NEEDED and is_asked_there(said) and not said.applies_to:
            raise AnswerTheQuestions  # everybody is asked
        _check_days(item, today, day, valid_until, draw_by, due_on)
        until = _latest_end(said, day, valid_until) if state == State.DONE else None
        if capacity != "self":
            item.draw_by, item.due_on = draw_by, due_on
        put(
            item, state, by=by, capacity=capacity, now=now, day=day, valid_until=until, text=text,
            with_days=capacity != "self",
        )  # fmt: skip
        if said.applies_to:
            known = applies_to(by, patient)
            say_applies(patient, said.applies_to, state != State.NOT_NEEDED, by=by, now=now, known=known)
        record_change(by, patient, "treatment.item-noted", item.pk)
        return item.pk

    days = [one.isoformat() if one else None for one in (day, valid_until, draw_by, due_on)]
    content = [str(item_id), state, text, *days]
    exactly_once(act="treatment.item-note", id=id, patient=patient, user=by, content=content, do=make)
    return item_or_404(by, patient, item_id)


def _own_only(item: ChecklistItem, said: BeforeDose, state: str) -> None:
    if item.owner != ChecklistItem.Owner.YOU or state == State.WAITING:
        raise NotAllowed
    if said.link == "questions" and state in SETTLED:
        raise AnswerTheQuestions
    if state == State.NOT_NEEDED and not said.applies_to:
        raise NotAllowed


def _check_days(
    item: ChecklistItem, today: date, day: date | None, valid_until: date | None, draw_by: date | None, due_on: date | None
) -> None:  # fmt: skip
    if day is not None and not today - MOST_BACK <= day <= today:
        raise DayDoesNotFit(_("The day on which it happened cannot be in the future."))
    if valid_until is not None and (valid_until < (day or today) or valid_until > today + MOST_AHEAD):
        raise DayDoesNotFit(_("“Holds until” has to lie after the day on which it happened."))
    of_dose = item.dose.counted_on
    if due_on is not None and due_on > of_dose:
        raise DayDoesNotFit(_("It has to be there by the day of the dose. Choose an earlier day."))
    if draw_by is not None and (draw_by > of_dose or (due_on is not None and draw_by > due_on)):
        raise DayDoesNotFit(_("The blood has to be drawn before the result is due."))


def _latest_end(said: BeforeDose, day: date | None, valid_until: date | None) -> date | None:
    """Until when evidence holds: what the person says, never longer than the version states."""
    if said.valid_hours is not None:
        return None  # it counts for hours, so it never holds for a later dose
    if said.valid_months is None or day is None:
        return valid_until
    most = planning.add_months(day, said.valid_months)
    return min(valid_until, most) if valid_until is not None else most


__all__ = [
    "AnswerTheQuestions",
    "DayDoesNotFit",
    "DoseIsOver",
    "Line",
    "LineIsStopped",
    "applies_to",
    "asked_in_questions",
    "by_course",
    "groups_of",
    "item_or_404",
    "lines_for",
    "lines_of",
    "locked",
    "note_item",
    "open_counts",
    "put",
    "said_of",
    "say_applies",
]
