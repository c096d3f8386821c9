"""The form of the policies: each asks about one patient, and the way back leads to the same rule."""

from __future__ import annotations

import re

from django.db import connection, transaction

from patients.areas import AREAS, TEAM_AREAS
from portal.lib.actor import reading_many
from portal.lib.db.rls import MANY, asked, by_name
from tests.patients.world import Clinic, acting

WITHOUT_PATIENT = {
    "patients_audithead",
    "scheduling_claim",
}  # heads for the system alone; claims hold no patient

# The short way of lists for a team, as PostgreSQL writes it back, and the tables that have it (for reading only).
SHORT = re.compile(
    r"COALESCE\(\(\( SELECT portal_listed\('team'::text\) AS portal_listed\) \? \((?:\w+\.)?patient_id\)::text\), false\) OR "
)
WITH_SHORT = {"messaging_message", "messaging_messageretraction", "messaging_workitem"}


def written(columns: str) -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT tablename, concat_ws(' ', {columns}) FROM pg_policies")
        return dict(cursor.fetchall())


def expressions() -> dict[str, str]:
    """Both rules of each policy, without the short way, which has a test of its own."""
    return {table: SHORT.sub("", text) for table, text in written("qual, with_check").items()}


def test_every_policy_asks_about_one_patient(db: None) -> None:
    texts = expressions()
    assert len(texts) > 30
    for table, text in texts.items():
        assert "portal_patients" not in text, table
        known = set(re.findall(r"portal_opens\('(\w+)'", text))
        assert known <= set(AREAS), table
        assert known or table in WITHOUT_PATIENT, table
        # The list is asked first, for what a team sees and for nothing else.
        listed = re.findall(r"portal_listed\('(\w+)'::text\)", text)
        assert set(listed) == known & set(TEAM_AREAS) == known & MANY, table
        assert len(listed) == sum(area in MANY for area in re.findall(r"portal_opens\('(\w+)'", text)), table


def test_the_short_way_is_for_reading_what_the_team_sees_anyway(db: None) -> None:
    """It stands behind the area of messages and beside the look at the other row, in these tables, and never in the rule for writing."""
    reading, writing = written("qual"), written("with_check")
    assert {table for table, text in reading.items() if SHORT.search(text)} == WITH_SHORT
    for table in WITH_SHORT:
        assert re.search(r"portal_opens\('messages'::text, [\w.]+\)\) AND \(COALESCE", reading[table]), table
        assert SHORT.sub("", reading[table]).count("EXISTS") == writing[table].count("EXISTS") == 1, table
    assert not any(SHORT.search(text) for text in writing.values())


def test_the_areas_of_lists_are_the_areas_of_teams() -> None:
    assert set(TEAM_AREAS) == MANY


def test_turned_back_and_turned_again_is_the_same_rule(db: None) -> None:
    for table, text in expressions().items():
        named = by_name(text)
        assert "portal_opens" not in named
        assert "portal_listed" not in named
        assert asked(named) == text, table
        # What was written before there were lists is turned as well.
        assert asked(by_name(asked(named, listed=False))) == text, table


def test_nobody_finds_others_by_asking(clinic: Clinic) -> None:
    """Asked by the app itself, past every policy; and nobody at all without an actor."""
    patients = [clinic.maya.pk, clinic.samuel.pk]
    ask = "SELECT DISTINCT p FROM unnest(%s::uuid[]) p, unnest(%s::text[]) area WHERE portal_opens(area, p)"
    seen: dict[str, set[object]] = {}
    for name in ("maya", "jonas", "peter", "stranger"):
        with acting(clinic[name]), connection.cursor() as cursor:
            cursor.execute(ask, [patients, list(AREAS)])
            seen[name] = {row[0] for row in cursor.fetchall()}
    assert seen == {"maya": {clinic.maya.pk}, "jonas": {clinic.maya.pk}, "peter": set(), "stranger": set()}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(ask, [patients, list(AREAS)])
        assert cursor.fetchall() == []
    lists = (
        "SELECT DISTINCT patient FROM unnest(%s::text[]) area, jsonb_object_keys(portal_listed(area)) patient"
    )
    for name in ("maya", "jonas", "peter", "stranger"):
        with acting(clinic[name]), reading_many(), connection.cursor() as cursor:
            cursor.execute(lists, [list(AREAS)])
            assert {row[0] for row in cursor.fetchall()} == {str(one) for one in seen[name]}
    with transaction.atomic(), reading_many(), connection.cursor() as cursor:
        cursor.execute(lists, [list(AREAS)])
        assert cursor.fetchall() == []
