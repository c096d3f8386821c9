"""Addresses below /api/v1/accounts/."""

from __future__ import annotations

from django.urls import path

from accounts.api import views

app_name = "accounts-api"

urlpatterns = [
    path("display/", views.Display.as_view(), name="display"),
    path("programs/", views.ProgramList.as_view(), name="program-list"),
    path("programs/<uuid:token_id>/end/", views.ProgramEnd.as_view(), name="program-end"),
]
