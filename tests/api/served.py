"""The running app for Schemathesis: real HTTP in front of the whole WSGI application, and nothing that it does stays.

Each request runs in a transaction that is rolled back after the answer, so that the same requests get the same answers in any order and
an id is still there after it was deleted.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core import signals
from django.core.servers.basehttp import WSGIRequestHandler, WSGIServer
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, connection, transaction


class _Quiet(WSGIRequestHandler):
    def log_message(self, *args: Any) -> None:
        """Thousands of requests say nothing."""


def undone(application: Any) -> Any:
    """The application, with everything that a request did taken back."""

    def answer(environ: dict[str, Any], start_response: Any) -> Any:
        with transaction.atomic():
            response = application(environ, start_response)
            body = [b"".join(response)]
            response.close()
            transaction.set_rollback(True)
        return body

    return answer


@contextmanager
def served() -> Iterator[str]:
    """The address of the app on loopback, served by one thread on Django's present database."""
    server = WSGIServer(("127.0.0.1", 0), _Quiet)
    server.set_app(undone(get_wsgi_application()))

    def serve() -> None:
        try:
            server.serve_forever(poll_interval=0.05)
        finally:
            connection.close()

    # Django closes the connection between requests, with our open transaction in it; its own test client does the same as we here.
    signals.request_started.disconnect(close_old_connections)
    signals.request_finished.disconnect(close_old_connections)
    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        signals.request_started.connect(close_old_connections)
        signals.request_finished.connect(close_old_connections)
        server.shutdown()
        server.server_close()
        thread.join()


__all__ = ["served"]
