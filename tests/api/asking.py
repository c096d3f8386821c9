"""Asking the API as a program does."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client

from accounts.models import ApiToken, User
from accounts.tokens import issue_token, known_scopes
from portal.lib.ids import uuid7
from portal.lib.time import now, today_in
from tests.patients.world import ZONE

API = "/api/v1"


def call(
    client: Client, method: str, path: str, body: Any = None, *, key: object = "new", **headers: Any
) -> Any:
    """One request with JSON and an Idempotency-Key of its own; `key` None sends none."""
    sent = {} if key is None else {"Idempotency-Key": str(uuid7() if key == "new" else key)}
    data = "" if body is None else body if isinstance(body, str | bytes) else json.dumps(body)
    kind = headers.pop("content_type", "application/json")
    return client.generic(
        method, path, data, content_type=kind, headers={**sent, **headers.pop("headers", {})}, **headers
    )


def site_day() -> str:
    """Today where the site is: a day behind UTC for part of each evening."""
    return today_in(now(), ZONE).isoformat()


def token_of(user: User, *scopes: str, days: int = 1) -> tuple[ApiToken, str]:
    """A token of a person, with every scope when none is named."""
    return issue_token(user=user, scopes=scopes or known_scopes(), days=days, label="Test program", now=now())


def program(user: User, *scopes: str) -> Client:
    """A client that has nothing but a token."""
    _token, text = token_of(user, *scopes)
    return Client(headers={"Authorization": f"Bearer {text}"}, raise_request_exception=False)


def is_problem(answer: Any, status: int) -> bool:
    """Whether an answer is a problem document that says its status and a title."""
    said = answer.json()
    return (
        answer.status_code == status == said["status"]
        and answer["Content-Type"] == "application/problem+json"
        and bool(said["title"])
        and bool(said["type"])
    )
