"""Who is on call and who is away: for everybody in the team to see, for its leads to change."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from clinic import cover
from clinic.models import Absence, OnCall, Team
from clinic.services import members_of, team_ids
from messaging import services
from messaging.views.shared import signed_in
from messaging.work.forms import AbsenceForm, OnCallForm, TeamForm
from patients.requests import once_of
from portal.lib.problems import DomainError, NotAllowed
from portal.lib.time import now as present
from portal.lib.time import today_in

SHOWN_DAYS = 60


@require_safe
def rota(request: HttpRequest) -> HttpResponse:
    """For each of the person's teams: who is on call now and next, and who is away. Nobody on call is said plainly."""
    user = signed_in(request)
    if not services.works_here(user):
        raise Http404
    now = present()
    teams = list(Team.objects.filter(pk__in=team_ids(user)).select_related("site"))
    on_call = cover.on_call_now([team.pk for team in teams], now)
    return render(
        request, "messaging/rota.html", {"teams": [_shown(team, user, on_call, now) for team in teams]}
    )


def _shown(team: Team, user: User, on_call: dict[UUID, cover.OnDuty], now: datetime) -> dict[str, Any]:
    today = today_in(now, team.site.time_zone)
    until = now + timedelta(days=SHOWN_DAYS)
    times = OnCall.objects.filter(team=team, canceled_at__isnull=True, ends_at__gt=now, starts_at__lt=until)
    gone = Absence.objects.filter(team=team, canceled_at__isnull=True, ends_on__gte=today)
    return {
        "team": team,
        "zone": team.site.time_zone,
        "lead": cover.is_lead(user, team.pk),
        "leads": cover.leads_of(team.pk),
        "now": on_call.get(team.pk),
        "times": list(times.select_related("user")),
        "absences": [
            {"row": row, "mine": row.user_id == user.pk, "now": row.starts_on <= today}
            for row in gone.select_related("user", "cover")
        ],
    }


def _team(request: HttpRequest, team_id: UUID) -> tuple[User, Team, list[User]]:
    """The person, a team of theirs and its people. 404 for other teams."""
    user = signed_in(request)
    if team_id not in team_ids(user):
        raise Http404
    team = Team.objects.select_related("site").get(pk=team_id)
    people = [member.user for member in members_of(team_id).order_by("user__name")]
    return user, team, people


@require_http_methods(["GET", "HEAD", "POST"])
def new_on_call(request: HttpRequest, team_id: UUID) -> HttpResponse:
    """Put somebody on call; the team's leads only."""
    user, team, people = _team(request, team_id)
    if not cover.is_lead(user, team.pk):
        raise NotAllowed
    form = OnCallForm(request.POST if request.method == "POST" else None, team=team, people=people)

    def act() -> None:
        cover.put_on_call(
            by=user,
            team=team,
            user=form.person("who"),
            starts_at=form.from_at,
            ends_at=form.to_at,
            id=once_of(request),
        )

    return _filled_in(request, form, act, "messaging/rota_new.html", _("On the rota."))


@require_http_methods(["GET", "HEAD", "POST"])
def new_absence(request: HttpRequest, team_id: UUID) -> HttpResponse:
    """Enter an absence: one's own, or as a lead anybody's."""
    user, team, people = _team(request, team_id)
    lead = cover.is_lead(user, team.pk)
    form = AbsenceForm(
        request.POST if request.method == "POST" else None,
        team=team,
        people=people,
        initial={"who": str(user.pk)},
    )
    if not lead:
        form.fields["who"].choices = [(str(user.pk), user.name)]  # type: ignore[attr-defined]

    def act() -> None:
        cover.enter_absence(
            by=user,
            team=team,
            user=form.person("who"),
            cover=form.person("cover"),
            starts_on=form.cleaned_data["starts_on"],
            ends_on=form.cleaned_data["ends_on"],
            id=once_of(request),
        )

    return _filled_in(request, form, act, "messaging/away_new.html", _("The absence is entered."))


def _filled_in(request: HttpRequest, form: TeamForm, act: Any, template: str, done: str) -> HttpResponse:
    """The form, or what came of it; a refused rule is said on the page with everything kept."""
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                act()
            except DomainError as error:
                form.add_error(None, str(error.message))
                status = error.status
            else:
                messages.success(request, done)
                return redirect("messaging:rota")
    return render(request, template, {"form": form, "team": form.team}, status=status)


@require_POST
def end_on_call(request: HttpRequest, on_call_id: UUID) -> HttpResponse:
    """Take a time off the rota."""
    user = signed_in(request)
    if not OnCall.objects.filter(pk=on_call_id, team_id__in=team_ids(user)).exists():
        raise Http404
    once_of(request)
    cover.take_off_call(by=user, on_call_id=on_call_id, now=present())
    messages.success(request, _("Off the rota."))
    return redirect("messaging:rota")


@require_POST
def end_absence(request: HttpRequest, absence_id: UUID) -> HttpResponse:
    """Call an absence off."""
    user = signed_in(request)
    if not Absence.objects.filter(pk=absence_id, team_id__in=team_ids(user)).exists():
        raise Http404
    once_of(request)
    cover.end_absence(by=user, absence_id=absence_id, now=present())
    messages.success(request, _("The absence is called off."))
    return redirect("messaging:rota")
