"""A dose that is put off, and the steps of its drug from the order to the chair."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from patients.areas import TREATMENT
from patients.fields import SealedField
from patients.models import PatientRecord
from patients.querysets import PatientRecordQuerySet


class PostponementQuerySet(PatientRecordQuerySet["Postponement"]):
    def open(self) -> PostponementQuerySet:
        """Those that still hold a dose back."""
        return self.filter(ended_at__isnull=True)


class Postponement(PatientRecord):
    """Why a planned dose waits, who has it in hand and when somebody looks again. While one is open the dose is not given.

    What was said never changes; that it is over is added once.
    """

    class Reason(models.TextChoices):
        INFECTION = "infection", _("A sign of infection")
        RESULT = "result", _("A result is missing")
        APPROVAL = "approval", _("The insurer has not agreed yet")
        SUPPLY = "supply", _("The drug is not there")
        PREGNANCY = "pregnancy", _("A pregnancy, or a question about one")
        WISH = "wish", _("The patient's wish")
        REACTION = "reaction", _("A reaction to the dose before")

    class Owner(models.TextChoices):
        YOU = "you", _("You")
        NURSE = "nurse", _("Your nurse")
        CLINIC = "clinic", _("Your neurologist")
        LAB = "lab", _("The lab")
        INSURER = "insurer", _("Your insurer")

    class End(models.TextChoices):
        GO_AHEAD = "go_ahead", _("It can go ahead")
        AGAIN = "again", _("Put off again")
        SETTLED = "settled", _("The dose is not planned any more")

    record_area: ClassVar[str] = TREATMENT
    app_privileges = "SELECT, INSERT, UPDATE"

    dose = models.ForeignKey("treatment.Dose", on_delete=models.PROTECT, related_name="postponements")
    reason = models.CharField(max_length=10, choices=Reason)
    owner = models.CharField(max_length=8, choices=Owner)
    recheck_on = models.DateField()
    note = SealedField()
    made_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    ended_how = models.CharField(max_length=8, choices=End, blank=True, default="")

    objects: ClassVar[PostponementQuerySet] = PostponementQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["made_at", "id"]
        indexes = [
            models.Index(
                fields=["recheck_on"], name="postponement_look_again", condition=Q(ended_at__isnull=True)
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["dose"], condition=Q(ended_at__isnull=True), name="postponement_one_open"
            ),
            models.CheckConstraint(
                condition=Q(
                    reason__in=["infection", "result", "approval", "supply", "pregnancy", "wish", "reaction"]
                ),
                name="postponement_reason_known",
            ),
            models.CheckConstraint(
                condition=Q(owner__in=["you", "nurse", "clinic", "lab", "insurer"]),
                name="postponement_owner_known",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_by__isnull=True, ended_how="")
                | Q(
                    ended_at__isnull=False,
                    ended_by__isnull=False,
                    ended_how__in=["go_ahead", "again", "settled"],
                ),
                name="postponement_ended_by_somebody",
            ),
        ]


class DrugStepQuerySet(PatientRecordQuerySet["DrugStep"]):
    """Where the drug of a dose is."""


class DrugStep(PatientRecord):
    """One step of a dose's drug: ordered, released by the pharmacy, mixed, or taken back. This table only grows."""

    class Kind(models.TextChoices):
        ORDERED = "ordered", _("Ordered")
        RELEASED = "released", _("Released by the pharmacy")
        MIXED = "mixed", _("Mixed")
        RETURNED = "returned", _("Taken back")

    record_area: ClassVar[str] = TREATMENT
    app_privileges = "SELECT, INSERT"

    dose = models.ForeignKey("treatment.Dose", on_delete=models.PROTECT, related_name="drug_steps")
    kind = models.CharField(max_length=8, choices=Kind)
    made_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    details = SealedField()  # {"product": "", "lot": "", "expires_on": "" or a day, "note": ""}

    objects: ClassVar[DrugStepQuerySet] = DrugStepQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["made_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["ordered", "released", "mixed", "returned"]), name="drugstep_kind_known"
            )
        ]
