"""Which files a person sees: those of messages they may read, and their own that are not sent yet."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q

from accounts.models import User
from patients.querysets import PatientRecordQuerySet
from patients.services import capacity_of, patient_ids_beyond_carers

if TYPE_CHECKING:
    from messaging.files.models import Attachment  # noqa: F401 - named in strings below


class AttachmentQuerySet(PatientRecordQuerySet["Attachment"]):
    def for_user(self, user: User | AnonymousUser, patient: Any = None) -> AttachmentQuerySet:
        """Files of open conversations; what is not sent yet is its writer's alone."""
        found: Any = super().for_user(user, patient)
        if not isinstance(user, User):
            return found  # type: ignore[no-any-return]
        sent = Q(message__isnull=False)
        if patient is None:
            beyond = Q(patient_id__in=patient_ids_beyond_carers(user))
            sent &= Q(message__thread__hidden_from_carers=False) | beyond
        elif capacity_of(user, patient) == "carer":
            sent &= Q(message__thread__hidden_from_carers=False)
        return found.filter(sent | Q(message__isnull=True, owner=user))  # type: ignore[no-any-return]

    def waiting_of(self, user: User) -> AttachmentQuerySet:
        """The person's files that are not sent yet, in the order in which they were added."""
        return self.filter(owner=user, message__isnull=True).order_by("created_at", "id")

    def of_messages(self, ids: Iterable[UUID]) -> AttachmentQuerySet:
        """The files of these messages, in the order in which they were added."""
        return self.filter(message_id__in=list(ids)).order_by("created_at", "id")
