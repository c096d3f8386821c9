"""Django's and Wagtail's own doors lead to ours, or nowhere."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests.patients.world import PASSWORD, Clinic, person, signed_in


@pytest.mark.parametrize(
    "door", ["/admin/login/", "/cms/login/", "/admin/", "/cms/", "/admin/accounts/user/"]
)
def test_a_door_leads_the_anonymous_to_our_sign_in(clinic: Clinic, door: str) -> None:
    answer = Client().get(f"{door}?next=/admin/", follow=True)
    assert answer.redirect_chain[-1][0].startswith("/accounts/login/")
    assert answer.status_code == 200


@pytest.mark.parametrize("door", ["/admin/login/", "/cms/login/"])
def test_a_door_takes_no_password(clinic: Clinic, door: str) -> None:
    client = Client()
    data = {"username": "maya@example.com", "login": "maya@example.com", "password": PASSWORD, "next": "/"}
    client.post(door, data)
    assert client.get("/account/").status_code == 302


@pytest.mark.parametrize("name", ["maya", "rosa", "jonas"])
@pytest.mark.parametrize("door", ["/admin/", "/admin/login/?next=/admin/", "/admin/accounts/user/", "/cms/"])
def test_people_without_the_right_get_no_set_up_pages_and_no_endless_way(
    clinic: Clinic, name: str, door: str
) -> None:
    answer = signed_in(clinic[name]).get(door, follow=True)
    assert answer.status_code in {403, 404} or answer.redirect_chain[-1][0] == "/"
    assert b"Site administration" not in answer.content


def test_an_administrator_reaches_the_set_up(clinic: Clinic) -> None:
    admin = person("ada", is_staff=True, is_superuser=True)
    assert signed_in(admin).get("/admin/").status_code == 200


def test_set_up_holds_no_patient_content(clinic: Clinic) -> None:
    from django.contrib import admin

    for model in admin.site._registry:
        assert model._meta.app_label not in {"patients", "messaging", "journal"}, model


@pytest.mark.parametrize(
    "path",
    ["/admin/password_change/", "/cms/account/", "/cms/password_reset/", "/cms/logout/", "/admin/logout/"],
)
def test_other_account_pages_lead_to_ours(clinic: Clinic, path: str) -> None:
    admin = person("ada", is_staff=True, is_superuser=True)
    answer: Any = signed_in(admin).get(path)
    assert answer.status_code in {301, 302, 404}
    assert answer.get("Location", "/accounts/").startswith(("/accounts/", "/display/", "/account"))
