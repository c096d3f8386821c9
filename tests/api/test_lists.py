"""Lists: pages that lose and repeat nothing, the same number of statements for 1 row and for 5, and who reads whose."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from journal.services import Words, write_entry
from messaging.services import add_note, reply, start_thread
from patients.models import Patient
from patients.questions import add_question
from portal.lib.ids import uuid7
from portal.lib.time import now, today_in
from scheduling import services as visits
from scheduling.models import Service
from tests.api.asking import call
from tests.registry.ground import Ground, acting
from tests.registry.people import MAYA
from tests.registry.states import signed_in
from treatment import services as treatment

Make = Callable[[Ground, Patient, int], None]


@pytest.fixture
def maya(ground: Ground) -> Patient:
    with acting(ground.users[MAYA]):
        return Patient.objects.for_user(ground.users[MAYA]).select_related("site").get(grants__kind="self")


def rows_of(client: Client, path: str) -> list[dict[str, Any]]:
    """Every row of a list, page by page."""
    rows: list[dict[str, Any]] = []
    following: str | None = path
    while following:
        answer = client.get(following)
        assert answer.status_code == 200, answer.content
        rows += answer.json()["results"]
        following = answer.json()["next"]
    return rows


def entries(ground: Ground, patient: Patient, count: int) -> None:
    user, present = ground.users[MAYA], now()
    with acting(user):
        for number in range(count):
            day = today_in(present, patient.site.time_zone) - timedelta(days=number % 3)
            write_entry(
                by=user,
                patient=patient,
                id=uuid7(),
                words=Words(day, {"tiredness": 2, "mood": 1}, f"{number}"),
                share=True,
                now=present,
            )


def threads(ground: Ground, patient: Patient, count: int) -> None:
    user = ground.users[MAYA]
    with acting(user):
        for number in range(count):
            start_thread(
                by=user, patient=patient, id=uuid7(), topic="question", text=f"Question {number}", now=now()
            )


def messages(ground: Ground, patient: Patient, count: int) -> None:
    user, thread = ground.users[MAYA], ground.of("thread_id", MAYA)
    with acting(user):
        for number in range(count):
            reply(
                by=user,
                patient=patient,
                thread_id=thread,
                id=uuid7(),
                text=f"{number}",
                seen_seq=99,
                now=now(),
            )


def notes(ground: Ground, patient: Patient, count: int) -> None:
    nurse, thread = ground.users["nurse"], ground.of("thread_id", MAYA)
    with acting(nurse):
        for number in range(count):
            add_note(by=nurse, patient=patient, thread_id=thread, id=uuid7(), text=f"{number}", now=now())


def questions(ground: Ground, patient: Patient, count: int) -> None:
    with acting(ground.users[MAYA]):
        for number in range(count):
            add_question(patient=patient, by=ground.users[MAYA], id=uuid7(), text=f"Question {number}")


def booked(ground: Ground, patient: Patient, count: int) -> None:
    nurse, present = ground.users["nurse"], now()
    with acting(nurse):
        service = Service.objects.offered_at(patient.site).order_by("position")[0]
        for _number in range(count):
            start, end = visits.booking_window("team", present)
            busy = visits.busy_times(nurse, patient, present)
            free = visits.find_starts(
                site=patient.site, service=service, start=start + timedelta(days=2), end=end, busy=busy
            )[0]
            visits.book(
                by=nurse, patient=patient, service=service, starts_at=free.at, id=uuid7(), now=present
            )


def medicines(ground: Ground, patient: Patient, count: int) -> None:
    with acting(ground.users[MAYA]):
        for number in range(count):
            treatment.save_medicine(
                by=ground.users[MAYA], patient=patient, id=uuid7(), what=f"{number}", now=now()
            )


LISTS: list[tuple[str, str, Make]] = [
    (MAYA, "/api/v1/journal/entries/", entries),
    ("nurse", "/api/v1/journal/entries/?patient={patient}", entries),
    ("journal-carer", "/api/v1/journal/entries/?patient={patient}", entries),
    (MAYA, "/api/v1/messaging/threads/", threads),
    ("nurse", "/api/v1/messaging/threads/?patient={patient}", threads),
    ("nurse", "/api/v1/messaging/work/", threads),
    (MAYA, "/api/v1/messaging/threads/{thread}/messages/", messages),
    ("nurse", "/api/v1/messaging/threads/{thread}/notes/?patient={patient}", notes),
    (MAYA, "/api/v1/patients/me/questions/", questions),
    (MAYA, "/api/v1/patients/me/trail/?own=true", questions),
    (MAYA, "/api/v1/treatment/medicines/", medicines),
    (MAYA, "/api/v1/scheduling/appointments/", booked),
    ("nurse", "/api/v1/scheduling/appointments/?patient={patient}", booked),
]


@pytest.mark.parametrize(
    ("person", "path", "make"), LISTS, ids=[f"{person} {path[8:]}" for person, path, _make in LISTS]
)
def test_more_rows_cost_no_more_statements(
    ground: Ground, maya: Patient, person: str, path: str, make: Make
) -> None:
    path = path.format(patient=maya.pk, thread=ground.of("thread_id", MAYA))
    client = signed_in(ground.users[person])
    client.get(path)
    counts, sizes = [], []
    for more in (1, 4):
        make(ground, maya, more)
        with CaptureQueriesContext(
            connection,
        ) as statements:
            answer = client.get(path)
        assert answer.status_code == 200
        counts.append(len(statements))
        sizes.append(len(answer.json()["results"]))
    assert counts[0] == counts[1], f"{counts} statements for {sizes} rows"
    assert sizes[1] > sizes[0] or sizes[0] == 25
    assert counts[0] <= 30


def test_pages_lose_and_repeat_nothing(ground: Ground, maya: Patient) -> None:
    for make in (entries, threads, messages, booked):
        make(ground, maya, 5)
    client, thread = signed_in(ground.users[MAYA]), ground.of("thread_id", MAYA)
    for path in (
        "/api/v1/journal/entries/",
        "/api/v1/messaging/threads/",
        f"/api/v1/messaging/threads/{thread}/messages/",
        "/api/v1/scheduling/appointments/",
        "/api/v1/scheduling/appointments/?when=earlier",
        "/api/v1/education/articles/",
        "/api/v1/treatment/doses/",
        "/api/v1/treatment/courses/",
    ):
        mark = "&" if "?" in path else "?"
        whole = rows_of(client, f"{path}{mark}limit=100")
        assert rows_of(client, f"{path}{mark}limit=2") == whole, path
        assert len(whole) >= 1, path
    nurse = signed_in(ground.users["nurse"])
    for path in ("/api/v1/patients/", "/api/v1/messaging/work/"):
        assert rows_of(nurse, f"{path}?limit=1") == rows_of(nurse, f"{path}?limit=100")


def test_free_times_come_in_pages_too(ground: Ground, maya: Patient) -> None:
    client, code = signed_in(ground.users[MAYA]), ground.query["visit"].split("=")[1]
    start = (now() + timedelta(days=3)).strftime("%Y-%m-%dT%H:%M:%SZ")
    end = (now() + timedelta(days=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
    path = f"/api/v1/scheduling/starts/?service={code}&start={start}&end={end}"
    whole = rows_of(client, f"{path}&limit=100")
    assert len(whole) > 20
    assert rows_of(client, f"{path}&limit=10") == whole


def test_what_came_in_meanwhile_shifts_no_page(ground: Ground, maya: Patient) -> None:
    threads(ground, maya, 4)
    client = signed_in(ground.users[MAYA])
    before = [row["id"] for row in rows_of(client, "/api/v1/messaging/threads/?limit=100")]
    first = client.get("/api/v1/messaging/threads/?limit=2").json()
    threads(ground, maya, 3)
    seen = [row["id"] for row in first["results"]] + [row["id"] for row in rows_of(client, first["next"])]
    assert seen == before


def test_a_taken_time_comes_back_with_others(ground: Ground, maya: Patient) -> None:
    client, code = signed_in(ground.users[MAYA]), ground.query["visit"].split("=")[1]
    start = client.get(f"/api/v1/scheduling/starts/?service={code}&limit=1").json()["results"][0]
    body = {"service": code, "starts_at": start["starts_at"], "resource": start["resource"]}
    assert call(client, "POST", "/api/v1/scheduling/appointments/", body).status_code == 201
    other = signed_in(ground.users["other-patient"])
    answer = call(other, "POST", "/api/v1/scheduling/appointments/", body)
    assert answer.status_code == 409
    assert answer.json()["type"].endswith("#slot-taken")
    free = answer.json()["alternatives"]
    assert len(free) == 3
    again = {"service": code, "starts_at": free[0]["starts_at"], "resource": free[0]["resource"]}
    assert call(other, "POST", "/api/v1/scheduling/appointments/", again).status_code == 201


def test_what_came_in_since_is_shown_before_anything_is_sent(ground: Ground, maya: Patient) -> None:
    path = f"/api/v1/messaging/threads/{ground.of('thread_id', MAYA)}/messages/"
    messages(ground, maya, 1)
    nurse = signed_in(ground.users["nurse"])
    answer = call(nurse, "POST", f"{path}?patient={maya.pk}", {"text": "Yes.", "seen_seq": 1})
    assert answer.status_code == 409
    assert [one["text"] for one in answer.json()["newer"]] == ["0"]
    assert (
        call(nurse, "POST", f"{path}?patient={maya.pk}", {"text": "Yes.", "seen_seq": 2}).status_code == 201
    )


def test_reading_leaves_no_mark_and_saying_so_does(ground: Ground, maya: Patient) -> None:
    path = f"/api/v1/messaging/threads/{ground.of('thread_id', MAYA)}/"
    nurse, patient = signed_in(ground.users["nurse"]), f"?patient={maya.pk}"
    with time_machine.travel(now() + timedelta(minutes=11)):
        for _look in range(2):
            assert nurse.get(path + patient).json()["seen_seq"] == 0
            nurse.get(f"{path}messages/{patient}")
        assert call(nurse, "POST", f"{path}seen/{patient}", {"seq": 77}, key=None).json()["seen_seq"] == 1
        assert call(nurse, "POST", f"{path}seen/{patient}", {"seq": 0}, key=None).json()["seen_seq"] == 1


def test_reading_what_could_be_taken_back_ends_that(ground: Ground, maya: Patient) -> None:
    path = f"/api/v1/messaging/threads/{ground.of('fresh_thread', MAYA)}/"
    nurse, patient = signed_in(ground.users["nurse"]), f"?patient={maya.pk}"
    assert nurse.get(path + patient).json()["seen_seq"] == 0
    nurse.get(f"{path}messages/{patient}")
    assert nurse.get(path + patient).json()["seen_seq"] == 1


def test_a_carer_never_meets_what_is_sensitive_or_hidden(ground: Ground, maya: Patient) -> None:
    entries(ground, maya, 1)
    carer, patient = signed_in(ground.users["journal-carer"]), f"?patient={maya.pk}"
    for row in rows_of(carer, f"/api/v1/journal/entries/{patient}"):
        assert set(row["scores"]).isdisjoint({"mood", "bladder", "intimacy"})
    one = carer.get(f"/api/v1/journal/entries/{ground.of('entry_id', MAYA)}/{patient}").json()
    assert one["scores"] == {"tiredness": 2}
    hidden = str(ground.of("hidden_thread", MAYA))
    assert hidden not in {row["id"] for row in rows_of(carer, f"/api/v1/messaging/threads/{patient}")}
    assert carer.get(f"/api/v1/messaging/threads/{hidden}/{patient}").status_code == 404


def test_every_look_is_on_the_trail(ground: Ground, maya: Patient) -> None:
    nurse = signed_in(ground.users["nurse"])
    patient, thread = f"?patient={maya.pk}", ground.of("thread_id", MAYA)
    looks = {
        f"/api/v1/journal/entries/{patient}": "read what is shared from the journal",
        f"/api/v1/messaging/threads/{thread}/{patient}": "",
        f"/api/v1/messaging/threads/{thread}/notes/{patient}": "",
        f"/api/v1/scheduling/appointments/{ground.of('appointment_id', MAYA)}/{patient}": "",
        "/api/v1/messaging/work/": "",
        "/api/v1/patients/": "",
        f"/api/v1/patients/{maya.pk}/": "",
    }
    mine = signed_in(ground.users[MAYA])
    for path in looks:
        before = mine.get("/api/v1/patients/me/trail/").json()["results"][0]
        assert nurse.get(path).status_code == 200, path
        newest = mine.get("/api/v1/patients/me/trail/").json()["results"][0]
        assert newest != before, path
        assert newest["who"].startswith(ground.users["nurse"].name)
