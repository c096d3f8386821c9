"""Addresses below /api/v1/scheduling/."""

from __future__ import annotations

from django.urls import path

from scheduling.api import views

app_name = "scheduling-api"

VISIT = "appointments/<uuid:appointment_id>/"

urlpatterns = [
    path("services/", views.ServiceList.as_view(), name="service-list"),
    path("starts/", views.StartList.as_view(), name="start-list"),
    path("appointments/", views.AppointmentList.as_view(), name="appointment-list"),
    path(VISIT, views.AppointmentDetail.as_view(), name="appointment-detail"),
    path(VISIT + "change/", views.AppointmentChange.as_view(), name="appointment-change"),
    path(VISIT + "cancel/", views.AppointmentCancel.as_view(), name="appointment-cancel"),
    path("day/", views.Day.as_view(), name="day"),
]
