"""The patient and everything that says who may see them."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Any, ClassVar
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients.areas import OWN, PROFILE, Scope
from patients.fields import SealedField
from patients.querysets import GrantQuerySet, PatientRecordQuerySet
from portal.lib.ids import uuid7


class Patient(models.Model):
    """A person treated at a site. Identity is sealed with the patient's clinic key."""

    record_area: ClassVar[str] = PROFILE
    record_patient_column: ClassVar[str] = "id"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    site = models.ForeignKey("clinic.Site", on_delete=models.PROTECT, related_name="+")
    name = SealedField()
    date_of_birth = SealedField()  # "YYYY-MM-DD"
    phone = SealedField(null=True)
    preferred_name = SealedField(null=True)
    contact_note = SealedField(null=True)  # how the clinic should reach the person, in their words
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = PatientRecordQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"

    def __str__(self) -> str:
        return f"patient {self.pk}"

    @property
    def born(self) -> date:
        """The birth date as a date."""
        return date.fromisoformat(self.date_of_birth)

    @property
    def sealing_patient_id(self) -> UUID:
        return self.pk


class PatientRecord(models.Model):
    """Everything clinical belongs to exactly one patient, and its row says so."""

    record_area: ClassVar[str]

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = PatientRecordQuerySet.as_manager()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self._meta.model_name} {self.pk}"

    @property
    def sealing_patient_id(self) -> UUID:
        patient_id: UUID = self.patient_id
        return patient_id

    def _get_FIELD_display(self, field: models.Field[Any, Any]) -> Any:  # noqa: N802 - Django's name
        """What `get_…_display()` says. Django translates all labels of the choices to find one; a list of 50 rows asks 200 times."""
        value = getattr(self, field.attname)
        labels = _labels_of(field)
        return str(labels[value]) if value in labels else value


@cache
def _labels_of(field: models.Field[Any, Any]) -> dict[Any, Any]:
    """The labels of a field's choices, each said in the reader's language when it is asked for."""
    return dict(field.flatchoices)


class Grant(models.Model):
    """Who may see this patient: the only table that answers it. Team members come in through their team."""

    class Kind(models.TextChoices):
        SELF = "self", _("The patient")
        CARER = "carer", _("Carer")
        TEAM = "team", _("Care team")
        BREAK_GLASS = "break_glass", _("Emergency access")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="grants")
    kind = models.CharField(max_length=12, choices=Kind)
    user = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    team = models.ForeignKey("clinic.Team", null=True, on_delete=models.PROTECT, related_name="+")
    scopes = ArrayField(models.CharField(max_length=20, choices=Scope), default=list)
    relation = SealedField(null=True)  # carers: "my husband"
    reason = SealedField(null=True)  # emergency access: why
    starts_at = models.DateTimeField(default=timezone.now)
    ends_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")

    objects = GrantQuerySet.as_manager()
    app_privileges = "SELECT, INSERT, UPDATE"

    class Meta:
        indexes = [
            models.Index(fields=["user", "kind"], name="grant_user", condition=Q(revoked_at__isnull=True)),
            models.Index(fields=["team"], name="grant_team", condition=Q(revoked_at__isnull=True)),
        ]
        constraints = [
            models.CheckConstraint(
                condition=(Q(kind="team", team__isnull=False, user__isnull=True))
                | (Q(kind__in=["self", "carer", "break_glass"]) & Q(team__isnull=True, user__isnull=False)),
                name="grant_kind_says_who",
            ),
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")),
                name="grant_ends_after_start",
            ),
            models.CheckConstraint(
                condition=~Q(kind="break_glass") | Q(ends_at__isnull=False, reason__isnull=False),
                name="grant_break_glass_ends",
            ),
            models.CheckConstraint(
                condition=Q(scopes__contained_by=["appointments", "messages", "journal"]),
                name="grant_scopes_known",
            ),
            models.CheckConstraint(
                condition=~Q(kind="carer") | Q(ends_at__isnull=False), name="grant_carer_is_dated"
            ),
            models.UniqueConstraint(
                fields=["patient"],
                condition=Q(kind="self", revoked_at__isnull=True),
                name="grant_one_self_per_patient",
            ),
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(kind="self", revoked_at__isnull=True),
                name="grant_one_patient_per_self",
            ),
            models.UniqueConstraint(
                fields=["patient", "user"],
                condition=Q(kind="carer", revoked_at__isnull=True),
                name="grant_one_per_carer",
            ),
            models.UniqueConstraint(
                fields=["patient", "team"],
                condition=Q(kind="team", revoked_at__isnull=True),
                name="grant_one_per_team",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} grant {self.pk}"

    @property
    def sealing_patient_id(self) -> UUID:
        patient_id: UUID = self.patient_id
        return patient_id

    def holds_at(self, now: object) -> bool:
        """True when the grant opens anything at an instant (aware)."""
        return (
            self.revoked_at is None
            and self.starts_at <= now  # type: ignore[operator]
            and (self.ends_at is None or self.ends_at > now)  # type: ignore[operator]
        )


