"""What the team composes with: reviewed templates, things made out of a message, and the same words to many patients."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from messaging.querysets import OfThreadQuerySet
from messaging.topics import Topic
from patients.fields import SealedField
from patients.models import PatientRecord
from patients.querysets import PatientRecordQuerySet
from portal.lib.ids import uuid7


class ReplyTemplate(models.Model):
    """One version of a text that staff start an answer from. It names nobody: the blanks are filled in the answer."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waits for review")
        IN_USE = "in_use", _("In use")
        REPLACED = "replaced", _("Replaced by a newer version")
        RETIRED = "retired", _("Not used any more")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    family = models.UUIDField()  # the versions of one template share it
    version = models.PositiveIntegerField()
    site = models.ForeignKey("clinic.Site", on_delete=models.PROTECT, related_name="+")
    team = models.ForeignKey("clinic.Team", null=True, on_delete=models.PROTECT, related_name="+")
    title = models.CharField(max_length=80)
    body = models.TextField()
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    written_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    reviewed_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    reviewed_at = models.DateTimeField(null=True)
    review_due = models.DateField(null=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    app_privileges = "SELECT, INSERT, UPDATE"

    class Meta:
        indexes = [models.Index(fields=["site", "state", "title"], name="template_of_site")]
        constraints = [
            models.UniqueConstraint(fields=["family", "version"], name="template_version_once"),
            models.UniqueConstraint(
                fields=["family"], condition=Q(state="in_use"), name="template_one_in_use"
            ),
            models.UniqueConstraint(
                fields=["family"], condition=Q(state="waiting"), name="template_one_waiting"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "in_use", "replaced", "retired"]),
                name="template_state_known",
            ),
            models.CheckConstraint(
                condition=Q(reviewed_by__isnull=True) | ~Q(reviewed_by=F("written_by")),
                name="template_four_eyes",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["in_use", "replaced"])
                | Q(reviewed_by__isnull=False, reviewed_at__isnull=False, review_due__isnull=False),
                name="template_used_only_reviewed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} {self.version}"


class OpenItem(PatientRecord):
    """Something to do before a dose that a conversation brought up, in the team's words. What is open when its dose is over stands
    before the next one."""

    record_area: ClassVar[str] = "messages"

    class Owner(models.TextChoices):
        YOU = "you", _("You")
        TEAM = "team", _("Your team")

    thread = models.ForeignKey("messaging.Thread", on_delete=models.PROTECT, related_name="+")
    # The dose that was the next one then; None: none was planned.
    dose = models.ForeignKey("treatment.Dose", null=True, on_delete=models.PROTECT, related_name="+")
    words = SealedField()
    owner = models.CharField(max_length=4, choices=Owner)
    made_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    done_at = models.DateTimeField(null=True)
    done_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")

    objects = OfThreadQuerySet.as_manager()  # type: ignore[misc]
    app_privileges = "SELECT, INSERT, UPDATE"

    class Meta:
        indexes = [models.Index(fields=["patient", "created_at"], name="openitem_of_patient")]
        constraints = [
            models.CheckConstraint(condition=Q(owner__in=["you", "team"]), name="openitem_owner_known"),
            models.CheckConstraint(
                condition=Q(done_at__isnull=True, done_by__isnull=True)
                | Q(done_at__isnull=False, done_by__isnull=False),
                name="openitem_done_by_somebody",
            ),
        ]


class MadeFrom(PatientRecord):
    """What was made out of a conversation, so that nobody makes it a second time. Only grows, but for the patient's yes or no."""

    record_area: ClassVar[str] = "messages"

    class Kind(models.TextChoices):
        APPOINTMENT = "appointment", _("Appointment")
        QUESTION = "question", _("Question for your list")
        OPEN_ITEM = "open_item", _("To do before the infusion")
        ARTICLE = "article", _("Article")

    thread = models.ForeignKey("messaging.Thread", on_delete=models.PROTECT, related_name="made")
    kind = models.CharField(max_length=12, choices=Kind)
    words = SealedField()
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    result = models.UUIDField(null=True)  # the appointment, the item, the patient's question
    taken_at = models.DateTimeField(null=True)  # the patient put the question on their list
    declined_at = models.DateTimeField(null=True)

    objects = OfThreadQuerySet.as_manager()  # type: ignore[misc]
    app_privileges = "SELECT, INSERT, UPDATE"

    class Meta:
        indexes = [models.Index(fields=["thread", "created_at"], name="made_of_thread")]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["appointment", "question", "open_item", "article"]),
                name="made_kind_known",
            ),
            models.CheckConstraint(
                condition=Q(taken_at__isnull=True, declined_at__isnull=True)
                | (Q(kind="question") & (Q(taken_at__isnull=True) | Q(declined_at__isnull=True))),
                name="made_only_questions_are_taken",
            ),
        ]


class Mailing(models.Model):
    """The same words to several patients, each in a conversation of their own. The words are sealed with each patient."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    topic = models.CharField(max_length=20, choices=Topic)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    finished_at = models.DateTimeField(null=True)

    app_privileges = "SELECT, INSERT, UPDATE"

    class Meta:
        indexes = [models.Index(fields=["by", "-created_at"], name="mailing_of_writer")]

    def __str__(self) -> str:
        return f"mailing {self.pk}"


class MailingLetter(PatientRecord):
    """One patient's part of a mailing: the words, and whether they went out."""

    record_area: ClassVar[str] = "team"

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        SENT = "sent", _("Sent")
        REFUSED = "refused", _("Not sent")

    mailing = models.ForeignKey(Mailing, on_delete=models.PROTECT, related_name="+")
    words = SealedField()
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    thread = models.ForeignKey("messaging.Thread", null=True, on_delete=models.PROTECT, related_name="+")
    settled_at = models.DateTimeField(null=True)

    objects: ClassVar[Any] = PatientRecordQuerySet.as_manager()
    app_privileges = "SELECT, INSERT, UPDATE"

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["mailing", "patient"], name="mailing_once_each"),
            models.CheckConstraint(
                condition=Q(state="waiting", thread__isnull=True, settled_at__isnull=True)
                | Q(state="sent", thread__isnull=False, settled_at__isnull=False)
                | Q(state="refused", thread__isnull=True, settled_at__isnull=False),
                name="mailing_letter_state",
            ),
        ]
