"""`make run` as a newcomer meets it: an awkward folder, a second start, a kill -9, a port in use."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from portal.environment import read_env_file
from tests.harness import surroundings
from tests.harness.cluster import REPOSITORY
from tools.postgres import command_line_of, free_port

pytestmark = pytest.mark.xdist_group("run")  # one copy of the checkout is enough

LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", ".local", "__pycache__", ".*_cache", ".hypothesis", "tests", "docs"
)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of this checkout in a folder with a space and a long name; it borrows our .venv and our collected static files."""
    folder = tmp_path_factory.mktemp("run") / ("a folder " + "x" * 110) / "portal"
    shutil.copytree(REPOSITORY, folder, ignore=LEFT_OUT)
    (folder / ".venv").symlink_to(Path(sys.executable).parent.parent)
    collected = REPOSITORY / ".local"
    shutil.copytree(collected / "static", folder / ".local" / "static")
    shutil.copy2(collected / "static.stamp", folder / ".local" / "static.stamp")
    yield folder
    record = folder / ".local" / "postgres" / "cluster.json"
    if (
        record.exists()
        and (data := Path(json.loads(record.read_text(encoding="utf-8"))["data"])).is_absolute()
    ):
        shutil.rmtree(data.parent)  # where root keeps it below a closed folder


class Running:
    """A `make run` and what it says."""

    def __init__(self, folder: Path, **variables: str) -> None:
        self.folder = folder
        self.began = time.monotonic()
        self.said: list[str] = []
        self.process = subprocess.Popen(
            ["make", "run"],
            cwd=folder,
            env={**surroundings.plain(), **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            self.said.extend(lines)

    @property
    def supervisor(self) -> int:
        return int((self.folder / ".local" / "run.lock").read_text(encoding="utf-8"))

    @property
    def output(self) -> str:
        return "".join(self.said)

    def wait_ready(self, seconds: float = 400) -> float:
        """Seconds from `make run` to "ready"."""
        while "The portal is ready" not in self.output:
            assert self.process.poll() is None, self.output
            assert time.monotonic() - self.began < seconds, self.output
            time.sleep(0.02)
        return time.monotonic() - self.began

    def end(self, number: int = signal.SIGINT) -> None:
        """Ctrl-C reaches make and the supervisor alike; the supervisor is what has to end in order."""
        if self.process.poll() is None:
            os.kill(self.supervisor, number)
        self.process.wait(120)
        self.reader.join(10)


@contextmanager
def running(folder: Path, **variables: str) -> Iterator[Running]:
    run = Running(folder, **variables)
    try:
        yield run
    finally:
        run.end(signal.SIGTERM)


def variables_of(folder: Path) -> dict[str, str]:
    return read_env_file(folder / ".local" / "demo.env")


def people(folder: Path) -> list[str]:
    with psycopg.connect(variables_of(folder)["DATABASE_MAINTENANCE_URL"]) as connection:
        return [
            row[0] for row in connection.execute("SELECT email FROM accounts_user ORDER BY email").fetchall()
        ]


@pytest.mark.slow
def test_a_newcomer_starts_stops_kills_and_starts_again(
    checkout: Path, record_property: Callable[[str, object], None]
) -> None:
    port = str(free_port())
    with running(checkout, PORT=port) as first:
        first.wait_ready()
        assert f"http://localhost:{port}" in first.output
        for name in (
            "patient",
            "carer",
            "other-patient",
            "nurse",
            "neurologist",
            "elsewhere",
            "editor",
            "reviewer",
            "admin",
        ):
            assert f"  {name}@example.com" in first.output
        with urllib.request.urlopen(f"http://localhost:{port}/accounts/login/", timeout=20) as page:
            assert page.status == 200

        # Commands work beside it without any environment.
        beside = subprocess.run(
            [checkout / ".venv" / "bin" / "python", "manage.py", "showmigrations", "--plan"],
            cwd=checkout, env=surroundings.plain(), capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert beside.returncode == 0, beside.stderr
        assert "[ ]" not in beside.stdout

        # The same folder cannot be run twice.
        twice = subprocess.run(
            ["make", "run"],
            cwd=checkout,
            env=surroundings.plain(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert twice.returncode != 0
        assert "already runs from this folder" in twice.stderr

        environment = variables_of(checkout)
        known = people(checkout)
        assert "patient@example.com" in known
        for name in ("demo.env", "kek", "postgres/cluster.json"):
            assert (checkout / ".local" / name).stat().st_mode & 0o077 == 0
        with psycopg.connect(environment["DATABASE_MAINTENANCE_URL"], autocommit=True) as connection:
            connection.execute("UPDATE accounts_user SET name = 'Kept' WHERE email = 'editor@example.com'")
        supervisor = first.supervisor
        first.end(signal.SIGINT)
        assert "Stopping" in first.output
        assert "Traceback" not in first.output
    assert command_line_of(supervisor) == ""

    with running(checkout, PORT=port) as second:
        record_property("second start, seconds", round(second.wait_ready(), 1))
        assert "Bringing the database up to date" not in second.output
        again = variables_of(checkout)
        assert {key: again[key] for key in ("SECRET_KEY", "DATABASE_URL")} == {
            key: environment[key] for key in ("SECRET_KEY", "DATABASE_URL")
        }
        with psycopg.connect(again["DATABASE_MAINTENANCE_URL"]) as connection:
            row = connection.execute(
                "SELECT name FROM accounts_user WHERE email = 'editor@example.com'"
            ).fetchone()
        assert row == ("Kept",)
        os.kill(second.supervisor, signal.SIGKILL)
        second.process.wait(60)

    with running(checkout, PORT=port) as third:
        third.wait_ready()
        assert people(checkout) == known
        # A child that dies is started again.
        web = int((checkout / ".local" / "web.pid").read_text(encoding="utf-8"))
        os.kill(web, signal.SIGKILL)
        deadline = time.monotonic() + 120
        while (checkout / ".local" / "web.pid").read_text(encoding="utf-8") == str(web):
            assert time.monotonic() < deadline, third.output
            time.sleep(0.05)
        while not _serves(port):
            assert time.monotonic() < deadline, third.output
            time.sleep(0.1)
        third.end(signal.SIGTERM)
    assert not _serves(port)


def test_a_port_in_use_is_said_in_one_line(checkout: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", free_port()))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(
            ["make", "run"], cwd=checkout, env={**surroundings.plain(), "PORT": str(port)}, capture_output=True, text=True, check=False
        )  # fmt: skip
    assert done.returncode != 0
    assert f"Port {port} is in use" in done.stderr
    assert f"make run PORT={port + 1}" in done.stderr


def test_half_a_database_of_ones_own_is_said_in_one_line(checkout: Path) -> None:
    done = subprocess.run(
        ["make", "run"], cwd=checkout, env={**surroundings.plain(), "DATABASE_URL": "postgresql://app@127.0.0.1:9/portal"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert "DATABASE_URL is set but DATABASE_OWNER_URL is not" in done.stderr


def _serves(port: str) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as page:
            return bool(page.status == 200)
    except OSError:
        return False
