"""What the ledger says: states, intervals and ends in plain words. No word says that a result is good or bad."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from portal.lib.time_words import day as day_words
from treatment import words as treatment_words
from treatment.ledger.duties import Due, Ends, State
from treatment.ledger.known import Test
from treatment.ledger.models import Result
from treatment.ledger.reading import Duty, Line
from treatment.ledger.trend import Series

STATES: dict[State, tuple[str, Any]] = {
    # state -> (kind of the tag, words)
    State.OVERDUE: ("caution", gettext_lazy("Overdue")),
    State.SOON: ("todo", gettext_lazy("Due soon")),
    State.LATER: ("info", gettext_lazy("Later")),
    State.ASK: ("info", gettext_lazy("No fixed day")),
    State.UNDECIDED: ("caution", gettext_lazy("Not decided")),
    State.NOT_YET: ("info", gettext_lazy("After the treatment")),
    State.NOT_APPLYING: ("stopped", gettext_lazy("Does not apply")),
    State.OVER: ("done", gettext_lazy("Over")),
    State.INFUSION: ("info", gettext_lazy("With the infusion")),
}
MARKS = {
    "": gettext_lazy("Not marked by the lab"),
    "in": gettext_lazy("The lab marked it as inside its range"),
    "out": gettext_lazy("The lab marked it as outside its range"),
}


def state_words(state: State | None) -> tuple[str, str]:
    """Kind and words of a state; a test that no duty asks for has none of its own."""
    kind, words = STATES[state] if state is not None else ("info", _("Not watched regularly"))
    return kind, str(words)


def due_words(line: Line) -> str:
    """ "It was due on Monday 3 October 2026." for the patient; without a known day, whom to ask."""
    due = line.due
    if due is not None and line.is_overdue:
        return _("It was due on %(day)s. Call us if no day is set for it.") % {"day": day_words(due)}
    if due is not None:
        return _("Next by %(day)s.") % {"day": day_words(due)}
    if line.state is State.NOT_YET:
        return _("It begins when this treatment ends.")
    if line.state is State.UNDECIDED:
        return _("It is for some people only. Ask your team if it is for you.")
    if line.state is State.NOT_APPLYING:
        return _("Your team decided that you do not need it.")
    if line.state is State.INFUSION:
        return _("It is done with the infusion.")
    if line.state is State.OVER:
        return _("Nothing more is due.")
    return _("Ask your infusion center when it is due next.")


def staff_due_words(line: Line) -> str:
    """The same as the team reads it: the reader is not the patient, and whom to ask is the team itself."""
    if line.due is not None and line.is_overdue:
        return _("Due since %(day)s.") % {"day": day_words(line.due)}
    if line.due is None and line.state is State.UNDECIDED:
        return _("For some people only: it has to be decided.")
    if line.due is None and line.state is State.NOT_APPLYING:
        return _("It was decided that it does not apply.")
    if line.due is None and line.state not in (State.NOT_YET, State.INFUSION, State.OVER):
        return _("The data give no next day.")
    return due_words(line)


def until_words(line: Line) -> str:
    """How long it goes on."""
    if not line.alive:
        return ""
    if line.until is not None and line.moves:
        return _("It goes on until %(day)s or longer: each new dose starts this time again.") % {
            "day": day_words(line.until)
        }
    if line.until is not None:
        return _("It goes on until %(day)s.") % {"day": day_words(line.until)}
    if all(duty.due.watch.ends is Ends.COURSE for duty in line.counting):
        return _("It goes on as long as the treatment does.")
    return _("No last day is known. It goes on until your team tells you.")


def staff_until_words(line: Line) -> str:
    """The same as the team reads it."""
    if line.alive and line.until is None and not all(d.due.watch.ends is Ends.COURSE for d in line.counting):
        return _("The data give no last day: it goes on until the team ends it.")
    return until_words(line)


def every_words(due: Due) -> str:
    """ "Every month", "Every 3 months", or that the data give no interval."""
    months = due.every_months or due.watch.every_months
    if months is None:
        return _("No interval in the data")
    return ngettext("Every month", "Every %(count)d months", months) % {"count": months}


def missed_words(count: int) -> str:
    return ngettext("%(count)d due day has passed", "%(count)d due days have passed", count) % {
        "count": count
    }


def duty_words(duty: Duty) -> dict[str, Any]:
    """A duty for staff: what the data say, in their words, with source and status."""
    kind, words = state_words(duty.state)
    status_kind, status = treatment_words.status_words(str(duty.row["status"]))
    return {
        "duty": duty,
        "item": duty.row["item"],
        "therapy": duty.therapy,
        "kind": kind,
        "word": words,
        "every": every_words(duty.due),
        "every_said": duty.row["every"],
        "until_said": duty.row["until"],
        "why": duty.row["why"],
        "suggested": duty.row.get("suggested_every_months"),
        "limits": limit_lines(duty) if duty.due.watch.test == "total_dose" else [],
        "sources": treatment_words.source_words(duty.facts, dict(duty.row)),
        "status_kind": status_kind,
        "status": status,
    }


def limit_lines(duty: Duty) -> list[str]:
    """The limits for a lifetime as the data state them, each with its sources. Counting against them is not done here."""
    return [
        _("Limit in a lifetime, %(label)s label: %(limit)s mg/m2 (%(sources)s)")
        % {
            "label": row["jurisdiction"],
            "limit": row["mg_per_m2"],
            "sources": "; ".join(treatment_words.source_words(duty.facts, row)),
        }
        for row in duty.facts.content["lifetime_cumulative_max"] or []
    ]


def value_lines(test: Test, details: Mapping[str, Any]) -> list[str]:
    """ "IgG 6.1 g/L", one for each number."""
    names = {measure.code: measure.name for measure in test.measures}
    lines = []
    for value in details["values"]:
        name = names.get(value["code"], value["code"])
        lines.append(f"{name} {value['number']}" + (f" {value['unit']}" if value["unit"] != "index" else ""))
    return lines


def result_steps(row: Result) -> list[tuple[str, str, Any]]:
    """Who did what with a result: (what, who, when), oldest first."""
    steps: list[tuple[str, str, Any]] = [(_("Entered"), row.entered_by.name, row.entered_at)]
    if hasattr(row, "look"):
        steps.append((_("Second look"), row.look.by.name, row.look.at))
    if hasattr(row, "release"):
        steps.append((_("Released to the patient"), row.release.by.name, row.release.at))
    return steps


def series_title(test: Test, series: Series) -> str:
    name = next((str(one.name) for one in test.measures if one.code == series.code), series.code)
    unit = "" if series.unit == "index" else f" ({series.unit})"
    return f"{name}{unit}, {series.assay}" if series.assay else f"{name}{unit}"


def series_sentence(series: Series) -> str:
    """ "4 numbers from 3 … to 5 …. The lowest is 6.1, the highest 8, the newest 6.1." It counts, and says nothing else."""
    points = series.points
    low, high = min(points, key=lambda one: one.number), max(points, key=lambda one: one.number)
    if len(points) == 1:
        return _("One number, %(number)s, on %(day)s.") % {
            "number": points[0].text, "day": day_words(points[0].day)
        }  # fmt: skip
    return _(
        "%(count)d numbers from %(first)s to %(last)s. The lowest is %(low)s, the highest %(high)s, the newest %(newest)s."
    ) % {
        "count": len(points), "first": day_words(points[0].day), "last": day_words(points[-1].day),
        "low": low.text, "high": high.text, "newest": points[-1].text,
    }  # fmt: skip


def ends_words(first: date, last: date) -> tuple[str, str]:
    return day_words(first), day_words(last)
