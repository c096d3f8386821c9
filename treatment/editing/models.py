"""A version in the making: one draft for each therapy of a site. It can be changed and thrown away; a version cannot."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from portal.lib.ids import uuid7


class ProtocolDraft(models.Model):
    """What the next version of a therapy would say at a site. `once` are the ids of the last presses, so that none counts twice."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    site = models.ForeignKey("clinic.Site", on_delete=models.PROTECT, related_name="+")
    therapy = models.ForeignKey("treatment.Therapy", on_delete=models.PROTECT, related_name="+")
    based_on = models.ForeignKey("treatment.Protocol", on_delete=models.PROTECT, related_name="+")
    content = models.JSONField()
    once = models.JSONField(default=list)
    begun_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    begun_at = models.DateTimeField(default=timezone.now)
    changed_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["site", "therapy"], name="protocoldraft_one_a_therapy")
        ]

    def __str__(self) -> str:
        return f"draft {self.pk}"
