"""The team's board for a week, and its card on the team's Today."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from accounts.models import User
from clinic.services import is_clinician, teams_of
from patients.services import record_many
from portal.lib.contributions import Card
from portal.lib.time import now as present
from portal.lib.time import today_in
from treatment import words
from treatment.readiness import board
from treatment.readiness.board import BoardRow
from treatment.readiness.standing import HELD


def week_day(text: str, today: date) -> date:
    """The day that an address names, today for anything else or for a week too far away."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return today
    return found if board.is_near(found, today) else today


def today_of_team(user: User, now: datetime) -> date:
    """The calendar day at the site of the person's team."""
    team = next(iter(teams_of(user)), None)
    return today_in(now, team.site.time_zone) if team is not None else now.date()


@require_safe
def week(request: HttpRequest) -> HttpResponse:
    """Who comes in a week, what blocks each dose and who has it. For the people of a team."""
    user = request.user
    if not isinstance(user, User) or not is_clinician(user):
        raise Http404
    now = present()
    today = today_of_team(user, now)
    found = board.week_of(user, week_day(request.GET.get("week", ""), today), now)
    rows = [*found.elsewhere, *found.rows]
    record_many(user, {row.patient.pk: row.patient for row in rows}.values(), "readiness.view")
    here = reverse("treatment:board")
    context = {
        "board": found,
        "rows": [shown(row, today) for row in found.rows if row.readiness.worst not in HELD],
        "waiting": [shown(row, today) for row in found.rows if row.readiness.worst in HELD],
        "elsewhere": [shown(row, today) for row in found.elsewhere],
        "words": count_words(found),
        "today": today,
        "is_now": found.monday == board.monday_of(today),
        "earlier": f"{here}?week={(found.monday - board.WEEK).isoformat()}",
        "here": here,
        "later": f"{here}?week={(found.monday + board.WEEK).isoformat()}",
    }
    return render(request, "treatment/board.html", context)


def shown(row: BoardRow, today: date) -> dict[str, Any]:
    """A row with its words and addresses."""
    patient_id = row.patient.pk
    return {
        "row": row,
        "owner": str(words.STAFF_OWNERS.get(row.put_off.owner, "")) if row.put_off is not None else "",
        "left": words.left_words(today, row.day),
        "against": [stop.words for stop in row.against],
        "url": reverse("treatment:patient-ready", args=[patient_id, row.dose.pk]),
        "stops": [
            {
                "url": reverse("treatment:patient-answer", args=[patient_id, stop.pk]),
                "looked_at": stop.reviewed_at is not None,
            }
            for stop in row.stops
        ],
        "signs": [
            reverse("treatment:patient-self-check-done", args=[patient_id, sign.pk])
            for sign in row.self_checks
        ],
    }


def count_words(found: board.Board) -> str:
    """ "5 doses are planned for this week: 1 stopped, 2 ready for the nurse to review. 1 put off. 1 paused." What waits is not planned."""
    put_off, paused = found.counts.get("put_off", 0), found.counts.get("paused", 0)
    count = len(found.rows) - put_off - paused
    text = ngettext(
        "%(count)d dose is planned for this week", "%(count)d doses are planned for this week", count
    )
    parts = []
    if found.counts.get("stopped"):
        parts.append(_("%(count)d stopped") % {"count": found.counts["stopped"]})
    if found.counts.get("blocked"):
        parts.append(_("%(count)d cannot go on yet") % {"count": found.counts["blocked"]})
    if found.counts.get("ready"):
        parts.append(_("%(count)d ready for the nurse to review") % {"count": found.counts["ready"]})
    said = text % {"count": count}
    sentences = [f"{said}: {', '.join(parts)}." if parts else f"{said}."]
    if put_off:
        sentences.append(_("%(count)d put off.") % {"count": put_off})
    if paused:
        sentences.append(_("%(count)d paused.") % {"count": paused})
    return " ".join(sentences)


def staff_card(request: HttpRequest, now: datetime) -> Card | None:
    """The team's Today: how many doses this week, and how many people said something that stops one."""
    user = request.user
    if not isinstance(user, User) or not is_clinician(user):
        return None
    doses, stopped = board.counts_of(user, today_of_team(user, now))
    context = {"doses": doses, "stopped": stopped, "url": reverse("treatment:board")}
    return Card("treatment/cards/board.html", context)
