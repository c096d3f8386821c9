"""What a conversation brought up is tied to the dose before which it has to be done."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("messaging", "0009_alarms"),
        ("treatment", "0007_ledger"),
    ]

    operations = [
        migrations.AddField(
            model_name="openitem",
            name="dose",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="treatment.dose",
            ),
        ),
    ]
