"""Therapies as versioned data, and what is ordered, planned and given to a patient.

A protocol is one version of the facts about a therapy: it is never edited, and the app role may not. An order names the version
that it was signed on. A dose keeps its window as plain dates: nothing moves it but a prescriber's act, which leaves a `Change`.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from patients.areas import TREATMENT
from patients.fields import SealedField
from patients.models import PatientRecord
from portal.lib.ids import uuid7
from treatment.courses.planning import DoseWindow
from treatment.querysets import (
    AllergyQuerySet,
    ChangeQuerySet,
    CheckDoneQuerySet,
    ChecklistQuerySet,
    CourseQuerySet,
    DoseQuerySet,
    InfusionRecordQuerySet,
    MedicineQuerySet,
    OrderQuerySet,
    ProtocolQuerySet,
)

GROWS = "SELECT, INSERT"
KEPT = "SELECT, INSERT, UPDATE"


class Therapy(models.Model):
    """A therapy as the data name it; everything about it stands in its protocols."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.SlugField(max_length=60)
    position = models.PositiveSmallIntegerField(default=0)

    app_privileges = GROWS

    class Meta:
        ordering = ["position", "code"]
        constraints = [models.UniqueConstraint(fields=["code"], name="therapy_code_once")]

    def __str__(self) -> str:
        return self.code


class Protocol(models.Model):
    """One version of a therapy's facts, each with its source and status. A changed file makes the next version, and so does the editor.

    A version from the file is for every site and made by nobody; one from the editor is for the site where it was made.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    therapy = models.ForeignKey(Therapy, on_delete=models.PROTECT, related_name="protocols")
    version = models.PositiveIntegerField()
    content = models.JSONField()
    content_hash = models.CharField(max_length=64)  # SHA-256 of the facts, keys in order
    loaded_at = models.DateTimeField(default=timezone.now)
    site = models.ForeignKey("clinic.Site", null=True, on_delete=models.PROTECT, related_name="+")
    made_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    based_on = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField(default="")  # why it was made, in the words of who made it

    objects = ProtocolQuerySet.as_manager()
    app_privileges = GROWS

    class Meta:
        ordering = ["therapy", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["therapy", "version"], name="protocol_version_once"),
            models.CheckConstraint(condition=Q(version__gte=1), name="protocol_version_from_1"),
            models.CheckConstraint(
                condition=Q(site__isnull=True, made_by__isnull=True, based_on__isnull=True, reason="")
                | (Q(site__isnull=False, made_by__isnull=False, based_on__isnull=False) & ~Q(reason="")),
                name="protocol_made_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.therapy_id} version {self.version}"


class Signature(models.Model):
    """A named person's sign-off of one version for one site, in one role. It cannot be changed or taken away.

    `demo`: given in demo mode, so that it counts there only.
    """

    class Role(models.TextChoices):
        NEUROLOGIST = "neurologist", _("Neurologist")
        PHARMACIST = "pharmacist", _("Pharmacist")
        NURSE = "nurse", _("Infusion nurse")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    protocol = models.ForeignKey(Protocol, on_delete=models.PROTECT, related_name="signatures")
    role = models.CharField(max_length=20, choices=Role)
    user = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=150)  # as it was when signed
    signed_at = models.DateTimeField(default=timezone.now)
    site = models.ForeignKey("clinic.Site", on_delete=models.PROTECT, related_name="+")
    demo = models.BooleanField(default=False)

    app_privileges = GROWS

    class Meta:
        ordering = ["signed_at"]
        constraints = [
            models.UniqueConstraint(fields=["protocol", "site", "role"], name="signature_once_a_role"),
            models.UniqueConstraint(fields=["protocol", "site", "user"], name="signature_once_a_person"),
            models.CheckConstraint(
                condition=Q(role__in=["neurologist", "pharmacist", "nurse"]), name="signature_role_known"
            ),
        ]

    def __str__(self) -> str:
        return f"signature {self.pk}"


class Order(PatientRecord):
    """A prescriber's signed order. No order, no schedule; it is made by signing and never changed."""

    record_area: ClassVar[str] = TREATMENT
    app_privileges = GROWS

    protocol = models.ForeignKey(Protocol, on_delete=models.PROTECT, related_name="+")
    path = models.SlugField(max_length=40)  # which of the protocol's paths
    first_on = models.DateField()
    given_before = models.PositiveSmallIntegerField(default=0)  # doses given elsewhere
    indication = SealedField()
    signed_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    signed_at = models.DateTimeField()
    demo_only = models.BooleanField()  # the protocol was not signed off when this was ordered

    objects: ClassVar[Any] = OrderQuerySet.as_manager()