class PatientKey(models.Model):
    """A wrapped data key: one per patient, space and version."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    space = models.CharField(max_length=6, choices=[("own", "own"), ("clinic", "clinic")])
    version = models.PositiveSmallIntegerField(default=1)
    kek_id = models.CharField(max_length=40)
    wrapped = models.BinaryField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    app_privileges = "SELECT, INSERT, UPDATE"

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["patient", "space", "version"], name="patientkey_once"),
            models.CheckConstraint(condition=Q(space__in=["own", "clinic"]), name="patientkey_space_known"),
        ]

    def __str__(self) -> str:
        return f"key {self.pk}"


class AuditEvent(models.Model):
    """One look or change. Written only by the database function `portal_trail_append`; never changed."""

    class Capacity(models.TextChoices):
        SELF = "self", _("the patient")
        CARER = "carer", _("carer")
        TEAM = "team", _("care team")
        BREAK_GLASS = "break_glass", _("emergency access")
        PHONE = "phone", _("for the patient, by phone")
        SYSTEM = "system", _("the portal itself")
        NONE = "none", _("no access")

    id = models.UUIDField(primary_key=True, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    seq = models.PositiveBigIntegerField()
    at = models.DateTimeField()
    user = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    system = models.CharField(max_length=60)
    capacity = models.CharField(max_length=12, choices=Capacity)
    act = models.CharField(max_length=60)
    target = models.UUIDField(null=True)
    grant = models.UUIDField(null=True)
    previous = models.BinaryField()
    hash = models.BinaryField()

    app_privileges = "SELECT"
    objects = PatientRecordQuerySet.as_manager()
    record_area: ClassVar[str] = OWN

    class Meta:
        constraints = [models.UniqueConstraint(fields=["patient", "seq"], name="auditevent_seq_once")]

    def __str__(self) -> str:
        return f"event {self.seq} of {self.patient_id}"


class AuditHead(models.Model):
    """The end of each patient's chain; its row lock keeps the chain in order."""

    patient = models.OneToOneField(Patient, primary_key=True, on_delete=models.PROTECT, related_name="+")
    seq = models.PositiveBigIntegerField()
    hash = models.BinaryField()

    app_privileges = "SELECT"

    def __str__(self) -> str:
        return f"chain of {self.patient_id}"


class Draft(models.Model):
    """What somebody is writing about a patient and has not sent. Its id becomes the id of what is sent."""

    id = models.UUIDField(primary_key=True, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=40)
    target = models.UUIDField(null=True)
    resume = models.CharField(max_length=300)
    space = models.CharField(max_length=6, choices=[("own", "own"), ("clinic", "clinic")])
    version = models.PositiveIntegerField(default=1)
    fields = SealedField(space_from="space")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now)

    objects = PatientRecordQuerySet.as_manager()
    record_area: ClassVar[str] = PROFILE

    class Meta:
        indexes = [models.Index(fields=["owner", "-updated_at"], name="draft_newest")]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "patient", "kind", "target"],
                nulls_distinct=False,
                name="draft_one_per_place",
            ),
            models.CheckConstraint(condition=Q(space__in=["own", "clinic"]), name="draft_space_known"),
        ]

    def __str__(self) -> str:
        return f"draft {self.pk}"

    @property
    def sealing_patient_id(self) -> UUID:
        patient_id: UUID = self.patient_id
        return patient_id


class Receipt(models.Model):
    """An act that was done once: its client-made id, whose it was, and a keyed fingerprint of what was sent."""

    id = models.UUIDField(primary_key=True, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    act = models.CharField(max_length=60)
    fingerprint = models.BinaryField()
    result = models.UUIDField(null=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    app_privileges = "SELECT, INSERT, UPDATE"

    def __str__(self) -> str:
        return f"{self.act} {self.pk}"


class Question(PatientRecord):
    """A question for the next visit. Only the patient sees it until they show it."""

    record_area: ClassVar[str] = OWN

    text = SealedField(space="own")
    answer = SealedField(space="own", null=True)
    position = models.PositiveIntegerField()
    asked_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["patient", "position"], name="question_order")]


from patients.seen import Acknowledgement as Acknowledgement  # noqa: E402 - found by Django here
