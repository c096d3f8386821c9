"""Address x method x person -> status, over the whole resolver, on the things of both patients."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from typing import Any

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from tests.registry.ground import Ground
from tests.registry.people import ANONYMOUS, EVERYBODY, MAYA, PATIENTS, SAMUEL
from tests.registry.resolver import addresses, ours
from tests.registry.states import signed_in
from tests.security.api_table import API_ROWS
from tests.security.authorization_table import ABOUT_MAYA_ONLY, DOORS, OF_NOBODY, ROWS, Row, Status

WRONG_KEYS = {"key": "wrong", "uidb36": "1"}


def test_each_address_has_a_row_and_each_row_an_address() -> None:
    rows = [row.name for row in (*ROWS, *API_ROWS)]
    real = set(ours())
    assert len(rows) == len(set(rows)), "two rows for one address"
    assert not real - set(rows), f"no row for: {sorted(real - set(rows))}"
    assert not set(rows) - real, f"stale rows: {sorted(set(rows) - real)}"


@pytest.mark.parametrize("person", EVERYBODY)
def test_everybody_gets_the_answer_of_the_table(ground: Ground, person: str) -> None:
    client = client_of(ground, person)
    wrong, cells = [], 0
    for row, whose, method in product(ROWS, PATIENTS, ("GET", "POST")):
        if whose == SAMUEL and not names_a_thing(row):
            continue
        theirs = whose if names_a_thing(row) or person not in PATIENTS else person
        body = row.body(ground, theirs) if method == "POST" else {}
        answer = ask(client, method, path_of(row, ground, theirs), body)
        cells += 1
        expected = of_row(row, method, person, whose)
        if answer.status_code not in as_tuple(expected):
            wrong.append(
                f"{method} {row.name} of {whose}: {answer.status_code} instead of {expected}{why(answer)}"
            )
        elif is_led_to_sign_in(row, method, person) and not answer["Location"].startswith(
            reverse("account_login")
        ):
            wrong.append(f"{method} {row.name}: nobody is led to {answer['Location']}")
    assert not wrong, f"{len(wrong)} of {cells} answers to {person} differ:\n" + "\n".join(wrong)


@pytest.mark.parametrize("person", [person for person in EVERYBODY if person != ANONYMOUS])
def test_things_of_one_patient_are_not_reached_through_another(ground: Ground, person: str) -> None:
    """The patient in the address is one's own, the thing in it somebody else's: 404 for everybody, also for the team of both."""
    client = client_of(ground, person)
    wrong = []
    for row in ROWS:
        kwargs = ours()[row.name].kwargs
        if "patient_id" not in kwargs or len(kwargs) < 2 or row.name in OF_NOBODY:
            continue
        for whose, other in ((MAYA, SAMUEL), (SAMUEL, MAYA)):
            path = path_of(row, ground, whose).replace(
                str(thing(row, ground, whose)), str(thing(row, ground, other))
            )
            for method, status in (("GET", row.reads), ("POST", row.writes)):
                if status is not None:
                    answer = ask(client, method, path, row.body(ground, whose) if method == "POST" else {})
                    if answer.status_code != 404:
                        wrong.append(
                            f"{method} {row.name} of {whose} with a thing of {other}: {answer.status_code}"
                        )
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE"])
def test_other_methods_are_not_there(ground: Ground, method: str) -> None:
    clients = {
        person: client_of(ground, person)
        for person in ("patient", "nurse", "neurologist", "journal-carer", "admin", ANONYMOUS)
    }
    for row in ROWS:
        person = next((one for one in clients if one in row.may[MAYA]), ANONYMOUS)
        if row.name == "patients-api:draft-save" and method in ("PUT", "DELETE"):
            continue
        answer = ask(clients[person], method, path_of(row, ground, MAYA), {})
        # allauth's forms read a PUT as an empty POST and show themselves again.
        allowed = (405, 200, 302, 404, 422) if row.name.startswith(("account_", "usersessions")) else (405,)
        assert answer.status_code in allowed, f"{method} {row.name}: {answer.status_code}"


def test_a_draft_is_written_and_dropped_by_its_owner_alone(ground: Ground) -> None:
    path = ground.url("patients-api:draft-save", ("id",), MAYA)
    body = {
        "version": 1,
        "kind": "message",
        "patient": str(ground.of("patient_id", MAYA)),
        "fields": {"text": ["Half"]},
    }
    for person in EVERYBODY:
        client = client_of(ground, person)
        expected = 401 if person == ANONYMOUS else 404
        with undone(client):
            put = client.put(path, body, content_type="application/json")
            assert put.status_code in ((200,) if person == MAYA else (expected,)), (
                f"PUT by {person}: {put.status_code}"
            )
        with undone(client):
            gone = client.delete(path)
            assert gone.status_code == (204 if person == MAYA else expected), (
                f"DELETE by {person}: {gone.status_code}"
            )


@pytest.mark.parametrize("prefix", DOORS)
def test_the_doors_of_the_prefixes(ground: Ground, prefix: str) -> None:
    for person in EVERYBODY:
        answer = ask(client_of(ground, person), "GET", prefix, {})
        expected = DOORS[prefix][person]
        assert answer.status_code in as_tuple(expected), f"{prefix} answers {answer.status_code} to {person}"
        if answer.status_code == 302:
            end = client_of(ground, person).get(prefix, follow=True)
            if person == ANONYMOUS:
                assert end.redirect_chain[-1][0].startswith(reverse("account_login"))
            else:
                assert end.status_code == 404, f"{prefix} leads {person} to {end.redirect_chain}"


@pytest.mark.parametrize("person", [ANONYMOUS, "patient", "nurse", "editor"])
def test_nothing_below_a_prefix_opens_to_strangers(ground: Ground, person: str) -> None:
    """Each address below a prefix that needs no id (and each with made-up ids) shows nothing to people whom its door does not let in."""
    client = client_of(ground, person)
    closed = [prefix for prefix, door in DOORS.items() if 200 not in as_tuple(door[person])]
    opened = []
    for address in addresses():
        if address.prefix and f"/{address.prefix}" in closed:
            answer = ask(client, "GET", "/" + made_up(address.pattern), {})
            if answer.status_code == 301:  # a made-up address without its last slash: ask what lies behind
                answer = ask(client, "GET", answer["Location"], {})
            if answer.status_code not in (302, 404, 405):
                opened.append(f"{address.pattern}: {answer.status_code}")
    assert not opened, "\n".join(opened)


def test_what_is_foreign_and_what_is_not_there_answer_the_same(ground: Ground) -> None:
    """The page for another's thing is the page for no thing: nothing in it, its headers or its length tells them apart."""
    client = client_of(ground, MAYA)
    for name, kind in (
        ("messaging:thread", "thread_id"),
        ("scheduling:detail", "appointment_id"),
        ("journal:entry", "entry_id"),
    ):
        missing = "01999999-9999-7999-8999-999999999999"
        foreign = ask(client, "GET", reverse(name, args=[ground.of(kind, SAMUEL)]), {})
        nothing = ask(client, "GET", reverse(name, args=[missing]), {})
        assert foreign.status_code == nothing.status_code == 404
        assert plain(foreign, str(ground.of(kind, SAMUEL))) == plain(nothing, missing)
        assert {key: value for key, value in foreign.headers.items() if key != "Content-Length"} == {
            key: value for key, value in nothing.headers.items() if key != "Content-Length"
        }


