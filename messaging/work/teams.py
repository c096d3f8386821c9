"""Work that goes to another team which looks after the same patient, by hand and with a reason.

Nobody reads more for it: a team can be chosen only while it has access to the patient anyway. What was promised stands, an alarm stays
an alarm, and the new team is told by mail at once. Locks as everywhere: the receipt of the act, the conversation's row, its work item.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.services import queue_mail
from clinic.cover import leads_there
from clinic.models import Team
from clinic.services import team_ids
from messaging.models import CallTask, Thread
from messaging.services import AREA, _locked_by_staff, _mine_or_free, _move
from messaging.topics import Lane
from messaging.work import alarms, clockwork
from messaging.work.events import Kind, remember
from messaging.work.routing import NoReason
from patients.models import Patient
from patients.services import Done, exactly_once, record_change, require, teams_looking_after, was_done
from portal.lib.problems import DomainError
from portal.lib.time import today_in


class NotTheirTeam(DomainError):
    status = 422
    default_message = gettext_lazy(
        "This team does not look after the patient, so it could not read the conversation. Nothing was changed. "
        "Give the team access on the patient’s page first, or choose another one."
    )


def other_teams(patient: Patient, thread: Thread) -> list[Team]:
    """The teams that the work of a conversation can go to: in use, with access to the patient today. One statement."""
    return [team for team in teams_looking_after(patient) if team.pk != thread.team_id]


@transaction.atomic
def hand_to_team(
    *, by: User, patient: Patient, thread_id: UUID, id: UUID, team_id: UUID, reason: str, now: datetime
) -> Done:
    """Hand one's work, or work that nobody has, to another team that looks after the patient, with its conversation and its open calls.

    The new team has it from here on: members of the old one who are in no team of it find it on their list no more.
    Raises NoReason, NotTheirTeam, TakenByOther, AlreadyDone, NotAllowed, Thread.DoesNotExist.
    """
    if not reason.strip():
        raise NoReason
    require(by, patient, AREA, "team")

    def make() -> UUID:
        thread = _locked_by_staff(by, patient, thread_id)
        item = _mine_or_free(thread, by)
        team = next((team for team in other_teams(patient, thread) if team.pk == team_id), None)
        if team is None:
            raise NotTheirTeam
        _move(thread, item, team)
        CallTask.objects.filter(thread=thread, done_at__isnull=True).update(team=team)
        remember(item, Kind.HANDED_OVER, by=by, now=now, team=team, reason=reason)
        record_change(by, patient, "thread.handed_over", thread_id)
        for person in _to_tell(team, urgent=item.lane == Lane.SAFETY, patient=patient, now=now):
            queue_mail(to=person.email, subject=subject(), body=body(), kind=alarms.MAIL_KIND)
        return item.pk

    content = [str(thread_id), str(team_id), reason]
    return exactly_once(act="work.hand_to_team", id=id, patient=patient, user=by, content=content, do=make)


def went_on(user: User, thread: Thread, act_id: UUID) -> bool:
    """True when this person's act with this id was done, and the conversation is another team's since: a press that comes again."""
    return thread.team_id not in team_ids(user) and was_done(act_id, user)


def _to_tell(team: Team, *, urgent: bool, patient: Patient, now: datetime) -> list[User]:
    """Urgent: as when nobody takes something on, first whoever is on call. Else the leads who are there."""
    day = today_in(now, patient.site.time_zone)
    return clockwork.whom_to_tell(team.pk, 1, now, day) if urgent else leads_there(team.pk, day)


def subject() -> str:
    return _("Something was handed to your team in the portal")


def body() -> str:
    """Fixed words: no name, no topic, nothing about health, and a link to the sign-in page only."""
    return _(
        "Hello,\n\n"
        "another team handed something to your team. It waits on your work list.\n\n"
        "Please sign in and look: %(url)s\n\n"
        "This mail was sent by a machine. Please do not reply to it.\n"
    ) % {"url": settings.PUBLIC_URL + reverse("account_login")}


__all__ = ["NotTheirTeam", "hand_to_team", "other_teams", "went_on"]
