"""What pages show of the ledger: lines, results and charts with words and links. No writes, no rules.

For the patient a result is what was released; for the team it is what was entered.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import User
from patients.models import Patient
from treatment.checks import owner_words
from treatment.courses import reading as courses
from treatment.ledger import trend, words
from treatment.ledger.duties import State
from treatment.ledger.known import Test, named_test
from treatment.ledger.models import Result
from treatment.ledger.reading import Line
from treatment.models import DutyDecision
from treatment.pages import Asked
from treatment.words import STAFF_OWNERS


def results_of(user: User, patient: Patient, test: str | None = None, *, team: bool) -> list[Result]:
    """The patient's entries with their people, newest first; with what was found for the team. Two statements."""
    rows: Any = Result.objects.for_user(user, patient).with_people().newest_first()
    rows = rows.prefetch_related("seen__user") if team else rows.prefetch_related("seen")
    if team:
        rows = rows.select_related("content")
    if test is not None:
        rows = rows.filter(test=test)
    return list(rows)


@dataclass(frozen=True, slots=True)
class Shown:
    """A result as a page shows it."""

    row: Result
    values: list[str]
    said: str
    assay: str
    mark: str
    elsewhere: bool
    note: str
    why: str
    kind: str
    word: str
    url: str

    @property
    def is_new(self) -> bool:
        return not self.row.seen.all()


def stands(row: Result) -> bool:
    """It was not corrected since, and is no taken-back entry."""
    return not hasattr(row, "correction") and not row.withdrawn


def stage_of(row: Result) -> tuple[str, str]:
    """Kind and words of where an entry stands, for the team."""
    if hasattr(row, "correction"):
        return "stopped", _("Taken back") if row.correction.withdrawn else _("Corrected")
    if hasattr(row, "release"):
        return "done", _("Released")
    if hasattr(row, "look"):
        return "todo", _("Waits for its release")
    return "caution", _("Waits for a second look")


def shown(asked: Asked, test: Test, row: Result) -> Shown:
    """One entry. Only for what was released (patient) or with its content (team)."""
    details = row.content.details if asked.is_staff else row.release.details
    kind, word = stage_of(row)
    return Shown(
        row=row,
        values=words.value_lines(test, details),
        said=details["words"],
        assay=details["assay"],
        mark=str(words.MARKS[details["mark_code"]]) if details["mark_code"] else "",
        elsewhere=bool(details.get("elsewhere")),
        note=row.release.note if hasattr(row, "release") else "",
        why=details.get("why", ""),
        kind=kind,
        word=word,
        url=asked.url("result", row.pk) if asked.is_staff else "",
    )


# --- All tests of a patient ------------------------------------------------------------------------------------------------


def line_rows(
    asked: Asked, lines: list[Line], results: Iterable[Result], said: Mapping[str, DutyDecision] | None = None
) -> list[dict[str, Any]]:
    """A row for each test: where it stands, until when, the newest result, and what is on its way."""
    by_test: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        by_test[result.test].append(result)
    known = {line.test.code for line in lines}
    # A test that counts for nothing any more: its only entry was taken back, and the patient is told.
    others = [Line(named_test(code), (), None) for code in by_test if code not in known]
    rows = [_line_row(asked, line, by_test[line.test.code]) for line in [*lines, *others]]
    for row in rows:
        row["said"] = _said(asked, row["line"], said) if said is not None else []
    return rows


def _said(asked: Asked, line: Line, said: Mapping[str, DutyDecision]) -> list[dict[str, Any]]:
    """A prescriber's words about a test; what does not hold any more is for the team only, which has to decide again."""
    found = [(duty, said[duty.due.watch.fact]) for duty in line.duties if duty.due.watch.fact in said]
    return [
        {"one": row, "again": duty.decided != duty.due.said}
        for duty, row in found
        if asked.is_staff or duty.decided == duty.due.said
    ]


