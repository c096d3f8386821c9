"""Addresses below /api/v1/treatment/."""

from __future__ import annotations

from django.urls import path

from treatment.api import (
    chair,
    courses,
    dayof,
    elsewhere,
    journey,
    ledger,
    outcomes,
    previews,
    protocols,
    readiness,
    selfchecks,
    therapies,
    views,
)

app_name = "treatment-api"

CHAIR = "doses/<uuid:dose_id>/chair/"
COURSE = "courses/<uuid:course_id>/"
RESULT = "ledger/results/<uuid:result_id>/"
VERSIONS = "therapies/<slug:code>/versions/"

urlpatterns = [
    path("therapies/", therapies.TherapyList.as_view(), name="therapy-list"),
    path("therapies/<slug:code>/", therapies.TherapyDetail.as_view(), name="therapy-detail"),
    path(VERSIONS, protocols.VersionsView.as_view(), name="version-list"),
    path(VERSIONS + "<int:version>/", therapies.VersionDetail.as_view(), name="version-detail"),
    path(VERSIONS + "<int:version>/sign/", therapies.VersionSign.as_view(), name="version-sign"),
    path(
        "therapies/<slug:code>/label-changes/", protocols.LabelChangeList.as_view(), name="label-change-list"
    ),
    path(
        "label-changes/<uuid:change_id>/", protocols.LabelChangeDetail.as_view(), name="label-change-detail"
    ),
    path(
        "label-changes/<uuid:change_id>/move/", protocols.LabelChangeMove.as_view(), name="label-change-move"
    ),
    path(
        "label-changes/<uuid:change_id>/tell/", protocols.LabelChangeTell.as_view(), name="label-change-tell"
    ),
    path("signs/", selfchecks.SignList.as_view(), name="sign-list"),
    path("self-checks/", selfchecks.SelfCheckList.as_view(), name="self-check-list"),
    path(
        "self-checks/<uuid:check_id>/review/", selfchecks.SelfCheckReview.as_view(), name="self-check-review"
    ),
    path("infusion-day/", dayof.InfusionDay.as_view(), name="infusion-day"),
    path("after-care/", dayof.AfterCareView.as_view(), name="after-care"),
    path("card/", dayof.WalletCardView.as_view(), name="card"),
    path("card/pdf/", dayof.WalletCardPdf.as_view(), name="card-pdf"),
    path("check-ins/", dayof.CheckInList.as_view(), name="check-in-list"),
    path("check-ins/<uuid:check_in_id>/answer/", dayof.CheckInAnswer.as_view(), name="check-in-answer"),
    path("plans/", dayof.PlanList.as_view(), name="life-plan-list"),
    path("plans/<uuid:plan_id>/", dayof.PlanDetail.as_view(), name="life-plan-detail"),
    path("plans/<uuid:plan_id>/end/", dayof.PlanEnd.as_view(), name="life-plan-end"),
    path("plans/<uuid:plan_id>/question/", dayof.PlanQuestion.as_view(), name="life-plan-question"),
    path("ledger/", ledger.Ledger.as_view(), name="ledger"),
    path("ledger/results/", ledger.ResultList.as_view(), name="result-list"),
    path(RESULT, ledger.ResultDetail.as_view(), name="result-detail"),
    path(RESULT + "look/", ledger.ResultLookView.as_view(), name="result-look"),
    path(RESULT + "release/", ledger.ResultReleaseView.as_view(), name="result-release"),
    path(RESULT + "correct/", ledger.ResultCorrect.as_view(), name="result-correct"),
    path(RESULT + "withdraw/", ledger.ResultWithdraw.as_view(), name="result-withdraw"),
    path(RESULT + "seen/", ledger.ResultSeenView.as_view(), name="result-seen"),
    path("ledger/decisions/", ledger.DecisionList.as_view(), name="decision-list"),
    path("ledger/owner/", ledger.Keeper.as_view(), name="ledger-owner"),
    path("overdue/", ledger.Overdue.as_view(), name="overdue"),
    path("plan-preview/", previews.PlanPreview.as_view(), name="plan-preview"),
    path("journey/", journey.JourneyView.as_view(), name="journey"),
    path("courses/", courses.CourseList.as_view(), name="course-list"),
    path(COURSE, courses.CourseDetail.as_view(), name="course-detail"),
    path(COURSE + "end/", courses.CourseEnd.as_view(), name="course-end"),
    path(COURSE + "dates/", courses.CourseDates.as_view(), name="course-dates"),
    path(COURSE + "phase/", courses.CoursePhase.as_view(), name="course-phase"),
    path(COURSE + "checks/", courses.CourseChecks.as_view(), name="course-checks"),
    path("doses/", views.DoseList.as_view(), name="dose-list"),
    path("doses/<uuid:dose_id>/", views.DoseDetail.as_view(), name="dose-detail"),
    path("doses/<uuid:dose_id>/given/", views.DoseGiven.as_view(), name="dose-given"),
    path("doses/<uuid:dose_id>/missed/", views.DoseMissed.as_view(), name="dose-missed"),
    path("doses/<uuid:dose_id>/put-off/", outcomes.DosePutOff.as_view(), name="dose-put-off"),
    path("doses/<uuid:dose_id>/go-ahead/", outcomes.DoseGoAhead.as_view(), name="dose-go-ahead"),
    path("doses/<uuid:dose_id>/drug/", outcomes.DoseDrug.as_view(), name="dose-drug"),
    path(CHAIR, chair.DoseChair.as_view(), name="dose-chair"),
    path(CHAIR + "close/", chair.DoseChairClose.as_view(), name="dose-chair-close"),
    path(CHAIR + "day/", chair.DoseChairDay.as_view(), name="dose-chair-day"),
    path(CHAIR + "lines/<uuid:row_id>/correct/", chair.DoseChairCorrect.as_view(), name="dose-chair-correct"),
    path(COURSE + "pause/", outcomes.CoursePause.as_view(), name="course-pause"),
    path(COURSE + "resume/", outcomes.CourseResume.as_view(), name="course-resume"),
    path(COURSE + "counts/", elsewhere.CourseCounts.as_view(), name="course-counts"),
    path("elsewhere/", elsewhere.ElsewhereList.as_view(), name="elsewhere-list"),
    path(
        "elsewhere/<uuid:elsewhere_id>/confirm/",
        elsewhere.ElsewhereConfirm.as_view(),
        name="elsewhere-confirm",
    ),
    path(
        "elsewhere/<uuid:elsewhere_id>/withdraw/",
        elsewhere.ElsewhereWithdraw.as_view(),
        name="elsewhere-withdraw",
    ),
    path(
        "elsewhere/<uuid:elsewhere_id>/booking/",
        elsewhere.ElsewhereBooking.as_view(),
        name="elsewhere-booking",
    ),
    path("measures/", elsewhere.MeasureList.as_view(), name="measure-list"),
    path("imports/", elsewhere.Import.as_view(), name="import"),
    path("items/<uuid:item_id>/", views.Item.as_view(), name="item"),
    path("items/<uuid:item_id>/notes/", readiness.ItemNotes.as_view(), name="item-notes"),
    path("doses/<uuid:dose_id>/readiness/", readiness.DoseReadiness.as_view(), name="dose-readiness"),
    path("doses/<uuid:dose_id>/questions/", readiness.DoseQuestions.as_view(), name="dose-questions"),
    path("doses/<uuid:dose_id>/answers/", readiness.DoseAnswers.as_view(), name="dose-answers"),
    path("answers/<uuid:answer_id>/", readiness.AnswerDetail.as_view(), name="answer-detail"),
    path("answers/<uuid:answer_id>/review/", readiness.AnswerReview.as_view(), name="answer-review"),
    path("answers/<uuid:answer_id>/lift/", readiness.AnswerLift.as_view(), name="answer-lift"),
    path("board/", readiness.WeekBoard.as_view(), name="board"),
    path("allergies/", views.AllergyList.as_view(), name="allergy-list"),
    path("allergies/none-known/", views.NoneKnown.as_view(), name="allergy-none-known"),
    path("allergies/<uuid:line_id>/", views.AllergyDetail.as_view(), name="allergy-detail"),
    path("allergies/<uuid:line_id>/end/", views.AllergyEnd.as_view(), name="allergy-end"),
    path("allergies/<uuid:line_id>/history/", views.AllergyHistory.as_view(), name="allergy-history"),
    path("medicines/", views.MedicineList.as_view(), name="medicine-list"),
    path("medicines/<uuid:line_id>/", views.MedicineDetail.as_view(), name="medicine-detail"),
    path("medicines/<uuid:line_id>/end/", views.MedicineEnd.as_view(), name="medicine-end"),
    path("medicines/<uuid:line_id>/history/", views.MedicineHistory.as_view(), name="medicine-history"),
]
