"""Pages of the journal."""

from __future__ import annotations

from django.urls import path

from journal.views import charts, diary, reports

app_name = "journal"
urlpatterns = [
    path("journal/", diary.home, name="home"),
    path("journal/new/", diary.new, name="new"),
    path("journal/symptoms/", diary.symptoms, name="symptoms"),
    path("journal/sharing/", diary.sharing, name="sharing"),
    path("journal/sharing/start/", diary.sharing_start, name="sharing-start"),
    path("journal/sharing/stop/", diary.sharing_stop, name="sharing-stop"),
    path("journal/sharing/stop-all/", diary.sharing_stop_all, name="sharing-stop-all"),
    path("journal/charts/", charts.own, name="charts"),
    path("journal/reports/", reports.report_list, name="reports"),
    path("journal/reports/new/", reports.report_new, name="report-new"),
    path("journal/reports/<uuid:report_id>/", reports.report, name="report"),
    path("journal/reports/<uuid:report_id>/change/", reports.report_change, name="report-change"),
    path("journal/reports/<uuid:report_id>/approve/", reports.report_approve, name="report-approve"),
    path("journal/reports/<uuid:report_id>/share/", reports.report_share, name="report-share"),
    path("journal/reports/<uuid:report_id>/withdraw/", reports.report_withdraw, name="report-withdraw"),
    path("journal/reports/<uuid:report_id>/pdf/", reports.report_pdf, name="report-pdf"),
    path("journal/<uuid:entry_id>/", diary.entry, name="entry"),
    path("journal/<uuid:entry_id>/saved/", diary.saved, name="saved"),
    path("journal/<uuid:entry_id>/edit/", diary.edit, name="edit"),
    path("journal/<uuid:entry_id>/undo/", diary.undo, name="undo"),
    path("journal/<uuid:entry_id>/share/", diary.share, name="share"),
    path("journal/<uuid:entry_id>/unshare/", diary.unshare, name="unshare"),
    path("patients/<uuid:patient_id>/journal/", diary.patient_home, name="patient-home"),
    path("patients/<uuid:patient_id>/shared-journal/", diary.shared, name="shared"),
    path("patients/<uuid:patient_id>/journal/charts/", charts.carers, name="patient-charts"),
    path("patients/<uuid:patient_id>/shared-journal/charts/", charts.shared, name="shared-charts"),
    path("patients/<uuid:patient_id>/reports/<uuid:report_id>/", reports.shared_report, name="shared-report"),
    path(
        "patients/<uuid:patient_id>/reports/<uuid:report_id>/pdf/",
        reports.shared_report_pdf,
        name="shared-report-pdf",
    ),
]