class Course(PatientRecord):
    """What an order set going: its doses hang here."""

    record_area: ClassVar[str] = TREATMENT
    app_privileges = KEPT

    order = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="course")
    starts_on = models.DateField()
    ended_on = models.DateField(null=True)
    ended_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    paused_on = models.DateField(null=True)  # its doses wait until a prescriber goes on with it
    moved_to = models.ForeignKey(Protocol, null=True, on_delete=models.PROTECT, related_name="+")

    objects: ClassVar[Any] = CourseQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["patient", "-starts_on"], name="course_newest")]
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_on__isnull=True, ended_by__isnull=True)
                | Q(ended_on__isnull=False, ended_by__isnull=False),
                name="course_ended_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(paused_on__isnull=True) | Q(ended_on__isnull=True), name="course_ended_not_paused"
            ),
        ]

    @property
    def protocol_id(self) -> UUID:
        """The version that holds: the one it was ordered on, until a prescriber moved it to another."""
        found: UUID = self.moved_to_id or self.order.protocol_id
        return found

    @property
    def protocol(self) -> Protocol:
        found: Protocol = self.moved_to or self.order.protocol
        return found

    @property
    def is_running(self) -> bool:
        return self.ended_on is None

    @property
    def is_paused(self) -> bool:
        return self.paused_on is not None


class Dose(PatientRecord):
    """One dose: a window of days, and what became of it. Days are the site's calendar days."""

    class State(models.TextChoices):
        PLANNED = "planned", _("Planned")
        GIVEN = "given", _("Given")
        MISSED = "missed", _("Missed")
        CANCELLED = "cancelled", _("Canceled")

    class Extent(models.TextChoices):
        """How much of a dose was given."""

        WHOLE = "whole", _("Given")
        PART = "part", _("Partly given")
        STOPPED = "stopped", _("Stopped for a reaction")

    record_area: ClassVar[str] = TREATMENT
    app_privileges = KEPT

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="doses")
    number = models.PositiveIntegerField()  # on the path; doses given elsewhere are counted
    phase_key = models.CharField(max_length=120)
    earliest = models.DateField()
    target = models.DateField()
    latest = models.DateField(null=True)
    not_before = models.DateField(null=True)  # the protocol's minimum interval; null: none is known
    state = models.CharField(max_length=10, choices=State, default=State.PLANNED)
    given_at = models.DateTimeField(null=True)
    given_on = models.DateField(null=True)
    extent = models.CharField(max_length=7, choices=Extent, default=Extent.WHOLE)

    objects: ClassVar[Any] = DoseQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["patient", "target"], name="dose_of_patient")]
        constraints = [
            models.UniqueConstraint(fields=["course", "number"], name="dose_number_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="dose_number_from_1"),
            models.CheckConstraint(
                condition=Q(earliest__lte=F("target"))
                & (Q(latest__isnull=True) | Q(latest__gte=F("target"))),
                name="dose_window_in_order",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["planned", "given", "missed", "cancelled"]), name="dose_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state="given", given_at__isnull=False, given_on__isnull=False)
                | (~Q(state="given") & Q(given_at__isnull=True, given_on__isnull=True)),
                name="dose_given_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(extent="whole") | Q(extent__in=["part", "stopped"], state="given"),
                name="dose_extent_of_given",
            ),
        ]

    @property
    def window(self) -> DoseWindow:
        return DoseWindow(self.earliest, self.target, self.latest)

    @property
    def day(self) -> date:
        """The day it was given, else the day it is planned for."""
        return self.given_on or self.target

    @cached_property
    def booked_on(self) -> date | None:
        """The day of its booked time on the clock of the site, None without one and for a dose that is over. Read together with the dose
        (`with_times`, `with_course`); a dose that was read otherwise asks for it once."""
        rows: Any = type(self).objects.filter(pk=self.pk)
        found: date | None = rows.with_times().values_list("booked_on", flat=True).first()
        return found

    @property
    def counted_on(self) -> date:
        """The day from which everything before the dose is counted: reminders, questions, due days, boards, "What first?".

        The day of the booked time, whether it lies before or after the planned one; without a booked time the planned day.
        """
        return self.booked_on or self.target

    @property
    def is_planned(self) -> bool:
        return self.state == self.State.PLANNED

    @property
    def outcome(self) -> str:
        """What became of it in one word for programs: its state, and of a dose that was given how much of it."""
        words = {self.Extent.PART: "partly_given", self.Extent.STOPPED: "stopped_for_reaction"}
        return str(words.get(self.Extent(self.extent), self.state))


class InfusionRecord(PatientRecord):
    """What staff wrote down about a dose that was given; this table only grows."""

    record_area: ClassVar[str] = TREATMENT
    app_privileges = GROWS

    dose = models.OneToOneField(Dose, on_delete=models.PROTECT, related_name="record")
    recorded_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()
    details = SealedField()  # {"product": "", "lot": "", "expires_on": "", "line_site": "", "reaction": None | bool, "note": "", "early_reason": "", "how_much": "",
    # "reaction_grade": None | 1 to 5, "although": why it was given although something stood against it, "although_codes": [what]}
    # and for a medicine with a lifetime limit {"amount_mg": 21.0, "body_m2": 1.75, "mg_per_m2": 12.0}

    objects: ClassVar[Any] = InfusionRecordQuerySet.as_manager()


