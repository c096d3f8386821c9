"""Signing in, as people see it: two equal ways, errors tied to inputs, plain mails that say nothing about health."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.template.loader import render_to_string
from django.test import Client

from accounts.models import OutgoingMail, User
from accounts.services import open_mail

PASSWORD = "calm-river-infusion-2026"
MAILS = sorted(
    path
    for path in (Path(settings.BASE_DIR) / "templates").glob("*/email/*_message.txt")
    if path.stem != "base_message"
)
HEALTH = re.compile(
    r"\b(ms|sclerosis|infusion|treatment|patient|nurse|doctor|neurolog\w*|symptom\w*|medic\w*|health|clinic record|visit)\b",
    re.IGNORECASE,
)


@pytest.fixture
def person(db: None) -> User:
    return User.objects.create_user("reader@example.com", PASSWORD, name="Reader")


def newest_mail() -> dict[str, str]:
    mail = open_mail(OutgoingMail.objects.order_by("-created_at")[0])
    assert mail is not None
    return mail


def fields_of(page: str) -> dict[str, str]:
    """Visible inputs of the main part by name, as their tags."""
    tags = re.findall(r"<input[^>]*>", page[page.index("<main") :])
    return {
        re.findall(r'name="([^"]*)"', tag)[0]: " ".join(tag.split()) for tag in tags if "hidden" not in tag
    }


@pytest.mark.django_db
def test_both_ways_stand_on_the_sign_in_page(client: Client) -> None:
    page = client.get("/accounts/login/").content.decode()
    fields = fields_of(page)
    assert list(fields)[:2] == ["login", "password"]
    assert 'autocomplete="current-password"' in fields["password"]
    assert 'type="email"' in fields["login"]
    assert "placeholder" not in page
    assert 'formaction="/accounts/login/code/"' in page
    assert "Talk to a person" in page or "call the number in your letters" in page


def test_a_password_signs_in(client: Client, person: User) -> None:
    response = client.post("/accounts/login/", {"login": "READER@example.com", "password": PASSWORD})
    assert (response.status_code, response["Location"]) == (302, "/")


def test_a_mailed_code_signs_in_from_the_same_page(client: Client, person: User) -> None:
    response = client.post("/accounts/login/code/", {"login": "reader@example.com", "password": ""})
    assert response.status_code == 302
    mail = newest_mail()
    assert mail["to"] == "reader@example.com"
    assert mail["subject"] == "Your sign-in code"
    code = re.search(r"^([A-Z0-9-]{5,})$", mail["body"], re.MULTILINE)
    assert code
    page = client.get("/accounts/login/code/confirm/").content.decode()
    assert 'autocomplete="one-time-code"' in fields_of(page)["code"]
    response = client.post("/accounts/login/code/confirm/", {"code": code.group(1)})
    assert (response.status_code, response["Location"]) == (302, "/")


def test_a_wrong_code_is_told_at_the_field(client: Client, person: User) -> None:
    client.post("/accounts/login/code/", {"login": "reader@example.com"})
    page = client.post("/accounts/login/code/confirm/", {"code": "WRONG"}).content.decode()
    assert 'aria-invalid="true"' in fields_of(page)["code"]
    assert 'id="id_code_error"' in page


def test_wrong_sign_in_says_nothing_about_who_is_known(client: Client, person: User) -> None:
    pages = [
        client.post("/accounts/login/", {"login": email, "password": "wrong-wrong-wrong"}).content.decode()
        for email in ("reader@example.com", "nobody@example.com")
    ]
    said = [re.findall(r'<div class="error-summary".*?</div>', page, re.DOTALL)[0] for page in pages]
    assert said[0] == said[1]
    assert 'value="reader@example.com"' in pages[0]
    assert "wrong-wrong" not in pages[0]


@pytest.mark.django_db
def test_an_unknown_address_gets_the_same_page_and_another_mail(client: Client) -> None:
    response = client.post("/accounts/login/code/", {"email": "nobody@example.com"})
    assert response.status_code == 302
    assert client.get("/accounts/login/code/confirm/").status_code == 200
    assert "There is no sign-in with this address" in newest_mail()["body"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "data", [{}, {"login": ""}, {"login": "x" * 3000, "password": "y"}, {"login": "\x00", "password": "\x00"}]
)
def test_bad_input_is_told_and_never_breaks(client: Client, data: dict[str, str]) -> None:
    for path in ("/accounts/login/", "/accounts/login/code/", "/accounts/password/reset/"):
        assert client.post(path, data).status_code < 500


@pytest.mark.django_db
def test_nobody_signs_up_alone_but_is_told_how(client: Client) -> None:
    page = client.get("/accounts/signup/").content.decode()
    assert "Call the clinic, or ask at your next visit" in page
    assert "<form" not in page[page.index("<main") :]


def test_every_page_of_the_own_account_is_ours(client: Client, person: User) -> None:
    client.post("/accounts/login/", {"login": "reader@example.com", "password": PASSWORD})
    for path in (
        "/accounts/email/",
        "/accounts/password/change/",
        "/accounts/sessions/",
        "/accounts/logout/",
        "/accounts/reauthenticate/",
        "/accounts/2fa/",
    ):
        page = client.get(path, follow=True).content.decode()
        assert page.count("<h1") == 1, path
        assert 'class="masthead"' in page, path
        assert "style=" not in page, path


def test_password_rules_are_one_plain_sentence(client: Client, person: User) -> None:
    client.post("/accounts/login/", {"login": "reader@example.com", "password": PASSWORD})
    page = client.get("/accounts/password/change/").content.decode()
    assert "At least 15 characters." in page
    assert "similar to your other personal information" not in page


@pytest.mark.parametrize("template", MAILS, ids=lambda path: path.stem)
def test_mails_are_plain_and_say_nothing_about_health(template: Path) -> None:
    context: dict[str, Any] = {
        "code": "ABC-DEF",
        "email": "reader@example.com",
        "password_reset_url": "https://portal.example/x",
        "activate_url": "https://portal.example/x",
    }
    name = str(template.relative_to(Path(settings.BASE_DIR) / "templates"))
    body = render_to_string(name, context)
    subject = render_to_string(name.replace("_message", "_subject"), context)
    assert HEALTH.findall(f"{subject} {body}") == []
    assert "<" not in body
    assert "Hello," in body
    assert len(subject.strip().splitlines()) == 1
