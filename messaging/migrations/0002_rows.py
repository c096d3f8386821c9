"""Row security: a conversation belongs to its patient, and what a patient hid from carers is closed to carers here as well."""

from django.db import migrations

from portal.lib.db.rls import SYSTEM, PatientRows

MINE = "patient_id IN (SELECT portal_patients('messages'))"
NOT_HIDDEN = (
    "(NOT hidden_from_carers OR patient_id IN (SELECT portal_patients('own'))"
    " OR patient_id IN (SELECT portal_patients('team')))"
)


# A row is open where its conversation is, and only when both belong to the same patient.
BESIDE_ITS_THREAD = (
    "(SYSTEM OR (TABLE.patient_id IN (SELECT portal_patients('AREA')) AND EXISTS ("
    "SELECT 1 FROM messaging_thread t WHERE t.id = TABLE.thread_id AND t.patient_id = TABLE.patient_id)))"
)


def beside_its_thread(table: str, area: str = "messages") -> str:
    """The rule above for one table."""
    return BESIDE_ITS_THREAD.replace("SYSTEM", SYSTEM).replace("TABLE", table).replace("AREA", area)


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
