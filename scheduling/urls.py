"""Pages of visits: the patient's own, the same for a carer or the team under the patient's id, and the team's day."""

from __future__ import annotations

from django.urls import URLPattern, path

from scheduling import answer_views, infusion_views, views

app_name = "scheduling"

PAGES = (
    ("", views.visit_list, "list"),
    ("book/", views.book_what, "book"),
    ("book/suits/", views.book_suits, "book-suits"),
    ("book/when/", views.book_when, "book-when"),
    ("book/check/", views.book_check, "book-check"),
    ("infusion/", infusion_views.infusion, "infusion"),
    ("infusion/when/", infusion_views.infusion_when, "infusion-when"),
    ("infusion/check/", infusion_views.infusion_check, "infusion-check"),
    ("<uuid:appointment_id>/asked/", infusion_views.asked_for, "infusion-asked"),
    ("<uuid:appointment_id>/withdraw/", infusion_views.withdraw, "infusion-withdraw"),
    ("<uuid:appointment_id>/", views.detail, "detail"),
    ("<uuid:appointment_id>/booked/", views.booked, "booked"),
    ("<uuid:appointment_id>/change/", views.change, "change"),
    ("<uuid:appointment_id>/changed/", views.changed, "changed"),
    ("<uuid:appointment_id>/cancel/", views.cancel, "cancel"),
    ("<uuid:appointment_id>/cancelled/", views.cancelled, "cancelled"),
    ("<uuid:appointment_id>/calendar.ics", views.calendar_file, "ics"),
)

# The team's answer to a request; always under the patient's id.
ANSWERS = (
    ("<uuid:appointment_id>/confirm/", answer_views.confirm, "infusion-confirm"),
    ("<uuid:appointment_id>/answer/", answer_views.answer, "infusion-answer"),
    ("<uuid:appointment_id>/decline/", answer_views.decline, "infusion-decline"),
)

urlpatterns: list[URLPattern] = [
    *(path(f"appointments/{route}", view, name=name) for route, view, name in PAGES),
    *(
        path(f"patients/<uuid:patient_id>/appointments/{route}", view, name=f"patient-{name}")
        for route, view, name in PAGES
    ),
    *(
        path(f"patients/<uuid:patient_id>/appointments/{route}", view, name=f"patient-{name}")
        for route, view, name in ANSWERS
    ),
    path("schedule/", views.day, name="day"),
    path("schedule/chairs/", answer_views.chairs, name="chairs"),
    path("schedule/chairs/<uuid:appointment_id>/late/", answer_views.running_late, name="running-late"),
    path("schedule/requests/", answer_views.requests, name="requests"),
]