def _line_row(asked: Asked, line: Line, rows: list[Result]) -> dict[str, Any]:
    standing = [row for row in rows if stands(row)]
    readable = [row for row in standing if asked.is_staff or hasattr(row, "release")]
    kind, word = words.state_words(line.state)
    return {
        "line": line,
        "code": line.test.code,
        "label": line.test.label,
        "who": str(STAFF_OWNERS[line.test.owner]) if asked.is_staff else owner_words(line.test.owner),
        "kind": kind,
        "word": word,
        "due": words.staff_due_words(line) if asked.is_staff else words.due_words(line),
        "until": words.staff_until_words(line) if asked.is_staff else words.until_words(line),
        "missed": words.missed_words(line.missed) if line.missed > 1 else "",
        "newest": shown(asked, line.test, readable[0]) if readable else None,
        "waiting": [row for row in standing if not hasattr(row, "release")],
        "being_corrected": [
            row
            for row in rows
            if hasattr(row, "release") and hasattr(row, "correction") and not _told(rows, row)
        ],
        "more_new": _more_new(asked, rows, readable[:1]),
        "url": asked.url("ledger-test", line.test.code),
        "duties": [words.duty_words(duty) for duty in line.duties] if asked.is_staff else [],
    }


def _more_new(asked: Asked, rows: Iterable[Result], shown_here: list[Result]) -> int:
    """Released entries beside the newest one that the patient has not opened yet."""
    if asked.is_staff:
        return 0
    released = [row for row in rows if hasattr(row, "release") and not hasattr(row, "correction")]
    return sum(row not in shown_here and not row.seen.all() for row in released)


def _told(rows: Iterable[Result], wrong: Result) -> bool:
    """The correction of a released entry was released, too: the patient knows."""
    return any(row.corrects_id == wrong.pk and hasattr(row, "release") for row in rows)


def is_watched(row: dict[str, Any]) -> bool:
    """Somebody sees to it: it stands in the first part of the page."""
    return bool(row["line"].alive)


def is_shown(asked: Asked, row: dict[str, Any]) -> bool:
    """A check that belongs to an infusion is no line of the patient's ledger, unless there is a result."""
    return asked.is_staff or row["line"].state is not State.INFUSION or row["newest"] is not None


# --- One test --------------------------------------------------------------------------------------------------------------


def charts_of(asked: Asked, test: Test, rows: Iterable[Shown]) -> list[dict[str, Any]]:
    """The numbers of a test as charts: one for each measure, unit and maker; doses in between as upright lines."""
    drawn = [one for one in rows if stands(one.row)]
    points = []
    for one in drawn:
        details = one.row.content.details if asked.is_staff else one.row.release.details
        points += [
            (one.row.taken_on, value["code"], value["number"], value["unit"], details["assay"])
            for value in details["values"]
        ]
    series = trend.series_of(points)
    doses: list[date] = []
    if series:
        days = [point.day for each in series for point in each.points]
        doses = [dose.day for dose in courses.given_days(asked.user, asked.patient, min(days), max(days))]
    order = {measure.code: place for place, measure in enumerate(test.measures)}
    series.sort(key=lambda each: (order.get(each.code, len(order)), each.assay, each.unit))
    charts = []
    for number, each in enumerate(series, start=1):
        named = next(
            (one.assay for one in drawn if " ".join(one.assay.casefold().split()) == each.assay), each.assay
        )
        title = words.series_title(test, trend.Series(each.code, each.unit, named, each.points))
        drawing = trend.draw(each, doses) if len(each.points) > 1 else None
        charts.append(
            {
                "id": f"trend-{number}",
                "title": title,
                "sentence": words.series_sentence(each),
                "drawing": drawing,
                "ends": words.ends_words(each.points[0].day, each.points[-1].day),
                "points": each.points[::-1],
                "unit": "" if each.unit == "index" else each.unit,
            }
        )
    return charts


__all__ = [
    "Shown",
    "charts_of",
    "is_shown",
    "is_watched",
    "line_rows",
    "results_of",
    "shown",
    "stage_of",
    "stands",
]
