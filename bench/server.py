"""A portal of the bench's own: PostgreSQL, demo clinic, more data, web server and worker. Gone when it ends."""

from __future__ import annotations

import base64
import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.postgres import Cluster, die_with_parent, free_port, write_private
from tools.static import ensure_collected

REPOSITORY = Path(__file__).resolve().parent.parent
FOLDER = REPOSITORY / ".local" / "bench"


@dataclass(frozen=True, slots=True)
class Bench:
    """Where the measured portal answers, and the environment of its processes."""

    port: int
    environment: dict[str, str]
    cluster: Cluster
    web: subprocess.Popen[bytes]

    def run(self, *command: str) -> str:
        return _run(self.environment, *command)


@contextlib.contextmanager
def portal(
    *,
    patients: int,
    years: int = 0,
    wsgi: str = "bench.wsgi",
    email_url: str = "demo:",
    worker: bool = True,
) -> Iterator[Bench]:
    """Start everything on an empty folder, with `patients` more patients (and `years` of their history); stop it again.

    Without patients the demo clinic stays as it is. `worker` False leaves the worker to the caller.
    """
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    for folder in (FOLDER.parent, FOLDER):
        folder.chmod(0o711 if os.geteuid() == 0 else 0o700)
    write_private(FOLDER / "kek", f"bench:{base64.b64encode(secrets.token_bytes(32)).decode()}\n")
    cluster = Cluster(FOLDER / "postgres")
    cluster.start()
    started: list[subprocess.Popen[bytes]] = []
    try:
        port = free_port()
        environment = {
            **os.environ,
            "DEMO": "1",
            "DEBUG": "0",
            "PORT": str(port),
            "PUBLIC_URL": f"http://localhost:{port}",
            "SECRET_KEY": secrets.token_urlsafe(48),
            "KEK_FILE": str(FOLDER / "kek"),
            "TRAIL_ROOT_FILE": str(FOLDER / "trail-roots"),
            "EMAIL_URL": email_url,
            "EMAIL_FROM": "portal@clinic.example.com",
            "WEB_WORKERS": "2",
            "DATABASE_URL": cluster.url("portal_app"),
            "DATABASE_OWNER_URL": cluster.url("portal_owner"),
            "DATABASE_MAINTENANCE_URL": cluster.url("portal_maintenance"),
            "DJANGO_SETTINGS_MODULE": "portal.settings",
        }
        _run(environment, "manage.py", "migrate", "--no-input", "--verbosity=0")
        _run(environment, "manage.py", "load_protocols")
        _run(environment, "manage.py", "load_demo")
        if patients:
            _run(environment, "-m", "bench.data", str(patients), str(years))
        ensure_collected(environment)
        command = [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", wsgi]
        web = _spawn(environment, "web", command)
        started.append(web)
        if worker:
            started.append(
                _spawn(environment, "worker", [sys.executable, "manage.py", "procrastinate", "worker"])
            )
        _wait(port, web)
        yield Bench(port, environment, cluster, web)
    finally:
        for process in started:
            process.send_signal(signal.SIGTERM)
        for process in started:
            try:
                process.wait(25)
            except subprocess.TimeoutExpired:
                process.kill()
        cluster.stop()


def _run(environment: dict[str, str], *command: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", *command],
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed:\n{(done.stdout + done.stderr)[-3000:]}")
    return done.stdout


def _spawn(environment: dict[str, str], name: str, command: list[str]) -> subprocess.Popen[bytes]:
    with (FOLDER / f"{name}.log").open("ab") as log:
        return subprocess.Popen(
            command,
            cwd=REPOSITORY,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=die_with_parent(signal.SIGTERM),
        )


def _wait(port: int, web: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if web.poll() is not None:
            raise RuntimeError((FOLDER / "web.log").read_text(encoding="utf-8", errors="replace")[-2000:])
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            pass
        time.sleep(0.1)
    raise RuntimeError("the web server did not get ready within two minutes")
