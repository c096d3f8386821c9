"""Who gets which page: works, anonymous, stranger, wrong person, wrong method."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.test import Client

from journal.models import SensitivePart
from portal.lib.ids import uuid7

if TYPE_CHECKING:
    from accounts.models import User
    from journal.models import JournalEntry as Entry
    from tests.journal.conftest import People

READS = ("/journal/", "/journal/new/", "/journal/symptoms/", "/journal/sharing/")
ENTRY_READS = ("/journal/{}/", "/journal/{}/saved/", "/journal/{}/edit/")
ENTRY_ACTS = ("/journal/{}/undo/", "/journal/{}/share/", "/journal/{}/unshare/")
ACTS = ("/journal/sharing/start/", "/journal/sharing/stop/", "/journal/sharing/stop-all/")


@pytest.fixture
def entry(people: People) -> Entry:
    return people.write({"tiredness": 2, "mood": 4}, "entry canary")


def test_the_patient_opens_every_page(people: People, maya: Client, entry: Entry) -> None:
    for path in (*READS, *(p.format(entry.pk) for p in ENTRY_READS)):
        answer = maya.get(path)
        assert answer.status_code == 200, path
        assert answer.headers["Cache-Control"] == "no-store, private"


def test_nobody_is_sent_to_sign_in(people: People, entry: Entry) -> None:
    paths = [*READS, *(p.format(entry.pk) for p in (*ENTRY_READS, *ENTRY_ACTS)), *ACTS]
    paths += [f"/patients/{people.patient.pk}/{page}/" for page in ("journal", "shared-journal")]
    for path in paths:
        for answer in (Client().get(path), Client().post(path)):
            assert answer.status_code == 302, path
            assert "/accounts/login/" in answer.url


def test_another_patient_finds_nothing(
    people: People, as_user: Callable[[User], Client], entry: Entry
) -> None:
    samuel = as_user(people.samuel)
    for path in ENTRY_READS:
        answer = samuel.get(path.format(entry.pk))
        assert answer.status_code == 404, path
        assert "canary" not in answer.content.decode()
    for path in ENTRY_ACTS:
        assert samuel.post(path.format(entry.pk), {"once": str(uuid7())}).status_code == 404, path
    for page in ("journal", "shared-journal"):
        assert samuel.get(f"/patients/{people.patient.pk}/{page}/").status_code == 404
    assert "canary" not in samuel.get("/journal/").content.decode()


@pytest.mark.parametrize("who", ["nurse", "elsewhere", "carer"])
def test_the_patients_own_pages_are_nobody_elses(
    people: People, as_user: Callable[[User], Client], entry: Entry, who: str
) -> None:
    client = as_user(getattr(people, who))
    for path in (*READS, *(p.format(entry.pk) for p in ENTRY_READS)):
        assert client.get(path).status_code == 404, path
    for path in (*ACTS, *(p.format(entry.pk) for p in ENTRY_ACTS)):
        assert client.post(path, {"once": str(uuid7())}).status_code == 404, path
    assert client.post("/journal/new/", {"note": "x"}).status_code == 404


def test_the_teams_page_is_the_teams(people: People, as_user: Callable[[User], Client]) -> None:
    path = f"/patients/{people.patient.pk}/shared-journal/"
    found = {
        who: as_user(getattr(people, who)).get(path).status_code
        for who in ("nurse", "elsewhere", "carer", "samuel", "maya")
    }
    assert found == {"nurse": 200, "elsewhere": 404, "carer": 404, "samuel": 404, "maya": 404}


def test_the_carers_page_is_the_carers(people: People, as_user: Callable[[User], Client]) -> None:
    path = f"/patients/{people.patient.pk}/journal/"
    found = {
        who: as_user(getattr(people, who)).get(path).status_code
        for who in ("nurse", "elsewhere", "carer", "samuel", "maya")
    }
    assert found == {"nurse": 404, "elsewhere": 404, "carer": 200, "samuel": 404, "maya": 404}


def test_a_carer_reads_without_what_is_sensitive(
    people: People, as_user: Callable[[User], Client], entry: Entry
) -> None:
    people.write({"bladder": 3, "intimacy": 2}, days_ago=1)
    people.write({"mood": 1}, "bare words", days_ago=2, share=True)
    client = as_user(people.carer)
    page = client.get(f"/patients/{people.patient.pk}/journal/").content.decode()
    assert "Tiredness: some." in page
    assert "entry canary" in page
    assert "bare words" in page
    for name in ("Mood:", "Bladder and bowel:", "Sex life:", "very bad"):
        assert name not in page
    assert page.count('class="row"') == 2  # what holds nothing else is not there at all
    assert "<form" not in page.split("<main")[1].split("</main>")[0]
    assert f"/patients/{people.patient.pk}/journal/" in client.get("/").content.decode()


def test_a_carer_reaches_no_sensitive_row_by_sql(people: People, entry: Entry) -> None:
    people.write({"mood": 1}, "shared", share=True)
    people.follow("mood")
    with people.acting(people.carer), connection.cursor() as cursor:
        for table in ("sensitivepart", "entryrevision", "tracker", "sharegrant", "sharedentry"):
            cursor.execute(f"SELECT count(*) FROM journal_{table}")
            assert cursor.fetchone() == (0,), table
        cursor.execute("SELECT count(*) FROM journal_journalentry")
        assert cursor.fetchone() == (2,)
        assert not SensitivePart.objects.for_user(people.carer).exists()


def test_a_carer_cannot_write_by_sql(people: People, entry: Entry) -> None:
    from django.db import transaction
    from django.db.utils import ProgrammingError

    with (
        people.acting(people.carer),
        pytest.raises(ProgrammingError, match="row-level security"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE journal_journalentry SET occurred_on = current_date - 1")


def test_a_carer_without_the_journal_sees_none(people: People, as_user: Callable[[User], Client]) -> None:
    from patients.services import revoke_grant

    with people.acting(people.maya), connection.cursor() as cursor:
        cursor.execute("SELECT id FROM patients_grant WHERE kind = 'carer'")
        (grant_id,) = cursor.fetchone()
        revoke_grant(patient=people.patient, by=people.maya, grant_id=grant_id)
    assert as_user(people.carer).get(f"/patients/{people.patient.pk}/journal/").status_code == 404


def test_wrong_methods_are_refused(people: People, maya: Client, entry: Entry) -> None:
    for path in ("/journal/", "/journal/sharing/", f"/journal/{entry.pk}/", f"/journal/{entry.pk}/saved/"):
        assert maya.post(path).status_code == 405, path
    for path in (*ACTS, *(p.format(entry.pk) for p in ENTRY_ACTS)):
        assert maya.get(path).status_code == 405, path
    for path in ("/journal/new/", "/journal/symptoms/", f"/journal/{entry.pk}/edit/"):
        assert maya.put(path).status_code == 405, path
