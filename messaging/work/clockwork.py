"""What the portal does with work on its own clock: urgent work nobody takes on, silent owners, people who are away.

Each item is one transaction: its conversation is locked, everything is looked at again, and only then something happens. A run that is
killed leaves nothing half done, and two runs at once do everything once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, F, Max, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce, Greatest
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import queue_mail
from clinic.cover import absence_of, away_and_there, leads_of, on_call_now, stands_in, there_today
from clinic.services import members_of, somebody_in, state_of
from messaging.models import InternalNote, Thread, WorkItem, WorkItemEvent
from messaging.topics import Lane
from messaging.work import alarms, nobody, stuck
from messaging.work.alarms import STEPS
from messaging.work.events import TO_TEAM, Kind, remember
from messaging.work.routing import give
from patients.services import record_change
from portal.lib import actor
from portal.lib.time import today_in

log = logging.getLogger(
    "portal.work"
)  # ids and kinds of errors only: what an error says may hold somebody's words
AT_ONCE = 200  # items of one run; the next one a minute later goes on
KIND = alarms.MAIL_KIND
SAID_AGAIN = (Kind.ESCALATED, Kind.HANDED_OVER, Kind.RELEASED)  # each starts the minutes anew


def minutes_of(setting: str) -> Any:
    """A setting of the patient's site as a span of time."""
    return Value(timedelta(minutes=1)) * F(f"patient__site__{setting}")


# --- Urgent and nobody's ------------------------------------------------------------------------------------


def escalate(now: datetime) -> int:
    """Tell people about urgent work that nobody has taken on, step by step, in real minutes. Returns how many steps were taken."""
    return _each(lambda: _unheard(now), lambda item: _tell(item, now), "escalation")


def _unheard(now: datetime) -> Any:
    """Urgent, and nobody's or not opened by who has it, for longer than the site's minutes since it came or somebody was told.

    Also what went through all steps while nobody was in the team, once somebody is.
    """
    events = WorkItemEvent.objects.for_system().filter(item=OuterRef("pk")).order_by().values("item")
    last = events.filter(kind__in=SAID_AGAIN).exclude(TO_TEAM).annotate(at=Max("created_at")).values("at")
    step = (
        events.filter(kind=Kind.ESCALATED, round=OuterRef("round")).annotate(most=Max("step")).values("most")
    )
    to_nobody = events.filter(kind=Kind.ESCALATED, round=OuterRef("round"), step=STEPS, other=None)
    nobodys = Q(state=WorkItem.State.OPEN) | Q(state=WorkItem.State.CLAIMED, alarm_at__isnull=False)
    urgent = WorkItem.objects.for_system().filter(nobodys, lane=Lane.SAFETY)
    return urgent.annotate(
        step=Coalesce(Subquery(step), 0),
        quiet_since=Greatest(
            F("created_at"),
            Coalesce(F("alarm_at"), F("created_at")),
            Coalesce(Subquery(last), F("created_at")),
        ),
    ).filter(
        Q(step__lt=STEPS) | (Q(Exists(to_nobody)) & Q(somebody_in("team_id", now.date()))),
        quiet_since__lte=now - minutes_of("escalate_minutes"),
    )


def _tell(item: Any, now: datetime) -> bool:
    """The next step for one locked item: the mails and the line that says so are one transaction."""
    if item.step >= STEPS:  # all of them told nobody of the team: they begin anew
        item.round, item.step = item.round + 1, 0
    step = item.step + 1
    if item.owner is not None:
        owner = item.owner
        give(item, None, now)
        remember(item, Kind.RETURNED, by=owner, now=now)
    item.told = step
    item.save(update_fields=["round", "told"])
    told = whom_to_tell(item.team_id, step, now, today_in(now, item.patient.site.time_zone))
    for person in told:
        queue_mail(to=person.email, subject=subject(), body=body(), kind=KIND)
    first = told[0] if told else None
    asked = [] if told else nobody.tell_administrators()
    names = ", ".join(person.name for person in told or asked)
    remember(
        item, Kind.ESCALATED, by=None, now=now, other=first, step=step, reason=names, outside=bool(asked)
    )
    record_change(None, item.patient, "work.escalated", item.thread_id)
    return True


def whom_to_tell(team_id: UUID, step: int, now: datetime, day: date) -> list[User]:
    """Who is told at a step: people of the team and nobody else, so that no access has to be given at night. Empty when nobody is in it.

    Nobody is told who is away on `day` (of the site) while somebody else is there; a step that would tell nobody is the next one.
    """
    there = there_today(team_id, day)
    if step < STEPS:
        on_call = on_call_now([team_id], now).get(team_id)
        first = [on_call.user] if on_call is not None else []
        if step == 1 and first:
            return first
        others = {person.pk for person in there} - {person.pk for person in first}
        both = first + [lead for lead in leads_of(team_id) if lead.pk in others]
        if both:
            return both
    if there:
        return there
    members = [member.user for member in members_of(team_id, now.date()).order_by("user__name")]
    return [person for person in members if person.is_active]


def subject() -> str:
    return _("Something waits for you in the portal")


def body() -> str:
    """Fixed words: no name, no topic, nothing about health, and a link to the sign-in page only."""
    return _(
        "Hello,\n\n"
        "something urgent waits on the work list of your team, and nobody has taken it on yet.\n\n"
        "Please sign in and look now: %(url)s\n\n"
        "When you take it on, nobody else is told.\n\n"
        "This mail was sent by a machine. Please do not reply to it.\n"
    ) % {"url": settings.PUBLIC_URL + reverse("account_login")}


