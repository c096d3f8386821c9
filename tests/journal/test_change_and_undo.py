"""Changing keeps what stood there before; undo takes back within ten minutes."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import time_machine
from django.db import connection, transaction
from django.db.utils import ProgrammingError

from journal import reading, services
from journal.models import EntryRevision, JournalEntry, SensitivePart, SharedEntry
from portal.lib.ids import uuid7
from portal.lib.time import now as present

if TYPE_CHECKING:
    from django.test import Client

    from tests.journal.conftest import People


def form_of(people: People, **typed: str) -> dict[str, str]:
    return {
        "draft": str(uuid7()),
        "draft_version": "0",
        "version": "1",
        "day": people.today().isoformat(),
        "share": "private",
        **typed,
    }


def test_a_change_keeps_what_stood_there_before(people: People, maya: Client) -> None:
    people.follow("tiredness", "mood")
    entry = people.write({"tiredness": 4, "mood": 3}, "First words")
    typed = form_of(people, score_tiredness="0", score_mood="", note="Second words")
    answer = maya.post(f"/journal/{entry.pk}/edit/", typed)
    assert answer.status_code == 302
    with people.acting(people.maya):
        entry.refresh_from_db()
        assert (entry.version, entry.note, entry.scores) == (2, "Second words", {"tiredness": 0})
        assert SensitivePart.objects.for_user(people.maya).get(entry=entry).scores == {}
        kinds = EntryRevision.objects.for_user(people.maya).order_by("version")
        assert [(r.version, r.kind, r.content["note"]) for r in kinds] == [
            (1, "written", "First words"),
            (2, "changed", "Second words"),
        ]
    page = maya.get(f"/journal/{entry.pk}/").content.decode()
    history = page[page.index("History of this entry") :]
    assert history.index("Second words") < history.index("First words")
    assert "Tiredness: very bad." in history
    assert "Mood: some" not in page
    assert "Mood: a lot." in history


def test_saving_the_same_words_again_changes_nothing(people: People, maya: Client) -> None:
    people.follow("tiredness")
    entry = people.write({"tiredness": 4}, "Same")
    answer = maya.post(f"/journal/{entry.pk}/edit/", form_of(people, score_tiredness="4", note="Same"))
    assert answer.status_code == 302
    with people.acting(people.maya):
        entry.refresh_from_db()
        assert entry.version == 1


def test_the_form_shows_what_is_there_and_offers_to_leave_one_out(people: People, maya: Client) -> None:
    people.follow("walking")
    entry = people.write({"tiredness": 3}, "Words", days_ago=5)
    page = maya.get(f"/journal/{entry.pk}/edit/").content.decode()
    assert re.search(r'name="score_tiredness" value="3"[^>]* checked', page)
    assert "Leave this one out" in page
    assert "score_walking" in page
    day = people.today() - timedelta(days=5)
    assert re.search(rf'name="day" value="{day.isoformat()}"[^>]* checked', page)


def test_two_tabs_do_not_overwrite_each_other(people: People, maya: Client) -> None:
    people.follow("tiredness")
    entry = people.write({"tiredness": 1}, "Base")
    assert maya.post(f"/journal/{entry.pk}/edit/", form_of(people, note="Tab one")).status_code == 302
    late = form_of(people, note="Tab two")
    answer = maya.post(f"/journal/{entry.pk}/edit/", late)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Tab one" in page
    assert "Tab two" in page
    version = re.search(r'name="version" value="(\d+)"', page)
    assert version
    again = form_of(people, note="Tab two", version=version[1])
    assert maya.post(f"/journal/{entry.pk}/edit/", again).status_code == 302
    with people.acting(people.maya):
        entry.refresh_from_db()
        assert (entry.version, entry.note) == (3, "Tab two")


def test_after_a_change_the_result_page_offers_no_undo_of_the_whole(people: People, maya: Client) -> None:
    entry = people.write({}, "First")
    assert ">Undo<" in maya.get(f"/journal/{entry.pk}/saved/").content.decode()
    maya.post(f"/journal/{entry.pk}/edit/", form_of(people, note="Second"))
    page = maya.get(f"/journal/{entry.pk}/saved/").content.decode()
    assert ">Undo<" not in page
    assert "history of the entry" in page
    assert "Undo this entry" in maya.get(f"/journal/{entry.pk}/").content.decode()


def test_the_same_change_sent_twice_is_one_change(people: People, maya: Client) -> None:
    people.follow("tiredness")
    entry = people.write({"tiredness": 1})
    typed = form_of(people, score_tiredness="2")
    assert maya.post(f"/journal/{entry.pk}/edit/", typed).status_code == 302
    assert maya.post(f"/journal/{entry.pk}/edit/", typed).status_code == 302
    with people.acting(people.maya):
        entry.refresh_from_db()
        assert entry.version == 2


def test_undo_takes_the_entry_out_and_keeps_its_history(people: People, maya: Client) -> None:
    people.follow("tiredness")
    entry = people.write({"tiredness": 1}, "Oops", share=True)
    answer = maya.post(f"/journal/{entry.pk}/undo/", {"once": str(uuid7())})
    assert (answer.status_code, answer.url) == (302, f"/journal/{entry.pk}/")
    page = maya.get(answer.url).content.decode()
    assert "You took this entry back" in page
    assert "Oops" in page[page.index("History of this entry") :]
    assert "Oops" not in maya.get("/journal/").content.decode()
    assert "Oops" not in maya.get("/").content.decode()
    assert maya.get(f"/journal/{entry.pk}/edit/").url == answer.url
    assert maya.get(f"/journal/{entry.pk}/saved/").url == answer.url
    with people.acting(people.maya):
        assert not SharedEntry.objects.for_user(people.maya).live().exists()
        assert len(reading.history_of(people.maya, entry)) == 2


def test_undo_twice_is_undo_once(people: People, maya: Client) -> None:
    entry = people.write({}, "Oops")
    once = {"once": str(uuid7())}
    for data in (once, once, {"once": str(uuid7())}):
        assert maya.post(f"/journal/{entry.pk}/undo/", data).status_code == 302
    with people.acting(people.maya):
        entry.refresh_from_db()
        assert entry.version == 2


def test_undo_ends_after_ten_minutes(people: People, maya: Client) -> None:
    entry = people.write({}, "Stays")
    with time_machine.travel(present() + timedelta(minutes=10, seconds=5), tick=True):
        assert "Undo" not in maya.get(f"/journal/{entry.pk}/saved/").content.decode()
        answer = maya.post(f"/journal/{entry.pk}/undo/", {"once": str(uuid7())})
    assert answer.status_code == 409
    assert "Undo works for 10 minutes" in answer.content.decode()
    with people.acting(people.maya):
        entry.refresh_from_db()
        assert entry.taken_back_at is None


def test_what_was_taken_back_cannot_be_changed_or_shared(people: People, maya: Client) -> None:
    entry = people.write({}, "Oops")
    maya.post(f"/journal/{entry.pk}/undo/", {"once": str(uuid7())})
    assert maya.post(f"/journal/{entry.pk}/share/", {"once": str(uuid7())}).status_code == 409
    with people.acting(people.maya), pytest.raises(services.WasTakenBack):
        services.change_entry(
            by=people.maya,
            patient=people.patient,
            entry_id=entry.pk,
            id=uuid7(),
            version=2,
            words=services.Words(people.today(), {}, "New"),
            share=False,
            now=present(),
        )


@pytest.mark.parametrize(
    "statement", ["UPDATE journal_entryrevision SET version = 9", "DELETE FROM journal_entryrevision"]
)
def test_the_history_only_grows(people: People, statement: str) -> None:
    people.write({}, "Words")
    with (
        people.acting(people.maya),
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_no_entry_can_be_deleted(people: People) -> None:
    people.write({}, "Words")
    for table in ("journalentry", "sharedentry", "sharegrant", "tracker", "sensitivepart"):
        with (
            people.acting(people.maya),
            pytest.raises(ProgrammingError, match="permission denied"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(f"DELETE FROM journal_{table}")


def test_symptoms_are_chosen_and_old_entries_stay(people: People, maya: Client) -> None:
    assert maya.get("/journal/symptoms/").status_code == 200
    people.follow("tiredness")
    people.write({"tiredness": 2})
    answer = maya.post("/journal/symptoms/", {"codes": ["pain", "bladder"]})
    assert (answer.status_code, answer.url) == (302, "/journal/new/")
    page = maya.get("/journal/new/").content.decode()
    assert "score_pain" in page
    assert "score_bladder" in page
    assert "score_tiredness" not in page
    assert "Tiredness: some." in maya.get("/journal/").content.decode()
    assert maya.post("/journal/symptoms/", {}).status_code == 302
    assert "You follow no symptoms at the moment." not in maya.get("/journal/new/").content.decode()


@pytest.mark.parametrize(
    "codes", [["tiredness", "walking", "pain", "heat"], ["unknown"], ["tiredness\x00"], ["‮mood"]]
)
def test_wrong_symptoms_are_refused(people: People, maya: Client, codes: list[str]) -> None:
    answer = maya.post("/journal/symptoms/", {"codes": codes})
    assert answer.status_code == 422
    with people.acting(people.maya):
        assert reading.followed(people.maya, people.patient) is None


def test_each_act_is_on_the_trail(people: People, maya: Client, post_entry: Callable[..., Any]) -> None:
    from portal.lib.contributions import trail_acts

    people.follow("tiredness")
    post_entry(tiredness="1", share="shared")
    with people.acting(people.maya):
        entry = JournalEntry.objects.for_user(people.maya).get()
    maya.post(f"/journal/{entry.pk}/edit/", form_of(people, note="More"))
    maya.post(f"/journal/{entry.pk}/undo/", {"once": str(uuid7())})
    maya.get("/journal/")
    with people.acting(people.maya), connection.cursor() as cursor:
        cursor.execute("SELECT act FROM patients_auditevent WHERE patient_id = %s", [people.patient.pk])
        acts = {row[0] for row in cursor.fetchall()}
    ours = {act for act in acts if act.startswith("journal.")}
    assert ours >= {
        "journal.symptoms",
        "journal.written",
        "journal.shared",
        "journal.changed",
        "journal.unshared",
        "journal.taken-back",
        "journal.view",
    }
    assert all(act in trail_acts for act in ours)
