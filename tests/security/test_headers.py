"""Headers of every kind of answer, cookies and the deploy check with a production environment."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.db import OperationalError
from django.test import Client
from django.urls import reverse

from messaging.writing import redflags
from portal.demo.people import PASSWORD
from tests.harness import cluster, surroundings
from tests.registry.ground import Ground
from tests.registry.people import MAYA, SAMUEL
from tests.registry.states import signed_in

Answer = Callable[[Ground, pytest.MonkeyPatch], Any]
REPOSITORY = Path(__file__).resolve().parents[2]


def _maya(ground: Ground) -> Client:
    return signed_in(ground.users[MAYA])


def _broken(ground: Ground, patch: pytest.MonkeyPatch) -> Any:
    """A 500: something below a page raises what nobody expects."""

    def fail(*args: Any, **kwargs: Any) -> None:
        raise ZeroDivisionError

    patch.setattr("messaging.views.conversation.row_of", fail)
    return _maya(ground).get(reverse("messaging:list"))


class _Away:
    """A database that does not answer."""

    def cursor(self) -> None:
        raise OperationalError


def _not_ready(ground: Ground, patch: pytest.MonkeyPatch) -> Any:
    patch.setattr("portal.views.health.connection", _Away())
    return Client().get("/readyz")


def _away(ground: Ground, patch: pytest.MonkeyPatch) -> Any:
    """Nothing can be read: the transaction around a page does not even begin."""

    def fail(*args: Any, **kwargs: Any) -> None:
        raise OperationalError

    patch.setattr("portal.lib.actor.unit_of_work", fail)
    return Client(raise_request_exception=False).get("/help/")


KINDS: dict[str, tuple[int, Answer]] = {
    "page of a patient": (200, lambda g, p: _maya(g).get("/")),
    "page of the team": (200, lambda g, p: signed_in(g.users["nurse"]).get("/work/")),
    "page for everybody": (200, lambda g, p: Client().get("/help/")),
    "sign-in": (200, lambda g, p: Client().get(reverse("account_login"))),
    "led to sign-in": (302, lambda g, p: Client().get("/messages/")),
    "calendar file": (200, lambda g, p: _maya(g).get(g.url("scheduling:ics", ("appointment_id",), MAYA))),
    "API": (200, lambda g, p: _maya(g).get(g.url("patients-api:draft-save", ("id",), MAYA))),
    "API, nobody": (401, lambda g, p: Client().get(g.url("patients-api:draft-save", ("id",), MAYA))),
    "API, foreign": (404, lambda g, p: _maya(g).get(g.url("patients-api:draft-save", ("id",), SAMUEL))),
    "API, bad": (
        400,
        lambda g, p: _maya(g).put(
            g.url("patients-api:draft-save", ("id",), MAYA), "{", content_type="application/json"
        ),
    ),
    "API, wrong method": (
        405,
        lambda g, p: _maya(g).post(g.url("patients-api:draft-save", ("id",), MAYA), {}),
    ),
    "no id of the act": (400, lambda g, p: _maya(g).post("/journal/sharing/start/", {})),
    "NUL in the address": (400, lambda g, p: Client().get("/help/%00")),
    "foreign host": (
        400,
        lambda g, p: Client(raise_request_exception=False).get(
            "/help/", headers={"host": "evil.example.org"}
        ),
    ),
    "no CSRF token": (
        403,
        lambda g, p: signed_in(g.users[MAYA], enforce_csrf_checks=True).post("/messages/new/", {}),
    ),
    "no such page": (404, lambda g, p: _maya(g).get("/no-such-page/")),
    "foreign thing": (404, lambda g, p: _maya(g).get(g.url("messaging:thread", ("thread_id",), SAMUEL))),
    "wrong method": (405, lambda g, p: _maya(g).delete("/messages/new/")),
    "too large": (413, lambda g, p: _maya(g).post("/messages/new/", {"text": "x" * 2_000_000})),
    "refused form": (422, lambda g, p: _maya(g).post("/messages/new/", {})),
    "broken": (500, _broken),
    "not ready": (503, _not_ready),
    "no database": (503, _away),
    "alive": (200, lambda g, p: Client().get("/healthz")),
    "static file": (200, lambda g, p: Client().get(staticfiles_storage.url("css/portal.css"))),
    "no such static file": (404, lambda g, p: Client().get("/static/none.css")),
    "editor": (200, lambda g, p: signed_in(g.users["editor"]).get("/cms/")),
    "set-up": (200, lambda g, p: signed_in(g.users["admin"]).get("/admin/")),
    "signed out": (302, lambda g, p: _maya(g).post(reverse("account_logout"))),
}
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
LOOSER = ("editor", "set-up")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_answer_has_its_headers(
    ground: Ground, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    status, ask = KINDS[kind]
    with monkeypatch.context() as patch:
        answer = ask(ground, patch)
    answer.close()
    assert answer.status_code == status
    for name, value in ALWAYS.items():
        assert answer.headers.get(name) == value, f"{name} of {kind}"
    permissions = answer.headers["Permissions-Policy"]
    assert all(
        f"{feature}=()" in permissions
        for feature in ("camera", "microphone", "geolocation", "payment", "usb")
    )
    assert answer.headers["X-Frame-Options"] == ("SAMEORIGIN" if kind in LOOSER else "DENY")
    policy = rules_of(answer.headers["Content-Security-Policy"])
    assert policy["base-uri"] == {"'none'"}
    if kind in LOOSER:
        assert policy["object-src"] == {"'none'"}
        assert policy["form-action"] == {"'self'"}
    else:
        assert policy["default-src"] == {"'none'"}
        assert policy["frame-ancestors"] == {"'none'"}
        sources = set().union(
            *(words for name, words in policy.items() if name != "require-trusted-types-for")
        )
        assert sources <= {"'none'", "'self'"}, f"{kind}: {sources}"
        if answer.headers.get("Content-Type", "").startswith("text/html"):
            assert policy["require-trusted-types-for"] == {"'script'"}
            assert policy["form-action"] == {"'self'"}
    stored = answer.headers["Cache-Control"]
    if kind == "static file":
        assert "immutable" in stored
    else:
        assert {"no-store", "private"} <= {word.strip() for word in stored.split(",")}, f"{kind}: {stored}"
    assert ("Retry-After" in answer.headers) == (kind == "no database")
    assert "Server" not in answer.headers
    assert not any(
        "django" in value.lower() or "wagtail" in value.lower() for value in answer.headers.values()
    )


def test_signing_out_makes_the_browser_forget(ground: Ground) -> None:
    client = _maya(ground)
    assert "Clear-Site-Data" not in client.get("/").headers
    assert '"cache"' in client.post(reverse("account_logout")).headers["Clear-Site-Data"]
    assert client.get("/").status_code == 302


@pytest.mark.parametrize(
    "kind",
    ["broken", "no database", "no such page", "too large", "wrong method", "foreign host", "no CSRF token"],
)
def test_an_error_page_says_what_to_do_and_nothing_about_the_inside(
    ground: Ground, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _status, ask = KINDS[kind]
    with monkeypatch.context() as patch:
        text = ask(ground, patch).content.decode()
    assert "555-01" in text or kind == "foreign host", "the phone stands on every error page"
    for inside in (
        "Traceback",
        "ZeroDivision",
        "row_of",
        "Exception",
        "SELECT ",
        "psycopg",
        str(REPOSITORY),
        "Django",
    ):
        assert inside not in text


def rules_of(policy: str) -> dict[str, set[str]]:
    """A content security policy as directive -> sources."""
    rules = (rule.split() for rule in policy.split(";") if rule.strip())
    return {name: set(words) for name, *words in rules}


# --- With https, as in production ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def production(django_db_setup: None) -> Any:
    """A clone of the demo world and the environment of a production start on it."""
    name = cluster.clone(cluster.world())
    variables = surroundings.variables(cluster.urls(name))
    yield {
        **surroundings.plain(),
        **variables,
        "PUBLIC_URL": "https://portal.example.org",
        "SECRET_KEY": secrets.token_urlsafe(60),
        "EMAIL_URL": "smtp+tls://portal:word@mail.example.org:587",
    }
    cluster.drop(name)


SECURE = """
import json
import django
django.setup()
from django.test import Client
from django.urls import reverse
inside = {"secure": True, "headers": {"host": "portal.example.org", "x-forwarded-proto": "https"}}
client = Client()
plain = client.get("/help/", headers={"host": "portal.example.org"})
first = client.get(reverse("account_login"), **inside)
signed = client.post(reverse("account_login"), {"login": "patient@example.com", "password": "PASSWORD"}, **inside)
page = client.get("/", **inside)
easier = client.post(reverse("accounts:display-easier"), {}, **inside)
cookies = {}
for answer in (first, signed, page, easier):
    for name, cookie in answer.cookies.items():
        cookies[name] = {"secure": bool(cookie["secure"]), "httponly": bool(cookie["httponly"]), "samesite": cookie["samesite"],
                         "path": cookie["path"], "domain": cookie["domain"], "size": len(cookie.OutputString())}
