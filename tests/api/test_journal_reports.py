"""Reports for visits through the API: written, read, approved, shared, withdrawn, and read by the team, as on the pages."""

from __future__ import annotations

import importlib
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal.lib.ids import uuid7
from tests.api.asking import call, is_problem, program
from tests.harness.paper import ensure
from tests.registry.ground import Ground
from tests.registry.people import MAYA, SAMUEL
from tests.registry.states import signed_in

REPORTS = "/api/v1/journal/reports/"
SHARED = "/api/v1/journal/shared-reports/"
WORDS = {
    "why": "Walking is harder.",
    "questions": ["May I travel?", " "],
    "symptoms": ["tiredness", "bladder"],
    "how": "Some good weeks.",
    "reactions": "A rash after two hours.",
    "left_out": ["reactions"],
}


@pytest.fixture
def maya(ground: Ground) -> Client:
    return signed_in(ground.users[MAYA])


@pytest.fixture
def nurse(ground: Ground) -> Client:
    return signed_in(ground.users["nurse"])


def done(client: Client, path: str, body: Any = None, *, method: str = "POST", key: object = "new") -> Any:
    answer = call(client, method, path, body, key=key)
    assert answer.status_code in (200, 201), answer.content
    return answer.json()


def theirs(ground: Ground, path: str = "") -> str:
    return f"{SHARED}{path}?patient={ground.of('patient_id', MAYA)}"


def test_from_writing_to_the_team_and_back(ground: Ground, maya: Client, nurse: Client) -> None:
    made = done(maya, REPORTS, WORDS)
    own, content = f"{REPORTS}{made['id']}/", made["content"]
    assert (made["state"], made["version"], made["replaces"], made["share"]) == ("draft", 1, None, None)
    assert (content["why"], content["questions"]) == ("Walking is harder.", ["May I travel?"])
    assert [part["code"] for part in content["symptoms"]] == [
        "tiredness"
    ]  # no word on bladder in these months
    assert content["reactions"] == "A rash after two hours."  # kept for her
    assert made["left_out"] == ["reactions"]
    page = unescape(maya.get(f"/journal/reports/{made['id']}/").content.decode())
    part = content["symptoms"][0]
    assert part["sentence"] in page
    assert f"a word on {len(part['points'])} of 91 days" in part["sentence"]
    assert part["points"][-1]["day"] == content["until_on"]
    assert nurse.get(theirs(ground, f"{made['id']}/")).status_code == 404

    visit = str(ground.of("appointment_id", MAYA))
    early = call(maya, "POST", f"{own}share/", {"visit": visit})
    assert is_problem(early, 409)
    assert early.json()["type"].endswith("#not-approved")
    approved = done(maya, f"{own}approve/")
    assert approved["state"] == "approved"
    assert approved["approved_at"]
    assert nurse.get(theirs(ground, f"{made['id']}/")).status_code == 404
    shared = done(maya, f"{own}share/", {"visit": visit})
    assert shared["state"] == "shared"
    assert shared["share"]["visit"] == visit
    assert shared["share"]["visit_words"]

    rows = nurse.get(theirs(ground)).json()["results"]
    assert made["id"] in [row["id"] for row in rows]
    seen = nurse.get(theirs(ground, f"{made['id']}/")).json()
    assert seen["content"] == {**content, "reactions": ""}
    assert seen["visit"] == visit
    assert seen["visit_now"] == seen["visit_words"] == shared["share"]["visit_words"]
    assert "rash" not in str(seen)
    their_page = unescape(
        nurse.get(f"/patients/{ground.of('patient_id', MAYA)}/reports/{made['id']}/").content.decode()
    )
    assert all(words in their_page for words in ("Walking is harder.", part["sentence"], seen["visit_words"]))

    assert done(maya, f"{own}withdraw/")["state"] == "withdrawn"
    assert nurse.get(theirs(ground, f"{made['id']}/")).status_code == 404
    assert made["id"] not in [row["id"] for row in nurse.get(theirs(ground)).json()["results"]]
    assert done(maya, f"{own}share/", {"visit": None})["share"]["visit"] is None


