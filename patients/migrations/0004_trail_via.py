"""The trail says when a person acted through a program: `app.via` stands beside the purpose. It opens nothing."""

from django.db import migrations

VIA = """
CREATE FUNCTION portal_via() RETURNS text LANGUAGE sql STABLE AS
$$ SELECT nullif(current_setting('app.via', true), '') $$;

CREATE OR REPLACE FUNCTION portal_trail_append(events jsonb) RETURNS void
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
            portal_trail_part(concat_ws(' ', portal_system(), portal_via())),
            portal_trail_part(e->>'capacity'),
            portal_trail_part(e->>'act'),
            portal_trail_part(e->>'target'),
            portal_trail_part(e->>'grant')), 'UTF8'));
        INSERT INTO patients_auditevent
            (id, patient_id, seq, at, user_id, system, capacity, act, target, "grant", previous, hash)
        VALUES ((e->>'id')::uuid, (e->>'patient')::uuid, head.seq + 1, stamp, portal_user(),
                concat_ws(' ', portal_system(), portal_via()), e->>'capacity', e->>'act', (e->>'target')::uuid,
                (e->>'grant')::uuid, head.hash, next_hash);
        UPDATE patients_audithead SET seq = head.seq + 1, hash = next_hash WHERE patient_id = head.patient_id;
    END LOOP;
END $$;
"""

BEFORE = """
CREATE OR REPLACE FUNCTION portal_trail_append(events jsonb) RETURNS void
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

DROP FUNCTION portal_via();
"""


class Migration(migrations.Migration):
    dependencies = [("patients", "0003_treatment_area")]

    operations = [migrations.RunSQL(VIA, BEFORE)]
