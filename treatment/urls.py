"""Addresses of treatment. Those with a patient's id are the team's."""

from __future__ import annotations

from typing import Any

from django.urls import URLPattern, path

from treatment.chair import views as chair
from treatment.dayof import plan_views
from treatment.dayof import views as dayof
from treatment.editing import views as editing
from treatment.elsewhere import views as elsewhere
from treatment.journey import views as journey
from treatment.labelchange import views as labelchange
from treatment.ledger import board_views as overdue_views
from treatment.ledger import views as ledger
from treatment.outcomes import views as outcomes
from treatment.readiness import board_views
from treatment.readiness import views as readiness
from treatment.selfcheck import views as selfcheck
from treatment.views import catalog, lists, mine, team

app_name = "treatment"
_OF = "patients/<uuid:patient_id>/treatment/"


def _both(route: str, view: Any, name: str, **more: Any) -> list[URLPattern]:
    """The patient's own address, and the team's with the patient's id."""
    return [
        path(f"treatment/{route}", view, more, name=name),
        path(f"patients/<uuid:patient_id>/treatment/{route}", view, more, name=f"patient-{name}"),
    ]


def _of_patient(route: str, view: Any, name: str) -> URLPattern:
    """The team's address about a patient."""
    found: URLPattern = path(f"patients/<uuid:patient_id>/treatment/{route}", view, name=f"patient-{name}")
    return found


