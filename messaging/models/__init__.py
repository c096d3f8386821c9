"""The tables of messages; one module a topic."""

from __future__ import annotations

from messaging.files.models import Attachment
from messaging.models.composing import (
    MadeFrom,
    Mailing,
    MailingLetter,
    OpenItem,
    ReplyTemplate,
)
from messaging.models.conversations import InternalNote, LastNotice, Message, Thread, ThreadViewer
from messaging.models.reading import AnswerHelped, NotReached, SentNotice
from messaging.models.retraction import MessageRetraction
from messaging.models.work import CallTask, WorkItem, WorkItemEvent, WorkLeft
from messaging.models.writing import RulesetSignature, TriageAnswers

__all__ = [
    "AnswerHelped",
    "Attachment",
    "CallTask",
    "InternalNote",
    "LastNotice",
    "MadeFrom",
    "Mailing",
    "MailingLetter",
    "Message",
    "MessageRetraction",
    "NotReached",
    "OpenItem",
    "ReplyTemplate",
    "RulesetSignature",
    "SentNotice",
    "Thread",
    "ThreadViewer",
    "TriageAnswers",
    "WorkItem",
    "WorkItemEvent",
    "WorkLeft",
]
