"""Infusion times by a program: asking, booking, the team's answer, taking back, and the chairs of a day; each as on the pages."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from patients.models import Grant
from patients.services import enroll_patient
from portal.lib import actor
from portal.lib.ids import uuid7
from scheduling import infusions
from scheduling.models import Appointment
from tests.api.asking import call, is_problem
from tests.patients.world import acts_of
from tests.scheduling.chairs import Ward, make_ward, whole
from tests.scheduling.people import enter, local_day, statements_of

NEXT = "/api/v1/scheduling/infusion/"
STARTS = f"{NEXT}starts/"
ASK = f"{NEXT}requests/"
WAITING = "/api/v1/scheduling/requests/"
CHAIRS = "/api/v1/scheduling/chairs/"


@pytest.fixture
def ward(db: None, monkeypatch: pytest.MonkeyPatch) -> Ward:
    """The synthetic clinic with chairs and nurses for infusions; doses are planned by the test."""
    return make_ward(monkeypatch)


def about(ward: Ward) -> str:
    return f"?patient={ward.patient.pk}"


def answering(ward: Ward, act: str, id: object) -> str:
    """The address of the team's answer to a request of Maya's."""
    return f"{WAITING}{id}/{act}/{about(ward)}"


def wish(dose: Any, *times: datetime, **more: object) -> dict[str, object]:
    return {"dose": str(dose.id), "wishes": [at.isoformat() for at in times], **more}


def instants(texts: list[str]) -> list[datetime]:
    return [datetime.fromisoformat(text) for text in texts]


def begins(rows: list[dict[str, Any]]) -> list[datetime]:
    return instants([row["starts_at"] for row in rows])


def test_a_patient_reads_the_window_and_asks_for_three_times(ward: Ward) -> None:
    dose, maya = ward.dose(), enter(ward.maya)
    seen = maya.get(NEXT).json()
    assert seen["dose"] == {
        "id": str(dose.id),
        "earliest": str(dose.earliest),
        "target": str(dose.target),
        "latest": str(dose.latest),
        "minutes": 270,
        "parts": [45, 150, 60, 10],
    }
    assert (seen["can_ask"], seen["directly"], seen["booked"], seen["requested"]) == (True, False, None, None)
    times = ward.times(dose)
    first = maya.get(f"{STARTS}?limit=2").json()
    assert begins(first["results"]) == times[:2]
    assert begins(maya.get(first["next"]).json()["results"]) == times[2:4]
    until = times[3].isoformat().replace("+", "%2B")
    assert begins(maya.get(f"{STARTS}?end={until}").json()["results"]) == times[:3]

    answer = call(maya, "POST", ASK, wish(dose, times[0], times[9], times[4], reason="Not before nine"))
    made = answer.json()
    assert (answer.status_code, made["state"], made["reason"]) == (201, "requested", "Not before nine")
    assert instants(made["wishes"]) == [times[9], times[4]]
    assert [str(visit.pk) for visit in whole(ward)] == [made["id"]]
    assert acts_of(ward.patient).count("infusion.asked self") == 1
    now = maya.get(NEXT).json()
    assert now["requested"] == made
    assert now["answer_by"]
    visit = ward.visit(UUID(made["id"]))
    assert (made["who"], made["chair"]) == (visit.who, visit.resource.label)


def test_the_same_key_asks_once_and_other_wishes_under_it_are_a_conflict(ward: Ward) -> None:
    dose, maya, key = ward.dose(), enter(ward.maya), uuid7()
    times = ward.times(dose)
    first = call(maya, "POST", ASK, wish(dose, times[0]), key=key)
    assert call(maya, "POST", ASK, wish(dose, times[0]), key=key).content == first.content
    assert len(whole(ward)) == 1
    assert acts_of(ward.patient).count("infusion.asked self") == 1
    other = call(maya, "POST", ASK, wish(dose, times[1]), key=key)
    assert is_problem(other, 409)
    assert other.json()["type"].endswith("#different-content")
    asked = first.json()["id"]
    for act, sent, more, client in (
        ("confirm", {"words": "See you."}, {"words": "Come early."}, enter(ward.rosa)),
        ("withdraw", {}, None, maya),
    ):
        key, path = uuid7(), answering(ward, act, asked)
        done = call(client, "POST", path, sent, key=key)
        assert done.status_code == 200
        assert call(client, "POST", path, sent, key=key).content == done.content
        assert more is None or is_problem(call(client, "POST", path, more, key=key), 409)
        asked = call(maya, "POST", ASK, wish(dose, times[6])).json()["id"]
    key, path = uuid7(), answering(ward, "decline", asked)
    no = [
        call(enter(ward.rosa), "POST", path, {"words": words}, key=key).status_code
        for words in ("A", "A", "B")
    ]
    assert no == [200, 200, 409]
    acts = acts_of(ward.patient)
    assert [
        acts.count(f"infusion.{act}") for act in ("confirmed team", "withdrawn self", "declined team")
    ] == [
        1,
        1,
        1,
    ]


def test_a_time_that_is_gone_comes_back_with_others(ward: Ward) -> None:
    dose, maya = ward.dose(), enter(ward.maya)
    night = ward.times(dose)[0] + timedelta(hours=12)
    answer = call(maya, "POST", ASK, wish(dose, night))
    assert is_problem(answer, 409)
    assert answer.json()["type"].endswith("#place-gone")
    free = answer.json()["alternatives"]
    assert len(free) == 3
    assert datetime.fromisoformat(free[0]["ends_at"]) - begins(free)[0] == timedelta(minutes=270)
    assert call(maya, "POST", ASK, wish(dose, begins(free)[0])).status_code == 201


def test_a_site_may_let_the_first_wish_be_booked(ward: Ward) -> None:
    dose, maya = ward.dose(), enter(ward.maya)
    times = ward.times(dose)
    with actor.unit_of_work(actor.system("test")):
        site = ward.world.site
        site.books_infusions_directly = True
        site.save()
    assert maya.get(NEXT).json()["directly"] is True
    booked = call(maya, "POST", ASK, wish(dose, times[0])).json()
    moved = call(maya, "POST", ASK, wish(dose, times[1])).json()
    assert (booked["state"], moved["state"], moved["id"]) == ("booked", "booked", booked["id"])
    assert maya.get(NEXT).json()["booked"] == moved


def test_a_carer_asks_and_strangers_meet_nothing(ward: Ward) -> None:
    dose = ward.dose()
    carer = enter(ward.world.users["carer"])
    assert carer.get(NEXT + about(ward)).json()["can_ask"] is True
    assert acts_of(ward.patient)[-1] == "appointments.view carer"
    for key in ("other-patient", "elsewhere", "editor"):
        stranger = enter(ward.world.users[key])
        assert is_problem(stranger.get(NEXT + about(ward)), 404)
        assert is_problem(stranger.get(STARTS + about(ward)), 404)
        assert is_problem(call(stranger, "POST", ASK + about(ward), wish(dose, ward.times(dose)[0])), 404)
    asked = call(carer, "POST", ASK + about(ward), wish(dose, ward.times(dose)[0])).json()
    assert ward.visit(UUID(asked["id"])).capacity == "carer"
    for key in ("patient", "carer", "other-patient", "elsewhere"):
        client = enter(ward.world.users[key])
        for act, sent in (("confirm", {}), ("decline", {"words": "no"})):
            assert is_problem(call(client, "POST", answering(ward, act, asked["id"]), sent), 404), key
    assert ward.visit(UUID(asked["id"])).is_requested
    with actor.unit_of_work(actor.system("test")):
        Grant.objects.filter(patient=ward.patient, kind="carer").update(scopes=["messages"])
    assert is_problem(carer.get(NEXT + about(ward)), 404)
    assert is_problem(call(carer, "POST", answering(ward, "withdraw", asked["id"])), 404)


def test_the_team_confirms_the_held_time_or_another_one(ward: Ward) -> None:
    dose, rosa, maya = ward.dose(), enter(ward.rosa), enter(ward.maya)
    times = ward.times(dose)
    id = ward.ask(dose, times[0], times[9], reason="Needs a quiet corner")
    row = rosa.get(WAITING).json()["results"][0]
    assert (row["patient_name"], row["late"], row["infusion"]["id"]) == ("Maya Lindqvist", False, str(id))
    assert row["infusion"]["reason"] == "Needs a quiet corner"
    assert {"requests.view team", "infusion.asked self"} <= set(acts_of(ward.patient))
    gone = {"starts_at": (times[0] + timedelta(hours=12)).isoformat()}
    refused = call(rosa, "POST", answering(ward, "confirm", id), gone)
    assert is_problem(refused, 409)
    assert len(refused.json()["alternatives"]) == 3
    yes = call(rosa, "POST", answering(ward, "confirm", id), {})
    assert (yes.json()["id"], yes.json()["state"]) == (str(id), "booked")
    assert begins([yes.json()]) == [times[0]]
    assert rosa.get(WAITING).json()["results"] == []

    again = ward.ask(dose, times[6])
    assert maya.get(NEXT).json()["requested"]["moves"] == str(id)
    sent = {"starts_at": times[12].isoformat(), "words": "The pharmacy needs a day more."}
    moved = call(rosa, "POST", answering(ward, "confirm", again), sent).json()
    assert (moved["id"], begins([moved]), moved["version"]) == (str(id), [times[12]], 1)
    assert maya.get(NEXT).json()["booked"]["answer"] == "The pharmacy needs a day more."
    visit = maya.get(f"/api/v1/scheduling/appointments/{id}/").json()
    assert (visit["answer"], visit["who"]) == (moved["answer"], moved["who"])
    assert len(whole(ward)) == 1
    late = call(rosa, "POST", answering(ward, "confirm", again), {})
    assert is_problem(late, 409)
    assert late.json()["type"].endswith("#answered-already")


def test_the_team_says_no_and_the_patient_takes_back(ward: Ward) -> None:
    dose, rosa, maya = ward.dose(), enter(ward.rosa), enter(ward.maya)
    times = ward.times(dose)
    id = ward.ask(dose, times[0])
    assert is_problem(call(rosa, "POST", answering(ward, "decline", id), {"words": "  "}), 400)
    no = call(rosa, "POST", answering(ward, "decline", id), {"words": "Please call us first."}).json()
    assert (no["state"], no["answer"]) == ("declined", "Please call us first.")
    seen = maya.get(NEXT).json()
    assert (seen["declined"]["answer"], seen["requested"]) == ("Please call us first.", None)
    id = ward.ask(dose, times[0])
    back = call(maya, "POST", f"{WAITING}{id}/withdraw/")
    assert (back.status_code, back.json()["state"]) == (200, "withdrawn")
    assert whole(ward) == []
    assert is_problem(call(maya, "POST", f"{WAITING}{id}/withdraw/"), 409)
    visit = ward.book(ward.starts()[0])  # no infusion, so no request either
    for client, act, sent in (
        (rosa, "confirm", {}),
        (rosa, "decline", {"words": "No."}),
        (maya, "withdraw", {}),
    ):
        assert is_problem(call(client, "POST", answering(ward, act, visit), sent), 404)


def test_without_a_dose_or_minutes_nothing_can_be_asked_for(ward: Ward) -> None:
    maya = enter(ward.maya)
    seen = maya.get(NEXT).json()
    assert (seen["dose"], seen["can_ask"], seen["opens_at"]) == (None, False, None)
    assert maya.get(STARTS).json() == {"results": [], "next": None}
    dose = ward.dose()
    at = ward.times(dose)[0]
    for more in ({"parts": None}, {"first": -20, "target": -10, "last": -2}, {"first": 300, "last": 320}):
        dose = ward.dose(**more)
        assert maya.get(NEXT).json()["can_ask"] is False
        assert maya.get(STARTS).json()["results"] == []
        assert is_problem(call(maya, "POST", ASK, wish(dose, at)), 409)
    assert is_problem(call(maya, "POST", ASK, {"dose": str(uuid7()), "wishes": [at.isoformat()]}), 409)


@pytest.mark.parametrize(
    "odd",
    [
        {"wishes": []},
        {"wishes": ["2026-12-03T09:00:00Z"] * 4},
        {"wishes": ["2026-12-03T09:00:00"]},
        {"wishes": ["tomorrow"]},
        {"wishes": "2026-12-03T09:00:00Z"},
        {"wishes": [7]},
        {"dose": "next"},
        {"dose": None},
        {"reason": "x" * 1001},
        {"chair": 1},
    ],
    ids=str,
)
def test_what_cannot_be_read_is_refused_and_named(ward: Ward, odd: dict[str, Any]) -> None:
    dose = ward.dose()
    answer = call(enter(ward.maya), "POST", ASK, {**wish(dose, ward.times(dose)[0]), **odd})
    assert is_problem(answer, 400)
    assert set(answer.json()["errors"]) == set(odd)
    assert whole(ward) == []


def test_the_chairs_of_a_day_are_the_board_of_the_pages(ward: Ward) -> None:
    dose, other = ward.dose(), ward.dose(ward.world.other_patient, last=30)
    times = ward.times(dose)
    booked = ward.ask(dose, times[0])
    ward.act(infusions.confirm, booked)
    asked = ward.ask(other, times[1], by=ward.samuel, patient=ward.world.other_patient)
    rosa, path = enter(ward.rosa), f"{CHAIRS}?on={local_day(ward, times[0])}"
    board = rosa.get(path).json()
    assert board["is_open"] is True
    for kind in ("chairs", "nurses"):
        held = {row["appointment"]["id"]: row for lane in board[kind] for row in lane["held"]}
        assert set(held) == {str(booked), str(asked)}
        assert held[str(booked)]["patient_name"] == "Maya Lindqvist"
        assert held[str(booked)]["appointment"]["state"] == "booked"
        assert held[str(asked)]["appointment"]["state"] == "requested"
        assert len(held[str(booked)]["phases"]) == 4
    assert {len(row["states"]) for row in board["half_hours"]} == {len(board["chairs"])}
    states = [state for row in board["half_hours"] for state in row["states"]]
    assert states.count("booked") >= 9
    assert states.count("held") >= 9  # four and a half hours, each
    assert {"free", "closed"} <= set(states)
    assert "schedule.view team" in acts_of(ward.patient)
    with actor.unit_of_work(actor.system("test")):
        Grant.objects.filter(patient=ward.patient, kind="team").update(team=ward.world.other_team)
    foreign = rosa.get(path)
    assert b"Lindqvist" not in foreign.content
    rows = [row for lane in foreign.json()["chairs"] for row in lane["held"]]
    assert [row["appointment"] for row in rows].count(None) == 1
    assert "taken" in {state for row in foreign.json()["half_hours"] for state in row["states"]}
    assert rosa.get(WAITING).json()["results"][0]["patient_name"] == "Samuel Okafor"


def test_the_boards_are_for_the_team_and_days_are_read_strictly(ward: Ward) -> None:
    for key in ("patient", "carer", "editor", "admin"):
        for path in (CHAIRS, WAITING):
            assert is_problem(enter(ward.world.users[key]).get(path), 404), key
    rosa = enter(ward.rosa)
    assert rosa.get(CHAIRS).json()["is_open"] is True
    assert rosa.get(f"{CHAIRS}?on=2026-12-25").json()["is_open"] is False
    for odd in ("on=nonsense", "on=", "day=2026-12-25"):
        assert is_problem(rosa.get(f"{CHAIRS}?{odd}"), 400), odd
    for odd in ("start=noon", "end=2026-12-25T09:00:00", "limit=0", "from=now"):
        assert is_problem(enter(ward.maya).get(f"{STARTS}?{odd}"), 400), odd


def test_more_requests_cost_no_more_statements(ward: Ward) -> None:
    first = ward.dose()
    times = ward.times(first)
    ward.ask(first, times[0], reason="first")
    rosa, paths = enter(ward.rosa), (WAITING, f"{CHAIRS}?on={local_day(ward, times[0])}")
    for path in paths:
        rosa.get(path)
    before = [statements_of(rosa, path) for path in paths]
    asked: list[UUID] = []
    for number in range(4):
        patient = enroll_patient(
            site=ward.world.site, name=f"Patient {number}", date_of_birth=ward.world.today(), by=ward.rosa,
            team=ward.world.team,
        )  # fmt: skip
        dose = ward.dose(patient)
        at = ward.times(dose, by=ward.rosa, patient=patient)[1]
        asked.append(ward.ask(dose, at, by=ward.rosa, patient=patient, reason="more"))
    with actor.unit_of_work(actor.system("test")):
        Appointment.objects.filter(pk__in=asked).update(state="requested")
    assert [statements_of(rosa, path) for path in paths] == before
    assert len(rosa.get(WAITING).json()["results"]) == 5
