"""The form of the policies: each asks about one patient, and the way back leads to the same rule."""

from __future__ import annotations

import re

from django.db import connection, transaction

from patients.areas import AREAS
from portal.lib.db.rls import asked, by_name
from tests.patients.world import Clinic, acting

WITHOUT_PATIENT = {
    "patients_audithead",
    "scheduling_claim",
}  # heads for the system alone; claims hold no patient


def expressions() -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename, concat_ws(' ', qual, with_check) FROM pg_policies")
        return dict(cursor.fetchall())


def test_every_policy_asks_about_one_patient(db: None) -> None:
    texts = expressions()
    assert len(texts) > 30
    for table, text in texts.items():
        assert "portal_patients" not in text, table
        known = set(re.findall(r"portal_opens\('(\w+)'", text))
        assert known <= set(AREAS), table
        assert known or table in WITHOUT_PATIENT, table


def test_turned_back_and_turned_again_is_the_same_rule(db: None) -> None:
    for table, text in expressions().items():
        listed = by_name(text)
        assert "portal_opens" not in listed
        assert asked(listed).replace("::text", "") == text.replace("::text", ""), table


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
