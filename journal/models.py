"""The journal: the patient's own until they share; what is shared is a sealed copy in the clinic's record."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from journal.querysets import (
    EntryQuerySet,
    ReportQuerySet,
    RevisionQuerySet,
    SensitivePartQuerySet,
    SharedEntryQuerySet,
    SharedReportQuerySet,
    ShareGrantQuerySet,
    TrackerQuerySet,
)
from patients.fields import SealedField
from patients.models import PatientRecord

OWN = "own"  # both the area and the key space that only the patient opens


class Tracker(PatientRecord):
    """Which symptoms a patient follows: one row, at most three codes. Only the patient sees it."""

    record_area: ClassVar[str] = OWN
    app_privileges = "SELECT, INSERT, UPDATE"

    codes = SealedField(space=OWN)
    updated_at = models.DateTimeField(default=timezone.now)

    objects = TrackerQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        constraints = [models.UniqueConstraint(fields=["patient"], name="tracker_one_per_patient")]


class JournalEntry(PatientRecord):
    """What a person noted about a day. Never deleted: taking it back keeps its history.

    `scores` holds what a carer with the journal may read too; the rest is in `SensitivePart`.
    """

    record_area: ClassVar[str] = "journal"
    app_privileges = "SELECT, INSERT, UPDATE"

    occurred_on = models.DateField()
    recorded_at = models.DateTimeField(default=timezone.now)
    backfilled = models.BooleanField(default=False)
    version = models.PositiveIntegerField(default=1)
    changed_at = models.DateTimeField(null=True)
    taken_back_at = models.DateTimeField(null=True)
    scores = SealedField(space=OWN)
    note = SealedField(space=OWN)

    objects = EntryQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name_plural = _("journal entries")
        indexes = [models.Index(fields=["patient", "-occurred_on", "-recorded_at"], name="entry_newest")]
        constraints = [models.CheckConstraint(condition=Q(version__gte=1), name="entry_version_from_1")]


class SensitivePart(PatientRecord):
    """An entry's scores for mood, bladder and sex life: carers cannot read this table at all."""

    record_area: ClassVar[str] = OWN
    app_privileges = "SELECT, INSERT, UPDATE"

    entry = models.OneToOneField(JournalEntry, on_delete=models.PROTECT, related_name="+")
    scores = SealedField(space=OWN)

    objects = SensitivePartQuerySet.as_manager()  # type: ignore[misc]


class EntryRevision(PatientRecord):
    """One version of an entry as it stood; this table only grows."""

    class Kind(models.TextChoices):
        WRITTEN = "written", _("Written")
        CHANGED = "changed", _("Changed")
        TAKEN_BACK = "taken_back", _("Taken back")

    record_area: ClassVar[str] = OWN
    app_privileges = "SELECT, INSERT"

    entry = models.ForeignKey(JournalEntry, on_delete=models.PROTECT, related_name="+")
    version = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, choices=Kind)
    at = models.DateTimeField()
    content = SealedField(space=OWN)  # {"occurred_on": "YYYY-MM-DD", "scores": {…}, "note": "…"}

    objects = RevisionQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entry", "version"], name="revision_version_once"),
            models.CheckConstraint(
                condition=Q(kind__in=["written", "changed", "taken_back"]), name="revision_kind_known"
            ),
        ]


class ShareGrant(PatientRecord):
    """The patient's choice to show something to the team: one entry, or every new entry from now on."""

    class Kind(models.TextChoices):
        ENTRY = "entry", _("This entry")
        NEW_ENTRIES = "new_entries", _("All new entries")

    record_area: ClassVar[str] = OWN
    app_privileges = "SELECT, INSERT, UPDATE (revoked_at)"

    kind = models.CharField(max_length=12, choices=Kind)
    entry = models.ForeignKey(JournalEntry, null=True, on_delete=models.PROTECT, related_name="+")
    granted_at = models.DateTimeField(default=timezone.now)
    revoked_at = models.DateTimeField(null=True)

    objects = ShareGrantQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="entry", entry__isnull=False) | Q(kind="new_entries", entry__isnull=True),
                name="sharegrant_kind_says_what",
            ),
            models.UniqueConstraint(
                fields=["entry"],
                condition=Q(kind="entry", revoked_at__isnull=True),
                name="sharegrant_one_per_entry",
            ),
            models.UniqueConstraint(
                fields=["patient"],
                condition=Q(kind="new_entries", revoked_at__isnull=True),
                name="sharegrant_one_standing",
            ),
        ]


