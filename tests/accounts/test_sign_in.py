"""Signing in by password and by mailed code, through the real pages; limits, enumeration, and links that lead away."""

from __future__ import annotations

import base64
import re
from typing import Any
from urllib.parse import quote

import pytest
from allauth.core import ratelimit
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connection
from django.test import Client, RequestFactory

from accounts.models import OutgoingMail, User
from accounts.services import invite_user, open_mail
from accounts.sessions import SessionStore
from portal.lib.ids import uuid7
from tests.patients.world import PASSWORD, Clinic

LOGIN = "/accounts/login/"
CODE = "/accounts/login/code/"
CONFIRM = "/accounts/login/code/confirm/"


def sign_in(client: Client, name: str = "maya", password: str = PASSWORD, **more: Any) -> Any:
    return client.post(LOGIN, {"login": f"{name}@example.com", "password": password}, **more)


def is_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


def last_mail() -> dict[str, str]:
    mail = open_mail(OutgoingMail.objects.latest("created_at"))
    assert mail is not None
    return mail


def code_in(mail: dict[str, str]) -> str:
    found = re.search(r"^\s*([A-Z0-9]{3,4}-?[A-Z0-9]{3,5})\s*$", mail["body"], re.MULTILINE)
    assert found, mail["body"]
    return found.group(1)


def words(answer: Any) -> str:
    """What stands on a page, without tags, tokens and ids."""
    text = re.sub(r"<[^>]+>", " ", answer.content.decode())
    return " ".join(text.split())


def test_a_password_signs_in(clinic: Clinic) -> None:
    client = Client()
    assert sign_in(client)["Location"] == "/"
    assert is_in(client)


def test_the_address_may_be_typed_in_capitals(clinic: Clinic) -> None:
    client = Client()
    client.post(LOGIN, {"login": " MAYA@Example.COM ", "password": PASSWORD})
    assert is_in(client)


@pytest.mark.parametrize("password", ["wrong", "", PASSWORD + " x", "x" * 5000])
def test_a_wrong_password_does_not(clinic: Clinic, password: str) -> None:
    client = Client()
    assert sign_in(client, password=password).status_code in {200, 422}
    assert not is_in(client)


def test_somebody_inactive_does_not_get_in(clinic: Clinic) -> None:
    User.objects.filter(email="maya@example.com").update(is_active=False)
    client = Client()
    sign_in(client)
    assert not is_in(client)


def test_disabling_somebody_ends_their_session(clinic: Clinic) -> None:
    client = Client()
    sign_in(client)
    User.objects.filter(email="maya@example.com").update(is_active=False)
    assert not is_in(client)


# --- By mailed code -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["email", "login"])
def test_a_mailed_code_signs_in(clinic: Clinic, field: str) -> None:
    client = Client()
    answer = client.post(CODE, {field: "maya@example.com"})
    assert answer["Location"].startswith(CONFIRM)
    mail = last_mail()
    assert mail["to"] == "maya@example.com"
    for word in ("infusion", "health", "patient", "maya"):
        assert word not in (mail["subject"] + mail["body"]).lower()
    assert client.post(CONFIRM, {"code": code_in(mail)}).status_code == 302
    assert is_in(client)


def test_a_person_who_was_invited_signs_in_without_a_password(clinic: Clinic) -> None:
    invite_user(email="New@Example.com", name="New Person")
    client = Client()
    client.post(CODE, {"email": "new@example.com"})
    client.post(CONFIRM, {"code": code_in(last_mail())})
    assert is_in(client)


def test_the_code_is_nowhere_in_clear(clinic: Clinic) -> None:
    client = Client()
    client.post(CODE, {"email": "maya@example.com"})
    code = code_in(last_mail())
    plain = code.replace("-", "")
    stored = [base64.b64decode(row) for row in Session.objects.values_list("session_data", flat=True)]
    stored += [bytes(mail.payload or b"") for mail in OutgoingMail.objects.all()]
    with connection.cursor() as cursor:
        cursor.execute("SELECT args::text FROM procrastinate_jobs")
        jobs = [row[0] for row in cursor.fetchall()]
    assert jobs
    assert len(stored) >= 2
    for text in (code, plain, code.lower(), plain.lower()):
        assert not any(text.encode() in value for value in stored)
        assert not any(text in job for job in jobs)
    for row in Session.objects.all():
        assert "code" not in str(row.get_decoded())


def test_a_code_works_once_and_in_its_own_browser_only(clinic: Clinic) -> None:
    client, other = Client(), Client()
    client.post(CODE, {"email": "maya@example.com"})
    code = code_in(last_mail())
    other.post(CONFIRM, {"code": code})
    assert not is_in(other)
    client.post(CONFIRM, {"code": code})
    assert is_in(client)
    client.post("/accounts/logout/")
    client.post(CONFIRM, {"code": code})
    assert not is_in(client)


def test_five_wrong_codes_end_the_try(clinic: Clinic) -> None:
    client = Client()
    client.post(CODE, {"email": "maya@example.com"})
    code = code_in(last_mail())
    for _try in range(5):
        client.post(CONFIRM, {"code": "AAAAAA"})
    client.post(CONFIRM, {"code": code})
    assert not is_in(client)


# --- Limits ------------------------------------------------------------------------------------------------------------


