"""Articles whose address stands in an answer: they are kept as made from the conversation, so that they can be opened from it."""

from __future__ import annotations

import re
from datetime import datetime

from django.conf import settings

from accounts.models import User
from messaging.models import MadeFrom, Thread
from patients.models import Patient
from patients.services import record_change
from portal.lib.contributions import article_at
from portal.lib.ids import uuid7

MOST_LINKS = 5


def as_text(title: str, path: str) -> str:
    """How an article stands in an answer."""
    return f"{title}\n{settings.PUBLIC_URL}{path}"


def note_articles(*, by: User, patient: Patient, thread: Thread, text: str, now: datetime) -> None:
    """Keep the articles that a text leads to. Call inside the transaction that sends it."""
    found = re.findall(re.escape(settings.PUBLIC_URL) + r"(/[^\s?#]+)", text)
    for path in list(dict.fromkeys(found))[:MOST_LINKS]:
        title = next((said for entry in article_at if (said := entry(path))), "")
        if title:
            row = MadeFrom(id=uuid7(), patient=patient, thread=thread, kind=MadeFrom.Kind.ARTICLE, by=by)
            row.words, row.created_at = {"title": title, "url": path}, now
            row.save(force_insert=True)
            record_change(by, patient, "made.article", row.pk)