class SharedEntry(PatientRecord):
    """A copy of one version of an entry in the clinic's record: all that the team ever sees of a journal.

    The copy cannot be changed; the patient can only withdraw it, and then the database shows it to no one else.
    """

    record_area: ClassVar[str] = "shared_journal"
    app_privileges = "SELECT, INSERT, UPDATE (withdrawn_at)"

    entry = models.ForeignKey(JournalEntry, on_delete=models.PROTECT, related_name="+")
    grant = models.ForeignKey(ShareGrant, on_delete=models.PROTECT, related_name="+")
    version = models.PositiveIntegerField()
    occurred_on = models.DateField()
    recorded_at = models.DateTimeField()
    backfilled = models.BooleanField()
    shared_at = models.DateTimeField(default=timezone.now)
    withdrawn_at = models.DateTimeField(null=True)
    snapshot = SealedField()  # {"scores": {…}, "note": "…"}

    objects = SharedEntryQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name_plural = _("shared entries")
        indexes = [
            models.Index(
                fields=["patient", "-occurred_on"],
                condition=Q(withdrawn_at__isnull=True),
                name="shared_newest",
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["entry"], condition=Q(withdrawn_at__isnull=True), name="shared_one_live_per_entry"
            )
        ]


class Report(PatientRecord):
    """One version of a patient's one-page report. Its words never change: other words are a new version.

    It is the patient's alone until they approve and share it; what is shared is a `SharedReport`.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("Not approved yet")
        APPROVED = "approved", _("Approved, not shared")
        SHARED = "shared", _("Your team sees this")
        WITHDRAWN = "withdrawn", _("Not shared any more")
        REPLACED = "replaced", _("Replaced by a newer report")

    record_area: ClassVar[str] = OWN
    app_privileges = "SELECT, INSERT, UPDATE (state, approved_at)"

    version = models.PositiveIntegerField(default=1)
    replaces = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    written_at = models.DateTimeField(default=timezone.now)
    approved_at = models.DateTimeField(null=True)
    content = SealedField(space=OWN)  # as `journal.report_content.Content.packed()` makes it

    objects = ReportQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        indexes = [models.Index(fields=["patient", "-written_at"], name="report_newest")]
        constraints = [
            models.CheckConstraint(condition=Q(version__gte=1), name="report_version_from_1"),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "approved", "shared", "withdrawn", "replaced"]),
                name="report_state_known",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "replaced"]) | Q(approved_at__isnull=False),
                name="report_shared_only_approved",
            ),
        ]


class SharedReport(PatientRecord):
    """A copy of an approved report in the clinic's record: what the team sees, for one visit to come or for none.

    The copy cannot be changed; the patient can only withdraw it, and then the database shows it to no one else.
    """

    record_area: ClassVar[str] = "shared_journal"
    app_privileges = "SELECT, INSERT, UPDATE (withdrawn_at)"

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="+")
    visit_id = models.UUIDField(null=True)  # of scheduling, which the journal does not know
    shared_at = models.DateTimeField(default=timezone.now)
    withdrawn_at = models.DateTimeField(null=True)
    snapshot = SealedField()  # the report's content, and "visit": the visit's words as it was shared

    objects = SharedReportQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["report"], condition=Q(withdrawn_at__isnull=True), name="sharedreport_live_once"
            ),
            models.UniqueConstraint(
                fields=["patient", "visit_id"],
                condition=Q(withdrawn_at__isnull=True, visit_id__isnull=False),
                name="sharedreport_one_per_visit",
            ),
            models.UniqueConstraint(
                fields=["patient"],
                condition=Q(withdrawn_at__isnull=True, visit_id__isnull=True),
                name="sharedreport_one_without_visit",
            ),
        ]
