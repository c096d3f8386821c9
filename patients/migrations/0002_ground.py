"""Functions and policies of the ground: who acts, which patients they may see, the chained trail."""

from django.db import migrations

from portal.lib.db.rls import SYSTEM, PatientRows

FUNCTIONS = """
CREATE FUNCTION portal_user() RETURNS uuid LANGUAGE sql STABLE AS
$$ SELECT nullif(current_setting('app.user_id', true), '')::uuid $$;

CREATE FUNCTION portal_system() RETURNS text LANGUAGE sql STABLE AS
$$ SELECT nullif(current_setting('app.system', true), '') $$;

CREATE FUNCTION portal_patients(area text) RETURNS SETOF uuid
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
                    AND area IN ('profile', 'appointments', 'messages', 'shared_journal', 'team'))))
            OR (g.kind = 'team'
                AND area IN ('profile', 'appointments', 'messages', 'shared_journal', 'team')
                AND EXISTS (
                    SELECT 1 FROM clinic_teammember m
                     WHERE m.team_id = g.team_id AND m.user_id = portal_user()
                       AND m.starts_on <= (clock_timestamp() AT TIME ZONE 'UTC')::date
                       AND (m.ends_on IS NULL OR m.ends_on >= (clock_timestamp() AT TIME ZONE 'UTC')::date)))
       )
$$;

CREATE FUNCTION portal_trail_part(value text) RETURNS text LANGUAGE sql IMMUTABLE AS
$$ SELECT CASE WHEN value IS NULL THEN '-' ELSE octet_length(value)::text || ':' || value END $$;

CREATE FUNCTION portal_trail_append(events jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    e jsonb;
    head patients_audithead%ROWTYPE;
    stamp timestamptz;
    next_hash bytea;
BEGIN
    IF portal_user() IS NULL AND portal_system() IS NULL THEN
        RAISE EXCEPTION 'the trail needs an actor';
    END IF;
    INSERT INTO patients_audithead (patient_id, seq, hash)
    SELECT DISTINCT (x->>'patient')::uuid, 0, ''::bytea FROM jsonb_array_elements(events) x
     ORDER BY 1 ON CONFLICT DO NOTHING;
    PERFORM 1 FROM patients_audithead
      WHERE patient_id IN (SELECT (x->>'patient')::uuid FROM jsonb_array_elements(events) x)
      ORDER BY patient_id FOR UPDATE;
    FOR e IN SELECT x FROM jsonb_array_elements(events) WITH ORDINALITY AS t(x, n) ORDER BY n LOOP
        SELECT * INTO head FROM patients_audithead WHERE patient_id = (e->>'patient')::uuid;
        stamp := clock_timestamp();
        next_hash := sha256(head.hash || convert_to(concat_ws('|',
            portal_trail_part(e->>'id'),
            portal_trail_part(e->>'patient'),
            portal_trail_part((head.seq + 1)::text),
            portal_trail_part(to_char(stamp AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US')),
            portal_trail_part(portal_user()::text),
            portal_trail_part(coalesce(portal_system(), '')),
            portal_trail_part(e->>'capacity'),
            portal_trail_part(e->>'act'),
            portal_trail_part(e->>'target'),
            portal_trail_part(e->>'grant')), 'UTF8'));
        INSERT INTO patients_auditevent
            (id, patient_id, seq, at, user_id, system, capacity, act, target, "grant", previous, hash)
        VALUES ((e->>'id')::uuid, (e->>'patient')::uuid, head.seq + 1, stamp, portal_user(),
                coalesce(portal_system(), ''), e->>'capacity', e->>'act', (e->>'target')::uuid,
                (e->>'grant')::uuid, head.hash, next_hash);
        UPDATE patients_audithead SET seq = head.seq + 1, hash = next_hash WHERE patient_id = head.patient_id;
    END LOOP;
END $$;
"""

DROP = """
DROP FUNCTION portal_trail_append(jsonb);
DROP FUNCTION portal_trail_part(text);
DROP FUNCTION portal_patients(text);
DROP FUNCTION portal_system();
DROP FUNCTION portal_user();
"""

SEEN = "patient_id IN (SELECT portal_patients('profile'))"
OWN_KEY = "(space = 'own' AND patient_id IN (SELECT portal_patients('journal')))"
CLINIC_KEY = "(space = 'clinic' AND patient_id IN (SELECT portal_patients('profile')))"


class Migration(migrations.Migration):
    dependencies = [("patients", "0001_initial"), ("clinic", "0001_initial")]

    operations = [
        migrations.RunSQL(FUNCTIONS, DROP),
        PatientRows("patient", area="profile", column="id"),
        # Read by portal_patients as the owner, so not forced on the owner; the app role is never the owner.
        PatientRows(
            "grant",
            using=f"({SYSTEM} OR user_id = (SELECT portal_user()) OR {SEEN})",
            check=f"({SYSTEM} OR patient_id IN (SELECT portal_patients('own')))",
            force=False,
        ),
        PatientRows("patientkey", using=f"({SYSTEM} OR {OWN_KEY} OR {CLINIC_KEY})", check=f"({SYSTEM})"),
        # Written by portal_trail_append as the owner; the app role only reads.
        PatientRows("auditevent", area="own", check="false", force=False),
        PatientRows("audithead", using=f"({SYSTEM})", check="false", force=False),
        PatientRows("draft", area="profile", owner_column="owner_id"),
        PatientRows("receipt", area="profile", owner_column="user_id"),
        PatientRows("question", area="own"),
    ]
