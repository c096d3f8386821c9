"""What people were told about a visit that begins later than it is booked."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import portal.lib.ids
from portal.lib.db.rls import SYSTEM, PatientRows

TEAM_WRITES = f"({SYSTEM} OR patient_id IN (SELECT portal_patients('team')))"


class Migration(migrations.Migration):
    dependencies = [
        ("patients", "0006_attention"),
        ("scheduling", "0005_taken_days_follow_claims"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="LateNotice",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=portal.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("version", models.PositiveIntegerField()),
                ("expected_at", models.DateTimeField()),
                ("mails", models.PositiveSmallIntegerField()),
                ("made_at", models.DateTimeField()),
                (
                    "appointment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="late_notices",
                        to="scheduling.appointment",
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="patients.patient"
                    ),
                ),
            ],
            options={
                "ordering": ["-made_at", "-id"],
                "indexes": [models.Index(fields=["appointment", "-made_at"], name="latenotice_newest")],
            },
        ),
        PatientRows("latenotice", area="appointments", check=TEAM_WRITES),
    ]
