"""Messages between patients and their team, and the team's one work list."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MessagingConfig(AppConfig):
    name = "messaging"
    verbose_name = _("messages")

    def ready(self) -> None:
        """Fill the registries: Today, the summary, the trail's words, drafts, the demo."""
        from messaging import contributed
        from portal.lib import contributions

        contributions.api_nouns["messaging"] = _("Messages")
        contributions.needs_you.add(10, contributed.answers_to_read)
        contributions.summary_panels.add(20, contributed.summary_panel)
        contributions.staff_today.add(10, contributed.work_card)
        contributions.carer_links.add(20, contributed.carer_links)
        contributions.demo_loaders.add(30, contributed.load_demo)
        contributions.ready_message.add(10, contributed.ready_message)
        contributions.draft_kinds |= {
            "message": _("A message to your team"),
            "reply": _("A message in a conversation"),
            "answer": _("An answer to a patient"),
            "note": _("A note for the team"),
        }
        contributions.trail_acts |= {
            "threads.list": _("looked at the list of messages"),
            "thread.view": _("read messages"),
            "thread.closed": _("said that no answer is needed any more"),
            "message.sent": _("sent a message to the team"),
            "message.answered": _("answered a message"),
            "worklist.view": _("saw the start of a message on the work list"),
            "work.claimed": _("took on a message"),
            "work.released": _("handed a message back to the team"),
            "work.finished": _("closed a message without an answer"),
            "note.added": _("wrote a note for the team"),
            "file.added": _("added a file to a message"),
            "file.removed": _("took a file away before sending"),
            "file.view": _("opened a file of a message"),
            "file.refused": _("did not keep a file: the virus check found a problem"),
        }
