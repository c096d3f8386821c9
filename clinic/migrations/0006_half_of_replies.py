"""How long half of the answers took, counted at night."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("clinic", "0005_parking")]

    operations = [
        migrations.AddField(
            model_name="site",
            name="half_of_replies_minutes",
            field=models.PositiveIntegerField(editable=False, null=True),
        ),
    ]
