"""What is made out of a conversation: an appointment, a question for the patient's list, something to do before the infusion.

Each is one act, once under its id, on the trail, and stands in the conversation it came from.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from clinic.services import team_ids
from messaging.models import MadeFrom, OpenItem, Thread
from messaging.services import AREA, _locked_by_staff
from patients.models import Patient
from patients.questions import add_question
from patients.services import Done, can, capacity_of, exactly_once, record_change, require
from portal.lib.ids import uuid7
from portal.lib.problems import Conflict, NotAllowed
from treatment.services import booked_on, next_dose

LONGEST_WORDS = 200
DONE_IS_SHOWN = timedelta(days=14)
Kind = MadeFrom.Kind


class DecidedBefore(Conflict):
    default_message = gettext_lazy("This was decided already. Nothing was changed.")


@transaction.atomic
def make_open_item(
    *, by: User, patient: Patient, thread_id: UUID, id: UUID, words: str, owner: str, now: datetime
) -> Done:
    """Something to do before the next planned dose, for the patient or the team; once under `id`. It stands with that dose's list.

    Raises DifferentContent, NotAllowed, Thread.DoesNotExist.
    """
    require(by, patient, AREA, "team")
    if owner not in OpenItem.Owner.values:
        raise ValueError(f"unknown owner {owner!r}")

    def make() -> UUID:
        thread = _locked_by_staff(by, patient, thread_id)
        dose = next_dose(by, patient)
        item = OpenItem(id=uuid7(), patient=patient, thread=thread, dose=dose, owner=owner, made_by=by)
        item.words, item.created_at = words, now
        item.save(force_insert=True)
        kept = _keep(by, thread, id, Kind.OPEN_ITEM, words, item.pk, now)
        record_change(by, patient, "made.open_item", kept)
        return kept

    content = [str(thread_id), words, owner]
    return exactly_once(act="made.open_item", id=id, patient=patient, user=by, content=content, do=make)


@transaction.atomic
def offer_question(
    *, by: User, patient: Patient, thread_id: UUID, id: UUID, words: str, now: datetime
) -> Done:
    """Suggest a question for the patient's own list: the list is the patient's, so the patient decides; once under `id`.

    Raises DifferentContent, NotAllowed, Thread.DoesNotExist.
    """
    require(by, patient, AREA, "team")

    def make() -> UUID:
        thread = _locked_by_staff(by, patient, thread_id)
        kept = _keep(by, thread, id, Kind.QUESTION, words, None, now)
        record_change(by, patient, "made.question", kept)
        return kept

    content = [str(thread_id), words]
    return exactly_once(act="made.question", id=id, patient=patient, user=by, content=content, do=make)


@transaction.atomic
def note_appointment(
    user: User, patient: Patient, thread_id: UUID, visit_id: UUID, words: str, now: datetime
) -> None:
    """A visit was booked out of a conversation of the person's team; called inside the booking. Once for each visit."""
    if capacity_of(user, patient) != "team":
        return
    if not Thread.objects.for_user(user, patient).of_own_teams(user).filter(pk=thread_id).exists():
        return
    thread = _locked_by_staff(user, patient, thread_id)
    if not MadeFrom.objects.for_user(user, patient).filter(thread=thread, result=visit_id).exists():
        kept = _keep(user, thread, uuid7(), Kind.APPOINTMENT, words, visit_id, now)
        record_change(user, patient, "made.appointment", kept)


@transaction.atomic
def settle(*, by: User, patient: Patient, made_id: UUID, yes: bool, id: UUID, now: datetime) -> Done:
    """The patient's yes or no to a question; or the tick of something to do, by whose turn it is. Once under `id`.

    Raises NotAllowed, Http404, DecidedBefore, TooManyQuestions, DifferentContent.
    """
    capacity = require(by, patient, AREA, "self", "team")

    def make() -> UUID:
        row = made_or_404(by, patient, made_id)
        if capacity == "team" and row.thread.team_id not in team_ids(by):
            raise NotAllowed
        locked = (
            MadeFrom.objects.for_user(by, patient).select_for_update(of=("self",), no_key=True).get(pk=row.pk)
        )
        if locked.kind == Kind.QUESTION and capacity == "self":
            _decide(by, patient, locked, yes, now)
        elif locked.kind == Kind.OPEN_ITEM:
            _tick(by, patient, locked, yes, now, capacity)
        else:
            raise NotAllowed
        return row.pk

    content = [str(made_id), yes]
    return exactly_once(act="made.settle", id=id, patient=patient, user=by, content=content, do=make)


def _decide(by: User, patient: Patient, row: MadeFrom, yes: bool, now: datetime) -> None:
    if row.taken_at is not None or row.declined_at is not None:
        raise DecidedBefore
    if yes:
        row.result = add_question(patient=patient, by=by, id=uuid7(), text=row.words).result
        row.taken_at = now
    else:
        row.declined_at = now
    row.save(update_fields=["result", "taken_at", "declined_at"])
    record_change(by, patient, "made.question-taken" if yes else "made.question-declined", row.pk)


