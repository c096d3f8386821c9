"""The portal as it is served, with the points of `bench.points` laid."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from bench import points
from portal.wsgi import application as portal

points.lay_in_web()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Everything is committed when the portal returns; nothing has been sent yet."""
    points.ask(environ.get("HTTP_X_CHAOS", ""))
    answer = portal(environ, start_response)
    points.reached("committed")
    return answer