def guess(number: int, name: str = "maya", password: str = "") -> Client:
    client = Client(REMOTE_ADDR=f"10.0.{number // 250}.{number % 250 + 1}")
    sign_in(client, name, password or "wrong guess again")
    return client


def test_after_five_wrong_guesses_even_the_right_password_waits(clinic: Clinic) -> None:
    for number in range(5):
        guess(number)
    assert not is_in(guess(99, password=PASSWORD))
    assert is_in(guess(100, name="samuel", password=PASSWORD))


def test_the_limit_holds_after_a_spray_of_a_thousand_other_names(clinic: Clinic) -> None:
    for number in range(5):
        guess(number)
    for number in range(1000):
        request = RequestFactory().post(LOGIN, REMOTE_ADDR=f"10.{number % 200}.{number // 200}.7")
        request.session = SessionStore()
        assert ratelimit.consume(request, action="login_failed", key=f"name-{number}@example.com")
    assert not is_in(guess(99, password=PASSWORD))


def test_the_limits_live_in_a_table_with_room(settings: Any) -> None:
    assert settings.CACHES["default"]["BACKEND"].endswith("DatabaseCache")
    assert settings.CACHES["default"]["OPTIONS"]["MAX_ENTRIES"] >= 200_000


def test_a_forged_address_of_a_proxy_does_not_lift_the_limit_of_an_address(clinic: Clinic) -> None:
    answers = [
        Client(REMOTE_ADDR="10.9.9.9", HTTP_X_FORWARDED_FOR=f"1.2.3.{number}").post(
            LOGIN, {"login": f"n{number}@example.com", "password": "x"}
        )
        for number in range(12)
    ]
    assert not is_in(sign_in_from("10.9.9.9"))
    assert answers[0].status_code in {200, 422}


def sign_in_from(address: str) -> Client:
    client = Client(REMOTE_ADDR=address)
    sign_in(client, "samuel")
    return client


# --- Enumeration -----------------------------------------------------------------------------------------------------------


def test_known_and_unknown_addresses_are_answered_alike(clinic: Clinic) -> None:
    def said(url: str, data: dict[str, str]) -> tuple[int, str, str]:
        client = Client(REMOTE_ADDR=f"10.1.1.{len(data['login'] if 'login' in data else data['email'])}")
        answer = client.post(url, data)
        where = answer.get("Location", "")
        page = words(client.get(where)) if where else words(answer)
        for address in ("maya@example.com", "nobody@example.com"):
            page = page.replace(address, "ADDRESS")
        return answer.status_code, where, page

    for url, field in ((LOGIN, "login"), (CODE, "email"), ("/accounts/password/reset/", "email")):
        cache.clear()
        more = {"password": "wrong guess"} if field == "login" else {}
        known = said(url, {field: "maya@example.com", **more})
        unknown = said(url, {field: "nobody@example.com", **more})
        assert known == unknown, url


def test_nobody_signs_up_alone(clinic: Clinic) -> None:
    people = User.objects.count()
    client = Client()
    assert "clinic" in words(client.get("/accounts/signup/")).lower()
    client.post("/accounts/signup/", {"email": "x@example.com", "password1": PASSWORD, "password2": PASSWORD})
    assert User.objects.count() == people
    assert not is_in(client)


# --- Links that lead away ----------------------------------------------------------------------------------------------------

AWAY = [
    "https://evil.example/", "http://evil.example", "//evil.example", "///evil.example", "////evil.example/x", "/\\evil.example",
    "\\\\evil.example", "\\/evil.example", "/\\/evil.example", "https:evil.example", "https:/evil.example", "https:///evil.example",
    "javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,x", "vbscript:x", "ftp://evil.example", "/%09/evil.example",
    "/\t/evil.example", "\t//evil.example", " //evil.example", "//evil.example@localhost", "https://localhost@evil.example",
    "https://localhost.evil.example", "//[::1]evil", "http://[evil", "%2f%2fevil.example", "%68ttps://evil.example", "/..//evil.example",
    "https://evil.example/https://localhost", "//localhost:8000@evil.example", "?next=//evil.example", "#//evil.example",
    "\x00//evil.example", "//evil%E3%80%82example", "//evil。example", "https://testserver.evil.example", "mailto:x@evil.example", "blob:x",
    "/\r\nLocation: //evil.example",
]  # fmt: skip


@pytest.mark.parametrize("where", AWAY)
def test_a_sign_in_never_leads_away(clinic: Clinic, where: str) -> None:
    client = Client()
    answer = client.post(LOGIN, {"login": "maya@example.com", "password": PASSWORD, "next": where})
    if answer.status_code == 302:
        lead = answer["Location"]
        assert re.fullmatch(r"/(?![/\\\t]).*|\?.*|#.*|%2f.*|%68.*", lead), lead
        assert "\n" not in lead
    else:
        assert answer.status_code in {200, 400, 422}
    for url in (f"{LOGIN}?next=", "/accounts/logout/?next="):
        answer = client.post(url + quote(where)) if "logout" in url else client.get(url + quote(where))
        lead = answer.get("Location", "/")
        assert not re.match(r"(?i)[a-z]+:|//|/\\|\\", lead), lead


def test_ids_of_people_are_not_sequential(clinic: Clinic) -> None:
    assert clinic["maya"].pk.version == uuid7().version == 7
