"""Versions made at a site, sign-off for each site, drafts of versions, label changes and what comes of them."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import patients.fields
import portal.lib.ids
from portal.lib.db.rls import SYSTEM, PatientRows

TEAM_WRITES = f"({SYSTEM} OR patient_id IN (SELECT portal_patients('team')))"

# Signatures that were given before there was a site to give them for hold at the site of the team of who signed.
SITE_OF_SIGNATURES = """
    SET CONSTRAINTS ALL IMMEDIATE;
    UPDATE treatment_signature SET site_id = COALESCE(
        (SELECT t.site_id FROM clinic_teammember m JOIN clinic_team t ON t.id = m.team_id
          WHERE m.user_id = treatment_signature.user_id ORDER BY m.starts_on, m.id LIMIT 1),
        (SELECT id FROM clinic_site ORDER BY created_at, id LIMIT 1));
    SET CONSTRAINTS ALL DEFERRED;
"""


def protect(to: str, **more: object) -> models.ForeignKey:
    return models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=to, **more)


def key() -> models.UUIDField:
    return models.UUIDField(default=portal.lib.ids.uuid7, editable=False, primary_key=True, serialize=False)


class Migration(migrations.Migration):
    dependencies = [
        ("clinic", "0004_jurisdiction"),
        ("patients", "0006_attention"),
        ("treatment", "0003_self_check"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField("protocol", "site", protect("clinic.site", null=True)),
        migrations.AddField("protocol", "made_by", protect(settings.AUTH_USER_MODEL, null=True)),
        migrations.AddField("protocol", "based_on", protect("treatment.protocol", null=True)),
        migrations.AddField("protocol", "reason", models.TextField(default="")),
        migrations.AddConstraint(
            model_name="protocol",
            constraint=models.CheckConstraint(
                condition=models.Q(site__isnull=True, made_by__isnull=True, based_on__isnull=True, reason="")
                | (
                    models.Q(site__isnull=False, made_by__isnull=False, based_on__isnull=False)
                    & ~models.Q(reason="")
                ),
                name="protocol_made_by_somebody",
            ),
        ),
        migrations.AddField("signature", "demo", models.BooleanField(default=False)),
        migrations.AddField("signature", "site", protect("clinic.site", null=True)),
        migrations.RunSQL(SITE_OF_SIGNATURES, migrations.RunSQL.noop),
        migrations.AlterField("signature", "site", protect("clinic.site")),
        migrations.RemoveConstraint("signature", "signature_once_a_role"),
        migrations.RemoveConstraint("signature", "signature_once_a_person"),
        migrations.AddConstraint(
            model_name="signature",
            constraint=models.UniqueConstraint(
                fields=("protocol", "site", "role"), name="signature_once_a_role"
            ),
        ),
        migrations.AddConstraint(
            model_name="signature",
            constraint=models.UniqueConstraint(
                fields=("protocol", "site", "user"), name="signature_once_a_person"
            ),
        ),
        migrations.AddField("course", "moved_to", protect("treatment.protocol", null=True)),
        migrations.CreateModel(
            name="ProtocolDraft",
            fields=[
                ("id", key()),
                ("content", models.JSONField()),
                ("once", models.JSONField(default=list)),
                ("begun_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("changed_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("site", protect("clinic.site")),
                ("therapy", protect("treatment.therapy")),
                ("based_on", protect("treatment.protocol")),
                ("begun_by", protect(settings.AUTH_USER_MODEL)),
                ("changed_by", protect(settings.AUTH_USER_MODEL)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("site", "therapy"), name="protocoldraft_one_a_therapy")
                ],
            },
        ),
        migrations.CreateModel(
            name="LabelChange",
            fields=[
                ("id", key()),
                ("what", models.TextField()),
                ("source", models.CharField(max_length=300)),
                ("changed_on", models.DateField()),
                ("noted_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("site", protect("clinic.site")),
                (
                    "therapy",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="label_changes",
                        to="treatment.therapy",
                    ),
                ),
                ("noted_by", protect(settings.AUTH_USER_MODEL)),
            ],
            options={
                "ordering": ["-noted_at", "-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("what", ""), _negated=True), models.Q(("source", ""), _negated=True)
                        ),
                        name="labelchange_with_source",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Withdrawal",
            fields=[
                ("id", key()),
                ("withdrawn_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("site", protect("clinic.site")),
                (
                    "protocol",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="withdrawals",
                        to="treatment.protocol",
                    ),
                ),
                (
                    "change",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="withdrawals",
                        to="treatment.labelchange",
                    ),
                ),
                ("withdrawn_by", protect(settings.AUTH_USER_MODEL)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("site", "protocol"), name="withdrawal_once")],
            },
        ),
        migrations.CreateModel(
            name="LabelNotice",
            fields=[
                ("id", key()),
                ("told", models.PositiveIntegerField()),
                ("where", models.CharField(max_length=200)),
                ("sent_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "change",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="notices",
                        to="treatment.labelchange",
                    ),
                ),
                ("sent_by", protect(settings.AUTH_USER_MODEL)),
            ],
            options={"ordering": ["sent_at"]},
        ),
        migrations.CreateModel(
            name="VersionMove",
            fields=[
                ("id", key()),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("made_at", models.DateTimeField()),
                ("reason", patients.fields.SealedField()),
                (
                    "course",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="version_moves",
                        to="treatment.course",
                    ),
                ),
                ("old", protect("treatment.protocol")),
                ("new", protect("treatment.protocol")),
                ("change", protect("treatment.labelchange", null=True)),
                ("made_by", protect(settings.AUTH_USER_MODEL)),
                ("patient", protect("patients.patient")),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("old", models.F("new")), _negated=True),
                        name="versionmove_to_another",
                    )
                ],
            },
        ),
        PatientRows("versionmove", area="treatment", check=TEAM_WRITES),
    ]
