"""What became of a dose that was booked elsewhere: its day, and whether somebody booked it here or set it aside."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("treatment", "0012_day"),
    ]

    operations = [
        migrations.AddField(model_name="givenelsewhere", name="booked_on", field=models.DateField(null=True)),
        migrations.AddField(
            model_name="givenelsewhere",
            name="booking",
            field=models.CharField(
                blank=True,
                choices=[("open", "To be entered here"), ("entered", "Booked here"), ("aside", "Set aside")],
                default="",
                max_length=7,
            ),
        ),
        migrations.AddField(
            model_name="givenelsewhere", name="booking_at", field=models.DateTimeField(null=True)
        ),
        migrations.AddField(
            model_name="givenelsewhere",
            name="booking_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="givenelsewhere",
            constraint=models.CheckConstraint(
                condition=models.Q(booking__in=["", "open"], booking_at__isnull=True, booking_by__isnull=True)
                | models.Q(
                    booking__in=["entered", "aside"], booking_at__isnull=False, booking_by__isnull=False
                ),
                name="givenelsewhere_booking",
            ),
        ),
    ]
