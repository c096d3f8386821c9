"""Finding free places: six statements whatever the size, then arithmetic.

The arithmetic of `scheduling.slots` is exact to the second and decides under the locks, about one place. Looking through weeks
of many lanes goes through `scheduling.masks`, which gives the same starts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q

from clinic.models import Site
from clinic.services import SiteState, state_of
from scheduling import slots
from scheduling.masks import Board, Seconds, instant_of
from scheduling.models import AvailabilityException, AvailabilityRule, Claim, Resource, Service
from scheduling.querysets import taken_days
from scheduling.slots import Span


@dataclass(frozen=True, slots=True)
class Start:
    """A time that can be booked: the instant (UTC), and with whom; an infusion leaves that open."""

    at: datetime
    ends_at: datetime
    resource_id: UUID | None
    label: str


@dataclass(frozen=True, slots=True)
class Lane:
    """A lane and when it is free; `load` counts what is taken in the window that was read."""

    resource: Resource
    free: list[Span]
    load: int


@dataclass(frozen=True, slots=True)
class Calendars:
    """What is written in the calendars of some lanes about a time: all that the arithmetic needs."""

    site: SiteState
    start: datetime
    end: datetime
    lanes: dict[UUID, Resource]
    rules: dict[UUID, list[slots.Rule]]
    opened: dict[UUID, list[Span]]
    closed: dict[UUID, list[Span]]
    taken: dict[UUID, list[Seconds]]
    days: dict[UUID, list[tuple[int, str]]]

    @property
    def zone(self) -> str:
        return self.site.site.time_zone

    def load(self, lane: UUID) -> int:
        """How much is taken on a lane in the time that was read: a number to compare lanes by."""
        if lane in self.days:
            return sum(quarters.count("1") for _day, quarters in self.days[lane])
        return len(self.taken[lane])

    def masks(self, board: Board) -> dict[UUID, int]:
        """When each lane is free, as bits of a board over this time."""
        worked: dict[tuple[slots.Rule, ...], int] = {}
        found = {}
        for pk in self.lanes:
            rules = tuple(self.rules[pk])
            if rules not in worked:
                spans = slots.open_spans(
                    rules, zone=self.zone, start=self.start, end=self.end, holidays=self.site.holidays
                )
                worked[rules] = board.free(spans)
            free = worked[rules]
            if self.opened[pk]:
                free = board.free(slots.merged([*self._spans(rules), *self.opened[pk]]))
            if self.closed[pk]:
                free &= ~board.touched(self.closed[pk])
            if self.taken[pk]:
                free &= ~board.touched_seconds(self.taken[pk])
            if pk in self.days:
                free &= ~board.touched_days(self.days[pk])
            found[pk] = free
        return found

    def _spans(self, rules: Sequence[slots.Rule]) -> list[Span]:
        return slots.open_spans(
            rules, zone=self.zone, start=self.start, end=self.end, holidays=self.site.holidays
        )

    def spans(self) -> Iterator[Lane]:
        """When each lane is free, to the second."""
        for pk, lane in self.lanes.items():
            taken = [(instant_of(low), instant_of(high)) for low, high in self.taken[pk]]
            free = slots.open_spans(
                self.rules[pk],
                zone=self.zone,
                start=self.start,
                end=self.end,
                holidays=self.site.holidays,
                opened=self.opened[pk],
                closed=[*self.closed[pk], *taken],
            )
            yield Lane(lane, free, len(taken))


def read_calendars(
    *,
    site: Site,
    service: Service,
    lanes: Iterable[Resource],
    start: datetime,
    end: datetime,
    moving: Collection[UUID] = (),
    board: Board | None = None,
) -> Calendars:
    """The calendars of lanes for one visit type between two instants (aware): five statements.

    `moving` are appointments that are about to move: their own places count as free. For a `board` in quarters of an hour, what
    is taken is read by days; for everything that is decided, and when something moves, from the claims themselves.
    """
    by_id = {lane.pk: lane for lane in lanes}
    rules: dict[UUID, list[slots.Rule]] = {pk: [] for pk in by_id}
    of_service = Q(services__isnull=True) | Q(services=service)
    for rule in AvailabilityRule.objects.filter(of_service, resource_id__in=by_id).distinct():
        rules[rule.resource_id].append(
            slots.Rule(rule.weekday, rule.local_start, rule.local_end, rule.valid_from, rule.valid_to)
        )
    opened: dict[UUID, list[Span]] = {pk: [] for pk in by_id}
    closed: dict[UUID, list[Span]] = {pk: [] for pk in by_id}
    for exception in AvailabilityException.objects.filter(
        Q(site=site) | Q(resource_id__in=by_id), during__overlap=(start, end)
    ):
        span = (exception.during.lower, exception.during.upper)
        for pk in by_id if exception.resource_id is None else [exception.resource_id]:
            (opened if exception.opens else closed)[pk].append(span)
    taken: dict[UUID, list[Seconds]] = {pk: [] for pk in by_id}
    days: dict[UUID, list[tuple[int, str]]] = {}
    if board is not None and board.counts_in_quarters and not moving:
        days = taken_days(by_id, *board.days)
    else:
        taken.update(Claim.objects.taken(by_id, start, end, moving=moving))
    return Calendars(state_of(site), start, end, by_id, rules, opened, closed, taken, days)


def lanes_of(service: Service, resource: Resource | UUID | None = None) -> list[Resource]:
    """The lanes in use that offer a visit type, by name."""
    offering = Resource.objects.offering(service)
    if resource is not None:
        offering = offering.filter(pk=resource.pk if isinstance(resource, Resource) else resource)
    return list(offering.order_by("label", "id"))


def free_lanes(
    *,
    site: Site,
    service: Service,
    resource: Resource | UUID | None = None,
    start: datetime,
    end: datetime,
    moving: UUID | None = None,
) -> list[Lane]:
    """The lanes that offer `service` with their free time between two instants (aware), to the second."""
    lanes = lanes_of(service, resource)
    if not lanes or start >= end:
        return []
    own = () if moving is None else (moving,)
    return list(
        read_calendars(site=site, service=service, lanes=lanes, start=start, end=end, moving=own).spans()
    )


def find_starts(
    *,
    site: Site,
    service: Service,
    resource: Resource | UUID | None = None,
    start: datetime,
    end: datetime,
    limit: int | None = None,
    busy: Iterable[Span] = (),
    moving: UUID | None = None,
) -> list[Start]:
    """Bookable starts between two instants (aware), in the order of the clock; each ends by `end`.

    Where several lanes are free at the same time, the one with the least taken is named. `busy` is the patient's own
    time: nobody is offered two visits at once.
    """
    lanes = lanes_of(service, resource)
    if not lanes or start >= end:
        return []
    own = () if moving is None else (moving,)
    board = Board(start, end, zone=site.time_zone, minutes=service.minutes)
    read = read_calendars(
        site=site, service=service, lanes=lanes, start=start, end=end, moving=own, board=board
    )
    masks = read.masks(board)
    mine, grid, left = ~board.touched(busy), board.grid(), 0
    found: list[Start] = []
    length, _first = timedelta(minutes=service.minutes), -1
    starts = {pk: board.startable(free & mine) & grid for pk, free in masks.items()}
    for pk in sorted(masks, key=lambda pk: (read.load(pk), read.lanes[pk].label)):
        label, fresh = read.lanes[pk].label, starts[pk] & ~left
        left |= fresh
        found += [Start(at, at + length, pk, label) for at in board.instants(fresh)]
    found.sort(key=lambda start: start.at)
    return found if limit is None else found[:limit]


# --- Infusions: a nurse and a chair at once -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Place:
    """Which chairs and which nurses are free for a whole infusion, each with the one to try first in front."""

    chairs: list[Resource]
    nurses: list[Resource]

    def pairs(self, most: int) -> list[tuple[Resource, Resource]]:
        """A chair and a nurse for each of at most so many tries; each try takes other lanes where there are any."""
        chairs, nurses = len(self.chairs), len(self.nurses)
        tries = min(most, max(chairs, nurses)) if chairs and nurses else 0
        return [(self.chairs[turn % chairs], self.nurses[turn % nurses]) for turn in range(tries)]


def site_days(state: SiteState, start: datetime, end: datetime) -> list[Span]:
    """From the first opening to the last closing of each day of a site that touches a time: somebody is there throughout."""
    zone = ZoneInfo(state.site.time_zone)
    day, last = start.astimezone(zone).date(), end.astimezone(zone).date()
    found = []
    while day <= last:
        intervals = state.intervals(day)
        if intervals:
            found.append((intervals[0][0], max(closes for _opens, closes in intervals)))
        day += slots.DAY
    return found


def find_infusion_starts(
    *,
    site: Site,
    service: Service,
    minutes: int,
    start: datetime,
    end: datetime,
    busy: Iterable[Span] = (),
    moving: Collection[UUID] = (),
) -> list[datetime]:
    """Instants from which some nurse and some chair are free for `minutes`, all of it while the site is open.

    A site is open from its first opening to its last closing of a day: a lunch break does not end an infusion.
    """
    lanes = lanes_of(service)
    if not lanes or start >= end:
        return []
    board = Board(start, end, zone=site.time_zone, minutes=minutes)
    read = read_calendars(
        site=site, service=service, lanes=lanes, start=start, end=end, moving=moving, board=board
    )
    masks = read.masks(board)
    pools = [
        [free for pk, free in masks.items() if read.lanes[pk].kind == kind]
        for kind in (Resource.Kind.NURSE, Resource.Kind.CHAIR)
    ]
    throughout = board.free(site_days(read.site, start, end)) & ~board.touched(busy)
    return list(board.instants(board.together(pools, throughout)))


def place_at(
    *,
    site: Site,
    service: Service,
    lanes: Iterable[Resource],
    minutes: int,
    at: datetime,
    moving: Collection[UUID] = (),
) -> Place:
    """The lanes that can take a whole infusion at an instant, read anew and decided to the second.

    Chairs: the one whose free time fits most tightly first, so that long ones are left for long infusions. Nurses: the one
    with the fewest infusions that day first.
    """
    length = timedelta(minutes=minutes)
    start, end = day_window(at.astimezone(ZoneInfo(site.time_zone)).date(), site.time_zone)
    end = max(end, at + length)
    read = read_calendars(site=site, service=service, lanes=lanes, start=start, end=end, moving=moving)
    if not any(low <= at and at + length <= high for low, high in site_days(read.site, start, end)):
        return Place([], [])
    chairs: list[tuple[timedelta, int, str, Resource]] = []
    nurses: list[tuple[int, int, str, Resource]] = []
    for lane in read.spans():
        if not slots.is_start(lane.free, at, minutes=minutes, zone=site.time_zone):
            continue
        resource = lane.resource
        if resource.kind == Resource.Kind.CHAIR:
            room = next(high - low for low, high in lane.free if low <= at < high)
            chairs.append((room, resource.position, resource.label, resource))
        elif resource.kind == Resource.Kind.NURSE:
            nurses.append((lane.load, resource.position, resource.label, resource))
    return Place(
        [one[-1] for one in sorted(chairs, key=_rank)], [one[-1] for one in sorted(nurses, key=_rank)]
    )


def _rank(candidate: tuple[object, ...]) -> tuple[object, ...]:
    return candidate[:-1]


def day_window(day: date, zone: str) -> Span:
    """The first instant of a calendar day of a zone and of the day after it (UTC)."""

    def midnight(on: date) -> datetime:
        return datetime(on.year, on.month, on.day, tzinfo=ZoneInfo(zone)).astimezone(slots.UTC)

    return midnight(day), midnight(day + slots.DAY)
