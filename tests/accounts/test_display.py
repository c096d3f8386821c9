"""How a person wants to read: kept in the profile and in this browser, and followed by every page."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from portal.lib import display

CHOICE = {"text_size": "150", "theme": "dusk", "contrast": "more", "font": "device", "pace": "all"}


def html_tag(response: Any) -> str:
    """The opening tag of the page."""
    found = re.search(r"<html[^>]*>", response.content.decode())
    assert found
    return " ".join(found.group().split())


@pytest.fixture
def person(db: None) -> User:
    return User.objects.create_user("reader@example.com", "calm-river-infusion-2026", name="Reader")


@pytest.mark.django_db
def test_a_visitor_keeps_their_choice_in_a_cookie(client: Client) -> None:
    response = client.post("/display/", CHOICE)
    assert (response.status_code, response["Location"]) == (302, "/display/")
    cookie = response.cookies[display.COOKIE]
    assert cookie.value == "dusk.150.more.device.all"
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    tag = html_tag(client.get("/accounts/login/"))
    for said in ('data-theme="dusk"', 'data-text="150"', 'data-contrast="more"', 'data-font="device"'):
        assert said in tag


def test_a_person_keeps_their_choice_on_every_device(client: Client, person: User) -> None:
    client.force_login(person)
    client.post("/display/", CHOICE)
    person.refresh_from_db()
    assert (person.theme, person.text_size, person.more_contrast, person.device_font) == (
        "dusk",
        150,
        True,
        True,
    )
    other = Client()
    other.force_login(person)
    assert 'data-theme="dusk"' in html_tag(other.get("/display/"))


@pytest.mark.django_db
def test_the_page_shows_what_is_chosen_now(client: Client) -> None:
    client.cookies[display.COOKIE] = "day.125.device.portal"
    page = client.get("/display/").content.decode()
    checked = re.findall(r'<input type="radio"\s+name="(\w+)"\s+value="(\w+)"[^>]*\bchecked', page)
    assert set(checked) == {
        ("text_size", "125"),
        ("theme", "day"),
        ("contrast", "device"),
        ("font", "portal"),
        ("pace", "all"),
    }


@pytest.mark.django_db
@pytest.mark.parametrize(
    "bad", [{}, {**CHOICE, "theme": "pink"}, {**CHOICE, "text_size": "9" * 500}, {**CHOICE, "font": "\x00"}]
)
def test_what_is_not_offered_is_refused_and_changes_nothing(client: Client, bad: dict[str, str]) -> None:
    response = client.post("/display/", bad)
    assert response.status_code == 422
    assert "<title>Error:" in response.content.decode()
    assert display.COOKIE not in response.cookies


@pytest.mark.parametrize(
    "value", ["", "x", "pink.1.2.3", "dusk.999.more.device", "....", "dusk.²00.more", "a" * 5000]
)
def test_a_broken_cookie_is_the_default(value: str) -> None:
    look = display.from_cookie(value)
    assert look.theme in {"device", "dusk"}
    assert look.text_size == 100


@pytest.mark.django_db
def test_easier_to_read_is_one_press_on_and_one_press_off(client: Client) -> None:
    on = client.post("/display/easier/", {"next": "/help/?a=1"})
    assert (on.status_code, on["Location"]) == (302, "/help/?a=1")
    assert 4 * 3600 <= on.cookies[display.EASIER_COOKIE]["max-age"] <= 29 * 3600
    tag = html_tag(client.get("/help/"))
    assert 'data-text="150"' in tag
    assert 'data-contrast="more"' in tag
    client.post("/display/easier/", {"next": "/help/"})
    assert 'data-text="100"' in html_tag(client.get("/help/"))


@pytest.mark.django_db
@pytest.mark.parametrize(
    "away",
    [
        "https://example.org/",
        "//example.org",
        "javascript:alert(1)",
        "/\\example.org",
        "/a\r\nSet-Cookie: b=c",
        "\x00",
        "",
    ],
)
def test_the_way_back_never_leads_away(client: Client, away: str) -> None:
    response = client.post("/display/easier/", {"next": away})
    assert (response.status_code, response["Location"]) == (302, "/")


@pytest.mark.django_db
def test_easier_to_read_is_never_smaller_than_the_own_choice(client: Client) -> None:
    client.cookies[display.COOKIE] = "dusk.200.device.portal"
    client.cookies[display.EASIER_COOKIE] = "1"
    assert 'data-text="200"' in html_tag(client.get("/help/"))


@pytest.mark.django_db
def test_acts_take_a_post_only(client: Client) -> None:
    assert client.get("/display/easier/").status_code == 405
    assert client.delete("/display/").status_code == 405


def test_staying_signed_in_is_an_act(client: Client, person: User) -> None:
    client.force_login(person)
    session = client.session
    session["seen_at"] -= 600
    session.save()
    response = client.post("/account/stay-signed-in/")
    assert response.status_code == 200
    assert response.json()["seconds"] >= 15 * 60 - 5
    assert client.session["seen_at"] > session["seen_at"]


@pytest.mark.django_db
def test_nobody_signed_in_cannot_stay_signed_in(client: Client) -> None:
    assert client.post("/account/stay-signed-in/").status_code == 302


def test_the_account_page_names_the_address_and_the_ways_on(client: Client, person: User) -> None:
    client.force_login(person)
    page = client.get("/account/").content.decode()
    assert "reader@example.com" in page
    for path in ("/display/", "/accounts/email/", "/accounts/password/change/", "/accounts/sessions/"):
        assert f'href="{path}"' in page
