"""On call and away: who is told at night, who has the work of somebody who is not there, and who may say so."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import DateField, F, Func, OuterRef, Q, Subquery, Value
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from clinic.models import Team, TeamMember
from clinic.rota import Absence, OnCall
from clinic.services import members_of, working_on
from portal.lib.problems import Conflict, DomainError, NotAllowed

LEADS = (TeamMember.Role.COORDINATOR, TeamMember.Role.NEUROLOGIST)
LONGEST_ON_CALL = timedelta(days=31)
LONGEST_ABSENCE_DAYS = 366


class RotaTaken(Conflict):
    default_message = _("Somebody is on call for this team at that time already. Nothing was changed.")


class AwayAlready(Conflict):
    default_message = _("An absence is entered for these days already. Nothing was changed.")


class NotOnRota(DomainError):
    default_message = _("This does not fit: choose people of the team, and an end after the start.")
    status = 422


# --- Who is there ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OnDuty:
    """Who is told about urgent messages now: the person on the rota, or their cover while they are away."""

    user: User
    ends_at: datetime
    instead_of: User | None = None


def on_call_now(team_ids: Iterable[UUID], now: datetime) -> dict[UUID, OnDuty]:
    """Who is on call at `now`, by team: two statements. Only people who are in the team today count.

    Who is away today is not on call: their cover is, and when nobody who is there covers, nobody is.
    """
    # The day on the wall of the team's site.
    today = Cast(Func(F("team__site__time_zone"), Value(now), function="timezone"), DateField())
    gone = Absence.objects.filter(
        team=OuterRef("team"), user=OuterRef("user"), canceled_at__isnull=True
    ).filter(starts_on__lte=today, ends_on__gte=today)
    members: Any = (
        TeamMember.objects.filter(working_on(now.date()), team_id__in=list(team_ids), user__is_active=True)
        .annotate(covered_by=Subquery(gone.values("cover_id")[:1]))
        .select_related("user")
    )
    people = {(member.team_id, member.user_id): member for member in members}
    rows = OnCall.objects.filter(
        team_id__in=list(team_ids), canceled_at__isnull=True, starts_at__lte=now, ends_at__gt=now
    )
    found: dict[UUID, OnDuty] = {}
    for row in rows:
        member = people.get((row.team_id, row.user_id))
        asked: set[UUID] = set()
        while member is not None and member.covered_by is not None and member.user_id not in asked:
            asked.add(member.user_id)
            member = people.get((row.team_id, member.covered_by))
        if member is not None and member.covered_by is None:
            planned = people[row.team_id, row.user_id].user if member.user_id != row.user_id else None
            found[row.team_id] = OnDuty(member.user, row.ends_at, planned)
    return found


def leads_of(team_id: UUID) -> list[User]:
    """The team's coordinators and neurologists of today: they keep the rota."""
    members = members_of(team_id).filter(role__in=LEADS).order_by("user__name")
    return [member.user for member in members if member.user.is_active]


def leads_there(team_id: UUID, day: date) -> list[User]:
    """The leads who are not away on a day of the site; when all of them are, everybody who is there; when nobody is, the leads."""
    there, leads = there_today(team_id, day), leads_of(team_id)
    ids = {person.pk for person in there}
    return [lead for lead in leads if lead.pk in ids] or there or leads


def is_lead(user: User, team_id: UUID) -> bool:
    return members_of(team_id).filter(role__in=LEADS, user=user).exists()


def away(day: date) -> Q:
    """Absences that hold on a day."""
    return Q(canceled_at__isnull=True, starts_on__lte=day, ends_on__gte=day)


def absences_of(team_ids: Iterable[UUID], day: date) -> dict[tuple[UUID, UUID], Absence]:
    """Who is away on a day of the site, by (team, person), with who covers: one statement."""
    rows = Absence.objects.filter(away(day), team_id__in=list(team_ids)).select_related("user", "cover")
    return {(row.team_id, row.user_id): row for row in rows}


def absence_of(team_id: UUID, user_id: UUID, day: date) -> Absence | None:
    return Absence.objects.filter(away(day), team_id=team_id, user_id=user_id).select_related("cover").first()


