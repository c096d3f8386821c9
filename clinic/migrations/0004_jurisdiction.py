"""Whose labels of medicines hold at a site."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("clinic", "0003_rota")]

    operations = [
        migrations.AddField(
            model_name="site",
            name="jurisdiction",
            field=models.CharField(
                choices=[("US", "United States"), ("EU", "European Union"), ("UK", "United Kingdom")],
                default="US",
                max_length=2,
                verbose_name="whose labels of medicines hold here",
            ),
        ),
        migrations.AddConstraint(
            model_name="site",
            constraint=models.CheckConstraint(
                condition=models.Q(("jurisdiction__in", ["US", "EU", "UK"])), name="site_jurisdiction_known"
            ),
        ),
    ]
