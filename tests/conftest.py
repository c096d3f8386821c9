"""Fixtures every test may use. Django's connection is always the app role; see tests/README.md for when to take which database."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.harness import cluster, surroundings
from tests.harness.live import LivePortal, MortalPortal
from tests.harness.mail import Mailbox
from tests.harness.mail import smtp_server as run_smtp_server

# Before Django's settings are read: they read the environment once.
_WORKER_DATABASE = f"clone_{os.getpid()}_worker"
surroundings.enter(cluster.urls(_WORKER_DATABASE))

_COMMITTING = frozenset({"fresh_db", "demo_world", "live_portal", "live_world", "mortal_portal", "committed"})
_IMPOSSIBLE = frozenset(
    {"transactional_db", "django_db_reset_sequences", "django_db_serialized_rollback", "live_server"}
)
_LOOPBACK = ("127.", "localhost", "::1")


def pytest_configure(config: pytest.Config) -> None:
    """Hash passwords cheaply; the demo data's Argon2 hashes still verify."""
    from django.conf import settings

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *settings.PASSWORD_HASHERS]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse what needs TRUNCATE: as the app role that is impossible, and that is the point."""
    for item in items:
        names = set(getattr(item, "fixturenames", ()))
        marker = item.get_closest_marker("django_db")
        if names & _IMPOSSIBLE or (marker is not None and marker.kwargs.get("transaction")):
            raise pytest.UsageError(
                f"{item.nodeid}: tests cannot flush tables as the app role. Take the fixture fresh_db instead of "
                "transactional_db or django_db(transaction=True): it commits for real into a database of its own."
            )
        if marker is not None and names & _COMMITTING:
            raise pytest.UsageError(
                f"{item.nodeid}: take {', '.join(sorted(names & _COMMITTING))} without django_db."
            )


@pytest.fixture(scope="session", autouse=True)
def _only_loopback() -> Iterator[None]:
    """Nothing leaves this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not str(address[0]).startswith(_LOOPBACK):
            self.close()
            raise AssertionError(f"a test tried to reach {address[0]}: tests stay on loopback")
        connect(self, address)

    patch = pytest.MonkeyPatch()
    patch.setattr(socket.socket, "connect", guarded)
    yield
    patch.undo()


@pytest.fixture(scope="session", autouse=True)
def _static_files() -> None:
    """Hashed static files are collected once, and again when one has changed."""
    from tools.static import ensure_collected

    ensure_collected({**surroundings.plain(), **surroundings.variables(cluster.urls(_WORKER_DATABASE))})
    from django.contrib.staticfiles.storage import staticfiles_storage as storage

    # Collecting the tests may have read the list of files before there was one.
    storage.hashed_files, storage.manifest_hash = storage.load_manifest()


@pytest.fixture(autouse=True)
def _signed_rules() -> None:
    """A signature of another test is not this test's."""
    from messaging.writing.triage import forget_signed

    forget_signed()


@pytest.fixture(autouse=True)
def _site_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test reads the site anew, and then only once: what every page says of it may be 15 seconds old, and a test that counts
    statements would now and then count those that read it again."""
    from portal import context

    context.forget_site()
    monkeypatch.setattr(context, "SITE_SECONDS", 3600.0)


# --- Databases -----------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: Any) -> Iterator[None]:
    """This worker's own clone of the migrated template, asserted to be used as the app role."""
    name = cluster.clone(cluster.template())
    with django_db_blocker.unblock(), pointed_at(name):
        _assert_app_role()
        yield
    cluster.drop(name)


@pytest.fixture
def db(request: pytest.FixtureRequest) -> None:
    """Database access. Rolled back after the test, unless the test also asks for a committing database: then that one is used."""
    committing = sorted(_COMMITTING & set(request.fixturenames) - {"committed"})
    if committing:
        return
    request.getfixturevalue("_django_db_helper")


