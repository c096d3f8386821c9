"""Row security: visits belong to their patient; claims are read by all, written only beside a visit one may see."""

from django.db import migrations

from portal.lib.db.rls import SYSTEM, PatientRows

OWN_VISIT = f"({SYSTEM} OR EXISTS (SELECT 1 FROM scheduling_appointment a WHERE a.id = appointment_id))"  # noqa: S608

CLOSE = f"""
ALTER TABLE scheduling_claim ENABLE ROW LEVEL SECURITY;
ALTER TABLE scheduling_claim FORCE ROW LEVEL SECURITY;
CREATE POLICY claim_read ON scheduling_claim FOR SELECT USING (true);
CREATE POLICY claim_write ON scheduling_claim FOR INSERT WITH CHECK ({OWN_VISIT});
CREATE POLICY claim_change ON scheduling_claim FOR UPDATE USING ({OWN_VISIT}) WITH CHECK ({OWN_VISIT});
"""

OPEN = """
DROP POLICY claim_read ON scheduling_claim;
DROP POLICY claim_write ON scheduling_claim;
DROP POLICY claim_change ON scheduling_claim;
ALTER TABLE scheduling_claim NO FORCE ROW LEVEL SECURITY;
ALTER TABLE scheduling_claim DISABLE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [("scheduling", "0001_initial"), ("patients", "0002_ground")]

    operations = [
        PatientRows("appointment", area="appointments"),
        migrations.RunSQL(CLOSE, OPEN),
    ]
