"""The chair record: lines for the team alone, and the patient's copy of the day. Both tables only grow."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import patients.fields
import portal.lib.ids
from portal.lib.db.rls import SYSTEM, PatientRows

TEAM_WRITES = f"({SYSTEM} OR patient_id IN (SELECT portal_patients('team')))"
KINDS = [
    ("started", "Infusion started"),
    ("stopped", "Infusion stopped"),
    ("went_on", "Infusion went on"),
    ("rate", "Rate changed"),
    ("vitals", "Vital signs"),
    ("premedication", "Premedication given"),
    ("reaction", "Reaction"),
    ("ended", "Infusion ended"),
    ("observing", "Observation began"),
    ("observed", "Observation ended"),
    ("closed", "Record closed"),
    ("taken_back", "Taken back"),
]


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
        ("made_at", models.DateTimeField()),
        (
            "made_by",
            models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
    ]


def of_dose(related_name):
    return models.ForeignKey(
        on_delete=django.db.models.deletion.PROTECT, related_name=related_name, to="treatment.dose"
    )


class Migration(migrations.Migration):
    dependencies = [
        ("patients", "0006_attention"),
        ("treatment", "0010_courses_mended"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ChairRow",
            fields=[
                *common(),
                ("kind", models.CharField(choices=KINDS, max_length=13)),
                ("at", models.DateTimeField()),
                ("noted_later", models.BooleanField(default=False)),
                ("details", patients.fields.SealedField()),
                (
                    "corrects",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="corrected_by",
                        to="treatment.chairrow",
                    ),
                ),
                ("dose", of_dose("chair_rows")),
            ],
            options={
                "ordering": ["at", "made_at", "id"],
                "indexes": [models.Index(fields=["dose", "at"], name="chairrow_of_dose")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(kind__in=[kind for kind, _label in KINDS]),
                        name="chairrow_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(at__lte=models.F("made_at")), name="chairrow_not_ahead"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "taken_back"), _negated=True),
                            ("corrects__isnull", False),
                            _connector="OR",
                        ),
                        name="chairrow_takes_back_a_row",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(kind="closed"), fields=("dose",), name="chairrow_closed_once"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ChairDay",
            fields=[*common(), ("day", patients.fields.SealedField()), ("dose", of_dose("chair_days"))],
            options={
                "ordering": ["-made_at", "-id"],
                "indexes": [models.Index(fields=["dose", "-made_at"], name="chairday_newest")],
            },
        ),
        PatientRows("chairrow", area="team"),
        PatientRows("chairday", area="treatment", check=TEAM_WRITES),
    ]