print(json.dumps({"plain": [plain.status_code, plain.headers.get("Location", "")], "status": [first.status_code, signed.status_code, page.status_code],
                  "hsts": [one.headers.get("Strict-Transport-Security", "") for one in (first, signed, page)], "cookies": cookies}))
"""


def test_over_https_cookies_are_bound_and_http_leads_to_https(production: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SECURE.replace("PASSWORD", PASSWORD)],
        cwd=REPOSITORY, env={**production, "DJANGO_SETTINGS_MODULE": "portal.settings"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    seen = json.loads(done.stdout.splitlines()[-1])
    assert seen["plain"] == [301, "https://portal.example.org/help/"]
    assert seen["status"] == [200, 302, 200]
    for value in seen["hsts"]:
        seconds = int(value.split("max-age=")[1].split(";")[0])
        assert seconds >= 31_536_000
        assert "includeSubDomains" in value
    assert {"__Host-session", "__Host-csrf"} <= set(seen["cookies"])
    for name, cookie in seen["cookies"].items():
        assert cookie["secure"], name
        assert cookie["httponly"], name
        assert cookie["samesite"] in ("Lax", "Strict"), name
        assert cookie["path"] == "/", name
        assert cookie["domain"] == "", name
        assert cookie["size"] < 4096, name


def sign_red_flags(url: str) -> None:
    """A signature under the newest version, as the service makes it."""
    rules = redflags.newest()
    with psycopg.connect(url) as connection:
        connection.execute(
            "INSERT INTO messaging_rulesetsignature (id, version, content_hash, user_id, name, signed_at)"
            " SELECT gen_random_uuid(), %s, %s, id, name, now() FROM accounts_user LIMIT 1",
            [rules.version, rules.content_hash],
        )


def test_the_deploy_check_is_clean(production: dict[str, str]) -> None:
    unsigned = subprocess.run(
        [sys.executable, "-W", "ignore", "manage.py", "check", "--deploy"],
        cwd=REPOSITORY, env=production, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "messaging.I002" in unsigned.stderr
    assert "1 issue " in unsigned.stderr, (
        unsigned.stderr
    )  # the demo's clinic has not signed its questions, and nothing else
    sign_red_flags(production["DATABASE_URL"])
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=REPOSITORY, env=production, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, (done.stdout + done.stderr)[-2000:]
    assert "no issues" in done.stdout
    # Both are proved here and by the tests of accounts: the header stands on every answer, addresses are unique in lower case.
    assert set(settings.SILENCED_SYSTEM_CHECKS) == {"security.W002", "auth.W004"}
