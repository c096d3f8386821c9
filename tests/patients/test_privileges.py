"""What the app role may do is what the models say, and PostgreSQL itself refuses the rest."""

from __future__ import annotations

import re

import pytest
from django.db import ProgrammingError, connection, transaction

from portal.lib.db.privileges import DEFAULT_PRIVILEGES, table_privileges
from tests.patients.world import Clinic, acting_system

GROWS_ONLY = ("patients_auditevent", "patients_audithead")


def refused(statement: str, role: str = "") -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    except ProgrammingError as error:
        return "permission denied" in str(error) or "must be owner" in str(error)
    return False


@pytest.mark.parametrize("table", GROWS_ONLY)
@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO {table} SELECT * FROM {table}",
        "UPDATE {table} SET hash = ''",
        "DELETE FROM {table}",
        "TRUNCATE {table}",
        "DROP TABLE {table}",
        "ALTER TABLE {table} DISABLE TRIGGER ALL",
        "ALTER TABLE {table} DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY",
        "DROP POLICY patient_rows ON {table}",
        "CREATE POLICY mine ON {table} USING (true)",
        "CREATE RULE mine AS ON INSERT TO {table} DO INSTEAD NOTHING",
        "CREATE TRIGGER mine BEFORE INSERT ON {table} EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    ],
)
def test_the_trail_cannot_be_changed_as_the_app(clinic: Clinic, table: str, statement: str) -> None:
    with acting_system():
        assert refused(statement.format(table=table))


def test_no_table_can_be_emptied_as_the_app(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = [row[0] for row in cursor.fetchall()]
    assert len(tables) > 30
    for table in tables:
        assert refused(f'TRUNCATE "{table}"'), table


def test_the_app_owns_nothing_and_makes_nothing(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_class WHERE pg_get_userbyid(relowner) = current_user")
        assert cursor.fetchone() == (0,)
        cursor.execute("SELECT count(*) FROM pg_proc WHERE pg_get_userbyid(proowner) = current_user")
        assert cursor.fetchone() == (0,)
        cursor.execute(
            "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication FROM pg_roles WHERE rolname = current_user"
        )
        assert cursor.fetchone() == (False,) * 5
        cursor.execute("SELECT count(*) FROM pg_auth_members WHERE member = current_user::regrole")
        assert cursor.fetchone() == (0,)
    assert refused("CREATE TABLE mine (id int)")
    assert refused("CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'")


@pytest.mark.parametrize("role", ["portal_owner", "portal_maintenance", "postgres"])
def test_the_app_cannot_become_another_role(db: None, role: str) -> None:
    assert refused(f"SET ROLE {role}") or refused(f"SET SESSION AUTHORIZATION {role}")


def test_privileges_of_each_table_are_those_of_its_model(db: None) -> None:
    with connection.cursor() as cursor:
        for table, said in table_privileges().items():
            words = re.findall(r"[A-Z]+(?: \([a-z_, ]+\))?", said)
            wanted = {word for word in words if "(" not in word}
            cursor.execute(
                "SELECT p FROM unnest(ARRAY['SELECT','INSERT','UPDATE','DELETE','TRUNCATE','REFERENCES','TRIGGER']) p"
                " WHERE has_table_privilege(current_user, %s, p)",
                [f'"{table}"'],
            )
            assert {row[0] for row in cursor.fetchall()} == wanted, table
            for word in words:
                if "(" in word:
                    verb, columns = word.rstrip(")").split(" (")
                    cursor.execute(
                        "SELECT array_agg(attname::text) FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
                        " AND NOT attisdropped AND has_column_privilege(current_user, attrelid, attnum, %s)",
                        [table, verb],
                    )
                    assert set(cursor.fetchone()[0]) == {name.strip() for name in columns.split(",")}, table


def test_tables_that_no_model_owns_are_known(db: None) -> None:
    """Nobody adds a table past the models without it being looked at here."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        without = {row[0] for row in cursor.fetchall()} - set(table_privileges())
    assert {name for name in without if not name.startswith("procrastinate_")} == {
        "django_migrations",
        "portal_cache",
    }
    assert DEFAULT_PRIVILEGES == "SELECT, INSERT, UPDATE, DELETE"


def test_the_trails_writer_cannot_be_replaced(db: None) -> None:
    body = (
        "CREATE OR REPLACE FUNCTION portal_trail_append(events jsonb) RETURNS void LANGUAGE sql AS 'SELECT 1'"
    )
    assert refused(body)
    assert refused("DROP FUNCTION portal_trail_append(jsonb)")
    assert refused("ALTER FUNCTION portal_patients(text) SECURITY INVOKER")
