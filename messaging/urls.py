"""Pages of messaging. A patient's own pages carry no id; those of carers and staff carry the patient's."""

from django.urls import URLPattern, path

from messaging.views import conversation, copies, helped, live, search, work

app_name = "messaging"

OF_PATIENT = "patients/<uuid:patient_id>/"
THREAD = "messages/<uuid:thread_id>/"
WORK = "patients/<uuid:patient_id>/work/<uuid:thread_id>/"

urlpatterns: list[URLPattern] = [
    path("messages/", conversation.thread_list, name="list"),
    path("messages/new/", conversation.new, name="new"),
    path("messages/search/", search.search, name="search"),
    path(THREAD, conversation.thread, name="thread"),
    path(THREAD + "sent/", conversation.sent, name="sent"),
    path(THREAD + "close/", conversation.close, name="close"),
    path(THREAD + "news/", live.thread, name="news"),
    path(THREAD + "helped/", helped.say, name="helped"),
    path(THREAD + "copy/", copies.paper, name="paper"),
    path(THREAD + "copy/file/", copies.file, name="file"),
    path(OF_PATIENT + "messages/", conversation.thread_list, name="patient-list"),
    path(OF_PATIENT + "messages/new/", conversation.new, name="patient-new"),
    path(OF_PATIENT + "messages/search/", search.search, name="patient-search"),
    path(OF_PATIENT + THREAD, conversation.thread, name="patient-thread"),
    path(OF_PATIENT + THREAD + "sent/", conversation.sent, name="patient-sent"),
    path(OF_PATIENT + THREAD + "close/", conversation.close, name="patient-close"),
    path(OF_PATIENT + THREAD + "news/", live.thread, name="patient-news"),
    path(OF_PATIENT + THREAD + "helped/", helped.say, name="patient-helped"),
    path(OF_PATIENT + THREAD + "copy/", copies.paper, name="patient-paper"),
    path(OF_PATIENT + THREAD + "copy/file/", copies.file, name="patient-file"),
    path("work/", work.work_list, name="work-list"),
    path("work/news/", live.work_list, name="work-list-news"),
    path(WORK + "news/", live.thread, name="work-news"),
    path("work/helped/", helped.counts, name="helped-counts"),
    path(WORK, work.work_thread, name="work-thread"),
    path(WORK + "claim/", work.claim, name="claim"),
    path(WORK + "release/", work.release, name="release"),
    path(WORK + "answer/", work.answer, name="answer"),
    path(WORK + "note/", work.note, name="note"),
    path(WORK + "finish/", work.finish, name="finish"),
]
