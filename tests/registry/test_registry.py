"""Every address of the resolver is a registered page, or is named as something else for a reason that is true."""

from __future__ import annotations

import pytest
from django.http import HttpResponse

from portal.lib.api import ApiView
from tests.harness.paper import ensure
from tests.registry.ground import Ground
from tests.registry.pages import (
    ACT,
    API,
    AWAY,
    FILE,
    NEWS,
    NOT_PAGES,
    PAGES,
    PAPER,
    PHOTO,
    PROBE,
    Page,
)
from tests.registry.people import MAYA, PATIENTS
from tests.registry.resolver import PREFIXES, addresses, ours
from tests.registry.states import open_state, signed_in


def test_each_address_is_registered_or_named_as_no_page() -> None:
    registered = {page.name for page in PAGES}
    assert not registered & set(NOT_PAGES), "an address is both"
    known, real = registered | set(NOT_PAGES), set(ours())
    assert not real - known, f"not in tests/registry/pages.py: {sorted(real - known)}"
    assert not known - real, f"gone from the resolver: {sorted(known - real)}"


def test_an_address_that_nobody_registered_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.urls import path

    from portal import urls

    monkeypatch.setattr(
        urls, "urlpatterns", [*urls.urlpatterns, path("new/", lambda request: HttpResponse(), name="new")]
    )
    from django.urls import clear_url_caches

    clear_url_caches()
    try:
        assert set(ours()) - {page.name for page in PAGES} - set(NOT_PAGES) == {"new"}
    finally:
        monkeypatch.undo()
        clear_url_caches()


def test_prefixes_cover_something_and_nothing_of_ours() -> None:
    covered = [address for address in addresses() if address.prefix]
    for prefix in PREFIXES:
        assert any(address.prefix == prefix for address in covered)
    assert len({page.key for page in PAGES}) == len(PAGES), "two pages have one key"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.key)
def test_a_page_opens_for_each_kind_of_person(ground: Ground, page: Page) -> None:
    for person in page.walkers:
        client = signed_in(None if person == "anonymous" else ground.users[person])
        path = open_state(page, client, ground, person)
        answer = client.get(path)
        assert answer.status_code == 200, f"{path} answers {answer.status_code} to {person}"
        assert answer["Content-Type"].startswith("text/html"), path
        assert answer.content.count(b"<h1") == 1, f"{path} has {answer.content.count(b'<h1')} h1 for {person}"


@pytest.mark.parametrize("name", NOT_PAGES)
def test_what_is_no_page_is_none(ground: Ground, name: str) -> None:
    reason, kwargs = NOT_PAGES[name], ours()[name].kwargs
    if reason == PAPER:
        ensure()
    if reason == API:
        assert issubclass(ours()[name].view.cls, ApiView)
        return
    own = "patient_id" not in kwargs and name != "messaging:work-list-news"
    person = MAYA if own or name.startswith("scheduling:") else "nurse"
    path = ground.url(name, kwargs, MAYA)
    answer = signed_in(ground.users[person]).get(path)
    if reason == ACT:
        assert answer.status_code == 405, answer.status_code
    elif reason == AWAY:
        assert answer.status_code == 302
        assert answer["Location"].startswith("/")
    else:
        assert answer.status_code == 200
        kind = {
            PROBE: "text/plain",
            FILE: ("text/calendar", "text/plain"),
            PAPER: "application/pdf",
            NEWS: "application/json",
            PHOTO: "image/jpeg",
        }[reason]
        assert answer["Content-Type"].startswith(kind)


def test_a_persons_own_pages_are_registered_for_both_patients() -> None:
    """Nothing is proved with Maya's record alone."""
    for page in PAGES:
        assert (
            not set(page.persons) & set(PATIENTS)
            or set(PATIENTS) <= set(page.persons)
            or "patient_id" in ours()[page.name].kwargs
        )
