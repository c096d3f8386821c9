"""The fixtures keep what they promise."""

from __future__ import annotations

import socket
import threading
import urllib.request
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from accounts.models import User
from tests.harness import cluster
from tests.harness.live import LivePortal, MortalPortal
from tests.harness.mail import Mailbox


def role() -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_user, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user"
        )
        return tuple(cursor.fetchone())


def test_rolled_back_tests_run_as_the_app_role(db: None) -> None:
    assert role() == ("portal_app", False, False)


def test_committing_tests_run_as_the_app_role(fresh_db: str) -> None:
    assert role() == ("portal_app", False, False)
    assert connection.settings_dict["NAME"] == fresh_db


def test_the_app_role_cannot_truncate(fresh_db: str) -> None:
    with pytest.raises(DatabaseError), connection.cursor() as cursor:
        cursor.execute("TRUNCATE accounts_user CASCADE")


@pytest.mark.parametrize("turn", [1, 2])
def test_what_one_test_commits_no_other_sees(fresh_db: str, owner_cursor: psycopg.Cursor, turn: int) -> None:
    assert User.objects.count() == 0
    with transaction.atomic():
        User.objects.create(email=f"turn-{turn}@example.com", name="Somebody")
    row = owner_cursor.execute("SELECT current_user, count(*) FROM accounts_user").fetchone()
    assert row == ("portal_owner", 1)


def test_other_threads_lead_to_the_same_database(fresh_db: str, maintenance_cursor: psycopg.Cursor) -> None:
    def add() -> None:
        User.objects.create(email="thread@example.com", name="Somebody")
        connection.close()

    thread = threading.Thread(target=add)
    thread.start()
    thread.join()
    row = maintenance_cursor.execute("SELECT current_user, email FROM accounts_user").fetchone()
    assert row == ("portal_maintenance", "thread@example.com")


def test_the_demo_world_is_there_and_ours_alone(demo_world: str) -> None:
    assert User.objects.filter(email="patient@example.com").exists()
    User.objects.filter(email="patient@example.com").update(name="Changed")


def test_db_steps_aside_for_a_committing_database(db: None, fresh_db: str) -> None:
    assert not connection.in_atomic_block


def test_mail_is_really_sent_and_may_be_refused(smtp_server: Mailbox) -> None:
    from smtplib import SMTPException

    from django.core.mail import send_mail

    smtp_server.refuse = 1
    with pytest.raises(SMTPException):
        send_mail("Once", "text", "portal@clinic.example.com", ["person@example.com"])
    send_mail("Twice", "text", "portal@clinic.example.com", ["person@example.com"])
    assert [mail["Subject"] for mail in smtp_server.to("person@example.com")] == ["Twice"]


def test_nothing_leaves_loopback() -> None:
    with pytest.raises(AssertionError, match="tests stay on loopback"):
        socket.create_connection(("192.0.2.1", 80), timeout=1)


@pytest.mark.slow
@pytest.mark.browser
def test_server_and_worker_can_be_killed_and_started_again(live_world: LivePortal, new_page: Any) -> None:
    page = new_page(live_world)
    page.goto("/accounts/login/")
    assert page.get_by_role("heading", level=1).count() == 1
    live_world.kill_web()
    live_world.kill_worker()
    with pytest.raises(OSError):
        urllib.request.urlopen(f"{live_world.url}/healthz", timeout=2)
    live_world.start()
    with urllib.request.urlopen(f"{live_world.url}/healthz", timeout=10) as answer:
        assert answer.status == 200
    assert live_world.worker is not None
    assert live_world.worker.poll() is None, live_world.worker_log()


@pytest.mark.slow
def test_the_database_can_be_killed_under_a_running_server(mortal_portal: MortalPortal) -> None:
    assert role() == ("portal_app", False, False)
    with transaction.atomic():
        User.objects.create(email="committed@example.com", name="Somebody")
    mortal_portal.kill_database()
    with pytest.raises(DatabaseError):
        User.objects.count()
    connection.close()
    mortal_portal.start_database()
    assert User.objects.filter(email="committed@example.com").exists()
    mortal_portal.wait_ready()


def test_templates_belong_to_the_owner_alone() -> None:
    with cluster.acquire().connect("portal_owner") as outside:
        row = outside.execute(
            "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = %s", [cluster.template()]
        ).fetchone()
    assert row == ("portal_owner",)
