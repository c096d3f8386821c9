"""A prescriber's look at a reaction is a change of its own kind."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("treatment", "0007_ledger")]

    operations = [
        migrations.RemoveConstraint("change", "change_kind_known"),
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
                ],
                max_length=8,
            ),
        ),
        migrations.AddConstraint(
            "change",
            models.CheckConstraint(
                condition=Q(
                    kind__in=["moved", "missed", "ended", "paused", "resumed", "switched", "reviewed"]
                ),
                name="change_kind_known",
            ),
        ),
    ]
