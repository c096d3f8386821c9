"""What pages show of a chair record: where it stands, the next presses, the lines in words, and the patient's day."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.lib.time_words import clock
from treatment.chair import flow
from treatment.chair.checks import answer_words
from treatment.chair.details import SIGNS
from treatment.chair.flow import FOLLOWS, State, Watch, WatchState
from treatment.chair.reading import Record
from treatment.models import ChairDay, ChairRow

Kind = ChairRow.Kind
PRESSES = (Kind.STARTED, Kind.STOPPED, Kind.WENT_ON, Kind.ENDED, Kind.OBSERVING, Kind.OBSERVED)
"""What one press notes, for now."""
ASKED = (Kind.CHECKS, Kind.VITALS, Kind.RATE, Kind.PREMEDICATION, Kind.REACTION)
"""What needs a word or a number."""


def state_words(stand: flow.Stand, now: datetime, zone: str) -> str:
    """ "Running since 9:05 am, 42 minutes." """
    said = {"at": ""}
    if stand.state is State.WAITING:
        return _("Not started yet.")
    if stand.state is State.RUNNING or stand.state is State.STOPPED:
        assert stand.started_at is not None
        went = now - stand.started_at - stand.stood_still(now)
        said = {"at": clock(stand.started_at, zone), "minutes": str(int(went.total_seconds() // 60))}
        if stand.state is State.RUNNING:
            return _("Running. Started at %(at)s, %(minutes)s minutes of infusion so far.") % said
        since = clock(stand.breaks[-1][0], zone)
        return _("Stopped since %(since)s. Started at %(at)s.") % {**said, "since": since}
    if stand.state is State.ENDED:
        return _("The infusion ended at %(at)s.") % {"at": clock(stand.ended_at, zone)}
    if stand.state is State.OBSERVING:
        return _("Observation since %(at)s.") % {"at": clock(stand.observing_at, zone)}
    if stand.state is State.OBSERVED:
        return _("Observation ended at %(at)s. Close the record.") % {"at": clock(stand.observed_at, zone)}
    return _("Closed at %(at)s.") % {"at": clock(stand.closed_at, zone)}


def watch_words(watch: Watch, zone: str) -> str:
    """What stands about the time of observation while it runs."""
    if watch.state is WatchState.ASK:
        return _(
            "The version of this treatment gives no minutes. Ask your infusion center how long to watch."
        )
    if watch.state is WatchState.OVER:
        return _("The %(minutes)d minutes of observation were over at %(at)s.") % {
            "minutes": watch.minutes or 0,
            "at": clock(watch.due, zone),
        }
    left = ngettext("%(left)d minute left", "%(left)d minutes left", watch.left) % {"left": watch.left}
    return _("%(left)s of %(minutes)d. It is over at %(at)s.") % {
        "left": left,
        "minutes": watch.minutes or 0,
        "at": clock(watch.due, zone),
    }


def presses(stand: flow.Stand) -> list[dict[str, Any]]:
    """The big buttons of this moment: what can follow with one press."""
    words = {
        Kind.STARTED: _("Start now"),
        Kind.STOPPED: _("Stop now"),
        Kind.WENT_ON: _("Go on now"),
        Kind.ENDED: _("Infusion has ended"),
        Kind.OBSERVING: _("Observation begins"),
        Kind.OBSERVED: _("Observation has ended"),
    }
    following = FOLLOWS[stand.state]
    danger = {Kind.STOPPED}
    return [
        {"kind": str(kind), "words": words[kind], "style": "danger" if kind in danger else "primary"}
        for kind in PRESSES
        if kind in following
    ]


def asked_kinds(stand: flow.Stand) -> list[str]:
    """What can be noted now with a word or a number."""
    if stand.state is State.CLOSED:
        return []
    return [
        str(kind) for kind in ASKED if kind not in (Kind.RATE, Kind.CHECKS) or kind in FOLLOWS[stand.state]
    ]


def row_words(row: ChairRow) -> list[str]:
    """A line's details as short sentences, for the team."""
    said, found = row.details, []
    if row.kind == Kind.CHECKS:
        found += answer_words(said["answers"])
    if said.get("ml_h"):
        found.append(_("%(rate)s mL/h") % {"rate": said["ml_h"]})
    if said.get("pulse"):
        found.append(_("Pulse %(pulse)d") % {"pulse": said["pulse"]})
    if said.get("systolic"):
        found.append(_("Blood pressure %(systolic)d/%(diastolic)d mmHg") % said)
    if said.get("temperature"):
        found.append(_("Temperature %(temperature)s °%(unit)s") % said)
    if said.get("oxygen"):
        found.append(_("Oxygen %(oxygen)d %%") % {"oxygen": said["oxygen"]})
    if said.get("what"):
        found.append(" ".join(filter(None, (said["what"], said["amount"]))))
    if "signs" in said:
        found.append(", ".join(str(SIGNS[sign]) for sign in said["signs"]))
        found.append(
            _("Not graded yet") if said["grade"] is None else _("Grade %(grade)d (CTCAE)") % {"grade": said["grade"]}
        )  # fmt: skip
        if said["done"]:
            found.append(_("Done: %(what)s") % {"what": said["done"]})
    found += filter(None, (said.get("words"), said.get("although")))
    return found


def rows(record: Record, *, can_correct: Any) -> list[dict[str, Any]]:
    """All lines, the newest first; what was corrected says so and keeps its words."""
    standing = {row.pk for row in record.standing}
    by_id = {row.pk: row for row in record.rows}
    shown = []
    for row in reversed(record.rows):
        old = by_id.get(row.corrects_id) if row.corrects_id else None
        shown.append(
            {
                "row": row,
                "words": row_words(row),
                "gone": row.pk not in standing and row.kind != Kind.TAKEN_BACK,
                "corrects": old.get_kind_display() if old is not None else "",
                "why": row.details.get("why", "") if old is not None else "",
                "can_correct": row.pk in standing and can_correct(row),
            }
        )
    return shown


def day_lines(found: ChairDay, zone: str) -> list[str]:
    """The patient's day in plain sentences."""
    day = found.day
    began, ended = (datetime.fromisoformat(day[key]) for key in ("began", "ended"))
    lines = [
        _("Your infusion began at %(began)s and ended at %(ended)s.")
        % {"began": clock(began, zone), "ended": clock(ended, zone)}
    ]
    if day["before"]:
        lines.append(_("You were also given: %(what)s.") % {"what": ", ".join(day["before"])})
    if day["breaks"] is not None:
        lines.append(
            ngettext(
                "It was stopped for a while, about %(minutes)d minute in all.",
                "It was stopped for a while, about %(minutes)d minutes in all.",
                day["breaks"],
            )
            % {"minutes": day["breaks"]}
        )
    if day["checks"]:
        lines.append(
            ngettext(
                "Your nurse checked your pulse, blood pressure or other signs %(count)d time.",
                "Your nurse checked your pulse, blood pressure or other signs %(count)d times.",
                day["checks"],
            )
            % {"count": day["checks"]}
        )
    if day["reaction"]:
        signs = "; ".join(str(SIGNS[sign]) for sign in SIGNS if sign in day["signs"])
        lines.append(_("You had a reaction. What was noted: %(signs)s.") % {"signs": signs})
    else:
        lines.append(_("No reaction was noted in the chair."))
    if day["watched"] is not None:
        lines.append(
            ngettext(
                "You stayed for %(minutes)d more minute so that your nurse could watch for a reaction.",
                "You stayed for %(minutes)d more minutes so that your nurse could watch for a reaction.",
                day["watched"],
            )
            % {"minutes": day["watched"]}
        )
    return lines
