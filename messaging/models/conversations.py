"""Conversations between a patient and the team, and who has seen what."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from messaging.querysets import (
    MessageQuerySet,
    NoteQuerySet,
    NoticeQuerySet,
    OfThreadQuerySet,
    ThreadQuerySet,
)
from messaging.topics import Topic
from patients.fields import SealedField
from patients.models import PatientRecord

if TYPE_CHECKING:
    from messaging.models.retraction import MessageRetraction


class Thread(PatientRecord):
    """One conversation about one thing. Its row is locked by everything that is written into it."""

    record_area: ClassVar[str] = "messages"

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        CLOSED = "closed", _("Closed by the patient")

    team = models.ForeignKey("clinic.Team", on_delete=models.PROTECT, related_name="+")
    topic = models.CharField(max_length=20, choices=Topic)
    about = SealedField(null=True)  # what the person was reading, such as the title of an article
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    last_seq = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField()
    hidden_from_carers = models.BooleanField(default=False)
    started_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")

    objects = ThreadQuerySet.as_manager()  # type: ignore[misc]
    app_privileges = "SELECT, INSERT, UPDATE"

    class Meta:
        indexes = [models.Index(fields=["patient", "-last_at"], name="thread_newest")]
        constraints = [
            models.CheckConstraint(condition=Q(topic__in=Topic.values), name="thread_topic_known"),
            models.CheckConstraint(condition=Q(state__in=["open", "closed"]), name="thread_state_known"),
        ]


class Message(PatientRecord):
    """What was sent. Never changed and never taken away: the app may only add."""

    record_area: ClassVar[str] = "messages"

    class Capacity(models.TextChoices):
        SELF = "self", _("the patient")
        CARER = "carer", _("for the patient")
        TEAM = "team", _("the team")
        PHONE = "phone", _("written down by the team, by phone")
        LETTER = "letter", _("written down by the team, from a letter")

    thread = models.ForeignKey(Thread, on_delete=models.PROTECT, related_name="messages")
    seq = models.PositiveIntegerField()
    author = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    capacity = models.CharField(max_length=10, choices=Capacity)
    body = SealedField()
    came_at = models.DateTimeField(
        null=True
    )  # when the call or the letter came, which is before it is written down

    objects = MessageQuerySet.as_manager()  # type: ignore[misc]
    app_privileges = "SELECT, INSERT"

    class Meta:
        indexes = [models.Index(fields=["patient", "-created_at", "-id"], name="message_newest")]
        constraints = [
            models.UniqueConstraint(fields=["thread", "seq"], name="message_seq_once"),
            models.CheckConstraint(condition=Q(seq__gte=1), name="message_seq_from_one"),
            models.CheckConstraint(
                condition=Q(capacity__in=["self", "carer", "team", "phone", "letter"]),
                name="message_capacity_known",
            ),
            models.CheckConstraint(
                condition=Q(came_at__isnull=True) | Q(capacity__in=["phone", "letter"]),
                name="message_came_only_from_outside",
            ),
        ]

    @property
    def on_behalf(self) -> bool:
        """Written by somebody else in the patient's name."""
        return self.capacity in (self.Capacity.CARER, self.Capacity.PHONE, self.Capacity.LETTER)

    @property
    def from_team(self) -> bool:
        return self.capacity == self.Capacity.TEAM

    @property
    def taken_back(self) -> MessageRetraction | None:
        """The row that says this message no longer counts; read with it where `select_related("retraction")` stands."""
        return getattr(self, "retraction", None)

    def text_for(self, *, staff: bool) -> str:
        """The text as one side may read it: what was taken back is gone for the patient's side, what was undone for both."""
        gone = self.taken_back
        if gone is None or (staff and gone.kind == "corrected"):
            text: str = self.body
            return text
        return ""


class InternalNote(PatientRecord):
    """What the team writes for itself. A table of its own, so that no flag can turn it into an answer."""

    record_area: ClassVar[str] = "team"

    thread = models.ForeignKey(Thread, on_delete=models.PROTECT, related_name="+")
    author = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    body = SealedField()

    objects = NoteQuerySet.as_manager()  # type: ignore[misc]
    app_privileges = "SELECT, INSERT"

    class Meta:
        indexes = [models.Index(fields=["thread", "created_at"], name="note_order")]


class ThreadViewer(PatientRecord):
    """How far a person has read a conversation. Unread is derived from it, for each person alone."""

    record_area: ClassVar[str] = "messages"

    thread = models.ForeignKey(Thread, on_delete=models.PROTECT, related_name="viewers")
    user = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    last_seen_seq = models.PositiveIntegerField(default=0)
    seen_at = models.DateTimeField()

    objects = OfThreadQuerySet.as_manager()  # type: ignore[misc]
    app_privileges = "SELECT, INSERT, UPDATE"

    class Meta:
        constraints = [models.UniqueConstraint(fields=["thread", "user"], name="viewer_once")]
        indexes = [models.Index(fields=["patient", "user", "-seen_at"], name="viewer_last_look")]


class LastNotice(PatientRecord):
    """When a person was last told by mail that something waits: one mail for a burst of answers."""

    record_area: ClassVar[str] = "team"

    user = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    queued_at = models.DateTimeField(null=True)

    objects = NoticeQuerySet.as_manager()  # type: ignore[misc]
    app_privileges = "SELECT, INSERT, UPDATE"

    class Meta:
        constraints = [models.UniqueConstraint(fields=["patient", "user"], name="lastnotice_once")]
