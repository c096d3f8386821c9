"""Private until shared; what is shared is a copy; un-sharing stops the next view."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection, transaction
from django.db.utils import ProgrammingError

from journal import services
from journal.models import JournalEntry, SharedEntry, ShareGrant
from portal.lib.ids import uuid7
from portal.lib.time import now as present

if TYPE_CHECKING:
    from django.test import Client

    from accounts.models import User
    from tests.journal.conftest import People


def team_page(people: People, as_user: Callable[[User], Client]) -> str:
    answer = as_user(people.nurse).get(f"/patients/{people.patient.pk}/shared-journal/")
    assert answer.status_code == 200
    text: str = answer.content.decode()
    return text


def once() -> dict[str, str]:
    return {"once": str(uuid7())}


def test_the_team_sees_nothing_until_it_is_shared(
    people: People, maya: Client, as_user: Callable[[User], Client]
) -> None:
    entry = people.write({"tiredness": 0, "mood": 4}, "secret canary")
    assert "canary" not in team_page(people, as_user)
    assert "Nothing is shared at the moment." in team_page(people, as_user)
    assert maya.post(f"/journal/{entry.pk}/share/", once()).status_code == 302
    page = team_page(people, as_user)
    assert "secret canary" in page
    assert "Tiredness: none. Mood: very bad." in page
    assert "Your team sees this" in maya.get("/journal/").content.decode()


def test_what_the_patient_is_shown_is_what_the_team_sees(
    people: People, maya: Client, as_user: Callable[[User], Client]
) -> None:
    people.write({"tiredness": 1}, "shared words", share=True)
    people.write({"tiredness": 2}, "private words")
    mine = maya.get("/journal/sharing/").content.decode()
    for page in (mine, team_page(people, as_user)):
        assert "shared words" in page
        assert "private words" not in page


def test_stopping_hides_it_from_the_next_view_and_says_what_that_means(
    people: People, maya: Client, as_user: Callable[[User], Client]
) -> None:
    entry = people.write({}, "shared words", share=True)
    assert "shared words" in team_page(people, as_user)
    answer = maya.post(f"/journal/{entry.pk}/unshare/", once(), follow=True)
    assert "If someone read it before" in answer.content.decode()
    assert "shared words" not in team_page(people, as_user)
    with people.acting(people.maya):
        copy = SharedEntry.objects.for_user(people.maya).get()
        assert copy.withdrawn_at is not None
        assert ShareGrant.objects.for_user(people.maya).get().revoked_at is not None
    with people.acting(people.nurse), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM journal_sharedentry")
        assert cursor.fetchone() == (0,)


def test_an_entry_can_be_shared_again(
    people: People, maya: Client, as_user: Callable[[User], Client]
) -> None:
    entry = people.write({}, "again words")
    for act in ("share", "share", "unshare", "unshare", "share"):
        assert maya.post(f"/journal/{entry.pk}/{act}/", once()).status_code == 302
    assert team_page(people, as_user).count("again words") == 1


def test_the_standing_choice_shares_the_next_entry_only(
    people: People, maya: Client, as_user: Callable[[User], Client], post_entry: Callable[..., Any]
) -> None:
    people.follow("tiredness")
    people.write({}, "before words")
    assert maya.post("/journal/sharing/start/", once()).status_code == 302
    assert maya.post("/journal/sharing/start/", once()).status_code == 302
    page = maya.get("/journal/new/").content.decode()
    assert re.search(r'name="share" value="shared"[^>]* checked', page)
    people.write({}, "after words")
    people.write({}, "kept words", share=False)
    page = team_page(people, as_user)
    assert "after words" in page
    assert "before words" not in page
    assert "kept words" not in page
    assert maya.post("/journal/sharing/stop/", once()).status_code == 302
    people.write({}, "later words")
    page = team_page(people, as_user)
    assert "later words" not in page
    assert "after words" in page
    with people.acting(people.maya):
        assert ShareGrant.objects.for_user(people.maya).filter(kind="new_entries").count() == 1


def test_everything_can_be_withdrawn_at_once(
    people: People, maya: Client, as_user: Callable[[User], Client]
) -> None:
    maya.post("/journal/sharing/start/", once())
    people.write({}, "one words")
    people.write({}, "two words")
    answer = maya.post("/journal/sharing/stop-all/", once(), follow=True)
    assert "Your team sees nothing of your journal." in answer.content.decode()
    page = team_page(people, as_user)
    assert "one words" not in page
    assert "two words" not in page
    people.write({}, "three words")
    assert "three words" not in team_page(people, as_user)


def test_a_change_replaces_the_copy_or_withdraws_it(
    people: People, maya: Client, as_user: Callable[[User], Client]
) -> None:
    entry = people.write({}, "old words", share=True)
    typed = {"draft_version": "0", "day": people.today().isoformat()}
    typed |= {"version": "1", "note": "new words", "share": "shared", "draft": str(uuid7())}
    assert maya.post(f"/journal/{entry.pk}/edit/", typed).status_code == 302
    page = team_page(people, as_user)
    assert "new words" in page
    assert "old words" not in page
    assert "Changed after it was first written." in page
    typed |= {"version": "2", "note": "newest words", "share": "private", "draft": str(uuid7())}
    assert maya.post(f"/journal/{entry.pk}/edit/", typed).status_code == 302
    assert "newest words" not in team_page(people, as_user)
    assert "new words" not in team_page(people, as_user)


def test_the_copy_cannot_be_rewritten(people: People) -> None:
    people.write({}, "as it was", share=True)
    for statement in (
        "UPDATE journal_sharedentry SET snapshot = ''",
        "UPDATE journal_sharedentry SET occurred_on = current_date",
        "DELETE FROM journal_sharedentry",
        "UPDATE journal_sharegrant SET granted_at = now()",
    ):
        with (
            people.acting(people.maya),
            pytest.raises(ProgrammingError, match="permission denied"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


def test_the_nurse_reaches_nothing_else_by_sql_or_key(people: People) -> None:
    """The team's only way to a journal is the shared copy: other rows and the own key are not there for them."""
    from patients.keys import opening_key
    from portal.lib.sealing import SealBroken

    people.follow("tiredness", "mood")
    people.write({"tiredness": 1, "mood": 2}, "private", share=False)
    people.write({"tiredness": 3}, "open", share=True)
    tables = ("tracker", "journalentry", "sensitivepart", "entryrevision", "sharegrant")
    with people.acting(people.nurse), connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"SELECT count(*) FROM journal_{table}")
            assert cursor.fetchone() == (0,), table
        cursor.execute("SELECT count(*) FROM journal_sharedentry")
        assert cursor.fetchone() == (1,)
        cursor.execute("SELECT DISTINCT space FROM patients_patientkey")
        assert cursor.fetchall() == [("clinic",)]
        with pytest.raises(SealBroken):
            opening_key(people.patient.pk, "own", 1)
        assert [c.snapshot["note"] for c in SharedEntry.objects.for_user(people.nurse)] == ["open"]
        assert not JournalEntry.objects.for_user(people.nurse).exists()
        cursor.execute("UPDATE journal_sharedentry SET withdrawn_at = NULL WHERE withdrawn_at IS NOT NULL")
        assert cursor.rowcount == 0


