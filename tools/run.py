"""`make run`: PostgreSQL, migrations, a synthetic clinic, web server and worker; stops them all again in order.

Everything it makes lives in `.local/` (and, for root below a closed folder, in /var/lib): remove it with `make clean`.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import json
import os
import secrets
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from types import FrameType
from typing import IO

import psycopg

from portal import environment
from portal.demo.people import PASSWORD, PEOPLE
from portal.environment import ConfigurationError
from tools.postgres import (
    Cluster,
    PostgresError,
    command_line_of,
    die_with_parent,
    port_is_free,
    write_private,
)
from tools.static import ensure_collected

REPOSITORY = Path(__file__).resolve().parent.parent
LOCAL = REPOSITORY / ".local"
_DATABASE_VARIABLES = ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_MAINTENANCE_URL")


class Stopped(Exception):
    """Ctrl-C or SIGTERM came."""


class CannotRun(Exception):
    """One clear line for the person at the terminal."""


@dataclass
class Service:
    """A child that is started again when it dies, each time after a longer pause."""

    name: str
    start: Callable[[], subprocess.Popen[bytes]]
    process: subprocess.Popen[bytes] | None = None
    failures: int = 0
    again_at: float = 0.0
    since: float = 0.0

    def tend(self) -> None:
        """Start it if it does not run and its pause is over."""
        now = time.monotonic()
        if self.process is not None:
            if self.process.poll() is None:
                if self.failures and now - self.since > 60:
                    self.failures = 0
                return
            print(
                f"The {self.name} ended (exit code {self.process.returncode}); it is started again.",
                file=sys.stderr,
                flush=True,
            )
            self.process = None
            self.again_at = now + min(30.0, 0.5 * 2**self.failures)
            self.failures += 1
        if now >= self.again_at:
            self.process = self.start()
            self.since = now

    def stop(self, seconds: float = 25) -> None:
        """Ask it to finish what it does; kill it only when it does not within `seconds`."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)


