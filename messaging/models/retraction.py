"""What was taken back. The message itself stays as it was written: this row says that it no longer counts."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from messaging.querysets import OfMessageQuerySet
from patients.fields import SealedField
from patients.models import PatientRecord


class MessageRetraction(PatientRecord):
    """A message that was taken back: by the patient's side at once, or by the team with a correction."""

    record_area: ClassVar[str] = "messages"

    class Kind(models.TextChoices):
        UNDONE = "undone", _("taken back by the writer before anybody read it")
        CORRECTED = "corrected", _("taken back by the team and corrected")

    message = models.OneToOneField("messaging.Message", on_delete=models.PROTECT, related_name="retraction")
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    capacity = models.CharField(max_length=10)
    at = models.DateTimeField()
    reason = SealedField(null=True)
    kind = models.CharField(max_length=10, choices=Kind)
    correction = models.OneToOneField(
        "messaging.Message", null=True, on_delete=models.PROTECT, related_name="corrects"
    )

    objects = OfMessageQuerySet.as_manager()  # type: ignore[misc]
    app_privileges = "SELECT, INSERT"

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="undone", capacity__in=["self", "carer", "phone"], correction__isnull=True)
                | Q(kind="corrected", capacity="team", correction__isnull=False, reason__isnull=False),
                name="retraction_kind_says_how",
            ),
        ]