class Change(PatientRecord):
    """What a person changed about a plan, and why: dates moved, a dose missed, a treatment ended. This table only grows.

    A reaction that showed after its dose was noted stands here as well: the record of the dose stays as it was written."""

    class Kind(models.TextChoices):
        MOVED = "moved", _("Moved")
        MISSED = "missed", _("Missed")
        ENDED = "ended", _("Ended")
        PAUSED = "paused", _("Paused")
        RESUMED = "resumed", _("Gone on with")
        SWITCHED = "switched", _("Switched to another treatment")
        REVIEWED = "reviewed", _("Looked at after a reaction: it can go ahead")
        REACTION = "reaction", _("A reaction that showed later")

    record_area: ClassVar[str] = TREATMENT
    app_privileges = GROWS

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="changes")
    dose = models.ForeignKey(Dose, null=True, on_delete=models.PROTECT, related_name="changes")
    kind = models.CharField(max_length=8, choices=Kind)
    to_course = models.ForeignKey(Course, null=True, on_delete=models.PROTECT, related_name="switched_from")
    old_target = models.DateField(null=True)
    new_target = models.DateField(null=True)
    made_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    reason = SealedField()  # words; of a later reaction {"words": "", "grade": None | 1 to 5, "since": a day}

    objects: ClassVar[Any] = ChangeQuerySet.as_manager()

    class Meta:
        ordering = ["-made_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    kind__in=[
                        "moved",
                        "missed",
                        "ended",
                        "paused",
                        "resumed",
                        "switched",
                        "reviewed",
                        "reaction",
                    ]
                ),
                name="change_kind_known",
            ),
            models.CheckConstraint(
                condition=Q(kind="switched", to_course__isnull=False)
                | (~Q(kind="switched") & Q(to_course__isnull=True)),
                name="change_switched_to",
            ),
            models.CheckConstraint(
                condition=~Q(kind="moved")
                | Q(dose__isnull=False, old_target__isnull=False, new_target__isnull=False),
                name="change_moved_from_to",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=["missed", "reaction"]) | Q(dose__isnull=False),
                name="change_missed_dose",
            ),
        ]

    @property
    def words(self) -> str:
        """Why, in the words of who made it; of a later reaction what was seen."""
        found: str = self.reason["words"] if self.kind == self.Kind.REACTION else self.reason
        return found


class ChecklistItem(PatientRecord):
    """Something to do before one dose, and whose turn it is."""

    class Owner(models.TextChoices):
        YOU = "you", _("You")
        TEAM = "team", _("Your team")
        LAB = "lab", _("The lab")
        NURSE = "nurse", _("Your nurse")
        CLINIC = "clinic", _("The clinic")
        INSURER = "insurer", _("Your insurer")

    class State(models.TextChoices):
        OPEN = "open", _("Still open")
        WAITING = "waiting", _("Begun, waiting")
        DONE = "done", _("Done")
        NOT_NEEDED = "not_needed", _("Not needed")
        CONCERN = "concern", _("Stopped: call first")

    record_area: ClassVar[str] = TREATMENT
    app_privileges = KEPT

    dose = models.ForeignKey(Dose, on_delete=models.PROTECT, related_name="checklist")
    fact = models.CharField(max_length=160)  # key of the fact in the protocol
    owner = models.CharField(max_length=7, choices=Owner)
    position = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    draw_by = models.DateField(null=True)  # set by the team: no text states one
    due_on = models.DateField(null=True)  # set by the team; for a test, when its result is due
    valid_until = models.DateField(null=True)  # what it says holds until this day, this day included
    done_at = models.DateTimeField(null=True)
    done_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")

    chair_at: datetime | None = (
        None  # when its dose's questions were last asked at the chair; `needed_for` reads it
    )

    objects: ClassVar[Any] = ChecklistQuerySet.as_manager()

    class Meta:
        ordering = ["dose", "position"]
        constraints = [
            models.UniqueConstraint(fields=["dose", "fact"], name="checklistitem_once"),
            models.CheckConstraint(
                condition=Q(owner__in=["you", "team", "lab", "nurse", "clinic", "insurer"]),
                name="checklistitem_owner_known",
            ),
            models.CheckConstraint(
                condition=Q(done_at__isnull=True, done_by__isnull=True)
                | Q(done_at__isnull=False, done_by__isnull=False),
                name="checklistitem_done_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["done", "not_needed"], done_at__isnull=False)
                | Q(state__in=["open", "waiting", "concern"], done_at__isnull=True),
                name="checklistitem_state_fits",
            ),
            models.CheckConstraint(
                condition=Q(draw_by__isnull=True) | Q(due_on__isnull=True) | Q(draw_by__lte=F("due_on")),
                name="checklistitem_drawn_before_due",
            ),
        ]


