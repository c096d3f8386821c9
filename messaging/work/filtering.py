"""The filters of the work list: lane, whose, late, the part of one's role. They can be combined, and each says truly how many it would show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import BigIntegerField, Case, Count, Q, Value, When
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from clinic.services import own_roles
from messaging.models import WorkItem
from messaging.topics import OPENS_ON, Lane
from messaging.work import calls, moved
from portal.lib.actor import unit_store

MINE, FREE, OTHERS = "mine", "free", "others"
ALL = "all"


@dataclass(frozen=True, slots=True)
class Filters:
    """What is shown: one lane or all, whose, only late ones, only the part of the person's role.

    `begins_with_part`: the plain address shows this person their part, so that everything has to be asked for.
    """

    lane: str = ""
    whose: str = ""
    late: bool = False
    part: bool = False
    begins_with_part: bool = field(default=False, compare=False)

    def rule(self, user: User, now: datetime) -> Q:
        """What these filters let through."""
        rule = Q(lane=self.lane) if self.lane else Q()
        if self.whose:
            rule &= whose_is(user)[self.whose]
        if self.part:
            rule &= part_of(user, now)
        return rule & Q(due_at__lt=now) if self.late else rule

    def of(self, items: Any, user: User, now: datetime) -> Any:
        """The items that these filters let through."""
        return items.filter(self.rule(user, now))

    @property
    def url(self) -> str:
        asked = {"lane": self.lane, "mine": "1" * (self.whose == MINE), "free": "1" * (self.whose == FREE)}
        asked |= {"late": "1" * self.late, "part": "1" * self.part}
        if self.begins_with_part and not any(asked.values()):
            asked["all"] = "1"
        query = urlencode({name: value for name, value in asked.items() if value})
        return reverse("messaging:work-list") + (f"?{query}" if query else "")

    @property
    def code(self) -> str:
        """The filters as one word, which goes with a conversation that was opened from the list; empty for the whole list."""
        said = [self.lane or ALL, self.whose or ALL, "late" if self.late else ALL]
        if self.begins_with_part:
            return ".".join([*said, "part" if self.part else ALL])
        return "" if said == [ALL] * 3 else ".".join(said)

    def counts(self, found: Mapping[Key, int]) -> int:
        """How many of the grouped items pass."""
        return sum(
            count
            for (lane, whose, late, part), count in found.items()
            if lane in Lane.values
            and self.lane in ("", lane)
            and self.whose in ("", whose)
            and (late or not self.late)
            and (part or not self.part)
        )


def whose_is(user: User) -> dict[str, Q]:
    return {MINE: Q(owner=user), FREE: Q(owner__isnull=True)}


def role_of(user: User) -> str:
    """The role whose part the person's list begins with; empty for a nurse and for somebody with several roles. Read once a unit of work."""
    store, key = unit_store(), ("role on the work list", user.pk)
    if key not in store:
        roles = own_roles(user)
        store[key] = next(iter(roles)) if len(roles) == 1 and roles <= set(OPENS_ON) else ""
    found: str = store[key]
    return found


def part_of(user: User, now: datetime) -> Q:
    """What the person's role usually works on, what the person has, and what is late, whoever should have done it; everything for those
    whose list begins with everything."""
    role = role_of(user)
    if not role:
        return Q(pk__isnull=False)
    part = OPENS_ON[role]
    usual = Q(lane__in=part.lanes)
    if part.topics:
        usual |= Q(thread__topic__in=part.topics)
    return usual | Q(owner=user) | Q(due_at__lt=now)


def chosen(query: Mapping[str, Any], user: User) -> Filters:
    """The filters of an address; what nobody knows is no filter. Without any, the list begins with the part of the person's role."""
    lane = query.get("lane", "")
    whose = MINE if query.get("mine") == "1" else FREE if query.get("free") == "1" else ""
    begins = bool(role_of(user))
    said = any(name in query for name in ("lane", "mine", "free", "late", "part", "all"))
    part = begins and (query.get("part") == "1" if said else True)
    return Filters(lane if lane in Lane.values else "", whose, query.get("late") == "1", part, begins)


def of_code(code: str) -> Filters:
    """The filters of a code; what nobody knows is no filter."""
    lane, whose, late, part = [*code.split("."), "", "", "", ""][:4]
    return Filters(
        lane if lane in Lane.values else "",
        whose if whose in (MINE, FREE) else "",
        late == "late",
        part == "part",
        part in ("part", ALL),
    )


Key = tuple[str, str, bool, bool]
Grouped = Counter[Key]
CALLS = "calls"
TO_CALL: Key = (CALLS, "", False, False)  # beside the lanes: people who have to be called


def grouped(user: User, now: datetime) -> tuple[Grouped, moved.News]:
    """Everything that waits, counted by lane, whose and late, and under TO_CALL who is to be called; and from where on an open page asks
    what happened. One statement, which goes through the work that waits once: what it does not see happened after its mark."""
    whose = [When(rule, then=Value(name)) for name, rule in whose_is(user).items()]
    waiting = WorkItem.objects.for_user(user).of_own_teams(user).waiting()
    rows = (
        waiting.annotate(
            whose=Case(*whose, default=Value(OTHERS)),
            late=Case(When(due_at__lt=now, then=Value(True)), default=Value(False)),
            part=Case(When(part_of(user, now), then=Value(True)), default=Value(False)),
        )
        .values("lane", "whose", "late", "part")
        .annotate(count=Count("id"), stands=Value(0, output_field=BigIntegerField()))
        .order_by()
    )
    called = moved.counted(calls.to_call(user).select_related(None), CALLS)
    found = list(rows.union(called, *moved.happened(user), all=True))
    counts: Grouped = Counter()
    for row in found:
        if row["lane"] not in moved.HAPPENED:
            counts[row["lane"], row["whose"], row["late"], row["part"]] = row["count"]
    return counts, moved.read(user, (row for row in found if row["lane"] in moved.HAPPENED))


def links(now_chosen: Filters, found: Grouped) -> list[dict[str, Any]]:
    """Groups of links, the part of one's role first where the list begins with it. Each keeps what is chosen in the other groups, and
    counts what it would show."""

    def link(label: Any, filters: Filters) -> dict[str, Any]:
        return {
            "label": label,
            "url": filters.url,
            "count": filters.counts(found),
            "current": filters == now_chosen,
        }

    def group(label: Any, name: str, choices: list[tuple[Any, Any]]) -> dict[str, Any]:
        return {
            "label": label,
            "links": [link(words, replace(now_chosen, **{name: value})) for value, words in choices],
        }

    parts = [group(_("For whom"), "part", [(True, _("For my role")), (False, _("Everything"))])]
    return [
        *(parts if now_chosen.begins_with_part else []),
        group(_("Lane"), "lane", [("", _("All")), *Lane.choices]),
        group(_("Whose"), "whose", [("", _("Everybody’s")), (MINE, _("Mine")), (FREE, _("Nobody’s yet"))]),
        group(_("When"), "late", [(False, _("Any time")), (True, _("Late"))]),
    ]
