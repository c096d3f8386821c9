"""The answers of a self-check, with the version that asked, and who of the team looked at them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from patients.areas import TREATMENT
from patients.fields import SealedField
from patients.models import PatientRecord
from patients.querysets import PatientRecordQuerySet


class SelfCheckQuerySet(PatientRecordQuerySet["SelfCheck"]):
    def newest_first(self) -> SelfCheckQuerySet:
        """With the people, the version without its facts, and the check-in that it answers, if it does."""
        return (
            self.select_related("answered_by", "reviewed_by", "protocol__therapy", "check_in__dose")
            .defer("protocol__content")
            .order_by("-answered_at", "-id")
        )

    def to_look_at(self) -> SelfCheckQuerySet:
        """Something was new, and nobody of the team has looked at it yet."""
        return self.filter(reviewed_at__isnull=True).exclude(level="none")


class SelfCheck(PatientRecord):
    """One self-check. What was answered never changes; that somebody of the team looked at it is added once."""

    class Level(models.TextChoices):
        NONE = "none", _("Nothing new was ticked")
        CALL_NOW = "call_now", _("Something new: call first")
        EMERGENCY = "emergency", _("Something new: emergency")

    record_area: ClassVar[str] = TREATMENT
    app_privileges = "SELECT, INSERT, UPDATE"

    protocol = models.ForeignKey("treatment.Protocol", on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField()
    answered_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    level = models.CharField(max_length=10, choices=Level)
    answers = SealedField()  # {"new": [{"fact_code", "text", "level_code"}], "asked": count}; see `keep`
    reviewed_at = models.DateTimeField(null=True)
    reviewed_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")

    objects: ClassVar[SelfCheckQuerySet] = SelfCheckQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        indexes = [
            models.Index(fields=["patient", "-answered_at"], name="selfcheck_newest"),
            models.Index(
                fields=["answered_at"],
                name="selfcheck_to_look_at",
                condition=Q(reviewed_at__isnull=True) & ~Q(level="none"),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(level__in=["none", "call_now", "emergency"]), name="selfcheck_level_known"
            ),
            models.CheckConstraint(
                condition=Q(reviewed_at__isnull=True, reviewed_by__isnull=True)
                | Q(reviewed_at__isnull=False, reviewed_by__isnull=False),
                name="selfcheck_reviewed_by_somebody",
            ),
        ]
