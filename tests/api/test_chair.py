"""The chair record through the API, as on the screen: lines, corrections, the end, and the patient's day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from portal.lib.ids import uuid7
from portal.lib.time import now
from tests.api.asking import call, is_problem
from tests.patients.world import signed_in
from tests.treatment.conftest import Ward

API = "/api/v1/treatment/doses/"
AGO = timedelta(minutes=90)  # one span for the checks and the start: at any hour they are of one day
Ask = Callable[..., Any]


@pytest.fixture
def ask(ward: Ward) -> Ask:
    """One request as one person about Maya's next dose in the chair."""
    dose = ward.planned(ward.order("ocrelizumab_iv", ward.today - timedelta(days=1)))
    ward.ask_there(dose, now() - AGO)

    def asked(who: str, method: str, path: str = "", body: Any = None, **more: Any) -> Any:
        url = f"{API}{dose.pk}/chair/{path}?patient={ward.patient.pk}"
        return call(signed_in(getattr(ward, who)), method, url, body, **more)

    return asked


def test_a_record_from_the_first_line_to_the_patients_day(ask: Ask) -> None:
    began, key = now() - AGO, uuid7()
    body = {"kind": "started", "at": began.isoformat(), "ml_h": "40"}
    first, again = (ask("nurse", "POST", body=body, key=key) for _try in range(2))
    assert (first.status_code, [row["kind"] for row in again.json()["rows"]]) == (201, ["checks", "started"])
    assert again.json()["state"] == "running"
    vitals = {"kind": "vitals", "pulse": 178, "systolic": 120, "diastolic": 80}
    row = ask("nurse", "POST", body=vitals).json()["rows"][-1]
    assert row["details"]["pulse"] == 178
    fixed = ask("nurse", "POST", f"lines/{row['id']}/correct/", {"pulse": 78, "why": "A slip"}).json()["rows"]
    assert [(one["holds"], one["details"]["pulse"]) for one in fixed[2:]] == [(False, 178), (True, 78)]
    early = {"kind": "rate", "ml_h": "50", "at": (began + timedelta(minutes=20)).isoformat()}
    assert ask("nurse", "POST", body=early).json()["type"].endswith("#before-the-last")
    assert ask("nurse", "POST", body={**early, "noted_later": True}).status_code == 201
    ask("nurse", "POST", body={"kind": "reaction", "signs": ["skin"], "grade": 2})
    assert is_problem(ask("nurse", "POST", "close/", {}), 409)
    ask("nurse", "POST", body={"kind": "ended"})
    watching = ask("nurse", "POST", body={"kind": "observing"}).json()
    assert watching["observation"]["state"] == "running"
    assert watching["observation"]["minutes"] == 60
    assert ask("nurse", "POST", body={"kind": "observed"}).json()["type"].endswith("#watched-shorter")
    assert ask("nurse", "POST", body={"kind": "observed", "words": "As agreed"}).status_code == 201
    assert is_problem(ask("maya", "GET", "day/"), 404)
    assert ask("nurse", "POST", "close/", {"lot": "OC-7"}).json()["state"] == "given"
    day = ask("maya", "GET", "day/")
    assert (day.json()["reaction"], day.json()["signs"], day.json()["checks"]) == (True, ["skin"], 1)
    assert "grade" not in day.content.decode()
    assert ask("nurse", "GET").json()["state"] == "closed"


def test_patients_and_strangers_see_no_lines(ask: Ask) -> None:
    ask("nurse", "POST", body={"kind": "started"})
    for who in ("maya", "carer", "elsewhere"):
        assert is_problem(ask(who, "GET"), 404)
        assert is_problem(ask(who, "POST", body={"kind": "stopped"}), 404)
    assert is_problem(ask("nurse", "POST", body={"kind": "closed"}), 400)
