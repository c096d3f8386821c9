"""A change of a label, the versions that were withdrawn for it, the courses that were moved, and who was told. All of it only grows."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from patients.areas import TREATMENT
from patients.fields import SealedField
from patients.models import PatientRecord
from patients.querysets import PatientRecordQuerySet
from portal.lib.ids import uuid7

GROWS = "SELECT, INSERT"


class LabelChange(models.Model):
    """What changed about a therapy, in words, with where it says so and from which day."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    site = models.ForeignKey("clinic.Site", on_delete=models.PROTECT, related_name="+")
    therapy = models.ForeignKey("treatment.Therapy", on_delete=models.PROTECT, related_name="label_changes")
    what = models.TextField()
    source = models.CharField(max_length=300)
    changed_on = models.DateField()
    noted_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    noted_at = models.DateTimeField(default=timezone.now)

    app_privileges = GROWS

    class Meta:
        ordering = ["-noted_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(what="") & ~models.Q(source=""), name="labelchange_with_source"
            )
        ]

    def __str__(self) -> str:
        return f"label change {self.pk}"


class Withdrawal(models.Model):
    """A version that nothing more is ordered on at a site, from this moment. Courses on it keep their dates until a person acts."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    site = models.ForeignKey("clinic.Site", on_delete=models.PROTECT, related_name="+")
    protocol = models.ForeignKey("treatment.Protocol", on_delete=models.PROTECT, related_name="withdrawals")
    change = models.ForeignKey(LabelChange, on_delete=models.PROTECT, related_name="withdrawals")
    withdrawn_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(default=timezone.now)

    app_privileges = GROWS

    class Meta:
        constraints = [models.UniqueConstraint(fields=["site", "protocol"], name="withdrawal_once")]

    def __str__(self) -> str:
        return f"withdrawal {self.pk}"


class LabelNotice(models.Model):
    """The people on a therapy were told of a change, with one message each."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    change = models.ForeignKey(LabelChange, on_delete=models.PROTECT, related_name="notices")
    told = models.PositiveIntegerField()
    where = models.CharField(max_length=200)  # our own page that says how far the messages are
    sent_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    sent_at = models.DateTimeField(default=timezone.now)

    app_privileges = GROWS

    class Meta:
        ordering = ["sent_at"]

    def __str__(self) -> str:
        return f"notice {self.pk}"


class VersionMoveQuerySet(PatientRecordQuerySet["VersionMove"]):
    """Courses that were moved to another version."""


class VersionMove(PatientRecord):
    """A prescriber moved a course to another version of its protocol, and why."""

    record_area: ClassVar[str] = TREATMENT
    app_privileges = GROWS

    course = models.ForeignKey("treatment.Course", on_delete=models.PROTECT, related_name="version_moves")
    old = models.ForeignKey("treatment.Protocol", on_delete=models.PROTECT, related_name="+")
    new = models.ForeignKey("treatment.Protocol", on_delete=models.PROTECT, related_name="+")
    change = models.ForeignKey(LabelChange, null=True, on_delete=models.PROTECT, related_name="+")
    made_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    reason = SealedField()

    objects: ClassVar[VersionMoveQuerySet] = VersionMoveQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~models.Q(old=models.F("new")), name="versionmove_to_another")
        ]
