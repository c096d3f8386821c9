"""Row-level security: the patient writes, a carer may read entries, the team reads only what is shared."""

from django.db import migrations

from portal.lib.db.rls import SYSTEM, PatientRows

MINE = "patient_id IN (SELECT portal_patients('own'))"
TEAM = "patient_id IN (SELECT portal_patients('team'))"
WRITTEN_BY_PATIENT = f"({SYSTEM} OR {MINE})"


class Migration(migrations.Migration):
    dependencies = [("journal", "0001_initial"), ("patients", "0002_ground")]

    operations = [
        PatientRows("tracker", area="own"),
        PatientRows("journalentry", area="journal", check=WRITTEN_BY_PATIENT),
        PatientRows("sensitivepart", area="own"),
        PatientRows("entryrevision", area="own"),
        PatientRows("sharegrant", area="own"),
        # The copy may hold what carers must not see, so it is the team's and the patient's; and once it is
        # withdrawn it is the patient's alone.
        PatientRows(
            "sharedentry",
            using=f"({SYSTEM} OR {MINE} OR (withdrawn_at IS NULL AND {TEAM}))",
            check=WRITTEN_BY_PATIENT,
        ),
    ]
