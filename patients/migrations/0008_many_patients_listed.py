"""For lists over many patients, which say so by `app.many`: the patients of an area listed once a statement, instead of asked about row by row.

`portal_listed(area)` answers NULL without that setting, and the policies ask `portal_opens` then. `portal_patients(area)`, which it lists,
says the rule of `portal_opens` once more, because asked for each grant it would cost what it shall save; tests hold the two together.
"""

from typing import Any

from django.db import migrations

from portal.lib.db.rls import by_name, rewrite_policies

PATIENTS = """
CREATE OR REPLACE FUNCTION portal_patients(area text) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT g.patient_id
      FROM patients_grant g
     WHERE g.revoked_at IS NULL AND g.starts_at <= clock_timestamp()
       AND (g.ends_at IS NULL OR g.ends_at > clock_timestamp())
       AND (
            (g.user_id = (SELECT portal_user()) AND (
                (g.kind = 'self' AND area <> 'team')
                OR (g.kind = 'carer' AND (
                    area = 'profile'
                    OR (area = 'shared_journal' AND 'journal' = ANY (g.scopes))
                    OR (area IN ('appointments', 'messages', 'journal') AND area = ANY (g.scopes))))
                OR (g.kind = 'break_glass'
                    AND area IN ('profile', 'appointments', 'messages', 'shared_journal', 'team', 'treatment'))))
            OR (g.kind = 'team'
                AND area IN ('profile', 'appointments', 'messages', 'shared_journal', 'team', 'treatment')
                AND g.team_id IN (
                    SELECT m.team_id FROM clinic_teammember m
                     WHERE m.user_id = (SELECT portal_user())
                       AND m.starts_on <= (clock_timestamp() AT TIME ZONE 'UTC')::date
                       AND (m.ends_on IS NULL OR m.ends_on >= (clock_timestamp() AT TIME ZONE 'UTC')::date)))
       )
$$
"""
BEFORE = """
CREATE OR REPLACE FUNCTION portal_patients(area text) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT DISTINCT g.patient_id FROM patients_grant g WHERE portal_opens(area, g.patient_id)
$$
"""
LISTED = """
CREATE FUNCTION portal_listed(area text) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF coalesce(current_setting('app.many', true), '') <> 'on' THEN
        RETURN NULL;
    END IF;
    RETURN (SELECT coalesce(jsonb_object_agg(patient, 1), '{}') FROM portal_patients(area) AS patient);
END $$
"""


def turn_back(apps: Any, schema_editor: Any) -> None:
    """On the way back the policies list by name, before the function goes."""
    with schema_editor.connection.cursor() as cursor:
        rewrite_policies(cursor, by_name)


class Migration(migrations.Migration):
    dependencies = [("patients", "0007_hold_the_chains"), ("clinic", "0001_initial")]

    operations = [
        migrations.RunSQL(PATIENTS, BEFORE),
        migrations.RunSQL(LISTED, "DROP FUNCTION portal_listed(text)"),
        migrations.RunPython(migrations.RunPython.noop, turn_back),
    ]
