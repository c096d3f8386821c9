"""Who can see a patient, in plain words: teams and their people, carers, emergency access."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from accounts.models import User
from accounts.services import names_of
from clinic.services import members_of_teams, team_names
from patients.areas import Scope
from patients.models import Grant, Patient


@dataclass(frozen=True, slots=True)
class TeamAccess:
    """A team that sees the patient, with its people of today as (name, job)."""

    name: str
    people: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class PersonAccess:
    """One person's own access: a carer, or somebody with emergency access."""

    id: UUID
    name: str
    relation: str
    email: str
    sees: list[str]
    starts_at: datetime
    ends_at: datetime
    revoked_at: datetime | None
    reason: str
    open_now: bool

    @property
    def last_moment(self) -> datetime:
        """A moment before the end: it lies in the last day on the clinic's calendar."""
        return self.ends_at - timedelta(seconds=1)

    @property
    def ended_at(self) -> datetime:
        """When the access ended or will end, whichever came first."""
        return min(self.revoked_at, self.ends_at) if self.revoked_at else self.ends_at


def said_relation(grant: Grant) -> tuple[str, str]:
    """What the patient calls a carer: (name, relation)."""
    said: Any = grant.relation
    if isinstance(said, dict):
        return str(said.get("called", "")), str(said.get("relation", ""))
    return "", str(said or "")


def grants_of(user: User, patient: Patient) -> list[Grant]:
    """All grants of the patient, for the patient's own eyes; newest first."""
    if not Grant.objects.opening(user, "own").filter(patient_id=patient.pk).exists():
        return []
    return list(
        Grant.objects.filter(patient_id=patient.pk)
        .exclude(kind="self")
        .select_related("user")
        .order_by("-starts_at")
    )


def teams_with_access(grants: list[Grant], now: datetime) -> list[TeamAccess]:
    """Teams of the grants that hold now, with their people of today."""
    ids = [
        grant.team_id for grant in grants if grant.kind == "team" and grant.team_id and grant.holds_at(now)
    ]
    names = team_names(ids)
    people: dict[UUID, list[tuple[str, str]]] = {team_id: [] for team_id in ids}
    for member in members_of_teams(ids).order_by("user__name"):
        job = member.user.job_title or str(member.get_role_display())
        people[member.team_id].append((member.user.name, job))
    return [TeamAccess(names[team_id], people[team_id]) for team_id in ids]


def people_with_access(grants: list[Grant], kind: str, now: datetime) -> list[PersonAccess]:
    """Carers or people with emergency access, those of today first."""
    rows = []
    names = names_of({grant.user_id for grant in grants if grant.kind == kind and grant.user_id})
    scopes = dict(Scope.choices)
    for grant in grants:
        if grant.kind != kind or grant.user_id is None or grant.ends_at is None:
            continue
        called, relation = said_relation(grant) if kind == "carer" else ("", "")
        account = names.get(grant.user_id, {})
        rows.append(
            PersonAccess(
                id=grant.pk,
                name=called or str(account.get("name", "")),
                relation=relation or str(account.get("job_title", "")),
                email=grant.user.email if grant.user is not None and kind == "carer" else "",
                sees=[str(scopes[scope]) for scope in grant.scopes],
                starts_at=grant.starts_at,
                ends_at=grant.ends_at,
                revoked_at=grant.revoked_at,
                reason=str(grant.reason or "") if kind == "break_glass" else "",
                open_now=grant.holds_at(now),
            )
        )
    return sorted(rows, key=lambda row: not row.open_now)
