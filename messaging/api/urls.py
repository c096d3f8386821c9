"""Addresses below /api/v1/messaging/."""

from __future__ import annotations

from django.urls import path

from messaging.api import reading, views

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
    path("search/", reading.MessageSearch.as_view(), name="search"),
    path(THREAD + "copy/", reading.ThreadCopy.as_view(), name="copy"),
    path(THREAD + "copy/pdf/", reading.ThreadPdf.as_view(), name="copy-pdf"),
    path(THREAD + "messages/<uuid:message_id>/helped/", reading.MessageHelped.as_view(), name="helped"),
    path("helped/", reading.HelpedCounts.as_view(), name="helped-counts"),
    path("work/", views.WorkList.as_view(), name="work-list"),
]
