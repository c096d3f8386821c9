"""Words that wait as a new message: put there by another page, or taken back. What the person had begun already is never lost."""

from __future__ import annotations

from django.urls import reverse

from accounts.models import User
from messaging.services import AREA, PATIENT_SIDE
from messaging.topics import LANE_OF, PRIORITY_OF
from patients.drafts import DraftState, Fields, open_draft, save_draft
from patients.models import Patient
from patients.services import capacity_of, require


def address_of_new(user: User, patient: Patient) -> str:
    """Where this person writes a new message about the patient."""
    own = capacity_of(user, patient) == "self"
    return reverse("messaging:new") if own else reverse("messaging:patient-new", args=[patient.pk])


def below(state: DraftState, fields: Fields) -> Fields:
    """`fields` with what stands in the draft already: its answers stay, and the new text stands below the old one.

    Of two topics the one with the more urgent lane stays: a red self-check below a half-written letter must not go out as office work.
    The ticks of both stay, so that those of the topic that stays are among them.
    """
    if not state.version:
        return fields
    begun, new = state.fields.get("text", [""])[0], fields.get("text", [""])[0]
    both = f"{begun}\n\n{new}" if begun.strip() and new not in begun else begun if begun.strip() else new
    kept = {name: given for name, given in state.fields.items() if any(given)}
    if _urgency(fields) < _urgency(kept):
        kept["topic"] = fields["topic"]
    if ticks := [*kept.get("signs", ()), *fields.get("signs", ())]:
        kept["signs"] = list(dict.fromkeys(ticks))
    return {**fields, **kept, "text": [both]}


def _urgency(fields: Fields) -> int:
    """The priority of the topic's lane, 0 the most urgent; behind all of them when no topic is chosen, or none that there is."""
    topic = fields.get("topic", [""])[0]
    return PRIORITY_OF[LANE_OF[topic]] if topic in LANE_OF else max(PRIORITY_OF.values()) + 1


def begin_message(user: User, patient: Patient, topic: str, text: str) -> str:
    """Put `text` about `topic` into the person's new message, where it waits to be sent; returns its address.

    Raises NotAllowed, DraftConflict.
    """
    capacity = require(user, patient, AREA, *PATIENT_SIDE)
    resume = address_of_new(user, patient)
    state = open_draft(user=user, patient=patient, kind="message", target=None, resume=resume)
    fields: Fields = below(state, {"topic": [topic], "text": [text]})
    save_draft(user=user, patient=patient, capacity=capacity, state=state, fields=fields)
    return resume


__all__ = ["address_of_new", "begin_message", "below"]
