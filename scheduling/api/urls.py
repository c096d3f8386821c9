"""Addresses below /api/v1/scheduling/."""

from __future__ import annotations

from django.urls import path

from scheduling.api import infusion_views, views

app_name = "scheduling-api"

VISIT = "appointments/<uuid:appointment_id>/"
REQUEST = "requests/<uuid:appointment_id>/"

urlpatterns = [
    path("services/", views.ServiceList.as_view(), name="service-list"),
    path("starts/", views.StartList.as_view(), name="start-list"),
    path("appointments/", views.AppointmentList.as_view(), name="appointment-list"),
    path(VISIT, views.AppointmentDetail.as_view(), name="appointment-detail"),
    path(VISIT + "change/", views.AppointmentChange.as_view(), name="appointment-change"),
    path(VISIT + "cancel/", views.AppointmentCancel.as_view(), name="appointment-cancel"),
    path("infusion/", infusion_views.Infusion.as_view(), name="infusion"),
    path("infusion/starts/", infusion_views.InfusionStartList.as_view(), name="infusion-start-list"),
    path("infusion/requests/", infusion_views.InfusionRequest.as_view(), name="infusion-request"),
    path("requests/", infusion_views.RequestList.as_view(), name="request-list"),
    path(REQUEST + "confirm/", infusion_views.RequestConfirm.as_view(), name="request-confirm"),
    path(REQUEST + "decline/", infusion_views.RequestDecline.as_view(), name="request-decline"),
    path(REQUEST + "withdraw/", infusion_views.RequestWithdraw.as_view(), name="request-withdraw"),
    path("day/", views.Day.as_view(), name="day"),
    path("chairs/", infusion_views.Chairs.as_view(), name="chairs"),
    path("chairs/<uuid:appointment_id>/late/", infusion_views.RunningLate.as_view(), name="running-late"),
]
