"""What belongs to the patient's side of writing: answers to red-flag questions, and who signed the questions."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from messaging.querysets import OfThreadQuerySet
from patients.fields import SealedField
from patients.models import PatientRecord
from portal.lib.ids import uuid7


class TriageAnswers(PatientRecord):
    """What was asked beside a message, what was answered, and which rule fired. It stays with the message, for both sides."""

    record_area: ClassVar[str] = "messages"

    class Level(models.TextChoices):
        NONE = "none", _("No red flag")
        CALL_NOW = "call_now", _("Call now")
        EMERGENCY = "emergency", _("Emergency")

    thread = models.ForeignKey("messaging.Thread", on_delete=models.PROTECT, related_name="+")
    message = models.OneToOneField("messaging.Message", on_delete=models.PROTECT, related_name="triage")
    ruleset_version = models.PositiveIntegerField()
    ruleset_signed = models.BooleanField()
    level = models.CharField(max_length=10, choices=Level)
    # {"answers": [{"code", "text", "said_code": "yes" | "no" | "open"}], "fired": [text], "words": [text], "called_code": "yes" | …}
    answers = SealedField()

    objects = OfThreadQuerySet.as_manager()  # type: ignore[misc]
    app_privileges = "SELECT, INSERT"

    class Meta:
        verbose_name_plural = _("triage answers")
        constraints = [
            models.CheckConstraint(
                condition=Q(level__in=["none", "call_now", "emergency"]), name="triage_level_known"
            ),
            models.CheckConstraint(condition=Q(ruleset_version__gte=1), name="triage_version_from_1"),
        ]


class RulesetSignature(models.Model):
    """A named clinician's signature under one version of the red-flag questions. It cannot be changed or taken away."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    version = models.PositiveIntegerField()
    content_hash = models.CharField(max_length=64)  # SHA-256 of what was signed
    user = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=150)  # as it was when signed
    signed_at = models.DateTimeField(default=timezone.now)

    app_privileges = "SELECT, INSERT"

    class Meta:
        ordering = ["signed_at"]
        constraints = [
            models.UniqueConstraint(fields=["version", "content_hash"], name="ruleset_signed_once"),
            models.CheckConstraint(condition=Q(version__gte=1), name="ruleset_version_from_1"),
        ]

    def __str__(self) -> str:
        return f"signature {self.pk}"