def test_an_own_row_does_not_open_with_the_clinics_key(people: People) -> None:
    """Whoever holds the row and the clinic's key still cannot read a private note."""
    from patients.keys import opening_key
    from portal.lib.sealing import SealBroken, open_bytes

    entry = people.write({}, "private")
    with people.acting(people.maya), connection.cursor() as cursor:
        cursor.execute("SELECT note FROM journal_journalentry WHERE id = %s", [entry.pk])
        (raw,) = cursor.fetchone()
        clinic = opening_key(people.patient.pk, "clinic", 1)
        for place in ("own", "clinic"):
            where = f"journal_journalentry.note|{entry.pk}|{people.patient.pk}|{place}|1"
            with pytest.raises(SealBroken):
                open_bytes(clinic, bytes(raw), where=where)


def test_the_nurse_writes_nothing(people: People) -> None:
    from portal.lib.problems import NotAllowed

    entry = people.write({}, "mine", share=True)
    for user in (people.nurse, people.carer, people.elsewhere, people.samuel):
        with people.acting(user):
            with pytest.raises(NotAllowed):
                services.unshare_entry(
                    by=user, patient=people.patient, entry_id=entry.pk, id=uuid7(), now=present()
                )
            with pytest.raises(NotAllowed):
                services.write_entry(
                    by=user,
                    patient=people.patient,
                    id=uuid7(),
                    words=services.Words(people.today(), {"pain": 1}),
                    now=present(),
                )


def test_the_summary_panel_says_it_in_words(people: People, as_user: Callable[[User], Client]) -> None:
    nurse = as_user(people.nurse)
    page = nurse.get(f"/patients/{people.patient.pk}/").content.decode()
    assert "Nothing is shared about the last 14 days." in page
    people.write({"tiredness": 3}, "panel words", share=True, days_ago=13)
    people.write({"tiredness": 2}, "old words", share=True, days_ago=14)
    page = nurse.get(f"/patients/{people.patient.pk}/").content.decode()
    assert "Tiredness: a lot." in page
    assert "panel words" in page
    assert "old words" not in page


def test_the_patient_can_see_that_the_nurse_read_it(
    people: People, as_user: Callable[[User], Client]
) -> None:
    people.write({}, "words", share=True)
    team_page(people, as_user)
    with people.acting(people.maya), connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM patients_auditevent WHERE act = 'journal.shared-view' AND user_id = %s",
            [people.nurse.pk],
        )
        assert cursor.fetchone() == (1,)