# --- pieces ------------------------------------------------------------------------------------------------------------


def client_of(ground: Ground, person: str) -> Client:
    return signed_in(None if person == ANONYMOUS else ground.users[person])


@contextmanager
def undone(client: Client) -> Iterator[None]:
    """Whatever is done inside leaves no trace, neither in the database nor in the client's cookies."""
    cookies = copy.deepcopy(client.cookies)
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
    client.cookies = cookies


def ask(client: Client, method: str, path: str, body: dict[str, Any]) -> Any:
    with undone(client):
        if method in ("GET", "POST"):
            return client.get(path) if method == "GET" else client.post(path, body)
        return client.generic(method, path)
    raise AssertionError("never here")


def names_a_thing(row: Row) -> bool:
    kwargs = set(ours()[row.name].kwargs) - set(WRONG_KEYS) - {"slug", "code", "version"}
    return bool(kwargs)


def thing(row: Row, ground: Ground, whose: str) -> Any:
    part = ours()[row.name].kwargs[-1]
    return ground.of(row.instead.get(part, part), whose)


def path_of(row: Row, ground: Ground, whose: str) -> str:
    kwargs = ours()[row.name].kwargs
    if set(kwargs) & set(WRONG_KEYS):
        return reverse(row.name, kwargs={part: WRONG_KEYS[part] for part in kwargs})
    path = ground.url(row.name, kwargs, whose, **row.instead)
    query = (
        row.query
        if "=" in row.query
        else ground.query.get(f"{row.query}-{whose}", ground.query.get(row.query, ""))
    )
    return f"{path}?{query}" if row.query else path


def of_row(row: Row, method: str, person: str, whose: str) -> Status:
    about_maya = (person, method) in row.exceptions and (person, method) in ABOUT_MAYA_ONLY
    if about_maya and whose == SAMUEL and person not in row.may[whose]:
        return row.stranger
    return row.expected(method, person, whose)


def is_led_to_sign_in(row: Row, method: str, person: str) -> bool:
    """Everywhere but at the page for signing out, which leads people who are signed out already to the front page."""
    led = person == ANONYMOUS and row.nobody == 302 and (person, method) not in row.exceptions
    return led and row.name != "account_logout"


def as_tuple(status: Status) -> tuple[int, ...]:
    return status if isinstance(status, tuple) else (status,)


def why(answer: Any) -> str:
    """What a refused form says, for the report."""
    said = re.findall(
        rb'class="(?:field__error|error-summary__[a-z]+)[^>]*>([^<]+)<', getattr(answer, "content", b"")
    )
    return f" ({b' / '.join(said[:3]).decode().strip()})" if said else ""


def made_up(pattern: str) -> str:
    """An address that fits a pattern of Django or Wagtail, with ids that are nobody's."""
    path = re.sub(r"<(?:uuid:)[^>]+>", "01999999-9999-7999-8999-999999999999", pattern)
    path = re.sub(r"<(?:path|str|slug):[^>]+>|<\w+>", "x", path)
    path = re.sub(r"<int:[^>]+>", "1", path)
    path = re.sub(r"\(\?P<\w+>[^)]*\)", "1", path)
    return path.replace("^", "").replace("$", "").replace("\\", "").replace(".*", "x")


def plain(answer: HttpResponse, own_id: str) -> str:
    """A page without what differs in every answer: the id that was asked for, tokens, ids of acts."""
    text = answer.content.decode().replace(own_id, "ID")
    text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", text)
    return re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", "UUID", text)
