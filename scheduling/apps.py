"""Visit types, free places, visits: find a time, book it, change it, cancel it."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SchedulingConfig(AppConfig):
    """Contributes the next visit to Today, the visits to the summary, and the day to the staff's Today."""

    name = "scheduling"
    verbose_name = _("scheduling")

    def ready(self) -> None:
        """Fill the registries."""
        from portal.lib import contributions
        from scheduling import contributed, demo

        contributions.api_nouns["scheduling"] = _("Appointments")
        contributions.today_cards.add(10, contributed.next_visit_card)
        contributions.summary_panels.add(10, contributed.visits_panel)
        contributions.staff_today.add(20, contributed.todays_visits)
        contributions.carer_links.add(10, contributed.carer_links)
        contributions.demo_loaders.add(20, demo.load)
        contributions.draft_kinds["booking"] = _("Booking an appointment")
        contributions.trail_acts |= {
            "appointments.view": _("looked at the appointments"),
            "appointment.view": _("looked at an appointment"),
            "appointment.booked": _("booked an appointment"),
            "appointment.changed": _("changed the time of an appointment"),
            "appointment.cancelled": _("canceled an appointment"),
            "schedule.view": _("looked at the day's schedule"),
        }
