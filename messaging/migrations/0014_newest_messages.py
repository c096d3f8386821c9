"""The newest messages of a patient are found without reading all of them: the team's page of a patient shows three."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("messaging", "0013_work_moved")]

    operations = [
        migrations.AddIndex(
            model_name="message",
            index=models.Index(fields=["patient", "-created_at", "-id"], name="message_newest"),
        ),
    ]
