"""The day of a dose and after through the API: the same rules as on the pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from portal.lib import actor
from portal.lib.ids import uuid7
from tests.api.asking import call, is_problem
from tests.patients.world import acts_of, signed_in
from tests.treatment.conftest import Ward
from treatment.dayof import checkins
from treatment.models import CheckIn, Dose

API = "/api/v1/treatment/"
Ask = Callable[..., Any]


@pytest.fixture
def dose(ward: Ward) -> Dose:
    """Natalizumab, given yesterday; the next one is planned."""
    course = ward.order("natalizumab", ward.today - timedelta(days=1))
    return ward.give(course, ward.today - timedelta(days=1))


@pytest.fixture
def ask(ward: Ward) -> Ask:
    """One request as one person about Maya."""

    def asked(who: str, method: str, path: str, body: Any = None, **more: Any) -> Any:
        client = signed_in(getattr(ward, who))
        return call(client, method, f"{API}{path}?patient={ward.patient.pk}", body, **more)

    return asked


def test_the_day_and_what_a_carer_reads_of_it(ward: Ward, dose: Dose, ask: Ask) -> None:
    own, carer = (ask(who, "GET", "infusion-day/").json() for who in ("maya", "carer"))
    assert own["therapy"] == "Natalizumab"
    assert own["driver"]["fact"].endswith(".log.driver")
    assert own["chair_minutes"] == carer["chair_minutes"] > 0
    assert (carer["therapy"], carer["driver"], carer["medicine_at_home"]) == ("", None, [])
    assert carer["target"] == own["target"]
    assert own["parking"] == ""  # nobody has written it: ask
    assert ask("elsewhere", "GET", "infusion-day/").status_code == 404


def test_a_check_in_is_answered_once_as_a_self_check(ward: Ward, dose: Dose, ask: Ask) -> None:
    assert dose.given_at is not None
    checkins.run(dose.given_at + timedelta(hours=2))  # natalizumab runs for an hour
    with actor.unit_of_work(actor.system("tests")):
        row = CheckIn.objects.for_system().get()
    (said,) = ask("maya", "GET", "check-ins/").json()["results"]
    assert (said["id"], said["step_hours"], said["answer"]) == (str(row.pk), 1, None)
    path, key = f"check-ins/{row.pk}/answer/", uuid7()
    fever = next(
        sign["key"] for sign in ask("maya", "GET", "signs/").json() if sign["text"].startswith("Fever of")
    )
    assert ask("nurse", "POST", path, {"none": True}).status_code == 403
    assert is_problem(ask("maya", "POST", path, {}), 422)
    told = [ask("maya", "POST", path, {"new": [fever]}, key=key) for _twice in range(2)]
    assert [(one.status_code, one.json()["level"]) for one in told] == [(201, "call_now")] * 2
    assert is_problem(ask("maya", "POST", path, {"none": True}), 409)
    (said,) = ask("nurse", "GET", "check-ins/").json()["results"]
    assert said["answer"] == told[0].json()["id"]
    assert (
        ask("nurse", "POST", f"self-checks/{said['answer']}/review/").json()["reviewed_by"] == ward.nurse.name
    )


def test_after_care_and_card_keep_sources_for_the_team_and_invent_nothing(
    ward: Ward, dose: Dose, ask: Ask
) -> None:
    own, team = (ask(who, "GET", "after-care/").json() for who in ("maya", "nurse"))
    assert own["therapies"] == ["Natalizumab"]
    assert [row["text"] for row in own["emergency"]] == [row["text"] for row in team["emergency"]]
    assert all(row["sources"] == [] for row in own["emergency"])
    assert all(row["sources"] for row in team["emergency"])
    card = ask("maya", "GET", "card/").json()
    (one,) = card["medicines"]
    assert (one["generic"], one["last_on"]) == (
        "natalizumab",
        dose.given_on.isoformat() if dose.given_on else "",
    )
    assert (card["allergies"], card["none_known"]) == ([], False)
    for who in ("carer", "elsewhere"):
        assert ask(who, "GET", "card/").status_code == ask(who, "GET", "after-care/").status_code == 404


def test_plans_are_the_patients_alone_and_marked_never_judged(ward: Ward, dose: Dose, ask: Ask) -> None:
    day, key = ward.today + timedelta(days=27), uuid7()
    body = {"kind": "travel", "starts_on": day.isoformat(), "ends_on": day.isoformat(), "note": "The sea"}
    made = [ask("maya", "POST", "plans/", body, key=key) for _twice in range(2)]
    assert [one.status_code for one in made] == [201, 201]
    plan = made[0].json()
    assert [meets["kind"] for meets in plan["meets"]] == ["window"]
    path = f"plans/{plan['id']}/"
    assert ask("maya", "PUT", path, {**body, "version": 1, "kind": "vaccine"}).json()["version"] == 2
    assert is_problem(ask("maya", "PUT", path, {**body, "version": 1}), 409)
    assert is_problem(ask("maya", "POST", "plans/", {**body, "ends_on": ward.today.isoformat()}), 422)
    asked = ask("maya", "POST", path + "question/").json()
    assert asked["asked_at"] is not None
    for who in ("nurse", "carer", "elsewhere"):
        assert ask(who, "GET", path).status_code == ask(who, "GET", "plans/").status_code == 404
    assert ask("maya", "POST", path + "end/").status_code == 204
    assert ask("maya", "GET", path).status_code == 404
    assert "plan.asked self" in acts_of(ward.patient)
