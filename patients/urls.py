"""Pages of patients: profile, who can see me, who looked, carers, questions; adding a patient and emergency access for staff."""

from __future__ import annotations

from django.urls import path

from patients import relation_views, views

app_name = "patients"

urlpatterns = [
    path("me/", views.profile, name="profile"),
    path("me/access/", views.access, name="access"),
    path("me/trail/", views.trail, name="trail"),
    path("me/carers/", views.carers, name="carers"),
    path("me/carers/add/", views.carer_add, name="carer-add"),
    path("me/carers/<uuid:grant_id>/end/", views.carer_end, name="carer-end"),
    path("me/questions/", views.questions, name="questions"),
    path("me/questions/<uuid:question_id>/", views.question_edit, name="question-edit"),
    path("me/questions/<uuid:question_id>/move/", views.question_move, name="question-move"),
    path("me/questions/<uuid:question_id>/remove/", views.question_remove, name="question-remove"),
    path("drafts/<uuid:draft_id>/drop/", views.draft_drop, name="draft-drop"),
    path("patients/<uuid:patient_id>/team/<uuid:team_id>/end/", relation_views.end, name="team-end"),
    path("patients/add/", views.enroll, name="enroll"),
    path("patients/emergency/", views.break_glass, name="break-glass"),
    path("patients/emergency/open/", views.break_glass_open, name="break-glass-open"),
]
