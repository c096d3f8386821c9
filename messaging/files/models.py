"""A file of a message: its row. The sealed bytes are kept by `messaging.files.store`."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from messaging.files.querysets import AttachmentQuerySet
from patients.fields import SealedField
from patients.models import PatientRecord


class Attachment(PatientRecord):
    """A picture or a PDF. Without a message it waits to be sent, and only its owner sees it."""

    record_area: ClassVar[str] = "messages"

    class State(models.TextChoices):
        CHECKING = "checking", _("Still being checked")
        READY = "ready", _("Ready")
        GONE = "gone", _("Not kept")  # the virus check found something: the bytes are gone

    class Kind(models.TextChoices):
        JPEG = "jpeg", _("Photo")
        PNG = "png", _("Picture")
        PDF = "pdf", _("PDF")

    owner = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    draft = models.UUIDField(null=True)  # the form it waits in
    message = models.ForeignKey(
        "messaging.Message", null=True, on_delete=models.PROTECT, related_name="files"
    )
    kind = models.CharField(max_length=4, choices=Kind)
    state = models.CharField(max_length=8, choices=State)
    name = SealedField()
    size = models.PositiveIntegerField()  # bytes of what is kept, before sealing
    has_small = models.BooleanField()

    objects = AttachmentQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        indexes = [
            models.Index(fields=["message"], name="file_of_message", condition=Q(message__isnull=False)),
            models.Index(fields=["owner", "draft"], name="file_waiting", condition=Q(message__isnull=True)),
            models.Index(fields=["created_at"], name="file_checking", condition=Q(state="checking")),
            models.Index(fields=["patient", "created_at"], name="file_quota"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["jpeg", "png", "pdf"]), name="file_kind_known"),
            models.CheckConstraint(
                condition=Q(state__in=["checking", "ready", "gone"]), name="file_state_known"
            ),
            models.CheckConstraint(
                condition=Q(size__gte=1, size__lte=10 * 1024 * 1024), name="file_size_fits"
            ),
            models.CheckConstraint(
                condition=Q(message__isnull=True) | Q(draft__isnull=True), name="file_sent_or_waiting"
            ),
        ]

    @property
    def is_picture(self) -> bool:
        return self.kind != self.Kind.PDF

    @property
    def is_ready(self) -> bool:
        return self.state == self.State.READY

    @property
    def content_type(self) -> str:
        return "application/pdf" if self.kind == self.Kind.PDF else f"image/{self.kind}"
