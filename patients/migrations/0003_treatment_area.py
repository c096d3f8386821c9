"""The area of orders, doses, checks, allergies and medicines: open to the patient and the team, never to carers."""

from django.db import migrations

PATIENTS = """
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
                OR (g.kind = 'break_glass' AND area IN ({areas}))))
            OR (g.kind = 'team'
                AND area IN ({areas})
                AND EXISTS (
                    SELECT 1 FROM clinic_teammember m
                     WHERE m.team_id = g.team_id AND m.user_id = portal_user()
                       AND m.starts_on <= (clock_timestamp() AT TIME ZONE 'UTC')::date
                       AND (m.ends_on IS NULL OR m.ends_on >= (clock_timestamp() AT TIME ZONE 'UTC')::date)))
       )
$$;
"""
BEFORE = "'profile', 'appointments', 'messages', 'shared_journal', 'team'"
AFTER = f"{BEFORE}, 'treatment'"


class Migration(migrations.Migration):
    dependencies = [("patients", "0002_ground"), ("clinic", "0001_initial")]

    operations = [migrations.RunSQL(PATIENTS.format(areas=AFTER), PATIENTS.format(areas=BEFORE))]
