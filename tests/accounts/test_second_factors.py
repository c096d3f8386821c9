"""Second factors are there and need only switching on: SECOND_FACTORS in the environment, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys

import psycopg
from django.test import Client

from tests.harness import surroundings
from tests.harness.cluster import REPOSITORY, urls

STORY = """
import django
django.setup()
from django.conf import settings
settings.ALLOWED_HOSTS = ["testserver"]
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *settings.PASSWORD_HASHERS]
from django.test import Client
from allauth.mfa.totp.internal import auth
from tests.patients.world import PASSWORD, make_clinic

def code(secret):
    counter = next(iter(auth.yield_hotp_counters_from_time()))
    return auth.format_hotp_value(auth.hotp_value(secret, counter))

make_clinic()
first = Client()
first.post("/accounts/login/", {"login": "maya@example.com", "password": PASSWORD})
assert first.get("/account/").status_code == 200
first.post("/accounts/reauthenticate/", {"password": PASSWORD})
page = first.get("/accounts/2fa/totp/activate/")
assert page.status_code == 200, page.status_code
secret = first.session["mfa.totp.secret"]
answer = first.post("/accounts/2fa/totp/activate/", {"code": code(secret)})
assert answer.status_code == 302, answer.content.decode()[:2000]

second = Client()
answer = second.post("/accounts/login/", {"login": "maya@example.com", "password": PASSWORD})
assert answer["Location"].startswith("/accounts/2fa/authenticate/"), answer["Location"]
assert second.get("/account/").status_code == 302, "the password alone got in"
assert second.post("/accounts/2fa/authenticate/", {"code": "000000"}).status_code != 302
assert second.get("/account/").status_code == 302, "a wrong code got in"
import time
import unittest.mock
with unittest.mock.patch("time.time", return_value=time.time() + 60):
    answer = second.post("/accounts/2fa/authenticate/", {"code": code(secret)})
    assert answer.status_code == 302, answer.content.decode()[:2000]
assert second.get("/account/").status_code == 200
print("SECRET", secret)
"""


def test_second_factors_work_once_they_are_switched_on(fresh_db: str, owner_cursor: psycopg.Cursor) -> None:
    environment = {
        **surroundings.plain(),
        **surroundings.variables(urls(fresh_db), SECOND_FACTORS="totp,recovery_codes"),
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "PYTHONPATH": str(REPOSITORY),
        "PATH": os.environ["PATH"],
    }
    done = subprocess.run(
        [sys.executable, "-c", STORY],
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
    secret = done.stdout.split("SECRET ")[1].split()[0]
    owner_cursor.execute("SELECT type, data::text FROM mfa_authenticator")
    rows = owner_cursor.fetchall()
    assert {row[0] for row in rows} >= {"totp"}
    for _kind, data in rows:
        assert secret not in data
    owner_cursor.execute("SELECT session_data FROM django_session")
    assert not any(secret in row[0] for row in owner_cursor.fetchall())


def test_switched_off_there_are_no_pages_of_theirs(db: None) -> None:
    for path in ("", "totp/activate/", "webauthn/", "recovery-codes/", "authenticate/"):
        assert Client().get(f"/accounts/2fa/{path}").status_code in {302, 404}