# --- Held, and nothing happens -----------------------------------------------------------------------------------


def return_silent(now: datetime) -> int:
    """Give work back to the team when its owner has not acted for the site's number of open minutes.

    Urgent work counts every minute. An act is taking it, being handed it, opening an alarm, or writing a note; the minutes of an
    alarm begin with it. Returns how many went back.
    """

    def held() -> Any:
        noted = (
            InternalNote.objects.for_system()
            .filter(thread=OuterRef("thread"), author=OuterRef("owner"))
            .order_by()
            .values("author")
            .annotate(at=Max("created_at"))
            .values("at")
        )
        alarms_of = WorkItemEvent.objects.for_system().filter(
            item=OuterRef("pk"), user=OuterRef("owner"), kind__in=(Kind.ALARM, Kind.HEARD)
        )
        heard = alarms_of.order_by().values("item").annotate(at=Max("created_at")).values("at")
        claimed = WorkItem.objects.for_system().filter(state=WorkItem.State.CLAIMED)
        acted = Greatest(
            F("claimed_at"),
            Coalesce(Subquery(noted), F("claimed_at")),
            Coalesce(Subquery(heard), F("claimed_at")),
        )
        minutes = minutes_of("silent_owner_minutes")
        return claimed.annotate(acted=acted).filter(acted__lte=now - minutes)

    def act(item: Any) -> bool:
        if not _was_silent(item, now):
            return False
        owner = item.owner
        give(item, None, now)
        remember(item, Kind.RETURNED, by=owner, now=now)
        record_change(None, item.patient, "work.returned", item.thread_id)
        return True

    return _each(held, act, "work-return")


def _was_silent(item: Any, now: datetime) -> bool:
    site = item.patient.site
    if item.lane == Lane.SAFETY:
        return True  # the minutes are over by the wall clock already
    until = state_of(site).add_open_minutes(item.acted, site.silent_owner_minutes)
    return until is not None and until <= now


# --- Held by somebody who is not there ------------------------------------------------------------------------------


def pass_on(now: datetime) -> int:
    """Work of people who are away goes to who covers; without one, and of people who left the team or may not sign in, back to the team."""

    def held() -> Any:
        return WorkItem.objects.for_system().filter(state=WorkItem.State.CLAIMED)

    def act(item: Any) -> bool:
        day = today_in(now, item.patient.site.time_zone)
        absence = absence_of(item.team_id, item.owner_id, day)
        members = members_of(item.team_id, now.date()).filter(user__is_active=True)
        gone = not members.filter(user=item.owner_id).exists()
        if absence is None and not gone:
            return False
        owner = item.owner
        cover = stands_in(absence, day) if absence is not None else None
        give(item, cover, now)
        remember(item, Kind.COVERED, by=owner, now=now, other=cover)
        if cover is not None and item.lane == Lane.SAFETY:
            alarms.tell_owner(item, item.patient, now)
        record_change(None, item.patient, "work.covered", item.thread_id)
        return True

    return _each(held, act, "work-cover", lambda: _not_there(held(), now))


def _not_there(held: Any, now: datetime) -> list[tuple[UUID, UUID]]:
    """Of these items those whose owner may be away: a first look, so that a quiet run costs two statements."""
    away, there = away_and_there(now)
    rows = held.in_work_order().values_list("pk", "thread_id", "team_id", "owner_id")
    return [
        (item, thread)
        for item, thread, team, owner in rows
        if (team, owner) in away or (team, owner) not in there
    ]


# --- How each of them runs ---------------------------------------------------------------------------------------------


def _each(
    again: Callable[[], Any],
    act: Callable[[Any], bool],
    purpose: str,
    first_look: Callable[[], list[tuple[UUID, UUID]]] | None = None,
) -> int:
    """Do `act` for each item in a transaction of its own, after looking again with its conversation locked; the most urgent first.

    One that fails is said in the log, and the others go on: the next run tries it again. What fails run after run is said to administrators (`stuck`). A conversation that somebody else is writing into right now is left for the next run.
    """
    with actor.unit_of_work(actor.system(purpose)):
        ids = (
            first_look()
            if first_look
            else list(again().in_work_order().values_list("pk", "thread_id")[:AT_ONCE])
        )
    count = 0
    for item_id, thread_id in ids[:AT_ONCE]:
        try:
            count += _one(again, act, purpose, item_id, thread_id)
        except Exception as error:  # noqa: BLE001 - whatever it is: one item never stops the others
            log.error("%s: work item %s was left out: %s", purpose, item_id, type(error).__name__)
            stuck.report(purpose, error, item_id)
    return count


def _one(
    again: Callable[[], Any], act: Callable[[Any], bool], purpose: str, item_id: UUID, thread_id: UUID
) -> bool:
    with actor.unit_of_work(actor.system(purpose)):
        threads = Thread.objects.for_system().select_for_update(of=("self",), skip_locked=True, no_key=True)
        if not threads.filter(pk=thread_id).exists():
            return False
        items = again().filter(pk=item_id).select_related("patient__site", "owner")
        item = items.select_for_update(of=("self",), no_key=True).first()
        return item is not None and act(item)


def run(now: datetime) -> None:
    """One minute: what is away or silent goes on first, then people are told. A step that fails is said in the log; the others go on."""
    with stuck.counting(now):
        for step in (pass_on, return_silent, escalate):
            try:
                step(now)
            except Exception as error:  # noqa: BLE001 - whatever it is: people are told all the same
                log.error("clockwork: the step %s failed: %s", step.__name__, type(error).__name__)
                stuck.report(step.__name__, error)
