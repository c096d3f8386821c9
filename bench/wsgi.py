"""The portal as it is served, with two things for measuring beside it: the floor, and the number of statements.

The floor is a bare Django view in the same process: Django's own handler without any middleware, no query. Every figure is
given as a multiple of it. The portal's answers carry the number of SQL statements in a header; the wrapper costs about a
microsecond for each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.db import connection

from portal.wsgi import application as portal

FLOOR = "/floor/"
settings.API_LIMITS = dict.fromkeys(settings.API_LIMITS, 1_000_000)  # counted as always, never reached here
Start = Callable[..., Any]


class BareRequest(WSGIRequest):
    urlconf = "bench.urls"


class Bare(WSGIHandler):
    """Django without the portal's middleware."""

    request_class = BareRequest

    def __init__(self) -> None:
        middleware, settings.MIDDLEWARE = settings.MIDDLEWARE, []
        try:
            super().__init__()
        finally:
            settings.MIDDLEWARE = middleware


bare = Bare()


def application(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
    """The floor below /floor/, the portal everywhere else."""
    if environ["PATH_INFO"].startswith(FLOOR):
        return bare(environ, start_response)
    count = 0

    def counted(
        execute: Callable[..., Any], statement: str, parameters: Any, many: bool, context: dict[str, Any]
    ) -> Any:
        nonlocal count
        count += 1
        return execute(statement, parameters, many, context)

    def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
        return start_response(status, [*headers, ("X-Statements", str(count))], *more)

    with connection.execute_wrapper(counted):
        return portal(environ, start)
