"""What pages show of a course: rows with words and links. No writes, no rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from portal.lib.contributions import ready_message
from portal.lib.time_words import day as day_words
from treatment import checks, words
from treatment.chair.reading import days_of
from treatment.courses import proceeding, reading
from treatment.courses.eyes import Eyes
from treatment.courses.moving import open_phase, proposed_moves
from treatment.courses.planning import Cycle, cycles
from treatment.courses.proceeding import Act, Code
from treatment.elsewhere.shown import counts_of
from treatment.models import Change, Course, Dose, InfusionRecord, Postponement, VersionMove, reaction_word
from treatment.outcomes.reading import Drug, drugs_of, hold_of, open_by_dose, postponements_of
from treatment.pages import Asked
from treatment.protocols.signing import is_signed_off, is_withdrawn
from treatment.readiness.items import asked_in_questions

NEAR = 3


def fever_address() -> str:
    """A new message about fever with its topic chosen; empty when no app offers messages."""
    offers = ready_message.all()
    return offers[0]("infection", _("Before my next infusion")) if offers else ""


@dataclass(frozen=True, slots=True)
class Journey:
    """A patient's doses, records of infusions by dose, done checks and what holds doses back, closed chair records: five statements, however many courses."""

    doses: list[Dose]
    records: dict[UUID, InfusionRecord]
    done: checks.DoneDays
    put_off: list[Postponement]
    chair_days: set[UUID]  # doses whose chair record is closed

    @property
    def waiting(self) -> dict[UUID, Postponement]:
        """What holds a dose back now, by the dose."""
        return open_by_dose(self.put_off)


def journey_of(asked: Asked, course: Course | None = None) -> Journey:
    """What the rows of one course, or of all, are drawn from."""
    records = InfusionRecord.objects.for_user(asked.user, asked.patient).select_related("recorded_by")
    if course is not None:
        records = records.filter(dose__course=course)
    return Journey(
        reading.doses_of(asked.user, asked.patient, course),
        {record.dose_id: record for record in records},
        checks.done_days(asked.user, asked.patient),
        postponements_of(asked.user, asked.patient, course.pk if course is not None else None),
        days_of(asked.user, asked.patient),
    )


def next_up(
    asked: Asked, doses: list[Dose] | None = None, done: checks.DoneDays | None = None
) -> dict[str, Any] | None:
    """The next dose in words, what is open before it and who has it; None without a planned dose."""
    if doses is None:
        doses = reading.doses_of(asked.user, asked.patient)
    dose = reading.next_of(doses)
    if dose is None:
        return None
    facts = reading.facts_for(dose.course)
    items = checks.before(asked.user, asked.patient, dose, asked.now, doses, done)
    found = reading.cycles_in(doses)
    last = max((cycle.starts for cycle in found), default=None)
    return {
        "dose": dose,
        "title": words.next_title(facts),
        "word": words.DOSE_WORDS[facts.dose_word][1],
        "name": facts.name,
        "planned": words.planned_words(dose.window),
        "left": words.left_words(asked.today, dose.target),
        "cycle": words.cycle_words(cycle_today(found, asked.today)),
        "length": words.length_words(reading.infusion_need(dose)),
        "need": words.minutes_words(reading.infusion_need(dose)),
        "items": [_item(asked, dose, item) for item in items],
        "stopped": any(item.kind == "urgent" for item in items),
        "ready_url": asked.url("ready", dose.pk),
        "unwell_url": asked.url("questions", dose.pk),
        "open": sum(not item.done for item in items),
        "all": len(items),
        "late": reading.is_late(dose, asked.today, last),
        "waiting": hold_of(asked.user, asked.patient, dose.pk),
        "unsigned": dose.course.order.demo_only,
    }


def cycle_today(found: list[Cycle], today: date) -> int | None:
    """The day of the cycle that today lies in."""
    return next((day for cycle in found if (day := cycle.day(today)) is not None), None)


