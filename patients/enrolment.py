"""A nurse adds a patient; a patient adds a carer: accounts, grants, keys and the invitation in one act."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.services import invite_user
from clinic.models import Team
from clinic.services import teams_of
from patients.models import Grant, Patient
from patients.once import Done, exactly_once
from patients.services import CarerNotPossible, enroll_patient, grant_carer, require, revoke_grant
from portal.lib import actor
from portal.lib.problems import DomainError, NotAllowed

CARERS_A_DAY = 10


class AlreadyPatient(DomainError):
    default_message = _("This email address belongs to a patient already. Check the address.")


class TooManyCarers(CarerNotPossible):
    default_message = _("You added many people today. Go on tomorrow, or call the clinic.")


def add_patient(
    *, by: User, id: UUID, name: str, date_of_birth: date, email: str, phone: str, team_id: UUID
) -> Done:
    """A new patient of one of the nurse's own teams, invited by mail, once for each `id`.

    Raises NotAllowed for somebody who is not in the team, AlreadyPatient, DifferentContent.
    """
    team = next((team for team in teams_of(by) if team.pk == team_id), None)
    if team is None:
        raise NotAllowed
    content = [name, date_of_birth.isoformat(), email, phone, str(team_id)]
    # The receipt belongs to a patient who is not there yet: only the system actor may write it, on the nurse's behalf.
    with actor.unit_of_work(actor.Actor(user_id=by.pk, system="enrolment")):
        return exactly_once(
            act="patient.add",
            id=id,
            patient=Patient(id=id),
            user=by,
            content=content,
            do=lambda: _make_patient(by, id, team, name, date_of_birth, email, phone),
        )


def _make_patient(
    by: User, id: UUID, team: Team, name: str, date_of_birth: date, email: str, phone: str
) -> UUID:
    account = invite_user(email=email, name=name)
    if Grant.objects.filter(kind="self", user=account, revoked_at__isnull=True).exists():
        raise AlreadyPatient
    try:
        with transaction.atomic():
            patient = enroll_patient(
                id=id,
                site=team.site,
                name=name,
                date_of_birth=date_of_birth,
                by=by,
                user=account,
                team=team,
                phone=phone,
            )
    except IntegrityError:
        raise AlreadyPatient from None
    return patient.pk


@transaction.atomic
def add_carer(
    *,
    patient: Patient,
    by: User,
    id: UUID,
    email: str,
    called: str,
    relation: str,
    scopes: Iterable[str],
    last_day: date,
    now: datetime,
) -> Done:
    """Invite somebody by mail and open chosen areas to them through the end of `last_day` (the clinic's calendar).

    Once for each `id`. The answer is the same whether or not the address has an account. Raises NotAllowed,
    CarerNotPossible, DifferentContent.
    """
    require(by, patient, "own", "self")
    chosen = sorted(set(scopes))
    midnight = datetime.combine(last_day + timedelta(days=1), time(0), ZoneInfo(patient.site.time_zone))

    def make() -> UUID:
        _count_carer(by)
        if email == by.email:
            raise CarerNotPossible(
                _("This is your own address. Enter the address of the person who helps you.")
            )
        carer = invite_user(email=email, name=called)
        grant = grant_carer(
            patient=patient,
            by=by,
            carer=carer,
            relation={"relation": relation, "called": called},
            scopes=chosen,
            ends_at=midnight.astimezone(UTC),
        )
        return grant.pk

    content: list[Any] = [email, called, relation, chosen, last_day.isoformat()]
    return exactly_once(act="carer.add", id=id, patient=patient, user=by, content=content, do=make)


def _count_carer(by: User) -> None:
    """At most ten invitations a day from one person. Raises TooManyCarers."""
    key = f"carers-added:{by.pk}"
    added = cache.get(key, 0)
    if added >= CARERS_A_DAY:
        raise TooManyCarers
    cache.set(key, added + 1, 24 * 3600)


@transaction.atomic
def end_carer(*, patient: Patient, by: User, id: UUID, grant_id: UUID) -> Done:
    """End a carer's access at once, once for each `id`. Raises NotAllowed, Http404."""
    require(by, patient, "own", "self")
    return exactly_once(
        act="carer.end",
        id=id,
        patient=patient,
        user=by,
        content=[str(grant_id)],
        do=lambda: revoke_grant(patient=patient, by=by, grant_id=grant_id).pk,
    )