urlpatterns: list[URLPattern] = [
    path("therapies/", catalog.therapies, name="therapies"),
    path("therapies/<slug:code>/", catalog.therapy, name="therapy"),
    path("therapies/<slug:code>/<int:version>/", catalog.therapy, name="version"),
    path("therapies/<slug:code>/<int:version>/sign/", catalog.sign, name="sign"),
    path("therapies/<slug:code>/edit/", editing.edit, name="edit"),
    path("therapies/<slug:code>/edit/make/", editing.make, name="edit-make"),
    path("therapies/<slug:code>/edit/discard/", editing.discard, name="edit-discard"),
    path("therapies/<slug:code>/edit/<slug:kind>/add/", editing.fact, name="edit-add"),
    path("therapies/<slug:code>/edit/<slug:kind>/<int:index>/", editing.fact, name="edit-fact"),
    path("therapies/<slug:code>/label-change/", labelchange.new, name="label-change-new"),
    path("therapies/label-changes/<uuid:change_id>/", labelchange.change, name="label-change"),
    path("therapies/label-changes/<uuid:change_id>/move/", labelchange.move, name="label-change-move"),
    path("therapies/label-changes/<uuid:change_id>/tell/", labelchange.tell, name="label-change-tell"),
    path("treatment/", journey.home, name="home"),
    _of_patient("journey/", journey.home, "journey"),
    *_both("plan/", journey.plan, "plan"),
    *_both("history/", journey.past, "history"),
    *_both("items/<uuid:item_id>/", mine.settle, "item"),
    path("treatment/self-check/", selfcheck.check, name="self-check"),
    *_both("self-check/<uuid:check_id>/", selfcheck.done, "self-check-done"),
    path("treatment/self-check/<uuid:check_id>/write/", selfcheck.write, name="self-check-write"),
    path(
        "patients/<uuid:patient_id>/treatment/self-check/<uuid:check_id>/review/",
        selfcheck.review,
        name="patient-self-check-review",
    ),
    *_both("infusion-day/", dayof.infusion_day, "infusion-day"),
    *_both("after-care/", dayof.after_care, "after-care"),
    *_both("card/", dayof.wallet_card, "card"),
    *_both("card/pdf/", dayof.wallet_card_pdf, "card-pdf"),
    path("treatment/check-ins/<uuid:check_in_id>/", dayof.check_in, name="check-in"),
    path("treatment/plans/", plan_views.home, name="life-plans"),
    path("treatment/plans/add/", plan_views.new, name="life-plan-new"),
    path("treatment/plans/<uuid:plan_id>/", plan_views.one, name="life-plan"),
    path("treatment/plans/<uuid:plan_id>/change/", plan_views.change, name="life-plan-change"),
    path("treatment/plans/<uuid:plan_id>/end/", plan_views.end, name="life-plan-end"),
    path("treatment/plans/<uuid:plan_id>/question/", plan_views.question, name="life-plan-question"),
    path("treatment/plans/<uuid:plan_id>/write/", plan_views.write, name="life-plan-write"),
    path("treatment/board/", board_views.week, name="board"),
    *_both("ready/<uuid:dose_id>/", readiness.dose_list, "ready"),
    *_both("ready/<uuid:dose_id>/questions/", readiness.questions, "questions"),
    *_both("answers/<uuid:answer_id>/", readiness.answer, "answer"),
    *_both("items/<uuid:item_id>/note/", readiness.item_note, "item-note"),
    path("treatment/answers/<uuid:answer_id>/write/", readiness.write, name="answer-write"),
    path(
        "patients/<uuid:patient_id>/treatment/answers/<uuid:answer_id>/review/",
        readiness.review,
        name="patient-answer-review",
    ),
    path(
        "patients/<uuid:patient_id>/treatment/answers/<uuid:answer_id>/lift/",
        readiness.lift,
        name="patient-answer-lift",
    ),
    path("overdue/", overdue_views.overdue, name="overdue"),
    *_both("ledger/", ledger.home, "ledger"),
    *_both("ledger/tests/<str:test>/", ledger.one_test, "ledger-test"),
    path(_OF + "ledger/tests/<str:test>/enter/", ledger.enter, name="patient-result-new"),
    path(_OF + "ledger/results/<uuid:result_id>/", ledger.result, name="patient-result"),
    path(_OF + "ledger/results/<uuid:result_id>/look/", ledger.look, name="patient-result-look"),
    path(_OF + "ledger/results/<uuid:result_id>/release/", ledger.release, name="patient-result-release"),
    path(_OF + "ledger/results/<uuid:result_id>/correct/", ledger.correct, name="patient-result-correct"),
    path(_OF + "ledger/results/<uuid:result_id>/withdraw/", ledger.withdraw, name="patient-result-withdraw"),
    path(_OF + "ledger/decide/<str:fact>/", ledger.decide, name="patient-ledger-decide"),
    path(_OF + "ledger/owner/", ledger.owner, name="patient-ledger-owner"),
    *_both("lists/", lists.both, "lists"),
    *_both("allergies/add/", lists.add, "allergy-add", kind="allergy"),
    *_both("allergies/none/", lists.none_known, "allergy-none"),
    *_both("allergies/<uuid:allergy_id>/", lists.change, "allergy", kind="allergy"),
    *_both("allergies/<uuid:allergy_id>/end/", lists.end, "allergy-end", kind="allergy"),
    *_both("medicines/add/", lists.add, "medicine-add", kind="medicine"),
    *_both("medicines/<uuid:medicine_id>/", lists.change, "medicine", kind="medicine"),
    *_both("medicines/<uuid:medicine_id>/end/", lists.end, "medicine-end", kind="medicine"),
    path("patients/<uuid:patient_id>/treatment/", team.patient_home, name="patient-home"),
    path("patients/<uuid:patient_id>/treatment/order/", team.order, name="patient-order"),
    path("patients/<uuid:patient_id>/treatment/<uuid:course_id>/", team.course, name="patient-course"),
    path("patients/<uuid:patient_id>/treatment/<uuid:course_id>/dates/", team.dates, name="patient-dates"),
    path("patients/<uuid:patient_id>/treatment/<uuid:course_id>/phase/", team.phase, name="patient-phase"),
    path("patients/<uuid:patient_id>/treatment/<uuid:course_id>/end/", team.end, name="patient-end"),
    path("patients/<uuid:patient_id>/treatment/<uuid:course_id>/check/", team.check, name="patient-check"),
    path(
        "patients/<uuid:patient_id>/treatment/doses/<uuid:dose_id>/given/", team.given, name="patient-given"
    ),
    path(
        "patients/<uuid:patient_id>/treatment/doses/<uuid:dose_id>/missed/",
        team.missed,
        name="patient-missed",
    ),
    path(
        "patients/<uuid:patient_id>/treatment/doses/<uuid:dose_id>/date/",
        team.dose_date,
        name="patient-dose-date",
    ),
    _of_patient("doses/<uuid:dose_id>/put-off/", outcomes.postpone, "postpone"),
    _of_patient("doses/<uuid:dose_id>/go-ahead/", outcomes.go_ahead, "go-ahead"),
    _of_patient("doses/<uuid:dose_id>/review/", outcomes.review, "review"),
    _of_patient("doses/<uuid:dose_id>/drug/", outcomes.drug, "drug"),
    _of_patient("<uuid:course_id>/pause/", outcomes.pause, "pause"),
    _of_patient("<uuid:course_id>/go-on/", outcomes.resume, "resume"),
    _of_patient("elsewhere/", elsewhere.home, "elsewhere"),
    _of_patient("elsewhere/add/", elsewhere.add, "elsewhere-add"),
    _of_patient("elsewhere/<uuid:elsewhere_id>/confirm/", elsewhere.confirm, "elsewhere-confirm"),
    _of_patient("elsewhere/<uuid:elsewhere_id>/take-off/", elsewhere.withdraw, "elsewhere-withdraw"),
    _of_patient("elsewhere/<uuid:elsewhere_id>/booking/", elsewhere.booking, "elsewhere-booking"),
    _of_patient("measure/", elsewhere.measure, "measure"),
    path("treatment/chair/<uuid:dose_id>/", chair.mine, name="chair-day"),
    _of_patient("doses/<uuid:dose_id>/chair/", chair.record, "chair"),
    _of_patient("doses/<uuid:dose_id>/chair/press/", chair.press, "chair-press"),
    _of_patient("doses/<uuid:dose_id>/chair/news/", chair.news, "chair-news"),
    _of_patient("doses/<uuid:dose_id>/chair/close/", chair.close, "chair-close"),
    _of_patient("doses/<uuid:dose_id>/chair/lines/<uuid:row_id>/", chair.correct, "chair-correct"),
    path("therapies/import/people/", elsewhere.bring_in, name="import"),
]
