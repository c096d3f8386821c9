"""Answers to red-flag questions, and the signature under the questions."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import patients.fields
import portal.lib.ids
from portal.lib.db.rls import SYSTEM, PatientRows

# A row is open where its conversation is, and only when both belong to the same patient.
BESIDE_ITS_THREAD = (
    "(SYSTEM OR (TABLE.patient_id IN (SELECT portal_patients('messages')) AND EXISTS ("
    "SELECT 1 FROM messaging_thread t WHERE t.id = TABLE.thread_id AND t.patient_id = TABLE.patient_id)))"
)


def beside_its_thread(table: str) -> str:
    """The rule above for one table."""
    return BESIDE_ITS_THREAD.replace("SYSTEM", SYSTEM).replace("TABLE", table)


class Migration(migrations.Migration):
    dependencies = [
        ("messaging", "0004_files"),
        ("patients", "0004_trail_via"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="RulesetSignature",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=portal.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("version", models.PositiveIntegerField()),
                ("content_hash", models.CharField(max_length=64)),
                ("name", models.CharField(max_length=150)),
                ("signed_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["signed_at"],
                "constraints": [
                    models.UniqueConstraint(fields=("version", "content_hash"), name="ruleset_signed_once"),
                    models.CheckConstraint(
                        condition=models.Q(("version__gte", 1)), name="ruleset_version_from_1"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TriageAnswers",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=portal.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("ruleset_version", models.PositiveIntegerField()),
                ("ruleset_signed", models.BooleanField()),
                (
                    "level",
                    models.CharField(
                        choices=[
                            ("none", "No red flag"),
                            ("call_now", "Call now"),
                            ("emergency", "Emergency"),
                        ],
                        max_length=10,
                    ),
                ),
                ("answers", patients.fields.SealedField()),
                (
                    "message",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="triage",
                        to="messaging.message",
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="patients.patient"
                    ),
                ),
                (
                    "thread",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="messaging.thread"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "triage answers",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("level__in", ["none", "call_now", "emergency"])),
                        name="triage_level_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("ruleset_version__gte", 1)), name="triage_version_from_1"
                    ),
                ],
            },
        ),
        PatientRows("triageanswers", using=beside_its_thread("messaging_triageanswers")),
    ]
