"""The one-page report: written, approved, shared, withdrawn. The patient alone writes; a version's words never change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import Http404
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from journal import chart_words, charting, infusions
from journal.charts import levels_of, own_words
from journal.models import Report, SharedReport
from journal.querysets import ReportQuerySet, SharedReportQuerySet
from journal.report_content import PARTS, STRETCH, Content, DosePart, SymptomPart, unpacked
from journal.symptoms import BY_CODE, SYMPTOMS, Symptom, in_order
from patients.models import Patient
from patients.services import exactly_once, record_change, require
from portal.lib.contributions import VisitChoice, visit_choices
from portal.lib.problems import DomainError
from portal.lib.time import today_in

TEXT_LENGTH = 400
QUESTION_LENGTH = 200
MOST_QUESTIONS = 3
MOST_SYMPTOMS = 3
MOST_DOSES = 3
DOSES_DAYS_BACK = 365


class NothingInReport(DomainError):
    default_message = _("Put at least one part into the report.")
    status = 422


class TooLongForReport(DomainError):
    default_message = _("This is too long for one page. Make it shorter.")
    status = 422


class ReportChanged(DomainError):
    default_message = _("There is a newer version of this report. Look at that one.")


class NotApproved(DomainError):
    default_message = _("Read the report and approve it first. Then you can share it.")


class VisitGone(DomainError):
    default_message = _("This visit is no longer in your list. Choose again.")
    status = 422


@dataclass(frozen=True, slots=True)
class ReportWords:
    """What a person puts into a report; `left_out` are codes of parts that stay out of it."""

    why: str = ""
    questions: list[str] = field(default_factory=list)
    symptoms: list[str] = field(default_factory=list)
    how: str = ""
    reactions: str = ""
    left_out: list[str] = field(default_factory=list)

    def content(self) -> list[Any]:
        """A form that is the same for the same words."""
        return [self.why, self.questions, self.symptoms, self.how, self.reactions, self.left_out]


def check_words(words: ReportWords) -> None:
    """Raises TooLongForReport for anything that does not fit the page."""
    texts = (words.why, words.how, words.reactions)
    fits = (
        all(len(text) <= TEXT_LENGTH for text in texts)
        and all(len(question) <= QUESTION_LENGTH for question in words.questions)
        and len(words.questions) <= MOST_QUESTIONS
        and len(words.symptoms) <= MOST_SYMPTOMS
        and set(words.symptoms) <= set(BY_CODE)
        and set(words.left_out) <= set(PARTS)
    )
    if not fits:
        raise TooLongForReport


# --- What goes into it ---------------------------------------------------------------------------------------


def symptoms_to_choose(user: User, patient: Patient, today: date) -> list[Symptom]:
    """The symptoms with a word in the last three months, in the list's own order."""
    levels = levels_of(own_words(user, patient, STRETCH.first(today), today))
    return [symptom for symptom in SYMPTOMS if symptom.code in levels]


def doses_to_show(user: User, patient: Patient, today: date) -> list[DosePart]:
    """The newest infusions of the last year, newest first."""
    given = infusions.given_days(user, patient, today - timedelta(days=DOSES_DAYS_BACK), today)
    newest = sorted(given, key=lambda one: one.day, reverse=True)[:MOST_DOSES]
    return [DosePart(one.name, one.day.isoformat()) for one in newest]


def compose(user: User, patient: Patient, words: ReportWords, today: date) -> Content:
    """The report as it would stand today: the person's words, and what the portal counts and knows."""
    first = STRETCH.first(today)
    levels = levels_of(own_words(user, patient, first, today)) if words.symptoms else {}
    given = sorted({one.day for one in infusions.given_days(user, patient, first, today)})
    return Content(
        from_on=first.isoformat(),
        until_on=today.isoformat(),
        why=words.why,
        questions=[question for question in words.questions if question],
        symptoms=[
            _symptom_part(symptom, levels[symptom.code], given, today)
            for symptom in in_order(words.symptoms)
            if symptom.code in levels
        ],
        how=words.how,
        doses=doses_to_show(user, patient, today),
        reactions=words.reactions,
        left_out=[part for part in PARTS if part in words.left_out],
    )


def _symptom_part(symptom: Symptom, levels: dict[date, int], given: list[date], today: date) -> SymptomPart:
    first = STRETCH.first(today)
    return SymptomPart(
        code=symptom.code,
        name=str(symptom.label),
        sentence=chart_words.counts_sentence(symptom, charting.count_levels(levels, STRETCH, today)),
        points=[[point.slot, point.level] for point in charting.by_date(levels, STRETCH, today)],
        infusions=[(day - first).days for day in given],
    )


