"""Row security: a conversation belongs to its patient, and what a patient hid from carers is closed to carers here as well."""

from django.db import migrations

from portal.lib.db.rls import SYSTEM, PatientRows

MINE = "patient_id IN (SELECT portal_patients('messages'))"
NOT_HIDDEN = (
    "(NOT hidden_from_carers OR patient_id IN (SELECT portal_patients('own'))"
    " OR patient_id IN (SELECT portal_patients('team')))"
)


def beside_its_thread(table: str, area: str = "messages") -> str:
    """A row is open where its conversation is, and only when both belong to the same patient."""
    return (
        f"({SYSTEM} OR ({table}.patient_id IN (SELECT portal_patients('{area}')) AND EXISTS ("
        f"SELECT 1 FROM messaging_thread t WHERE t.id = {table}.thread_id AND t.patient_id = {table}.patient_id)))"
    )


class Migration(migrations.Migration):
    dependencies = [("messaging", "0001_initial"), ("patients", "0002_ground")]

    operations = [
        PatientRows("thread", using=f"({SYSTEM} OR ({MINE} AND {NOT_HIDDEN}))"),
        PatientRows("message", using=beside_its_thread("messaging_message")),
        PatientRows("internalnote", using=beside_its_thread("messaging_internalnote", "team")),
        PatientRows("workitem", using=beside_its_thread("messaging_workitem")),
        PatientRows("threadviewer", using=beside_its_thread("messaging_threadviewer")),
        PatientRows("lastnotice", area="team"),
    ]
