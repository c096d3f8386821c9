"""What is checked at the start of every command: the sender of our mails gives nothing away. With `--deploy` also: the red-flag questions are signed."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.core import checks
from django.db import DatabaseError, transaction
from django.utils import timezone

SPECIALITY = re.compile(
    r"\bMS\b|multiple|sclero|neuro|infusion|oncolog|immun|psych|addict|dialys", re.IGNORECASE
)


@checks.register
def sender_names_no_speciality(**kwargs: Any) -> list[checks.CheckMessage]:
    """A sender such as "MS infusion team" would say on every locked screen what the mail itself keeps to itself."""
    found = SPECIALITY.search(settings.DEFAULT_FROM_EMAIL)
    if found is None:
        return []
    hint = "Use the name of the clinic or “Clinic team”."
    return [checks.Warning(f"EMAIL_FROM names a speciality ({found[0]!r}).", hint=hint, id="messaging.W001")]


@checks.register(checks.Tags.security, deploy=True)
def red_flags_are_signed(**kwargs: Any) -> list[checks.CheckMessage]:
    """`manage.py check --deploy` says that a clinic's red-flag questions and watched words are off."""
    # Here and not above: this module is read before the models are.
    from messaging.writing.triage import said_to_administrators

    try:
        with transaction.atomic():
            said = said_to_administrators(timezone.now())
    except DatabaseError:
        return []  # whether the database can be used is another check's question
    return [checks.Info(words, id="messaging.I002") for words in said]
