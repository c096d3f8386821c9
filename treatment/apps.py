"""Therapies as data, orders, courses and their doses, what is open before a dose, allergies and medicines."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TreatmentConfig(AppConfig):
    """Contributes the next dose to Today, a panel to the patient summary and the demo courses."""

    name = "treatment"
    verbose_name = _("treatment")

    def ready(self) -> None:
        """Fill the registries."""
        from portal.lib import contributions
        from treatment import contributed, demo, problems
        from treatment.labelchange import demo as labelchange_demo
        from treatment.labelchange.problems import on_withdrawn

        contributions.today_cards.add(5, contributed.today_card)
        contributions.patient_groups.add(20, contributed.patient_groups)
        contributions.summary_panels.add(5, contributed.summary_panel)
        contributions.problems.add(15, problems.new_signs)
        contributions.problems.add(20, problems.near_doses)
        contributions.problems.add(25, on_withdrawn)
        contributions.staff_today.add(30, contributed.therapies_card)
        contributions.profile_links.add(10, contributed.profile_links)
        contributions.api_nouns["treatment"] = _("Treatment, allergies and medicines")
        contributions.demo_loaders.add(15, demo.load)
        contributions.demo_loaders.add(16, labelchange_demo.load)
        contributions.draft_kinds.update(
            {
                "treatment-order": _("An order for a treatment"),
                "treatment-given": _("A dose that was given"),
                "treatment-missed": _("A dose that was missed"),
                "treatment-date": _("Another day for a dose"),
                "treatment-dates": _("New dates for doses"),
                "treatment-phase": _("The first day of the next phase"),
                "treatment-end": _("The end of a treatment"),
                "allergy": _("An allergy"),
                "medicine": _("A medicine"),
                "self-check": _("A self-check"),
            }
        )
        contributions.trail_acts.update(
            {
                "treatment.view": _("looked at the treatment"),
                "treatment.ordered": _("signed an order for a treatment"),
                "treatment.given": _("noted a dose as given"),
                "treatment.given-early": _(
                    "noted a dose as given before its shortest interval, with a reason"
                ),
                "treatment.missed": _("noted a dose as missed"),
                "treatment.moved": _("confirmed new dates for doses"),
                "treatment.ended": _("ended a treatment"),
                "treatment.item-done": _("ticked something that is to do before a dose"),
                "treatment.item-open": _("opened something again that is to do before a dose"),
                "treatment.check-done": _("noted a regular check as done"),
                "allergy.written": _("wrote an allergy"),
                "allergy.changed": _("changed an allergy"),
                "allergy.ended": _("ended an allergy"),
                "allergy.none-known": _("said that no allergies are known"),
                "medicine.written": _("wrote a medicine"),
                "medicine.changed": _("changed a medicine"),
                "medicine.ended": _("ended a medicine"),
                "selfcheck.answered": _("answered a self-check"),
                "selfcheck.reviewed": _("looked at a self-check"),
                "treatment.version-moved": _("moved a treatment to another version of its protocol"),
                "labelchange.view": _("saw the name on a list of treatments that a label change touches"),
                "lists.view": _("looked at the allergies and medicines"),
            }
        )
