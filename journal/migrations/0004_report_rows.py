"""Row-level security of reports: the patient writes; the team reads what is shared, until it is withdrawn; carers read nothing."""

from django.db import migrations

from portal.lib.db.rls import SYSTEM, PatientRows

MINE = "patient_id IN (SELECT portal_patients('own'))"
TEAM = "patient_id IN (SELECT portal_patients('team'))"


class Migration(migrations.Migration):
    dependencies = [("journal", "0003_reports"), ("patients", "0002_ground")]

    operations = [
        PatientRows("report", area="own"),
        PatientRows(
            "sharedreport",
            using=f"({SYSTEM} OR {MINE} OR (withdrawn_at IS NULL AND {TEAM}))",
            check=f"({SYSTEM} OR {MINE})",
        ),
    ]
