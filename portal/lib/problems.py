"""What a service raises when it refuses: a sentence for a person, never database text."""

from __future__ import annotations

import re
from typing import Any

from django.utils.translation import gettext_lazy as _


class DomainError(Exception):
    """A rule said no. `message` is shown to the person as it is."""

    default_message: Any = _("This could not be done. Nothing was changed.")
    status = 409

    def __init__(self, message: Any = None) -> None:
        self.message = message if message is not None else self.default_message
        super().__init__(str(self.message))

    @classmethod
    def code(cls) -> str:
        """The name of the rule for programs: "slot-taken"."""
        return re.sub(r"(?<!^)(?=[A-Z])", "-", cls.__name__).lower()


class NotAllowed(DomainError):
    """The person may see the thing but not do this to it."""

    default_message = _("You can look at this, but you cannot change it.")
    status = 403


class Conflict(DomainError):
    """Somebody else changed it in the meantime."""

    default_message = _("This was changed somewhere else. Look at the newest version and try again.")
