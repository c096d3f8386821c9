"""Row security of lists over many patients: for a patient of the person's own teams the conversation beside each row is not looked up.

What a patient hides is hidden from carers, and a team sees every conversation of its patients: there the look at the conversation answers
yes for each of 10,000 rows. That a row and its conversation belong to the same patient is asked when it is written, as before.
"""

from django.db import migrations

from portal.lib.db.rls import SYSTEM, on_the_teams_list

# As in 0002 and 0007, with the short way before the look.
BESIDE = (
    "(SYSTEM OR (TABLE.patient_id IN (SELECT portal_patients('messages')) AND (SHORT OR EXISTS ("
    "SELECT 1 FROM OTHER o WHERE o.id = TABLE.COLUMN AND o.patient_id = TABLE.patient_id))))"
)
HANGS_ON = {
    "messaging_message": ("messaging_thread", "thread_id"),
    "messaging_workitem": ("messaging_thread", "thread_id"),
    "messaging_messageretraction": ("messaging_message", "message_id"),
}


def using(table: str, short: str) -> str:
    """The statement that gives a table's policy this rule for reading."""
    other, column = HANGS_ON[table]
    rule = BESIDE.replace("SHORT OR ", f"{short} OR " if short else "")
    rule = rule.replace("SYSTEM", SYSTEM).replace("TABLE", table).replace("OTHER", other)
    return f"ALTER POLICY patient_rows ON {table} USING ({rule.replace('COLUMN', column)})"


class Migration(migrations.Migration):
    dependencies = [("messaging", "0010_work_items"), ("patients", "0008_many_patients_listed")]

    operations = [
        migrations.RunSQL(using(table, on_the_teams_list(f"{table}.patient_id")), using(table, ""))
        for table in HANGS_ON
    ]
