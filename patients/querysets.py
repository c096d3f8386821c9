"""Who may see which rows, in Python. PostgreSQL decides the same again, on its own, by row-level security."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Self, TypeVar
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from clinic.services import team_ids
from patients.areas import AREAS, PROFILE, SHARED_JOURNAL, TEAM, TEAM_AREAS, Scope
from portal.lib import actor

if TYPE_CHECKING:
    from patients.models import Grant  # noqa: F401 - named as text below

M = TypeVar("M", bound=models.Model)


class GrantQuerySet(models.QuerySet["Grant"]):
    def live(self, now: datetime | None = None) -> GrantQuerySet:
        """Grants that hold at `now` (aware; default: this moment)."""
        now = now or timezone.now()
        return self.filter(
            Q(ends_at__isnull=True) | Q(ends_at__gt=now), revoked_at__isnull=True, starts_at__lte=now
        )

    def own(self, user_id: UUID, now: datetime) -> GrantQuerySet:
        """The grant of a person on their own record, if it is live at `now` (aware)."""
        return self.live(now).filter(kind="self", user_id=user_id)

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


# What `opening` says of these kinds of grants, for a grant that is at hand. Carers' grants name their areas one by one.
_OPENED_BY = {"self": frozenset(AREAS) - {TEAM}, "team": TEAM_AREAS, "break_glass": TEAM_AREAS}


def opens(user: User, patient_id: UUID, area: str) -> bool:
    """True when a live grant opens `area` of the patient to the person; read once a unit of work."""
    from patients.models import Grant

    store = actor.unit_store()
    access = store.get(("access", user.pk, patient_id))
    if access is not None and (
        area in _OPENED_BY.get(access.kind, ())
        or (access.kind == "carer" and area in Scope.values and area in access.scopes)
    ):
        return True  # the grant that was read already says so
    key = ("opens", user.pk, patient_id, area)
    if key not in store:
        store[key] = Grant.objects.opening(user, area).filter(patient_id=patient_id).exists()
    return bool(store[key])


class PatientRecordQuerySet(models.QuerySet[M]):
    """Every read of a patient's rows starts with `for_user`, or with `for_system` in a job."""

    def for_user(self, user: User | AnonymousUser, patient: Any = None) -> Self:
        """Rows this person may see, of one patient when there is one; none for nobody.

        For one patient the grant is looked up once a unit of work and the statements stay short; over all patients each statement
        holds the rule. PostgreSQL decides the same again for every row.
        """
        if not isinstance(user, User) or not user.is_active:
            return self.none()
        from patients.models import Grant

        area = self.model.record_area  # type: ignore[attr-defined]
        column = getattr(self.model, "record_patient_column", "patient_id")
        if patient is not None:
            return self.filter(**{column: patient.pk}) if opens(user, patient.pk, area) else self.none()
        grants = Grant.objects.opening(user, area)
        return self.filter(**{f"{column}__in": grants.values("patient_id")})

    def for_system(self) -> Self:
        """All rows, for a named system actor only."""
        return self.all() if actor.current().system else self.none()

    def of(self, patient: Any) -> Self:
        return self.filter(patient_id=patient.pk)
