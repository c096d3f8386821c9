"""A team takes a patient on, and a team's access ends. It cannot end while the team keeps duties that nobody has taken over, or owes an answer."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from clinic.models import Team
from clinic.services import team_ids
from patients.areas import PROFILE
from patients.models import Grant, Patient
from patients.once import Done, exactly_once
from patients.services import grant_team, record_change, require, teams_looking_after
from portal.lib import actor
from portal.lib.contributions import relation_duties
from portal.lib.problems import Conflict, NotAllowed


class StillKeeps(Conflict):
    """What the team keeps for the patient stands in `duties`, with keys label, url and how."""

    default_message = gettext_lazy("Your team still keeps something for this patient. Hand it over first.")

    def __init__(self, duties: list[dict[str, Any]]) -> None:
        super().__init__(
            _("Your team still keeps this for the patient: %(duties)s. %(how)s Then end the access.")
            % {
                "duties": "; ".join(str(duty["label"]) for duty in duties),
                "how": " ".join(dict.fromkeys(str(duty["how"]) for duty in duties)),
            }
        )
        self.duties = duties


def still_kept(patient: Patient, team_id: UUID, now: datetime) -> list[dict[str, Any]]:
    """What a team keeps for a patient, as all apps know it. Call as a system actor."""
    return [duty for entry in relation_duties for duty in entry(patient, team_id, now)]


def duties_of(by: User, patient: Patient, team_id: UUID, now: datetime) -> list[dict[str, Any]]:
    """The same, for a page of somebody of that team."""
    require(by, patient, PROFILE, "team")
    with actor.unit_of_work(actor.Actor(user_id=by.pk, system="relation")):
        return still_kept(patient, team_id, now)


@transaction.atomic
def let_team_in(*, by: User, patient: Patient, team: Team) -> None:
    """Open the patient to another team of the center, by somebody of a team that has access; nothing when it is open already.

    Raises NotAllowed.
    """
    require(by, patient, PROFILE, "team")
    with actor.unit_of_work(actor.Actor(user_id=by.pk, system="relation")):
        Patient.objects.for_system().select_for_update(no_key=True).get(pk=patient.pk)
        if not Grant.objects.live().filter(patient_id=patient.pk, kind="team", team=team).exists():
            grant_team(patient=patient, team=team, by=by)


def own_teams(by: User, patient: Patient) -> list[Team]:
    """The person's own teams that have access to the patient now."""
    mine = set(team_ids(by))
    return [team for team in teams_looking_after(patient) if team.pk in mine]


def end_team(*, by: User, patient: Patient, team_id: UUID, id: UUID, now: datetime) -> Done:
    """End the access of one's own team, once under `id`. Nothing of the record goes; the patient keeps it.

    Raises StillKeeps while the team keeps duties that nobody has taken over or owes an answer; NotAllowed; Http404 for another team.
    """
    require(by, patient, PROFILE, "team")
    if team_id not in team_ids(by):
        raise NotAllowed

    def end() -> UUID:
        Patient.objects.for_system().select_for_update(no_key=True).get(pk=patient.pk)
        grant: Grant | None = (
            Grant.objects.live().filter(patient_id=patient.pk, kind="team", team_id=team_id).first()
        )
        if grant is None:
            raise Http404
        held = still_kept(patient, team_id, now)
        if held:
            raise StillKeeps(held)
        grant.revoked_at = now
        grant.save(update_fields=["revoked_at"])
        record_change(by, patient, "grant.team-ended", grant.pk)
        return grant.pk

    # The person may lose the record with it, so the receipt is the system's to finish, on the person's behalf.
    with actor.unit_of_work(actor.Actor(user_id=by.pk, system="relation")):
        return exactly_once(
            act="grant.team-end", id=id, patient=patient, user=by, content=[str(team_id)], do=end
        )


__all__ = ["StillKeeps", "duties_of", "end_team", "let_team_in", "own_teams", "still_kept"]
