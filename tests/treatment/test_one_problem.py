"""One problem of one patient is one line of "What first?", whatever it was noticed by: a fever, in four places, before an infusion."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from journal import services as journal
from messaging import services as messaging
from messaging.models import CallTask
from messaging.work.calls import ask_to_call
from messaging.writing import redflags, triage
from patients.attention import what_first
from portal.context import forget_site
from portal.lib import actor, first
from portal.lib.first import up_to, was_cut
from portal.lib.ids import uuid7
from portal.lib.time import now as present
from tests.patients.world import signed_in
from tests.treatment.conftest import Ward
from tests.treatment.test_readiness import answer
from treatment import problems as doses
from treatment.models import Course

URGENT = "Urgent message: How I feel"
NOTED = "The shared journal names a fever"


@pytest.fixture
def course(ward: Ward) -> Course:
    """Natalizumab: one dose given, the next one tomorrow; and the red-flag rules are signed."""
    start = ward.today - timedelta(days=27)
    made = ward.order("natalizumab", start)
    ward.give(made, start)
    with ward.acting(ward.neurologist):
        triage.sign(by=ward.neurologist, version=redflags.newest().version, id=uuid7(), now=present())
    return made


def noted(ward: Ward, note: str, *, share: bool = True, days_ago: int = 0) -> UUID:
    words = journal.Words(ward.today - timedelta(days=days_ago), {"tiredness": 2}, note)
    with ward.acting(ward.maya):
        return journal.write_entry(
            by=ward.maya, patient=ward.patient, id=uuid7(), words=words, share=share, now=present()
        ).pk


def written(ward: Ward, text: str, topic: str = "feeling") -> UUID:
    with ward.acting(ward.maya):
        return messaging.start_thread(
            by=ward.maya, patient=ward.patient, id=uuid7(), topic=topic, text=text, now=present()
        ).thread_id


def lines(ward: Ward) -> list[list[str]]:
    """The words of the sources of each line."""
    with ward.acting(ward.nurse):
        found, _more = what_first(ward.nurse, present())
        return [[source.words for source in line.problem.sources] for line in found]


def test_a_fever_in_the_journal_a_message_a_red_answer_and_the_infusion_are_one_line(
    ward: Ward, course: Course
) -> None:
    dose = ward.planned(course)
    noted(ward, "Had a Fever last night, 101.")
    thread = written(ward, "I have a fever since yesterday.")
    answer(ward, dose, infection="yes")
    found = lines(ward)
    assert len(found) == 1, found
    said = " / ".join(found[0])
    for words in (NOTED, URGENT, "an answer says call first", "Infusion planned for"):
        assert words in said
    with ward.acting(ward.nurse):
        messaging.claim(by=ward.nurse, patient=ward.patient, thread_id=thread, id=uuid7(), now=present())
        (line,), _more = what_first(ward.nurse, present())
    assert line.problem.owner == ward.nurse.name
    assert line.problem.due is not None
    page = signed_in(ward.nurse).get("/").content.decode()
    assert page.count("I have seen this<") == 1
    assert "101" not in page.partition("What first?")[2]  # what was noticed, never the words


def test_what_is_private_taken_back_or_about_something_else_is_not_said(ward: Ward, course: Course) -> None:
    noted(ward, "I had a fever.", share=False)
    noted(ward, "A quiet day.")
    noted(ward, "A fever, long ago.", days_ago=20)
    assert NOTED not in str(lines(ward))
    shared = noted(ward, "I had a fever and chills.")
    assert NOTED in str(lines(ward))
    with ward.acting(ward.maya):
        journal.unshare_entry(by=ward.maya, patient=ward.patient, entry_id=shared, id=uuid7(), now=present())
    assert NOTED not in str(lines(ward))


def test_without_an_infusion_that_is_near_nobody_looks_into_the_journal(ward: Ward) -> None:
    with ward.acting(ward.neurologist):
        triage.sign(by=ward.neurologist, version=redflags.newest().version, id=uuid7(), now=present())
    ward.order("natalizumab", ward.today + timedelta(days=9))
    noted(ward, "I had a fever.")
    assert NOTED not in str(lines(ward))


def test_rules_that_nobody_signed_look_for_no_words(ward: Ward, settings: Any) -> None:
    settings.DEMO = False
    start = ward.today - timedelta(days=27)
    ward.give(ward.order("natalizumab", start), start)
    noted(ward, "I had a fever.")
    assert NOTED not in str(lines(ward))


def test_something_urgent_that_is_no_fever_stays_a_line_of_its_own(ward: Ward, course: Course) -> None:
    written(ward, "My face is swollen since this morning.")
    assert [URGENT] in lines(ward)
    written(ward, "I am well, my sister had chills.", topic="question")
    assert len(lines(ward)) == 2


def test_a_fever_of_an_answered_message_does_not_come_back_with_the_next_one(
    ward: Ward, course: Course
) -> None:
    thread = written(ward, "I have a fever.")
    with ward.acting(ward.nurse):
        messaging.answer(
            by=ward.nurse, patient=ward.patient, thread_id=thread, id=uuid7(), text="Call us.", seen_seq=9, now=present()
        )  # fmt: skip
    with ward.acting(ward.maya):
        messaging.reply(
            by=ward.maya, patient=ward.patient, thread_id=thread, id=uuid7(), text="My face is swollen.", seen_seq=9,
            now=present() + timedelta(minutes=1),
        )  # fmt: skip
    assert [URGENT] in lines(ward)


def test_five_entries_cost_as_many_statements_as_one(ward: Ward, course: Course) -> None:
    client = signed_in(ward.nurse)

    def statements() -> int:
        forget_site()
        client.get("/")
        with CaptureQueriesContext(connection) as captured:
            client.get("/")
        return len(captured)

    noted(ward, "I had a fever.")
    written(ward, "I have a fever.")
    one = statements()
    for number in range(4):
        noted(ward, f"Fever again, {number}.")
        written(ward, f"Fever again, {number}.")
    assert statements() == one


# --- How many more ----------------------------------------------------------------------------------------------------


def test_a_source_that_stops_says_so_and_one_that_ends_there_does_not() -> None:
    with actor.unit_of_work(actor.NOBODY):
        assert up_to([1, 2, 3], 3) == [1, 2, 3]
        assert not was_cut()
        assert up_to([1, 2, 3, 4], 3) == [1, 2, 3]
        assert was_cut()


def test_how_many_more_is_true_also_when_there_are_more_than_were_read(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    from messaging.work import problems
    from patients import attention

    for _number in range(6):
        written(ward, "A rash.", topic="side_effect")
    monkeypatch.setattr(attention, "SHOWN", 2)
    page = signed_in(ward.nurse).get("/").content.decode()
    assert "4 more wait on the lists below." in page
    assert "At least" not in page
    monkeypatch.setattr(problems, "MOST", 4)
    page = signed_in(ward.nurse).get("/").content.decode()
    assert "At least 2 more wait on the lists below." in page
    monkeypatch.setattr(attention, "SHOWN", 9)
    assert "More may wait on the lists below." in signed_in(ward.nurse).get("/").content.decode()


def test_every_source_counts_what_it_leaves_out() -> None:
    """A source that slices by itself would make the count a lie again: all of them go through `up_to`."""
    import inspect

    from portal.lib import contributions

    for source in contributions.problems:
        code = inspect.getsource(inspect.getmodule(source) or doses)
        assert "[:MOST]" not in code.replace(" ", ""), source
    assert "most + 1" in inspect.getsource(first.up_to)


def test_a_call_about_the_same_conversation_joins_too(ward: Ward, course: Course) -> None:
    written(ward, "I have a fever.")
    with actor.unit_of_work(actor.system("test")):
        ask_to_call(ward.patient, None, CallTask.Reason.NO_ACCOUNT, present())
    found = lines(ward)
    assert len(found) == 2  # that somebody has no account is another matter
