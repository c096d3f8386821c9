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
        from scheduling import contributed, demo, problems

        contributions.api_nouns["scheduling"] = _("Appointments")
        contributions.notice_kinds.add("appointment.")
        contributions.today_cards.add(10, contributed.next_visit_card)
        contributions.summary_panels.add(10, contributed.visits_panel)
        contributions.patient_groups.add(10, contributed.patient_groups)
        contributions.visit_choices.add(10, contributed.visit_choices)
        contributions.problems.add(30, problems.waiting_requests)
        contributions.problems.add(31, problems.booked_but_waiting)
        contributions.staff_today.add(20, contributed.todays_visits)
        contributions.staff_today.add(15, contributed.waiting_requests)
        contributions.before_dose.add(10, contributed.before_dose)
        contributions.dose_times.add(10, contributed.dose_times)
        contributions.booked_days.add(10, contributed.booked_days)
        contributions.booked_doses.add(10, contributed.booked_doses)
        contributions.carer_links.add(10, contributed.carer_links)
        contributions.demo_loaders.add(20, demo.load)
        contributions.draft_kinds["booking"] = _("Booking an appointment")
        contributions.draft_kinds["infusion"] = _("Asking for an infusion time")
        contributions.trail_acts |= {
            "appointments.view": _("looked at the appointments"),
            "appointment.view": _("looked at an appointment"),
            "appointment.booked": _("booked an appointment"),
            "appointment.changed": _("changed the time of an appointment"),
            "appointment.cancelled": _("canceled an appointment"),
            "infusion.asked": _("asked for an infusion time"),
            "infusion.booked": _("booked an infusion"),
            "infusion.changed": _("changed the time of an infusion"),
            "infusion.confirmed": _("confirmed an infusion time"),
            "infusion.declined": _("answered that an infusion time is not possible"),
            "infusion.withdrawn": _("took back a request for an infusion time"),
            "appointment.late": _("told you that an appointment begins later"),
            "requests.view": _("looked at the requests for infusion times"),
            "schedule.view": _("looked at the day's schedule"),
        }
