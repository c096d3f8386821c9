"""A name under "I have seen this"."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from patients.models import PatientRecord


class Acknowledgement(PatientRecord):
    """ "I have seen this", by name. `mark` says in which state: something new is not acknowledged by it."""

    record_area: ClassVar[str] = "team"

    key = models.CharField(max_length=80)
    mark = models.CharField(max_length=64)
    user = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")

    app_privileges = "SELECT, INSERT"

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["patient", "key", "mark"], name="acknowledged_once"),
        ]
