"""Orders and courses, versions of therapies, and what an entry said before: through the API as on the pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.lib.ids import uuid7
from portal.lib.time import now
from tests.api.asking import call, is_problem
from tests.patients.world import acts_of, signed_in
from tests.treatment.conftest import Ward, before_the_rule
from tests.treatment.test_protocols import data, written
from treatment import services
from treatment.models import Course, Dose, Order, Signature
from treatment.protocols import loading

API = "/api/v1/treatment/"
Ask = Callable[..., Any]


def days(count: int) -> timedelta:
    return timedelta(days=count)


@pytest.fixture
def ask(ward: Ward) -> Ask:
    """One request as one person about Maya."""

    def asked(who: str, method: str, path: str, body: Any = None, **more: Any) -> Any:
        client = signed_in(getattr(ward, who))
        return call(client, method, f"{API}{path}?patient={ward.patient.pk}", body, **more)

    return asked


def an_order(ward: Ward, **more: Any) -> dict[str, Any]:
    return {
        "therapy": "ublituximab", "version": 1, "path": "standard", "first_on": str(ward.today), "indication": "Relapsing MS",
        "sign": True, **more,
    }  # fmt: skip


def with_a_missed_dose(ward: Ward) -> Course:
    """Natalizumab: the first dose given a month ago, the second missed, so that the rule proposes days."""
    start = ward.today - days(30)
    course = ward.order("natalizumab", start)
    ward.give(course, start)
    with ward.acting(ward.nurse):
        services.mark_missed(
            by=ward.nurse, patient=ward.patient, dose_id=ward.planned(course).pk, reason="A cold", id=uuid7(),
            now=ward.at(ward.today, 0),
        )  # fmt: skip
    return course


def strangers_find_nothing(ask: Ask, path: str, body: Any) -> None:
    for who in ("carer", "elsewhere"):
        assert is_problem(ask(who, "POST", path, body), 404), who


# --- An order ------------------------------------------------------------------------------------------------------


def test_an_order_is_signed_once_and_its_doses_are_planned(ward: Ward, ask: Ask, settings: Any) -> None:
    settings.DEMO = True
    key, body = uuid7(), an_order(ward, given_before=0)
    first, again = (ask("neurologist", "POST", "courses/", body, key=key) for _try in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert (first.json()["therapy"], first.json()["demo_only"]) == ("ublituximab", True)
    with ward.acting(ward.neurologist):
        (course,) = services.courses_of(ward.neurologist, ward.patient)
        order = Order.objects.for_user(ward.neurologist).get(pk=key)
        assert (str(course.pk), order.indication) == (first.json()["id"], "Relapsing MS")
        assert Course.objects.for_user(ward.neurologist).count() == 1
    assert [dose.target for dose in ward.doses(course)][:2] == [ward.today, ward.today + days(14)]
    assert acts_of(ward.patient).count("treatment.ordered team") == 1
    other = ask("neurologist", "POST", "courses/", {**body, "indication": "Another reason"}, key=key)
    assert is_problem(other, 409)
    assert other.json()["type"].endswith("#different-content")
    running = ask("neurologist", "POST", "courses/", body)
    assert running.json()["type"].endswith("#already-running")


@pytest.mark.parametrize(
    ("change", "status", "says"),
    [
        ({"sign": False}, 400, "sign"),
        ({"version": 2}, 409, "#not-the-newest"),
        ({"therapy": "no-such-therapy"}, 404, ""),
        ({"path": "sideways"}, 409, "#cannot-be-ordered"),
        ({"first_on": "2199-01-01"}, 422, "#day-not-possible"),
        ({"given_before": 501}, 400, "given_before"),
        ({"indication": " "}, 400, "indication"),
    ],
)
def test_an_order_that_is_not_possible(
    ward: Ward, ask: Ask, settings: Any, change: dict[str, Any], status: int, says: str
) -> None:
    settings.DEMO = True
    answer = ask("neurologist", "POST", "courses/", an_order(ward, **change))
    assert is_problem(answer, status), answer.content
    assert says in answer.content.decode()
    with ward.acting(ward.neurologist):
        assert not Course.objects.for_user(ward.neurologist).exists()


def test_outside_demo_mode_an_unsigned_version_cannot_be_ordered(ward: Ward, ask: Ask, settings: Any) -> None:
    settings.DEMO = False
    answer = ask("neurologist", "POST", "courses/", an_order(ward))
    assert is_problem(answer, 409)
    assert answer.json()["type"].endswith("#not-signed-off")


def test_only_a_prescriber_orders(ward: Ward, ask: Ask, settings: Any) -> None:
    settings.DEMO = True
    for who in ("nurse", "maya"):
        answer = ask(who, "POST", "courses/", an_order(ward))
        assert is_problem(answer, 403), who
        assert answer.json()["type"].endswith("#not-a-prescriber")
    strangers_find_nothing(ask, "courses/", an_order(ward))
    assert acts_of(ward.patient).count("treatment.ordered team") == 0


# --- New dates, next phase, end ------------------------------------------------------------------------------------


def test_proposed_days_are_confirmed_as_they_were_shown(ward: Ward, ask: Ask) -> None:
    course = with_a_missed_dose(ward)
    path = f"courses/{course.pk}/dates/"
    rows = ask("nurse", "GET", path).json()["results"]
    with ward.acting(ward.nurse):
        proposed = services.proposed_moves(ward.nurse, ward.patient, course, now())
    assert [(row["dose"], row["target"]) for row in rows] == [
        (str(dose.pk), str(move.window.target)) for dose, move in proposed
    ]
    assert rows[0]["planned"] == str(proposed[0][0].target)
    body = {"days": {row["dose"]: row["target"] for row in rows}, "reason": "After the cold", "confirm": True}
    assert is_problem(ask("nurse", "POST", path, body), 403)
    for method in ("GET", "POST"):
        assert is_problem(ask("maya", method, path, body if method == "POST" else None), 404)
    strangers_find_nothing(ask, path, body)
    key = uuid7()
    for _try in range(2):
        assert ask("neurologist", "POST", path, body, key=key).status_code == 200
    planned = [str(dose.target) for dose in ward.doses(course) if dose.is_planned]
    assert planned == list(body["days"].values())
    assert acts_of(ward.patient).count("treatment.moved team") == 1
    assert ask("nurse", "GET", path).json()["results"] == []
    assert is_problem(ask("neurologist", "POST", path, {**body, "reason": "Other"}, key=key), 409)


@pytest.mark.parametrize(
    "change",
    [
        {"confirm": False},
        {"days": {}},
        {"days": {"x": "2026-12-01"}},
        {"days": ["2026-12-01"]},
        {"days": {"01999999-9999-7999-8999-999999999999": "soon"}},
        {"reason": ""},
    ],
)
def test_dates_that_cannot_be_read(ward: Ward, ask: Ask, change: dict[str, Any]) -> None:
    course = with_a_missed_dose(ward)
    dose = ward.planned(course)
    body = {
        "days": {str(dose.pk): str(dose.target + days(1))},
        "reason": "Holiday",
        "confirm": True,
        **change,
    }
    assert is_problem(ask("neurologist", "POST", f"courses/{course.pk}/dates/", body), 400)
    assert ward.planned(course).target == dose.target


def test_a_dose_of_another_course_or_a_day_gone_by_is_not_moved(ward: Ward, ask: Ask) -> None:
    course = with_a_missed_dose(ward)
    dose, path = ward.planned(course), f"courses/{course.pk}/dates/"
    body = {"days": {str(uuid7()): str(ward.today)}, "reason": "Holiday", "confirm": True}
    assert is_problem(ask("neurologist", "POST", path, body), 409)
    gone = {**body, "days": {str(dose.pk): str(ward.today - days(1))}}
    assert is_problem(ask("neurologist", "POST", path, gone), 422)
    assert ward.planned(course).target == dose.target


def test_the_next_phase_waits_for_a_prescriber(ward: Ward, ask: Ask) -> None:
    start = ward.today - days(400)
    with before_the_rule():
        course = ward.order("alemtuzumab", start)
        for number in range(5):
            ward.give(course, start + days(number))
    path, first = f"courses/{course.pk}/phase/", ward.today + days(2)
    found = ask("nurse", "GET", path).json()
    assert (found["number"], bool(found["name"])) == (6, True)
    body = {"first_on": str(first), "reason": "A year later"}
    assert is_problem(ask("nurse", "POST", path, body), 403)
    assert is_problem(ask("maya", "POST", path, body), 404)
    assert is_problem(ask("neurologist", "POST", path, {**body, "first_on": str(start)}), 422)
    key = uuid7()
    for _try in range(2):
        assert ask("neurologist", "POST", path, body, key=key).status_code == 200
    assert [dose.target for dose in ward.doses(course)][5:] == [first + days(number) for number in range(3)]
    assert ask("nurse", "GET", path).json()["number"] == 9, "the one after it waits in its turn"
    assert is_problem(ask("neurologist", "POST", path, body), 422)
    assert is_problem(ask("neurologist", "POST", path, {**body, "reason": "Other"}, key=key), 409)
    ask("neurologist", "POST", f"courses/{course.pk}/end/", {"reason": "Another therapy"})
    assert is_problem(ask("nurse", "GET", path), 404)
    assert is_problem(ask("neurologist", "POST", path, body), 409)


def test_a_treatment_is_ended_once(ward: Ward, ask: Ask) -> None:
    course = with_a_missed_dose(ward)
    path, key = f"courses/{course.pk}/end/", uuid7()
    assert is_problem(ask("nurse", "POST", path, {"reason": "Done"}), 403)
    assert is_problem(ask("maya", "POST", path, {"reason": "Done"}), 404)
    strangers_find_nothing(ask, path, {"reason": "Done"})
    assert is_problem(ask("neurologist", "POST", path, {}), 400)
    for _try in range(2):
        answer = ask("neurologist", "POST", path, {"reason": "Another therapy"}, key=key)
        assert answer.json()["ended_on"] == str(ward.today)
    assert {dose.state for dose in ward.doses(course)} == {
        Dose.State.GIVEN,
        Dose.State.MISSED,
        Dose.State.CANCELLED,
    }
    assert acts_of(ward.patient).count("treatment.ended team") == 1
    assert is_problem(ask("neurologist", "POST", path, {"reason": "Another therapy"}), 409)
    assert is_problem(ask("neurologist", "POST", path, {"reason": "Other"}, key=key), 409)
    assert ask("nurse", "GET", f"courses/{course.pk}/dates/").json()["results"] == []


# --- Regular checks ------------------------------------------------------------------------------------------------


def test_a_regular_check_is_noted_and_the_next_one_is_due(ward: Ward, ask: Ask) -> None:
    start = ward.today - days(400)
    course = ward.order("alemtuzumab", start)
    ward.give(course, start)
    path, thyroid = f"courses/{course.pk}/checks/", "alemtuzumab.mon.thyroid_function_tsh"

    def row(who: str) -> dict[str, Any]:
        return next(one for one in ask(who, "GET", path).json()["results"] if one["check"] == thyroid)

    before = row("maya")
    assert (before["last_done"], before["overdue"], before["owner"]) == (None, True, "lab")
    body, key = {"check": thyroid, "done_on": str(ward.today)}, uuid7()
    assert is_problem(ask("maya", "POST", path, body), 403)
    strangers_find_nothing(ask, path, body)
    assert is_problem(ask("carer", "GET", path), 404)
    assert is_problem(ask("nurse", "POST", path, {**body, "check": "x"}), 404)
    assert is_problem(ask("nurse", "POST", path, {**body, "done_on": str(ward.today + days(2))}), 409)
    assert is_problem(ask("nurse", "POST", path, {"check": thyroid}), 400)
    for _try in range(2):
        assert ask("nurse", "POST", path, body, key=key).status_code == 200
    after = row("maya")
    assert (after["last_done"], after["overdue"]) == (str(ward.today), False)
    assert after["due"] > str(ward.today)
    assert acts_of(ward.patient).count("treatment.check-done team") == 1
    assert is_problem(ask("nurse", "POST", path, {**body, "done_on": str(start)}, key=key), 409)


# --- Versions of a therapy -----------------------------------------------------------------------------------------


def test_a_version_is_signed_by_name_in_ones_own_role(ward: Ward, ask: Ask) -> None:
    nurse, path = signed_in(ward.nurse), f"{API}therapies/natalizumab/versions/1/"
    before = nurse.get(path).json()
    assert (before["may_sign"], before["signed_off"], len(before["missing"])) == (True, False, 3)
    assert before["facts"]["id"] == "natalizumab"
    assert is_problem(call(nurse, "POST", f"{path}sign/", {"read": False}), 400)
    assert not Signature.objects.exists()
    key = uuid7()
    for _try in range(2):
        signed = call(nurse, "POST", f"{path}sign/", {"read": True}, key=key)
        assert signed.status_code == 200
    assert [(one["role"], one["name"]) for one in signed.json()["signatures"]] == [("nurse", "Rosa")]
    assert signed.json()["may_sign"] is False
    assert is_problem(call(nurse, "POST", f"{path}sign/", {"read": True}), 403)
    another = path.replace("natalizumab", "ublituximab")
    assert is_problem(call(nurse, "POST", f"{another}sign/", {"read": True}, key=key), 409)
    for who in (ward.maya, ward.carer):
        assert is_problem(signed_in(who).get(path), 404)
        assert is_problem(call(signed_in(who), "POST", f"{path}sign/", {"read": True}), 404)
    assert Signature.objects.count() == 1


def test_earlier_versions_stay_and_only_the_newest_is_ordered(
    ward: Ward, ask: Ask, tmp_path: Path, settings: Any
) -> None:
    settings.DEMO = True
    changed = data()
    therapy = changed["therapies"][0]
    code = therapy["id"]
    path = therapy["portal"]["paths"][0]["key"]
    nurse, versions = signed_in(ward.nurse), f"{API}therapies/{code}/versions/"
    with CaptureQueriesContext(connection) as one:
        nurse.get(versions)
    for turn in range(3):
        therapy["review_due"] = f"soon {turn}"
        loading.load_protocols(written(tmp_path, changed))
    nurse.get(versions)
    with CaptureQueriesContext(connection) as many:
        rows = nurse.get(versions).json()["results"]
    assert [row["version"] for row in rows] == [4, 3, 2, 1]
    assert len(many) <= len(one)
    assert nurse.get(f"{versions}2/").json()["facts"]["review_due"] == "soon 0"
    assert is_problem(nurse.get(f"{versions}5/"), 404)
    assert is_problem(nurse.get(f"{API}therapies/no-such-therapy/versions/"), 404)
    body = an_order(ward, therapy=code, path=path)
    assert ask("neurologist", "POST", "courses/", body).json()["type"].endswith("#not-the-newest")


# --- What an entry said before -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["allergies", "medicines"])
def test_every_version_of_an_entry_stays_readable(ward: Ward, ask: Ask, kind: str) -> None:
    made = ask("maya", "POST", f"{kind}/", {"what": "Penicilin", "more": "In the morning"}).json()
    path = f"{kind}/{made['id']}/"
    with CaptureQueriesContext(connection) as one:
        ask("maya", "GET", f"{path}history/")
    ask("nurse", "PUT", path, {"what": "Penicillin", "more": "Itching", "version": 1})
    ask("maya", "PUT", path, {"what": "Penicillin tablets", "version": 2})
    ask("maya", "POST", f"{path}end/", {"version": 3})
    with CaptureQueriesContext(connection) as many:
        rows = ask("maya", "GET", f"{path}history/").json()["results"]
    assert len(one) == len(many)
    assert [(row["version"], row["what"], row["by_patient"], row["ended"]) for row in rows] == [
        (4, "Penicillin tablets", True, True),
        (3, "Penicillin tablets", True, False),
        (2, "Penicillin", False, False),
        (1, "Penicilin", True, False),
    ]
    assert [row["written_by"] for row in rows] == ["Maya", "Maya", "Rosa", "Maya"]
    assert rows[2]["more"] == "Itching"
    assert ask("nurse", "GET", f"{path}history/").json()["results"] == rows
    for who in ("carer", "elsewhere"):
        assert is_problem(ask(who, "GET", f"{path}history/"), 404)
    other = "medicines" if kind == "allergies" else "allergies"
    assert is_problem(ask("maya", "GET", f"{other}/{made['id']}/history/"), 404)
    assert acts_of(ward.patient).count("lists.view team") == 1
