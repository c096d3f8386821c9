"""`/api/v1/journal/reports/`: the one-page report. The patient writes, approves, shares and withdraws; the team reads what is shared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from journal import reports
from journal.api import serializers as shapes
from journal.api.views import JournalView
from journal.models import Report, SharedReport
from journal.report_content import Content, unpacked
from journal.report_paper import pdf_answer
from journal.symptoms import WORDS
from patients.requests import STAFF, About, about
from patients.services import record_view
from portal.lib.api import (
    Key,
    NothingWrite,
    PageQuery,
    PatientPageQuery,
    PatientQuery,
    Query,
    Write,
    by_id,
    listed,
    page_of,
    paged,
    stamp,
)
from portal.lib.time import now as present

NEWEST_WRITTEN = (
    Key("written_at", lambda report: report.written_at, stamp, down=True),
    by_id(down=True),
)
NEWEST_SHARED = (
    Key("shared_at", lambda shared: shared.shared_at, stamp, down=True),
    by_id(down=True),
)
PDF: Any = {(200, "application/pdf"): OpenApiTypes.BINARY}


# --- The patient's own -----------------------------------------------------------------------------------------


class ReportView(JournalView):
    queries = {"*": Query}

    def report(self, asked: About, report_id: UUID) -> Report:
        """One of the patient's reports. Raises Http404."""
        return reports.report_or_404(asked.user, asked.patient, report_id)

    def read_report(self, asked: About, report: Report, status: int = 200) -> Response:
        """One report as it is now."""
        content = unpacked(report.content)
        (shown,) = with_shares(asked, [report])
        shown.parts, shown.left_out = parts_of(content), content.left_out
        return Response(shapes.ReportRead(shown).data, status=status)

    def write(self, asked: About, replaces: UUID | None = None) -> Report:
        """The report in the body; a new version of the one that it replaces."""
        write = shapes.ReportWrite(data=self.request.data)
        write.is_valid(raise_exception=True)
        return reports.write_report(
            **asked.act, id=self.once, words=write.words(), replaces=replaces, now=present()
        )

    def act(self, report_id: UUID, do: Callable[..., Report], shape: type[Write] = NothingWrite) -> Response:
        """One act on a report, and the report after it."""
        asked = self.mine()
        said = self.body(shape)
        self.report(asked, report_id)
        done = do(**asked.act, report_id=report_id, id=self.once, now=present(), **said)
        return self.read_report(asked, done)


class ReportList(ReportView):
    queries = {"get": PageQuery}

    @extend_schema(responses={200: paged(shapes.ReportLineRead)})
    def get(self, request: Request) -> Response:
        """The patient's reports for visits, the newest first; versions that were replaced are left out."""
        asked = self.mine()
        record_view(asked.user, asked.patient, "report.view")
        rows, cursor = page_of(self, reports.standing(asked.user, asked.patient), NEWEST_WRITTEN)
        return listed(self, shapes.ReportLineRead(with_shares(asked, rows), many=True).data, cursor)

    @extend_schema(request=shapes.ReportWrite, responses={201: shapes.ReportRead})
    def post(self, request: Request) -> Response:
        """Write a report. Nobody else sees it until you have approved and shared it."""
        asked = self.mine()
        return self.read_report(asked, self.write(asked), status=201)


class ReportDetail(ReportView):
    @extend_schema(responses={200: shapes.ReportRead})
    def get(self, request: Request, report_id: UUID) -> Response:
        """One version in full, as it was written."""
        asked = self.mine()
        report = self.report(asked, report_id)
        record_view(asked.user, asked.patient, "report.view", report.pk)
        return self.read_report(asked, report)

    @extend_schema(request=shapes.ReportWrite, responses={200: shapes.ReportRead})
    def put(self, request: Request, report_id: UUID) -> Response:
        """Other words: they become a new version, which is the answer and has an id of its own. What was shared stays until it is shared."""
        asked = self.mine()
        self.report(asked, report_id)
        return self.read_report(asked, self.write(asked, replaces=report_id))


class ReportApprove(ReportView):
    @extend_schema(request=NothingWrite, responses={200: shapes.ReportRead})
    def post(self, request: Request, report_id: UUID) -> Response:
        """Say that this version was read and is right."""
        return self.act(report_id, reports.approve_report)


