"""Addresses below /api/v1/journal/."""

from __future__ import annotations

from django.urls import path

from journal.api import chart_views, report_views, views

app_name = "journal-api"

ENTRY = "entries/<uuid:entry_id>/"
REPORT = "reports/<uuid:report_id>/"
SHARED_REPORT = "shared-reports/<uuid:report_id>/"

urlpatterns = [
    path("entries/", views.EntryList.as_view(), name="entry-list"),
    path(ENTRY, views.EntryDetail.as_view(), name="entry-detail"),
    path(ENTRY + "history/", views.EntryHistory.as_view(), name="entry-history"),
    path(ENTRY + "take-back/", views.EntryTakeBack.as_view(), name="entry-take-back"),
    path(ENTRY + "share/", views.EntryShare.as_view(), name="entry-share"),
    path(ENTRY + "stop-sharing/", views.EntryStopSharing.as_view(), name="entry-stop-sharing"),
    path("trackers/", views.Trackers.as_view(), name="trackers"),
    path("sharing/", views.Sharing.as_view(), name="sharing"),
    path("sharing/start/", views.SharingStart.as_view(), name="sharing-start"),
    path("sharing/stop/", views.SharingStop.as_view(), name="sharing-stop"),
    path("sharing/stop-all/", views.SharingStopAll.as_view(), name="sharing-stop-all"),
    path("charts/", chart_views.DateCharts.as_view(), name="charts"),
    path("charts/cycle/", chart_views.CycleCharts.as_view(), name="charts-by-cycle"),
    path("reports/", report_views.ReportList.as_view(), name="report-list"),
    path(REPORT, report_views.ReportDetail.as_view(), name="report-detail"),
    path(REPORT + "approve/", report_views.ReportApprove.as_view(), name="report-approve"),
    path(REPORT + "share/", report_views.ReportShare.as_view(), name="report-share"),
    path(REPORT + "withdraw/", report_views.ReportWithdraw.as_view(), name="report-withdraw"),
    path(REPORT + "pdf/", report_views.ReportPdf.as_view(), name="report-pdf"),
    path("shared-reports/", report_views.SharedReportList.as_view(), name="shared-report-list"),
    path(SHARED_REPORT, report_views.SharedReportDetail.as_view(), name="shared-report-detail"),
    path(SHARED_REPORT + "pdf/", report_views.SharedReportPdf.as_view(), name="shared-report-pdf"),
]
