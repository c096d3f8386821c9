"""The only place that knows every app's API."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from patients.api.drafts import DraftView

patients_api: list[URLPattern | URLResolver] = [
    path("drafts/<uuid:id>/", DraftView.as_view(), name="draft-save"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("patients/", include((patients_api, "patients-api"))),
]
