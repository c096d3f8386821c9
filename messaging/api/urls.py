"""Addresses below /api/v1/messaging/."""

from __future__ import annotations

from django.urls import path

from messaging.api import files, views

app_name = "messaging-api"

THREAD = "threads/<uuid:thread_id>/"

urlpatterns = [
    path("threads/", views.ThreadList.as_view(), name="thread-list"),
    path(THREAD, views.ThreadDetail.as_view(), name="thread-detail"),
    path(THREAD + "messages/", views.MessageList.as_view(), name="message-list"),
    path(THREAD + "seen/", views.ThreadSeen.as_view(), name="thread-seen"),
    path(THREAD + "close/", views.ThreadClose.as_view(), name="thread-close"),
    path(THREAD + "work/", views.Work.as_view(), name="work"),
    path(THREAD + "claim/", views.Claim.as_view(), name="claim"),
    path(THREAD + "release/", views.Release.as_view(), name="release"),
    path(THREAD + "finish/", views.Finish.as_view(), name="finish"),
    path(THREAD + "notes/", views.NoteList.as_view(), name="note-list"),
    path(THREAD + "files/", files.ThreadFiles.as_view(), name="thread-files"),
    path("files/", files.FileList.as_view(), name="file-list"),
    path("files/<uuid:file_id>/", files.FileDetail.as_view(), name="file-detail"),
    path("files/<uuid:file_id>/content/", files.FileContent.as_view(), name="file-content"),
    path("work/", views.WorkList.as_view(), name="work-list"),
]