def test_other_words_are_a_new_version(ground: Ground, maya: Client, nurse: Client) -> None:
    first = str(ground.of("report_id", MAYA))
    second = done(maya, f"{REPORTS}{first}/", WORDS, method="PUT")
    assert (second["version"], second["replaces"], second["state"]) == (2, first, "draft")
    assert maya.get(f"{REPORTS}{first}/").json()["state"] == "shared"  # until the new one is
    third = done(maya, f"{REPORTS}{second['id']}/", {"why": "Only this."}, method="PUT")
    assert third["content"]["questions"] == []
    assert maya.get(f"{REPORTS}{second['id']}/").json()["state"] == "replaced"
    for method, path, body in (
        ("PUT", "", WORDS),
        ("POST", "approve/", None),
        ("POST", "share/", {"visit": None}),
    ):
        answer = call(maya, method, f"{REPORTS}{second['id']}/{path}", body)
        assert is_problem(answer, 409)
        assert answer.json()["type"].endswith("#report-changed")
    rows = [row["id"] for row in maya.get(REPORTS).json()["results"]]
    assert rows[0] == third["id"]
    assert second["id"] not in rows
    done(maya, f"{REPORTS}{third['id']}/approve/")
    done(maya, f"{REPORTS}{third['id']}/share/", {"visit": None})
    assert maya.get(f"{REPORTS}{first}/").json()["state"] == "replaced"
    assert nurse.get(theirs(ground, f"{first}/")).status_code == 404


def test_the_same_key_twice_is_one_act_and_other_content_is_refused(ground: Ground, maya: Client) -> None:
    key = uuid7()
    before = len(maya.get(REPORTS).json()["results"])
    first, again = (call(maya, "POST", REPORTS, WORDS, key=key) for _try in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert len(maya.get(REPORTS).json()["results"]) == before + 1
    assert is_problem(call(maya, "POST", REPORTS, {"why": "Else."}, key=key), 409)
    own = f"{REPORTS}{first.json()['id']}/"
    assert is_problem(call(maya, "PUT", own, WORDS, key=key), 409)

    change = uuid7()
    new, same = (done(maya, own, {"why": "Else."}, method="PUT", key=change) for _try in range(2))
    assert new == same
    assert is_problem(call(maya, "PUT", own, {"why": "Again."}, key=change), 409)

    own, act = f"{REPORTS}{new['id']}/", uuid7()
    assert done(maya, f"{own}approve/", key=act) == done(maya, f"{own}approve/", key=act)
    assert is_problem(call(maya, "POST", f"{own}share/", {"visit": None}, key=act), 409)
    share = uuid7()
    one, two = (done(maya, f"{own}share/", {"visit": None}, key=share)["share"] for _try in range(2))
    assert one == two
    visit = str(ground.of("appointment_id", MAYA))
    assert is_problem(call(maya, "POST", f"{own}share/", {"visit": visit}, key=share), 409)
    stop = uuid7()
    assert [done(maya, f"{own}withdraw/", key=stop)["state"] for _try in range(2)] == ["withdrawn"] * 2


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"why": "x" * 401}, 400),
        ({"why": 7}, 400),
        ({"questions": ["1", "2", "3", "4"]}, 400),
        ({"questions": ["x" * 201]}, 400),
        ({"questions": "May I travel?"}, 400),
        ({"symptoms": ["wings"]}, 400),
        ({"symptoms": ["pain", "heat", "sleep", "walking"]}, 400),
        ({"left_out": ["everything"]}, 400),
        ({"patient": "x"}, 400),
        ({"why": " \u200e ", "left_out": ["doses"]}, 422),
    ],
)
def test_words_that_do_not_fit_are_refused(maya: Client, body: dict[str, Any], status: int) -> None:
    assert is_problem(call(maya, "POST", REPORTS, body), status)


def test_a_visit_has_to_be_said_and_to_be_hers(ground: Ground, maya: Client) -> None:
    path = f"{REPORTS}{ground.of('approved_report', MAYA)}/share/"
    for body in (None, {}, {"visit": "none"}, {"visit": None, "patient": "x"}):
        assert is_problem(call(maya, "POST", path, body), 400)
    for kind, whose in (("appointment_id", SAMUEL), ("cancelled_appointment", MAYA)):
        answer = call(maya, "POST", path, {"visit": str(ground.of(kind, whose))})
        assert is_problem(answer, 422)
        assert answer.json()["type"].endswith("#visit-gone")


