"""The rule of access for one patient, so that a statement about one patient or fifty need not list all of them.

`portal_opens(area, patient)` is the rule now, and `portal_patients(area)`, by which policies are written, asks it. Policies are turned to
it after every migrate, by `portal.lib.db.rls.ask_one_by_one`.
"""

from typing import Any

from django.db import migrations

from portal.lib.db.rls import SYSTEM, by_name, rewrite_policies

# In plpgsql because its plan is kept for the connection: in plain SQL it would be planned again for every statement of a page. The cost
# says: ask this after everything that is cheaper.
OPENS = """
CREATE FUNCTION portal_opens(area text, wanted uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER COST 2000 SET search_path = public, pg_temp AS $$
DECLARE
    me uuid := nullif(current_setting('app.user_id', true), '')::uuid;
    for_teams boolean := area IN ('profile', 'appointments', 'messages', 'shared_journal', 'team', 'treatment');
BEGIN
    IF me IS NULL THEN
        RETURN false;
    END IF;
    RETURN EXISTS (
        SELECT 1
          FROM patients_grant g
         WHERE g.patient_id = wanted
           AND g.revoked_at IS NULL AND g.starts_at <= clock_timestamp()
           AND (g.ends_at IS NULL OR g.ends_at > clock_timestamp())
           AND (
                (g.user_id = me AND (
                    (g.kind = 'self' AND area <> 'team')
                    OR (g.kind = 'carer' AND (
                        area = 'profile'
                        OR (area = 'shared_journal' AND 'journal' = ANY (g.scopes))
                        OR (area IN ('appointments', 'messages', 'journal') AND area = ANY (g.scopes))))
                    OR (g.kind = 'break_glass' AND for_teams)))
                OR (g.kind = 'team' AND for_teams AND EXISTS (
                    SELECT 1 FROM clinic_teammember m
                     WHERE m.team_id = g.team_id AND m.user_id = me
                       AND m.starts_on <= (clock_timestamp() AT TIME ZONE 'UTC')::date
                       AND (m.ends_on IS NULL OR m.ends_on >= (clock_timestamp() AT TIME ZONE 'UTC')::date)))
           )
    );
END $$
"""
LISTED = """
CREATE OR REPLACE FUNCTION portal_patients(area text) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT DISTINCT g.patient_id FROM patients_grant g WHERE portal_opens(area, g.patient_id)
$$
"""
BEFORE = """
CREATE OR REPLACE FUNCTION portal_patients(area text) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT g.patient_id
      FROM patients_grant g
     WHERE g.revoked_at IS NULL AND g.starts_at <= clock_timestamp()
       AND (g.ends_at IS NULL OR g.ends_at > clock_timestamp())
       AND portal_user() IS NOT NULL
       AND (
            (g.user_id = portal_user() AND (
                (g.kind = 'self' AND area <> 'team')
                OR (g.kind = 'carer' AND (
                    area = 'profile'
                    OR (area = 'shared_journal' AND 'journal' = ANY (g.scopes))
                    OR (area IN ('appointments', 'messages', 'journal') AND area = ANY (g.scopes))))
                OR (g.kind = 'break_glass'
                    AND area IN ('profile', 'appointments', 'messages', 'shared_journal', 'team', 'treatment'))))
            OR (g.kind = 'team'
                AND area IN ('profile', 'appointments', 'messages', 'shared_journal', 'team', 'treatment')
                AND EXISTS (
                    SELECT 1 FROM clinic_teammember m
                     WHERE m.team_id = g.team_id AND m.user_id = portal_user()
                       AND m.starts_on <= (clock_timestamp() AT TIME ZONE 'UTC')::date
                       AND (m.ends_on IS NULL OR m.ends_on >= (clock_timestamp() AT TIME ZONE 'UTC')::date)))
       )
$$
"""
# A live grant of one's own team opens the profile by itself: said first, because lists over all patients read every grant.
OWN_TEAM = """(kind = 'team' AND revoked_at IS NULL AND starts_at <= clock_timestamp() AND (ends_at IS NULL OR ends_at > clock_timestamp())
    AND team_id IN (SELECT m.team_id FROM clinic_teammember m
                     WHERE m.user_id = (SELECT portal_user()) AND m.starts_on <= (clock_timestamp() AT TIME ZONE 'UTC')::date
                       AND (m.ends_on IS NULL OR m.ends_on >= (clock_timestamp() AT TIME ZONE 'UTC')::date)))"""
GRANTS = "ALTER POLICY patient_rows ON patients_grant USING ({system} OR user_id = (SELECT portal_user()) OR {own_team}{seen})"
SEEN = "patient_id IN (SELECT portal_patients('profile'))"


def turn_back(apps: Any, schema_editor: Any) -> None:
    """On the way back the policies list again, before the function goes."""
    with schema_editor.connection.cursor() as cursor:
        rewrite_policies(cursor, by_name)


class Migration(migrations.Migration):
    dependencies = [("patients", "0004_trail_via"), ("clinic", "0001_initial")]

    operations = [
        migrations.RunSQL(OPENS, "DROP FUNCTION portal_opens(text, uuid)"),
        migrations.RunSQL(LISTED, BEFORE),
        migrations.RunSQL(
            GRANTS.format(system=SYSTEM, own_team=f"{OWN_TEAM} OR ", seen=SEEN),
            GRANTS.format(system=SYSTEM, own_team="", seen=SEEN),
        ),
        migrations.RunPython(migrations.RunPython.noop, turn_back),
    ]
