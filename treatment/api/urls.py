"""Addresses below /api/v1/treatment/."""

from __future__ import annotations

from django.urls import path

from treatment.api import views

app_name = "treatment-api"

urlpatterns = [
    path("therapies/", views.TherapyList.as_view(), name="therapy-list"),
    path("therapies/<slug:code>/", views.TherapyDetail.as_view(), name="therapy-detail"),
    path("courses/", views.CourseList.as_view(), name="course-list"),
    path("courses/<uuid:course_id>/", views.CourseDetail.as_view(), name="course-detail"),
    path("doses/", views.DoseList.as_view(), name="dose-list"),
    path("doses/<uuid:dose_id>/", views.DoseDetail.as_view(), name="dose-detail"),
    path("doses/<uuid:dose_id>/given/", views.DoseGiven.as_view(), name="dose-given"),
    path("doses/<uuid:dose_id>/missed/", views.DoseMissed.as_view(), name="dose-missed"),
    path("items/<uuid:item_id>/", views.Item.as_view(), name="item"),
    path("allergies/", views.AllergyList.as_view(), name="allergy-list"),
    path("allergies/none-known/", views.NoneKnown.as_view(), name="allergy-none-known"),
    path("allergies/<uuid:line_id>/", views.AllergyDetail.as_view(), name="allergy-detail"),
    path("allergies/<uuid:line_id>/end/", views.AllergyEnd.as_view(), name="allergy-end"),
    path("medicines/", views.MedicineList.as_view(), name="medicine-list"),
    path("medicines/<uuid:line_id>/", views.MedicineDetail.as_view(), name="medicine-detail"),
    path("medicines/<uuid:line_id>/end/", views.MedicineEnd.as_view(), name="medicine-end"),
]
