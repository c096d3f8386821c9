"""Lock the ends of several chains at once, before what several actors did in one transaction is appended."""

from django.db import migrations

HOLD = """
CREATE FUNCTION portal_trail_hold(patients uuid[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF portal_user() IS NULL AND portal_system() IS NULL THEN
        RAISE EXCEPTION 'the trail needs an actor';
    END IF;
    INSERT INTO patients_audithead (patient_id, seq, hash)
    SELECT DISTINCT p, 0, ''::bytea FROM unnest(patients) p ORDER BY 1 ON CONFLICT DO NOTHING;
    PERFORM 1 FROM patients_audithead WHERE patient_id = ANY(patients) ORDER BY patient_id FOR UPDATE;
END $$;
"""

BEFORE = "DROP FUNCTION portal_trail_hold(uuid[]);"


class Migration(migrations.Migration):
    dependencies = [("patients", "0006_attention")]

    operations = [migrations.RunSQL(HOLD, BEFORE)]