def test_nobody_else_writes_or_reads_them(ground: Ground) -> None:
    own, patient = f"{REPORTS}{ground.of('report_id', MAYA)}/", ground.of("patient_id", MAYA)
    for person in ("journal-carer", "nurse", "emergency", "other-patient", "elsewhere"):
        client = signed_in(ground.users[person])
        for method, path in (("GET", own), ("PUT", own), ("GET", f"{own}pdf/"), ("POST", f"{own}withdraw/")):
            assert is_problem(call(client, method, path, WORDS if method == "PUT" else None), 404)
        assert is_problem(client.get(f"{own}?patient={patient}"), 400)  # it is nobody's but the patient's
    for person in (MAYA, "journal-carer", "other-patient", "elsewhere"):
        client = signed_in(ground.users[person])
        for path in ("", f"{ground.of('report_id', MAYA)}/", f"{ground.of('report_id', MAYA)}/pdf/"):
            assert is_problem(client.get(theirs(ground, path)), 404)
    reader = program(ground.users[MAYA], "journal:read")
    assert reader.get(own).status_code == 200
    assert is_problem(call(reader, "POST", f"{own}withdraw/"), 403)


def test_the_pdf_is_the_one_of_the_page(ground: Ground, maya: Client, nurse: Client) -> None:
    ensure()
    report, patient = ground.of("report_id", MAYA), ground.of("patient_id", MAYA)
    for client, path, page in (
        (maya, f"{REPORTS}{report}/pdf/", f"/journal/reports/{report}/pdf/"),
        (nurse, theirs(ground, f"{report}/pdf/"), f"/patients/{patient}/reports/{report}/pdf/"),
        (program(ground.users["nurse"], "journal:read"), theirs(ground, f"{report}/pdf/"), ""),
    ):
        answer = client.get(path)
        assert answer.status_code == 200
        assert answer["Content-Type"] == "application/pdf"
        assert answer["Content-Disposition"] == 'inline; filename="report.pdf"'
        assert answer.content.startswith(b"%PDF-")
        if page:
            assert len(client.get(page).content) == pytest.approx(len(answer.content), abs=64)


def test_without_the_systems_libraries_it_says_so(
    ground: Ground, maya: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str) -> Any:
        raise OSError("cannot load library 'pango-1.0-0'")

    monkeypatch.setattr(importlib, "import_module", missing)
    assert is_problem(maya.get(f"{REPORTS}{ground.of('report_id', MAYA)}/pdf/"), 503)


def test_looks_and_acts_are_on_the_trail(ground: Ground, maya: Client, nurse: Client) -> None:
    report = f"{ground.of('report_id', MAYA)}/"
    for client, path, words in (
        (nurse, theirs(ground), "read what is shared from the journal"),
        (nurse, theirs(ground, report), "read a report that was shared"),
        (maya, REPORTS, "looked at a report for a visit"),
        (maya, REPORTS + report, "looked at a report for a visit"),
    ):
        before = maya.get("/api/v1/patients/me/trail/?own=true").json()["results"][0]
        assert client.get(path).status_code == 200
        newest = maya.get("/api/v1/patients/me/trail/?own=true").json()["results"][0]
        assert newest != before
        assert words in str(newest)
    done(maya, f"{REPORTS}{report}withdraw/")
    assert "stopped sharing a report" in str(
        maya.get("/api/v1/patients/me/trail/?own=true").json()["results"][0]
    )


def test_pages_of_the_list_and_their_price(ground: Ground, maya: Client) -> None:
    maya.get(REPORTS)
    counts, sizes = [], []
    for more in (1, 4):
        for number in range(more):
            made = done(maya, REPORTS, {"why": f"{number}"})
            done(maya, f"{REPORTS}{made['id']}/approve/")
        done(maya, f"{REPORTS}{made['id']}/share/", {"visit": None})
        with CaptureQueriesContext(connection) as statements:
            sizes.append(len(maya.get(REPORTS).json()["results"]))
        counts.append(len(statements))
    assert sizes[1] >= sizes[0] + 3
    assert counts[0] == counts[1] <= 30
    whole = maya.get(f"{REPORTS}?limit=100").json()["results"]
    found, path = [], f"{REPORTS}?limit=2"
    while path:
        part = maya.get(path).json()
        found += part["results"]
        path = part["next"]
    assert found == whole
