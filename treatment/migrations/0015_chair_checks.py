"""A line of the chair record for what the nurse checks before the start."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("treatment", "0014_from_elsewhere"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="chairrow",
            name="chairrow_kind_known",
        ),
        migrations.AlterField(
            model_name="chairrow",
            name="kind",
            field=models.CharField(
                choices=[
                    ("checks", "Checks before the start"),
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
                ],
                max_length=13,
            ),
        ),
        migrations.AddConstraint(
            model_name="chairrow",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "checks",
                            "started",
                            "stopped",
                            "went_on",
                            "rate",
                            "vitals",
                            "premedication",
                            "reaction",
                            "ended",
                            "observing",
                            "observed",
                            "closed",
                            "taken_back",
                        ],
                    )
                ),
                name="chairrow_kind_known",
            ),
        ),
    ]
