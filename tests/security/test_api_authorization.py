"""Address x method x person -> status over the whole API, on the things of both patients, by session and by token."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.api.asking import call, program
from tests.harness.paper import ensure
from tests.registry.ground import Ground
from tests.registry.people import ANONYMOUS, EVERYBODY, MAYA, PATIENTS, SAMUEL
from tests.registry.resolver import ours
from tests.registry.states import signed_in
from tests.security.api_table import API_ROWS, OWN_WRITES, ApiRow, Can
from tests.security.authorization_table import ROWS
from tests.security.test_authorization import undone

METHODS = ("GET", "POST", "PUT", "DELETE")
HERE_TOO = {(name, method) for name, method, _can in OWN_WRITES}
TOKENS_FOR = (MAYA, "journal-carer", "nurse")


@pytest.fixture(autouse=True)
def _as_often_as_needed(settings: Any) -> None:
    settings.API_LIMITS = dict.fromkeys(settings.API_LIMITS, 1_000_000)
    ensure()  # reports are asked for as PDF files


def test_each_address_of_the_api_has_a_row() -> None:
    rows = [row.name for row in API_ROWS]
    others = {row.name for row in ROWS}
    real = {name for name, address in ours().items() if address.pattern.startswith("api/v1/")} - others
    assert len(rows) == len(set(rows)), "two rows for one address"
    assert set(rows) == real


@pytest.mark.parametrize("person", EVERYBODY)
def test_everybody_gets_the_answer_of_the_table(ground: Ground, person: str) -> None:
    client = signed_in(None if person == ANONYMOUS else ground.users[person])
    cells, wrong = differences(ground, person, client)
    assert not wrong, f"{len(wrong)} of {cells} answers to {person} differ:\n" + "\n".join(wrong)


@pytest.mark.parametrize("person", TOKENS_FOR)
def test_a_token_opens_what_its_person_may_open(ground: Ground, person: str) -> None:
    cells, wrong = differences(ground, person, program(ground.users[person]), by_token=True)
    assert not wrong, f"{len(wrong)} of {cells} answers to {person} differ:\n" + "\n".join(wrong)


@pytest.mark.parametrize("person", [MAYA, "journal-carer", "nurse", "emergency"])
def test_things_of_one_patient_are_not_reached_through_another(ground: Ground, person: str) -> None:
    """Maya's id in `?patient=`, Samuel's thing in the address, and the other way round: 404 for everybody, the team of both too."""
    client, wrong = signed_in(ground.users[person]), []
    for row, whose in product(API_ROWS, PATIENTS):
        if not row.about or not ours()[row.name].kwargs:
            continue
        other = SAMUEL if whose == MAYA else MAYA
        for method, can in row.methods.items():
            path = f"{path_of(row, ground, whose)}?patient={ground.of('patient_id', other)}"
            with undone(client):
                answer = call(client, method, path, can.body(ground, whose))
            if answer.status_code != 404:
                wrong.append(f"{method} {row.name} of {whose} through {other}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)


def test_other_methods_are_not_there(ground: Ground) -> None:
    """405 says nothing about anybody; nobody is 401 before that."""
    wrong = []
    for person in (ANONYMOUS, MAYA, "nurse"):
        client = signed_in(None if person == ANONYMOUS else ground.users[person])
        for row, method in product(API_ROWS, (*METHODS, "PATCH", "OPTIONS", "TRACE")):
            if method in row.methods or (row.name, method) in HERE_TOO:
                continue
            answer = call(client, method, path_of(row, ground, MAYA))
            if answer.status_code != (401 if person == ANONYMOUS else 405) or not answer.json()["title"]:
                wrong.append(f"{method} {row.name} by {person}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)


def test_what_is_foreign_and_what_is_not_there_answer_the_same(ground: Ground) -> None:
    client, missing = signed_in(ground.users[MAYA]), "01999999-9999-7999-8999-999999999999"
    for name, kind in (
        ("messaging-api:thread-detail", "thread_id"),
        ("scheduling-api:appointment-detail", "appointment_id"),
        ("journal-api:entry-detail", "entry_id"),
        ("journal-api:report-detail", "report_id"),
        ("patients-api:question-detail", "question_id"),
    ):
        foreign = client.get(reverse(name, args=[ground.of(kind, SAMUEL)]))
        nothing = client.get(reverse(name, args=[missing]))
        assert foreign.status_code == nothing.status_code == 404
        assert foreign.content == nothing.content
        assert foreign.headers == nothing.headers
    his = client.get(reverse("messaging-api:thread-list"), {"patient": str(ground.of("patient_id", SAMUEL))})
    nobodys = client.get(reverse("messaging-api:thread-list"), {"patient": missing})
    assert (his.status_code, his.content) == (404, nobodys.content)


# --- pieces ----------------------------------------------------------------------------------------------------------


def differences(
    ground: Ground, person: str, client: Client, *, by_token: bool = False
) -> tuple[int, list[str]]:
    """How many cells were asked, and which differ from the table."""
    wrong, cells = [], 0
    for row, whose, method in product(API_ROWS, PATIENTS, METHODS):
        names_a_thing = bool(set(ours()[row.name].kwargs) - {"slug"})
        if whose == SAMUEL and not (names_a_thing or row.about):
            continue
        if (row.name, method) in HERE_TOO:
            can = next(can for name, act, can in OWN_WRITES if (name, act) == (row.name, method))
            said = False
        else:
            found, said = row.methods.get(method), row.about
            if found is None:
                continue
            can = found
        theirs = person if not said and not names_a_thing and person in PATIENTS else whose
        queries = [
            query
            for query in (row.query(ground, whose), said and f"patient={ground.of('patient_id', theirs)}")
            if query
        ]
        paths = ["&".join(queries)] + (["&".join(queries[:-1])] if said and person == whose else [])
        for query in paths:
            path = path_of(row, ground, theirs) + (f"?{query}" if query else "")
            with undone(client):
                answer = call(client, method, path, can.body(ground, theirs))
            cells += 1
            expected = status_for(can, person, whose)
            if by_token and can.in_session and expected < 400:
                expected = 403
            if answer.status_code != expected:
                wrong.append(
                    f"{method} {path} of {whose}: {answer.status_code} instead of {expected} {answer.content[:200]!r}"
                )
            elif expected >= 400 and answer["Content-Type"] != "application/problem+json":
                wrong.append(f"{method} {path}: {expected} without a problem document")
    return cells, wrong


def status_for(can: Can, person: str, whose: str) -> int:
    if person == ANONYMOUS:
        return 401
    if person in can.may[whose]:
        return can.status
    return 403 if person in can.refused[whose] else 404


def path_of(row: ApiRow, ground: Ground, whose: str) -> str:
    return ground.url(row.name, ours()[row.name].kwargs, whose, **row.instead)