class ReportShare(ReportView):
    @extend_schema(request=shapes.ReportShareWrite, responses={200: shapes.ReportRead})
    def post(self, request: Request, report_id: UUID) -> Response:
        """Show an approved version to the team, with a visit or without one. Sharing does not alert anyone."""
        return self.act(report_id, reports.share_report, shapes.ReportShareWrite)


class ReportWithdraw(ReportView):
    @extend_schema(request=NothingWrite, responses={200: shapes.ReportRead})
    def post(self, request: Request, report_id: UUID) -> Response:
        """Stop showing a report to the team. Somebody may have read it before."""
        return self.act(report_id, reports.withdraw_report)


class ReportPdf(ReportView):
    @extend_schema(responses=PDF)
    def get(self, request: Request, report_id: UUID) -> HttpResponse:
        """One version as a PDF of one page, as the team would see it."""
        asked = self.mine()
        report = self.report(asked, report_id)
        record_view(asked.user, asked.patient, "report.view", report.pk)
        share = reports.share_of(asked.user, asked.patient, report)
        visit = share.snapshot["visit"] if share is not None else ""
        return pdf_answer(asked.patient, unpacked(report.content).shown(), report.written_at, visit)


# --- The team's ------------------------------------------------------------------------------------------------


class SharedReportView(JournalView):
    queries = {"*": PatientQuery}

    def theirs(self) -> About:
        """The team of the patient who is asked about; 404 for everybody else."""
        return about(self, "shared_journal", *STAFF)

    def shared(self, asked: About, report_id: UUID) -> SharedReport:
        """One shared report; the look is put on the trail. Raises Http404."""
        found = reports.shared_report_or_404(asked.user, asked.patient, report_id)
        record_view(asked.user, asked.patient, "report.shared-view", found.pk)
        return found


class SharedReportList(SharedReportView):
    queries = {"get": PatientPageQuery}

    @extend_schema(responses={200: paged(shapes.SharedReportLineRead)})
    def get(self, request: Request) -> Response:
        """For the team: the reports that a patient shares now, the newest first."""
        asked = self.theirs()
        record_view(asked.user, asked.patient, "journal.shared-view")
        rows, cursor = page_of(self, reports.shared_now(asked.user, asked.patient), NEWEST_SHARED)
        return listed(self, shapes.SharedReportLineRead(rows, many=True).data, cursor)


class SharedReportDetail(SharedReportView):
    @extend_schema(responses={200: shapes.SharedReportRead})
    def get(self, request: Request, report_id: UUID) -> Response:
        """For the team: what the patient wrote, approved and shared."""
        asked = self.theirs()
        shown: Any = self.shared(asked, report_id)
        shown.parts = parts_of(unpacked(shown.snapshot))
        shown.visit_now = reports.visit_as_it_is(asked.user, asked.patient, shown, present())
        return Response(shapes.SharedReportRead(shown).data)


class SharedReportPdf(SharedReportView):
    @extend_schema(responses=PDF)
    def get(self, request: Request, report_id: UUID) -> HttpResponse:
        """For the team: a shared report as a PDF of one page."""
        asked = self.theirs()
        found = self.shared(asked, report_id)
        return pdf_answer(asked.patient, unpacked(found.snapshot), found.shared_at, found.snapshot["visit"])


# --- Pieces ----------------------------------------------------------------------------------------------------


def with_shares(asked: About, rows: Sequence[Report]) -> list[Any]:
    """Reports with what the team sees of them now, in `share`. One statement for any number."""
    shares = reports.shares_of(asked.user, asked.patient, rows)
    found: list[Any] = list(rows)
    for report in found:
        report.share = shares.get(report.pk)
    return found


def parts_of(content: Content) -> dict[str, Any]:
    """What stands in a report, with days instead of places of a drawing."""
    first = date.fromisoformat(content.from_on)
    return {
        "from_on": first,
        "until_on": date.fromisoformat(content.until_on),
        "why": content.why,
        "questions": content.questions,
        "symptoms": [
            {
                "code": part.code,
                "name": part.name,
                "sentence": part.sentence,
                "points": [
                    {"day": first + timedelta(days=place), "level": level, "word": WORDS[level]}
                    for place, level in part.points
                ],
                "infusions": [first + timedelta(days=place) for place in part.infusions],
            }
            for part in content.symptoms
        ],
        "how": content.how,
        "doses": [
            {"name": dose.name, "given_on": date.fromisoformat(dose.given_on)} for dose in content.doses
        ],
        "reactions": content.reactions,
    }
