"""Messages between patients and their team, and the team's one work list."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MessagingConfig(AppConfig):
    name = "messaging"
    verbose_name = _("messages")

    def ready(self) -> None:
        """Fill the registries: Today, the summary, the trail's words, drafts, the demo."""
        from messaging import checks, contributed  # noqa: F401 - checks register themselves
        from messaging.composing import making
        from messaging.files import services as files
        from messaging.telling import notices
        from messaging.work import kept, nobody, problems, stuck
        from messaging.writing import begun, delivered, triage
        from portal.lib import contributions

        contributions.api_nouns["messaging"] = _("Messages")
        contributions.needs_you.add(10, contributed.answers_to_read)
        contributions.summary_panels.add(20, contributed.summary_panel)
        contributions.staff_today.add(10, contributed.work_card)
        contributions.problems.add(10, problems.urgent_and_late)
        contributions.problems.add(21, problems.open_before_doses)
        contributions.problems.add(40, problems.to_be_called)
        contributions.carer_links.add(20, contributed.carer_links)
        contributions.demo_loaders.add(30, contributed.load_demo)
        contributions.before_dose.add(20, making.before_dose)
        contributions.booked_from.add(10, making.note_appointment)
        contributions.ready_message.add(10, contributed.ready_message)
        contributions.begin_message.add(10, begun.begin_message)
        contributions.tell_patient.add(10, notices.tell_patient)
        contributions.mail_given_up.add(10, notices.mail_given_up)
        contributions.for_administrators.add(10, triage.said_to_administrators)
        contributions.for_administrators.add(5, nobody.said_to_administrators)
        contributions.for_administrators.add(20, stuck.said_to_administrators)
        contributions.relation_duties.add(20, kept.owed_by)
        contributions.texts_naming.add(20, contributed.templates_naming)
        contributions.tell_patients.add(10, contributed.tell_patients)
        contributions.draft_kinds |= {
            "message": _("A message to your team"),
            "reply": _("A message in a conversation"),
            "answer": _("An answer to a patient"),
            "note": _("A note for the team"),
            "correction": _("The correction of an answer"),
            "call": _("A call or a letter"),
            "first-words": _("A message to a patient"),
            "handover": _("Handing work over"),
        }
        contributions.draft_files.add(10, files.waiting_with)
        contributions.delivered.add(10, delivered.was_delivered)
        contributions.trail_acts |= {
            "threads.list": _("looked at the list of messages"),
            "thread.view": _("read messages"),
            "messages.search": _("searched the messages"),
            "notice.bounced": _("mail to an address came back"),
            "answer.helped": _("said whether an answer helped"),
            "thread.copied": _("saved a copy of messages as a file"),
            "thread.closed": _("said that no answer is needed any more"),
            "message.sent": _("sent a message to the team"),
            "message.taken-back": _("took back a message"),
            "thread.moved": _("sent a conversation to the new team"),
            "message.answered": _("answered a message"),
            "message.corrected": _("took back an answer and corrected it"),
            "message.written-down": _("wrote down a call or a letter"),
            "message.begun": _("wrote a message to you"),
            "made.appointment": _("booked an appointment out of a conversation"),
            "made.question": _("suggested a question for your list"),
            "made.question-taken": _("put a suggested question on the list"),
            "made.question-declined": _("did not want a suggested question"),
            "made.open_item": _("added something to do before the infusion"),
            "made.item-done": _("ticked something to do before the infusion"),
            "made.item-open": _("opened something to do before the infusion again"),
            "made.article": _("sent an article"),
            "mailing.choice": _("saw the name on a list to write to several patients"),
            "mailing.planned": _("wrote the same message to several patients, one of them you"),
            "mailing.view": _("saw the name on a list of messages that were sent"),
            "worklist.view": _("saw the start of a message on the work list"),
            "work.claimed": _("took on a message"),
            "work.released": _("handed a message back to the team"),
            "work.finished": _("closed a message without an answer"),
            "note.added": _("wrote a note for the team"),
            "thread.handed_over": _("handed a message to another team that looks after the person"),
            "work.handed_over": _("handed a message to a colleague or another part of the team"),
            "work.returned": _("gave a message back to the team, because nothing had been done"),
            "work.covered": _("passed a message on, because somebody is away"),
            "work.heard": _("opened an urgent message that had come in"),
            "work.escalated": _("told the team that an urgent message waits"),
            "call.asked": _("asked the team to call"),
            "call.read": _("took a call off the list, because the message was read after all"),
            "call.reached": _("called you"),
            "call.not_reached": _("called and reached nobody"),
            "calls.view": _("saw the name and phone on the list of calls"),
            "file.added": _("added a file to a message"),
            "file.removed": _("took a file away before sending"),
            "file.view": _("opened a file of a message"),
            "file.refused": _("did not keep a file: the virus check found a problem"),
        }
