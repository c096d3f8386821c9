"""What is checked at the start of every command: the sender of our mails gives nothing away."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.core import checks

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
