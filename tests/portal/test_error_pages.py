"""Error pages: what happened, one next step, the phone; the one of our own errors asks nobody for anything."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError
from django.template.loader import render_to_string
from django.test import Client, RequestFactory

from portal import context
from portal.views import errors

STATUSES = ("400", "403", "403_csrf", "404", "405", "409", "413", "429", "500", "503")


@pytest.mark.parametrize("status", STATUSES)
def test_every_page_has_one_heading_and_a_way_on_without_any_context(status: str) -> None:
    page = render_to_string(f"{status}.html")
    assert page.count("<h1") == 1
    assert '<a class="button" href="/">' in page
    assert "call the number in your letters" in page


def test_an_unknown_address_is_a_page_with_the_phone(client: Client, demo_world: str) -> None:
    response = client.get("/no-such-page/")
    page = response.content.decode()
    assert response.status_code == 404
    assert "We cannot find that page" in page
    assert "tel:555-0100" in page


def test_an_error_of_ours_needs_no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(*_args: Any) -> None:
        raise DatabaseError

    monkeypatch.setattr(context, "_cached", (0.0, None))
    monkeypatch.setattr(context, "default_site", closed)
    response = errors.server_error(RequestFactory().get("/"))
    assert response.status_code == 500
    page = response.content.decode()
    assert "Something went wrong on our side" in page
    assert "call the number in your letters" in page


def test_an_error_of_ours_still_knows_the_phone(monkeypatch: pytest.MonkeyPatch, demo_world: str) -> None:
    context.forget_site()
    assert context.site_state() is not None

    def closed(*_args: Any) -> None:
        raise DatabaseError

    monkeypatch.setattr(context, "default_site", closed)
    assert "tel:555-0" in errors.server_error(RequestFactory().get("/")).content.decode()
    context.forget_site()


def test_an_error_page_that_breaks_ends_in_plain_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: Any, **_more: Any) -> str:
        raise RuntimeError

    monkeypatch.setattr(errors, "render_to_string", broken)
    response = errors.server_error(RequestFactory().get("/"))
    assert response.status_code == 500
    assert "call the clinic" in response.content.decode()


@pytest.mark.django_db
def test_a_wrong_method_has_words_and_says_which_are_right(client: Client) -> None:
    response = client.delete("/help/")
    assert response.status_code == 405
    assert response["Allow"] == "GET, HEAD"
    assert "cannot be opened this way" in response.content.decode()


def test_an_old_form_is_told_kindly(db: None) -> None:
    response = Client(enforce_csrf_checks=True).post("/display/easier/")
    assert response.status_code == 403
    assert "open too long" in response.content.decode()
