"""Addresses below /api/v1/messaging/."""

from __future__ import annotations

from django.urls import path

from messaging.api import composing, files, reading, routing, views

app_name = "messaging-api"

THREAD = "threads/<uuid:thread_id>/"

urlpatterns = [
    path("threads/", views.ThreadList.as_view(), name="thread-list"),
    path(THREAD, views.ThreadDetail.as_view(), name="thread-detail"),
    path(THREAD + "messages/", views.MessageList.as_view(), name="message-list"),
    path(
        THREAD + "messages/<uuid:message_id>/correct/",
        composing.CorrectMessage.as_view(),
        name="message-correct",
    ),
    path(THREAD + "made/", composing.MadeList.as_view(), name="made-list"),
    path("made/<uuid:made_id>/settle/", composing.MadeSettle.as_view(), name="made-settle"),
    path(THREAD + "messages/<uuid:message_id>/take-back/", views.TakeBack.as_view(), name="take-back"),
    path("questions/", views.Questions.as_view(), name="question-list"),
    path("questions/sign/", views.QuestionsSign.as_view(), name="question-sign"),
    path(THREAD + "seen/", views.ThreadSeen.as_view(), name="thread-seen"),
    path(THREAD + "close/", views.ThreadClose.as_view(), name="thread-close"),
    path(THREAD + "work/", views.Work.as_view(), name="work"),
    path(THREAD + "claim/", views.Claim.as_view(), name="claim"),
    path(THREAD + "release/", views.Release.as_view(), name="release"),
    path(THREAD + "finish/", views.Finish.as_view(), name="finish"),
    path(THREAD + "notes/", views.NoteList.as_view(), name="note-list"),
    path("calls-and-letters/", composing.Call.as_view(), name="call"),
    path("first-words/", composing.FirstWords.as_view(), name="first-words"),
    path("mailings/", composing.MailingList.as_view(), name="mailing-list"),
    path("mailings/<uuid:mailing_id>/", composing.MailingDetail.as_view(), name="mailing-detail"),
    path("templates/", composing.TemplateList.as_view(), name="template-list"),
    path("templates/<uuid:template_id>/", composing.TemplateDetail.as_view(), name="template-detail"),
    path("templates/<uuid:template_id>/decide/", composing.TemplateDecide.as_view(), name="template-decide"),
    path("search/", reading.MessageSearch.as_view(), name="search"),
    path(THREAD + "copy/", reading.ThreadCopy.as_view(), name="copy"),
    path(THREAD + "copy/pdf/", reading.ThreadPdf.as_view(), name="copy-pdf"),
    path(THREAD + "messages/<uuid:message_id>/helped/", reading.MessageHelped.as_view(), name="helped"),
    path("helped/", reading.HelpedCounts.as_view(), name="helped-counts"),
    path(THREAD + "files/", files.ThreadFiles.as_view(), name="thread-files"),
    path("files/", files.FileList.as_view(), name="file-list"),
    path("files/<uuid:file_id>/", files.FileDetail.as_view(), name="file-detail"),
    path("files/<uuid:file_id>/content/", files.FileContent.as_view(), name="file-content"),
    path("work/", views.WorkList.as_view(), name="work-list"),
    path(THREAD + "hand-over/", routing.HandOver.as_view(), name="hand-over"),
    path(THREAD + "history/", routing.History.as_view(), name="history"),
    path("calls/", routing.CallList.as_view(), name="call-list"),
    path("calls/<uuid:call_id>/result/", routing.Called.as_view(), name="called"),
    path("on-call/", routing.OnCallList.as_view(), name="on-call-list"),
    path("on-call/<uuid:on_call_id>/end/", routing.OnCallEnd.as_view(), name="on-call-end"),
    path("absences/", routing.AbsenceList.as_view(), name="absence-list"),
    path("absences/<uuid:absence_id>/end/", routing.AbsenceEnd.as_view(), name="absence-end"),
]
