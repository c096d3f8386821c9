"""The list before a dose through the API: the same rules as on the pages, and never a word that a dose may be given."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from portal.lib.ids import uuid7
from tests.api.asking import call, is_problem
from tests.patients.world import acts_of, signed_in
from tests.treatment.conftest import Ward
from treatment.models import Dose

API = "/api/v1/treatment/"
Ask = Callable[..., Any]


@pytest.fixture
def dose(ward: Ward) -> Dose:
    """Natalizumab tomorrow."""
    start = ward.today - timedelta(days=27)
    course = ward.order("natalizumab", start)
    ward.give(course, start)
    return ward.planned(course)


@pytest.fixture
def ask(ward: Ward) -> Ask:
    """One request as one person about Maya."""

    def asked(who: str, method: str, path: str, body: Any = None, **more: Any) -> Any:
        client = signed_in(getattr(ward, who))
        return call(client, method, f"{API}{path}?patient={ward.patient.pk}", body, **more)

    return asked


def lines(found: Any) -> dict[str, dict[str, Any]]:
    return {line["fact"].split(".", 1)[1]: line for line in found.json()["lines"]}


def test_how_a_dose_stands_line_by_line(ward: Ward, dose: Dose, ask: Ask) -> None:
    found = ask("maya", "GET", f"doses/{dose.pk}/readiness/")
    assert found.status_code == 200
    told = lines(found)
    assert told["chk.jcv_current"]["due"] is None  # no text states a day: ask the center
    assert told["chk.jcv_current"]["applies_to"] == "jcv_negative_or_low"
    assert (told["chk.infection"]["valid_hours"], told["chk.infection"]["asked_at_chair"]) == (24, True)
    assert told["log.authorization"]["owner"] == "insurer"
    assert "safe" not in found.json()["words"].lower()
    assert ask("carer", "GET", f"doses/{dose.pk}/readiness/").status_code == 404
    assert ask("elsewhere", "GET", f"doses/{dose.pk}/readiness/").status_code == 404


def test_evidence_is_noted_with_days_and_bad_days_change_nothing(ward: Ward, dose: Dose, ask: Ask) -> None:
    path = (
        f"items/{lines(ask('nurse', 'GET', f'doses/{dose.pk}/readiness/'))['log.authorization']['id']}/notes/"
    )
    until, day = dose.target.isoformat(), ward.today.isoformat()
    told = ask(
        "nurse", "POST", path, {"state": "done", "day": day, "valid_until": until, "text": "Letter 4711"}
    )
    assert told.status_code == 200
    assert lines(told)["log.authorization"]["holds_until"] == until
    plan = {"state": "waiting", "due_on": day}
    assert lines(ask("nurse", "POST", path, plan))["log.authorization"]["due"] == day
    again = ask(
        "nurse", "POST", path, {"state": "done", "day": day, "valid_until": until, "text": "Letter 4711"}
    )
    assert lines(again)["log.authorization"]["due"] == day  # what was left out stays
    tomorrow = (ward.today + timedelta(days=2)).isoformat()
    for wrong in (
        {"state": "done", "day": tomorrow},
        {"state": "open", "due_on": (dose.target + timedelta(days=1)).isoformat()},
    ):
        assert is_problem(ask("nurse", "POST", path, wrong), 422)
    assert is_problem(ask("maya", "POST", path, {"state": "done"}), 403)
    assert is_problem(ask("nurse", "POST", path, {"state": "concern"}), 400)
    assert acts_of(ward.patient).count("treatment.item-noted team") == 3
    kept, *_earlier = ask("maya", "GET", path).json()["results"]
    assert (kept["text"], kept["valid_until"], kept["noted_by"]) == ("Letter 4711", until, ward.nurse.name)


def test_a_fever_stops_the_dose_once_and_the_team_says_what_was_agreed(
    ward: Ward, dose: Dose, ask: Ask
) -> None:
    asked = ask("maya", "GET", f"doses/{dose.pk}/questions/").json()
    assert asked[0]["fact"] == "natalizumab.chk.infection"
    assert all(one["source"] and one["status"] for one in asked)
    body = {"answers": [{"fact": "natalizumab.chk.infection", "answer": "yes"}]}
    key = str(uuid7())
    first = ask("maya", "POST", f"doses/{dose.pk}/answers/", body, key=key)
    assert first.status_code == 201
    assert first.json()["level"] == "call_first"
    again = ask("maya", "POST", f"doses/{dose.pk}/answers/", body, key=key)
    assert again.json()["id"] == first.json()["id"]
    assert ask("maya", "GET", f"doses/{dose.pk}/readiness/").json()["worst"] == "stopped"
    listed = ask("nurse", "GET", f"doses/{dose.pk}/answers/").json()["results"]
    assert [row["id"] for row in listed] == [first.json()["id"]]
    review = f"answers/{first.json()['id']}/review/"
    assert ask("maya", "POST", review, {"agreed": "x", "lift": True}).status_code == 404
    done = ask("nurse", "POST", review, {"agreed": "Seen by Hana.", "lift": True})
    assert (done.status_code, done.json()["agreed"]) == (200, "Seen by Hana.")
    assert ask("maya", "GET", f"answers/{first.json()['id']}/").json()["reviewed_by"] == ward.nurse.name
    assert is_problem(ask("nurse", "POST", review, {"agreed": "Again.", "lift": True}), 409)
    few = {"answers": [{"fact": "natalizumab.chk.allergies", "answer": "no"}]}
    assert is_problem(ask("maya", "POST", f"doses/{dose.pk}/answers/", few), 422)


def test_an_answer_that_was_looked_at_stops_until_it_is_lifted(ward: Ward, dose: Dose, ask: Ask) -> None:
    body = {"answers": [{"fact": "natalizumab.chk.pml_screen", "answer": "yes"}]}
    made = ask("maya", "POST", f"doses/{dose.pk}/answers/", body).json()
    assert ask("nurse", "POST", f"answers/{made['id']}/lift/", {"reason": "All clear."}).status_code == 409
    looked = ask("nurse", "POST", f"answers/{made['id']}/review/", {"agreed": "Hana calls.", "lift": False})
    assert (looked.status_code, looked.json()["stops"]) == (200, True)
    found = ask("maya", "GET", f"doses/{dose.pk}/readiness/").json()
    assert (found["worst"], found["stops"]) == ("stopped", [made["id"]])
    week = call(signed_in(ward.nurse), "GET", f"{API}board/?week={dose.target.isoformat()}").json()
    (row,) = [row for row in week["rows"] if row["dose"] == str(dose.pk)]
    assert (row["worst"], row["stops"]) == ("stopped", [made["id"]])
    lift = f"answers/{made['id']}/lift/"
    assert ask("maya", "POST", lift, {"reason": "I feel fine."}).status_code == 404
    assert is_problem(ask("pharmacist", "POST", lift, {"reason": "Fine."}), 403)
    assert is_problem(ask("nurse", "POST", lift, {"reason": ""}), 400)
    done = ask("nurse", "POST", lift, {"reason": "Hana has seen the scan."})
    assert (done.status_code, done.json()["stops"]) == (200, False)
    told = ask("maya", "GET", f"answers/{made['id']}/").json()
    assert (told["lifted_by"], told["lifted_why"]) == (ward.nurse.name, "Hana has seen the scan.")
    assert ask("maya", "GET", f"doses/{dose.pk}/readiness/").json()["stops"] == []


def test_a_stopped_line_is_not_opened_by_the_patient(ward: Ward, dose: Dose, ask: Ask) -> None:
    body = {"answers": [{"fact": "natalizumab.chk.infection", "answer": "yes"}]}
    assert ask("maya", "POST", f"doses/{dose.pk}/answers/", body).status_code == 201
    told = lines(ask("maya", "GET", f"doses/{dose.pk}/readiness/"))["chk.infection"]
    assert told["standing"] == "stopped"
    for state in ("open", "done"):
        assert is_problem(ask("maya", "POST", f"items/{told['id']}/notes/", {"state": state}), 422)
    assert is_problem(ask("maya", "POST", f"items/{told['id']}/", {"done": False}), 422)
    again = lines(ask("maya", "GET", f"doses/{dose.pk}/readiness/"))["chk.infection"]
    assert again["standing"] == "stopped"


def test_the_board_of_a_week(ward: Ward, dose: Dose) -> None:
    nurse = signed_in(ward.nurse)
    found = call(nurse, "GET", f"{API}board/?week={dose.target.isoformat()}")
    assert found.status_code == 200
    (row,) = [row for row in found.json()["rows"] if row["dose"] == str(dose.pk)]
    assert row["name"] == ward.patient.name
    assert {block["owner"] for block in row["blocks"]} >= {"insurer", "clinic", "you"}
    assert call(signed_in(ward.maya), "GET", f"{API}board/").status_code == 404
    assert is_problem(call(nurse, "GET", f"{API}board/?week=9999-12-31"), 422)
    assert is_problem(call(nurse, "GET", f"{API}board/?week=2026-02-30"), 400)
    assert (
        call(signed_in(ward.elsewhere), "GET", f"{API}board/?week={dose.target.isoformat()}").json()["rows"]
        == []
    )
