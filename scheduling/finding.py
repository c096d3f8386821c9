"""Finding free places: six statements whatever the size, then the arithmetic of `scheduling.slots`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Q

from clinic.models import Site
from clinic.services import state_of
from scheduling import slots
from scheduling.models import AvailabilityException, AvailabilityRule, Claim, Resource, Service
from scheduling.slots import Span


@dataclass(frozen=True, slots=True)
class Start:
    """A time that can be booked: the instant (UTC), and with whom."""

    at: datetime
    ends_at: datetime
    resource_id: UUID
    label: str


@dataclass(frozen=True, slots=True)
class Lane:
    """A lane and when it is free; `load` counts what is taken in the window that was read."""

    resource: Resource
    free: list[Span]
    load: int


def free_lanes(
    *,
    site: Site,
    service: Service,
    resource: Resource | UUID | None = None,
    start: datetime,
    end: datetime,
    moving: UUID | None = None,
) -> list[Lane]:
    """The lanes that offer `service` with their free time between two instants (aware).

    `moving` is an appointment that is about to move: its own place counts as free.
    """
    offering = Resource.objects.offering(service)
    if resource is not None:
        offering = offering.filter(pk=resource.pk if isinstance(resource, Resource) else resource)
    lanes = {lane.pk: lane for lane in offering.order_by("label", "id")}
    if not lanes or start >= end:
        return []
    rules: dict[UUID, list[slots.Rule]] = {pk: [] for pk in lanes}
    of_service = Q(services__isnull=True) | Q(services=service)
    for rule in AvailabilityRule.objects.filter(of_service, resource_id__in=lanes).distinct():
        rules[rule.resource_id].append(
            slots.Rule(rule.weekday, rule.local_start, rule.local_end, rule.valid_from, rule.valid_to)
        )
    opened: dict[UUID, list[Span]] = {pk: [] for pk in lanes}
    closed: dict[UUID, list[Span]] = {pk: [] for pk in lanes}
    window = (start, end)
    for exception in AvailabilityException.objects.filter(
        Q(site=site) | Q(resource_id__in=lanes), during__overlap=window
    ):
        span = (exception.during.lower, exception.during.upper)
        for pk in lanes if exception.resource_id is None else [exception.resource_id]:
            (opened if exception.opens else closed)[pk].append(span)
    taken: dict[UUID, list[Span]] = {pk: [] for pk in lanes}
    claims = Claim.objects.live().touching(start, end).filter(resource_id__in=lanes)
    if moving is not None:
        claims = claims.exclude(appointment_id=moving)
    for resource_id, during in claims.values_list("resource_id", "during"):
        taken[resource_id].append((during.lower, during.upper))
    holidays = state_of(site).holidays
    return [
        Lane(
            lane,
            slots.open_spans(
                rules[pk],
                zone=site.time_zone,
                start=start,
                end=end,
                holidays=holidays,
                opened=opened[pk],
                closed=[*closed[pk], *taken[pk]],
            ),
            len(taken[pk]),
        )
        for pk, lane in lanes.items()
    ]


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
    lanes = free_lanes(site=site, service=service, resource=resource, start=start, end=end, moving=moving)
    length = timedelta(minutes=service.minutes)
    own = list(busy)
    found: dict[datetime, Start] = {}
    for lane in sorted(lanes, key=lambda lane: (lane.load, lane.resource.label)):
        free = slots.without(lane.free, own)
        for at in slots.starts(free, minutes=service.minutes, zone=site.time_zone):
            found.setdefault(at, Start(at, at + length, lane.resource.pk, lane.resource.label))
    ordered = [found[at] for at in sorted(found)]
    return ordered if limit is None else ordered[:limit]


def day_window(day: date, zone: str) -> Span:
    """The first instant of a calendar day of a zone and of the day after it (UTC)."""
    from zoneinfo import ZoneInfo

    def midnight(on: date) -> datetime:
        return datetime(on.year, on.month, on.day, tzinfo=ZoneInfo(zone)).astimezone(slots.UTC)

    return midnight(day), midnight(day + slots.DAY)