def _item(asked: Asked, dose: Dose, item: checks.OpenItem) -> dict[str, Any]:
    can_tick = item.id is not None and item.kind != "urgent" and (asked.is_staff or item.owner == "you")
    link = item.url or (asked.url("lists") if item.fact and checks.leads_to_lists(dose, item.fact) else "")
    if item.id is not None and not asked.is_staff and asked_in_questions(dose, item.fact):
        link, can_tick = asked.url("questions", dose.pk), False
    return {
        "item": item,
        "link": link,
        "tick": asked.url("item", item.id) if can_tick else "",
        "kind": item.kind or ("done" if item.done else "todo"),
        "word": item.word or (_("Done") if item.done else _("Still open")),
    }


def dose_rows(
    asked: Asked, course: Course, journey: Journey, drugs: dict[UUID, Drug] | None = None
) -> list[dict[str, Any]]:
    """The course's doses with their states, records and acts, in order."""
    waiting = journey.waiting
    doses = [dose for dose in journey.doses if dose.course_id == course.pk]
    given = [dose.given_on for dose in doses if dose.given_on is not None]
    last = max(given, default=None)
    first_open = next((dose for dose in doses if dose.is_planned), None)
    phases = reading.facts_for(course).phases
    rows = []
    for dose in doses:
        kind, word = words.state_of(dose)
        record = journey.records.get(dose.pk)
        details = record.details if record is not None else None
        is_next = dose is first_open and course.is_running and not course.is_paused
        held, drug = waiting.get(dose.pk), (drugs or {}).get(dose.pk)
        may_note = is_next and asked.is_staff
        rows.append(
            {
                "dose": dose,
                "phase": phases[dose.phase_key].name,
                "kind": kind,
                "word": word,
                "window": words.window_words(dose.window),
                "late": is_next and reading.is_late(dose, asked.today, last),
                "record": record,
                "details": details,
                "reaction": reaction_word(details) if details is not None else "",
                "is_next": is_next,
                "waiting": held,
                "drug": drug.steps[-1] if drug is not None else None,
                "expires": _day_of(details.get("expires_on")) if details is not None else None,
                "chair_url": asked.url("chair", dose.pk) if may_note else "",
                "chair_record": asked.url("chair" if asked.is_staff else "chair-day", dose.pk)
                if dose.pk in journey.chair_days
                else "",
                "given_url": asked.url("given", dose.pk) if may_note else "",
                "missed_url": asked.url("missed", dose.pk)
                if may_note and dose.earliest <= asked.today
                else "",
                "postpone_url": asked.url("postpone", dose.pk) if may_note else "",
                "ahead_url": asked.url("go-ahead", dose.pk)
                if held is not None and asked.is_staff and held.reason != Postponement.Reason.REACTION
                else "",
                "review_url": asked.url("review", dose.pk)
                if held is not None and held.reason == Postponement.Reason.REACTION and asked.may_prescribe
                else "",
                "drug_url": asked.url("drug", dose.pk)
                if may_note or (drug is not None and asked.is_staff)
                else "",
                "move_url": asked.url("dose-date", dose.pk)
                if dose.is_planned and course.is_running and not course.is_paused and asked.may_prescribe
                else "",
            }
        )
    return rows


def _day_of(said: str | None) -> date | None:
    return date.fromisoformat(said) if said else None


def check_rows(asked: Asked, course: Course, journey: Journey) -> list[dict[str, Any]]:
    """The regular checks with who has them and when they are due."""
    return [
        {
            "check": check,
            "who": checks.owner_words(check.owner),
            "overdue": check.is_overdue(asked.today),
        }
        for check in checks.regular_checks(asked.user, asked.patient, course, journey.doses, journey.done)
    ]


def _changes(asked: Asked, course: Course) -> list[dict[str, Any]]:
    """What people changed, newest first; doses that were moved together are one change."""
    rows = (
        Change.objects.for_user(asked.user, asked.patient)
        .filter(course=course)
        .select_related("dose", "made_by", "to_course__order__protocol")
        .defer("to_course__order__protocol__content")
        .order_by("-made_at", "kind", "dose__number", "id")
    )
    shown = []
    for (at, _kind), group in groupby(rows, key=lambda row: (row.made_at, row.kind)):
        together = list(group)
        first = together[0]
        numbers = ", ".join(str(row.dose.number) for row in together if row.dose is not None)
        title = str(first.get_kind_display())
        if first.to_course is not None:
            title = f"{title}: {reading.name_of(first.to_course)}"
        shown.append(
            {
                "title": f"{title}: {_('dose')} {numbers}" if numbers else title,
                "lines": [_moved_words(row) for row in together if row.new_target is not None],
                "reason": first.reason,
                "by": first.made_by.name,
                "at": at,
            }
        )
    return shown


