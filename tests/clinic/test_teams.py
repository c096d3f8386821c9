"""Who works in which team on which day, and what the database refuses."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.models import User
from accounts.services import is_staff_person
from clinic.models import Site, Team, TeamMember, known_time_zone
from clinic.services import (
    is_clinician,
    members_of,
    members_of_teams,
    roles_of,
    team_names,
    teams_of,
    user_ids_in_teams,
    utc_today,
)


@pytest.fixture
def team(db: None) -> Team:
    site = Site.objects.create(
        name="Riverside", address="12 Walk", time_zone="America/New_York", emergency_phone="911", emergency_text="Call 911.",
        day_phone="555-0100", after_hours_phone="555-0199", after_hours_text="The nurse line.",
        reply_urgent_minutes=60, reply_routine_days=2,
    )  # fmt: skip
    return Team.objects.create(site=site, name="MS infusion team")


def member(team: Team, starts: int, ends: int | None, user: User | None = None) -> User:
    user = user or User.objects.create_user(f"u{User.objects.count()}@example.com", None, name="Somebody")
    today = utc_today()
    TeamMember.objects.create(
        team=team, user=user, role="nurse", starts_on=today + timedelta(days=starts),
        ends_on=None if ends is None else today + timedelta(days=ends),
    )  # fmt: skip
    return user


@pytest.mark.parametrize(
    ("starts", "ends", "works"),
    [(0, None, True), (-1, 0, True), (0, 0, True), (-2, -1, False), (1, None, False)],
)
def test_a_membership_holds_from_its_first_to_its_last_day(
    team: Team, starts: int, ends: int | None, works: bool
) -> None:
    user = member(team, starts, ends)
    assert is_clinician(user) is works
    assert is_staff_person(user) is works
    assert bool(teams_of(user)) is works
    assert (user.pk in user_ids_in_teams([team.pk])) is works
    assert members_of(team.pk).filter(user=user).exists() is works
    assert members_of_teams([team.pk]).filter(user=user).exists() is works


def test_past_members_keep_their_role_in_words(team: Team) -> None:
    user = member(team, -10, -5)
    assert roles_of([user.pk]) == {user.pk: {"role": "Nurse", "team": "MS infusion team"}}
    assert team_names([team.pk]) == {team.pk: "MS infusion team"}


def test_the_database_refuses_two_memberships_at_a_time(team: Team) -> None:
    user = member(team, -10, -5)
    member(team, -4, None, user)
    with pytest.raises(IntegrityError), transaction.atomic():
        member(team, -6, -5, user)


def test_the_database_refuses_an_end_before_the_start(team: Team) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        member(team, 0, -1)


@pytest.mark.parametrize(
    "field", ["emergency_phone", "emergency_text", "day_phone", "after_hours_phone", "after_hours_text"]
)
def test_a_site_cannot_be_kept_without_its_phones_and_texts(team: Team, field: str) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Site.objects.filter(pk=team.site_id).update(**{field: ""})


@pytest.mark.parametrize("zone", ["", "Mars/Base", "New York"])
def test_a_time_zone_must_be_known(zone: str) -> None:
    with pytest.raises(ValidationError):
        known_time_zone(zone)


def test_names_tell_nothing_about_health(team: Team) -> None:
    things: list[Any] = [team, team.site]
    assert [str(thing) for thing in things] == ["MS infusion team", "Riverside"]