class CheckDone(PatientRecord):
    """A regular check (a blood test, a scan) that was done on a day; this table only grows."""

    record_area: ClassVar[str] = TREATMENT
    app_privileges = GROWS

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="checks")
    fact = models.CharField(max_length=160)
    done_on = models.DateField()
    recorded_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[Any] = CheckDoneQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["course", "fact", "done_on"], name="checkdone_once_a_day")
        ]


class ListEntry(PatientRecord):
    """One version of an entry in a list on the profile. Changing or ending it adds a version; nothing is deleted."""

    record_area: ClassVar[str] = TREATMENT
    app_privileges = GROWS

    entry = models.UUIDField()  # the same in all versions
    version = models.PositiveIntegerField(default=1)
    ended = models.BooleanField(default=False)
    text = SealedField()
    written_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    capacity = models.CharField(max_length=12)  # self, team or break_glass: in what capacity it was written
    written_at = models.DateTimeField()

    class Meta:
        abstract = True

    @property
    def by_patient(self) -> bool:
        return self.capacity == "self"


def _entry_rules(name: str) -> list[Any]:
    return [
        models.UniqueConstraint(fields=["entry", "version"], name=f"{name}_version_once"),
        models.CheckConstraint(condition=Q(version__gte=1), name=f"{name}_version_from_1"),
        models.CheckConstraint(
            condition=Q(capacity__in=["self", "team", "break_glass"]), name=f"{name}_capacity_known"
        ),
    ]


class Allergy(ListEntry):
    """`text`: {"what": …, "reaction": …}. "No known allergies" is an answer of its own kind."""

    class Kind(models.TextChoices):
        ALLERGY = "allergy", _("Allergy")
        NONE_KNOWN = "none_known", _("No known allergies")

    kind = models.CharField(max_length=10, choices=Kind, default=Kind.ALLERGY)

    objects: ClassVar[Any] = AllergyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = _("allergies")
        constraints = [
            *_entry_rules("allergy"),
            models.CheckConstraint(
                condition=Q(kind__in=["allergy", "none_known"]), name="allergy_kind_known"
            ),
        ]


class Medicine(ListEntry):
    """`text`: {"what": …, "how": …}: the name, and how it is taken, in words."""

    objects: ClassVar[Any] = MedicineQuerySet.as_manager()

    class Meta:
        constraints = [*_entry_rules("medicine")]


def reaction_word(details: dict[str, Any]) -> str:
    """Yes, no or not noted, for a record's reaction."""
    said = details.get("reaction")
    return str(_("Not noted") if said is None else _("Yes") if said else _("No"))


from treatment.chair.models import ChairDay, ChairRow  # noqa: E402 - they build on the models above
from treatment.dayof.models import CheckIn, LifePlan  # noqa: E402 - they build on the models above
from treatment.editing.models import ProtocolDraft  # noqa: E402 - they build on the models above
from treatment.elsewhere.models import BodyMeasure, GivenElsewhere  # noqa: E402 - they build on the models above
from treatment.labelchange.models import LabelChange, LabelNotice, VersionMove, Withdrawal  # noqa: E402
from treatment.ledger.models import (  # noqa: E402 - they build on the models above
    DutyDecision,
    DutyKeeper,
    Result,
    ResultContent,
    ResultLook,
    ResultRelease,
    ResultSeen,
)
from treatment.outcomes.models import DrugStep, Postponement  # noqa: E402
from treatment.readiness.models import Applies, DoseAnswer, ItemNote, Reminder, StopLift  # noqa: E402 - they build on the models above
from treatment.selfcheck.models import SelfCheck  # noqa: E402 - it builds on the models above

__all__ = [
    "Allergy",
    "Applies",
    "BodyMeasure",
    "ChairDay",
    "ChairRow",
    "Change",
    "CheckDone",
    "CheckIn",
    "ChecklistItem",
    "Course",
    "Dose",
    "DoseAnswer",
    "DrugStep",
    "DutyDecision",
    "DutyKeeper",
    "GivenElsewhere",
    "InfusionRecord",
    "ItemNote",
    "LabelChange",
    "LabelNotice",
    "LifePlan",
    "Medicine",
    "Order",
    "Postponement",
    "Protocol",
    "ProtocolDraft",
    "Reminder",
    "Result",
    "ResultContent",
    "ResultLook",
    "ResultRelease",
    "ResultSeen",
    "SelfCheck",
    "Signature",
    "StopLift",
    "Therapy",
    "VersionMove",
    "Withdrawal",
    "reaction_word",
]
