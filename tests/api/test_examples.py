"""The examples of docs/api.md do what they say."""

from __future__ import annotations

import re
import shlex
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from portal.lib.ids import uuid7
from tests.api.asking import token_of
from tests.harness.cluster import REPOSITORY
from tests.registry.ground import Ground
from tests.registry.people import MAYA, SAMUEL
from tests.security.api_table import an_infusion

TEXT = (REPOSITORY / "docs" / "api.md").read_text(encoding="utf-8")
EXAMPLES = [
    (int(status), command)
    for status, command in re.findall(r"```sh\n# (\d+)\n(curl .+?)\n```", TEXT, re.DOTALL)
]


def filled(command: str, values: dict[str, str]) -> list[str]:
    """The words of a command with its variables; curl's own words are `-X`, `-H` and `-d`."""
    text = re.sub(r"\$([A-Z_]+)", lambda found: values[found[1]], command)
    return shlex.split(text)


def run(words: list[str]) -> Any:
    """What curl would send, sent."""
    assert words.pop(0) == "curl"
    method, headers, body, address = "GET", {}, "", ""
    while words:
        word = words.pop(0)
        if word == "-X":
            method = words.pop(0)
        elif word == "-H":
            name, _colon, value = words.pop(0).partition(": ")
            headers[name] = value
        elif word == "-d":
            body = words.pop(0)
        else:
            address = word
    parts = urlsplit(address)
    kind = headers.pop("Content-Type", "")
    return Client().generic(method, f"{parts.path}?{parts.query}", body, content_type=kind, headers=headers)


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 10
    assert {status for status, _command in EXAMPLES} >= {200, 201, 400, 404}


@pytest.mark.parametrize(
    ("status", "command"),
    EXAMPLES,
    ids=[f"{status}-{number}" for number, (status, _command) in enumerate(EXAMPLES)],
)
def test_an_example_answers_as_it_says(ground: Ground, status: int, command: str) -> None:
    _token, hers = token_of(ground.users[MAYA])
    _token, nurses = token_of(ground.users["nurse"])
    service = ground.query["visit"].split("=")[1]
    at = ground.query[f"slot-{MAYA}"].split("at=")[1].split(".")[0]
    values = {
        "PORTAL": "https://portal.example.com",
        "TOKEN": hers,
        "NURSE_TOKEN": nurses,
        "KEY": str(uuid7()),
        "TODAY": ground.query["today"],
        "SERVICE": service,
        "START": f"{at[:4]}-{at[4:6]}-{at[6:8]}T{at[9:11]}:{at[11:13]}:00Z",
        "DOSE": str(ground.of("infusion_dose", MAYA)),
        "INFUSION_START": str(an_infusion(ground, MAYA)["wishes"][0]),
        "THREAD": str(ground.of("thread_id", MAYA)),
        "PATIENT": str(ground.of("patient_id", MAYA)),
        "OTHER_PATIENT": str(ground.of("patient_id", SAMUEL)),
    }
    answer = run(filled(command, values))
    assert answer.status_code == status, answer.content
