"""Quick entry: few presses, every word kept, once."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from journal import services
from journal.models import EntryRevision, JournalEntry, SensitivePart
from portal.lib.ids import uuid7
from portal.lib.time import now as present

if TYPE_CHECKING:
    from django.test import Client

    from tests.journal.conftest import People


def entries(people: People) -> list[JournalEntry]:
    return list(JournalEntry.objects.for_user(people.maya).of(people.patient))


def test_an_entry_is_saved_and_said_in_words(
    people: People, maya: Client, post_entry: Callable[..., Any]
) -> None:
    people.follow("tiredness", "walking", "mood")
    answer = post_entry(tiredness="0", walking="3", mood="4", note="Slept well.")
    with people.acting(people.maya):
        (entry,) = entries(people)
        assert entry.scores == {"tiredness": 0, "walking": 3}
        assert SensitivePart.objects.for_user(people.maya).get(entry=entry).scores == {"mood": 4}
        assert entry.note == "Slept well."
        assert not entry.backfilled
        assert EntryRevision.objects.for_user(people.maya).get().content["scores"]["tiredness"] == 0
    assert answer.status_code == 302
    assert answer.url == f"/journal/{entry.pk}/saved/"
    page = maya.get(answer.url).content.decode()
    assert "Saved in your journal" in page
    assert "Tiredness: none. Walking: a lot. Mood: very bad." in page
    assert "Only you can see this entry." in page
    assert "Undo" in page


def test_a_score_of_zero_survives_to_every_page(people: People, maya: Client) -> None:
    people.follow("tiredness")
    entry = people.write({"tiredness": 0})
    for path in ("/journal/", f"/journal/{entry.pk}/", f"/journal/{entry.pk}/saved/", "/"):
        page = maya.get(path).content.decode()
        assert "Tiredness" in page
        assert "none" in page.lower()
    page = maya.get(f"/journal/{entry.pk}/edit/").content.decode()
    assert re.search(r'name="score_tiredness" value="0"[^>]* checked', page)


@pytest.mark.parametrize("path", ["/", "/journal/new/"])
def test_three_symptoms_take_four_presses(
    people: People, maya: Client, post_entry: Callable[..., Any], path: str
) -> None:
    """Three rows and Save: day and sharing are chosen already, in the very form that the page shows."""
    people.follow("tiredness", "walking", "pain")
    page = maya.get(path).content.decode()
    form = page[page.index('action="/journal/new/"') :]
    form = form[: form.index("</form>")]
    presses = 0
    typed: dict[str, str] = {}
    for control in re.findall(r"<input [^>]*>", form):
        kind, name, value = (re.search(rf'{key}="([^"]*)"', control) for key in ("type", "name", "value"))
        assert kind
        assert name
        if name[1].startswith("score_") and name[1] not in typed:
            typed[name[1]] = value[1] if value else ""
            presses += 1
        elif kind[1] == "hidden" or " checked" in control:
            typed.setdefault(name[1], value[1] if value else "")
    submits = re.findall(r'<button class="button" type="submit">', form)
    assert submits, "a plain Save button ends the job"
    answer = maya.post("/journal/new/", typed)
    presses += 1
    assert answer.status_code == 302
    assert presses <= 4
    with people.acting(people.maya):
        assert len(entries(people)) == 1


def test_same_as_yesterday_is_one_press(people: People, maya: Client, post_entry: Callable[..., Any]) -> None:
    people.follow("tiredness", "mood")
    people.write({"tiredness": 2, "mood": 0, "walking": 4}, "not copied", days_ago=1)
    page = maya.get("/").content.decode()
    found = re.search(r'name="same" value="([0-9a-f-]+)"', page)
    assert found
    assert "Tiredness: some. Mood: none." in page
    answer = post_entry(same=found[1], day="garbage")
    assert answer.status_code == 302
    with people.acting(people.maya):
        (newest,) = [entry for entry in entries(people) if str(entry.pk) != found[1]]
        words = services.words_of(people.maya, newest)
        assert words.scores == {"tiredness": 2, "mood": 0}
        assert words.note == ""
        assert words.occurred_on == people.today()


def test_same_as_yesterday_takes_nobody_elses_entry(people: People, post_entry: Callable[..., Any]) -> None:
    people.follow("tiredness")
    with people.acting(people.samuel):
        foreign = services.write_entry(
            by=people.samuel,
            patient=people.other,
            id=uuid7(),
            words=services.Words(people.today(), {"tiredness": 4}),
            now=present(),
        )
    for source in (str(foreign.pk), str(uuid7()), "x", ""):
        assert post_entry(same=source).status_code == 404
    with people.acting(people.maya):
        assert entries(people) == []


def test_no_button_without_an_entry_of_yesterday(people: People, maya: Client) -> None:
    people.follow("tiredness")
    people.write({"tiredness": 2}, days_ago=2)
    people.write({"walking": 2}, days_ago=1)  # not followed any more
    assert 'name="same"' not in maya.get("/journal/new/").content.decode()


def test_yesterday_and_another_day_are_marked_as_written_later(
    people: People, maya: Client, post_entry: Callable[..., Any]
) -> None:
    people.follow("tiredness")
    yesterday = people.today() - timedelta(days=1)
    assert post_entry(tiredness="1", day=yesterday.isoformat()).status_code == 302
    day = people.today() - timedelta(days=60)
    typed = {
        "other_day_day": str(day.day),
        "other_day_month": str(day.month),
        "other_day_year": str(day.year),
    }
    assert post_entry(tiredness="2", day="other", **typed).status_code == 302
    with people.acting(people.maya):
        assert {(e.occurred_on, e.backfilled) for e in entries(people)} == {(yesterday, True), (day, True)}
    page = maya.get("/journal/").content.decode()
    assert "written" in page


@pytest.mark.parametrize("ago", [-1, 61, 3650])
def test_days_out_of_reach_are_refused_and_the_words_kept(
    people: People, maya: Client, post_entry: Callable[..., Any], ago: int
) -> None:
    people.follow("tiredness")
    day = people.today() - timedelta(days=ago)
    typed = {
        "other_day_day": str(day.day),
        "other_day_month": str(day.month),
        "other_day_year": str(day.year),
    }
    answer = post_entry(tiredness="2", note="My words", day="other", **typed)
    assert answer.status_code == 422
    assert "My words" in answer.content.decode()
    assert "Enter a date on or " in answer.content.decode()
    answer = post_entry(tiredness="2", day=day.isoformat())
    assert answer.status_code == 422
    with people.acting(people.maya):
        assert entries(people) == []
        with pytest.raises(services.DayOutOfReach):
            services.write_entry(
                by=people.maya,
                patient=people.patient,
                id=uuid7(),
                words=services.Words(day, {"tiredness": 1}),
                now=present(),
            )


def test_a_date_typed_beside_today_is_asked_about(people: People, post_entry: Callable[..., Any]) -> None:
    people.follow("tiredness")
    day = people.today() - timedelta(days=3)
    typed = {
        "other_day_day": str(day.day),
        "other_day_month": str(day.month),
        "other_day_year": str(day.year),
    }
    answer = post_entry(tiredness="2", **typed)
    assert answer.status_code == 422
    assert "You typed a date below." in answer.content.decode()


def test_several_entries_a_day_are_kept(people: People, post_entry: Callable[..., Any]) -> None:
    people.follow("tiredness")
    assert post_entry(tiredness="1").status_code == 302
    assert post_entry(tiredness="3").status_code == 302
    with people.acting(people.maya):
        assert len(entries(people)) == 2


def test_a_retry_is_the_same_entry_and_other_words_are_not(
    people: People, post_entry: Callable[..., Any]
) -> None:
    people.follow("tiredness")
    id = uuid7()
    first = post_entry(id=id, tiredness="1")
    again = post_entry(id=id, tiredness="1")
    assert (first.status_code, first.url) == (again.status_code, again.url)
    other = post_entry(id=id, tiredness="4", note="Other words")
    assert other.status_code == 409
    page = other.content.decode()
    assert "Other words" in page
    assert f"/journal/{id}/" in page
    with people.acting(people.maya):
        assert [e.scores for e in entries(people)] == [{"tiredness": 1}]
    fresh = re.search(r'name="draft" value="([0-9a-f-]+)"', page)
    assert fresh
    assert fresh[1] != str(id)


def test_somebody_elses_id_is_refused(people: People, maya: Client, post_entry: Callable[..., Any]) -> None:
    people.follow("tiredness")
    with people.acting(people.samuel):
        theirs = services.write_entry(
            by=people.samuel,
            patient=people.other,
            id=uuid7(),
            words=services.Words(people.today(), {"pain": 4}, "canary"),
            now=present(),
        )
    answer = post_entry(id=theirs.pk, tiredness="1")
    assert answer.status_code in (409, 422)
    assert "canary" not in answer.content.decode()
    with people.acting(people.maya):
        assert entries(people) == []


def test_finish_later_keeps_everything_and_says_where(
    people: People, maya: Client, post_entry: Callable[..., Any]
) -> None:
    people.follow("tiredness")
    assert post_entry(tiredness="3", note="Half a thought", later="1").url == "/"
    today = maya.get("/").content.decode()
    assert "A journal entry" in today
    assert "Go on with the entry you began" in today
    page = maya.get("/journal/new/").content.decode()
    assert "Half a thought" in page
    assert re.search(r'name="score_tiredness" value="3"[^>]* checked', page)


def test_a_draft_with_one_word_only_comes_back_ready_to_save(people: People, maya: Client) -> None:
    """Autosave on Today keeps what was pressed; day and sharing are chosen for the person again."""
    people.follow("tiredness")
    page = maya.get("/").content.decode()
    draft = re.search(r'name="draft" value="([0-9a-f-]+)"', page)
    assert draft
    saved = maya.put(
        f"/api/v1/patients/drafts/{draft[1]}/",
        {
            "version": 0,
            "fields": {"score_tiredness": ["2"]},
            "kind": "journal-entry",
            "patient": str(people.patient.pk),
            "target": "",
            "resume": "/journal/new/",
        },
        content_type="application/json",
    )
    assert saved.status_code == 200
    page = maya.get("/journal/new/").content.decode()
    assert re.search(r'name="score_tiredness" value="2"[^>]* checked', page)
    assert re.search(rf'name="day" value="{people.today().isoformat()}"[^>]* checked', page)
    assert re.search(r'name="share" value="private"[^>]* checked', page)


def test_a_note_can_be_added_from_today_without_losing_a_press(
    people: People, maya: Client, post_entry: Callable[..., Any]
) -> None:
    people.follow("tiredness")
    assert post_entry(tiredness="3", more="1").url == "/journal/new/"
    assert re.search(
        r'name="score_tiredness" value="3"[^>]* checked', maya.get("/journal/new/").content.decode()
    )


def test_today_says_what_is_saved_for_today(people: People, maya: Client) -> None:
    people.follow("tiredness")
    people.write({"tiredness": 1})
    page = maya.get("/").content.decode()
    assert "Tiredness: a little." in page
    assert "Write another entry" in page
    assert "score_tiredness" not in page


def test_the_page_says_that_nobody_reads_along(people: People, maya: Client) -> None:
    for path in ("/journal/", "/journal/new/"):
        page = maya.get(path).content.decode()
        assert "Nobody reads this journal as it comes in." in page
        assert "555-0100" in page


def test_no_word_of_streaks_or_blame(people: People, maya: Client) -> None:
    people.follow("tiredness")
    for ago in (1, 2, 9):
        people.write({"tiredness": 1}, days_ago=ago)
    for path in ("/", "/journal/", "/journal/new/"):
        page = maya.get(path).content.decode().lower()
        for word in ("streak", "missed", "forgot", "in a row", "well done"):
            assert word not in page
