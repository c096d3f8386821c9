"""Files through the API: sent ahead, named by a message, listed, brought back, taken away."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Any

import pytest

from portal.lib.ids import uuid7
from tests.api.asking import call, is_problem
from tests.messaging.hostile import of
from tests.messaging.samples import jpeg
from tests.patients.world import Clinic, signed_in

FILES, THREADS = "/api/v1/messaging/files/", "/api/v1/messaging/threads/"


def body(data: bytes | None = None, name: str = "arm.jpg") -> dict[str, Any]:
    return {"name": name, "content": b64encode(jpeg() if data is None else data).decode()}


def test_a_file_is_sent_ahead_and_goes_with_a_message(clinic: Clinic) -> None:
    maya, key = signed_in(clinic["maya"]), uuid7()
    first = call(maya, "POST", FILES, body(), key=key)
    assert first.status_code == 201
    assert first.json() | {"size": 0} == {
        "id": str(key), "message": None, "name": "arm.jpg", "type": "image/jpeg", "size": 0, "state": "ready",
    }  # fmt: skip
    assert call(maya, "POST", FILES, body(), key=key).json() == first.json()
    assert is_problem(call(maya, "POST", FILES, body(jpeg(color=9)), key=key), 409)
    assert [row["id"] for row in maya.get(FILES).json()["results"]] == [str(key)]
    asked = {"topic": "feeling", "text": "My arm.", "files": [str(key)]}
    thread = call(maya, "POST", THREADS, asked, key=uuid7())
    assert thread.status_code == 201
    listed = maya.get(f"{THREADS}{thread.json()['id']}/files/").json()["results"]
    assert [row["id"] for row in listed] == [str(key)]
    content = maya.get(f"{FILES}{key}/content/").json()["content"]
    assert b64decode(content).startswith(b"\xff\xd8")
    assert maya.get(FILES).json()["results"] == []
    assert is_problem(call(maya, "DELETE", f"{FILES}{key}/", None, key=uuid7()), 404)
    assert is_problem(call(maya, "POST", THREADS, {**asked, "text": "Again."}, key=uuid7()), 409)


def test_a_file_is_taken_away_before_it_is_sent(clinic: Clinic) -> None:
    maya, key = signed_in(clinic["maya"]), uuid7()
    call(maya, "POST", FILES, body(), key=key)
    assert call(maya, "DELETE", f"{FILES}{key}/", None, key=uuid7()).status_code == 204
    assert maya.get(f"{FILES}{key}/").status_code == 404


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"name": "a.jpg", "content": "no base64!"}, 400),
        ({"name": "a.jpg", "content": ""}, 400),
        ({"name": "a.jpg", "content": 7}, 400),
        ({"content": "AAAA"}, 400),
        ({"name": "a.gif", "content": b64encode(b"GIF89a").decode()}, 422),
        ({"name": "a.pdf", "content": b64encode(of("page-with-head.pdf")).decode()}, 422),
        ({"name": "a.jpg", "content": "A" * 14_200_000}, 413),
    ],
)
def test_what_is_no_file_of_ours_is_a_clear_refusal(
    clinic: Clinic, sent: dict[str, Any], status: int
) -> None:
    assert is_problem(call(signed_in(clinic["maya"]), "POST", FILES, sent, key=uuid7()), status)
