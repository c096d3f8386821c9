"""Reads of the journal that have a name."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import AnonymousUser

from accounts.models import User
from patients.querysets import PatientRecordQuerySet
from patients.services import capacity_of, patient_ids_beyond_carers

if TYPE_CHECKING:
    from journal.models import (  # noqa: F401 - named in the class headers
        EntryRevision,
        JournalEntry,
        Report,
        SensitivePart,
        SharedEntry,
        SharedReport,
        ShareGrant,
        Tracker,
    )


class TrackerQuerySet(PatientRecordQuerySet["Tracker"]):
    """Which symptoms patients follow."""


class SensitivePartQuerySet(PatientRecordQuerySet["SensitivePart"]):
    """The scores that carers cannot read."""


class RevisionQuerySet(PatientRecordQuerySet["EntryRevision"]):
    """Versions of entries."""


class EntryQuerySet(PatientRecordQuerySet["JournalEntry"]):
    def standing(self) -> EntryQuerySet:
        """Entries that were not taken back."""
        return self.filter(taken_back_at__isnull=True)

    def between(self, first: date, last: date) -> EntryQuerySet:
        """Entries of the days `first` to `last`, both included."""
        return self.filter(occurred_on__gte=first, occurred_on__lte=last)

    def newest_first(self) -> EntryQuerySet:
        return self.order_by("-occurred_on", "-recorded_at", "-id")


class SharedEntryQuerySet(PatientRecordQuerySet["SharedEntry"]):
    def live(self) -> SharedEntryQuerySet:
        """What the team sees now."""
        return self.filter(withdrawn_at__isnull=True)

    def between(self, first: date, last: date) -> SharedEntryQuerySet:
        """Shared entries of the days `first` to `last`, both included."""
        return self.filter(occurred_on__gte=first, occurred_on__lte=last)

    def newest_first(self) -> SharedEntryQuerySet:
        return self.order_by("-occurred_on", "-recorded_at", "-id")


class ShareGrantQuerySet(PatientRecordQuerySet["ShareGrant"]):
    def live(self) -> ShareGrantQuerySet:
        """Choices that still hold."""
        return self.filter(revoked_at__isnull=True)


class ReportQuerySet(PatientRecordQuerySet["Report"]):
    def newest_first(self) -> ReportQuerySet:
        return self.order_by("-written_at", "-id")


class SharedReportQuerySet(PatientRecordQuerySet["SharedReport"]):
    def for_user(self, user: User | AnonymousUser, patient: Any = None) -> SharedReportQuerySet:
        """Shared reports this person may see: the patient's and the team's. Carers see none, whatever is open to them."""
        found: Any = super().for_user(user, patient)
        if not isinstance(user, User):
            return found  # type: ignore[no-any-return]
        if patient is not None:
            return found if capacity_of(user, patient) != "carer" else self.none()
        return found.filter(patient_id__in=patient_ids_beyond_carers(user))  # type: ignore[no-any-return]

    def live(self) -> SharedReportQuerySet:
        """What the team sees now."""
        return self.filter(withdrawn_at__isnull=True)

    def newest_first(self) -> SharedReportQuerySet:
        return self.order_by("-shared_at", "-id")
