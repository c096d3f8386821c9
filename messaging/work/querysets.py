"""Which calls and which history a person sees. Both are the team's own: nobody on the patient's side does."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, Q

from accounts.models import User
from clinic.services import everyone_in_teams, team_ids
from patients.querysets import PatientRecordQuerySet


class EventQuerySet(PatientRecordQuerySet[Any]):
    def in_order(self) -> Any:
        """As it happened, with the people in it: ids grow, and steps of one item wait for each other."""
        return self.select_related("user", "other").order_by("id")


class CallQuerySet(PatientRecordQuerySet[Any]):
    def of_own_teams(self, user: User) -> Any:
        return self.filter(team_id__in=team_ids(user))

    def to_do(self) -> Any:
        """Still to be called: not reached, and what was unread is unread still."""
        return self.filter(done_at__isnull=True).exclude(read_since())

    def for_list(self) -> Any:
        """Those who wait longest first; who was tried today waits behind who was not tried."""
        return self.select_related("patient", "user", "thread").order_by("tries", "since", "id")


def read_since() -> Q:
    """Calls about a message that somebody on the patient's side has read after all."""
    from messaging.models import ThreadViewer

    readers = ThreadViewer.objects.filter(
        thread_id=OuterRef("thread_id"), last_seen_seq__gte=OuterRef("seq")
    ).exclude(user_id__in=everyone_in_teams())
    return Q(reason="unread") & Q(Exists(readers))


__all__ = ["CallQuerySet", "EventQuerySet", "read_since"]
