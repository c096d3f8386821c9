"""Pages of messaging. A patient's own pages carry no id; those of carers and staff carry the patient's."""

from django.urls import URLPattern, path

from messaging.views import conversation, files, work

app_name = "messaging"

OF_PATIENT = "patients/<uuid:patient_id>/"
THREAD = "messages/<uuid:thread_id>/"
WORK = "patients/<uuid:patient_id>/work/<uuid:thread_id>/"

urlpatterns: list[URLPattern] = [
    path("messages/", conversation.thread_list, name="list"),
    path("messages/new/", conversation.new, name="new"),
    path(THREAD, conversation.thread, name="thread"),
    path(THREAD + "sent/", conversation.sent, name="sent"),
    path(THREAD + "close/", conversation.close, name="close"),
    path(OF_PATIENT + "messages/", conversation.thread_list, name="patient-list"),
    path(OF_PATIENT + "messages/new/", conversation.new, name="patient-new"),
    path(OF_PATIENT + THREAD, conversation.thread, name="patient-thread"),
    path(OF_PATIENT + THREAD + "sent/", conversation.sent, name="patient-sent"),
    path(OF_PATIENT + THREAD + "close/", conversation.close, name="patient-close"),
    path("messages/files/<uuid:file_id>/", files.download, name="file"),
    path("messages/files/<uuid:file_id>/picture/", files.picture, name="file-picture"),
    path("messages/files/<uuid:file_id>/small/", files.small, name="file-small"),
    path(OF_PATIENT + "messages/files/<uuid:file_id>/", files.download, name="patient-file"),
    path(OF_PATIENT + "messages/files/<uuid:file_id>/picture/", files.picture, name="patient-file-picture"),
    path(OF_PATIENT + "messages/files/<uuid:file_id>/small/", files.small, name="patient-file-small"),
    path("work/", work.work_list, name="work-list"),
    path(WORK, work.work_thread, name="work-thread"),
    path(WORK + "claim/", work.claim, name="claim"),
    path(WORK + "release/", work.release, name="release"),
    path(WORK + "answer/", work.answer, name="answer"),
    path(WORK + "note/", work.note, name="note"),
    path(WORK + "finish/", work.finish, name="finish"),
]
