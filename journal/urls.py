"""Pages of the journal."""

from __future__ import annotations

from django.urls import path

from journal import views

app_name = "journal"
urlpatterns = [
    path("journal/", views.home, name="home"),
    path("journal/new/", views.new, name="new"),
    path("journal/symptoms/", views.symptoms, name="symptoms"),
    path("journal/sharing/", views.sharing, name="sharing"),
    path("journal/sharing/start/", views.sharing_start, name="sharing-start"),
    path("journal/sharing/stop/", views.sharing_stop, name="sharing-stop"),
    path("journal/sharing/stop-all/", views.sharing_stop_all, name="sharing-stop-all"),
    path("journal/<uuid:entry_id>/", views.entry, name="entry"),
    path("journal/<uuid:entry_id>/saved/", views.saved, name="saved"),
    path("journal/<uuid:entry_id>/edit/", views.edit, name="edit"),
    path("journal/<uuid:entry_id>/undo/", views.undo, name="undo"),
    path("journal/<uuid:entry_id>/share/", views.share, name="share"),
    path("journal/<uuid:entry_id>/unshare/", views.unshare, name="unshare"),
    path("patients/<uuid:patient_id>/journal/", views.patient_home, name="patient-home"),
    path("patients/<uuid:patient_id>/shared-journal/", views.shared, name="shared"),
]