def _tick(by: User, patient: Patient, row: MadeFrom, yes: bool, now: datetime, capacity: str) -> None:
    item = (
        OpenItem.objects.for_user(by, patient).select_for_update(of=("self",), no_key=True).get(pk=row.result)
    )
    if capacity == "self" and item.owner != OpenItem.Owner.YOU:
        raise NotAllowed
    item.done_at, item.done_by = (now, by) if yes else (None, None)
    item.save(update_fields=["done_at", "done_by"])
    record_change(by, patient, "made.item-done" if yes else "made.item-open", row.pk)


def made_or_404(user: User, patient: Patient, made_id: UUID) -> MadeFrom:
    found = MadeFrom.objects.for_user(user, patient).select_related("thread").filter(pk=made_id).first()
    if found is None:
        raise Http404
    row: MadeFrom = found
    return row


def _keep(
    by: User, thread: Thread, id: UUID, kind: str, words: Any, result: UUID | None, now: datetime
) -> UUID:
    row = MadeFrom(id=id, patient=thread.patient, thread=thread, kind=kind, by=by, result=result)
    row.words, row.created_at = words, now
    row.save(force_insert=True)
    return row.pk


# --- What a conversation shows -------------------------------------------------------------------------------------


def made_of(user: User, patient: Patient, thread: Thread) -> list[dict[str, Any]]:
    """What was made out of a conversation, oldest first, as this person may see and settle it.

    Carers see no questions, which are the patient's own, and appointments only when they may see those.
    """
    capacity = capacity_of(user, patient)
    rows = list(
        MadeFrom.objects.for_user(user, patient)
        .filter(thread=thread)
        .select_related("by")
        .order_by("created_at")
    )
    if capacity == "carer":
        visits = can(user, patient, "appointments")
        rows = [row for row in rows if row.kind != Kind.QUESTION and (visits or row.kind != Kind.APPOINTMENT)]
    wanted = [row.result for row in rows if row.kind == Kind.OPEN_ITEM]
    items = {item.pk: item for item in _with_days(user, patient).filter(pk__in=wanted)} if wanted else {}
    return [_shown(row, items.get(row.result), patient, capacity) for row in rows]


def _with_days(user: User, patient: Patient) -> Any:
    """Things to do before a dose, with the dose and the day of its booked time."""
    rows: Any = OpenItem.objects.for_user(user, patient).select_related("dose")
    return rows.annotate(booked_on=booked_on("dose__"))


def _day_of(item: Any) -> date | None:
    """The day of the dose that something is to do before: of its booked time, else the planned one."""
    if item.dose is None:
        return None
    item.dose.booked_on = item.booked_on
    day: date = item.dose.counted_on
    return day


def _shown(row: MadeFrom, item: OpenItem | None, patient: Patient, capacity: str) -> dict[str, Any]:
    title, url = row.words, ""
    if row.kind == Kind.ARTICLE:
        title, url = row.words["title"], row.words["url"]
    elif row.kind == Kind.APPOINTMENT and row.result is not None:
        args = [row.result] if capacity == "self" else [patient.pk, row.result]
        url = reverse("scheduling:detail" if capacity == "self" else "scheduling:patient-detail", args=args)
    staff = capacity not in ("self", "carer")
    yours = capacity == "team" or (capacity == "self" and item is not None and item.owner == "you")
    return {
        "made": row,
        "title": title,
        "url": url,
        "item": item,
        # For the team alone: the patient reads the week of a dose whose day is not set yet, on the dose's own list.
        "day": _day_of(item) if staff and item is not None else None,
        "tick": item is not None and yours,
        "asks": row.kind == Kind.QUESTION
        and capacity == "self"
        and row.taken_at is None
        and row.declined_at is None,
        "settle": reverse("messaging:settle", args=[row.pk])
        if capacity == "self"
        else reverse("messaging:patient-settle", args=[patient.pk, row.pk]),
    }


def before_dose(user: User, patient: Patient, dose: Any, now: datetime) -> list[dict[str, Any]]:
    """Lines of "still open before the infusion": what conversations brought up for this dose, open or done lately; and what is
    still open of a dose that is over. One statement."""
    own = capacity_of(user, patient) == "self"
    lines = []
    for item in OpenItem.objects.for_user(user, patient).select_related("dose").order_by("created_at"):
        if dose is not None and not _stands_before(item, dose):
            continue
        if item.done_at is not None and item.done_at < now - DONE_IS_SHOWN:
            continue
        url = (
            reverse("messaging:thread", args=[item.thread_id])
            if own
            else reverse("messaging:work-thread", args=[patient.pk, item.thread_id])
        )
        lines.append(
            {
                "label": item.words,
                "who": _("The patient")
                if item.owner == OpenItem.Owner.YOU and not own
                else str(OpenItem.Owner(item.owner).label),
                "url": f"{url}#made",
                "done": item.done_at is not None,
            }
        )
    return lines


def _stands_before(item: OpenItem, dose: Any) -> bool:
    """True for what belongs to a dose, to none, or is left open by one that is not planned any more."""
    if item.dose_id in (None, dose.pk):
        return True
    return item.done_at is None and item.dose is not None and not item.dose.is_planned
