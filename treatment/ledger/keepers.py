"""Who keeps a patient's long duties. A team's access cannot end while it keeps some and nobody has taken them over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from clinic.models import Team
from clinic.services import team_ids
from patients.areas import TREATMENT
from patients.models import Patient
from patients.relations import let_team_in
from patients.services import (
    exactly_once,
    record_change,
    require,
    team_of,
    teams_looking_after,
    teams_looking_after_each,
)
from portal.lib.problems import DomainError
from portal.lib.time import today_in
from treatment.courses.guards import TEXT_LENGTH
from treatment.ledger.reading import Kept, lines_of, load_all
from treatment.models import Dose, DutyKeeper

ELSEWHERE = "elsewhere"


class NoSuchTeam(DomainError):
    default_message = gettext_lazy("Choose a team of this center that works now, or another center.")
    status = 422


class KeepsThem(DomainError):
    default_message = gettext_lazy("This team keeps them already.")


@dataclass(frozen=True, slots=True)
class Keeper:
    """The team that keeps the duties; None with `reason`: a center elsewhere; None without: nobody."""

    team: Team | None
    reason: str = ""

    @property
    def name(self) -> str:
        if self.team is not None:
            return self.team.name
        return _("Another center") if self.reason else _("Nobody")


def keeper_of(user: User, patient: Patient) -> Keeper:
    """Whoever took them over last; a team whose access has ended keeps nothing any more, nor a center elsewhere since a newer dose here."""
    return _keeper(DutyKeeper.objects.for_user(user, patient), Dose.objects.for_user(user, patient), patient)


def _keeper(rows: Any, doses: Any, patient: Patient) -> Keeper:
    newest: DutyKeeper | None = rows.select_related("team").order_by("-at", "-id").first()
    if newest is not None and newest.team is None:
        handed_on = today_in(newest.at, patient.site.time_zone)
        if not doses.filter(given_on__gt=handed_on).exists():
            return Keeper(None, newest.reason)
    if newest is not None and newest.team in teams_looking_after(patient):
        return Keeper(newest.team, newest.reason)
    return Keeper(team_of(patient))


def history_of(user: User, patient: Patient) -> list[DutyKeeper]:
    rows = DutyKeeper.objects.for_user(user, patient).select_related("team", "by")
    return list(rows.order_by("-at", "-id"))


def choices(user: User, patient: Patient) -> list[tuple[str, str]]:
    """The teams of the center that can take the duties over, and another center."""
    now = keeper_of(user, patient).team
    teams = Team.objects.filter(site=patient.site_id, active=True).order_by("name")
    named = [(str(team.pk), team.name) for team in teams if now is None or team.pk != now.pk]
    return [*named, (ELSEWHERE, _("Another center, outside this portal. Name it below."))]


@transaction.atomic
def hand_over(
    *, by: User, patient: Patient, team_id: UUID | None, reason: str, id: UUID, now: datetime
) -> DutyKeeper:
    """Another team takes the duties over, or (without `team_id`) a center elsewhere, which the reason names.

    A team that does not see the patient yet gets access with it. Raises NoSuchTeam, KeepsThem, NotAllowed, DifferentContent.
    """
    require(by, patient, TREATMENT, "team")

    def make() -> UUID:
        if not reason.strip() or len(reason) > TEXT_LENGTH:
            raise NoSuchTeam(_("Write the reason in a few words. For another center, write its name."))
        team = None
        if team_id is not None:
            team = Team.objects.filter(pk=team_id, site=patient.site_id, active=True).first()
            if team is None:
                raise NoSuchTeam
            if keeper_of(by, patient).team == team:
                raise KeepsThem
            let_team_in(by=by, patient=patient, team=team)
        row = DutyKeeper(id=id, patient=patient, team=team, by=by, at=now)
        row.reason = reason
        row.save(force_insert=True)
        record_change(by, patient, "duty.handed-over", row.pk)
        return row.pk

    content = [str(team_id or ""), reason]
    done = exactly_once(act="duty.hand-over", id=id, patient=patient, user=by, content=content, do=make)
    rows: Any = DutyKeeper.objects.for_user(by, patient)
    found: DutyKeeper = rows.get(pk=done.result)
    return found


def kept_by(patient: Patient, team_id: UUID, now: datetime) -> list[dict[str, Any]]:
    """The duties that a team keeps for a patient: its access cannot end before somebody else has them. As a system actor."""
    keeper = _keeper(
        DutyKeeper.objects.for_system().of(patient), Dose.objects.for_system().of(patient), patient
    )
    if keeper.team is None or keeper.team.pk != team_id:
        return []
    lines = lines_of(load_all(patient), now)
    url = reverse("treatment:patient-ledger-owner", args=[patient.pk])
    how = _("A regular check. Hand the checks over to another team or center.")
    return [
        {"label": line.test.label, "url": url, "how": how} for line in lines if line.alive and line.is_ours
    ]


def not_ours(user: User, known: Mapping[UUID, Kept]) -> set[UUID]:
    """The patients whose duties somebody else has, so that they are not on this person's board. One statement, two when there are any.

    A keeper that keeps nothing any more (see `keeper_of`) takes nobody off the board: else the patient would be on none.
    """
    mine = set(team_ids(user))
    rows: Any = DutyKeeper.objects.for_user(user).order_by("at", "id")
    newest = {row[0]: (row[1], row[2]) for row in rows.values_list("patient_id", "team_id", "at")}
    others = {
        patient_id: newest[patient_id]
        for patient_id in known
        if patient_id in newest and newest[patient_id][0] not in mine
    }
    if not others:
        return set()
    there = teams_looking_after_each(others)
    return {
        patient_id
        for patient_id, (team_id, at) in others.items()
        if (
            (patient_id, team_id) in there if team_id is not None else not _given_since(known[patient_id], at)
        )
    }


def _given_since(kept: Kept, at: datetime) -> bool:
    """A dose was given here after the day on which the duties went elsewhere."""
    handed_on = today_in(at, kept.zone)
    runs = [run for treated in kept.therapies.values() for run in treated.runs if run.known_on is None]
    return any(run.given[-1] > handed_on for run in runs)


__all__ = [
    "ELSEWHERE",
    "Keeper",
    "KeepsThem",
    "NoSuchTeam",
    "choices",
    "hand_over",
    "history_of",
    "keeper_of",
    "kept_by",
    "not_ours",
]
