"""Named points of sending at which a process of the portal ends itself with kill -9. Nothing of this is in the portal's own code.

`bench.chaos_wsgi` serves the portal with the points laid; a request names one in the header X-Chaos. `python -m bench.chaos_worker` is the
worker, which ends at its first mail at the point in CHAOS_POINT.
"""

from __future__ import annotations

import importlib
import os
import signal
import threading
from collections.abc import Callable
from typing import Any

WEB = ("receipt written", "message written", "work written", "notice written", "trail written", "committed")
STARTING = tuple(
    point for point in WEB if point != "notice written"
)  # a patient's message owes work and tells nobody
ANSWERING = tuple(point for point in WEB if point != "work written")
WORKER = ("before the mail server", "after the mail server")

_asked = threading.local()


def ask(point: str) -> None:
    """The point at which this thread's request ends; empty for none."""
    _asked.point = point


def reached(point: str) -> None:
    """End this process at once, without a word to anybody, when the request asked for it here."""
    if getattr(_asked, "point", "") == point:
        os.kill(os.getpid(), signal.SIGKILL)


def _then(do: Callable[..., Any], point: str) -> Callable[..., Any]:
    """`do`, and the point behind it."""

    def done(*args: Any, **kwargs: Any) -> Any:
        result = do(*args, **kwargs)
        reached(point)
        return result

    return done


def lay_in_web() -> None:
    """Lay the points of WEB but the last one, which the server's door knows."""
    notices: Any = importlib.import_module("messaging.telling.notices")
    services: Any = importlib.import_module("messaging.services")
    actor: Any = importlib.import_module("portal.lib.actor")
    once = services.exactly_once

    def exactly_once(*, do: Callable[[], Any], **more: Any) -> Any:
        def after_receipt() -> Any:
            reached("receipt written")
            return do()

        return once(do=after_receipt, **more)

    services.exactly_once = exactly_once
    for module, name, point in (
        (services, "_append", "message written"),
        (services, "_owe_an_answer", "work written"),
        (notices, "tell_readers", "notice written"),
        (actor, "_write_trail", "trail written"),
    ):
        setattr(module, name, _then(getattr(module, name), point))


def lay_in_worker(point: str) -> None:
    """The worker ends at its next mail, before or after the mail server took it."""
    from django.core.mail import EmailMessage

    send = EmailMessage.send

    def sent(self: Any, *args: Any, **kwargs: Any) -> Any:
        ask(point)
        reached("before the mail server")
        result = send(self, *args, **kwargs)
        reached("after the mail server")
        return result

    setattr(EmailMessage, "send", sent)  # noqa: B010 - mypy refuses a method that is assigned
