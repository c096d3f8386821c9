"""Reply templates: written by one, reviewed by another, with blanks that must be filled before anything is sent."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from clinic.models import Site, Team
from clinic.services import team_ids, teams_of
from messaging.models import ReplyTemplate
from portal.lib.problems import Conflict, DomainError, NotAllowed
from portal.lib.time import today_in

LONGEST_TITLE, LONGEST_BODY = 80, 2_000
REVIEW_MONTHS = 12
BLANK = re.compile(r"\[([^\[\]\n]{1,40})\]")
State = ReplyTemplate.State


class BlankLeft(DomainError):
    """The text still holds blanks of a template. `blanks` are their names."""

    status = 422

    def __init__(self, blanks: Iterable[str]) -> None:
        self.blanks = list(blanks)
        named = ", ".join(f"[{blank}]" for blank in self.blanks)
        super().__init__(_("Nothing was sent. Fill in %(blanks)s first.") % {"blanks": named})


class OwnWords(DomainError):
    default_message = gettext_lazy("You wrote this. Somebody else of the team has to review it.")


class ReviewedBefore(Conflict):
    default_message = gettext_lazy("This was decided already. Nothing was changed.")


def blanks_of(text: str) -> list[str]:
    """The names of the blanks of a text, each once, in their order: "[day]" is the blank "day"."""
    return list(dict.fromkeys(name.strip() for name in BLANK.findall(text)))


def nothing_left_blank(site: Site, text: str) -> None:
    """Raises BlankLeft when the text holds a blank of one of the site's templates. Other brackets are the writer's own."""
    found = blanks_of(text)
    if not found:
        return
    known: set[str] = set()
    for body in ReplyTemplate.objects.filter(site=site).values_list("body", flat=True):
        known.update(name.casefold() for name in blanks_of(body))
    left = [name for name in found if name.casefold() in known]
    if left:
        raise BlankLeft(left)


def filled_in(typed: str, template: ReplyTemplate) -> str:
    """The answer's text with the template below what was typed."""
    return below(typed, template.body)


def below(typed: str, more: str) -> str:
    """Two texts as one, with an empty line between them."""
    return f"{typed.rstrip()}\n\n{more}" if typed.strip() else more


# --- Reads ---------------------------------------------------------------------------------------------------------


def open_to(user: User) -> QuerySet[ReplyTemplate]:
    """The templates of the person's sites: those for everybody, and those of the person's teams."""
    teams = team_ids(user)
    sites = Team.objects.filter(pk__in=teams).values("site_id")
    return ReplyTemplate.objects.filter(
        Q(team__isnull=True) | Q(team_id__in=teams), site_id__in=sites
    ).select_related("written_by", "reviewed_by", "team", "site")


def in_use(user: User) -> list[ReplyTemplate]:
    """What can be chosen in an answer, by title."""
    return list(open_to(user).filter(state=State.IN_USE).order_by("title", "id"))


def template_or_404(user: User, template_id: UUID | None) -> ReplyTemplate:
    found = open_to(user).filter(pk=template_id).first() if template_id else None
    if found is None:
        raise Http404
    return found


def is_overdue(template: ReplyTemplate, now: datetime) -> bool:
    """True for a template in use whose review is due."""
    return (
        template.state == State.IN_USE
        and template.review_due is not None
        and template.review_due < today_in(now, template.site.time_zone)
    )


# --- Writes --------------------------------------------------------------------------------------------------------


@transaction.atomic
def write(
    *,
    by: User,
    id: UUID,
    title: str,
    body: str,
    team_only: bool,
    now: datetime,
    replaces: ReplyTemplate | None = None,
) -> ReplyTemplate:
    """A new template, or the next version of `replaces`; it waits for somebody else's review. Once for each `id`.

    A version of the same template that still waited is not used any more. Raises NotAllowed, Conflict.
    """
    teams = teams_of(by)
    if not teams:
        raise NotAllowed
    team = teams[0]
    earlier = ReplyTemplate.objects.select_for_update(no_key=True).filter(pk=id).first()
    if earlier is not None:
        if (earlier.written_by_id, earlier.title, earlier.body) != (by.pk, title, body):
            raise Conflict
        return earlier
    version, family = 1, id
    if replaces is not None:
        versions = list(
            ReplyTemplate.objects.select_for_update(no_key=True)
            .filter(family=replaces.family)
            .order_by("-version")
        )
        family, version = replaces.family, versions[0].version + 1
        for waiting in versions:
            if waiting.state == State.WAITING:
                _turn(waiting, State.RETIRED)
    template = ReplyTemplate(
        id=id, family=family, version=version, site=team.site, title=title, body=body, written_by=by
    )
    template.team = team if team_only else None
    template.created_at = now
    template.save(force_insert=True)
    return template


@transaction.atomic
def approve(*, by: User, template_id: UUID, now: datetime) -> ReplyTemplate:
    """Put a version to use. The version before it is replaced. Never by its writer. Raises OwnWords, ReviewedBefore, Http404."""
    template = _locked(by, template_id)
    if template.state == State.IN_USE and template.reviewed_by_id == by.pk:
        return template
    if template.written_by_id == by.pk:
        raise OwnWords
    if template.state != State.WAITING:
        raise ReviewedBefore
    for used in ReplyTemplate.objects.select_for_update(no_key=True).filter(
        family=template.family, state=State.IN_USE
    ):
        _turn(used, State.REPLACED)
    _review(template, by, now)
    return template


@transaction.atomic
def keep(*, by: User, template_id: UUID, now: datetime) -> ReplyTemplate:
    """Review a version that is in use once more: it stays for another year. Never by its writer."""
    template = _locked(by, template_id)
    if template.written_by_id == by.pk:
        raise OwnWords
    if template.state != State.IN_USE:
        raise ReviewedBefore
    _review(template, by, now)
    return template


@transaction.atomic
def retire(*, by: User, template_id: UUID) -> ReplyTemplate:
    """Nobody chooses it any more. Doing it twice is doing it once. Raises ReviewedBefore, Http404."""
    template = _locked(by, template_id)
    if template.state == State.RETIRED:
        return template
    if template.state == State.REPLACED:
        raise ReviewedBefore
    _turn(template, State.RETIRED)
    return template


def _locked(by: User, template_id: UUID) -> ReplyTemplate:
    template_or_404(by, template_id)
    return (
        ReplyTemplate.objects.select_related("site")
        .select_for_update(of=("self",), no_key=True)
        .get(pk=template_id)
    )


def _turn(template: ReplyTemplate, state: str) -> None:
    template.state = state
    template.save(update_fields=["state"])


def _review(template: ReplyTemplate, by: User, now: datetime) -> None:
    template.state, template.reviewed_by, template.reviewed_at = State.IN_USE, by, now
    template.review_due = _a_year_after(today_in(now, template.site.time_zone))
    template.save(update_fields=["state", "reviewed_by", "reviewed_at", "review_due"])


def _a_year_after(day: date) -> date:
    months: Any = day.month - 1 + REVIEW_MONTHS
    return date(day.year + months // 12, months % 12 + 1, min(day.day, 28))
