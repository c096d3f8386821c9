"""`/api/v1/treatment/ledger/`: what a page can do, a program can do; and nothing more of a result than the person may read."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.api.asking import call, is_problem
from tests.patients.world import signed_in
from tests.treatment.conftest import Ward

LEDGER = "/api/v1/treatment/ledger/"
RESULTS = LEDGER + "results/"
IGG = {"measure": "igg", "number": "6.1", "unit": "g/L"}


@pytest.fixture
def told(ward: Ward) -> dict[str, Any]:
    """What is sent for a result of Maya's, who gets ocrelizumab."""
    start = ward.today - timedelta(days=100)
    course = ward.order("ocrelizumab_iv", start)
    ward.give(course, start)
    return {"test": "immunoglobulins", "taken_on": ward.today.isoformat(), "values": [IGG]}


def about(ward: Ward) -> str:
    return f"?patient={ward.patient.pk}"


def test_a_result_goes_from_the_entry_to_the_patient(ward: Ward, told: dict[str, Any]) -> None:
    maya, nurse, neurologist = signed_in(ward.maya), signed_in(ward.nurse), signed_in(ward.neurologist)
    made = call(nurse, "POST", RESULTS + about(ward), told)
    assert made.status_code == 201
    address = f"{RESULTS}{made.json()['id']}/"
    assert maya.get(RESULTS).json()["results"] == []
    assert is_problem(maya.get(address), 404)
    assert is_problem(call(nurse, "POST", f"{address}look/{about(ward)}"), 403)
    note = {"note": "Your antibodies are low. We talk about it."}
    assert is_problem(call(nurse, "POST", f"{address}release/{about(ward)}", note), 409)
    assert call(neurologist, "POST", f"{address}look/{about(ward)}").status_code == 200
    assert call(nurse, "POST", f"{address}release/{about(ward)}", note).status_code == 200
    (row,) = maya.get(RESULTS).json()["results"]
    assert (row["values"], row["note"], row["seen_at"]) == ([IGG], note["note"], None)
    assert call(maya, "POST", f"{address}seen/", key=None).json()["seen_at"]
    assert nurse.get(address + about(ward)).json()["seen_at"]
    right = {**told, "values": [{**IGG, "number": "6.4"}], "why": "The wrong line."}
    fresh = call(nurse, "POST", f"{address}correct/{about(ward)}", right)
    assert fresh.status_code == 201
    assert fresh.json()["corrects"] == row["id"]
    assert maya.get(RESULTS).json()["results"] == []
    assert is_problem(call(nurse, "POST", f"{address}correct/{about(ward)}", right), 409)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"values": [{**IGG, "unit": ""}]}, 422),
        ({"values": [{"measure": "igg", "number": "6.1"}]}, 400),
        ({"values": [{**IGG, "number": 6.1}]}, 400),
        ({"values": [{**IGG, "number": "6,1"}]}, 422),
        ({"values": []}, 422),
        ({"taken_on": "2199-01-01"}, 422),
        ({"taken_on": "soon"}, 400),
        ({"test": "self_check"}, 404),
        ({"test": "jcv", "values": [{"measure": "index", "number": "0.2", "unit": "index"}]}, 422),
        ({"lab_mark": "high"}, 400),
    ],
)  # fmt: skip
def test_what_is_refused(ward: Ward, told: dict[str, Any], change: dict[str, Any], status: int) -> None:
    answer = call(signed_in(ward.nurse), "POST", RESULTS + about(ward), {**told, **change})
    assert is_problem(answer, status)


def test_the_lines_have_their_days_and_sources(ward: Ward, told: dict[str, Any]) -> None:
    lines = {line["test"]: line for line in signed_in(ward.maya).get(LEDGER).json()["results"]}
    scan = lines["mri"]
    assert scan["state"] == "later"
    assert scan["due"] > ward.today.isoformat()
    (duty,) = scan["duties"]
    assert duty["fact"] == "ocrelizumab_iv.mon.mri_brain"
    assert duty["source"] == ["from general clinical knowledge, verify"]
    assert duty["status"] == "verify"
    assert lines["immunoglobulins"]["state"] == "ask"
    assert lines["immunoglobulins"]["due"] is None


def test_a_prescriber_decides_and_the_board_lists_who_is_overdue(ward: Ward, told: dict[str, Any]) -> None:
    path = f"{LEDGER}decisions/{about(ward)}"
    said = {
        "fact": "ocrelizumab_iv.mon.serum_immunoglobulins", "applies": True, "every_months": 1, "reason": "Low before"
    }  # fmt: skip
    assert is_problem(call(signed_in(ward.nurse), "POST", path, said), 403)
    assert call(signed_in(ward.neurologist), "POST", path, said).status_code == 201
    (row,) = signed_in(ward.nurse).get("/api/v1/treatment/overdue/").json()["results"]
    assert (row["patient"], row["missed"]) == (str(ward.patient.pk), 3)
    assert [line["test"] for line in row["lines"]] == ["immunoglobulins"]
    assert is_problem(signed_in(ward.maya).get("/api/v1/treatment/overdue/"), 404)


def test_the_relation_ends_only_after_the_hand_over(ward: Ward, told: dict[str, Any]) -> None:
    nurse = signed_in(ward.nurse)
    end = f"/api/v1/patients/{ward.patient.pk}/teams/{ward.clinic.team.pk}/end/"
    refused = call(nurse, "POST", end)
    assert is_problem(refused, 409)
    assert "MRI scan" in refused.json()["title"]
    owner = f"{LEDGER}owner/{about(ward)}"
    taken = call(
        nurse, "POST", owner, {"team": str(ward.clinic.other_team.pk), "reason": "Nearer to her home"}
    )
    assert taken.json()["name"] == "Rehab team"
    assert call(nurse, "POST", end).status_code == 204
    assert is_problem(nurse.get(owner), 404)
