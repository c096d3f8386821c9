"""A report as a PDF, drawn from the lines of its page; the same file for the pages and for programs."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpResponse
from django.template.loader import render_to_string

from journal.report_content import Content
from patients.models import Patient
from portal.lib import paper


def pdf_answer(patient: Patient, content: Content, at: datetime, visit: str) -> HttpResponse:
    """The PDF; `at` is when it was written (an aware instant), `visit` are the words of its visit. The file's name says nothing.

    Raises portal.lib.paper.NoPaper when the system's libraries for it are missing.
    """
    context = {"patient": patient, "report": content, "at": at, "visit": visit}
    made = paper.pdf_of(render_to_string("journal/report_pdf.html", context))
    answer = HttpResponse(made, content_type="application/pdf")
    answer["Content-Disposition"] = 'inline; filename="report.pdf"'
    return answer
