"""What a patient was given before they came here, and their weight and height."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from patients.areas import TREATMENT
from patients.fields import SealedField
from patients.models import PatientRecord
from patients.querysets import PatientRecordQuerySet


class GivenElsewhereQuerySet(PatientRecordQuerySet["GivenElsewhere"]):
    def standing(self) -> GivenElsewhereQuerySet:
        """Those that were not taken off again."""
        return self.filter(withdrawn_at__isnull=True).select_related("therapy", "written_by", "confirmed_by")


class GivenElsewhere(PatientRecord):
    """All that a patient was given of one therapy before they came here. NULL is not known, and never counts as none.

    What nobody has confirmed does not count: the counters read "unknown" and block. A wrong one is taken off and written anew.
    """

    class Origin(models.TextChoices):
        FORM = "form", _("Written by hand")
        FILE = "file", _("From a file")

    class Booking(models.TextChoices):
        """What became of a dose that was booked elsewhere or in the old system; empty: none was told."""

        OPEN = "open", _("To be entered here")
        ENTERED = "entered", _("Booked here")
        ASIDE = "aside", _("Set aside")

    record_area: ClassVar[str] = TREATMENT
    app_privileges = "SELECT, INSERT, UPDATE"

    therapy = models.ForeignKey("treatment.Therapy", on_delete=models.PROTECT, related_name="+")
    doses_given = models.PositiveSmallIntegerField(null=True)
    first_on = models.DateField(null=True)
    last_on = models.DateField(null=True)
    lifetime_mg_m2 = models.DecimalField(max_digits=6, decimal_places=2, null=True)
    details = SealedField()  # the texts of `services.TEXTS`, and "jcv_on"
    booked_on = models.DateField(null=True)
    booking = models.CharField(max_length=7, choices=Booking, blank=True, default="")
    booking_at = models.DateTimeField(null=True)  # when somebody booked it here or set it aside
    booking_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    origin = models.CharField(max_length=4, choices=Origin)
    written_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    confirmed_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")

    objects: ClassVar[GivenElsewhereQuerySet] = GivenElsewhereQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["written_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "therapy"],
                condition=Q(withdrawn_at__isnull=True),
                name="givenelsewhere_one_stands",
            ),
            models.CheckConstraint(
                condition=Q(origin__in=["form", "file"]), name="givenelsewhere_origin_known"
            ),
            models.CheckConstraint(
                condition=Q(first_on__isnull=True) | Q(last_on__isnull=True) | Q(first_on__lte=F("last_on")),
                name="givenelsewhere_days_in_order",
            ),
            models.CheckConstraint(
                condition=Q(lifetime_mg_m2__isnull=True) | Q(lifetime_mg_m2__gte=0),
                name="givenelsewhere_total_from_0",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_at__isnull=True, confirmed_by__isnull=True)
                | Q(confirmed_at__isnull=False, confirmed_by__isnull=False, doses_given__isnull=False),
                name="givenelsewhere_confirmed",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True, withdrawn_by__isnull=True)
                | Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False),
                name="givenelsewhere_withdrawn",
            ),
            models.CheckConstraint(
                condition=Q(booking__in=["", "open"], booking_at__isnull=True, booking_by__isnull=True)
                | Q(booking__in=["entered", "aside"], booking_at__isnull=False, booking_by__isnull=False),
                name="givenelsewhere_booking",
            ),
        ]

    @property
    def is_confirmed(self) -> bool:
        return self.confirmed_at is not None


class BodyMeasureQuerySet(PatientRecordQuerySet["BodyMeasure"]):
    def newest_first(self) -> BodyMeasureQuerySet:
        return self.select_related("measured_by").order_by("-measured_on", "-id")


class BodyMeasure(PatientRecord):
    """Weight and height on a day; this table only grows."""

    record_area: ClassVar[str] = TREATMENT
    app_privileges = "SELECT, INSERT"

    measured_on = models.DateField()
    numbers = SealedField()  # {"weight_kg": 70.5, "height_cm": 171.0}
    measured_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    measured_at = models.DateTimeField()  # when it was written down

    objects: ClassVar[BodyMeasureQuerySet] = BodyMeasureQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        indexes = [models.Index(fields=["patient", "-measured_on"], name="bodymeasure_newest")]
