"""Text messages: a gateway that a clinic can plug in, off by default. The words are fixed and the same for everybody."""

from __future__ import annotations

import sys
from typing import Protocol

from django.conf import settings
from django.urls import reverse
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _


class Gateway(Protocol):
    """Who hands text messages to a provider. Made without arguments."""

    def send(self, *, to: str, text: str, reference: str) -> None:
        """Hand over one text; the same `reference` again means the same text. Raises when it was not taken: it is tried again."""


class ConsoleGateway:
    """Writes what would be sent to the worker's standard error, with two digits of the number only."""

    def send(self, *, to: str, text: str, reference: str) -> None:
        sys.stderr.write(f"SMS {reference} to …{to.strip()[-2:]}: {text}\n")
        sys.stderr.flush()


def gateway() -> Gateway | None:
    """What SMS_GATEWAY names: None when it is off, `console`, or the path of a class of the clinic's own."""
    if not settings.SMS_GATEWAY:
        return None
    if settings.SMS_GATEWAY == "console":
        return ConsoleGateway()
    made: Gateway = import_string(settings.SMS_GATEWAY)()
    return made


def text() -> str:
    """The same words for everybody: no name, no topic, no clinic, and a link to the sign-in page only."""
    return _("Your team has written to you in the portal. Sign in: %(url)s") % {
        "url": settings.PUBLIC_URL + reverse("account_login")
    }