@dataclass
class Supervisor:
    """One `make run`."""

    cluster: Cluster | None = None
    services: list[Service] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    lock: IO[str] | None = None
    stopping: bool = False

    @property
    def environment(self) -> dict[str, str]:
        """What web server, worker and commands see."""
        plain = {
            key: value
            for key, value in os.environ.items()
            if key not in self.variables and key != "DATABASE_ROLE"
        }
        return {**plain, **self.variables, "PYTHONUNBUFFERED": "1"}

    # --- steps -------------------------------------------------------------------------------------

    def run(self) -> None:
        """All steps, then watch until told to stop."""
        self._claim_folder()
        self._start_postgres()
        self._write_environment()
        self._prepare_database()
        collected = ensure_collected(self.environment)
        if collected:
            print("Collected the static files.", flush=True)
        web, worker = Service("web server", self._start_web), Service("worker", self._start_worker)
        self.services += [web, worker]
        web.tend()
        self._wait_until_ready(web)
        worker.tend()
        self._greet()
        while True:
            self._tend_postgres()
            for service in self.services:
                service.tend()
            time.sleep(0.5)

    def stop(self) -> None:
        """Web server first (nobody is cut off in the middle), then the worker, then PostgreSQL."""
        self.stopping = True
        for service in self.services:
            service.stop()
        if self.cluster is not None:
            self.cluster.stop()

    # --- pieces --------------------------------------------------------------------------------------

    def _claim_folder(self) -> None:
        LOCAL.mkdir(exist_ok=True)
        # As root the database runs as another user that has to pass through here; every file inside is private anyway.
        LOCAL.chmod(0o711 if os.geteuid() == 0 else 0o700)
        for name in ("logs",):
            (LOCAL / name).mkdir(mode=0o700, exist_ok=True)
        self.lock = (LOCAL / "run.lock").open("a+", encoding="utf-8")
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.lock.seek(0)
            raise CannotRun(
                f"The portal already runs from this folder (process {self.lock.read().strip() or 'unknown'})."
            ) from None
        self.lock.truncate(0)
        self.lock.write(str(os.getpid()))
        self.lock.flush()
        _end_left_over_children()

    def _start_postgres(self) -> None:
        if os.environ.get("DATABASE_URL", "").strip():
            for name in _DATABASE_VARIABLES[1:]:
                if not os.environ.get(name, "").strip():
                    raise CannotRun(
                        f"DATABASE_URL is set but {name} is not: your own PostgreSQL needs all three (README.md)."
                    )
            return
        first = not (LOCAL / "postgres" / "cluster.json").exists()
        if first:
            print("Making a database in .local/postgres …", flush=True)
        self.cluster = Cluster(LOCAL / "postgres")
        self.cluster.start()

    def _tend_postgres(self) -> None:
        if self.cluster is None or self.cluster.process is None or self.cluster.process.poll() is None:
            return
        print("PostgreSQL ended; it is started again.", file=sys.stderr, flush=True)
        wanted, self.cluster.wanted_port = self.cluster.wanted_port, self.cluster.port
        for attempt in range(6):
            try:
                self.cluster.start()
                break
            except PostgresError as error:
                print(error, file=sys.stderr, flush=True)
                time.sleep(0.5 * 2**attempt)
        else:
            raise CannotRun("PostgreSQL could not be started again.")
        self.cluster.wanted_port = wanted

    def _write_environment(self) -> None:
        """Settle every variable and write `.local/demo.env`, so that commands beside us need no environment."""
        given = {key: value for key in _ALL if (value := os.environ.get(key, "").strip())}
        demo = given.get("DEMO", "1") == "1"
        env_file = LOCAL / "demo.env"
        known = environment.read_env_file(env_file) if env_file.exists() else {}
        key_file = LOCAL / "kek"
        if "KEK_FILE" not in given and not key_file.exists():
            write_private(key_file, f"demo1:{base64.b64encode(secrets.token_bytes(32)).decode()}\n")
        port = _choose_port(given.get("PORT"))
        databases = {}
        if self.cluster is not None:
            roles = ("portal_app", "portal_owner", "portal_maintenance")
            databases = {
                name: self.cluster.url(role) for name, role in zip(_DATABASE_VARIABLES, roles, strict=True)
            }
        self.variables = {
            "DEMO": "1" if demo else "0",
            "DEBUG": "0",
            "PORT": str(port),
            "PUBLIC_URL": f"http://localhost:{port}",
            "SECRET_KEY": known.get("SECRET_KEY") or secrets.token_urlsafe(48),
            "KEK_FILE": str(key_file),
            "TRAIL_ROOT_FILE": str(LOCAL / "trail-roots"),
            "EMAIL_FROM": "Clinic team <portal@clinic.example.com>",
            **({"EMAIL_URL": "demo:"} if demo else {}),
            **databases,
            **given,
        }
        self.variables["PORT"] = str(port)
        environment.load(self.variables)
        write_private(
            env_file,
            "# Written by `make run`; commands started beside it read this file. Not for production.\n"
            + "".join(f"{key}={value}\n" for key, value in sorted(self.variables.items())),
        )

    def _prepare_database(self) -> None:
        """Migrate and load the therapies when they or the database have changed; load the synthetic clinic once."""
        stamp = LOCAL / "migrated.json"
        digest = _migrations_digest()
        done = json.loads(stamp.read_text(encoding="utf-8")) if stamp.exists() else {}
        owner_url = self.variables.get("DATABASE_OWNER_URL", "")
        where = owner_url.split("@")[-1] if self.cluster is None else "own"
        if done != {"digest": digest, "applied": _applied(owner_url), "where": where}:
            print("Bringing the database up to date …", flush=True)
            self._manage("migrate", "--no-input", "--verbosity=0")
            self._manage("load_protocols")
            if self.variables["DEMO"] == "1":
                self._manage("load_demo")
            write_private(
                stamp, json.dumps({"digest": digest, "applied": _applied(owner_url), "where": where})
            )

    def _manage(self, *arguments: str) -> None:
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "manage.py", *arguments],
            cwd=REPOSITORY,
            env=self.environment,
            preexec_fn=die_with_parent(signal.SIGTERM),
            check=False,
        )
        if done.returncode != 0:
            raise CannotRun(f"manage.py {' '.join(arguments)} failed; the lines above say why.")

    def _start_web(self) -> subprocess.Popen[bytes]:
        return self._spawn("web", [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", "portal.wsgi"])

    def _start_worker(self) -> subprocess.Popen[bytes]:
        return self._spawn("worker", [sys.executable, "manage.py", "procrastinate", "worker"])

    def _spawn(self, name: str, command: list[str]) -> subprocess.Popen[bytes]:
        with (LOCAL / "logs" / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                command,
                cwd=REPOSITORY,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C reaches us alone; we stop the children in order
                preexec_fn=die_with_parent(signal.SIGTERM),
            )
        (LOCAL / f"{name}.pid").write_text(str(process.pid), encoding="utf-8")
        return process

    def _wait_until_ready(self, web: Service) -> None:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            if web.process is not None and web.process.poll() is not None:
                lines = (
                    (LOCAL / "logs" / "web.log")
                    .read_text(encoding="utf-8", errors="replace")
                    .strip()
                    .splitlines()
                )
                raise CannotRun(lines[-1] if lines else "The web server ended at once.")
            try:
                with urllib.request.urlopen(
                    f"http://127.0.0.1:{self.variables['PORT']}/readyz", timeout=5
                ) as answer:
                    if answer.status == 200:
                        return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                pass
            time.sleep(0.05)
        raise CannotRun("The web server did not get ready within two minutes; see .local/logs/web.log.")

    def _greet(self) -> None:
        url = self.variables["PUBLIC_URL"]
        lines = ["", f"The portal is ready: {url}", ""]
        if self.variables["DEMO"] == "1":
            lines += ["Demo sign-ins (synthetic people, nobody real). One password for all: " + PASSWORD, ""]
            lines += [f"  {person.email:<28}{person.name}, {person.what}" for person in PEOPLE]
            lines += ["", f"Mails the portal has sent: {url}/demo/mails/"]
        lines += ["Press Ctrl-C to stop; everything is kept for the next start.", ""]
        print("\n".join(lines), flush=True)


_ALL = (
    "DEMO", "DEBUG", "PORT", "PUBLIC_URL", "ALLOWED_HOSTS", "SECRET_KEY", "KEK_FILE", *_DATABASE_VARIABLES,
    "EMAIL_URL", "EMAIL_FROM", "SMS_GATEWAY", "TRAIL_ROOT_FILE", "TRUSTED_PROXY_COUNT", "FILES_URL", "CLAMAV", "SECOND_FACTORS",
    "WEB_WORKERS",
)  # fmt: skip


def _choose_port(given: str | None) -> int:
    if given is not None:
        if not given.isdigit() or not 1 <= int(given) <= 65535:
            raise CannotRun(f"PORT is {given!r}: use a whole number from 1 to 65535.")
        if not port_is_free(int(given)):
            raise CannotRun(
                f"Port {given} is in use: stop what uses it, or start with another one, for example `make run PORT={int(given) + 1}`."
            )
        return int(given)
    for port in range(8000, 8100):
        if port_is_free(port):
            return port
    raise CannotRun("The ports 8000 to 8099 are all in use: choose one with `make run PORT=…`.")


def _migrations_digest() -> str:
    sums = hashlib.sha256()
    for package in ("django", "wagtail", "procrastinate", "django-allauth", "django-taggit"):
        sums.update(f"{package}={version(package)};".encode())
    for path in sorted([*REPOSITORY.glob("*/migrations/*.py"), *REPOSITORY.glob("treatment/data/*.json")]):
        sums.update(path.relative_to(REPOSITORY).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return sums.hexdigest()


def _applied(owner_url: str) -> str:
    """A mark of what the database itself says is applied; empty for an empty database."""
    try:
        with psycopg.connect(owner_url, connect_timeout=10) as connection:
            row = connection.execute("SELECT count(*), max(applied) FROM django_migrations").fetchone()
    except psycopg.errors.UndefinedTable:
        return ""
    except psycopg.OperationalError as error:
        raise CannotRun(
            f"The database of DATABASE_OWNER_URL cannot be used: {str(error).strip().splitlines()[0]}"
        ) from error
    return str(row)


def _end_left_over_children() -> None:
    """After a kill -9 of the supervisor the kernel ends its children (Linux). Elsewhere, or in the moment between, we do."""
    for name in ("web", "worker"):
        pid_file = LOCAL / f"{name}.pid"
        try:
            pid = int(pid_file.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            continue
        deadline = time.monotonic() + 30
        while _is_ours(pid) and time.monotonic() < deadline:
            try:
                os.kill(pid, signal.SIGTERM)
            except ProcessLookupError:
                break
            time.sleep(0.1)
        pid_file.unlink(missing_ok=True)


def _is_ours(pid: int) -> bool:
    shown = command_line_of(pid)
    return ("portal.wsgi" in shown or "procrastinate worker" in shown) and sys.executable in shown


def main() -> int:
    """Run until stopped. Exit codes: 0 after Ctrl-C or SIGTERM, 1 with one clear line otherwise."""
    supervisor = Supervisor()

    def stop(number: int, frame: FrameType | None) -> None:
        if not supervisor.stopping:
            supervisor.stopping = True
            raise Stopped

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGHUP, stop)
    try:
        supervisor.run()
    except Stopped:
        print("\nStopping …", flush=True)
        return 0
    except (CannotRun, PostgresError, ConfigurationError, RuntimeError) as error:
        print(f"\n{error}", file=sys.stderr, flush=True)
        return 1
    finally:
        supervisor.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
