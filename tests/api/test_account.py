"""One's own account through the API: how a person wants to read, and the programs that act as them."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal.lib.ids import uuid7
from tests.api.asking import call, is_problem, program, token_of
from tests.patients.world import Clinic, signed_in

DISPLAY, PROGRAMS = "/api/v1/accounts/display/", "/api/v1/accounts/programs/"
LOOK = {"theme": "dusk", "text_size": 150, "contrast": "more", "font": "device", "pace": "one"}


def test_a_look_is_kept_and_pages_follow_it(clinic: Clinic) -> None:
    client = signed_in(clinic["maya"])
    assert client.get(DISPLAY).json() == {
        "theme": "device", "text_size": 100, "contrast": "device", "font": "portal", "pace": "all",
    }  # fmt: skip
    for _try in range(2):
        assert call(client, "PUT", DISPLAY, LOOK, key=None).json() == LOOK
    assert client.get(DISPLAY).json() == LOOK
    page = signed_in(clinic["maya"]).get("/me/").content.decode()
    assert 'data-theme="dusk"' in page
    assert signed_in(clinic["samuel"]).get(DISPLAY).json()["theme"] == "device"


@pytest.mark.parametrize(
    "change",
    [
        {"theme": "night"},
        {"text_size": 110},
        {"text_size": "150"},
        {"text_size": True},
        {"pace": None},
        {"size": 1},
    ],
)
def test_an_unknown_look_is_refused_and_nothing_is_kept(clinic: Clinic, change: dict[str, Any]) -> None:
    client = signed_in(clinic["maya"])
    answer = call(client, "PUT", DISPLAY, {**LOOK, **change}, key=None)
    assert is_problem(answer, 400)
    assert set(answer.json()["errors"]) == set(change)
    assert client.get(DISPLAY).json()["theme"] == "device"


def test_all_five_are_sent_together_and_nobody_has_none(clinic: Clinic) -> None:
    assert is_problem(call(signed_in(clinic["maya"]), "PUT", DISPLAY, {"theme": "dusk"}, key=None), 400)
    assert is_problem(Client().get(DISPLAY), 401)
    reader = program(clinic["maya"], "accounts:read")
    assert reader.get(DISPLAY).status_code == 200
    assert is_problem(call(reader, "PUT", DISPLAY, LOOK, key=None), 403)


def test_a_person_sees_their_programs_and_ends_one(clinic: Clinic) -> None:
    client = signed_in(clinic["maya"])
    token, text = token_of(clinic["maya"], "journal:read")
    with CaptureQueriesContext(connection) as one:
        (row,) = client.get(PROGRAMS).json()["results"]
    assert (row["id"], row["name"], row["scopes"], row["works"]) == (
        str(token.pk), "Test program", ["journal:read"], True,
    )  # fmt: skip
    assert text not in client.get(PROGRAMS).content.decode()
    for _more in range(4):
        token_of(clinic["maya"])
    with CaptureQueriesContext(connection) as many:
        assert len(client.get(PROGRAMS).json()["results"]) == 5
    assert len(one) == len(many)
    end = f"{PROGRAMS}{token.pk}/end/"
    assert is_problem(call(signed_in(clinic["samuel"]), "POST", end), 404)
    ended = [call(client, "POST", end, key=None).json() for _try in range(2)]
    assert ended[0] == ended[1]
    assert (ended[0]["works"], ended[0]["ended_at"] is not None) == (False, True)
    assert is_problem(
        Client(headers={"Authorization": f"Bearer {text}"}).get("/api/v1/journal/entries/"), 401
    )
    assert is_problem(call(client, "POST", f"{PROGRAMS}{uuid7()}/end/"), 404)
    assert is_problem(call(client, "POST", end, {"now": True}), 400)