def _moved_words(change: Change) -> str:
    assert change.dose is not None
    words_for = {
        "number": change.dose.number,
        "old": day_words(change.old_target),
        "new": day_words(change.new_target),
    }
    if change.old_target == change.new_target:
        return _("Dose %(number)d: set to %(new)s") % words_for
    return _("Dose %(number)d: from %(old)s to %(new)s") % words_for


def _folded(rows: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Doses around now stand open; older and later ones are folded away."""
    settled = [row for row in rows if not row["dose"].is_planned]
    planned = [row for row in rows if row["dose"].is_planned]
    return {
        "older": settled[:-NEAR],
        "near": [*settled[-NEAR:], *planned[:NEAR]],
        "later": planned[NEAR:],
    }


def course_context(asked: Asked, course: Course) -> dict[str, Any]:
    """Everything of the staff's page of a course."""
    facts = reading.facts_for(course)
    journey = journey_of(asked, course)
    rows = dose_rows(asked, course, journey, drugs_of(asked.user, asked.patient, course.pk))
    doses = [row["dose"] for row in rows]
    moves = proposed_moves(asked.user, asked.patient, course, asked.now) if course.is_running else []
    slot = open_phase(course, doses) if course.is_running and not course.is_paused and doses else None
    running = [dose for dose in doses if dose.is_planned and not course.is_paused]
    items = (
        checks.before(asked.user, asked.patient, running[0], asked.now, doses, journey.done)
        if running
        else []
    )
    given = [dose.given_on for dose in doses if dose.given_on is not None]
    for row in rows:
        row["against"] = against_next(asked, row["dose"], row["waiting"]) if row["is_next"] else []
    return {
        "course": course,
        "facts": facts,
        "name": facts.name,
        "path": facts.paths[course.order.path],
        "signed_off": is_signed_off(course.protocol, asked.patient.site),
        "withdrawn": is_withdrawn(course.protocol, asked.patient.site),
        "version_moves": _version_moves(asked, course),
        **_folded(rows),
        "proposed": [
            {"dose": dose, "window": words.window_words(move.window), "move": move} for dose, move in moves
        ],
        "no_rule": facts.reset_from_given is None,
        "open_phase": slot,
        "phase_from": reading.next_phase_from(course, doses[-1].number, doses[-1].day) if slot else None,
        "changes": _changes(asked, course),
        "put_off": journey.put_off[::-1],
        "counts": counts_of(asked, course, reading.doses_of(asked.user, asked.patient)),
        "checks": check_rows(asked, course, journey),
        "items": [_item(asked, running[0], item) for item in items] if running else [],
        "ready_url": asked.url("ready", running[0].pk) if running else "",
        "need": words.minutes_words(reading.infusion_need(running[0])) if running else "",
        "cycles": len(cycles(given)),
    }


def against_next(asked: Asked, dose: Dose, waiting: Postponement | None) -> list[str]:
    """What stands against giving the next dose today, in words; why it waits, and its first day, the row says on its own."""
    said = {Code.PUT_OFF, Code.TOO_EARLY}
    if waiting is None or waiting.reason == Postponement.Reason.REACTION:
        said.add(Code.REACTION)
    found = proceeding.stops(Eyes(asked.user, asked.patient), dose, Act.GIVE, on=asked.today)
    return [stop.words for stop in found if stop.code not in said]


def _version_moves(asked: Asked, course: Course) -> list[VersionMove]:
    """When and why the course was moved to another version, newest first."""
    moves = VersionMove.objects.for_user(asked.user, asked.patient).filter(course=course)
    return list(
        moves.select_related("old", "new", "made_by")
        .defer("old__content", "new__content")
        .order_by("-made_at")
    )
