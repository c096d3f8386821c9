"""Emergency access through the API: for people of a team who have just shown again who they are, and for no program."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.models import OutgoingMail
from patients.models import Grant
from portal.lib.ids import uuid7
from tests.api.asking import call, is_problem, program
from tests.patients.world import Clinic, acting_system, acts_of
from tests.patients.world import signed_in as signed_in_earlier
from tests.registry.states import signed_in

PATH = "/api/v1/patients/emergency/"


@pytest.fixture
def peter(clinic: Clinic) -> Client:
    """Of another team; gave the password again a moment ago."""
    cache.clear()
    return signed_in(clinic["peter"])


def wanted(**more: Any) -> dict[str, Any]:
    return {"email": "maya@example.com", "reason": "She collapsed in the gym.", **more}


def opened() -> int:
    with acting_system():
        return Grant.objects.filter(kind="break_glass").count()


BY_NAME = {"email": "", "name": " maya  LINDQVIST", "date_of_birth": "1987-04-19"}


@pytest.mark.parametrize("who", [{}, BY_NAME], ids=["by address", "by name and birth date"])
def test_a_record_is_open_for_four_hours_and_the_patient_is_told(
    clinic: Clinic, peter: Client, who: dict[str, Any]
) -> None:
    assert peter.get(PATH).json()["results"] == []
    key = uuid7()
    for _try in range(2):
        answer = call(peter, "POST", PATH, wanted(**who), key=key)
        assert answer.status_code == 200, answer.content
        (record,) = answer.json()["results"]
        assert (record["id"], record["name"]) == (str(clinic.maya.pk), "Maya Lindqvist")
    assert peter.get(PATH).json()["results"] == [record]
    assert peter.get("/api/v1/messaging/threads/", {"patient": record["id"]}).status_code == 200
    assert opened() == 1
    assert OutgoingMail.objects.filter(kind="access-notice").count() == 1
    assert acts_of(clinic.maya).count("grant.break_glass break_glass") == 1
    (seen,) = signed_in(clinic["maya"]).get("/api/v1/patients/me/access/").json()["emergency"]
    assert (seen["reason"], seen["open_now"]) == ("She collapsed in the gym.", True)
    other = call(peter, "POST", PATH, wanted(**who, reason="Something else entirely."), key=key)
    assert is_problem(other, 409)


def test_a_try_that_fits_nobody_looks_the_same(clinic: Clinic, peter: Client) -> None:
    for body in (wanted(email="nobody@example.com"), wanted(**{**BY_NAME, "date_of_birth": "1987-04-20"})):
        answer = call(peter, "POST", PATH, body)
        assert (answer.status_code, answer.json()["results"]) == (200, [])
    assert opened() == 0


def test_neither_a_program_nor_an_old_sign_in_opens_it(clinic: Clinic, peter: Client) -> None:
    for client in (program(clinic["peter"]), signed_in_earlier(clinic["peter"])):
        answer = call(client, "POST", PATH, wanted())
        assert is_problem(answer, 403)
        assert answer.json()["type"].endswith("#not-shown-again")
        assert client.get(PATH).status_code == 200
    account = clinic["peter"]
    fresh = signed_in(account)
    account.set_unusable_password()
    account.save()
    fresh = signed_in(account)
    assert is_problem(call(fresh, "POST", PATH, wanted()), 403)
    assert opened() == 0


@pytest.mark.parametrize("name", ["maya", "jonas", "former", "future", "stranger"])
def test_the_door_is_for_people_of_a_team(clinic: Clinic, name: str) -> None:
    client = signed_in(clinic[name])
    assert is_problem(client.get(PATH), 404)
    assert is_problem(call(client, "POST", PATH, wanted()), 404)
    assert opened() == 0


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"email": ""}, "email"),
        ({"email": "", "name": "Maya Lindqvist"}, "date_of_birth"),
        ({"email": "maya"}, "email"),
        ({"reason": "Urgent"}, "reason"),
        ({"patient": "x"}, "patient"),
    ],
)
def test_what_is_missing_is_named(clinic: Clinic, peter: Client, change: dict[str, Any], field: str) -> None:
    answer = call(peter, "POST", PATH, wanted(**change))
    assert is_problem(answer, 400)
    assert field in answer.json()["errors"]
    assert opened() == 0
