"""Row-level security: the patient and the team see treatment; only the team writes orders, doses and checks. Carers see none of it."""

from django.db import migrations

from portal.lib.db.rls import SYSTEM, PatientRows

TEAM_WRITES = f"({SYSTEM} OR patient_id IN (SELECT portal_patients('team')))"


class Migration(migrations.Migration):
    dependencies = [("treatment", "0001_initial"), ("patients", "0003_treatment_area")]

    operations = [
        PatientRows("order", area="treatment", check=TEAM_WRITES),
        PatientRows("course", area="treatment", check=TEAM_WRITES),
        PatientRows("dose", area="treatment", check=TEAM_WRITES),
        PatientRows("infusionrecord", area="treatment", check=TEAM_WRITES),
        PatientRows("change", area="treatment", check=TEAM_WRITES),
        PatientRows("checkdone", area="treatment", check=TEAM_WRITES),
        PatientRows("checklistitem", area="treatment"),
        PatientRows("allergy", area="treatment"),
        PatientRows("medicine", area="treatment"),
    ]
