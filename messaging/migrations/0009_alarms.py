"""An urgent message in work that somebody has, the rounds of telling people, and more reasons to call."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("clinic", "0004_jurisdiction"),
        ("messaging", "0008_reading"),
        ("patients", "0008_many_patients_listed"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="calltask",
            name="call_reason_known",
        ),
        migrations.RemoveConstraint(
            model_name="workitemevent",
            name="workevent_told_once",
        ),
        migrations.RemoveConstraint(
            model_name="workitemevent",
            name="workevent_kind_known",
        ),
        migrations.AddField(
            model_name="sentnotice",
            name="failed_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="workitem",
            name="alarm_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="workitem",
            name="round",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="workitem",
            name="told",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="workitemevent",
            name="round",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AlterField(
            model_name="calltask",
            name="reason",
            field=models.CharField(
                choices=[
                    ("unread", "Has not read a message"),
                    ("bounced", "Our mail did not arrive"),
                    ("failed", "Our mail could not be sent"),
                    ("inactive", "The account is switched off"),
                    ("no_address", "Has no confirmed email address"),
                    ("no_account", "Does not use the portal"),
                ],
                max_length=12,
            ),
        ),
        migrations.AlterField(
            model_name="workitemevent",
            name="kind",
            field=models.CharField(
                choices=[
                    ("claimed", "taken on"),
                    ("released", "put back"),
                    ("handed_over", "handed over"),
                    ("returned", "back to the team: nothing was done"),
                    ("covered", "passed on: away"),
                    ("alarm", "an urgent message came in"),
                    ("heard", "opened the urgent message"),
                    ("escalated", "nobody had taken it on"),
                    ("answered", "answered"),
                    ("closed", "closed without an answer"),
                    ("reached", "called, reached"),
                    ("not_reached", "called, not reached"),
                ],
                max_length=12,
            ),
        ),
        migrations.AddConstraint(
            model_name="calltask",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("reason__in", ["unread", "bounced", "failed", "inactive", "no_address", "no_account"])
                ),
                name="call_reason_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="workitemevent",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind", "escalated")),
                fields=("item", "round", "step"),
                name="workevent_told_once",
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
                            "alarm",
                            "heard",
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
    ]
