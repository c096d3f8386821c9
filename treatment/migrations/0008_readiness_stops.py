"""Stops that were lifted, by name and with the reason.

Until now an answer that was looked at stopped nothing by itself. From now on it does until somebody lifts it, so answers that were looked
at before and whose dose is still planned stop it again: the safe side, because nothing that was kept says for all of them what was decided.
"""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import patients.fields
import portal.lib.ids
from portal.lib.db.rls import SYSTEM, PatientRows

TEAM_WRITES = f"({SYSTEM} OR patient_id IN (SELECT portal_patients('team')))"


class Migration(migrations.Migration):
    dependencies = [
        ("patients", "0006_attention"),
        ("treatment", "0007_ledger"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="StopLift",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=portal.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("lifted_at", models.DateTimeField()),
                ("reason", patients.fields.SealedField()),
                (
                    "answer",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lift",
                        to="treatment.doseanswer",
                    ),
                ),
                (
                    "lifted_by",
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
            options={"abstract": False},
        ),
        migrations.AddIndex(
            "doseanswer",
            models.Index(
                fields=["answered_at"],
                name="doseanswer_call_first",
                condition=models.Q(("level", "call_first")),
            ),
        ),
        PatientRows("stoplift", area="treatment", check=TEAM_WRITES),
    ]
