"""What is planned with what really happened, and what became of treatments: rows in words, oldest plan first, newest history first.

Reasons that people wrote for the team stay with the team. The patient reads what the order says, why a dose waited, and what was noted for them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from portal.lib.time_words import day as day_words
from treatment import words as treatment_words
from treatment.chair.reading import days_of
from treatment.courses import reading
from treatment.elsewhere import counters
from treatment.journey import words
from treatment.journey.reading import booked_elsewhere
from treatment.journey.shown import booked_rows
from treatment.models import Change, Course, Dose, InfusionRecord, Postponement, reaction_word
from treatment.outcomes.reading import postponements_of
from treatment.pages import Asked

NEAR = 3
FIRST_ROWS = 12


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a treatment on a day."""

    day: date
    title: str
    kind: str
    word: str
    lines: tuple[str, ...] = ()


def _changes(asked: Asked) -> list[Change]:
    """What people changed, oldest first: one statement. Their reasons were written for the team and are not read."""
    rows: Any = Change.objects.for_user(asked.user, asked.patient).defer("reason")
    return list(
        rows.select_related("dose", "to_course__order__protocol__therapy")
        .defer("reason", "to_course__order__protocol__content")
        .order_by("made_at", "dose__number", "id")
    )


# --- My plan -----------------------------------------------------------------------------------------------------------------


def plan_context(asked: Asked) -> dict[str, Any]:
    """The doses of each treatment that runs: when they were planned, and what really happened."""
    doses = reading.doses_of(asked.user, asked.patient)
    moved: dict[UUID, date] = {}
    for change in _changes(asked):
        if change.kind == Change.Kind.MOVED and change.dose_id is not None and change.old_target is not None:
            moved.setdefault(change.dose_id, change.old_target)
    courses = list({dose.course_id: dose.course for dose in doses}.values())
    running = [course for course in courses if course.is_running]
    told = days_of(asked.user, asked.patient)
    booked = booked_elsewhere(asked.user, asked.patient, counters.elsewhere_of(asked.user, asked.patient))
    return {
        "courses": [_plan_of(asked, course, doses, moved, told) for course in running],
        "unsigned": any(course.order.demo_only for course in running),
        "booked_elsewhere": booked_rows(asked, booked),
        "up": asked.url("journey" if asked.is_staff else "home"),
        "history_url": asked.url("history"),
    }


def _plan_of(
    asked: Asked, course: Course, doses: list[Dose], moved: dict[UUID, date], told: set[UUID]
) -> dict[str, Any]:
    facts = reading.facts_for(course)
    rows = [
        _dose_row(asked, dose, moved.get(dose.pk), dose.pk in told)
        for dose in doses
        if dose.course_id == course.pk
    ]
    settled = [row for row in rows if not row["dose"].is_planned]
    planned = [row for row in rows if row["dose"].is_planned]
    return {
        "course": course,
        "name": facts.name,
        "path": facts.paths[course.order.path].name,
        "older": settled[:-NEAR],
        "near": [*settled[-NEAR:], *planned[:NEAR]],
        "later": planned[NEAR:],
    }


def _dose_row(asked: Asked, dose: Dose, first_planned: date | None, is_told: bool) -> dict[str, Any]:
    kind, word = treatment_words.state_of(dose)
    lines = []
    if dose.is_planned:
        title = treatment_words.planned_words(dose.window)
        if dose.latest is not None:
            lines.append(_("Its window of days: %(window)s.") % {"window": treatment_words.window_words(dose.window)})  # fmt: skip
        if first_planned is not None and first_planned != dose.target:
            lines.append(words.off_plan(first_planned, dose.target))
    else:
        title = day_words(dose.day)
        off = words.off_plan(first_planned or dose.target, dose.day)
        lines += [off] if off else []
    return {
        "dose": dose,
        "title": title[:1].upper() + title[1:],
        "left": treatment_words.left_words(asked.today, dose.target) if dose.is_planned else "",
        "kind": kind,
        "word": word if dose.state != Dose.State.MISSED else _("Not given"),
        "lines": lines,
        "day_url": asked.url("chair" if asked.is_staff else "chair-day", dose.pk) if is_told else "",
    }


# --- History -------------------------------------------------------------------------------------------------------------------


