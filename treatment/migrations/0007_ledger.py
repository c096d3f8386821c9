"""The monitoring ledger: results in parts, decisions about duties, who keeps them. What was found is the team's alone; the release is the patient's copy."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import patients.fields
import portal.lib.ids
from portal.lib.db.rls import SYSTEM, PatientRows

TEAM_WRITES = f"({SYSTEM} OR patient_id IN (SELECT portal_patients('team')))"


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


def person():
    return models.ForeignKey(
        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
    )


def of_result(related_name):
    return models.OneToOneField(
        on_delete=django.db.models.deletion.PROTECT, related_name=related_name, to="treatment.result"
    )


class Migration(migrations.Migration):
    dependencies = [
        ("clinic", "0003_rota"),
        ("patients", "0006_attention"),
        ("treatment", "0006_readiness"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Result",
            fields=[
                *common(),
                ("test", models.CharField(max_length=160)),
                ("taken_on", models.DateField()),
                ("entered_at", models.DateTimeField()),
                ("withdrawn", models.BooleanField(default=False)),
                (
                    "corrects",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="correction",
                        to="treatment.result",
                    ),
                ),
                ("entered_by", person()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["patient", "test", "-taken_on"], name="result_newest"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("withdrawn", False), ("corrects__isnull", False), _connector="OR"
                        ),
                        name="result_withdrawn_corrects",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("test", ""), _negated=True), name="result_names_a_test"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ResultContent",
            fields=[
                *common(),
                ("details", patients.fields.SealedField()),
                ("result", of_result("content")),
            ],
            options={"abstract": False},
        ),
        migrations.CreateModel(
            name="ResultLook",
            fields=[
                *common(),
                ("at", models.DateTimeField()),
                ("by", person()),
                ("result", of_result("look")),
            ],
            options={"abstract": False},
        ),
        migrations.CreateModel(
            name="ResultRelease",
            fields=[
                *common(),
                ("details", patients.fields.SealedField()),
                ("note", patients.fields.SealedField()),
                ("at", models.DateTimeField()),
                ("by", person()),
                ("result", of_result("release")),
            ],
            options={"abstract": False},
        ),
        migrations.CreateModel(
            name="ResultSeen",
            fields=[
                *common(),
                ("at", models.DateTimeField()),
                (
                    "result",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="seen",
                        to="treatment.result",
                    ),
                ),
                ("user", person()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("result", "user"), name="resultseen_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="DutyDecision",
            fields=[
                *common(),
                ("fact", models.CharField(max_length=160)),
                ("applies", models.BooleanField()),
                ("every_months", models.PositiveSmallIntegerField(null=True)),
                ("reason", patients.fields.SealedField()),
                ("at", models.DateTimeField()),
                ("by", person()),
            ],
            options={
                "indexes": [models.Index(fields=["patient", "fact", "-at"], name="dutydecision_newest")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("every_months__isnull", True),
                            models.Q(("applies", True), ("every_months__gte", 1), ("every_months__lte", 60)),
                            _connector="OR",
                        ),
                        name="dutydecision_months",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DutyKeeper",
            fields=[
                *common(),
                ("reason", patients.fields.SealedField()),
                ("at", models.DateTimeField()),
                ("by", person()),
                (
                    "team",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="clinic.team",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["patient", "-at"], name="dutykeeper_newest")],
            },
        ),
        PatientRows("result", area="treatment", check=TEAM_WRITES),
        PatientRows("resultcontent", area="team"),
        PatientRows("resultlook", area="treatment", check=TEAM_WRITES),
        PatientRows("resultrelease", area="treatment", check=TEAM_WRITES),
        PatientRows("resultseen", area="treatment"),
        PatientRows("dutydecision", area="treatment", check=TEAM_WRITES),
        PatientRows("dutykeeper", area="treatment", check=TEAM_WRITES),
    ]
