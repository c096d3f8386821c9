"""Visit types, the people and chairs they take, when these are there, and the visits themselves.

A visit occupies a place through a `Claim`, and only through it. A claim names a lane and a time and no patient, so that
everyone who looks for a free place may read it; the `Appointment` says whose visit it is and is closed by row security.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients.fields import SealedField
from patients.models import PatientRecord
from patients.querysets import PatientRecordQuerySet
from portal.lib.ids import uuid7
from scheduling.querysets import AppointmentQuerySet, ClaimQuerySet, ResourceQuerySet, ServiceQuerySet

GRID_MINUTES = 15
WEEKDAYS = [
    (0, _("Monday")),
    (1, _("Tuesday")),
    (2, _("Wednesday")),
    (3, _("Thursday")),
    (4, _("Friday")),
    (5, _("Saturday")),
    (6, _("Sunday")),
]
HALF_OPEN = {"during__isempty": False, "during__lower_inc": True, "during__upper_inc": False}
BOUNDED = Q(**HALF_OPEN, during__lower_inf=False, during__upper_inf=False)


class Resource(models.Model):
    """A lane that can hold one thing at a time: a clinician's own calendar, an infusion chair, a nurse who gives infusions."""

    class Kind(models.TextChoices):
        CLINICIAN = "clinician", _("Clinician: visits")
        CHAIR = "chair", _("Chair: infusions")
        NURSE = "nurse", _("Nurse: infusions")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    site = models.ForeignKey("clinic.Site", on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(
        "accounts.User",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("account"),
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.CLINICIAN)
    label = models.CharField(_("name, as patients see it"), max_length=120)
    position = models.PositiveSmallIntegerField(_("order on the board"), default=0)
    active = models.BooleanField(_("in use"), default=True)

    objects = ResourceQuerySet.as_manager()

    class Meta:
        ordering = ["label", "id"]
        verbose_name = _("lane")
        constraints = [
            models.CheckConstraint(condition=~Q(label=""), name="resource_label_not_blank"),
            models.UniqueConstraint(fields=["site", "label"], name="resource_label_once"),
            models.UniqueConstraint(fields=["site", "user"], name="resource_one_lane_a_person"),
            models.CheckConstraint(
                condition=Q(kind__in=["clinician", "chair", "nurse"]), name="resource_kind_known"
            ),
            models.CheckConstraint(
                condition=~Q(kind="chair") | Q(user__isnull=True), name="resource_chair_is_nobody"
            ),
        ]

    def __str__(self) -> str:
        return self.label


class Service(models.Model):
    """A visit type: what a patient chooses, how long it takes and who offers it.

    An infusion is one of its own kind: its length comes from the dose, and its lanes are the nurses and the chairs.
    """

    class Kind(models.TextChoices):
        VISIT = "visit", _("Visit: booked by patients")
        INFUSION = "infusion", _("Infusion: asked for inside the dose's window")

    class Place(models.TextChoices):
        CLINIC = "clinic", _("At the clinic")
        PHONE = "phone", _("By phone")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    site = models.ForeignKey("clinic.Site", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.VISIT)
    code = models.SlugField(_("code in links"), max_length=40)
    name = models.CharField(_("name, as patients see it"), max_length=80)
    hint = models.CharField(_("one plain sentence about it"), max_length=200, blank=True)
    minutes = models.PositiveSmallIntegerField(_("length in minutes"))
    place = models.CharField(_("where"), max_length=10, choices=Place, default=Place.CLINIC)
    directions = models.TextField(_("how to get there, or what happens"), blank=True)
    position = models.PositiveSmallIntegerField(_("order in the list"), default=0)
    active = models.BooleanField(_("can be booked"), default=True)
    resources = models.ManyToManyField(Resource, related_name="services", verbose_name=_("offered by"))

    objects = ServiceQuerySet.as_manager()

    class Meta:
        ordering = ["position", "name"]
        verbose_name = _("visit type")
        constraints = [
            models.UniqueConstraint(fields=["site", "code"], name="service_code_once"),
            models.UniqueConstraint(
                fields=["site"], condition=Q(kind="infusion"), name="service_one_infusion_a_site"
            ),
            models.CheckConstraint(condition=Q(kind__in=["visit", "infusion"]), name="service_kind_known"),
            models.CheckConstraint(
                condition=Q(minutes__gte=5, minutes__lte=600), name="service_length_possible"
            ),
            models.CheckConstraint(condition=Q(place__in=["clinic", "phone"]), name="service_place_known"),
            models.CheckConstraint(condition=~Q(name="") & ~Q(code=""), name="service_named"),
        ]

    def __str__(self) -> str:
        return self.name


class AvailabilityRule(models.Model):
    """A weekly interval on the wall clock of the site's zone; never an instant, so clock changes do not move it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="rules")
    weekday = models.PositiveSmallIntegerField(_("weekday"), choices=WEEKDAYS)
    local_start = models.TimeField(_("from"))
    local_end = models.TimeField(_("until"))
    valid_from = models.DateField(_("first day"), null=True, blank=True)
    valid_to = models.DateField(_("last day"), null=True, blank=True)
    services = models.ManyToManyField(
        Service,
        blank=True,
        related_name="+",
        verbose_name=_("only these visit types (none chosen: all that are offered)"),
    )

    class Meta:
        ordering = ["resource", "weekday", "local_start"]
        constraints = [
            models.CheckConstraint(condition=Q(local_end__gt=F("local_start")), name="rule_ends_after_start"),
            models.CheckConstraint(condition=Q(weekday__lte=6), name="rule_weekday_known"),
            models.CheckConstraint(
                condition=Q(valid_from__isnull=True)
                | Q(valid_to__isnull=True)
                | Q(valid_to__gte=F("valid_from")),
                name="rule_valid_in_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.local_start:%H:%M}–{self.local_end:%H:%M}"


class AvailabilityException(models.Model):
    """A time that is not as the rules say: closed (a lane or the whole site), or opened in addition (a lane)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    resource = models.ForeignKey(
        Resource,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="exceptions",
        verbose_name=_("lane"),
    )
    site = models.ForeignKey(
        "clinic.Site",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="+",
        verbose_name=_("whole site"),
    )
    during = DateTimeRangeField(_("time"))
    opens = models.BooleanField(_("opens in addition"), default=False)
    reason = models.CharField(_("reason, for the team"), max_length=120, blank=True)

    class Meta:
        ordering = ["during"]
        constraints = [
            models.CheckConstraint(condition=BOUNDED, name="exception_time_bounded"),
            models.CheckConstraint(
                condition=Q(resource__isnull=False, site__isnull=True)
                | Q(resource__isnull=True, site__isnull=False),
                name="exception_of_lane_or_site",
            ),
            models.CheckConstraint(
                condition=Q(opens=False) | Q(resource__isnull=False), name="exception_opens_one_lane"
            ),
        ]

    def __str__(self) -> str:
        return f"exception {self.pk}"


class Appointment(PatientRecord):
    """A visit or an infusion of one patient. Changing its time keeps the row and raises its version.

    An infusion has a dose, a nurse and the minutes of its four parts; `resource` is its chair. One that was asked for and is
    not answered yet is `requested`: it holds its place like a booked one. When it asks to move a booked infusion (`moves`),
    that one keeps its own place until the answer.
    """

    record_area: ClassVar[str] = "appointments"

    class State(models.TextChoices):
        REQUESTED = "requested", _("Waiting for the center to confirm")
        BOOKED = "booked", _("Booked")
        CANCELLED = "cancelled", _("Canceled")
        DECLINED = "declined", _("Not possible")
        WITHDRAWN = "withdrawn", _("Taken back")
        MOVED = "moved", _("Given to the booked infusion")

    class Capacity(models.TextChoices):
        SELF = "self", _("the patient")
        CARER = "carer", _("a carer")
        TEAM = "team", _("the team")
        BREAK_GLASS = "break_glass", _("the team, in an emergency")
        PHONE = "phone", _("the team, on the phone")

    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="+")
    resource = models.ForeignKey(Resource, on_delete=models.PROTECT, related_name="+")
    nurse = models.ForeignKey(Resource, null=True, on_delete=models.PROTECT, related_name="+")
    dose = models.ForeignKey("treatment.Dose", null=True, on_delete=models.PROTECT, related_name="+")
    parts = ArrayField(models.PositiveSmallIntegerField(), null=True, size=4)
    wishes = ArrayField(models.DateTimeField(), default=list, size=2)
    moves = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
    during = DateTimeRangeField()
    state = models.CharField(max_length=10, choices=State, default=State.BOOKED)
    reason = SealedField(null=True)
    answer = SealedField(null=True)
    cancel_reason = SealedField(null=True)
    version = models.PositiveIntegerField(default=0)
    booked_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    answered_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    capacity = models.CharField(max_length=12, choices=Capacity)
    changed_at = models.DateTimeField(default=timezone.now)
    cancelled_at = models.DateTimeField(null=True)

    objects: ClassVar[Any] = AppointmentQuerySet.as_manager()
    app_privileges = "SELECT, INSERT, UPDATE"

    class Meta:
        indexes = [
            models.Index(fields=["patient", "during"], name="appointment_of_patient"),
            models.Index(fields=["created_at"], condition=Q(state="requested"), name="appointment_waiting"),
        ]
        constraints = [
            # A request that moves a booked infusion may lie across it: one of the two ends with the answer.
            ExclusionConstraint(
                name="patient_no_overlap",
                expressions=[("patient", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
                condition=Q(state="booked") | Q(state="requested", moves__isnull=True),
            ),
            models.UniqueConstraint(
                fields=["dose"], condition=Q(state="booked"), name="appointment_dose_booked_once"
            ),
            models.UniqueConstraint(
                fields=["dose"], condition=Q(state="requested"), name="appointment_dose_asked_once"
            ),
            models.CheckConstraint(
                condition=Q(dose__isnull=True, nurse__isnull=True, parts__isnull=True)
                | Q(dose__isnull=False, nurse__isnull=False, parts__len=4),
                name="appointment_infusion_whole",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["booked", "cancelled"]) | Q(dose__isnull=False),
                name="appointment_only_infusions_asked",
            ),
            models.CheckConstraint(condition=Q(wishes__len__lte=2), name="appointment_three_wishes"),
            models.CheckConstraint(condition=BOUNDED, name="appointment_time_bounded"),
            models.CheckConstraint(
                condition=Q(state__in=["requested", "booked", "cancelled", "declined", "withdrawn", "moved"]),
                name="appointment_state_known",
            ),
            models.CheckConstraint(
                condition=Q(capacity__in=["self", "carer", "team", "break_glass", "phone"]),
                name="appointment_capacity_known",
            ),
            models.CheckConstraint(
                condition=Q(state="cancelled", cancelled_at__isnull=False)
                | (~Q(state="cancelled") & Q(cancelled_at__isnull=True, cancel_reason__isnull=True)),
                name="appointment_cancelled_at_a_time",
            ),
        ]

    @property
    def starts_at(self) -> datetime:
        """When the visit begins (aware, UTC)."""
        starts: datetime = self.during.lower
        return starts

    @property
    def ends_at(self) -> datetime:
        """When the visit ends (aware, UTC)."""
        ends: datetime = self.during.upper
        return ends

    @property
    def minutes(self) -> int:
        return int((self.ends_at - self.starts_at).total_seconds() // 60)

    @property
    def is_booked(self) -> bool:
        return self.state == self.State.BOOKED

    @property
    def is_requested(self) -> bool:
        return self.state == self.State.REQUESTED

    @property
    def is_infusion(self) -> bool:
        return self.dose_id is not None

    @property
    def who(self) -> str:
        """Whom the patient meets: the clinician, or the nurse who gives the infusion."""
        return (self.nurse or self.resource).label

    @property
    def lane_ids(self) -> list[UUID]:
        """The lanes that the visit occupies."""
        return [pk for pk in (self.resource_id, self.nurse_id) if pk is not None]

    def is_upcoming(self, now: datetime) -> bool:
        """Booked and not over at `now`."""
        return self.is_booked and self.ends_at > now

    def can_change(self, now: datetime) -> bool:
        """Booked and not begun at `now`."""
        return self.is_booked and self.starts_at > now


class Claim(models.Model):
    """A place that is taken on a lane. It holds no patient: everyone who looks for a free place reads it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    resource = models.ForeignKey(Resource, on_delete=models.PROTECT, related_name="+")
    appointment = models.ForeignKey(Appointment, on_delete=models.PROTECT, related_name="claims")
    during = DateTimeRangeField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    released_at = models.DateTimeField(null=True)

    objects = ClaimQuerySet.as_manager()
    app_privileges = "SELECT, INSERT, UPDATE"

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="claim_no_overlap",
                expressions=[("resource", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
                condition=Q(released_at__isnull=True),
            ),
            models.CheckConstraint(condition=BOUNDED, name="claim_time_bounded"),
        ]

    def __str__(self) -> str:
        return f"claim {self.pk}"


class Quarters(models.Field):  # type: ignore[type-arg]
    """The 96 quarters of an hour of a day in UTC as a bit string: "1" is taken."""

    def db_type(self, connection: Any) -> str:
        return "bit(96)"


class TakenDay(models.Model):
    """What the live claims of a lane touch on one day (UTC), written by the database itself with every claim.

    Looking through twelve weeks of seventy lanes reads some thousand of these instead of tens of thousands of claims. Only a
    look through weeks trusts it: what is booked is decided on the claims, under the locks.
    """

    id = models.BigAutoField(primary_key=True)
    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="+")
    day = models.DateField()
    quarters = Quarters()

    app_privileges = "SELECT"

    class Meta:
        constraints = [models.UniqueConstraint(fields=["resource", "day"], name="takenday_once")]

    def __str__(self) -> str:
        return f"taken day {self.pk}"


class LateNoticeQuerySet(PatientRecordQuerySet["LateNotice"]):
    """What people were told about a visit that begins later."""


class LateNotice(PatientRecord):
    """The patient was told that a booked visit is expected to begin later. The booking itself does not change; this table only grows."""

    record_area: ClassVar[str] = "appointments"
    app_privileges = "SELECT, INSERT"

    appointment = models.ForeignKey(Appointment, on_delete=models.PROTECT, related_name="late_notices")
    version = models.PositiveIntegerField()  # of the visit, as it was then
    expected_at = models.DateTimeField()
    mails = models.PositiveSmallIntegerField()  # none: nobody has an address here, somebody has to call
    made_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()

    objects: ClassVar[LateNoticeQuerySet] = LateNoticeQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-made_at", "-id"]
        indexes = [models.Index(fields=["appointment", "-made_at"], name="latenotice_newest")]
