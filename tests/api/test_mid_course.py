"""Doses that wait, pauses, the drug, the counters and what was given elsewhere: through the API as on the pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from portal.lib.ids import uuid7
from portal.lib.time import now
from tests.api.asking import call, is_problem
from tests.patients.world import acts_of, signed_in
from tests.treatment.conftest import Ward
from treatment.models import Course, GivenElsewhere

API = "/api/v1/treatment/"
Ask = Callable[..., Any]


def days(count: int) -> timedelta:
    return timedelta(days=count)


@pytest.fixture
def ask(ward: Ward) -> Ask:
    """One request as one person about Maya."""

    def asked(who: str, method: str, path: str, body: Any = None, **more: Any) -> Any:
        return call(
            signed_in(getattr(ward, who)), method, f"{API}{path}?patient={ward.patient.pk}", body, **more
        )

    return asked


@pytest.fixture
def course(ward: Ward) -> Course:
    start = ward.today - days(40)
    made = ward.order("natalizumab", start)
    ward.give(made, start)
    return made


def test_a_dose_is_put_off_once_and_goes_ahead(ward: Ward, ask: Ask, course: Course) -> None:
    dose, key = ward.planned(course), uuid7()
    body = {
        "reason": "supply",
        "owner": "clinic",
        "recheck_on": str(ward.today + days(9)),
        "note": "Late truck",
    }
    first, again = (ask("nurse", "POST", f"doses/{dose.pk}/put-off/", body, key=key) for _try in range(2))
    assert (first.status_code, first.json()) == (200, again.json())
    assert first.json()["put_off"]["reason"] == "supply"
    assert acts_of(ward.patient).count("treatment.put-off team") == 1
    given = ask("nurse", "POST", f"doses/{dose.pk}/given/", {"given_at": now().isoformat()})
    assert given.json()["type"].endswith("#dose-put-off")
    proposals = ask("neurologist", "GET", f"courses/{course.pk}/dates/").json()["results"]
    assert proposals[0]["target"] == str(ward.today + days(9))
    assert ask("maya", "GET", f"doses/{dose.pk}/").json()["put_off"]["note"] == "Late truck"
    assert ask("nurse", "POST", f"doses/{dose.pk}/go-ahead/", {}).json()["put_off"] is None
    for who in ("carer", "elsewhere"):
        assert is_problem(ask(who, "POST", f"doses/{dose.pk}/put-off/", body), 404)
    assert is_problem(ask("maya", "POST", f"doses/{dose.pk}/put-off/", body), 403)


@pytest.mark.parametrize(
    ("change", "status", "says"),
    [
        ({"reason": "reaction"}, 400, "reason"),  # only a stopped dose says that
        ({"owner": "nobody"}, 400, "owner"),
        ({"recheck_on": "2199-01-01"}, 422, "#day-to-look-missing"),
        ({"recheck_on": "soon"}, 400, "recheck_on"),
    ],
)
def test_what_cannot_be_said_of_a_wait_is_refused(
    ward: Ward, ask: Ask, course: Course, change: dict[str, Any], status: int, says: str
) -> None:
    body = {"reason": "supply", "owner": "clinic", "recheck_on": str(ward.today), **change}
    answer = ask("nurse", "POST", f"doses/{ward.planned(course).pk}/put-off/", body)
    assert is_problem(answer, status)
    assert says in answer.content.decode()


def test_a_dose_in_part_is_given_with_how_much(ward: Ward, ask: Ask, course: Course) -> None:
    dose = ward.planned(course)
    body = {
        "given_at": now().isoformat(),
        "extent": "part",
        "product": "Tysabri",
        "expires_on": str(ward.today),
    }
    refused = ask("nurse", "POST", f"doses/{dose.pk}/given/", body)
    assert is_problem(refused, 422)
    done = ask("nurse", "POST", f"doses/{dose.pk}/given/", {**body, "how_much": "Half"})
    assert (done.json()["state"], done.json()["outcome"]) == ("given", "partly_given")
    expired = {**body, "how_much": "Half", "expires_on": str(ward.today - days(1))}
    assert is_problem(ask("nurse", "POST", f"doses/{ward.planned(course).pk}/given/", expired), 422)


def test_the_drug_is_for_the_team_and_goes_step_by_step(ward: Ward, ask: Ask, course: Course) -> None:
    path = f"doses/{ward.planned(course).pk}/drug/"
    assert ask("nurse", "GET", path).json() == {"steps": [], "following": ["ordered"]}
    assert is_problem(ask("nurse", "POST", path, {"kind": "mixed"}), 409)
    done = ask("nurse", "POST", path, {"kind": "ordered", "product": "Tysabri"}).json()
    assert (done["steps"][0]["product"], done["following"]) == ("Tysabri", ["released", "returned"])
    assert is_problem(ask("maya", "GET", path), 404)


def test_a_treatment_is_paused_and_goes_on(ward: Ward, ask: Ask, course: Course) -> None:
    assert is_problem(ask("nurse", "POST", f"courses/{course.pk}/pause/", {"reason": "x"}), 403)
    paused = ask("neurologist", "POST", f"courses/{course.pk}/pause/", {"reason": "Surgery"})
    assert paused.json()["paused_on"] == str(ward.today)
    body = {"first_on": str(ward.today + days(5)), "reason": "Healed", "confirm": True}
    assert is_problem(
        ask("neurologist", "POST", f"courses/{course.pk}/resume/", {**body, "confirm": False}), 400
    )
    assert ask("neurologist", "POST", f"courses/{course.pk}/resume/", body).json()["paused_on"] is None
    assert ward.planned(course).target == ward.today + days(5)


def test_an_order_may_take_the_place_of_another(ward: Ward, ask: Ask, course: Course, settings: Any) -> None:
    settings.DEMO = True
    body = {
        "therapy": "ublituximab", "version": 1, "path": "standard", "first_on": str(ward.today), "indication": "New activity",
        "sign": True, "replaces": str(course.pk),
    }  # fmt: skip
    assert ask("neurologist", "POST", "courses/", body).status_code == 201
    ended = ask("nurse", "GET", f"courses/{course.pk}/").json()["ended_on"]
    assert ended == str(ward.today)


def test_counters_are_null_until_somebody_confirms(ward: Ward, ask: Ask, course: Course) -> None:
    path = f"courses/{course.pk}/counts/"
    assert ask("maya", "GET", path).json()["infusions"]["count"] == 1
    told = ask("nurse", "POST", "elsewhere/", {"therapy": "natalizumab"})
    assert (told.status_code, told.json()["confirmed"], told.json()["doses_given"]) == (201, False, None)
    assert ask("maya", "GET", path).json()["infusions"]["count"] is None
    confirm = f"elsewhere/{told.json()['id']}/confirm/"
    assert is_problem(ask("nurse", "POST", confirm, {}), 422)
    assert is_problem(ask("pharmacist", "POST", confirm, {"doses_given": 4, "last_on": "2020-01-01"}), 403)
    done = ask("nurse", "POST", confirm, {"doses_given": 4, "last_on": "2020-01-01"})
    assert done.json()["confirmed"] is True
    found = ask("maya", "GET", path).json()
    assert (found["infusions"]["count"], found["infusions"]["left"], found["lifetime"]) == (5, 7, None)
    assert is_problem(ask("nurse", "POST", confirm, {"doses_given": 5, "last_on": "2020-01-01"}), 409)
    off = f"elsewhere/{told.json()['id']}/withdraw/"
    assert ask("nurse", "POST", off, {}).json()["withdrawn_at"]
    assert ask("maya", "GET", "elsewhere/").json()["results"] == []


def test_the_lifetime_total_and_the_body_surface_are_exact_numbers(ward: Ward, ask: Ask) -> None:
    measured = {"weight_kg": "80", "height_cm": "180", "measured_on": str(ward.today)}
    assert ask("nurse", "POST", "measures/", measured).json()["body_surface_m2"] == "2.00"
    assert is_problem(ask("maya", "POST", "measures/", measured), 403)
    told = {"therapy": "mitoxantrone", "doses_given": 0, "lifetime_mg_m2": "0", "confirmed": True}
    assert ask("nurse", "POST", "elsewhere/", told).status_code == 201
    course = ward.order("mitoxantrone", ward.today)
    dose = ward.planned(course)
    body = {"given_at": now().isoformat(), "amount_mg": "24.5"}
    assert ask("nurse", "POST", f"doses/{dose.pk}/given/", body).json()["outcome"] == "given"
    found = ask("maya", "GET", f"courses/{course.pk}/counts/").json()["lifetime"]
    assert (found["total_mg_m2"], found["most_mg_m2"], found["label"]) == ("12.25", "140.00", "US")
    assert found["source"]


def test_an_import_is_checked_and_kept_by_people_of_a_team(ward: Ward) -> None:
    rows = "name,date_of_birth,therapy\nNora Novak,1990-01-31,rituximab"
    nurse = signed_in(ward.nurse)
    checked = call(nurse, "POST", f"{API}imports/", {"rows": rows})
    assert (checked.json()["kept"], checked.json()["rows"][0]["state"]) == (False, "new")
    for state in ("new", "there"):
        kept = call(nurse, "POST", f"{API}imports/", {"rows": rows, "keep": True})
        assert kept.json()["rows"][0]["state"] == state
    with ward.acting(ward.nurse):
        assert GivenElsewhere.objects.for_user(ward.nurse).count() == 1
    wrong = call(nurse, "POST", f"{API}imports/", {"rows": rows.replace("rituximab", "x"), "keep": True})
    assert is_problem(wrong, 422)
    assert is_problem(call(signed_in(ward.maya), "POST", f"{API}imports/", {"rows": rows}), 404)
