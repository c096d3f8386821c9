"""How long a sign-in lasts: to the second, never prolonged by polling, ended on the server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.test import Client

from accounts.sessions import SessionStore
from tests.patients.world import Clinic, signed_in

START = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)


def at(client: Client, seconds: float, url: str = "/account/", **more: Any) -> int:
    with time_machine.travel(START + timedelta(seconds=seconds), tick=False):
        return client.get(url, **more).status_code


@pytest.fixture
def patient(clinic: Clinic) -> Client:
    with time_machine.travel(START, tick=False):
        return signed_in(clinic["maya"])


@pytest.fixture
def nurse(clinic: Clinic) -> Client:
    with time_machine.travel(START, tick=False):
        return signed_in(clinic["rosa"])


def test_a_patient_has_thirty_minutes_without_an_act(patient: Client) -> None:
    assert at(patient, 30 * 60 - 1) == 200
    assert at(patient, 60 * 60 - 2) == 200
    assert at(patient, 90 * 60 - 2) == 302


def test_staff_have_fifteen_minutes(nurse: Client) -> None:
    assert at(nurse, 15 * 60 - 1) == 200
    assert at(nurse, 30 * 60 - 1) == 302
    assert at(nurse, 30 * 60 - 1) == 302


@pytest.mark.parametrize("who", ["maya", "rosa"])
def test_the_limit_is_exact_to_the_second(clinic: Clinic, who: str) -> None:
    limit = 30 * 60 if who == "maya" else 15 * 60
    for seconds, status in ((limit - 1, 200), (limit, 302)):
        with time_machine.travel(START, tick=False):
            client = signed_in(clinic[who])
        assert at(client, seconds) == status


def test_nobody_stays_in_for_more_than_twelve_hours(patient: Client) -> None:
    for minutes in range(20, 12 * 60, 20):
        assert at(patient, minutes * 60) == 200
    assert at(patient, 12 * 3600 - 1) == 200
    assert at(patient, 12 * 3600) == 302


def test_polling_does_not_prolong(patient: Client) -> None:
    for minutes in range(5, 30, 5):
        assert at(patient, minutes * 60, HTTP_X_POLL="1") == 200
    assert at(patient, 30 * 60) == 302


def test_staying_signed_in_prolongs_and_says_how_long(patient: Client) -> None:
    with time_machine.travel(START + timedelta(minutes=29), tick=False):
        answer = patient.post("/account/stay-signed-in/")
    assert answer.json()["seconds"] == 30 * 60
    assert at(patient, 58 * 60) == 200


def test_an_api_call_after_the_end_is_a_401(patient: Client) -> None:
    with time_machine.travel(START + timedelta(minutes=31), tick=False):
        answer = patient.get("/api/v1/patients/drafts/00000000-0000-7000-8000-000000000000/")
    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"


def test_after_the_end_the_sign_in_page_says_why_and_leads_back(patient: Client) -> None:
    with time_machine.travel(START + timedelta(minutes=31), tick=False):
        answer = patient.get("/me/trail/?all=1", follow=True)
    assert answer.redirect_chain[0][0] == "/accounts/login/?next=%2Fme%2Ftrail%2F%3Fall%3D1"
    assert "You were signed out because nothing happened for a while." in answer.content.decode()


def test_signing_out_ends_the_session_on_the_server(patient: Client) -> None:
    cookie = patient.cookies["session"].value
    with time_machine.travel(START, tick=False):
        assert patient.post("/accounts/logout/").status_code == 302
        thief = Client()
        thief.cookies["session"] = cookie
        assert thief.get("/account/").status_code == 302
    assert not Session.objects.filter(session_key=cookie).exists()


def test_signing_in_gives_a_new_session_key(clinic: Clinic) -> None:
    client = Client()
    client.get("/accounts/login/")
    client.post("/accounts/login/", {"login": "maya@example.com", "password": "wrong"})
    before = client.cookies["session"].value if "session" in client.cookies else ""
    client.force_login(clinic["maya"])
    assert client.cookies["session"].value != before


def test_a_session_copied_over_another_does_not_open(clinic: Clinic) -> None:
    rosa, thief = signed_in(clinic["rosa"]), signed_in(clinic["stranger"])
    stolen = Session.objects.get(session_key=rosa.cookies["session"].value).session_data
    Session.objects.filter(session_key=thief.cookies["session"].value).update(session_data=stolen)
    assert thief.get("/patients/").status_code == 302


def test_a_session_that_does_not_open_is_an_empty_one() -> None:
    store = SessionStore("somekey")
    for broken in ("", "x", "AAAA", "e30=", "ü"):
        assert store.decode(broken) == {}


@pytest.mark.parametrize("wrong", [None, "x", 1.5])
def test_a_session_without_its_clock_is_over(clinic: Clinic, wrong: Any) -> None:
    client = signed_in(clinic["maya"])
    session = client.session
    session["seen_at"] = wrong
    session.save()
    assert client.get("/account/").status_code == 302
