"""What other apps may ask the clinic: is it open, when next, who is in which team, how is it reached."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import JSONObject

from accounts.models import User
from clinic.models import Holiday, OpeningHours, Site, Team, TeamMember
from portal.lib import actor

LOOK_AHEAD_DAYS = 60


@dataclass(frozen=True, slots=True)
class SiteState:
    """A site with its hours and holidays, read once a request; all arithmetic on it is pure."""

    site: Site
    hours: tuple[tuple[int, time, time], ...]
    holidays: frozenset[date]

    def intervals(self, day: date) -> list[tuple[datetime, datetime]]:
        """The open intervals of one calendar day of the site, as instants in UTC."""
        if day in self.holidays:
            return []
        zone = ZoneInfo(self.site.time_zone)
        found = []
        for weekday, opens, closes in self.hours:
            if weekday == day.weekday():
                start = datetime.combine(day, opens, zone).astimezone(UTC)
                end = datetime.combine(day, closes, zone).astimezone(UTC)
                if start < end:
                    found.append((start, end))
        return sorted(found)

    def is_open(self, now: datetime) -> bool:
        day = now.astimezone(ZoneInfo(self.site.time_zone)).date()
        return any(start <= now < end for start, end in self.intervals(day))

    def next_opening(self, now: datetime) -> datetime | None:
        """The next instant at which the clinic opens, or None when its hours say never (60 days ahead)."""
        day = now.astimezone(ZoneInfo(self.site.time_zone)).date()
        for ahead in range(LOOK_AHEAD_DAYS):
            for start, _end in self.intervals(day + timedelta(days=ahead)):
                if start > now:
                    return start
        return None

    def closes_at(self, now: datetime) -> datetime | None:
        """When the interval that is open at `now` ends."""
        day = now.astimezone(ZoneInfo(self.site.time_zone)).date()
        return next((end for start, end in self.intervals(day) if start <= now < end), None)

    def add_open_minutes(self, start: datetime, minutes: int) -> datetime | None:
        """The instant at which `minutes` of open time have passed since `start`; holidays and nights do not count."""
        left = timedelta(minutes=minutes)
        day = start.astimezone(ZoneInfo(self.site.time_zone)).date()
        for ahead in range(LOOK_AHEAD_DAYS):
            for opens, closes in self.intervals(day + timedelta(days=ahead)):
                begin = max(opens, start)
                if begin >= closes:
                    continue
                if begin + left <= closes:
                    return begin + left
                left -= closes - begin
        return None

    def end_of_working_day(self, start: datetime, days: int) -> datetime | None:
        """Closing time of the `days`-th working day after the day of `start`: "answered by Wednesday"."""
        day = start.astimezone(ZoneInfo(self.site.time_zone)).date()
        counted = 0
        for ahead in range(1, LOOK_AHEAD_DAYS):
            intervals = self.intervals(day + timedelta(days=ahead))
            if intervals:
                counted += 1
                if counted == days:
                    return intervals[-1][1]
        return None


def hours_with(site: str) -> tuple[ArraySubquery, ArraySubquery]:
    """Hours and holidays of the site that the column `site` names, as columns of another statement; what it read is handed to `know_hours`."""
    hours = OpeningHours.objects.filter(site=OuterRef(site)).values(
        said=JSONObject(weekday="weekday", opens="opens", closes="closes")
    )
    return ArraySubquery(hours), ArraySubquery(Holiday.objects.filter(site=OuterRef(site)).values("date"))


def know_hours(site_id: UUID, hours: list[dict[str, Any]], holidays: list[date]) -> None:
    """The rest of the unit of work does not ask again."""
    actor.unit_store()["site_state", site_id] = _as_read(hours, holidays)


def _as_read(hours: list[dict[str, Any]], holidays: list[date]) -> tuple[Any, frozenset[date]]:
    weekly = (
        (row["weekday"], time.fromisoformat(row["opens"]), time.fromisoformat(row["closes"])) for row in hours
    )
    return tuple(weekly), frozenset(holidays)


def state_of(site: Site) -> SiteState:
    """The site's hours and holidays: one statement, once a unit of work."""
    store, key = actor.unit_store(), ("site_state", site.pk)
    if key not in store:
        found = Site.objects.filter(pk=site.pk).values_list(*hours_with("pk")).first()
        store[key] = _as_read(*(found or ([], [])))
    hours_read, holidays_read = store[key]
    return SiteState(site=site, hours=hours_read, holidays=holidays_read)


def default_site() -> Site | None:
    """The site that pages speak for before anyone has signed in: the first one."""
    return Site.objects.first()


def site_by_id(site_id: UUID) -> Site | None:
    return Site.objects.filter(pk=site_id).first()


def sites() -> list[Site]:
    return list(Site.objects.all())


def remember_half_of_replies(site_id: UUID, minutes: int | None) -> None:
    """Keep in how many real minutes half of the answers of the last 90 days were given; None: too few to say."""
    Site.objects.filter(pk=site_id).update(half_of_replies_minutes=minutes)


