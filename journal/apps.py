"""The symptom journal: private until shared, in plain words."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class JournalConfig(AppConfig):
    """Contributes quick entry to Today, a panel to the patient summary, the carers' link and the demo journals."""

    name = "journal"
    verbose_name = _("journal")

    def ready(self) -> None:
        """Fill the registries."""
        from journal import contributed, problems
        from portal.lib import contributions

        contributions.api_nouns["journal"] = _("Journal")
        contributions.today_cards.add(30, contributed.today_card)
        contributions.problems.add(16, problems.fever_noted)
        contributions.summary_panels.add(25, contributed.report_panel)
        contributions.visit_papers.add(10, contributed.visit_papers)
        contributions.summary_panels.add(30, contributed.summary_panel)
        contributions.carer_links.add(30, contributed.carer_links)
        contributions.demo_loaders.add(30, contributed.load_journal)
        contributions.draft_kinds["journal-entry"] = _("A journal entry")
        contributions.draft_kinds["journal-change"] = _("A change to a journal entry")
        contributions.draft_kinds["report"] = _("A report for a visit")
        contributions.trail_acts.update(
            {
                "journal.view": _("looked at the journal"),
                "journal.charts-view": _("looked at charts of the journal"),
                "journal.entry-view": _("opened a journal entry"),
                "journal.shared-view": _("read what is shared from the journal"),
                "journal.written": _("wrote a journal entry"),
                "journal.changed": _("changed a journal entry"),
                "journal.taken-back": _("took back a journal entry"),
                "journal.shared": _("shared a journal entry with the team"),
                "journal.unshared": _("stopped sharing a journal entry"),
                "journal.unshared-all": _("stopped sharing the whole journal"),
                "journal.sharing-on": _("chose to share new journal entries with the team"),
                "journal.sharing-off": _("chose to keep new journal entries private"),
                "report.view": _("looked at a report for a visit"),
                "report.written": _("wrote a report for a visit"),
                "report.approved": _("approved a report for a visit"),
                "report.shared": _("shared a report with the team"),
                "report.withdrawn": _("stopped sharing a report"),
                "report.shared-view": _("read a report that was shared"),
                "journal.symptoms": _("chose symptoms for the journal"),
            }
        )
