"""What people say about answers, notices that went out, addresses that do not take them."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import portal.lib.ids
from portal.lib.db.rls import PatientRows


class Migration(migrations.Migration):
    dependencies = [
        ("messaging", "0007_composing"),
        ("patients", "0004_trail_via"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AnswerHelped",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=portal.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "value",
                    models.CharField(
                        choices=[("yes", "Yes"), ("partly", "Partly"), ("no", "No")], max_length=10
                    ),
                ),
                ("said_at", models.DateTimeField()),
                (
                    "message",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="messaging.message"
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
                "indexes": [models.Index(fields=["thread"], name="helped_of_thread")],
                "constraints": [
                    models.UniqueConstraint(fields=("message", "user"), name="helped_once"),
                    models.CheckConstraint(
                        condition=models.Q(("value__in", ["yes", "partly", "no"])), name="helped_value_known"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="NotReached",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=portal.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("address_digest", models.BinaryField()),
                ("since", models.DateTimeField()),
                ("status", models.CharField(blank=True, max_length=12)),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="patients.patient"
                    ),
                ),
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
                "constraints": [models.UniqueConstraint(fields=("patient", "user"), name="notreached_once")],
            },
        ),
        migrations.CreateModel(
            name="SentNotice",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=portal.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("channel", models.CharField(choices=[("mail", "Mail"), ("sms", "Sms")], max_length=10)),
                ("mail_id", models.UUIDField(null=True)),
                ("address_digest", models.BinaryField()),
                ("sent_at", models.DateTimeField(null=True)),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="patients.patient"
                    ),
                ),
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
                "constraints": [
                    models.UniqueConstraint(fields=("mail_id",), name="sentnotice_mail_once"),
                    models.CheckConstraint(
                        condition=models.Q(("channel__in", ["mail", "sms"])), name="sentnotice_channel_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("channel", "mail"), ("mail_id__isnull", False)),
                            models.Q(("channel", "sms"), ("mail_id__isnull", True)),
                            _connector="OR",
                        ),
                        name="sentnotice_mail_has_its_id",
                    ),
                ],
            },
        ),
        PatientRows("answerhelped", area="messages"),
        PatientRows("sentnotice", area="team"),
        PatientRows("notreached", area="messages"),
    ]
