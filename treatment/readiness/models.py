"""What was said and shown before a dose: evidence for a line, answers of the last day, stops that were lifted, to whom a line applies,
mails that were sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from patients.areas import TREATMENT
from patients.fields import SealedField
from patients.models import PatientRecord
from patients.querysets import PatientRecordQuerySet

if TYPE_CHECKING:
    from treatment.models import Dose

GROWS = "SELECT, INSERT"
KEPT = "SELECT, INSERT, UPDATE"


class ItemNoteQuerySet(PatientRecordQuerySet["ItemNote"]):
    def newest_first(self) -> ItemNoteQuerySet:
        return self.select_related("noted_by").order_by("-noted_at", "-id")


class ItemNote(PatientRecord):
    """One entry of the evidence for a line of the list: what it became, who says so and why. This table only grows."""

    record_area: ClassVar[str] = TREATMENT
    app_privileges = GROWS

    item = models.ForeignKey("treatment.ChecklistItem", on_delete=models.PROTECT, related_name="notes")
    state = models.CharField(max_length=10)  # what the line became
    noted_at = models.DateTimeField()
    noted_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    capacity = models.CharField(max_length=12)
    day = models.DateField(null=True)  # when it happened: drawn, seen, allowed
    valid_until = models.DateField(null=True)
    text = SealedField()

    objects: ClassVar[ItemNoteQuerySet] = ItemNoteQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        indexes = [models.Index(fields=["item", "-noted_at"], name="itemnote_newest")]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["open", "waiting", "done", "not_needed", "concern"]),
                name="itemnote_state_known",
            ),
            models.CheckConstraint(
                condition=Q(capacity__in=["self", "team", "break_glass"]), name="itemnote_capacity_known"
            ),
        ]


class DoseAnswerQuerySet(PatientRecordQuerySet["DoseAnswer"]):
    def newest_first(self) -> DoseAnswerQuerySet:
        return self.select_related("answered_by", "reviewed_by", "dose", "lift__lifted_by").order_by(
            "-answered_at", "-id"
        )

    def stopping(self) -> DoseAnswerQuerySet:
        """An answer that means "call first" stops until somebody of the team lifts that stop, looked at or not."""
        return self.filter(level="call_first", lift__isnull=True)

    def that_stop(self, dose: Dose) -> DoseAnswerQuerySet:
        """Those that stop one dose: its own, and of a planned dose all of the patient's, of whatever treatment. A fever is the
        person's and not the dose's; and a dose that was given although an answer stopped it lifts nothing."""
        mine = Q(dose=dose)
        if dose.is_planned:
            mine |= Q(patient_id=dose.patient_id)
        return self.stopping().filter(mine)

    def to_look_at(self) -> DoseAnswerQuerySet:
        """Something that the nurse wants to know, and nobody of the team has looked at it yet."""
        return self.filter(reviewed_at__isnull=True).exclude(level="none")


class DoseAnswer(PatientRecord):
    """The answers to the questions before one dose. They never change; what the team agreed with the patient is added once.

    An answer that means "call first" stops the dose by itself, whether or not its question has a line in the list, and every other planned
    dose of the patient, of whatever treatment, until there is a `StopLift`.
    """

    class Level(models.TextChoices):
        NONE = "none", _("No concern was named")
        TELL_NURSE = "tell_nurse", _("Something for the nurse to know")
        CALL_FIRST = "call_first", _("Call first")

    class Place(models.TextChoices):
        HOME = "home", _("At home")
        PHONE = "phone", _("On the phone")
        CHAIR = "chair", _("At the chair")

    record_area: ClassVar[str] = TREATMENT
    app_privileges = KEPT

    dose = models.ForeignKey("treatment.Dose", on_delete=models.PROTECT, related_name="answers")
    answered_at = models.DateTimeField()
    answered_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    place = models.CharField(max_length=5, choices=Place)
    level = models.CharField(max_length=10, choices=Level)
    answers = SealedField()  # {"concerns": [{"fact_code", "text", "level_code"}], "asked": count}
    reviewed_at = models.DateTimeField(null=True)
    reviewed_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    agreed = SealedField()

    objects: ClassVar[DoseAnswerQuerySet] = DoseAnswerQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        indexes = [
            models.Index(fields=["dose", "-answered_at"], name="doseanswer_newest"),
            models.Index(
                fields=["answered_at"],
                name="doseanswer_to_look_at",
                condition=Q(reviewed_at__isnull=True) & ~Q(level="none"),
            ),
            models.Index(
                fields=["answered_at"], name="doseanswer_call_first", condition=Q(level="call_first")
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(level__in=["none", "tell_nurse", "call_first"]), name="doseanswer_level_known"
            ),
            models.CheckConstraint(
                condition=Q(place__in=["home", "phone", "chair"]), name="doseanswer_place_known"
            ),
            models.CheckConstraint(
                condition=Q(reviewed_at__isnull=True, reviewed_by__isnull=True)
                | Q(reviewed_at__isnull=False, reviewed_by__isnull=False),
                name="doseanswer_reviewed_by_somebody",
            ),
        ]

    @property
    def lifted(self) -> StopLift | None:
        """Who lifted the stop, when and why; None while it holds, and for answers that stop nothing."""
        return getattr(self, "lift", None)

    @property
    def stops(self) -> bool:
        return self.level == self.Level.CALL_FIRST and self.lifted is None

    def is_about(self, dose: Dose) -> bool:
        """The rule of `DoseAnswerQuerySet.that_stop`, for answers that were read with their doses."""
        return self.dose_id == dose.pk or (dose.is_planned and self.patient_id == dose.patient_id)


class StopLiftQuerySet(PatientRecordQuerySet["StopLift"]):
    """Stops that somebody lifted."""


class StopLift(PatientRecord):
    """A neurologist or a nurse of the team has lifted the stop of one answer, by name and with the reason. Only the team writes it."""

    record_area: ClassVar[str] = TREATMENT
    app_privileges = GROWS

    answer = models.OneToOneField(DoseAnswer, on_delete=models.PROTECT, related_name="lift")
    lifted_at = models.DateTimeField()
    lifted_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    reason = SealedField()

    objects: ClassVar[StopLiftQuerySet] = StopLiftQuerySet.as_manager()  # type: ignore[assignment]


class AppliesQuerySet(PatientRecordQuerySet["Applies"]):
    """To whom lines apply."""


class Applies(PatientRecord):
    """Whether the lines for a group of people are for this patient; the newest one counts. This table only grows."""

    record_area: ClassVar[str] = TREATMENT
    app_privileges = GROWS

    group = models.SlugField(max_length=40)
    applies = models.BooleanField()
    said_at = models.DateTimeField()
    said_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")

    objects: ClassVar[AppliesQuerySet] = AppliesQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name_plural = _("applies")
        indexes = [models.Index(fields=["patient", "group", "-said_at"], name="applies_newest")]


class ReminderQuerySet(PatientRecordQuerySet["Reminder"]):
    """Reminders that were handed to the mail."""


class Reminder(PatientRecord):
    """One reminder of one step before one day of a dose. The row is the promise that the step is done once."""

    class State(models.TextChoices):
        QUEUED = "queued", _("Handed to the mail")
        NOBODY = "nobody", _("No account: nobody to write to")
        CANCELED = "canceled", _("Canceled before it was sent")

    record_area: ClassVar[str] = TREATMENT
    app_privileges = KEPT

    dose = models.ForeignKey("treatment.Dose", on_delete=models.PROTECT, related_name="reminders")
    step = models.PositiveSmallIntegerField()  # days before
    target = models.DateField()  # the day it was about: of the booked time, else the planned one
    state = models.CharField(max_length=8, choices=State)
    queued_at = models.DateTimeField()
    mail_id = models.UUIDField(null=True)

    objects: ClassVar[ReminderQuerySet] = ReminderQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["dose", "target", "step"], name="reminder_step_once"),
            models.CheckConstraint(condition=Q(step__in=[14, 7, 3, 1]), name="reminder_step_known"),
            models.CheckConstraint(
                condition=Q(state="nobody", mail_id__isnull=True)
                | Q(state__in=["queued", "canceled"], mail_id__isnull=False),
                name="reminder_state_fits",
            ),
        ]
