"""`POST /api/v1/treatment/plan-preview/`: anybody who is signed in, any token, and nothing about anybody."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal.lib.time import now, today_in
from tests.api.asking import call, is_problem, program
from tests.patients.world import Clinic, signed_in
from treatment.protocols.loading import load_protocols

PATH = "/api/v1/treatment/plan-preview/"
ASKED = {"therapy": "ocrelizumab_iv", "first_dose_on": "2026-03-02", "until": "2028-03-02"}


@pytest.fixture(autouse=True)
def _protocols(clinic: Clinic) -> None:
    load_protocols()


def ask(client: Client, **more: Any) -> Any:
    return call(client, "POST", PATH, {**ASKED, **more}, key=None)


def test_the_question_of_the_docs_has_its_answer(clinic: Clinic) -> None:
    given = [{"number": 1, "on": "2026-03-02", "outcome": "given"}]
    told = ask(signed_in(clinic["maya"]), given=given, protocol_version=None)
    assert told.status_code == 200
    content = told.json()
    assert [dose["target"] for dose in content["doses"]] == [
        "2026-03-02", "2026-03-16", "2026-08-31", "2027-03-01", "2027-08-30", "2028-02-28",
    ]  # fmt: skip
    assert content["approved"] is False
    assert content["warnings"][0]["code"] == "not_approved"
    assert content["doses"][0]["chair_minutes"] == 265
    assert content["doses"][0]["latest"] is None
    assert content["protocol_version"] == 1


def test_tomorrow_on_the_sites_calendar_is_the_future(clinic: Clinic) -> None:
    """The same moment: a day that has begun east of the site has not begun at the site."""
    today = today_in(now(), clinic.site.time_zone)
    asked = {
        "first_dose_on": (today - timedelta(days=3)).isoformat(),
        "until": (today + timedelta(days=30)).isoformat(),
    }
    for outcome in ("given", "missed"):
        for on, status in ((today, 200), (today + timedelta(days=1), 422)):
            given = [{"number": 1, "on": on.isoformat(), "outcome": outcome}]
            assert ask(signed_in(clinic["maya"]), **asked, given=given).status_code == status, (outcome, on)


def test_any_token_may_ask_and_nobody_unsigned(clinic: Clinic) -> None:
    assert ask(program(clinic["maya"], "journal:read")).status_code == 200
    assert is_problem(ask(Client()), 401)


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"therapy": "water"}, 422),
        ({"therapy": "ivig"}, 422),
        ({"protocol_version": 99}, 422),
        ({"until": "2025-01-01"}, 422),
        ({"until": "2099-01-01"}, 422),
        ({"given": [{"number": 1, "on": "2099-01-01", "outcome": "given"}]}, 422),
        ({"given": [{"number": 1, "on": "2099-01-01", "outcome": "missed"}]}, 422),
        ({"given": [{"number": 400, "on": "2026-03-02", "outcome": "given"}]}, 422),
        ({"given": [{"number": 0, "on": "2026-03-02", "outcome": "given"}]}, 400),
        ({"given": [{"number": 1, "on": "2026-02-30", "outcome": "given"}]}, 400),
        ({"given": [{"number": 1, "on": "2026-03-02", "outcome": "perhaps"}]}, 400),
        ({"given": [{"number": 1, "on": "2026-03-02", "outcome": "given", "more": 1}]}, 400),
        ({"given": "all"}, 400),
        ({"first_dose_on": None}, 400),
        ({"patient": "1"}, 400),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_reason(clinic: Clinic, more: Any, status: int) -> None:
    told = ask(signed_in(clinic["maya"]), **more)
    assert is_problem(told, status)
    assert told.json()["title"]


def test_ten_years_cost_as_many_statements_as_one(clinic: Clinic) -> None:
    client = signed_in(clinic["maya"])
    ask(client, therapy="natalizumab")
    counts = []
    for until in ("2027-03-02", "2036-03-02"):
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert ask(client, therapy="natalizumab", until=until).status_code == 200
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 11
