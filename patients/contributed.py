"""What patients hands to the pages that `portal` composes."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from patients.models import Patient
from patients.questions import TOP, questions_of
from portal.lib.contributions import Card

DRAFT_KINDS = {
    "profile": _("Your details"),
    "carer": _("A person who helps you"),
    "question": _("A question for your next visit"),
    "answer": _("A question and its answer"),
}

# After the name of the person who did it.
TRAIL_ACTS = {
    "problem.seen": _("said that they have seen what is urgent or late"),
    "first.view": _("saw the name on the list of what comes first"),
    "record.refused": _("tried to open your record and was not let in"),
    "today.view": _("opened the Today page"),
    "summary.view": _("looked at your summary"),
    "patient.listed": _("saw your name in a list of patients"),
    "carer.today": _("saw your name on their Today page"),
    "patient.enrolled": _("set up your record"),
    "profile.view": _("looked at your details"),
    "profile.changed": _("changed your details"),
    "access.view": _("looked at who can see you"),
    "trail.view": _("read this list"),
    "carers.view": _("looked at your carers"),
    "questions.view": _("looked at the question list"),
    "question.added": _("added a question"),
    "question.changed": _("changed a question"),
    "question.moved": _("moved a question"),
    "question.removed": _("removed a question"),
    "grant.team": _("opened your record to a care team"),
    "grant.team-ended": _("ended a care team's access"),
    "grant.carer": _("opened parts of your record to a carer"),
    "grant.revoked": _("ended a carer's access"),
    "grant.break_glass": _("opened your record in an emergency"),
}


def questions_card(request: HttpRequest, patient: Patient, now: datetime) -> Card | None:
    """The first questions of the list on Today."""
    if not isinstance(request.user, User):
        return None
    waiting = [question for question in questions_of(request.user, patient) if question.asked_at is None]
    return Card(
        "patients/cards/questions.html", {"questions": waiting[:TOP], "more": max(0, len(waiting) - TOP)}
    )
