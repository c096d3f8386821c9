"""The lines of a chair record, for the team alone, and the patient's copy of the day in plain words. Both tables only grow."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from patients.areas import TEAM, TREATMENT
from patients.fields import SealedField
from patients.models import PatientRecord
from patients.querysets import PatientRecordQuerySet


class ChairRowQuerySet(PatientRecordQuerySet["ChairRow"]):
    def in_order(self) -> ChairRowQuerySet:
        """By the clock of the chair, then as they were written."""
        return self.select_related("made_by").order_by("at", "made_at", "id")

    def begun(self) -> ChairRowQuerySet:
        """The starts that hold, of records that nobody has closed: the dose is still planned, and it runs or ran in the chair."""
        return self.filter(kind="started", corrected_by__isnull=True, dose__state="planned")


class ChairRow(PatientRecord):
    """One line: what happened and when. It is never edited; a correction is a new line that names the one it stands for.

    The grade of a reaction stands here, so patients cannot read these rows at all; they read `ChairDay`.
    """

    class Kind(models.TextChoices):
        CHECKS = "checks", _("Checks before the start")
        STARTED = "started", _("Infusion started")
        STOPPED = "stopped", _("Infusion stopped")
        WENT_ON = "went_on", _("Infusion went on")
        RATE = "rate", _("Rate changed")
        VITALS = "vitals", _("Vital signs")
        PREMEDICATION = "premedication", _("Premedication given")
        REACTION = "reaction", _("Reaction")
        ENDED = "ended", _("Infusion ended")
        OBSERVING = "observing", _("Observation began")
        OBSERVED = "observed", _("Observation ended")
        CLOSED = "closed", _("Record closed")
        TAKEN_BACK = "taken_back", _("Taken back")

    record_area: ClassVar[str] = TEAM
    app_privileges = "SELECT, INSERT"

    dose = models.ForeignKey("treatment.Dose", on_delete=models.PROTECT, related_name="chair_rows")
    kind = models.CharField(max_length=13, choices=Kind)
    at = models.DateTimeField()  # when it happened
    made_at = models.DateTimeField()  # when it was written
    made_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    noted_later = models.BooleanField(default=False)
    corrects = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="corrected_by")
    details = SealedField()  # by kind, see `treatment.chair.details`; a correction also has {"why": ""}

    objects: ClassVar[ChairRowQuerySet] = ChairRowQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["at", "made_at", "id"]
        indexes = [models.Index(fields=["dose", "at"], name="chairrow_of_dose")]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    kind__in=[
                        "checks", "started", "stopped", "went_on", "rate", "vitals", "premedication", "reaction", "ended",
                        "observing", "observed", "closed", "taken_back",
                    ]
                ),
                name="chairrow_kind_known",
            ),
            models.CheckConstraint(condition=Q(at__lte=models.F("made_at")), name="chairrow_not_ahead"),
            models.CheckConstraint(
                condition=~Q(kind="taken_back") | Q(corrects__isnull=False), name="chairrow_takes_back_a_row"
            ),
            models.UniqueConstraint(
                fields=["dose"], condition=Q(kind="closed"), name="chairrow_closed_once"
            ),
        ]  # fmt: skip


class ChairDayQuerySet(PatientRecordQuerySet["ChairDay"]):
    """What patients read of their days in the chair."""


class ChairDay(PatientRecord):
    """The patient's copy of a closed record: what happened that day, without grades and without the team's words."""

    record_area: ClassVar[str] = TREATMENT
    app_privileges = "SELECT, INSERT"

    dose = models.ForeignKey("treatment.Dose", on_delete=models.PROTECT, related_name="chair_days")
    made_at = models.DateTimeField()
    made_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    # {"began", "ended", "left": instants or "", "breaks": minutes, "before": [words], "checks": count, "signs": [codes] or null,
    #  "watched": minutes or null}
    day = SealedField()

    objects: ClassVar[ChairDayQuerySet] = ChairDayQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-made_at", "-id"]
        indexes = [models.Index(fields=["dose", "-made_at"], name="chairday_newest")]


__all__ = ["ChairDay", "ChairRow"]
