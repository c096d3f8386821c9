"""The database refuses on its own: overlaps by raw SQL, claims beside somebody else's visit, deleting anything."""

from __future__ import annotations

import psycopg
import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction

from portal.lib import actor
from portal.lib.ids import uuid7
from scheduling.models import Appointment, Claim
from tests.scheduling.people import Clinic

INSERT = (
    "INSERT INTO scheduling_claim (id, resource_id, appointment_id, during, created_at)"
    " VALUES (%s, %s, %s, tstzrange(%s, %s), now())"
)


def test_raw_sql_cannot_claim_a_taken_place(clinic: Clinic) -> None:
    start = clinic.starts()[0]
    id = clinic.book(start)
    values = [uuid7(), clinic.nurse.pk, id, start.at, start.ends_at]
    with (
        pytest.raises(IntegrityError, match="claim_no_overlap"),
        actor.unit_of_work(actor.Actor(user_id=clinic.maya.pk)),
        connection.cursor() as cursor,
    ):
        cursor.execute(INSERT, values)


def test_raw_sql_cannot_give_a_patient_two_visits_at_once(clinic: Clinic) -> None:
    visit = clinic.visit(clinic.book(clinic.starts()[0]))
    with (
        pytest.raises(IntegrityError, match="patient_no_overlap"),
        actor.unit_of_work(actor.Actor(user_id=clinic.maya.pk)),
    ):
        Appointment(
            patient=clinic.patient,
            service=clinic.kinds["neurologist"],
            resource=clinic.neurologist,
            during=visit.during,
            booked_by=clinic.maya,
            capacity="self",
        ).save(force_insert=True)


@pytest.mark.parametrize(
    "times", ["'empty'", "tstzrange(now(), NULL)", "tstzrange(now(), now() + interval '1 hour', '[]')"]
)
def test_a_visit_has_a_beginning_and_an_end(clinic: Clinic, times: str) -> None:
    id = clinic.book(clinic.starts()[0])
    with (
        pytest.raises(IntegrityError, match="appointment_time_bounded"),
        actor.unit_of_work(actor.Actor(user_id=clinic.maya.pk)),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"UPDATE scheduling_appointment SET during = {times} WHERE id = %s", [id])


def test_everyone_reads_claims_and_only_people_of_the_visit_write_them(clinic: Clinic) -> None:
    start = clinic.starts()[0]
    id = clinic.book(start)
    later = clinic.starts()[8]
    with actor.unit_of_work(actor.Actor(user_id=clinic.samuel.pk)):
        assert Claim.objects.live().count() == 1
        assert Claim.objects.update(released_at=start.at) == 0
        forged = Claim(resource=clinic.nurse, appointment_id=id, during=(later.at, later.ends_at))
        with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
            forged.save(force_insert=True)
    columns = {field.column for field in Claim._meta.get_fields() if hasattr(field, "column")}
    assert columns == {"id", "resource_id", "appointment_id", "during", "created_at", "released_at"}


@pytest.mark.parametrize("table", ["scheduling_claim", "scheduling_appointment"])
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_nothing_is_deleted(clinic: Clinic, table: str, statement: str) -> None:
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        actor.unit_of_work(actor.system("test")),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement.format(table))


def test_another_patients_row_is_not_changed(clinic: Clinic) -> None:
    id = clinic.book(clinic.starts()[0])
    with actor.unit_of_work(actor.Actor(user_id=clinic.samuel.pk)):
        assert Appointment.objects.filter(pk=id).update(version=9) == 0
    assert clinic.visit(id).version == 0


def test_the_owner_of_the_tables_sees_no_visit_either(clinic: Clinic, owner_cursor: psycopg.Cursor) -> None:
    owner_cursor.execute("SELECT count(*) FROM scheduling_appointment")
    assert owner_cursor.fetchone() == (0,)
    owner_cursor.execute(
        "SELECT relforcerowsecurity FROM pg_class WHERE relname IN ('scheduling_appointment', 'scheduling_claim')"
    )
    assert owner_cursor.fetchall() == [(True,), (True,)]
