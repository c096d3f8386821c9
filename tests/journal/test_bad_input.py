"""Whatever is typed: a clear 4xx page with the text kept, never a 500, never somebody else's."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from journal import services
from journal.models import JournalEntry
from portal.lib.ids import uuid7
from portal.lib.time import now as present

if TYPE_CHECKING:
    from django.test import Client

    from tests.journal.conftest import People

RIGHT_TO_LEFT = "abc‮def⁦ghi"


@pytest.fixture(autouse=True)
def _followed(people: People) -> None:
    people.follow("tiredness")


def entries(people: People) -> list[JournalEntry]:
    with people.acting(people.maya):
        return list(JournalEntry.objects.for_user(people.maya))


def test_nothing_at_all(people: People, maya: Client, post_entry: Callable[..., Any]) -> None:
    for answer in (post_entry(), maya.post("/journal/new/", {}), post_entry(note="   \n\t ")):
        assert answer.status_code == 422
        assert "<title>Error:" in answer.content.decode().replace("\n", "").replace("  ", "")
    assert entries(people) == []


@pytest.mark.parametrize("score", ["5", "-1", "1.5", "one", "None", "1\x00", "١", "9" * 400])
def test_a_score_that_is_no_word(people: People, post_entry: Callable[..., Any], score: str) -> None:
    answer = post_entry(tiredness=score, note="Kept words")
    assert answer.status_code == 422
    assert "Kept words" in answer.content.decode()
    assert entries(people) == []


def test_scores_of_other_symptoms_are_not_taken(people: People, post_entry: Callable[..., Any]) -> None:
    assert post_entry(tiredness="1", walking="4", unknown="2").status_code == 302
    (entry,) = entries(people)
    with people.acting(people.maya):
        assert entry.scores == {"tiredness": 1}


@pytest.mark.parametrize(
    "scores", [{"unknown": 1}, {"tiredness": 5}, {"tiredness": -1}, {"tiredness": True}, {"tiredness": "3"}]
)
def test_the_service_refuses_wrong_scores(people: People, scores: dict[str, Any]) -> None:
    with people.acting(people.maya), pytest.raises(services.UnknownScore):
        services.write_entry(
            by=people.maya,
            patient=people.patient,
            id=uuid7(),
            words=services.Words(people.today(), scores),
            now=present(),
        )


def test_a_note_of_100_kb_is_refused_and_kept(people: People, post_entry: Callable[..., Any]) -> None:
    note = "long words " * 9000
    answer = post_entry(tiredness="1", note=note)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "Make your note shorter: at most 2000 characters." in page
    assert note.strip() in page
    assert entries(people) == []
    assert post_entry(note="a" * 2000).status_code == 302
    assert post_entry(note="a" * 2001).status_code == 422


def test_marks_nobody_sees_are_taken_out(people: People, post_entry: Callable[..., Any]) -> None:
    assert post_entry(note=f"{RIGHT_TO_LEFT}\x00\x07 <b>bold</b>\r\nline").status_code == 302
    (entry,) = entries(people)
    with people.acting(people.maya):
        assert entry.note == "abcdefghi <b>bold</b>\nline"


def test_notes_are_text_and_never_markup(people: People, maya: Client) -> None:
    entry = people.write({}, "<script>alert(1)</script>", share=True)
    for path in (
        "/journal/",
        f"/journal/{entry.pk}/",
        "/journal/sharing/",
        "/",
        f"/journal/{entry.pk}/edit/",
    ):
        assert "<script>alert" not in maya.get(path).content.decode(), path


@pytest.mark.parametrize(
    "day", ["", "tomorrow", "2026-13-40", "0000-00-00", "9999-12-31", "2026-11-2\x00", RIGHT_TO_LEFT]
)
def test_a_day_that_is_no_choice(people: People, post_entry: Callable[..., Any], day: str) -> None:
    answer = post_entry(tiredness="1", day=day, note="Kept words")
    assert answer.status_code == 422
    assert "Kept words" in answer.content.decode()


@pytest.mark.parametrize(
    ("day", "month", "year"),
    [
        ("31", "2", "2026"),
        ("x", "y", "z"),
        ("1", "", ""),
        ("9" * 50, "1", "2026"),
        ("1", "1", "26"),
        ("\x00", "‮", "0"),
    ],
)
def test_another_day_that_is_no_date(
    people: People, post_entry: Callable[..., Any], day: str, month: str, year: str
) -> None:
    typed = {"other_day_day": day, "other_day_month": month, "other_day_year": year}
    answer = post_entry(tiredness="1", day="other", **typed)
    assert answer.status_code == 422
    assert entries(people) == []


def test_other_ids_in_hidden_fields(people: People, post_entry: Callable[..., Any]) -> None:
    for typed in (
        {"draft": "x"},
        {"draft": ""},
        {"draft_version": "-1"},
        {"draft_version": "9" * 30},
        {"share": "x"},
    ):
        assert post_entry(tiredness="1", **typed).status_code in (302, 422)


@pytest.mark.parametrize("once", ["", "x", "\x00", "9" * 36, RIGHT_TO_LEFT])
def test_a_button_without_an_id_is_a_400(people: People, maya: Client, once: str) -> None:
    entry = people.write({}, "Words")
    for act in ("undo", "share", "unshare"):
        assert maya.post(f"/journal/{entry.pk}/{act}/", {"once": once}).status_code == 400
    assert maya.post("/journal/sharing/start/", {"once": once}).status_code == 400


def test_one_id_for_two_acts_is_a_conflict(people: People, maya: Client) -> None:
    entry = people.write({}, "Words")
    once = {"once": str(uuid7())}
    assert maya.post(f"/journal/{entry.pk}/share/", once).status_code == 302
    assert maya.post(f"/journal/{entry.pk}/unshare/", once).status_code == 409
    assert maya.post("/journal/sharing/start/", once).status_code == 409


@pytest.mark.parametrize(
    "query",
    [
        "before=x",
        "before=2026-99-99",
        "before=0001-01-01",
        "before=" + "9" * 500,
        "before=%00",
        "before=2026-W01-1",
    ],
)
def test_strange_addresses(people: People, maya: Client, query: str) -> None:
    people.write({}, "Words")
    for path in ("/journal/", "/journal/sharing/"):
        assert maya.get(f"{path}?{query}").status_code in (200, 400)


def test_ids_that_are_nobodys(people: People, maya: Client) -> None:
    for path in (
        f"/journal/{uuid7()}/",
        "/journal/x/",
        "/journal/00000000-0000-0000-0000-000000000000/edit/",
    ):
        assert maya.get(path).status_code == 404


def test_an_edit_with_a_strange_version(people: People, maya: Client) -> None:
    entry = people.write({}, "Words")
    for version in ("", "x", "-1", "9" * 40, "\x00"):
        typed = {"draft": str(uuid7()), "day": people.today().isoformat(), "share": "private", "note": "New"}
        answer = maya.post(f"/journal/{entry.pk}/edit/", {**typed, "version": version})
        assert answer.status_code == 422
        assert "New" in answer.content.decode()