def is_open(site: Site, now: datetime) -> bool:
    """True when the clinic is open at `now` (aware), by its own wall clock, holidays counted."""
    return state_of(site).is_open(now)


def next_opening(site: Site, now: datetime) -> datetime | None:
    return state_of(site).next_opening(now)


def working_on(on: date) -> Q:
    """Team memberships that are valid on a day; the same rule as in the database function `portal_opens`."""
    return Q(starts_on__lte=on) & (Q(ends_on__isnull=True) | Q(ends_on__gte=on))


def utc_today() -> date:
    return datetime.now(UTC).date()


def memberships(user: User, on: date | None = None) -> QuerySet[TeamMember]:
    """The person's team memberships on a day (UTC; default today), teams included."""
    return TeamMember.objects.filter(working_on(on or utc_today()), user_id=user.pk).select_related(
        "team__site"
    )


def teams_of(user: User) -> list[Team]:
    """The person's teams today, each with its site, read once a unit of work."""
    store, key = actor.unit_store(), ("teams", user.pk)
    if key not in store:
        store[key] = [member.team for member in memberships(user).order_by("id")]
    found: list[Team] = store[key]
    return found


def team_ids(user: User) -> list[UUID]:
    """Ids of the person's teams today, read once a unit of work."""
    store, key = actor.unit_store(), ("team_ids", user.pk)
    if key not in store:
        store[key] = [team_id for team_id, _role in _teams_and_roles(user)]
    found: list[UUID] = store[key]
    return found


def own_roles(user: User) -> set[str]:
    """The roles in which the person works today, read once a unit of work."""
    return {role for _team_id, role in _teams_and_roles(user)}


def _teams_and_roles(user: User) -> list[tuple[UUID, str]]:
    store, key = actor.unit_store(), ("teams and roles", user.pk)
    if key not in store:
        store[key] = list(memberships(user).values_list("team_id", "role"))
    found: list[tuple[UUID, str]] = store[key]
    return found


def team_ids_with(user_id: UUID, today: date) -> ArraySubquery:
    """The ids of `team_ids` as a column of another statement; what it read is handed to `know_team_ids`."""
    working = TeamMember.objects.filter(working_on(today), user_id=user_id)
    return ArraySubquery(working.values("team_id"))


def know_team_ids(user: User, ids: list[UUID]) -> None:
    """The rest of the unit of work does not ask again."""
    actor.unit_store()["team_ids", user.pk] = ids


def is_clinician(user: User) -> bool:
    """True for people who are in a team today."""
    return bool(team_ids(user))


def members_of(team_id: UUID, on: date | None = None) -> QuerySet[TeamMember]:
    """Who is in a team on a day, with their names."""
    return TeamMember.objects.filter(working_on(on or utc_today()), team_id=team_id).select_related("user")


def members_of_teams(team_ids: Iterable[UUID], on: date | None = None) -> QuerySet[TeamMember]:
    """Who is in any of the teams on a day, with their names: one statement."""
    return TeamMember.objects.filter(
        working_on(on or utc_today()), team_id__in=list(team_ids)
    ).select_related("user")


def somebody_in(team: str, on: date | None = None) -> Exists:
    """Whether the team that the column `team` names has anybody today (UTC) who may sign in."""
    working = TeamMember.objects.filter(working_on(on or utc_today()), user__is_active=True)
    return Exists(working.filter(team_id=OuterRef(team)))


def teams_without_people(on: date | None = None) -> list[Team]:
    """Teams in use that nobody is in today (UTC) who may sign in, by name. One statement."""
    return list(Team.objects.filter(~somebody_in("pk", on), active=True).order_by("name"))


def user_ids_in_teams(team_ids: Iterable[UUID]) -> set[UUID]:
    """Ids of the people who are in any of the teams today."""
    return set(
        TeamMember.objects.filter(working_on(utc_today()), team_id__in=list(team_ids)).values_list(
            "user_id", flat=True
        )
    )


def team_names(team_ids: Iterable[UUID]) -> dict[UUID, str]:
    return dict(Team.objects.filter(pk__in=list(team_ids)).values_list("id", "name"))


def roles_of(user_ids: Iterable[UUID]) -> dict[UUID, dict[str, Any]]:
    """Role word and team name of people by user id, for "who looked": the newest membership of each."""
    rows: dict[UUID, dict[str, Any]] = {}
    members = (
        TeamMember.objects.filter(user_id__in=list(user_ids)).select_related("team").order_by("starts_on")
    )
    for member in members:
        rows[member.user_id] = {"role": member.get_role_display(), "team": member.team.name}
    return rows


def everyone_in_teams() -> Any:
    """Subquery of the people who work or have worked in any team: whoever looks and is not in it looks for the patient."""
    return TeamMember.objects.values("user_id")
