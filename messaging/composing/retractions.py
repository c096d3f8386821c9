"""Taking back an answer and writing the correction. What was sent stays in its row; who reads it for the patient sees it no more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy

from accounts.models import User
from messaging.composing import reply_templates
from messaging.files.services import bind
from messaging.models import Message, MessageRetraction
from messaging.services import AREA, _append, _locked_by_staff, _nothing_newer, _of_files
from messaging.telling import notices
from patients.models import Patient
from patients.services import exactly_once, record_change, require
from portal.lib.problems import Conflict

LONGEST_REASON = 200


class NotAnAnswer(Conflict):
    default_message = gettext_lazy("Only what the team wrote can be taken back here.")


class TakenBackBefore(Conflict):
    default_message = gettext_lazy("This was taken back already. Nothing was changed.")


@transaction.atomic
def correct(
    *,
    by: User,
    patient: Patient,
    thread_id: UUID,
    message_id: UUID,
    id: UUID,
    text: str,
    reason: str,
    seen_seq: int,
    now: datetime,
    files: Sequence[UUID] = (),
) -> Message:
    """Take back an answer of the team with a reason and send the correction, exactly once under `id`; the patient is told.

    Files of the old answer go with it; those of the correction are `files`.
    Raises BlankLeft, FilesGone, NewerMessages, NotAnAnswer, TakenBackBefore, DifferentContent, NotAllowed, Thread.DoesNotExist, Message.DoesNotExist.
    """
    require(by, patient, AREA, "team")
    made: Message | None = None

    def make() -> UUID:
        thread = _locked_by_staff(by, patient, thread_id)
        wrong = (
            Message.objects.for_user(by, patient)
            .select_related("retraction")
            .get(pk=message_id, thread=thread)
        )
        if not wrong.from_team:
            raise NotAnAnswer
        if wrong.taken_back is not None:
            raise TakenBackBefore
        _nothing_newer(thread, by, seen_seq)
        reply_templates.nothing_left_blank(patient.site, text)
        nonlocal made
        made = correction = _append(thread, by, Message.Capacity.TEAM, text, id, now)
        bind(by=by, message=correction, ids=files)
        retraction = MessageRetraction(
            patient=patient,
            message=wrong,
            by=by,
            capacity="team",
            at=now,
            kind="corrected",
            correction=correction,
        )
        retraction.reason = reason
        retraction.created_at = now
        retraction.save(force_insert=True)
        record_change(by, patient, "message.corrected", wrong.pk)
        notices.tell_readers(patient=patient, thread=thread, now=now)
        return correction.pk

    content = [str(thread_id), str(message_id), text, reason, *_of_files(files)]
    done = exactly_once(act="message.correct", id=id, patient=patient, user=by, content=content, do=make)
    if made is not None:
        return made
    found: Message = Message.objects.for_user(by).select_related("thread", "author").get(pk=done.result)
    return found
