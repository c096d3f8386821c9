"""Named reads of scheduling."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import connection, models
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from patients.querysets import PatientRecordQuerySet

if TYPE_CHECKING:
    from clinic.models import Site
    from scheduling.models import Service


class ServiceQuerySet(models.QuerySet[Any]):
    def offered_at(self, site: Site) -> ServiceQuerySet:
        """Visit types of a site that can be booked, in the order in which they are shown."""
        return self.filter(site=site, active=True, kind="visit").order_by("position", "name")

    def infusion_at(self, site: Site) -> Service | None:
        """How a site gives infusions, or None when it does not take infusion times here."""
        found: Service | None = self.filter(site=site, active=True, kind="infusion").first()
        return found


class ResourceQuerySet(models.QuerySet[Any]):
    def offering(self, service: Service) -> ResourceQuerySet:
        """Lanes in use that offer a visit type."""
        return self.filter(services=service, site_id=service.site_id, active=True)


# Each place as two numbers of eight bytes: the whole seconds around it since 1970.
TAKEN = """
SELECT resource_id, string_agg(
    int8send(floor(date_part('epoch', lower(during)))::bigint) || int8send(ceil(date_part('epoch', upper(during)))::bigint), '')
FROM scheduling_claim
WHERE released_at IS NULL AND resource_id = ANY(%s) AND during && tstzrange(%s, %s) AND NOT appointment_id = ANY(%s)
GROUP BY resource_id
"""


DAYS = """
SELECT resource_id, array_agg(day - %s::date), string_agg(quarters::text, '') FROM scheduling_takenday
WHERE resource_id = ANY(%s) AND day BETWEEN %s AND %s GROUP BY resource_id
"""


class ClaimQuerySet(models.QuerySet[Any]):
    def live(self) -> ClaimQuerySet:
        """Claims that occupy their place."""
        return self.filter(released_at__isnull=True)

    def touching(self, start: datetime, end: datetime) -> ClaimQuerySet:
        """Claims that overlap a time (aware, half open)."""
        return self.filter(during__overlap=DateTimeTZRange(start, end))

    def taken(
        self, resource_ids: Iterable[UUID], start: datetime, end: datetime, *, moving: Iterable[UUID] = ()
    ) -> dict[UUID, list[tuple[int, int]]]:
        """What is taken on lanes in a time (aware), as whole seconds since 1970: one row a lane, however much is taken.

        Weeks of many lanes are tens of thousands of claims; as objects they would cost ten times what they cost as numbers.
        """
        with connection.cursor() as cursor:
            cursor.execute(TAKEN, [list(resource_ids), start, end, list(moving)])
            return {lane: _pairs(packed) for lane, packed in cursor.fetchall()}


def taken_days(resource_ids: Iterable[UUID], first: date, last: date) -> dict[UUID, list[tuple[int, str]]]:
    """What is taken on lanes from one day to another (UTC): for each lane the days, counted from `first`, and their quarters."""
    with connection.cursor() as cursor:
        cursor.execute(DAYS, [first, list(resource_ids), first, last])
        return {
            lane: [(day, text[place * 96 : place * 96 + 96]) for place, day in enumerate(days)]
            for lane, days, text in cursor.fetchall()
        }


def _pairs(packed: bytes) -> list[tuple[int, int]]:
    numbers = array("q", packed)
    if sys.byteorder == "little":
        numbers.byteswap()
    return list(zip(numbers[::2], numbers[1::2], strict=True))


class AppointmentQuerySet(PatientRecordQuerySet[Any]):
    def booked(self) -> AppointmentQuerySet:
        return self.filter(state="booked")

    def upcoming(self, now: datetime) -> AppointmentQuerySet:
        """Booked visits that are not over at `now`, the next one first."""
        return self.booked().filter(during__endswith__gt=now).order_by("during")

    def requested(self) -> AppointmentQuerySet:
        """Infusions that were asked for and wait for the center."""
        return self.filter(state="requested")

    def holding(self) -> AppointmentQuerySet:
        """Visits that hold the patient's own time: booked, or asked for and not instead of a booked one."""
        return self.filter(models.Q(state="booked") | models.Q(state="requested", moves__isnull=True))

    def earlier(self, now: datetime) -> AppointmentQuerySet:
        """Visits that are over or cancelled at `now`, the newest first."""
        over = models.Q(state="booked", during__endswith__lte=now) | models.Q(state="cancelled")
        return self.filter(over).order_by("-during")

    def on_lanes(self, resource_ids: Iterable[UUID], start: datetime, end: datetime) -> AppointmentQuerySet:
        """Visits that hold one of these lanes at a time (aware, half open).

        They are found through the claims, which hold no patient: a search among the visits themselves would ask for each visit of
        all years whether the person may see it.
        """
        from scheduling.models import Claim

        claims = Claim.objects.live().touching(start, end).filter(resource_id__in=list(resource_ids))
        return self.filter(pk__in=list(claims.values_list("appointment_id", flat=True)))

    def with_place(self) -> AppointmentQuerySet:
        """Together with visit type and lanes, in the same statement."""
        return self.select_related("service", "resource", "nurse", "moves")