def history_context(asked: Asked, before: list[dict[str, Any]]) -> dict[str, Any]:
    """All treatments, newest first, each with what happened, newest first."""
    courses = reading.courses_of(asked.user, asked.patient)
    doses = reading.doses_of(asked.user, asked.patient)
    records = {row.dose_id: row for row in InfusionRecord.objects.for_user(asked.user, asked.patient)}
    waited = postponements_of(asked.user, asked.patient)
    changes = _changes(asked)
    rows = []
    for course in courses:
        events = [
            *(_dose_event(dose, records.get(dose.pk)) for dose in doses if dose.course_id == course.pk and not dose.is_planned),
            *(_waited(asked, row) for row in waited if row.dose.course_id == course.pk),
            *_changed(asked, course, changes),
        ]  # fmt: skip
        events.sort(key=lambda event: event.day, reverse=True)
        rows.append(
            {
                "course": course,
                "name": reading.name_of(course),
                "near": events[:FIRST_ROWS],
                "older": events[FIRST_ROWS:],
            }
        )
    return {
        "courses": rows,
        "before": before,
        "up": asked.url("journey" if asked.is_staff else "home"),
        "plan_url": asked.url("plan"),
    }


def _dose_event(dose: Dose, record: InfusionRecord | None) -> Event:
    kind, word = treatment_words.state_of(dose)
    title = _("Dose %(number)d") % {"number": dose.number}
    if dose.state == Dose.State.MISSED:
        return Event(dose.target, title, "caution", _("Not given"), (_("A dose that was missed changes nothing by itself. Your neurologist sets what comes next."),))  # fmt: skip
    if dose.state == Dose.State.CANCELLED:
        return Event(dose.target, title, kind, word)
    details = record.details if record is not None else None
    if details is None:
        return Event(dose.day, title, kind, word)
    lines = [
        _("How much was given: %(text)s") % {"text": details["how_much"]} if details.get("how_much") else "",
        _("Reaction: %(word)s") % {"word": reaction_word(details)},
        str(details.get("note") or ""),
    ]
    return Event(dose.day, title, kind, word, tuple(line for line in lines if line))


def _waited(asked: Asked, row: Postponement) -> Event:
    lines = [f"{words.reason_words(row.reason)}."]
    if row.ended_at is not None:
        over = words.day_in(row.ended_at, asked.zone)
        lines.append(f"{row.get_ended_how_display()}: {day_words(over)}.")
    else:
        lines.append(words.day_line("again", row.recheck_on))
    if row.note:
        lines.append(row.note)
    title = _("Dose %(number)d") % {"number": row.dose.number}
    return Event(words.day_in(row.made_at, asked.zone), title, "caution", _("Put off"), tuple(lines))


def _changed(asked: Asked, course: Course, changes: list[Change]) -> list[Event]:
    """Pauses, switches, the end, and days that were moved: doses that were moved together are one event."""
    found = []
    moved: dict[Any, list[Change]] = {}
    for change in changes:
        if change.course_id != course.pk:
            continue
        day = words.day_in(change.made_at, asked.zone)
        if change.kind == Change.Kind.MOVED:
            moved.setdefault(change.made_at, []).append(change)
        elif change.kind == Change.Kind.PAUSED:
            found.append(Event(day, _("The treatment"), "caution", _("Paused"), (_("No dose was given while it was paused."),)))  # fmt: skip
        elif change.kind == Change.Kind.RESUMED:
            found.append(Event(day, _("The treatment"), "started", _("Gone on with")))
        elif change.kind == Change.Kind.SWITCHED and change.to_course is not None:
            to = _("The new treatment: %(name)s.") % {"name": reading.name_of(change.to_course)}
            found.append(Event(day, _("The treatment"), "stopped", _("Switched"), (to,)))
        elif change.kind == Change.Kind.ENDED:
            found.append(Event(day, _("The treatment"), "stopped", _("Ended"), (_("Regular checks can go on after the end."),)))  # fmt: skip
    for at, together in moved.items():
        first = together[0]
        assert first.dose is not None
        title = _("Dose %(number)d") % {"number": first.dose.number}
        if len(together) > 1:
            title = _("Dose %(number)d and later ones") % {"number": first.dose.number}
        said = {
            "old": day_words(first.old_target),
            "new": day_words(first.new_target),
        }
        line = _("From %(old)s to %(new)s. Your neurologist set it.") % said
        if first.old_target == first.new_target:
            line = _("Set to %(new)s. Your neurologist set it.") % said
        found.append(Event(words.day_in(at, asked.zone), title, "info", _("New day"), (line,)))
    return found


__all__ = ["Event", "history_context", "plan_context"]