@pytest.fixture
def fresh_db(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """A clone of the migrated template of this test's own; commits are real, threads may connect. Gives its name."""
    with _committing(django_db_blocker, cluster.template()) as name:
        yield name


@pytest.fixture
def demo_world(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """Like fresh_db, with the demo clinic in it."""
    with _committing(django_db_blocker, cluster.world()) as name:
        yield name


@pytest.fixture
def owner_cursor(request: pytest.FixtureRequest, django_db_setup: None) -> Iterator[psycopg.Cursor]:
    """A cursor as the tables' owner on the test's database (autocommit; it does not see what a rolled-back test has not committed)."""
    yield from _cursor(request, "portal_owner")


@pytest.fixture
def maintenance_cursor(request: pytest.FixtureRequest, django_db_setup: None) -> Iterator[psycopg.Cursor]:
    """A cursor as the maintenance role (BYPASSRLS) on the test's database."""
    yield from _cursor(request, "portal_maintenance")


def _cursor(request: pytest.FixtureRequest, role: str) -> Iterator[psycopg.Cursor]:
    from django.db import connection

    for name in sorted(_COMMITTING & set(request.fixturenames) - {"committed", "mortal_portal"}):
        request.getfixturevalue(name)
    with (
        cluster.acquire().connect(role, connection.settings_dict["NAME"]) as outside,
        outside.cursor() as cursor,
    ):
        yield cursor


@contextmanager
def _committing(blocker: Any, source: str) -> Iterator[str]:
    name = cluster.clone(source)
    try:
        with blocker.unblock(), pointed_at(name):
            yield name
    finally:
        cluster.drop(name)


@contextmanager
def pointed_at(name: str) -> Iterator[None]:
    """Django's default connection, in every thread, leads to this database while the block runs."""
    from django.db import connections

    settings = connections.settings["default"]
    before = settings["NAME"]
    _close_all()
    settings["NAME"] = name
    try:
        yield
    finally:
        _close_all()
        settings["NAME"] = before


def _close_all() -> None:
    from django.core.cache import caches
    from django.db import connections

    for connection in connections.all(initialized_only=True):
        connection.close()
        close_pool = getattr(connection, "close_pool", None)
        if close_pool is not None:
            close_pool()
    for cache in caches.all(initialized_only=True):
        cache.close()


def _assert_app_role() -> None:
    """Tests of row security would be green lies under any other role."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolname, rolsuper, rolbypassrls, rolcreatedb FROM pg_roles WHERE rolname = current_user"
        )
        assert cursor.fetchone() == ("portal_app", False, False, False)
    connection.close()


# --- Mail, real processes, browser ---------------------------------------------------------------------------


@pytest.fixture
def smtp_server(settings: Any) -> Iterator[Mailbox]:
    """A real SMTP server; this process's own mails go there as well (`django.core.mail` sends for real)."""
    with run_smtp_server() as mailbox:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", mailbox.port
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        yield mailbox


@pytest.fixture
def live_portal(fresh_db: str, smtp_server: Mailbox, tmp_path: Path) -> Iterator[LivePortal]:
    """Running web server and worker on a fresh, empty clone; Django in the test sees the same database."""
    portal = LivePortal(fresh_db, smtp_server.url, tmp_path)
    try:
        yield portal.start()
    finally:
        portal.stop()


@pytest.fixture
def live_world(demo_world: str, smtp_server: Mailbox, tmp_path: Path) -> Iterator[LivePortal]:
    """Like live_portal, on a clone of the demo clinic."""
    portal = LivePortal(demo_world, smtp_server.url, tmp_path)
    try:
        yield portal.start()
    finally:
        portal.stop()


@pytest.fixture(scope="session")
def walk_mailbox() -> Iterator[Mailbox]:
    """The SMTP server of `walk_portal`."""
    with run_smtp_server() as mailbox:
        yield mailbox


@pytest.fixture(scope="session")
def walk_portal(walk_mailbox: Mailbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LivePortal]:
    """One running portal with the demo clinic for all read-mostly browser walks of this worker."""
    name = cluster.clone(cluster.world())
    portal = LivePortal(name, walk_mailbox.url, tmp_path_factory.mktemp("walk"))
    try:
        yield portal.start()
    finally:
        portal.stop()
        cluster.drop(name)


@pytest.fixture
def mortal_portal(
    django_db_setup: None, django_db_blocker: Any, smtp_server: Mailbox, tmp_path: Path
) -> Iterator[MortalPortal]:
    """Web server and worker on the demo clinic in a durable PostgreSQL of their own, for killing the database too.

    Django in the test process leads there as well.
    """
    from django.db import connections

    with cluster.own_server(cluster.world()) as own, django_db_blocker.unblock(), pointed_at("portal"):
        settings = connections.settings["default"]
        before = {key: settings[key] for key in ("PORT", "PASSWORD")}
        settings.update(PORT=str(own.port), PASSWORD=own.state["portal_app"])
        portal = MortalPortal("portal", smtp_server.url, tmp_path, cluster=own)
        try:
            yield portal.start()
        finally:
            portal.stop()
            _close_all()
            settings.update(before)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A Playwright `Browser` (Chromium), one per worker."""
    from tests.harness.browser import chromium

    with chromium() as running:
        yield running


@pytest.fixture
def new_page(browser: Any) -> Iterator[Callable[..., Any]]:
    """`new_page(portal, **context_options)` opens a page in a context of its own, closed after the test."""
    contexts: list[Any] = []

    def open_page(portal: LivePortal, **options: Any) -> Any:
        context = browser.new_context(base_url=portal.url, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        return page

    yield open_page
    for context in contexts:
        context.close()