# --- Reading -------------------------------------------------------------------------------------------------


def standing(user: User, patient: Patient) -> ReportQuerySet:
    """The patient's reports in no order; versions that were replaced are left out."""
    return Report.objects.for_user(user, patient).exclude(state="replaced")


def reports_of(user: User, patient: Patient) -> list[Report]:
    """The same, newest first."""
    return list(standing(user, patient).newest_first())


def report_or_404(user: User, patient: Patient, report_id: UUID) -> Report:
    found = Report.objects.for_user(user, patient).filter(pk=report_id).first()
    if found is None:
        raise Http404
    return found


def share_of(user: User, patient: Patient, report: Report) -> SharedReport | None:
    """The copy that the team sees now, if there is one."""
    return shares_of(user, patient, [report]).get(report.pk)


def shares_of(user: User, patient: Patient, found: Iterable[Report]) -> dict[UUID, SharedReport]:
    """The copies that the team sees now, by the id of their report. One statement."""
    shares = shared_now(user, patient).filter(report__in=[report.pk for report in found])
    return {share.report_id: share for share in shares}


def shared_now(user: User, patient: Patient) -> SharedReportQuerySet:
    """What the team sees now, in no order; the same rows for the patient and for the team."""
    return SharedReport.objects.for_user(user, patient).live()


def shared_reports(user: User, patient: Patient) -> list[SharedReport]:
    """The same, newest first."""
    return list(shared_now(user, patient).newest_first())


def report_for_visit(user: User, patient: Patient, visit_id: UUID) -> UUID | None:
    """The report that is shared with the team for this visit. One statement."""
    shared = shared_now(user, patient).filter(visit_id=visit_id)
    found: UUID | None = shared.values_list("report_id", flat=True).first()
    return found


def shared_report_or_404(user: User, patient: Patient, report_id: UUID) -> SharedReport:
    found = shared_now(user, patient).filter(report=report_id).first()
    if found is None:
        raise Http404
    return found


def choices(user: User, patient: Patient, now: datetime) -> list[VisitChoice]:
    """The visits to come that a report can be shared with, the next one first."""
    return [choice for contribute in visit_choices for choice in contribute(user, patient, now)]


def visit_as_it_is(user: User, patient: Patient, shared: SharedReport, now: datetime) -> str:
    """The words that hold now for the visit that a report is for; empty when there is none to come."""
    return next((choice.words for choice in choices(user, patient, now) if choice.id == shared.visit_id), "")


# --- Writing -------------------------------------------------------------------------------------------------


@transaction.atomic
def write_report(
    *, by: User, patient: Patient, id: UUID, words: ReportWords, replaces: UUID | None = None, now: datetime
) -> Report:
    """A new version with the client-made `id`; a retry gets the first one. A version that was not shared is replaced by it.

    Raises NothingInReport, TooLongForReport, ReportChanged, DifferentContent, Http404, NotAllowed.
    """
    require(by, patient, "journal", "self")
    check_words(words)

    def do() -> UUID:
        content = compose(by, patient, words, today_in(now, patient.site.time_zone))
        if content.empty:
            raise NothingInReport
        report = Report(id=id, patient=patient, written_at=now)
        if replaces is not None:
            older = _locked(by, patient, replaces)
            if older.state == Report.State.REPLACED:
                raise ReportChanged
            report.replaces, report.version = older, older.version + 1
            if older.state != Report.State.SHARED:  # a shared one stays until the new one is shared
                _set_state(older, Report.State.REPLACED)
        report.content = content.packed()
        report.save(force_insert=True)
        record_change(by, patient, "report.written", report.pk)
        return report.pk

    content = [str(replaces) if replaces else "", *words.content()]
    done = exactly_once(act="report.write", id=id, patient=patient, user=by, content=content, do=do)
    return report_or_404(by, patient, done.result or id)


