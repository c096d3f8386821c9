""" "What first?": one line a problem however many sources it has, worst first, seen by name once, and back when something is new."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.lib.first import SOON, TODAY, URGENT, Problem, merge
from portal.lib.ids import uuid7

if TYPE_CHECKING:
    from tests.messaging.ward import Ward

ANNA, BEN = UUID(int=1), UUID(int=2)


def problem(patient: UUID = ANNA, *keys: str, rank: int = TODAY, alone: bool = True, **more: str) -> Problem:
    words = more.get("words", "Something")
    return Problem(patient, keys or ("a",), rank, words, "/", more.get("state", "1"), alone=alone)


def test_sources_that_share_a_key_are_one_line_with_the_worst_first() -> None:
    fever = problem(ANNA, "thread:1", "infusion", rank=URGENT, words="Fever")
    dose = problem(ANNA, "dose:1", "infusion", rank=TODAY, alone=False, words="Infusion on Thursday")
    call = problem(ANNA, "thread:1", rank=SOON, words="To call")
    other = problem(BEN, "thread:1", rank=TODAY, words="Late")
    lines = merge([call, dose, other, fever])
    assert [[source.words for source in line.sources] for line in lines] == [
        ["Fever", "Infusion on Thursday", "To call"],
        ["Late"],
    ]
    assert merge([dose]) == []  # an infusion alone is no problem


KEYS = st.lists(st.sampled_from("abcdef"), min_size=1, max_size=3, unique=True)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.sampled_from([ANNA, BEN]), KEYS), max_size=12))
def test_any_order_gives_the_same_lines_and_nothing_is_lost_or_doubled(
    given_: list[tuple[UUID, list[str]]],
) -> None:
    made = [problem(patient, *keys, words=f"{number:02}") for number, (patient, keys) in enumerate(given_)]
    lines = merge(made)
    assert sorted(source.words for line in lines for source in line.sources) == [row.words for row in made]
    again = merge(reversed(made))
    assert [[s.words for s in line.sources] for line in again] == [
        [s.words for s in line.sources] for line in lines
    ]
    for one in lines:
        for two in lines:
            if one is not two and one.patient_id == two.patient_id:
                left = {key for source in one.sources for key in source.keys}
                assert not left & {key for source in two.sources for key in source.keys}


@pytest.fixture
def ward(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ward]:
    """The clinic's people without the demo's messages."""
    from portal.context import forget_site
    from portal.demo import world
    from portal.lib.contributions import Registry
    from tests.messaging.ward import Ward

    monkeypatch.setattr(world, "demo_loaders", Registry())
    forget_site()
    yield Ward(world.load(timezone.now()))
    forget_site()


def enter(ward: Ward, user: object) -> Client:
    client = Client()
    client.force_login(user)
    return client


def today(client: Client) -> str:
    return client.get(reverse("portal:today")).content.decode()


def press(client: Client, html: str, patient: UUID) -> int:
    from tests.messaging.ward import hidden

    url = reverse("portal:problem-seen", args=[patient])
    form = html[html.index(url) :]
    posted = {"once": str(uuid7()), "key": hidden(form, "key"), "mark": hidden(form, "mark")}
    return client.post(url, posted).status_code


def test_seen_by_name_for_the_whole_team_and_back_when_the_patient_writes_again(ward: Ward) -> None:
    thread = ward.start(topic="infection", text="I have a fever.")
    rosa, hana = enter(ward, ward.rosa), enter(ward, ward.hana)
    html = today(rosa)
    assert html.count("Urgent message: Fever") == 2  # the link, and the words of its button
    assert "fever.</" not in html  # the topic, never the text
    assert press(rosa, html, ward.of_maya.pk) == 302
    assert press(hana, html, ward.of_maya.pk) == 302  # a page that is a minute old
    after = today(hana)
    assert "Seen by Rosa Delgado" in after
    assert "Seen by Hana" not in after
    assert "I have seen this" not in after
    ward.reply(thread, "It is 39 degrees now.")
    assert "I have seen this" in today(hana)


def test_nobody_on_the_patients_side_may_say_it_and_what_is_made_up_is_refused(ward: Ward) -> None:
    ward.start(topic="infection")
    url = reverse("portal:problem-seen", args=[ward.of_maya.pk])
    posted = {"once": str(uuid7()), "key": "infusion", "mark": "0" * 64}
    for stranger in (ward.jonas, ward.samuel, ward.peter):
        assert enter(ward, stranger).post(url, posted).status_code == 404
    assert enter(ward, ward.rosa).post(url, {**posted, "key": "<b>"}).status_code == 400
    assert enter(ward, ward.rosa).post(url, {**posted, "mark": "x"}).status_code == 400


def test_beside_a_conversation_stands_what_else_is_wrong_with_the_patient(ward: Ward) -> None:
    fever, late = ward.start(topic="infection"), ward.start(topic="side_effect")
    rosa = enter(ward, ward.rosa)
    page = rosa.get(reverse("messaging:work-thread", args=[ward.of_maya.pk, fever])).content.decode()
    strip = page[page.index("about-patient") :]
    there = reverse("messaging:work-thread", args=[ward.of_maya.pk, late])
    assert f'<a href="{there}">Urgent message: A side effect</a>' in strip
    assert "Urgent message: Fever" not in strip  # it is what she looks at
    quiet = rosa.get(
        reverse(
            "messaging:work-thread",
            args=[ward.of_samuel.pk, ward.start(by=ward.samuel, patient=ward.of_samuel)],
        )
    )
    assert "Urgent message" not in quiet.content.decode()  # Maya's are not Samuel's


def test_nothing_wrong_is_said(ward: Ward) -> None:
    ward.start(topic="letter")
    assert "Nothing urgent, nothing late." in today(enter(ward, ward.rosa))


def test_ten_problems_cost_as_many_statements_as_one(ward: Ward) -> None:
    from portal.context import forget_site

    client = enter(ward, ward.rosa)

    def statements() -> int:
        forget_site()
        today(client)
        with CaptureQueriesContext(connection) as captured:
            today(client)
        return len(captured)

    late = timezone.now() - timedelta(days=20)
    ward.start(topic="infection")
    ward.start(ward.samuel, ward.of_samuel, now=late)
    one = statements()
    for _number in range(4):
        ward.start(now=late)
        ward.start(ward.samuel, ward.of_samuel, topic="side_effect")
    assert statements() == one


def test_programs_read_the_same_list_and_say_seen(ward: Ward) -> None:
    ward.start(topic="infection")
    client = enter(ward, ward.rosa)
    line = client.get("/api/v1/patients/first/").json()["results"][0]
    assert (line["seen_by"], line["sources"][0]["rank"]) == (None, 0)
    answer = client.post(
        f"/api/v1/patients/{line['patient']}/seen/",
        {"key": line["key"], "mark": line["mark"]},
        content_type="application/json",
        headers={"Idempotency-Key": str(uuid7())},
    )
    assert answer.status_code == 204
    assert client.get("/api/v1/patients/first/").json()["results"][0]["seen_by"] == "Rosa Delgado"


def line_of(html: str, words: str) -> str:
    """The words of the line of the list in which some words stand, without its tags."""
    rows = [row for row in html.split('<li class="work-row')[1:] if words in row]
    assert rows, words
    return " ".join(re.sub(r"<[^>]+>", " ", rows[0].split("</li>")[0]).split())


def test_each_line_says_who_has_it_and_when_it_is_due_or_how_late_it_is(ward: Ward) -> None:
    from messaging.work.calls import ask_to_call

    now = timezone.now()
    ward.start(ward.samuel, ward.of_samuel, topic="letter", now=now - timedelta(days=30))
    urgent = ward.start(topic="side_effect", now=now)
    with ward.system():
        ask_to_call(ward.of_samuel, None, "no_account", now)
    rosa = enter(ward, ward.rosa)
    html = today(rosa)
    assert "Who has it: Nobody yet" in line_of(html, "Urgent message: A side effect")
    assert " Due " in line_of(html, "Urgent message: A side effect")
    late = line_of(html, "The answer is late")
    assert re.search(r"Late by \d+ days.*: was due \w+day", late), late
    called = line_of(html, "To call: Does not use the portal")
    assert " Due " in f" {called}"
    assert "Who has it: Nobody yet" in called
    ward.claim(urgent)
    assert "Who has it: Rosa Delgado" in line_of(today(rosa), "Urgent message: A side effect")


def test_a_person_who_has_it_is_named_before_a_turn() -> None:
    turn = Problem(ANNA, ("a",), URGENT, "Self-check", "/", "1", owner="The team")
    person = Problem(ANNA, ("a",), TODAY, "Message", "/", "1", owner="Rosa Delgado", taken=True)
    assert merge([turn, person])[0].owner == "Rosa Delgado"
    assert merge([turn])[0].owner == "The team"
    assert merge([problem()])[0].owner == ""


def test_a_red_flag_about_the_infusion_is_one_line_with_the_infusion(ward: Ward) -> None:
    from messaging.work.problems import urgent_and_late
    from messaging.writing import redflags, triage

    with ward.acting(ward.hana):
        triage.sign(by=ward.hana, version=redflags.newest().version, id=uuid7(), now=timezone.now())
    ward.start(topic="visit", signs=["visit:fever"])
    ward.start(ward.samuel, ward.of_samuel, topic="side_effect")
    with ward.acting(ward.rosa):
        found = {one.patient_id: one for one in urgent_and_late(ward.rosa, timezone.now())}
    assert "infusion" in found[ward.of_maya.pk].keys
    assert "infusion" not in found[ward.of_samuel.pk].keys