def there_today(team_id: UUID, day: date) -> list[User]:
    """The people of a team who are not away: whom work can be handed to."""
    gone = Absence.objects.filter(away(day), team_id=team_id).values("user_id")
    members = members_of(team_id).exclude(user_id__in=gone).order_by("user__name")
    return [member.user for member in members if member.user.is_active]


def stands_in(absence: Absence, day: date) -> User | None:
    """Who has the work of somebody who is away on a day: the cover, when that person is in the team and there."""
    return next((user for user in there_today(absence.team_id, day) if user.pk == absence.cover_id), None)


def away_and_there(now: datetime) -> tuple[set[tuple[UUID, UUID]], set[tuple[UUID, UUID]]]:
    """(team, person) of all who may be away at `now` wherever they are, and of all who are in a team and may sign in: two statements."""
    near = timedelta(days=1)
    gone = Absence.objects.filter(
        canceled_at__isnull=True, starts_on__lte=now.date() + near, ends_on__gte=now.date() - near
    )
    there = TeamMember.objects.filter(working_on(now.date()), user__is_active=True)
    pairs = ("team_id", "user_id")
    return set(gone.values_list(*pairs)), set(there.values_list(*pairs))


# --- Who may say so -------------------------------------------------------------------------------------------


@transaction.atomic
def put_on_call(
    *, by: User, team: Team, user: User, starts_at: datetime, ends_at: datetime, id: UUID
) -> OnCall:
    """Put a member of the team on call; once under `id`. By the team's leads. No access is given by it.

    Raises RotaTaken, NotOnRota, NotAllowed.
    """
    if not is_lead(by, team.pk):
        raise NotAllowed
    if ends_at <= starts_at or ends_at - starts_at > LONGEST_ON_CALL or not _in_team(team.pk, user):
        raise NotOnRota
    row = OnCall(id=id, team=team, user=user, starts_at=starts_at, ends_at=ends_at, created_by=by)
    made: OnCall = _once(row, RotaTaken)
    return made


@transaction.atomic
def take_off_call(*, by: User, on_call_id: UUID, now: datetime) -> OnCall:
    """Take a time off the rota; what is over stays as it was. Raises NotAllowed, OnCall.DoesNotExist."""
    row: OnCall = OnCall.objects.select_for_update(no_key=True).get(pk=on_call_id)
    if not is_lead(by, row.team_id):
        raise NotAllowed
    if row.canceled_at is None and row.ends_at > now:
        row.canceled_at = now
        row.save(update_fields=["canceled_at"])
    return row


@transaction.atomic
def enter_absence(
    *, by: User, team: Team, user: User, cover: User, starts_on: date, ends_on: date, id: UUID
) -> Absence:
    """Enter one's own absence, or as a lead somebody's; once under `id`.

    Raises AwayAlready, NotOnRota, NotAllowed.
    """
    if not _in_team(team.pk, by) or (by.pk != user.pk and not is_lead(by, team.pk)):
        raise NotAllowed
    fits = starts_on <= ends_on and (ends_on - starts_on).days <= LONGEST_ABSENCE_DAYS
    if not fits or user.pk == cover.pk or not _in_team(team.pk, user) or not _in_team(team.pk, cover):
        raise NotOnRota
    row = Absence(id=id, team=team, user=user, cover=cover, created_by=by)
    row.starts_on, row.ends_on = starts_on, ends_on
    made: Absence = _once(row, AwayAlready)
    return made


@transaction.atomic
def end_absence(*, by: User, absence_id: UUID, now: datetime) -> Absence:
    """Call an absence off: from now on the person is there. Raises NotAllowed, Absence.DoesNotExist."""
    row: Absence = Absence.objects.select_for_update(no_key=True).get(pk=absence_id)
    if by.pk != row.user_id and not is_lead(by, row.team_id):
        raise NotAllowed
    if row.canceled_at is None:
        row.canceled_at = now
        row.save(update_fields=["canceled_at"])
    return row


def _in_team(team_id: UUID, user: User) -> bool:
    return members_of(team_id).filter(user=user).exists()


def _once(row: Any, taken: type[DomainError]) -> Any:
    """Insert a row; the same id again by the same person is the same row. An overlap is refused in words."""
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        earlier = type(row).objects.filter(pk=row.pk, created_by=row.created_by_id).first()
        if earlier is None:
            raise taken from error
        return earlier
    return row
