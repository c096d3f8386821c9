"""Every refusal is a problem document: whoever refuses, and whatever was sent."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from tests.api.asking import call, is_problem
from tests.patients.world import Clinic, signed_in

ENTRIES, ME = "/api/v1/journal/entries/", "/api/v1/patients/me/"
QUESTIONS = "/api/v1/patients/me/questions/"


@pytest.mark.parametrize(
    "path",
    ["/api/v1/", "/api/v1/no-such-thing/", "/api/v1/journal/entries/1/", "/api/v1/journal/entries/%ff/"],
)
def test_an_unknown_address(clinic: Clinic, path: str) -> None:
    assert is_problem(call(signed_in(clinic["maya"]), "GET", path), 404)
    assert is_problem(call(Client(), "GET", path), 404)


@pytest.mark.parametrize("path", ["/api/v1/journal/entries/%00/", "/api/v1/journal/entries/?cursor=%00"])
def test_a_zero_byte(clinic: Clinic, path: str) -> None:
    assert is_problem(signed_in(clinic["maya"]).get(path), 400)


def test_nobody_and_another_method(clinic: Clinic) -> None:
    assert is_problem(Client().get(ME), 401)
    for method in ("POST", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"):
        answer = call(signed_in(clinic["maya"]), method, ME)
        assert is_problem(answer, 405), method
        assert "GET" in answer["Allow"]


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("text/plain", "text=hello", 415),
        ("application/x-www-form-urlencoded", "text=hello", 415),
        (
            "multipart/form-data; boundary=x",
            '--x\r\nContent-Disposition: form-data; name="text"\r\n\r\nhi\r\n--x--\r\n',
            415,
        ),
        ("multipart/form-data", "no boundary", 400),
        ("application/xml", "<text/>", 415),
        ("application/json", "{", 400),
        ("application/json", "[]", 400),
        ("application/json", "null", 400),
        ("application/json", '"text"', 400),
        ("application/json", '{"text": NaN}', 400),
        ("application/json", '{"text": "\\ud800"}', 400),
        ("application/json", b"\xff\xfe", 400),
        ("application/json", "[" * 5_000, 400),
        ("application/json", '{"text": ' + "9" * 5_000 + "}", 400),
        ("application/json; charset=no-such", '{"text": 1}', 400),
        ("application/json", '{"text": "' + "x" * 1_100_000 + '"}', 413),
        ("application/x-www-form-urlencoded", "&".join(f"f{n}=x" for n in range(1_100)), 413),
    ],
)
def test_bodies_that_cannot_be_read(clinic: Clinic, kind: str, body: Any, status: int) -> None:
    answer = call(signed_in(clinic["maya"]), "POST", QUESTIONS, body, content_type=kind)
    assert is_problem(answer, status), answer.content


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({}, "text"),
        ({"text": ""}, "text"),
        ({"text": " \n\u200e\u2029 "}, "text"),
        ({"text": None}, "text"),
        ({"text": 7}, "text"),
        ({"text": ["a"]}, "text"),
        ({"text": "x" * 601}, "text"),
        ({"text": "May I swim?", "patient": "x"}, "patient"),
        ({"text": "May I swim?", "id": "x"}, "id"),
        ({"text": "May I swim?", "asked_at": None}, "asked_at"),
    ],
)
def test_fields_that_do_not_fit_are_named(clinic: Clinic, body: dict[str, Any], name: str) -> None:
    answer = call(signed_in(clinic["maya"]), "POST", QUESTIONS, body)
    assert is_problem(answer, 400)
    assert list(answer.json()["errors"]) == [name]


@pytest.mark.parametrize(
    "query", ["patinet=x", "patient=1", "limit=0", "limit=101", "limit=x", "start=2026-02-30", "user=1"]
)
def test_parameters_that_are_not_known_or_do_not_fit_are_named(clinic: Clinic, query: str) -> None:
    answer = signed_in(clinic["maya"]).get(f"{ENTRIES}?{query}")
    assert is_problem(answer, 400)
    assert list(answer.json()["errors"]) == [query.partition("=")[0]]


@pytest.mark.parametrize(
    "cursor", ["x", "e30", "W10", "WyJhIiwiYiIsImMiXQ", "WzFd", "bnVsbA", "é", "x" * 400]
)
def test_a_made_up_cursor_is_no_page(clinic: Clinic, cursor: str) -> None:
    for path in (
        ENTRIES,
        "/api/v1/messaging/threads/",
        "/api/v1/patients/me/trail/",
        "/api/v1/education/articles/",
    ):
        assert is_problem(signed_in(clinic["maya"]).get(path, {"cursor": cursor}), 404), path


@pytest.mark.parametrize(
    "starts_at", ["2026-12-03T09:00:00", "2026-12-03", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59Z", 7]
)
def test_a_moment_needs_its_offset_and_a_place_on_our_calendars(clinic: Clinic, starts_at: Any) -> None:
    body = {"starts_at": starts_at, "version": 0}
    path = "/api/v1/scheduling/appointments/01999999-9999-7999-8999-999999999999/change/"
    assert call(signed_in(clinic["maya"]), "POST", path, body).status_code == 404
    answer = call(
        signed_in(clinic["maya"]),
        "POST",
        "/api/v1/scheduling/appointments/",
        {"service": "visit", "starts_at": starts_at},
    )
    assert answer.status_code == (422 if str(starts_at)[:1] in "09" else 400), answer.content
    closed = {"service": "no-such-visit", "starts_at": "2026-12-03T14:00:00Z"}
    assert is_problem(
        call(signed_in(clinic["maya"]), "POST", "/api/v1/scheduling/appointments/", closed), 409
    )


def test_a_rule_says_its_name(clinic: Clinic) -> None:
    answer = call(
        signed_in(clinic["maya"]), "POST", ENTRIES, {"occurred_on": "2020-01-01", "note": "Long ago."}
    )
    assert is_problem(answer, 422)
    assert answer.json()["type"] == "/api/docs/#day-out-of-reach"


def test_an_error_of_ours_is_a_problem_document_too(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    from patients.api.views import Profile

    def broken(self: Any, request: Any) -> Any:
        raise RuntimeError("boom")

    monkeypatch.setattr(Profile, "get", broken)
    client = signed_in(clinic["maya"])
    client.raise_request_exception = False
    answer = client.get(ME)
    assert is_problem(answer, 500)
    assert "boom" not in json.dumps(answer.json())
