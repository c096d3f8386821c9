"""Whether what stands in a form was delivered before, under the form's id: the author's own message is opened and compared."""

from __future__ import annotations

from uuid import UUID

from accounts.models import User
from messaging.models import Message, TriageAnswers
from patients.drafts import Fields, files_of
from patients.models import Patient
from portal.lib.text import clean_line, clean_text

WRITTEN = ("message", "reply", "answer")  # kinds of drafts whose id becomes the id of a message
NONE_OF_THEM = ":none"  # how a box ends that says that no question fits


def was_delivered(user: User, patient: Patient, id: UUID, kind: str, fields: Fields) -> bool:
    """True when one's own message under `id` stands and says all that stands in the form; then nothing is lost without a draft.

    False whenever something could be lost: other words, another topic, a sign or an answer that was not sent, files that wait with the
    draft, a message that was taken back. What was sent and does not stand in the form any more is in the message.
    """
    if kind not in WRITTEN:
        return False
    found = Message.objects.for_user(user, patient).standing().filter(pk=id, author=user)
    message: Message | None = found.select_related("thread").first()
    if message is None or files_of(user, id):
        return False
    if clean_text(_one(fields, "text")).strip() != message.body:
        return False
    return kind != "message" or _began_so(user, patient, message, fields)


def _began_so(user: User, patient: Patient, message: Message, fields: Fields) -> bool:
    """The same for what is chosen beside the first message of a conversation."""
    thread = message.thread
    triage = TriageAnswers.objects.for_user(user, patient).filter(message=message).first()
    kept = triage.answers if triage is not None else {"answers": [], "called_code": ""}
    yes = {row["code"] for row in kept["answers"] if row["said_code"] == "yes"}
    ticked = {sign for sign in fields.get("signs", []) if not sign.endswith(NONE_OF_THEM)}
    about = clean_line(_one(fields, "about"))
    return (
        _one(fields, "topic") == thread.topic
        and (thread.about or "").startswith(about)
        and (not _one(fields, "hide") or thread.hidden_from_carers)
        and ticked <= yes
        and _one(fields, "called") in ("", kept["called_code"])
    )


def _one(fields: Fields, name: str) -> str:
    return next(iter(fields.get(name, [])[-1:]), "")


__all__ = ["was_delivered"]
