"""Who may see which rows, in Python. PostgreSQL decides the same again, on its own, by row-level security."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self, TypeVar

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from clinic.services import team_ids
from patients.areas import PROFILE, SHARED_JOURNAL, TEAM, TEAM_AREAS, Scope
from portal.lib import actor

if TYPE_CHECKING:
    from patients.models import Grant  # noqa: F401 - named as text below

M = TypeVar("M", bound=models.Model)


class GrantQuerySet(models.QuerySet["Grant"]):
    def live(self) -> GrantQuerySet:
        """Grants that hold now."""
        now = timezone.now()
        return self.filter(
            Q(ends_at__isnull=True) | Q(ends_at__gt=now), revoked_at__isnull=True, starts_at__lte=now
        )

    def own(self, user: User) -> GrantQuerySet:
        """The live grant of a person on their own record."""
        return self.live().filter(kind="self", user_id=user.pk)

    def opening(self, user: User, area: str) -> GrantQuerySet:
        """The live grants that open `area` of some patient to `user`."""
        # Internal notes are the team's own: the one area that a patient's own grant does not open.
        opened = Q(kind="self", user_id=user.pk) if area != TEAM else Q(pk__in=[])
        if area in TEAM_AREAS:
            opened |= Q(kind="team", team_id__in=team_ids(user))
            opened |= Q(kind="break_glass", user_id=user.pk)
        if area == PROFILE:
            opened |= Q(kind="carer", user_id=user.pk)
        elif area == SHARED_JOURNAL:
            opened |= Q(kind="carer", user_id=user.pk, scopes__contains=["journal"])
        elif area in Scope.values:
            opened |= Q(kind="carer", user_id=user.pk, scopes__contains=[area])
        return self.live().filter(opened)


class PatientRecordQuerySet(models.QuerySet[M]):
    """Every read of a patient's rows starts with `for_user`, or with `for_system` in a job."""

    def for_user(self, user: User | AnonymousUser) -> Self:
        """Rows this person may see; none for nobody."""
        if not isinstance(user, User) or not user.is_active:
            return self.none()
        from patients.models import Grant

        grants = Grant.objects.opening(user, self.model.record_area)  # type: ignore[attr-defined]
        column = getattr(self.model, "record_patient_column", "patient_id")
        return self.filter(**{f"{column}__in": grants.values("patient_id")})

    def for_system(self) -> Self:
        """All rows, for a named system actor only."""
        return self.all() if actor.current().system else self.none()

    def of(self, patient: Any) -> Self:
        return self.filter(patient_id=patient.pk)