@transaction.atomic
def approve_report(*, by: User, patient: Patient, report_id: UUID, id: UUID, now: datetime) -> Report:
    """The patient read this version and it is right. Raises ReportChanged, Http404, NotAllowed; twice is once."""
    require(by, patient, "journal", "self")

    def do() -> UUID:
        report = _locked(by, patient, report_id)
        if report.state == Report.State.REPLACED:
            raise ReportChanged
        if report.state == Report.State.DRAFT:
            report.approved_at = now
            _set_state(report, Report.State.APPROVED)
            record_change(by, patient, "report.approved", report.pk)
        return report.pk

    exactly_once(act="report.approve", id=id, patient=patient, user=by, content=[str(report_id)], do=do)
    return report_or_404(by, patient, report_id)


@transaction.atomic
def share_report(
    *, by: User, patient: Patient, report_id: UUID, visit_id: UUID | None, id: UUID, now: datetime
) -> Report:
    """Copy an approved report into the clinic's record, for one visit to come or (None) for the team without a visit.

    An older report for the same visit, and an older version of this one, are withdrawn with it.
    Raises NotApproved, ReportChanged, VisitGone, Http404, NotAllowed.
    """
    require(by, patient, "journal", "self")

    def do() -> UUID:
        report = _locked(by, patient, report_id)
        if report.state == Report.State.REPLACED:
            raise ReportChanged
        if report.state == Report.State.DRAFT:
            raise NotApproved
        words = ""
        if visit_id is not None:
            found = [choice for choice in choices(by, patient, now) if choice.id == visit_id]
            if not found:
                raise VisitGone
            words = found[0].words
        _withdraw_older(by, patient, report, visit_id, now)
        shared = SharedReport(patient=patient, report=report, visit_id=visit_id, shared_at=now)
        shared.snapshot = {**unpacked(report.content).shown().packed(), "visit": words}
        shared.save(force_insert=True)
        _set_state(report, Report.State.SHARED)
        record_change(by, patient, "report.shared", report.pk)
        return report.pk

    content = [str(report_id), str(visit_id) if visit_id else ""]
    exactly_once(act="report.share", id=id, patient=patient, user=by, content=content, do=do)
    return report_or_404(by, patient, report_id)


@transaction.atomic
def withdraw_report(*, by: User, patient: Patient, report_id: UUID, id: UUID, now: datetime) -> Report:
    """The team's next view is without this report. Raises Http404, NotAllowed; twice is once."""
    require(by, patient, "journal", "self")

    def do() -> UUID:
        report = _locked(by, patient, report_id)
        if SharedReport.objects.for_user(by).live().filter(report=report).update(withdrawn_at=now):
            _set_state(report, Report.State.WITHDRAWN)
            record_change(by, patient, "report.withdrawn", report.pk)
        return report.pk

    exactly_once(act="report.withdraw", id=id, patient=patient, user=by, content=[str(report_id)], do=do)
    return report_or_404(by, patient, report_id)


def withdraw_all(by: User, patient: Patient, now: datetime) -> int:
    """All shared reports go, as part of "stop sharing everything"; gives how many."""
    SharedReport.objects.for_user(by, patient).live().update(withdrawn_at=now)
    shared = Report.objects.for_user(by, patient).filter(state="shared")
    return shared.update(state="withdrawn")


def _withdraw_older(by: User, patient: Patient, report: Report, visit_id: UUID | None, now: datetime) -> None:
    """What this share takes the place of: the report for the same visit, and the version it was written from."""
    live = SharedReport.objects.for_user(by, patient).live()
    older = set(live.filter(visit_id=visit_id).values_list("report_id", flat=True))
    if visit_id is None:
        older = set(live.filter(visit_id__isnull=True).values_list("report_id", flat=True))
    chain: Report | None = report
    while chain is not None and chain.replaces_id is not None:
        older.add(chain.replaces_id)
        chain = Report.objects.for_user(by, patient).filter(pk=chain.replaces_id).first()
    live.filter(report__in={*older, report.pk}).update(withdrawn_at=now)
    Report.objects.for_user(by, patient).filter(pk__in=older - {report.pk}).update(state="replaced")


def _locked(by: User, patient: Patient, report_id: UUID) -> Report:
    """The report, locked until the transaction ends. Raises Http404."""
    # One change of the patient's reports at a time: sharing one withdraws others.
    Patient.objects.for_user(by).select_for_update(of=("self",), no_key=True).only("pk").get(pk=patient.pk)
    report = Report.objects.for_user(by, patient).select_for_update(no_key=True).filter(pk=report_id).first()
    if report is None:
        raise Http404
    report.patient = patient
    return report


def _set_state(report: Report, state: str) -> None:
    report.state = state
    report.save(update_fields=["state", "approved_at"])
