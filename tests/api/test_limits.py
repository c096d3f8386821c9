"""How often anybody may ask: by person, by token, by network address; counted where a refusal cannot undo it."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from accounts import door
from accounts.jobs import sweep_counts
from accounts.models import ApiCount
from portal.lib.ids import uuid7
from tests.api.asking import is_problem, program, token_of
from tests.patients.world import Clinic, make_clinic, signed_in

ME = "/api/v1/patients/me/"


class Clock:
    """The clock of the door, which stands still until it is moved. Begins five seconds after a full minute."""

    def __init__(self) -> None:
        self.seconds = 29_000_000 * 60 + 5.0

    def time(self) -> float:
        return self.seconds

    def shift(self, seconds: float) -> None:
        self.seconds += seconds


@pytest.fixture(autouse=True)
def clock(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Clock:
    settings.API_LIMITS = {"user": 6, "token": 4, "address": 3}
    standing = Clock()
    monkeypatch.setattr(door, "time", standing)
    return standing


def statuses(client: Client, times: int, path: str = ME, **more: Any) -> list[int]:
    return [client.get(path, **more).status_code for _time in range(times)]


def test_a_person_a_token_and_an_address_have_limits_of_their_own(clinic: Clinic) -> None:
    assert statuses(program(clinic["maya"]), 6) == [200] * 4 + [429] * 2
    # A second token is a new one, but the person is the same.
    assert statuses(program(clinic["maya"]), 2) == [429, 429]
    assert statuses(signed_in(clinic["samuel"]), 8) == [200] * 6 + [429] * 2
    assert statuses(Client(), 5) == [401] * 3 + [429] * 2
    assert statuses(program(clinic["rosa"]), 1, "/api/v1/messaging/work/") == [200]


def test_too_often_says_when_to_go_on(clinic: Clinic, clock: Clock) -> None:
    client = signed_in(clinic["maya"])
    statuses(client, 6)
    answer = client.get(ME)
    assert is_problem(answer, 429)
    assert 0 < int(answer["Retry-After"]) <= 61


def test_the_limit_holds_over_the_turn_of_the_minute(clinic: Clinic, clock: Clock) -> None:
    """Any 60 seconds: the minute before counts for the part of it that lies within them."""
    client = signed_in(clinic["maya"])
    clock.shift(50)  # 10:00:55
    assert statuses(client, 6) == [200] * 6
    clock.shift(10)  # 10:01:05: 55 of the 60 seconds are the old minute
    assert statuses(client, 2) == [429, 429]
    clock.shift(50)
    assert statuses(client, 1) == [200]


def test_refused_requests_are_counted_although_they_are_rolled_back(clinic: Clinic) -> None:
    assert (
        statuses(signed_in(clinic["maya"]), 8, f"/api/v1/journal/entries/{uuid7()}/") == [404] * 6 + [429] * 2
    )


def test_wrong_tokens_are_counted_by_address_and_lock_nobody_out(clinic: Clinic) -> None:
    wrong = [
        Client(headers={"Authorization": f"Bearer portal_2222222{n}_x"}).get(ME).status_code for n in range(5)
    ]
    assert wrong == [401] * 3 + [429] * 2
    assert statuses(signed_in(clinic["maya"]), 1) == [200]


def test_a_forged_forwarding_header_changes_nothing(clinic: Clinic, settings: Any) -> None:
    forged = [Client().get(ME, headers={"X-Forwarded-For": f"198.51.100.{n}"}).status_code for n in range(6)]
    assert forged == [401] * 3 + [429] * 3


def test_behind_a_proxy_of_ours_its_word_counts_and_no_other(clinic: Clinic, settings: Any) -> None:
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "NUM_PROXIES": 1}

    def ask(forged: str, real: str) -> int:
        return Client().get(ME, headers={"X-Forwarded-For": f"{forged}, {real}"}).status_code

    assert [ask(f"198.51.100.{n}", "203.0.113.7") for n in range(5)] == [401] * 3 + [429] * 2
    assert ask("203.0.113.7", "203.0.113.8") == 401


def test_pages_are_not_counted(clinic: Clinic) -> None:
    assert statuses(signed_in(clinic["maya"]), 8, "/account/") == [200] * 8
    assert not ApiCount.objects.exists()


def test_old_counts_are_swept(clinic: Clinic, clock: Clock) -> None:
    statuses(Client(), 1)
    clock.shift(150)
    statuses(signed_in(clinic["maya"]), 1)
    sweep_counts(int(clock.time()))
    assert ApiCount.objects.count() == 2  # two minutes are kept
    clock.shift(60)
    sweep_counts(int(clock.time()))
    assert ApiCount.objects.count() == 1


def test_many_at_once_pass_no_more_than_the_limit(fresh_db: str, settings: Any) -> None:
    settings.API_LIMITS = {"user": 10, "token": 10, "address": 10}
    _token, text = token_of(make_clinic()["maya"])
    found: list[int] = []

    def ask() -> None:
        client = Client(headers={"Authorization": f"Bearer {text}"})
        try:
            found.extend(statuses(client, 5))
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _thread in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (found.count(200), found.count(429)) == (10, 20)
