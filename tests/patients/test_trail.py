"""The trail grows by one chained event for each look and change, or the look and the change do not happen."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import DatabaseError, connection, connections
from django.test import Client

from patients.models import AuditEvent, AuditHead, Patient, Question
from patients.questions import add_question
from patients.services import record_change, record_many, record_view
from patients.trail import Event, check_chain, note, write_events
from portal.lib import actor
from portal.lib.ids import uuid7
from tests.patients.world import Clinic, acting, acting_system, acts_of, make_clinic, signed_in


def chain_of(patient: Patient) -> tuple[list[AuditEvent], tuple[int, bytes] | None]:
    with acting_system():
        head = AuditHead.objects.filter(patient_id=patient.pk).first()
        events = list(AuditEvent.objects.for_system().of(patient).order_by("seq"))
        return events, (head.seq, bytes(head.hash)) if head else None


def test_events_are_chained_and_python_computes_the_same_hashes(clinic: Clinic) -> None:
    for _turn in range(3):
        with acting(clinic["maya"]):
            record_view(clinic["maya"], clinic.maya, "today.view")
            record_change(clinic["maya"], clinic.maya, "profile.changed", clinic.maya.pk)
    with acting_system("nightly"):
        record_change(None, clinic.maya, "patient.enrolled", uuid7())
    events, head = chain_of(clinic.maya)
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert len(events) >= 8
    assert check_chain(clinic.maya.pk, events, head) == []
    assert events[-1].system == "nightly"
    assert events[-1].user_id is None


def test_an_event_says_who_in_what_capacity_by_which_grant(clinic: Clinic) -> None:
    with acting(clinic["rosa"]):
        record_view(clinic["rosa"], clinic.maya, "summary.view", clinic.maya.pk)
    event = chain_of(clinic.maya)[0][-1]
    assert (event.user_id, event.capacity, event.act) == (clinic["rosa"].pk, "team", "summary.view")
    assert event.grant is not None
    assert abs((datetime.now(UTC) - event.at).total_seconds()) < 60


def test_the_actor_is_said_by_the_transaction_and_not_by_the_caller(clinic: Clinic) -> None:
    with acting(clinic["peter"]):
        record_view(clinic["rosa"], clinic.maya, "summary.view")
    assert chain_of(clinic.maya)[0][-1].user_id == clinic["peter"].pk


def test_the_same_look_twice_in_one_unit_is_one_event(clinic: Clinic) -> None:
    before = len(chain_of(clinic.maya)[0])
    with acting(clinic["rosa"]):
        for _turn in range(3):
            record_view(clinic["rosa"], clinic.maya, "summary.view")
    assert len(chain_of(clinic.maya)[0]) == before + 1


def test_an_act_that_is_rolled_back_leaves_no_event(clinic: Clinic) -> None:
    before = acts_of(clinic.maya)

    def fail() -> None:
        with acting(clinic["maya"]):
            add_question(patient=clinic.maya, by=clinic["maya"], id=uuid7(), text="lost")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert acts_of(clinic.maya) == before
    with acting(clinic["maya"]):
        assert not Question.objects.exists()


def test_outside_a_unit_of_work_nothing_can_be_looked_at(clinic: Clinic) -> None:
    with pytest.raises(RuntimeError, match="no trail, no page"):
        note(Event(clinic.maya.pk, "today.view", "self"))
    assert not Patient.objects.exists()


def test_without_an_actor_the_database_refuses_to_append(clinic: Clinic) -> None:
    with pytest.raises(DatabaseError, match="needs an actor"), actor.unit_of_work(actor.NOBODY):
        write_events([Event(clinic.maya.pk, "today.view", "self")])


def test_a_list_is_one_event_for_each_patient_in_one_statement(
    clinic: Clinic, django_assert_num_queries: Any
) -> None:
    patients = [clinic.maya, clinic.samuel]
    counts = [len(chain_of(patient)[0]) for patient in patients]
    with acting(clinic["rosa"]):
        record_many(clinic["rosa"], patients, "patient.listed")
        with django_assert_num_queries(1):
            actor.flush_trail()
    for patient, count in zip(patients, counts, strict=True):
        events, head = chain_of(patient)
        assert len(events) == count + 1
        assert check_chain(patient.pk, events, head) == []


# --- Requests ---------------------------------------------------------------------------------------------


def test_a_page_whose_event_cannot_be_written_is_an_error_without_data(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(events: Any) -> None:
        raise DatabaseError("the trail is full")

    client = signed_in(clinic["rosa"], raise_request_exception=False)
    url = f"/patients/{clinic.maya.pk}/"
    assert "Maya Lindqvist" in client.get(url).content.decode()
    monkeypatch.setattr(actor, "_write_trail", broken)
    answer = client.get(url)
    assert answer.status_code == 500
    assert "Lindqvist" not in answer.content.decode()
    assert "555-0142" not in answer.content.decode()


@pytest.mark.parametrize("name", ["samuel", "peter", "former", "future", "stranger"])
def test_a_strangers_try_is_a_404_and_stands_on_the_trail(clinic: Clinic, name: str) -> None:
    before = len(chain_of(clinic.maya)[0])
    answer = signed_in(clinic[name]).get(f"/patients/{clinic.maya.pk}/")
    assert answer.status_code == 404
    assert "Lindqvist" not in answer.content.decode()
    event = chain_of(clinic.maya)[0][-1]
    assert len(chain_of(clinic.maya)[0]) == before + 1
    assert (event.user_id, event.capacity, event.act) == (clinic[name].pk, "none", "record.refused")


def test_a_try_on_an_unknown_record_looks_the_same(clinic: Clinic) -> None:
    client = signed_in(clinic["samuel"])
    known, unknown = client.get(f"/patients/{clinic.maya.pk}/"), client.get(f"/patients/{uuid7()}/")
    assert known.status_code == unknown.status_code == 404
    assert abs(len(known.content) - len(unknown.content)) < 200


def test_every_page_of_a_record_leaves_an_event(clinic: Clinic) -> None:
    client = signed_in(clinic["maya"])
    for url in ("/", "/me/", "/me/access/", "/me/trail/", "/me/carers/", "/me/questions/"):
        before = len(chain_of(clinic.maya)[0])
        assert client.get(url).status_code == 200
        assert len(chain_of(clinic.maya)[0]) > before, url


def test_an_anonymous_visitor_leaves_nothing_and_sees_nothing(clinic: Clinic) -> None:
    before = len(chain_of(clinic.maya)[0])
    assert Client().get(f"/patients/{clinic.maya.pk}/").status_code == 302
    assert len(chain_of(clinic.maya)[0]) == before


# --- Races --------------------------------------------------------------------------------------------------


def test_appends_from_eight_threads_leave_no_gap_and_no_deadlock(fresh_db: str) -> None:
    clinic = make_clinic()
    patients = [clinic.maya, clinic.samuel]
    counts = [len(chain_of(patient)[0]) for patient in patients]
    errors: list[Exception] = []
    gate = threading.Barrier(8)

    def work(number: int) -> None:
        try:
            gate.wait()
            for turn in range(10):
                # Half of them name the patients in the other order: the database sorts before it locks.
                order = patients if (number + turn) % 2 else patients[::-1]
                with acting(clinic["rosa"]):
                    record_many(clinic["rosa"], order, "patient.listed")
        except Exception as error:  # noqa: BLE001 - whatever it is, the test shows it
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    for patient, count in zip(patients, counts, strict=True):
        events, head = chain_of(patient)
        assert len(events) == count + 80
        assert check_chain(patient.pk, events, head) == []
    connection.close()


def in_two_threads(*works: Callable[[], None]) -> list[Exception]:
    """Run each in a thread and a connection of its own; what any of them raised."""
    errors: list[Exception] = []

    def run(work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - whatever it is, the test shows it
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    connection.close()
    return errors


def test_units_inside_units_take_the_chains_in_one_order(fresh_db: str) -> None:
    """Each has put one patient on the trail inside, and puts the other on it outside: in the opposite order."""
    clinic = make_clinic()
    patients = [clinic.maya, clinic.samuel]
    before = [len(chain_of(patient)[0]) for patient in patients]
    gate = threading.Barrier(2, timeout=30)

    def work(inner: Patient, outer: Patient) -> None:
        with acting(clinic["rosa"]):
            record_many(clinic["rosa"], [outer], "patient.listed")
            with actor.unit_of_work(actor.Actor(user_id=clinic["rosa"].pk, system="inside")):
                note(Event(inner.pk, "patient.view", "system"))
            gate.wait()

    assert in_two_threads(lambda: work(*patients), lambda: work(*patients[::-1])) == []
    for patient, count in zip(patients, before, strict=True):
        events, head = chain_of(patient)
        assert len(events) == count + 2
        assert {event.system for event in events[count:]} == {"", "inside"}
        assert check_chain(patient.pk, events, head) == []


def test_what_happened_inside_is_dropped_with_it_and_what_is_outside_stays(clinic: Clinic) -> None:
    before = len(chain_of(clinic.maya)[0])
    with acting(clinic["rosa"]):
        record_many(clinic["rosa"], [clinic.maya], "patient.listed")
        with (
            contextlib.suppress(ZeroDivisionError),
            actor.unit_of_work(actor.Actor(user_id=clinic["rosa"].pk, system="inside")),
        ):
            note(Event(clinic.maya.pk, "patient.view", "system"))
            raise ZeroDivisionError
        note(Event(clinic.maya.pk, "today.view", "team"))
    events, _head = chain_of(clinic.maya)
    assert [(event.act, event.system) for event in events[before:]] == [
        ("patient.listed", ""),
        ("today.view", ""),
    ]


def test_a_look_that_commits_while_the_patient_writes_a_question_waits_for_nothing_of_theirs(
    fresh_db: str,
) -> None:
    """The question holds the patient's row, the look holds the end of the chain; at its commit the look checks that the patient is
    there, and must not wait for the one who waits for the chain."""
    clinic = make_clinic()
    question_waits, chain_held = threading.Event(), threading.Event()

    def ask() -> None:
        with acting(clinic["maya"]):
            add_question(patient=clinic.maya, by=clinic["maya"], id=uuid7(), text="May I fly?")
            question_waits.set()
            assert chain_held.wait(30)

    def look() -> None:
        with acting(clinic["rosa"]):
            assert question_waits.wait(30)
            note(Event(clinic.maya.pk, "patient.view", "team"))
            actor.flush_trail()
            chain_held.set()
            until_somebody_waits()

    assert in_two_threads(ask, look) == []


def until_somebody_waits(seconds: float = 20) -> None:
    """Until a statement in this database waits for a lock."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            row = cursor.fetchone()
        if row and row[0]:
            return
        time.sleep(0.02)
    raise AssertionError("nobody waits")
