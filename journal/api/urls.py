"""Addresses below /api/v1/journal/."""

from __future__ import annotations

from django.urls import path

from journal.api import views

app_name = "journal-api"

ENTRY = "entries/<uuid:entry_id>/"

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
]
