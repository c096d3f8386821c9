"""The chart pages: what stands on them, for whom, and that they cost the same whatever the journal holds."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from html import unescape
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from journal import infusions
from journal.charting import Cycle

if TYPE_CHECKING:
    from django.test import Client

    from accounts.models import User
    from tests.journal.conftest import People


@pytest.fixture
def treated(people: People, monkeypatch: pytest.MonkeyPatch) -> list[date]:
    """Maya had infusions every 20 days; the last one 10 days ago."""
    days = [people.today() - timedelta(days=back) for back in (50, 30, 10)]
    cycles = [Cycle(days[0], days[1] - timedelta(days=1)), Cycle(days[1], days[2] - timedelta(days=1))]
    monkeypatch.setattr(infusions, "cycles_of", lambda user, patient: [*cycles, Cycle(days[2], None)])
    monkeypatch.setattr(
        infusions,
        "given_days",
        lambda user, patient, first, last: [
            infusions.Given(day, "Example") for day in days if first <= day <= last
        ],
    )
    return days


def page_of(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def test_a_chart_has_its_sentence_title_description_and_table(
    people: People, maya: Client, treated: list[date]
) -> None:
    for ago, level in ((0, 2), (1, 2), (4, 0), (10, 4)):
        people.write({"tiredness": level}, days_ago=ago)
    page = page_of(maya, "/journal/charts/")
    sentence = "Tiredness: a word on 4 of 28 days. None on 1, some on 2, very bad on 1."
    assert page.count(sentence) == 2  # above the drawing, and in its description
    assert '<title id="chart-tiredness-title">Tiredness by date</title>' in page
    assert 'role="img" aria-labelledby="chart-tiredness-title chart-tiredness-desc"' in page
    dots = re.search(r'class="chart__dots" d="([^"]+)h0" />\s*</svg></div>', page)
    assert dots is not None
    assert dots[1].count("M") == page.count('<th scope="row"') == 4
    line = re.findall(r'class="chart__line" d="([^"]+)"', page)[0]
    assert (line.count("M"), line.count("L")) == (3, 1)  # two days side by side, two alone
    assert "Infusion: " in page
    assert 'data-label="Treatment">Infusion</td>' in page


def test_the_view_by_cycle_counts_and_says_its_rule(
    people: People, maya: Client, treated: list[date]
) -> None:
    for ago in range(60):
        late = any(0 < (day - people.today()).days + ago <= 14 for day in treated)
        people.write({"tiredness": 3 if late else 1}, days_ago=ago)
    page = page_of(maya, "/journal/charts/?by=cycle")
    assert "Tiredness by day of treatment cycle" in page
    assert "In 2 of 2 cycles, tiredness was higher in the last 14 days than in the days before." in page
    assert "Equal is not higher." in page
    assert "wear" not in page.lower()
    squares, dots = (
        max(len(path.split("M")) - 1 for path in re.findall(rf'class="chart__{kind}" d="([^"]+)"', page))
        for kind in ("squares", "dots")
    )
    assert (squares, dots) == (20, 11)


def test_one_full_cycle_is_not_enough(
    people: People, maya: Client, treated: list[date], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = [Cycle(treated[1], treated[2] - timedelta(days=1)), Cycle(treated[2], None)]
    monkeypatch.setattr(infusions, "cycles_of", lambda user, patient: one)
    people.write({"tiredness": 1})
    assert "By day of cycle" in page_of(maya, "/journal/charts/")
    treated.pop(0)
    assert "By day of cycle" not in page_of(maya, "/journal/charts/")
    page = page_of(maya, "/journal/charts/?by=cycle")
    assert "needs at least two full treatment cycles" in page
    assert "chart__plot" not in page


def test_too_few_days_are_said_and_not_drawn(people: People, maya: Client, treated: list[date]) -> None:
    people.write({"tiredness": 1})
    page = page_of(maya, "/journal/charts/?by=cycle")
    assert "There are too few days with a word to compare cycles for tiredness." in page
    assert "chart__plot" not in page


def test_what_was_taken_back_and_what_is_old_is_not_drawn(people: People, maya: Client) -> None:
    from journal import services
    from portal.lib.ids import uuid7
    from portal.lib.time import now as present

    gone = people.write({"mood": 4, "pain": 4})
    with people.acting(people.maya):
        services.take_back(
            by=people.maya, patient=people.patient, entry_id=gone.pk, id=uuid7(), now=present()
        )
    people.write({"hands": 1}, days_ago=40)
    page = page_of(maya, "/journal/charts/")
    assert "chart__plot" not in page
    assert "Days without an entry are fine." in page
    assert "Hands: a word on 1 of 91 days." in page_of(maya, "/journal/charts/?range=3-months")
    assert "Hands: a word on 1 of 364 days." in page_of(maya, "/journal/charts/?range=year")
    assert "Hands" not in page_of(maya, "/journal/charts/?range=%00&by=nothing")


def test_a_carer_sees_neither_what_is_sensitive_nor_the_treatment(
    people: People, as_user: Callable[[User], Client], treated: list[date]
) -> None:
    people.write({"tiredness": 1, "mood": 4})
    page = page_of(as_user(people.carer), f"/patients/{people.patient.pk}/journal/charts/")
    assert "Tiredness by date" in page
    assert "Mood by date" not in page
    assert "nfusion" not in page.split("<main")[1].split("</main")[0]
    by_cycle = page_of(as_user(people.carer), f"/patients/{people.patient.pk}/journal/charts/?by=cycle")
    assert "cycle" not in by_cycle.split("<main")[1].split("</main")[0]


def test_the_team_sees_charts_of_shared_copies_alone(
    people: People, as_user: Callable[[User], Client], maya: Client
) -> None:
    people.write({"tiredness": 1}, share=False)
    shared = people.write({"tiredness": 3, "mood": 2}, days_ago=2, share=True)
    path = f"/patients/{people.patient.pk}/shared-journal/charts/"
    page = page_of(as_user(people.nurse), path)
    assert "Tiredness: a word on 1 of 28 days. A lot on 1." in page
    assert "Mood: a word on 1 of 28 days." in page
    maya.post(f"/journal/{shared.pk}/unshare/", {"once": "0197a1b2-0000-7000-8000-000000000001"})
    assert "chart__plot" not in page_of(as_user(people.nurse), path)
    for stranger in (people.elsewhere, people.samuel, people.carer):
        assert as_user(stranger).get(path).status_code == 404


@pytest.mark.parametrize("person", ["maya", "carer", "nurse"])
def test_statements_are_few_and_do_not_grow(
    people: People, as_user: Callable[[User], Client], treated: list[date], person: str
) -> None:
    from portal.context import forget_site

    place = {"maya": "/journal/charts/", "carer": "journal/charts/", "nurse": "shared-journal/charts/"}[
        person
    ]
    path = place if person == "maya" else f"/patients/{people.patient.pk}/{place}"
    client = as_user(getattr(people, person))
    client.get(path)
    counts = []
    for number in (1, 5, 40):
        for turn in range(number):
            people.write({"tiredness": turn % 5, "mood": 2}, days_ago=turn % 60, share=True)
        forget_site()  # read anew at each count, and not just after 15 seconds
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"{path}?range=year").status_code == 200
        ours = [one["sql"] for one in queries if "SAVEPOINT" not in one["sql"]]
        # The session notes activity now and then, whatever the page holds.
        counts.append(len([sql for sql in ours if "django_session" not in sql]))
        of_the_journal = [sql for sql in ours if 'FROM "journal_' in sql]
        assert len(of_the_journal) == (2 if person == "maya" else 1), "nobody else asks for what is sensitive"
    assert counts[0] == counts[1] == counts[2], counts
