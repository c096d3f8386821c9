"""Pages of patients: profile, who can see me, who looked, carers, questions."""

from django.urls import URLPattern

app_name = "patients"
urlpatterns: list[URLPattern] = []
