"""Check-ins that were asked after a dose, and what patients plan."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from patients.areas import OWN, TREATMENT
from patients.fields import SealedField
from patients.models import PatientRecord
from patients.querysets import PatientRecordQuerySet

KEPT = "SELECT, INSERT, UPDATE"


class CheckInQuerySet(PatientRecordQuerySet["CheckIn"]):
    def newest_first(self) -> CheckInQuerySet:
        """With dose and answer, without the facts of versions."""
        return (
            self.select_related(
                "dose__course__order__protocol", "dose__course__moved_to", "answer__reviewed_by"
            )
            .defer("dose__course__order__protocol__content", "dose__course__moved_to__content")
            .order_by("-asked_at", "-id")
        )


class CheckIn(PatientRecord):
    """One question after one dose: the row is the promise that it is asked once. The answer is a self-check, and is added once."""

    class State(models.TextChoices):
        QUEUED = "queued", _("Handed to the mail")
        NOBODY = "nobody", _("No account: nobody to write to")

    record_area: ClassVar[str] = TREATMENT
    app_privileges = KEPT

    dose = models.ForeignKey("treatment.Dose", on_delete=models.PROTECT, related_name="check_ins")
    step = models.PositiveSmallIntegerField()  # hours after the dose
    state = models.CharField(max_length=8, choices=State)
    asked_at = models.DateTimeField()
    mail_id = models.UUIDField(null=True)
    answer = models.OneToOneField(
        "treatment.SelfCheck", null=True, on_delete=models.PROTECT, related_name="check_in"
    )
    answered_at = models.DateTimeField(null=True)

    objects: ClassVar[CheckInQuerySet] = CheckInQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        indexes = [models.Index(fields=["patient", "-asked_at"], name="checkin_newest")]
        constraints = [
            models.UniqueConstraint(fields=["dose", "step"], name="checkin_step_once"),
            models.CheckConstraint(condition=Q(step__in=[1, 24, 72]), name="checkin_step_known"),
            models.CheckConstraint(
                condition=Q(state="nobody", mail_id__isnull=True) | Q(state="queued", mail_id__isnull=False),
                name="checkin_state_fits",
            ),
            models.CheckConstraint(
                condition=Q(answer__isnull=True, answered_at__isnull=True)
                | Q(answer__isnull=False, answered_at__isnull=False),
                name="checkin_answered_at_a_time",
            ),
        ]


class LifePlanQuerySet(PatientRecordQuerySet["LifePlan"]):
    def standing(self) -> LifePlanQuerySet:
        """Those that the patient has not taken off, the newest first."""
        return self.filter(ended_at__isnull=True).order_by("-written_at", "-id")


class LifePlan(PatientRecord):
    """Something that the patient plans. It is theirs alone: what kind it is and its days are sealed with the patient's own key."""

    class Kind(models.TextChoices):
        TRAVEL = "travel", _("A trip")
        VACCINE = "vaccine", _("A vaccine")
        PREGNANCY = "pregnancy", _("A wish for a child, or a pregnancy")
        SURGERY = "surgery", _("Surgery, or a dentist")

    record_area: ClassVar[str] = OWN
    app_privileges = KEPT

    version = models.PositiveIntegerField(default=1)
    written_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    asked_at = models.DateTimeField(null=True)  # when it last became a question
    words = SealedField(
        space=OWN
    )  # {"kind_code", "note", "starts_on": ISO day or "", "ends_on": ISO day or ""}

    objects: ClassVar[LifePlanQuerySet] = LifePlanQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        indexes = [models.Index(fields=["patient", "-written_at"], name="lifeplan_newest")]
        constraints = [models.CheckConstraint(condition=Q(version__gte=1), name="lifeplan_version_from_1")]
