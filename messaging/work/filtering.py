"""The filters of the work list: lane, whose, late. They can be combined, and each says truly how many it would show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import BigIntegerField, Case, Count, Func, IntegerField, Q, Sum, Value, When
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from messaging.models import WorkItem
from messaging.topics import Lane
from messaging.work import calls

MINE, FREE, OTHERS = "mine", "free", "others"
ALL = "all"


@dataclass(frozen=True, slots=True)
class Filters:
    """What is shown: one lane or all, whose, only late ones."""

    lane: str = ""
    whose: str = ""
    late: bool = False

    def rule(self, user: User, now: datetime) -> Q:
        """What these filters let through."""
        rule = Q(lane=self.lane) if self.lane else Q()
        if self.whose:
            rule &= whose_is(user)[self.whose]
        return rule & Q(due_at__lt=now) if self.late else rule

    def of(self, items: Any, user: User, now: datetime) -> Any:
        """The items that these filters let through."""
        return items.filter(self.rule(user, now))

    @property
    def url(self) -> str:
        asked = {"lane": self.lane, "mine": "1" * (self.whose == MINE), "free": "1" * (self.whose == FREE)}
        query = urlencode(
            {name: value for name, value in {**asked, "late": "1" * self.late}.items() if value}
        )
        return reverse("messaging:work-list") + (f"?{query}" if query else "")

    @property
    def code(self) -> str:
        """The filters as one word, which goes with a conversation that was opened from the list; empty for the whole list."""
        said = [self.lane or ALL, self.whose or ALL, "late" if self.late else ALL]
        return "" if said == [ALL] * 3 else ".".join(said)

    def counts(self, found: Mapping[tuple[str, str, bool], int]) -> int:
        """How many of the grouped items pass."""
        return sum(
            count
            for (lane, whose, late), count in found.items()
            if lane in Lane.values
            and self.lane in ("", lane)
            and self.whose in ("", whose)
            and (late or not self.late)
        )


def whose_is(user: User) -> dict[str, Q]:
    return {MINE: Q(owner=user), FREE: Q(owner__isnull=True)}


def chosen(query: Mapping[str, Any]) -> Filters:
    """The filters of an address; what nobody knows is no filter."""
    lane = query.get("lane", "")
    whose = MINE if query.get("mine") == "1" else FREE if query.get("free") == "1" else ""
    return Filters(lane if lane in Lane.values else "", whose, query.get("late") == "1")


def of_code(code: str) -> Filters:
    """The filters of a code; what nobody knows is no filter."""
    lane, whose, late = [*code.split("."), "", "", ""][:3]
    return Filters(
        lane if lane in Lane.values else "", whose if whose in (MINE, FREE) else "", late == "late"
    )


Grouped = Counter[tuple[str, str, bool]]
TO_CALL = ("calls", "", False)  # beside the lanes: people who have to be called
NEW = ("new", "", False)  # and work that was made after a mark
STANDS = ("stands", "", False)  # and one number for how everything that waits stands


def work_after(user: User, mark: UUID) -> Any:
    """Work of the person's teams that was made after a mark (`uuid7_at`), done or not: rows of work are never deleted."""
    return WorkItem.objects.for_user(user).of_own_teams(user).filter(pk__gt=mark)


def standing() -> Coalesce:
    """One number for how rows of work stand: another one when a row comes or goes, or changes its lane, owner or time. Says nothing by itself."""
    row = Func(
        "pk", "state", "owner_id", "lane", "due_at",
        template="hashtext(concat_ws(':', %(expressions)s))", output_field=IntegerField(),
    )  # fmt: skip
    return Coalesce(Sum(row, output_field=BigIntegerField()), 0)


def news(user: User, mark: UUID) -> tuple[int, int]:
    """How much work was made after a mark, and how everything that waits stands: one statement."""
    waiting = WorkItem.objects.for_user(user).of_own_teams(user).waiting()
    rows = _counted(work_after(user, mark), NEW).union(_counted(waiting, STANDS, standing()), all=True)
    found = {row["as_lane"]: row for row in rows}
    new, stands = found.get(NEW[0]), found.get(STANDS[0])
    return new["count"] if new else 0, stands["stands"] if stands else 0


def grouped(user: User, now: datetime, mark: UUID) -> Grouped:
    """Everything that waits, counted by lane, whose and late; under TO_CALL who is to be called, under NEW what was made after
    the mark, under STANDS how it all stands: one statement, which goes through the work that waits once."""
    whose = [When(rule, then=Value(name)) for name, rule in whose_is(user).items()]
    waiting = WorkItem.objects.for_user(user).of_own_teams(user).waiting()
    rows = (
        waiting.annotate(
            whose=Case(*whose, default=Value(OTHERS)),
            late=Case(When(due_at__lt=now, then=Value(True)), default=Value(False)),
        )
        .values("lane", "whose", "late")
        .annotate(count=Count("id"), stands=standing())
        .order_by()
    )
    called = _counted(calls.to_call(user).select_related(None), TO_CALL)
    new = _counted(work_after(user, mark), NEW)
    counts: Grouped = Counter()
    for row in rows.union(called, new, all=True):
        counts[row["lane"], row["whose"], row["late"]] = row["count"]
        counts[STANDS] += row["stands"]
    return counts


def _counted(found: Any, said: tuple[str, str, bool], stands: Any = None) -> Any:
    """One row that counts all of `found`, in the columns of the grouped items; `stands` is asked for where it is wanted."""
    lane, whose, late = (Value(one) for one in said)
    marked = found.order_by().annotate(as_lane=lane, as_whose=whose, as_late=late)
    return marked.values("as_lane", "as_whose", "as_late").annotate(
        count=Count("id"), stands=stands or Value(0, output_field=BigIntegerField())
    )


def links(now_chosen: Filters, found: Grouped) -> list[dict[str, Any]]:
    """Three groups of links. Each keeps what is chosen in the other groups, and counts what it would show."""

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

    return [
        group(_("Lane"), "lane", [("", _("All")), *Lane.choices]),
        group(_("Whose"), "whose", [("", _("Everybody’s")), (MINE, _("Mine")), (FREE, _("Nobody’s yet"))]),
        group(_("When"), "late", [(False, _("Any time")), (True, _("Late"))]),
    ]
