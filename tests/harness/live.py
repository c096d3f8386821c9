"""The real web server and the real worker, as processes of their own, against one database of the test server."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from tests.harness import surroundings
from tests.harness.cluster import REPOSITORY, urls
from tools.postgres import Cluster, die_with_parent, free_port


@dataclass
class LivePortal:
    """Web server and worker; both run as the app role. `url` is http://localhost:PORT (passkeys refuse an IP address)."""

    database: str
    email_url: str
    folder: Path
    cluster: Cluster | None = None
    more: dict[str, str] = field(default_factory=dict)
    wsgi: str = "portal.wsgi"
    port: int = 0
    web: subprocess.Popen[bytes] | None = None
    worker: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        self.port = free_port()

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """What both processes see."""
        ours = surroundings.variables(
            urls(self.database, self.cluster), port=self.port, email_url=self.email_url, **self.more
        )
        return {**surroundings.plain(), **ours, "PYTHONUNBUFFERED": "1"}

    def start(self) -> Self:
        """Start what does not run and wait until pages are served."""
        self.start_worker()
        self.start_web()
        return self

    def start_web(self, *, wait: bool = True) -> None:
        """Start gunicorn with the repository's own configuration."""
        if self.web is None or self.web.poll() is not None:
            self.web = self._spawn(
                "web", [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", self.wsgi]
            )
        if wait:
            self.wait_ready()

    def start_worker(self) -> None:
        """Start the procrastinate worker."""
        if self.worker is None or self.worker.poll() is not None:
            self.worker = self._spawn("worker", [sys.executable, "manage.py", "procrastinate", "worker"])

    def kill_web(self) -> None:
        """kill -9 of gunicorn and its workers."""
        _kill(self.web)
        self.web = None

    def kill_worker(self) -> None:
        """kill -9 of the worker."""
        _kill(self.worker)
        self.worker = None

    def stop(self) -> None:
        """An orderly stop of both."""
        for process in (self.worker, self.web):
            if process is not None and process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in (self.worker, self.web):
            if process is not None:
                try:
                    process.wait(15)
                except subprocess.TimeoutExpired:
                    _kill(process)
        self.web = self.worker = None

    def wait_ready(self, seconds: float = 40) -> None:
        """Wait for /readyz. Raises AssertionError with the end of the log."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            assert self.web is not None
            if self.web.poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=5) as answer:
                    if answer.status == 200:
                        return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                pass
            time.sleep(0.05)
        raise AssertionError(
            "the web server did not get ready:\n" + "\n".join(self.web_log().splitlines()[-30:])
        )

    def web_log(self) -> str:
        """All that the web server has said, over all its starts."""
        return self._log("web")

    def worker_log(self) -> str:
        """All that the worker has said."""
        return self._log("worker")

    def _log(self, name: str) -> str:
        path = self.folder / f"{name}.log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def _spawn(self, name: str, command: list[str]) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                command,
                cwd=REPOSITORY,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGTERM),
            )


@dataclass
class MortalPortal(LivePortal):
    """A LivePortal with a durable PostgreSQL of its own, so that the database can be killed as well."""

    def kill_database(self) -> None:
        """kill -9 of the postmaster and everything below it, in the middle of whatever it does."""
        assert self.cluster is not None
        _kill(self.cluster.process)
        self.cluster.process = None

    def start_database(self) -> None:
        """Start it again on the same data and port; it recovers from its log."""
        assert self.cluster is not None
        self.cluster.start()


def _kill(process: subprocess.Popen[bytes] | None) -> None:
    """kill -9 of a process, its group and everything below it; returns when all of them are gone.

    PostgreSQL's own processes are leaders of groups of their own: left alone, one of them may still answer a statement.
    """
    if process is None:
        return
    below = _below(process.pid)
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    for pid in below:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait(20)
    deadline = time.monotonic() + 20
    while any(_is_running(pid) for pid in below) and time.monotonic() < deadline:
        time.sleep(0.01)


def _below(pid: int) -> list[int]:
    """Every process that descends from `pid`, as the kernel's table says (Linux)."""
    parents = {int(entry.name): _stat(int(entry.name))[1] for entry in Path("/proc").glob("[0-9]*")}
    found, layer = [], [pid]
    while layer:
        layer = [child for child, parent in parents.items() if int(parent) in layer]
        found += layer
    return found


def _is_running(pid: int) -> bool:
    """False for a process that is gone or waits to be reaped."""
    return _stat(pid)[0] not in ("gone", "Z")


def _stat(pid: int) -> tuple[str, str]:
    """(state, parent) of a process; ("gone", "0") when there is none."""
    try:
        state, parent = (
            Path(f"/proc/{pid}/stat")
            .read_text(encoding="utf-8", errors="replace")
            .rpartition(")")[2]
            .split()[:2]
        )
    except (FileNotFoundError, ProcessLookupError):
        return "gone", "0"
    return state, parent
