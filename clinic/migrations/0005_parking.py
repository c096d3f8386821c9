"""What patients need to know to get there: parking, the way to the room, the nurses' phone."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("clinic", "0004_jurisdiction")]

    operations = [
        migrations.AddField(
            model_name="site",
            name="nurse_phone",
            field=models.CharField(
                blank=True,
                default="",
                max_length=30,
                verbose_name="phone of the infusion nurses while open; empty: the phone while open",
            ),
        ),
        migrations.AddField(
            model_name="site",
            name="parking",
            field=models.TextField(blank=True, default="", verbose_name="parking, as patients read it"),
        ),
        migrations.AddField(
            model_name="site",
            name="how_to_find",
            field=models.TextField(
                blank=True, default="", verbose_name="how to find the infusion room, as patients read it"
            ),
        ),
    ]
