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
        from treatment.chair import demo as chair_demo
        from treatment.dayof import contributed as dayof
        from treatment.dayof import demo as dayof_demo
        from treatment.elsewhere import bookings
        from treatment.labelchange import demo as labelchange_demo
        from treatment.labelchange.problems import on_withdrawn
        from treatment.ledger import contributed as ledger
        from treatment.ledger import demo as ledger_demo
        from treatment.ledger import keepers
        from treatment.outcomes.problems import to_look_at
        from treatment.readiness import board_views
        from treatment.readiness import demo as readiness_demo
        from treatment.readiness.problems import answers_to_look_at

        contributions.notice_kinds |= {"list-reminder", "call-reminder", "check-in"}
        contributions.today_cards.add(5, contributed.today_card)
        contributions.patient_groups.add(20, contributed.patient_groups)
        contributions.summary_panels.add(5, contributed.summary_panel)
        contributions.problems.add(14, answers_to_look_at)
        contributions.problems.add(15, problems.new_signs)
        contributions.problems.add(20, problems.near_doses)
        contributions.problems.add(21, problems.cannot_go_on)
        contributions.problems.add(22, to_look_at)
        contributions.problems.add(23, problems.phases_to_plan)
        contributions.problems.add(24, bookings.problems)
        contributions.staff_today.add(28, board_views.staff_card)
        contributions.problems.add(25, ledger.problems)
        contributions.needs_you.add(5, dayof.needs_you)
        contributions.carer_links.add(12, dayof.carer_links)
        contributions.needs_you.add(20, ledger.new_results)
        contributions.staff_today.add(25, ledger.overdue_card)
        contributions.relation_duties.add(10, keepers.kept_by)
        contributions.problems.add(25, on_withdrawn)
        contributions.staff_today.add(30, contributed.therapies_card)
        contributions.profile_links.add(10, contributed.profile_links)
        contributions.api_nouns["treatment"] = _("Treatment, allergies and medicines")
        contributions.demo_loaders.add(15, demo.load)
        contributions.demo_loaders.add(16, readiness_demo.load)
        contributions.demo_loaders.add(16, dayof_demo.load)
        contributions.demo_loaders.add(16, ledger_demo.load)
        contributions.demo_loaders.add(16, labelchange_demo.load)
        contributions.demo_loaders.add(30, chair_demo.load)
        contributions.draft_kinds.update(
            {
                "treatment-order": _("An order for a treatment"),
                "treatment-given": _("A dose that was given"),
                "treatment-missed": _("A dose that was missed"),
                "treatment-date": _("Another day for a dose"),
                "treatment-dates": _("New dates for doses"),
                "treatment-phase": _("The first day of the next phase"),
                "treatment-end": _("The end of a treatment"),
                "treatment-postpone": _("Why a dose waits"),
                "treatment-pause": _("A pause of a treatment"),
                "treatment-resume": _("Going on with a treatment"),
                "treatment-review": _("A look at a reaction"),
                "late-reaction": _("A reaction that showed later"),
                "treatment-elsewhere": _("What was given elsewhere"),
                "treatment-elsewhere-confirm": _("Numbers to confirm"),
                "chair-row": _("A line of a chair record"),
                "chair-correct": _("A correction in a chair record"),
                "chair-close": _("The end of a chair record"),
                "allergy": _("An allergy"),
                "medicine": _("A medicine"),
                "self-check": _("A self-check"),
                "check-in": _("A check-in after a dose"),
                "life-plan": _("A plan of yours"),
                "dose-answers": _("Questions before a dose"),
                "dose-note": _("A note on the list before a dose"),
                "dose-agreed": _("What was agreed before a dose"),
                "dose-lift": _("Why a stop before a dose is lifted"),
                "result": _("A result of a test"),
                "result-release": _("A note for a result"),
                "result-withdraw": _("Taking back a result"),
                "duty-decision": _("A word about a regular check"),
                "duty-keeper": _("Handing over the regular checks"),
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
                "treatment.given-although": _(
                    "noted a dose as given although something stood against it, with the reason"
                ),
                "treatment.reaction-reviewed": _("looked at a reaction and let the next dose go ahead"),
                "treatment.late-reaction": _("noted a reaction that showed after a dose"),
                "treatment.partly-given": _("noted a dose as partly given"),
                "treatment.stopped": _("noted a dose as stopped for a reaction"),
                "treatment.put-off": _("put a dose off"),
                "treatment.goes-ahead": _("let a dose go ahead that was put off"),
                "treatment.paused": _("paused a treatment"),
                "treatment.resumed": _("went on with a treatment after a pause"),
                "treatment.switched": _("ended a treatment for another one"),
                "drug.ordered": _("noted that the drug of a dose was ordered"),
                "drug.released": _("noted that the pharmacy released the drug of a dose"),
                "drug.mixed": _("noted that the drug of a dose was mixed"),
                "drug.returned": _("noted that the drug of a dose was taken back"),
                "elsewhere.written": _("wrote down what was given elsewhere"),
                "elsewhere.confirmed": _("confirmed what was given elsewhere"),
                "elsewhere.withdrawn": _("took off a note about what was given elsewhere"),
                "elsewhere.booking-entered": _("noted that a dose booked elsewhere is booked here now"),
                "elsewhere.booking-aside": _("set a booking elsewhere aside"),
                "body.measured": _("noted weight and height"),
                "treatment.item-done": _("ticked something that is to do before a dose"),
                "treatment.item-open": _("opened something again that is to do before a dose"),
                "treatment.item-noted": _("noted how something before a dose stands"),
                "treatment.questions-answered": _("answered the questions before a dose"),
                "treatment.questions-reviewed": _("looked at the answers before a dose"),
                "treatment.stop-lifted": _("lifted the stop of an answer before a dose, with a reason"),
                "treatment.reminded": _("reminded of the list before a dose"),
                "treatment.reminder-canceled": _("canceled a reminder"),
                "chair.noted": _("noted what happened during an infusion"),
                "chair.corrected": _("corrected what was noted during an infusion"),
                "chair.closed": _("closed the record of an infusion"),
                "readiness.view": _("looked at the readiness board"),
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
                "ledger.view": _("looked at the regular checks and results"),
                "overdue.view": _("saw your name on the list of overdue checks"),
                "result.entered": _("entered a result of a test"),
                "result.corrected": _("corrected a result of a test"),
                "result.withdrawn": _("took back a result that was not yours"),
                "result.checked": _("compared a result with its report"),
                "result.released": _("released a result to you"),
                "result.seen": _("saw a new result"),
                "duty.decided": _("decided about a regular check"),
                "duty.handed-over": _("handed over your regular checks"),
                "treatment.version-moved": _("moved a treatment to another version of its protocol"),
                "labelchange.view": _("saw the name on a list of treatments that a label change touches"),
                "checkin.asked": _("asked how you are after a dose"),
                "checkin.answered": _("answered a check-in after a dose"),
                "card.view": _("looked at the wallet card"),
                "plan.view": _("looked at your plans"),
                "plan.written": _("wrote down a plan"),
                "plan.changed": _("changed a plan"),
                "plan.ended": _("took a plan off the list"),
                "plan.asked": _("made a plan a question"),
                "lists.view": _("looked at the allergies and medicines"),
            }
        )
