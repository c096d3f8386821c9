"""What happened to work, and whom somebody has to call; both are open to the team only."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import patients.fields
import portal.lib.ids
from portal.lib.db.rls import SYSTEM, PatientRows

OF_TEAM = "patient_id IN (SELECT portal_patients('team'))"
MINE = "patient_id IN (SELECT portal_patients('messages'))"


class Migration(migrations.Migration):
    dependencies = [
        ("clinic", "0003_rota"),
        ("messaging", "0005_writing"),
        ("patients", "0006_attention"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CallTask",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=portal.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("seq", models.PositiveIntegerField(default=0)),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("unread", "Has not read a message"),
                            ("bounced", "Our mail did not arrive"),
                            ("no_account", "Does not use the portal"),
                        ],
                        max_length=12,
                    ),
                ),
                ("since", models.DateTimeField()),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("tried_at", models.DateTimeField(null=True)),
                ("done_at", models.DateTimeField(null=True)),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="patients.patient"
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="clinic.team"
                    ),
                ),
                (
                    "thread",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="messaging.thread",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="WorkItemEvent",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=portal.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("claimed", "taken on"),
                            ("released", "put back"),
                            ("handed_over", "handed over"),
                            ("returned", "back to the team: nothing was done"),
                            ("covered", "passed on: away"),
                            ("escalated", "nobody had taken it on"),
                            ("answered", "answered"),
                            ("closed", "closed without an answer"),
                            ("reached", "called, reached"),
                            ("not_reached", "called, not reached"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "lane",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("safety", "Safety"),
                            ("clinical", "Clinical"),
                            ("logistics", "Visits and infusions"),
                            ("administration", "Office"),
                        ],
                        max_length=20,
                    ),
                ),
                ("step", models.PositiveSmallIntegerField(default=0)),
                ("reason", patients.fields.SealedField(null=True)),
                (
                    "call",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="messaging.calltask",
                    ),
                ),
                (
                    "item",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="messaging.workitem",
                    ),
                ),
                (
                    "other",
                    models.ForeignKey(
                        null=True,
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
                (
                    "thread",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="messaging.thread",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="calltask",
            index=models.Index(
                condition=models.Q(("done_at__isnull", True)), fields=["team", "since"], name="call_order"
            ),
        ),
        migrations.AddConstraint(
            model_name="calltask",
            constraint=models.UniqueConstraint(
                condition=models.Q(("done_at__isnull", True), ("thread__isnull", True)),
                fields=("patient", "user", "reason"),
                name="call_one_open",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="calltask",
            constraint=models.UniqueConstraint(
                condition=models.Q(("thread__isnull", False)),
                fields=("thread", "reason", "seq"),
                name="call_once_for_a_message",
            ),
        ),
        migrations.AddConstraint(
            model_name="calltask",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason__in", ["unread", "bounced", "no_account"])),
                name="call_reason_known",
            ),
        ),
        migrations.AddIndex(
            model_name="workitemevent",
            index=models.Index(fields=["thread", "created_at"], name="workevent_of_thread"),
        ),
        migrations.AddIndex(
            model_name="workitemevent",
            index=models.Index(fields=["item", "-created_at"], name="workevent_of_item"),
        ),
        migrations.AddConstraint(
            model_name="workitemevent",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind", "escalated")), fields=("item", "step"), name="workevent_told_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="workitemevent",
            constraint=models.CheckConstraint(
                condition=models.Q(("item__isnull", False), ("call__isnull", False), _connector="OR"),
                name="workevent_about_something",
            ),
        ),
        migrations.AddConstraint(
            model_name="workitemevent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "claimed",
                            "released",
                            "handed_over",
                            "returned",
                            "covered",
                            "escalated",
                            "answered",
                            "closed",
                            "reached",
                            "not_reached",
                        ],
                    )
                ),
                name="workevent_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="workitemevent",
            constraint=models.CheckConstraint(
                condition=models.Q(("lane__in", ["", "safety", "clinical", "logistics", "administration"])),
                name="workevent_lane_known",
            ),
        ),
        PatientRows("calltask", area="team"),
        # Read by the team only; a patient who needs no answer any more writes the last line.
        PatientRows("workitemevent", using=f"({SYSTEM} OR {OF_TEAM})", check=f"({SYSTEM} OR {MINE})"),
    ]
