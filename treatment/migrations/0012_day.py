"""Check-ins after a dose (asked by the worker, answered by the patient) and the patient's own plans."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import patients.fields
import portal.lib.ids
from portal.lib.db.rls import SYSTEM, PatientRows

MINE = "patient_id IN (SELECT portal_patients('own'))"


def common():
    return [
        (
            "id",
            models.UUIDField(default=portal.lib.ids.uuid7, editable=False, primary_key=True, serialize=False),
        ),
        ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
        (
            "patient",
            models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="patients.patient"
            ),
        ),
    ]


class Migration(migrations.Migration):
    dependencies = [
        ("patients", "0006_attention"),
        ("treatment", "0011_chair"),
    ]

    operations = [
        migrations.CreateModel(
            name="CheckIn",
            fields=[
                *common(),
                ("step", models.PositiveSmallIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "Handed to the mail"),
                            ("nobody", "No account: nobody to write to"),
                        ],
                        max_length=8,
                    ),
                ),
                ("asked_at", models.DateTimeField()),
                ("mail_id", models.UUIDField(null=True)),
                ("answered_at", models.DateTimeField(null=True)),
                (
                    "answer",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="check_in",
                        to="treatment.selfcheck",
                    ),
                ),
                (
                    "dose",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="check_ins",
                        to="treatment.dose",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["patient", "-asked_at"], name="checkin_newest")],
                "constraints": [
                    models.UniqueConstraint(fields=("dose", "step"), name="checkin_step_once"),
                    models.CheckConstraint(
                        condition=models.Q(("step__in", [1, 24, 72])), name="checkin_step_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("mail_id__isnull", True), ("state", "nobody")),
                            models.Q(("mail_id__isnull", False), ("state", "queued")),
                            _connector="OR",
                        ),
                        name="checkin_state_fits",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answer__isnull", True), ("answered_at__isnull", True)),
                            models.Q(("answer__isnull", False), ("answered_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="checkin_answered_at_a_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LifePlan",
            fields=[
                *common(),
                ("version", models.PositiveIntegerField(default=1)),
                ("written_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("asked_at", models.DateTimeField(null=True)),
                ("words", patients.fields.SealedField(space="own")),
            ],
            options={
                "indexes": [models.Index(fields=["patient", "-written_at"], name="lifeplan_newest")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("version__gte", 1)), name="lifeplan_version_from_1"
                    )
                ],
            },
        ),
        PatientRows(
            "checkin",
            area="treatment",
            # The worker asks and the patient answers; the team reads.
            check=f"({SYSTEM} OR {MINE})",
        ),
        PatientRows("lifeplan", area="own"),
    ]
