"""The only place that knows every app's API."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("education/", include("education.api.urls")),
    path("scheduling/", include("scheduling.api.urls")),
    path("journal/", include("journal.api.urls")),
    path("messaging/", include("messaging.api.urls")),
    path("treatment/", include("treatment.api.urls")),
    path("patients/", include("patients.api.urls")),
    path("accounts/", include("accounts.api.urls")),
]
