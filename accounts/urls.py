"""Account pages that are ours; sign-in and security pages are allauth's, under /accounts/."""

from __future__ import annotations

from django.urls import path

from accounts import views

app_name = "accounts"

urlpatterns = [
    path("account/", views.home, name="home"),
    path("account/stay-signed-in/", views.session_extend, name="session-extend"),
    path("account/programs/", views.programs, name="programs"),
    path("account/programs/<uuid:token_id>/end/", views.program_end, name="program-end"),
    path("display/", views.display_settings, name="display"),
    path("display/easier/", views.easier_to_read, name="display-easier"),
]
