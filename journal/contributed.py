"""What the journal gives to pages of the portal: quick entry on Today, a panel for the team, links for carers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from journal import reading, reports, services
from journal.forms import EntryForm
from journal.report_content import unpacked
from journal.symptoms import Symptom
from patients.drafting import drafted
from patients.services import can, capacity_of, record_view
from portal.lib.contributions import Card
from portal.lib.time import today_in


def same_as_yesterday(
    entries: Iterable[reading.Shown], symptoms: Sequence[Symptom], today: date
) -> reading.Shown | None:
    """Yesterday's newest entry with words for a symptom that is still followed; for the button of that name."""
    yesterday = today - timedelta(days=1)
    codes = {symptom.code for symptom in symptoms}
    if not codes:
        return None
    for entry in entries:
        if entry.occurred_on != yesterday:
            continue
        kept = {code: score for code, score in entry.scores.items() if code in codes}
        if kept:
            return entry.with_scores(kept)
    return None


def today_card(request: HttpRequest, patient: Any, now: datetime) -> Card | None:
    """Quick entry right on Today. When something is saved for today, that is said instead."""
    user = request.user
    today = today_in(now, patient.site.time_zone)
    lately = reading.entries_of_days(user, patient, today - timedelta(days=1), today)  # type: ignore[arg-type]
    written = [entry for entry in lately if entry.occurred_on == today]
    context: dict[str, Any] = {"written": written, "zone": patient.site.time_zone}
    if not written:
        chosen = reading.followed(user, patient)  # type: ignore[arg-type]
        standing = services.standing_grant(user, patient) is not None  # type: ignore[arg-type]
        page = drafted(
            request,
            EntryForm,
            kind="journal-entry",
            patient=patient,
            resume=reverse("journal:new"),
            symptoms=chosen or [],
            today=today,
            standing=standing,
        )
        context |= {
            "followed": chosen,
            "standing": standing,
            "started": page.state.version > 0,
            "form": page.form,
            "draft": page.state,
            "same": same_as_yesterday(lately, chosen or [], today),
            "today": today.isoformat(),
        }
    return Card("journal/cards/today.html", context)


def summary_panel(request: HttpRequest, patient: Any, now: datetime) -> Card | None:
    """What the patient shared about the last 14 days, in words."""
    user = request.user
    today = today_in(now, patient.site.time_zone)
    entries = reading.shared_lately(user, patient, today=today)  # type: ignore[arg-type]
    if entries:
        record_view(user, patient, "journal.shared-view")  # type: ignore[arg-type]
    context = {
        "patient": patient,
        "entries": entries[:5],
        "more": max(0, len(entries) - 5),
        "days": len({entry.occurred_on for entry in entries}),
    }
    return Card("journal/cards/summary.html", context)


def report_panel(request: HttpRequest, patient: Any, now: datetime) -> Card | None:
    """The newest report that the patient shared: why they come and what they want to ask."""
    user = request.user
    shared = reports.shared_reports(user, patient)  # type: ignore[arg-type]
    if not shared:
        return None
    newest = shared[0]
    record_view(user, patient, "report.shared-view", newest.pk)  # type: ignore[arg-type]
    context = {
        "patient": patient,
        "shared": newest,
        "report": unpacked(newest.snapshot),
        "visit": newest.snapshot["visit"],
        "others": len(shared) - 1,
    }
    return Card("journal/cards/report.html", context)


def carer_links(user: Any, patient: Any) -> list[dict[str, Any]]:
    """The journal, for carers to whom the patient opened it."""
    if capacity_of(user, patient) != "carer" or not can(user, patient, "journal"):
        return []
    return [{"label": _("Journal"), "url": reverse("journal:patient-home", args=[patient.pk])}]


def visit_papers(user: Any, patient: Any, visit_id: UUID, is_open: bool) -> list[dict[str, Any]]:
    """On a visit's page: the report that was shared for it; for the patient before the visit, the way to write one.

    Carers who keep the appointments see neither.
    """
    capacity = capacity_of(user, patient)
    if capacity == "carer":
        return []
    report_id = reports.report_for_visit(user, patient, visit_id)
    if report_id is not None and capacity == "self":
        return [{"label": _("My report for this visit"), "url": reverse("journal:report", args=[report_id])}]
    if report_id is not None:
        url = reverse("journal:shared-report", args=[patient.pk, report_id])
        return [{"label": _("Report from the patient"), "url": url}]
    if capacity == "self" and is_open:
        return [{"label": _("Write a report for this visit"), "url": reverse("journal:reports")}]
    return []


def load_journal(world: Any) -> None:
    """Load the demo journals."""
    from journal import demo

    demo.load(world)
