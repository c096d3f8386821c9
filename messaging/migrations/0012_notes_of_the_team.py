"""Internal notes are open to people of a team of the patient only: emergency access reads the conversation, and not them."""

from django.db import migrations

from portal.lib.db.rls import SYSTEM

BESIDE_ITS_THREAD = (
    "messaging_internalnote.patient_id IN (SELECT portal_patients('team')) AND EXISTS ("
    "SELECT 1 FROM messaging_thread t"
    " WHERE t.id = messaging_internalnote.thread_id AND t.patient_id = messaging_internalnote.patient_id)"
)
# A live grant of a team that the person is in today; the same as `portal_opens` says of teams.
OF_OWN_TEAM = (
    "EXISTS (SELECT 1 FROM patients_grant g JOIN clinic_teammember m ON m.team_id = g.team_id"
    " WHERE g.patient_id = messaging_internalnote.patient_id AND g.kind = 'team' AND g.revoked_at IS NULL"
    " AND g.starts_at <= clock_timestamp() AND (g.ends_at IS NULL OR g.ends_at > clock_timestamp())"
    " AND m.user_id = (SELECT portal_user()) AND m.starts_on <= (clock_timestamp() AT TIME ZONE 'UTC')::date"
    " AND (m.ends_on IS NULL OR m.ends_on >= (clock_timestamp() AT TIME ZONE 'UTC')::date))"
)


def rule(expression: str) -> str:
    found = f"({SYSTEM} OR ({expression}))"
    return f"ALTER POLICY patient_rows ON messaging_internalnote USING {found} WITH CHECK {found}"


class Migration(migrations.Migration):
    dependencies = [("messaging", "0011_lists_of_the_team"), ("patients", "0005_one_patient_asked")]

    operations = [
        migrations.RunSQL(rule(f"{BESIDE_ITS_THREAD} AND {OF_OWN_TEAM}"), rule(BESIDE_ITS_THREAD)),
    ]
