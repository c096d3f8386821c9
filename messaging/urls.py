"""Pages of messaging. A patient's own pages carry no id; those of carers and staff carry the patient's."""

from django.urls import URLPattern, path

from messaging.views import (
    conversation,
    copies,
    correction,
    files,
    helped,
    live,
    mailings,
    making,
    outreach,
    reply_templates,
    rota,
    routing,
    rulesets,
    search,
    undoing,
    work,
)

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
    path(THREAD + "copy/file/", copies.file, name="copy-file"),
    path(OF_PATIENT + "messages/", conversation.thread_list, name="patient-list"),
    path(OF_PATIENT + "messages/new/", conversation.new, name="patient-new"),
    path(OF_PATIENT + "messages/call/", outreach.call_new, name="call"),
    path(OF_PATIENT + "messages/write/", outreach.write_first, name="write-first"),
    path("messages/made/<uuid:made_id>/", making.settle, name="settle"),
    path(OF_PATIENT + "messages/made/<uuid:made_id>/", making.settle, name="patient-settle"),
    path(THREAD + "take-back/<uuid:message_id>/", undoing.take_back, name="take-back"),
    path(OF_PATIENT + THREAD + "take-back/<uuid:message_id>/", undoing.take_back, name="patient-take-back"),
    path("work/questions/", rulesets.rulesets, name="rulesets"),
    path("work/questions/sign/", rulesets.sign, name="ruleset-sign"),
    path("work/templates/", reply_templates.template_list, name="templates"),
    path("work/templates/new/", reply_templates.template_new, name="template-new"),
    path("work/templates/<uuid:template_id>/", reply_templates.template_detail, name="template"),
    path(
        "work/templates/<uuid:template_id>/change/", reply_templates.template_change, name="template-change"
    ),
    path(
        "work/templates/<uuid:template_id>/decide/", reply_templates.template_decide, name="template-decide"
    ),
    path("work/mailings/new/", mailings.mailing_new, name="mailing-new"),
    path("work/mailings/<uuid:mailing_id>/", mailings.mailing, name="mailing"),
    path(OF_PATIENT + "messages/search/", search.search, name="patient-search"),
    path(OF_PATIENT + THREAD, conversation.thread, name="patient-thread"),
    path(OF_PATIENT + THREAD + "sent/", conversation.sent, name="patient-sent"),
    path(OF_PATIENT + THREAD + "close/", conversation.close, name="patient-close"),
    path(OF_PATIENT + THREAD + "news/", live.thread, name="patient-news"),
    path(OF_PATIENT + THREAD + "helped/", helped.say, name="patient-helped"),
    path(OF_PATIENT + THREAD + "copy/", copies.paper, name="patient-paper"),
    path(OF_PATIENT + THREAD + "copy/file/", copies.file, name="patient-copy-file"),
    path("messages/files/<uuid:file_id>/", files.download, name="file"),
    path("messages/files/<uuid:file_id>/picture/", files.picture, name="file-picture"),
    path("messages/files/<uuid:file_id>/small/", files.small, name="file-small"),
    path(OF_PATIENT + "messages/files/<uuid:file_id>/", files.download, name="patient-file"),
    path(OF_PATIENT + "messages/files/<uuid:file_id>/picture/", files.picture, name="patient-file-picture"),
    path(OF_PATIENT + "messages/files/<uuid:file_id>/small/", files.small, name="patient-file-small"),
    path("work/", work.work_list, name="work-list"),
    path("work/news/", live.work_list, name="work-list-news"),
    path(WORK + "news/", live.thread, name="work-news"),
    path("work/helped/", helped.counts, name="helped-counts"),
    path(WORK, work.work_thread, name="work-thread"),
    path(WORK + "claim/", work.claim, name="claim"),
    path(WORK + "release/", work.release, name="release"),
    path(WORK + "answer/", work.answer, name="answer"),
    path(WORK + "note/", work.note, name="note"),
    path(WORK + "messages/<uuid:message_id>/correct/", correction.correct, name="correct"),
    path(WORK + "call/", outreach.call_more, name="call-more"),
    path(WORK + "make/", making.make, name="make"),
    path(WORK + "make/article/", making.article, name="article"),
    path(WORK + "finish/", work.finish, name="finish"),
    path(WORK + "hand-over/", routing.hand_over, name="hand-over"),
    path("work/calls/", routing.call_list, name="calls"),
    path(OF_PATIENT + "calls/<uuid:call_id>/called/", routing.called, name="called"),
    path("work/rota/", rota.rota, name="rota"),
    path("work/rota/<uuid:team_id>/on-call/", rota.new_on_call, name="on-call-new"),
    path("work/rota/<uuid:team_id>/away/", rota.new_absence, name="away-new"),
    path("work/on-call/<uuid:on_call_id>/end/", rota.end_on_call, name="on-call-end"),
    path("work/away/<uuid:absence_id>/end/", rota.end_absence, name="away-end"),
]
