"""A reaction that showed after its dose was noted is a change of its own kind."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("treatment", "0012_day")]

    operations = [
        migrations.RemoveConstraint("change", "change_kind_known"),
        migrations.RemoveConstraint("change", "change_missed_dose"),
        migrations.AlterField(
            "change",
            "kind",
            models.CharField(
                choices=[
                    ("moved", "Moved"),
                    ("missed", "Missed"),
                    ("ended", "Ended"),
                    ("paused", "Paused"),
                    ("resumed", "Gone on with"),
                    ("switched", "Switched to another treatment"),
                    ("reviewed", "Looked at after a reaction: it can go ahead"),
                    ("reaction", "A reaction that showed later"),
                ],
                max_length=8,
            ),
        ),
        migrations.AddConstraint(
            "change",
            models.CheckConstraint(
                condition=Q(
                    kind__in=[
                        "moved",
                        "missed",
                        "ended",
                        "paused",
                        "resumed",
                        "switched",
                        "reviewed",
                        "reaction",
                    ]
                ),
                name="change_kind_known",
            ),
        ),
        migrations.AddConstraint(
            "change",
            models.CheckConstraint(
                condition=~Q(kind__in=["missed", "reaction"]) | Q(dose__isnull=False),
                name="change_missed_dose",
            ),
        ),
    ]
