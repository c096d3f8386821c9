"""A proxy on loopback that loses answers: the request arrives and is done, and the client never hears of it."""

from __future__ import annotations

import contextlib
import random
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

from tools.postgres import free_port


@dataclass(slots=True)
class Dropping:
    """Forwards one request for each connection. Of the answers it throws away the share `share`."""

    upstream: int
    share: float
    port: int = field(default_factory=free_port)
    dropped: int = 0
    dice: random.Random = field(default_factory=lambda: random.Random(7))  # noqa: S311 - repeatable dice

    def serve(self, stop: threading.Event, listening: socket.socket) -> None:
        while not stop.is_set():
            try:
                client, _address = listening.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            threading.Thread(target=self._one, args=(client,), daemon=True).start()

    def _one(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError, ValueError):
            client.settimeout(30)
            request = _whole_request(client)
            with socket.create_connection(("127.0.0.1", self.upstream), timeout=30) as server:
                server.sendall(request)
                answer = b""
                while piece := server.recv(65_536):
                    answer += piece
            if answer and self.dice.random() < self.share:
                self.dropped += 1
                return
            client.sendall(answer)


def _whole_request(client: socket.socket) -> bytes:
    """Head and body; clients of ours send a Content-Length and close afterwards."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = client.recv(65_536)
        if not piece:
            raise ValueError("half a request")
        data += piece
    head, _end, body = data.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n")[1:]:
        name, _colon, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            length = int(value)
    while len(body) < length:
        piece = client.recv(65_536)
        if not piece:
            raise ValueError("half a body")
        body += piece
    return head + b"\r\n\r\n" + body


@contextlib.contextmanager
def dropping(upstream: int, share: float) -> Iterator[Dropping]:
    """The proxy before the server on port `upstream`, until the block ends."""
    proxy, stop = Dropping(upstream, share), threading.Event()
    with socket.create_server(("127.0.0.1", proxy.port)) as listening:
        listening.settimeout(0.5)
        serving = threading.Thread(target=proxy.serve, args=(stop, listening), daemon=True)
        serving.start()
        try:
            yield proxy
        finally:
            stop.set()
            serving.join(5)
