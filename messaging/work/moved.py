"""What happened to the work of a person's teams since a page was made, without reading what did not change.

A page remembers a mark: the oldest transaction that was still open when its statement read (`pg_snapshot_xmin`). What that statement could not
see was written by this transaction or by a later one, however long one takes to commit. Rows from the mark on that were there already
(younger than the oldest open one) are counted and summed up on the page, so that only what differs is news. There is no clock in it.
Triggers write the numbers (migration 0013).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from django.db.models import BigIntegerField, Case, Count, Func, IntegerField, Sum, Value, When
from django.db.models.functions import Coalesce

from accounts.models import User
from clinic.services import team_ids
from messaging.models import WorkItem, WorkLeft

# In the column of the lanes, where these rows are read beside the groups of the work list in one statement.
NEW, CHANGED, LEFT, OPENED = "new", "changed", "left", "opened"
HAPPENED = frozenset({NEW, CHANGED, LEFT, OPENED})


@dataclass(frozen=True, slots=True)
class News:
    """`mark`: the oldest transaction open now. `new`: rows of work made since the mark that was asked for; it only grows while the teams
    keep them. `stands`: one number for all that happened since; says nothing by itself."""

    mark: int
    new: int
    stands: int


def oldest_open() -> Func:
    """The oldest transaction that is still open for the statement; never less than in an earlier one.

    Not as a subquery: the planner has to know the number, or it expects a third of all work ever done and reads that.
    """
    return Func(
        template="pg_snapshot_xmin(pg_current_snapshot())::text::bigint", output_field=BigIntegerField()
    )


def happened(user: User, since: int | None = None) -> list[Any]:
    """The rows of `counted` that `read` makes news of; without `since` from the oldest open transaction on, which is what a page asks."""
    mark = oldest_open() if since is None else Value(since, output_field=BigIntegerField())
    moved = WorkItem.objects.for_user(user).of_own_teams(user).filter(moved__gte=mark)
    left = WorkLeft.objects.filter(team_id__in=team_ids(user), moved__gte=mark)
    kind = Case(When(begun__gte=mark, then=Value(NEW)), default=Value(CHANGED))
    # A row that is there whatever else is: the person's own.
    opened = named(User.objects.filter(pk=user.pk), OPENED).annotate(count=Value(0), stands=oldest_open())
    rows = counted(moved, kind, "pk", "moved", "state", "owner_id", "lane", "due_at", "priority", "team_id")
    return [opened, rows, counted(left, LEFT, Value(LEFT), "pk")]


def news(user: User, since: int) -> News:
    """What happened since a mark. One statement; what did not change since is not read."""
    first, *others = happened(user, since)
    return read(user, [{**row, "lane": row["as_lane"]} for row in first.union(*others, all=True)])


def read(user: User, rows: Iterable[Mapping[str, Any]]) -> News:
    """The rows of `happened` as news. Another team of one's own is news as well: nothing has to happen to its work for that."""
    mark = new = 0
    stands = crc32(b"".join(sorted(team.bytes for team in team_ids(user))))
    for row in rows:
        if row["lane"] == OPENED:
            mark = row["stands"]
        else:
            stands += row["stands"]
            new += row["count"] if row["lane"] == NEW else 0
    return News(mark, new, stands)


def counted(found: Any, lane: Any, *summed: Any) -> Any:
    """One row that counts all of `found`, or one for each value of `lane`, in the columns of the grouped items; with one number for the
    columns `summed` of its rows."""
    stands: Any = Value(0, output_field=BigIntegerField())
    if summed:
        one = Func(*summed, template="hashtext(concat_ws(':', %(expressions)s))", output_field=IntegerField())
        stands = Coalesce(Sum(one, output_field=BigIntegerField()), 0)
    return named(found, lane).annotate(count=Count("id"), stands=stands)


def named(found: Any, lane: Any) -> Any:
    """The first columns of the grouped items; `lane` a word, or what gives one."""
    said = Value(lane) if isinstance(lane, str) else lane
    rows = found.order_by().annotate(
        as_lane=said, as_whose=Value(""), as_late=Value(False), as_part=Value(False)
    )
    return rows.values("as_lane", "as_whose", "as_late", "as_part")


__all__ = ["HAPPENED", "News", "counted", "happened", "news", "read"]
