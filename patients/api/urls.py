"""Addresses below /api/v1/patients/."""

from __future__ import annotations

from django.urls import path

from patients.api import views
from patients.api.drafts import DraftView
from patients.api.emergency import Emergency
from patients.api.first import First, ProblemSeen
from patients.api.relations import TeamEnd

app_name = "patients-api"

QUESTION = "me/questions/<uuid:question_id>/"

urlpatterns = [
    path("", views.PatientList.as_view(), name="patient-list"),
    path("<uuid:patient_id>/", views.PatientDetail.as_view(), name="patient-detail"),
    path("first/", First.as_view(), name="first"),
    path("<uuid:patient_id>/seen/", ProblemSeen.as_view(), name="problem-seen"),
    path("<uuid:patient_id>/teams/<uuid:team_id>/end/", TeamEnd.as_view(), name="team-end"),
    path("teams/", views.TeamList.as_view(), name="team-list"),
    path("emergency/", Emergency.as_view(), name="emergency"),
    path("drafts/", views.DraftList.as_view(), name="draft-list"),
    path("drafts/<uuid:id>/", DraftView.as_view(), name="draft-save"),
    path("me/", views.Profile.as_view(), name="profile"),
    path("me/access/", views.Access.as_view(), name="access"),
    path("me/trail/", views.Trail.as_view(), name="trail"),
    path("me/carers/", views.CarerList.as_view(), name="carer-list"),
    path("me/carers/<uuid:grant_id>/end/", views.CarerEnd.as_view(), name="carer-end"),
    path("me/questions/", views.QuestionList.as_view(), name="question-list"),
    path(QUESTION, views.QuestionDetail.as_view(), name="question-detail"),
    path(QUESTION + "move/", views.QuestionMove.as_view(), name="question-move"),
]
