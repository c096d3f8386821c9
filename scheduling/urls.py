"""Pages of visits: the patient's own, the same for a carer or the team under the patient's id, and the team's day."""

from __future__ import annotations

from django.urls import URLPattern, path

from scheduling import views

app_name = "scheduling"

PAGES = (
    ("", views.visit_list, "list"),
    ("book/", views.book_what, "book"),
    ("book/suits/", views.book_suits, "book-suits"),
    ("book/when/", views.book_when, "book-when"),
    ("book/check/", views.book_check, "book-check"),
    ("<uuid:appointment_id>/", views.detail, "detail"),
    ("<uuid:appointment_id>/booked/", views.booked, "booked"),
    ("<uuid:appointment_id>/change/", views.change, "change"),
    ("<uuid:appointment_id>/changed/", views.changed, "changed"),
    ("<uuid:appointment_id>/cancel/", views.cancel, "cancel"),
    ("<uuid:appointment_id>/cancelled/", views.cancelled, "cancelled"),
    ("<uuid:appointment_id>/calendar.ics", views.calendar_file, "ics"),
)

urlpatterns: list[URLPattern] = [
    *(path(f"appointments/{route}", view, name=name) for route, view, name in PAGES),
    *(
        path(f"patients/<uuid:patient_id>/appointments/{route}", view, name=f"patient-{name}")
        for route, view, name in PAGES
    ),
    path("schedule/", views.day, name="day"),
]
