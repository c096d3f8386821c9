"""Charts through the API: the sentences and numbers of the page, and each person gets what their own page shows."""

from __future__ import annotations

from datetime import date, timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from journal.services import Words, write_entry
from patients.models import Patient
from portal.lib.ids import uuid7
from portal.lib.time import now, today_in
from tests.api.asking import is_problem
from tests.registry.ground import Ground, acting
from tests.registry.people import MAYA
from tests.registry.states import signed_in

CHARTS = "/api/v1/journal/charts/"
CYCLE = CHARTS + "cycle/"


def got(client: Client, path: str) -> Any:
    answer = client.get(path)
    assert answer.status_code == 200, answer.content
    return answer.json()


def page_of(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def rows_on(page: str) -> int:
    return page.count('<th scope="row"')


@pytest.mark.parametrize("code", ["4-weeks", "3-months", "year"])
def test_by_date_the_numbers_are_those_of_the_page(ground: Ground, code: str) -> None:
    maya = signed_in(ground.users[MAYA])
    said, page = got(maya, f"{CHARTS}?range={code}"), page_of(maya, f"/journal/charts/?range={code}")
    assert [chart["code"] for chart in said["charts"]] == ["tiredness", "walking", "mood"]
    for chart in said["charts"]:
        assert chart["sentence"] in page
        assert chart["title"] in page
    assert sum(len(chart["points"]) for chart in said["charts"]) == rows_on(page)
    assert said["infusions_sentence"] in page
    first, last = date.fromisoformat(said["starts_on"]), date.fromisoformat(said["ends_on"])
    step = said["days_in_place"]
    assert step == (7 if code == "year" else 1)
    assert (last - first).days + 1 == {"4-weeks": 28, "3-months": 91, "year": 364}[code]
    for point in said["charts"][0]["points"]:
        assert (date.fromisoformat(point["starts_on"]) - first).days % step == 0
        assert first <= date.fromisoformat(point["starts_on"]) <= last
        assert point["word"] == said["scale"][point["level"]]["word"]
        assert point["lowest"] <= point["level"] <= point["highest"]
        assert 1 <= point["days"] <= step
    if code == "4-weeks":
        assert got(maya, CHARTS) == said
    if code == "year":
        assert len(said["infusions"]) >= 1


def test_a_day_is_where_it_was_written(ground: Ground) -> None:
    said = got(signed_in(ground.users[MAYA]), CHARTS)
    chart = next(chart for chart in said["charts"] if chart["code"] == "tiredness")
    assert chart["points"][-1] == {
        "starts_on": said["ends_on"], "level": 2, "word": "Some", "lowest": 2, "highest": 2, "days": 1,
    }  # fmt: skip


def test_by_day_of_cycle_the_numbers_are_those_of_the_page(ground: Ground) -> None:
    maya = signed_in(ground.users[MAYA])
    said, page = got(maya, CYCLE), page_of(maya, "/journal/charts/?by=cycle")
    assert len(said["charts"]) == 3
    assert said["last_days"] == 14
    for chart in said["charts"]:
        assert chart["sentence"] in page
        assert "cycles" in chart["sentence"]
        days = [point["first_day"] for point in chart["earlier_cycles"]]
        assert days == sorted(days)
        assert all((day - 1) % chart["days_in_place"] == 0 and day >= 1 for day in days)
    places = [
        {point["first_day"] for name in ("this_cycle", "earlier_cycles") for point in chart[name]}
        for chart in said["charts"]
    ]
    assert sum(len(found) for found in places) == rows_on(page) > 0
    for chart in said["charts"]:  # with too few days there is the sentence alone
        assert bool(chart["this_cycle"] and chart["earlier_cycles"]) == (
            not chart["sentence"].startswith("There are")
        )
    assert said["charts"][0]["this_cycle"]


def test_a_carer_gets_nothing_sensitive_and_nothing_of_treatment(ground: Ground) -> None:
    carer, patient = signed_in(ground.users["journal-carer"]), ground.of("patient_id", MAYA)
    said = got(carer, f"{CHARTS}?range=year&patient={patient}")
    assert [chart["code"] for chart in said["charts"]] == ["tiredness", "walking"]
    assert said["infusions"] == []
    assert said["infusions_sentence"] == ""
    assert is_problem(carer.get(f"{CYCLE}?patient={patient}"), 404)
    for other in ("carer", "elsewhere", "other-patient", "past-carer"):  # appointments alone, or nothing
        for path in (CHARTS, CYCLE):
            assert is_problem(signed_in(ground.users[other]).get(f"{path}?patient={patient}"), 404)


def test_the_team_gets_what_is_shared_alone(ground: Ground) -> None:
    nurse, patient = signed_in(ground.users["nurse"]), ground.of("patient_id", MAYA)
    for path, query in ((CHARTS, "range=year"), (CYCLE, "by=cycle")):
        asked = "range=year&" if path == CHARTS else ""
        said = got(nurse, f"{path}?{asked}patient={patient}")
        page = page_of(nurse, f"/patients/{patient}/shared-journal/charts/?{query}")
        mine = got(signed_in(ground.users[MAYA]), f"{path}?{asked}")
        assert all(chart["sentence"] in page for chart in said["charts"])
        if path == CHARTS:
            points, all_points = (
                sum(len(chart["points"]) for chart in one["charts"]) for one in (said, mine)
            )
            assert 0 < points < all_points
            assert said["infusions"] == mine["infusions"] != []


def test_looks_are_on_the_trail(ground: Ground) -> None:
    mine, patient = signed_in(ground.users[MAYA]), ground.of("patient_id", MAYA)
    for person, path, words in (
        ("journal-carer", CHARTS, "looked at charts of the journal"),
        ("nurse", CHARTS, "read what is shared from the journal"),
        ("nurse", CYCLE, "read what is shared from the journal"),
    ):
        got(signed_in(ground.users[person]), f"{path}?patient={patient}")
        newest = mine.get("/api/v1/patients/me/trail/").json()["results"][0]
        assert newest["who"].startswith(ground.users[person].name)
        assert words in str(newest)


def test_other_ranges_and_names_are_refused(ground: Ground) -> None:
    maya = signed_in(ground.users[MAYA])
    for path in (f"{CHARTS}?range=week", f"{CHARTS}?by=cycle", f"{CYCLE}?range=year", f"{CHARTS}?patient=1"):
        assert is_problem(maya.get(path), 400)


def test_more_days_cost_no_more_statements(ground: Ground) -> None:
    user, maya = ground.users[MAYA], signed_in(ground.users[MAYA])
    for path in (f"{CHARTS}?range=year", CYCLE):
        maya.get(path)
        counts = []
        for more in (1, 5):
            with acting(user):
                patient = Patient.objects.for_user(user).select_related("site").get(grants__kind="self")
                day = today_in(now(), patient.site.time_zone)
                for back in range(more):
                    words = Words(day - timedelta(days=back), {"pain": 1, "heat": 2, "mood": 3}, "")
                    write_entry(by=user, patient=patient, id=uuid7(), words=words, share=True, now=now())
            with CaptureQueriesContext(connection) as statements:
                got(maya, path)
            counts.append(len(statements))
        assert counts[0] == counts[1] <= 30
