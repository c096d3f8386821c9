"""The on-call rota, absences, and the clocks of the work list."""

import django.contrib.postgres.constraints
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import portal.lib.ids


class Migration(migrations.Migration):
    dependencies = [
        ("clinic", "0002_infusions_directly"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Absence",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=portal.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("starts_on", models.DateField(verbose_name="first day")),
                ("ends_on", models.DateField(verbose_name="last day")),
                ("canceled_at", models.DateTimeField(blank=True, null=True, verbose_name="called off")),
            ],
            options={
                "ordering": ["starts_on"],
            },
        ),
        migrations.CreateModel(
            name="OnCall",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=portal.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("starts_at", models.DateTimeField(verbose_name="from")),
                ("ends_at", models.DateTimeField(verbose_name="to")),
                (
                    "canceled_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="taken off the rota"),
                ),
            ],
            options={
                "verbose_name": "time on call",
                "verbose_name_plural": "on-call rota",
                "ordering": ["starts_at"],
            },
        ),
        migrations.AddField(
            model_name="site",
            name="escalate_minutes",
            field=models.PositiveIntegerField(
                default=30,
                verbose_name="urgent messages nobody has taken on: minutes, day and night, until the person on call is told",
            ),
        ),
        migrations.AddField(
            model_name="site",
            name="silent_owner_minutes",
            field=models.PositiveIntegerField(
                default=240,
                verbose_name="claimed messages go back to the team after so many open minutes without an act",
            ),
        ),
        migrations.AddField(
            model_name="site",
            name="unread_call_days",
            field=models.PositiveSmallIntegerField(
                default=5, verbose_name="messages a patient has not read: days until somebody calls"
            ),
        ),
        migrations.AddConstraint(
            model_name="site",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("silent_owner_minutes__gte", 1),
                    ("escalate_minutes__gte", 1),
                    ("unread_call_days__gte", 1),
                ),
                name="site_clocks_positive",
            ),
        ),
        migrations.AddField(
            model_name="absence",
            name="cover",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="who covers",
            ),
        ),
        migrations.AddField(
            model_name="absence",
            name="created_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="absence",
            name="team",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="clinic.team"
            ),
        ),
        migrations.AddField(
            model_name="absence",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="who is away",
            ),
        ),
        migrations.AddField(
            model_name="oncall",
            name="created_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="oncall",
            name="team",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="clinic.team"
            ),
        ),
        migrations.AddField(
            model_name="oncall",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="who",
            ),
        ),
        migrations.AddConstraint(
            model_name="absence",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_on__gte", models.F("starts_on"))), name="absence_ends_after_start"
            ),
        ),
        migrations.AddConstraint(
            model_name="absence",
            constraint=models.CheckConstraint(
                condition=models.Q(("cover", models.F("user")), _negated=True),
                name="absence_covered_by_another",
            ),
        ),
        migrations.AddConstraint(
            model_name="absence",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                condition=models.Q(("canceled_at__isnull", True)),
                expressions=[
                    ("team", "="),
                    ("user", "="),
                    (
                        models.Func(
                            models.F("starts_on"),
                            models.F("ends_on"),
                            models.Value("[]"),
                            function="DATERANGE",
                        ),
                        "&&",
                    ),
                ],
                name="absence_once_at_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="oncall",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_at__gt", models.F("starts_at"))), name="oncall_ends_after_start"
            ),
        ),
        migrations.AddConstraint(
            model_name="oncall",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                condition=models.Q(("canceled_at__isnull", True)),
                expressions=[
                    ("team", "="),
                    (
                        models.Func(
                            models.F("starts_at"),
                            models.F("ends_at"),
                            models.Value("[)"),
                            function="TSTZRANGE",
                        ),
                        "&&",
                    ),
                ],
                name="oncall_one_at_a_time",
            ),
        ),
    ]
