"""What a person said about an answer, the notices that went out, and the addresses that do not take them."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from messaging.querysets import OfThreadQuerySet
from patients.models import PatientRecord
from patients.querysets import PatientRecordQuerySet


class NoticeRows(PatientRecordQuerySet[Any]):
    """Rows about notices."""


class AnswerHelped(PatientRecord):
    """ "Did this help?": one word for each answer and person, which they may change. Their own words become a message."""

    record_area: ClassVar[str] = "messages"

    class Value(models.TextChoices):
        YES = "yes", _("Yes")
        PARTLY = "partly", _("Partly")
        NO = "no", _("No")

    thread = models.ForeignKey("messaging.Thread", on_delete=models.PROTECT, related_name="+")
    message = models.ForeignKey("messaging.Message", on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    value = models.CharField(max_length=10, choices=Value)
    said_at = models.DateTimeField()

    objects = OfThreadQuerySet.as_manager()  # type: ignore[misc]
    app_privileges = "SELECT, INSERT, UPDATE"

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["message", "user"], name="helped_once"),
            models.CheckConstraint(condition=Q(value__in=["yes", "partly", "no"]), name="helped_value_known"),
        ]
        indexes = [models.Index(fields=["thread"], name="helped_of_thread")]


class SentNotice(PatientRecord):
    """A notice that was handed to the worker, and to whom: a bounce finds the person by the mail's id, by nothing else."""

    record_area: ClassVar[str] = "team"

    class Channel(models.TextChoices):
        MAIL = "mail"
        SMS = "sms"

    user = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    channel = models.CharField(max_length=10, choices=Channel)
    mail_id = models.UUIDField(null=True)  # of the mail, which accounts owns
    address_digest = (
        models.BinaryField()
    )  # of the address it went to: a bounce says nothing about a newer one
    sent_at = models.DateTimeField(null=True)  # text messages only; accounts knows it for mails
    failed_at = models.DateTimeField(null=True)  # given up after the last try: somebody calls instead

    objects = NoticeRows.as_manager()  # type: ignore[misc]
    app_privileges = "SELECT, INSERT, UPDATE"

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["mail_id"], name="sentnotice_mail_once"),
            models.CheckConstraint(condition=Q(channel__in=["mail", "sms"]), name="sentnotice_channel_known"),
            models.CheckConstraint(
                condition=Q(channel="mail", mail_id__isnull=False) | Q(channel="sms", mail_id__isnull=True),
                name="sentnotice_mail_has_its_id",
            ),
        ]


class NotReached(PatientRecord):
    """Mail to this person's address came back. It counts for that address only."""

    record_area: ClassVar[str] = "messages"

    user = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    address_digest = models.BinaryField()
    since = models.DateTimeField()
    status = models.CharField(max_length=12, blank=True)  # such as 5.1.1

    objects = NoticeRows.as_manager()  # type: ignore[misc]
    app_privileges = "SELECT, INSERT, UPDATE"

    class Meta:
        constraints = [models.UniqueConstraint(fields=["patient", "user"], name="notreached_once")]
